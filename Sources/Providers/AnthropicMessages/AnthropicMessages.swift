import HTTP
import Values
import WorkflowModel

/// `POST /messages` of Anthropic, and of servers that speak it.
///
/// Source: Anthropic's API reference, "Messages", version 2026-10-21; the types of its Python client, release 2.14.0.
struct AnthropicMessages: WireFormat {
    /// Said with every request, and what its answers are made by.
    let version: String
    let headers: [(String, String)]

    /// From this version on there is no sampling; the one before is 2023-06-01.
    private static let withoutSampling = "2026-10-21"

    init(version: String) {
        self.version = version
        headers = [("Content-Type", "application/json"), ("anthropic-version", version)]
    }

    /// Whether requests may say `temperature` and `top_p`.
    private var hasSampling: Bool { version < Self.withoutSampling }

    func header(ofKey key: String) -> (String, String) { ("x-api-key", key) }

    /// Anthropic's own prompt for tools and for a format of the answer. Of tools the vendor lists 159 to 530 tokens by model and choice
    /// ("Tool use, pricing and tokens"; 264 to 530 for `auto`, 235 to 340 where a tool has to be called), of formats nothing: learned, with as much again.
    var schemaOverhead: Int { 1024 }

    func path(of request: WireRequest) -> String { "/messages" }

    func encode(_ request: WireRequest) -> [UInt8] { AnthropicMessagesRequest(request, hasSampling: hasSampling).body() }

    func expected(of request: WireRequest) -> ExpectedAnswer {
        var expected = request.expected
        if AnthropicMessagesRequest.Schema(of: request).isTool { expected.answerTool = request.toolName }
        return expected
    }

    func reader(_ answer: ExpectedAnswer) -> any WireReader { MessagesReader(answer) }

    func mostBytes(of answer: ExpectedAnswer) -> Int { MessagesReader.mostBytes(maxOutputTokens: answer.maxOutputTokens, hasLogprobs: false) }

    func unsent(of request: WireRequest) -> [String] {
        let sampling = request.request.sampling
        return [("temperature", sampling.temperature != nil && !hasSampling), ("top_p", sampling.topP != nil && !hasSampling), ("seed", sampling.seed != nil)]
            .filter(\.1).map(\.0)
    }

    func check(_ request: WireRequest) throws(StepFailure) {
        if request.request.sampling.logprobs == true {
            throw StepFailure(.configuration, "\(request.request.model): the Messages API has no log-probabilities", details: ["take logprobs out, or ask a model of another API"])
        }
        guard !request.isWarmUp, case .budget(let tokens)? = Thinking(request.request.sampling.reasoning) else { return }
        guard tokens >= Thinking.leastBudget, tokens < request.request.maxOutputTokens else {
            throw StepFailure(
                .configuration, "\(request.request.model): a thinking budget of \(tokens) tokens is not between \(Thinking.leastBudget) and the cap of output, \(request.request.maxOutputTokens)",
                details: ["thinking is part of the output: raise limits.max_output_tokens, or lower reasoning"])
        }
    }

    func classify(status: Int, headers: HTTPHeaders, body: [UInt8]) -> (CallFailure, BillingEvidence) {
        let (failure, billing) = ErrorClassifier.classify(status: status, headers: headers, body: body)
        var hint = ""
        switch failure.kind {
        case .badRequest where failure.message.contains("anthropic-version"): hint = "; dialect: { api_version: … } in the provider's entry says another version than \(version)"
        case .badRequest where failure.message.contains("output_config"): hint = "; a model without it takes a schema as a tool: dialect: { structured_output: tool }, and a budget of thinking as a number: reasoning: 4096"
        case .badRequest where failure.message.contains("adaptive") || failure.message.contains("thinking.type"):
            hint = "; older models take a budget of thinking as a number of tokens: reasoning: 4096"
        // Its own say `not_found_error`.
        case .modelNotFound where !failure.message.contains("model"): hint = "; does the server speak the Messages API? chat completions are api: openai-chat"
        default: break
        }
        return (failure.saying(hint).naming(request: headers), billing)
    }
}

extension AnthropicMessages {
    /// How a model is told to think: an effort in a word, or a budget in tokens.
    enum Thinking: Equatable {
        case effort(String)
        case budget(Int)
        case off

        static let leastBudget = 1024

        /// - Parameter reasoning: of the workflow: `low`, `none`, `4096`.
        init?(_ reasoning: String?) {
            guard let reasoning, !reasoning.isEmpty else { return nil }
            if let tokens = Int(reasoning) { self = .budget(tokens) } else { self = reasoning == "none" ? .off : .effort(reasoning) }
        }
    }
}
