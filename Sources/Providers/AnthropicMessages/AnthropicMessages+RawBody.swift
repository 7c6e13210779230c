import Values

extension AnthropicMessages {
    private static let fields: TextSet = [
        "model", "messages", "system", "max_tokens", "temperature", "top_p", "top_k", "stop_sequences", "stream", "tools", "tool_choice", "metadata", "thinking", "output_config",
    ]
    private static let parts: TextSet = ["text", "tool_use", "tool_result", "thinking", "redacted_thinking"]
    /// Without marks of a cache: writing to one costs more than reading a prompt.
    private static let partFields: TextSet = [
        "type", "text", "id", "name", "input", "tool_use_id", "content", "is_error", "thinking", "signature", "data", "caller",
    ]

    /// Source: Anthropic's API reference, "Create a Message".
    func bound(ofRaw body: [UInt8]) throws(RawBodyError) -> RawBodyBound {
        let raw = try RawBody(body, known: Self.fields)
        let messages = try raw.list("messages")
        try RawBody.check(content: raw.fields["system"], types: ["text"], known: ["type", "text"])
        for message in messages {
            guard case .object(let fields) = message else { throw RawBodyError("a message is no object") }
            if let unknown = fields.keys.first(where: { !["role", "content"].contains($0) }) { throw RawBodyError("what '\(unknown)' of a message costs is not known") }
            try RawBody.check(content: fields["content"], types: Self.parts, known: Self.partFields)
            for part in fields["content"]?.arrayValue ?? [] where part["type"] == "tool_result" { try RawBody.check(content: part["content"], types: ["text"], known: ["type", "text"]) }
        }
        let tools = try raw.checkTools { tool in
            (tool["type"] == nil || tool["type"]?.isNull == true || tool["type"] == "custom") && tool.objectValue?.keys.allSatisfy(["type", "name", "description", "input_schema", "strict"].contains) == true
        }
        let asksForFormat = raw.fields["output_config"]?["format"] != nil || raw.fields["output_format"] != nil
        // Without one the API refuses it.
        guard let cap = try raw.count("max_tokens") else { throw RawBodyError("the body has no max_tokens") }
        return RawBodyBound(
            modelID: raw.modelID, inputTokens: raw.inputTokens(parts: messages.count + tools + 1) + (tools > 0 || asksForFormat ? schemaOverhead : 0), outputTokens: cap, answers: 1, isStreaming: raw.fields["stream"] == true,
            hasLogprobs: false, asksForUsage: true)
    }
}
