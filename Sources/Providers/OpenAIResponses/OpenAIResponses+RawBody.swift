import Values

extension OpenAIResponses {
    private static let fields: TextSet = [
        "model", "input", "instructions", "max_output_tokens", "temperature", "top_p", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "metadata", "text",
        "reasoning", "include", "top_logprobs", "store", "user", "safety_identifier", "truncation",
    ]
    private static let itemFields: TextSet = [
        "type", "role", "content", "id", "status", "call_id", "name", "arguments", "input", "output", "summary", "encrypted_content", "phase",
    ]
    private static let items: TextSet = ["message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning"]

    /// Source: OpenAI API reference, "Create a model response". A body that goes on from a stored response has no bound: what stands there
    /// is paid for again, and does not stand in it.
    func bound(ofRaw body: [UInt8]) throws(RawBodyError) -> RawBodyBound {
        let raw = try RawBody(body, known: Self.fields)
        var parts = 1
        switch raw.fields["input"] {
        case .string(let text)? where !text.isEmpty: break
        case .array(let items)? where !items.isEmpty:
            parts += items.count
            for item in items { try Self.check(item) }
        default: throw RawBodyError("the body has no input")
        }
        if let wanted = raw.fields["include"]?.arrayValue?.first(where: { !["message.output_text.logprobs", "reasoning.encrypted_content"].contains($0) }) {
            throw RawBodyError("what '\(wanted.stringValue ?? "include")' costs is not known")
        }
        parts += try raw.checkTools { $0["type"] == "function" || $0["type"] == "custom" }
        let isStreaming = raw.fields["stream"] == true
        return RawBodyBound(
            modelID: raw.modelID, inputTokens: raw.inputTokens(parts: parts), outputTokens: try raw.count("max_output_tokens"), answers: 1, isStreaming: isStreaming,
            hasLogprobs: raw.fields["include"]?.arrayValue?.contains("message.output_text.logprobs") == true, asksForUsage: true)
    }

    private static func check(_ item: JSONValue) throws(RawBodyError) {
        guard case .object(let fields) = item else { throw RawBodyError("an item of the input is no object") }
        let type = fields["type"]?.stringValue ?? "message"
        guard items.contains(type) else { throw RawBodyError("what an item of type '\(type)' costs is not known") }
        if let unknown = fields.keys.first(where: { !itemFields.contains($0) }) { throw RawBodyError("what '\(unknown)' of an item costs is not known") }
        try RawBody.check(
            content: fields["content"], types: ["input_text", "output_text", "text", "refusal", "reasoning_text"], known: ["type", "text", "refusal", "annotations", "logprobs"])
        try RawBody.check(content: fields["output"], types: ["input_text"], known: ["type", "text"])
    }
}
