import Economics
import Engine
import Values
import WorkflowModel

/// A model API that answers by a script, after a latency of virtual time.
public final class ScriptedProvider: ModelProvider {
    /// What a call comes to.
    public struct Answer: Sendable {
        public var outcome: Result<ModelResponse, CallFailure>
        public var billing: BillingEvidence
        public var usage: TokenUsage?
        /// `nil`: the provider's.
        public var latency: TimeSpan?
        /// From its first token to its end.
        public var decoding = TimeSpan.milliseconds(0)
        /// What came before it failed.
        public var partialText: String?
        /// The texts that it comes in, to whoever listens; none: all of it at once.
        public var pieces: [String] = []
        public var isComingUp = false
        /// `nil`: the one that was asked.
        public var modelServed: String?
        /// What the server says itself that it cost.
        public var reported: Money?

        public init(outcome: Result<ModelResponse, CallFailure>, billing: BillingEvidence, usage: TokenUsage?, latency: TimeSpan?) {
            self.outcome = outcome
            self.billing = billing
            self.usage = usage
            self.latency = latency
        }

        public static func text(
            _ text: String, finish: FinishReason = .stop, refusal: String? = nil, input: Int = 10, output: Int = 5, latency: TimeSpan? = nil
        ) -> Answer {
            Answer(
                outcome: .success(ModelResponse(text: text, finishReason: finish, refusal: refusal)), billing: .reported,
                usage: TokenUsage(plainInput: input, plainOutput: output), latency: latency)
        }

        public static func failure(
            _ kind: FailureKind, _ message: String = "it failed", retryAfter: TimeSpan? = nil, shouldRetry: Bool? = nil,
            billing: BillingEvidence = .notBilled, latency: TimeSpan? = nil
        ) -> Answer {
            Answer(
                outcome: .failure(CallFailure(kind, message, retryAfter: retryAfter, shouldRetry: shouldRetry)), billing: billing,
                usage: nil, latency: latency)
        }
    }

    /// The answer to a request; the number counts the calls of its step, from 0.
    public typealias Script = @Sendable (ModelRequest, Int) -> Answer

    /// What counting a request comes to, after the provider's latency.
    public typealias Counter = @Sendable (ModelRequest) -> Result<TokenCount, CallFailure>

    private struct State {
        var requests: [ModelRequest] = []
        var counted: [ModelRequest] = []
        var calls: [String: Int] = [:]
        var prepared: [ModelReference] = []
        var inFlight = 0
        var mostInFlight = 0
        var cancelled: [CallID] = []
    }

    private let clock: any EngineClock
    private let latency: TimeSpan
    private let script: Script
    private let profiles: @Sendable (ModelReference) -> Result<ModelProfile, StepFailure>
    private let counter: Counter?
    private let preparing: @Sendable (ModelReference) async -> Result<Void, StepFailure>
    private let state = Mutex(State())

    /// - Parameters:
    ///   - profiles: what is known of a model; by default nothing but its name.
    ///   - counter: its profiles have to say that it counts.
    ///   - preparing: what making a model reachable comes to; by default success.
    public init(
        clock: any EngineClock, latency: TimeSpan = .milliseconds(100),
        profiles: @escaping @Sendable (ModelReference) -> Result<ModelProfile, StepFailure> = ScriptedProvider.plainProfile,
        counter: Counter? = nil,
        preparing: @escaping @Sendable (ModelReference) async -> Result<Void, StepFailure> = { _ in .success(()) },
        script: @escaping Script
    ) {
        self.clock = clock
        self.latency = latency
        self.profiles = profiles
        self.counter = counter
        self.preparing = preparing
        self.script = script
    }

    /// Answers each step from a list; the last answer is repeated.
    public convenience init(clock: any EngineClock, latency: TimeSpan = .milliseconds(100), answers: [String: [Answer]]) {
        self.init(clock: clock, latency: latency) { request, number in
            guard let list = answers[request.schemaName], let last = list.last else {
                return .failure(.badRequest, "the script has no answer for step '\(request.schemaName)'")
            }
            return number < list.count ? list[number] : last
        }
    }

