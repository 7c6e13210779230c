import Economics
import Values

extension OpenAIChat {
    private static let fields: TextSet = [
        "model", "messages", "max_tokens", "max_completion_tokens", "n", "temperature", "top_p", "top_k", "min_p", "seed", "stop", "stream", "stream_options",
        "response_format", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "logprobs", "top_logprobs", "presence_penalty",
        "frequency_penalty", "repetition_penalty", "logit_bias", "user", "metadata", "reasoning_effort", "verbosity",
    ]
    private static let messageFields: TextSet = [
        "role", "content", "name", "refusal", "tool_calls", "tool_call_id", "function_call", "reasoning", "reasoning_content", "reasoning_details",
    ]

    /// Source: OpenAI API reference, "Create chat completion".
    func bound(ofRaw body: [UInt8]) throws(RawBodyError) -> RawBodyBound {
        let raw = try RawBody(body, known: Self.fields)
        let (fields, messages) = (raw.fields, try raw.list("messages"))
        for message in messages { try Self.check(message) }
        let tools = try raw.checkTools { $0["type"] == "function" }
        let answers = try raw.count("n") ?? 1
        let caps = try [raw.count("max_tokens"), raw.count("max_completion_tokens")].compactMap(\.self)
        let isStreaming = fields["stream"] == true
        let parts = messages.count + tools + (fields["functions"]?.arrayValue?.count ?? 0)
        return RawBodyBound(
            modelID: raw.modelID, inputTokens: raw.inputTokens(parts: parts), outputTokens: caps.max().map { $0 * answers },
            answers: answers, isStreaming: isStreaming, hasLogprobs: fields["logprobs"] == true,
            asksForUsage: !isStreaming || fields["stream_options"]?["include_usage"] == true)
    }

    private static func check(_ message: JSONValue) throws(RawBodyError) {
        guard case .object(let fields) = message else { throw RawBodyError("a message is no object") }
        if let unknown = fields.keys.first(where: { !messageFields.contains($0) }) { throw RawBodyError("what '\(unknown)' of a message costs is not known") }
        try RawBody.check(content: fields["content"], types: ["text", "refusal"], known: ["type", "text", "refusal", "cache_control"])
    }
}
