/// Where the engine meets model APIs. One call is one HTTP attempt: providers never retry, they classify.
public protocol ModelProvider: Sendable {
    /// What is known of a model before it is asked: whether it exists, has a key, how it is priced.
    ///
    /// - Throws: `StepFailure` of kind `configuration` that says what is missing and how to add it.
    func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile

    /// ``profile(of:)`` without asking whether the model has a key: what a plan is made by.
    ///
    /// - Returns: `nil`: there is no such model, and nothing is known of it.
    func knownProfile(of model: ModelReference) -> ModelProfile?

    /// Makes the model reachable, for example by starting its server. Nothing may be billed by it.
    func prepare(_ model: ModelReference) async throws(StepFailure)

    /// Asks once. A failure is a result; cancellation of the task aborts the transfer and is a result too.
    func call(_ request: ModelRequest) async -> ModelCallResult

    /// Asks once and hands the answer on as it comes. It returns when all of it was taken.
    func call(_ request: ModelRequest, into sink: any AnswerSink) async -> ModelCallResult

    /// Asks a model's server how many tokens the prompt of a request has. The model does not work, and nothing is billed. One attempt, within
    /// the request's timeout.
    func count(_ request: ModelRequest) async -> TokenCountResult

    /// Whether what `prepare` made of a model still holds, as far as is known; otherwise it is prepared again before the next
    /// call. Quick; does not look.
    func isReady(_ model: ModelReference) -> Bool
}

extension ModelProvider {
    /// For those that need no key.
    public func knownProfile(of model: ModelReference) -> ModelProfile? { try? profile(of: model) }

    public func isReady(_ model: ModelReference) -> Bool { true }

    /// For those whose servers do not count.
    public func count(_ request: ModelRequest) async -> TokenCountResult {
        TokenCountResult(.failure(CallFailure(.configuration, "\(request.model) has no way to count tokens")), total: .milliseconds(0))
    }

    /// For those who get an answer in one piece: it is handed on as that.
    public func call(_ request: ModelRequest, into sink: any AnswerSink) async -> ModelCallResult {
        let result = await call(request)
        guard case .success(let response) = result.outcome, !Task.isCancelled else { return result }
        await sink.begin()
        for part in response.parts {
            switch part {
            case .text(let text): await sink.take(.text(text))
            case .refusal(let text): await sink.take(.refusal(text))
            case .reasoning(let text) where !text.isEmpty: await sink.take(.reasoning(text))
            case .reasoning, .toolCall, .verbatim: break
            }
        }
        return result
    }
}