    public static func plainProfile(_ model: ModelReference) -> Result<ModelProfile, StepFailure> {
        .success(ModelProfile(reference: model, servedID: model.model, contextWindow: nil, maxConcurrency: nil))
    }

    public static func profile(contextWindow: Int? = nil, maxConcurrency: Int? = nil) -> @Sendable (ModelReference) -> Result<ModelProfile, StepFailure> {
        { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: contextWindow, maxConcurrency: maxConcurrency)) }
    }

    // MARK: What it saw

    /// In the order of asking.
    public var requests: [ModelRequest] { state.withLock { $0.requests } }
    /// Those whose tokens were asked for, in the order of asking.
    public var counted: [ModelRequest] { state.withLock { $0.counted } }
    /// The steps that asked, in order.
    public var askedBy: [String] { requests.map(\.schemaName) }
    public var mostInFlight: Int { state.withLock { $0.mostInFlight } }
    /// Calls that were aborted under way.
    public var cancelled: [CallID] { state.withLock { $0.cancelled } }

    private func hand(_ answer: Answer, to sink: any AnswerSink) async throws {
        guard case .success(let response) = answer.outcome else { return }
        await sink.begin()
        if answer.decoding.milliseconds > 0 { try await clock.sleep(for: answer.decoding) }
        for piece in answer.pieces.isEmpty ? [response.text] : answer.pieces {
            try Task.checkCancellation()
            await sink.take(.text(piece))
        }
        try Task.checkCancellation()
    }

    // MARK: ModelProvider

    public func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile { try profiles(model).get() }

    public func prepare(_ model: ModelReference) async throws(StepFailure) { try await preparing(model).get() }

    public func count(_ request: ModelRequest) async -> TokenCountResult {
        let began = clock.now()
        state.withLock { $0.counted.append(request) }
        let outcome = counter?(request) ?? .failure(CallFailure(.configuration, "it does not count"))
        do { try await clock.sleep(for: latency) } catch {
            return TokenCountResult(.failure(CallFailure(.cancelled, "aborted")), total: clock.now().since(began))
        }
        return TokenCountResult(outcome, httpStatus: 200, total: clock.now().since(began))
    }

    public func call(_ request: ModelRequest) async -> ModelCallResult { await call(request, to: nil) }

    public func call(_ request: ModelRequest, into sink: any AnswerSink) async -> ModelCallResult { await call(request, to: sink) }

    private func call(_ request: ModelRequest, to sink: (any AnswerSink)?) async -> ModelCallResult {
        let began = clock.now()
        let number = state.withLock { state in
            state.requests.append(request)
            state.inFlight += 1
            state.mostInFlight = max(state.mostInFlight, state.inFlight)
            defer { state.calls[request.schemaName, default: 0] += 1 }
            return state.calls[request.schemaName, default: 0]
        }
        defer { state.withLock { $0.inFlight -= 1 } }
        let answer = script(request, number)
        do {
            try await clock.sleep(for: answer.latency ?? latency)
            if let sink {
                try await hand(answer, to: sink)
            } else if answer.decoding.milliseconds > 0 {
                try await clock.sleep(for: answer.decoding)
            }
        } catch {
            state.withLock { $0.cancelled.append(request.id) }
            return ModelCallResult(
                outcome: .failure(CallFailure(.cancelled, "aborted")), billing: .unknown, total: clock.now().since(began))
        }
        // Whoever was not reached has no status.
        let isLost = if case .failure(let failure) = answer.outcome { [.connection, .timeout].contains(failure.kind) } else { false }
        return ModelCallResult(
            outcome: answer.outcome, billing: answer.billing, counts: answer.usage.map(TokenCounts.init) ?? .none,
            modelServed: answer.modelServed ?? request.model.model, httpStatus: isLost ? nil : 200, total: clock.now().since(began),
            partialText: answer.partialText, isComingUp: answer.isComingUp, reported: answer.reported)
    }
}
