import Economics
import Values

extension OpenAIChat {
    /// Fields that change the cost by nothing but the tokens of their text. One that is not here may: predictions are billed when they are
    /// refused, searches by the search, another service tier by another price.
    private static let fields: Set<String> = [
        "model", "messages", "max_tokens", "max_completion_tokens", "n", "temperature", "top_p", "top_k", "min_p", "seed", "stop", "stream", "stream_options",
        "response_format", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "logprobs", "top_logprobs", "presence_penalty",
        "frequency_penalty", "repetition_penalty", "logit_bias", "user", "metadata", "reasoning_effort", "verbosity",
    ]
    private static let messageFields: Set<String> = [
        "role", "content", "name", "refusal", "tool_calls", "tool_call_id", "function_call", "reasoning", "reasoning_content", "reasoning_details",
    ]

    /// Source: OpenAI API reference, "Create chat completion".
    func bound(ofRaw body: [UInt8]) throws(RawBodyError) -> RawBodyBound {
        guard case .object(let fields)? = try? JSONParser.parse(body) else { throw RawBodyError("the body is no JSON object") }
        guard let model = fields["model"]?.stringValue, !model.isEmpty else { throw RawBodyError("the body names no model") }
        guard let messages = fields["messages"]?.arrayValue, !messages.isEmpty else { throw RawBodyError("the body has no messages") }
        if let unknown = fields.keys.first(where: { !Self.fields.contains($0) }) { throw RawBodyError("what '\(unknown)' costs is not known") }
        for message in messages { try Self.check(message) }
        for tool in fields["tools"]?.arrayValue ?? [] where tool["type"] != "function" {
            throw RawBodyError("what a tool of type '\(tool["type"]?.stringValue ?? "?")' costs is not known")
        }
        let answers = try Self.count("n", fields) ?? 1
        let caps = try [Self.count("max_tokens", fields), Self.count("max_completion_tokens", fields)].compactMap(\.self)
        let isStreaming = fields["stream"] == true
        // As text without escapes, which may be shorter than what they stand for. Keys and punctuation count too: no less than what is read.
        let input = TokenBound.inlineText(JSONEncoding.wire.string(.object(fields)))
        let parts = messages.count + (fields["tools"]?.arrayValue?.count ?? 0) + (fields["functions"]?.arrayValue?.count ?? 0)
        return RawBodyBound(
            modelID: model, inputTokens: input + TokenBound.templateOverhead(messages: parts), outputTokens: caps.max().map { $0 * answers },
            answers: answers, isStreaming: isStreaming, hasLogprobs: fields["logprobs"] == true,
            asksForUsage: !isStreaming || fields["stream_options"]?["include_usage"] == true)
    }

    private static func check(_ message: JSONValue) throws(RawBodyError) {
        guard case .object(let fields) = message else { throw RawBodyError("a message is no object") }
        if let unknown = fields.keys.first(where: { !messageFields.contains($0) }) { throw RawBodyError("what '\(unknown)' of a message costs is not known") }
        switch fields["content"] {
        case nil, .null?, .string?: return
        case .array(let parts)?:
            for part in parts where !isText(part) { throw RawBodyError("what a part of type '\(part["type"]?.stringValue ?? "?")' costs is not known") }
        default: throw RawBodyError("a message's content is no text and no list of parts")
        }
    }

    private static func isText(_ part: JSONValue) -> Bool {
        guard case .object(let fields) = part, ["text", "refusal"].contains(fields["type"]?.stringValue) else { return false }
        return fields.keys.allSatisfy { ["type", "text", "refusal", "cache_control"].contains($0) }
    }

    private static func count(_ key: String, _ fields: JSONObject) throws(RawBodyError) -> Int? {
        guard let value = fields[key], !value.isNull else { return nil }
        guard let number = value.intValue, (1...Int64(1 << 31)).contains(number) else { throw RawBodyError("'\(key)' is no count") }
        return Int(number)
    }
}
