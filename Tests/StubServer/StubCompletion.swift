import Values

/// A chat completion in OpenAI's shapes, whole or streamed.
///
/// Tokens are counted as bytes divided by four, rounded up: of the texts of all messages, and of each answer. An image or a file
/// counts 765 tokens.
struct StubCompletion {
    let request: JSONValue
    let number: Int
    var content: String
    var hasUsage = true
    /// The usage objects that are told, the last one at the end; whole answers tell that alone. `nil`: what there was.
    var reported: [JSONValue]?
    /// What a cache had of the prompt, which counts it then.
    var cache: StubCacheUse?
    private var finishReason = "stop"

    /// - Parameter keepsCap: whether the answer stops at the cap of output that the request names.
    init(request: JSONValue, number: Int, content: String, keepsCap: Bool = true) {
        self.request = request
        self.number = number
        self.content = content
        if keepsCap, let limit = (request["max_completion_tokens"] ?? request["max_tokens"])?.intValue, Self.tokens(content) > Int(max(limit, 0)) {
            var bytes = Array(content.utf8.prefix(Int(max(limit, 0)) * 4))
            while !bytes.isEmpty, String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
            self.content = String(decoding: bytes, as: UTF8.self)
            finishReason = "length"
        }
    }

    static func tokens(_ text: String) -> Int { (text.utf8.count + 3) / 4 }

    /// The text of a message: a string, or the text parts of a list.
    static func text(of message: JSONValue) -> String {
        switch message["content"] {
        case .string(let text): return text
        case .array(let parts): return parts.compactMap { $0["text"]?.stringValue }.joined()
        default: return ""
        }
    }

    private var choices: Int { max(1, Int(request["n"]?.intValue ?? 1)) }

    /// Of prompt and answer.
    var tokenCounts: (input: Int64, output: Int64) { (usage["prompt_tokens"]?.intValue ?? 0, usage["completion_tokens"]?.intValue ?? 0) }

    private var usage: JSONValue {
        if let cache { return cache.chat(output: Int64(Self.tokens(content) * choices)) }
        let promptBytes = (request["messages"]?.arrayValue ?? []).reduce(0) { $0 + Self.text(of: $1).utf8.count }
        let parts = (request["messages"]?.arrayValue ?? []).flatMap { $0["content"]?.arrayValue ?? [] }
        let prompt = Int64((promptBytes + 3) / 4 + parts.count { $0["type"] != "text" } * 765)
        let completion = Int64(Self.tokens(content) * choices)
        return [
            "prompt_tokens": .int(prompt), "completion_tokens": .int(completion), "total_tokens": .int(prompt + completion),
            "prompt_tokens_details": ["cached_tokens": 0], "completion_tokens_details": ["reasoning_tokens": 0],
        ]
    }

    /// One entry for each four bytes, as many as there are completion tokens.
    private var logprobs: JSONValue {
        guard request["logprobs"]?.boolValue == true else { return nil }
        let top = Int(request["top_logprobs"]?.intValue ?? 0)
        let bytes = Array(content.utf8)
        let tokens = stride(from: 0, to: bytes.count, by: 4).map { start -> JSONValue in
            let piece = Array(bytes[start..<min(start + 4, bytes.count)])
            var entry: JSONObject = [
                "token": .string(String(decoding: piece, as: UTF8.self)), "logprob": -0.125,
                "bytes": .array(piece.map { .int(Int64($0)) }),
            ]
            var alternatives: [JSONValue] = top > 0 ? [.object(entry)] : []
            for rank in 1..<max(top, 1) {
                alternatives.append(["token": .string("other\(rank)"), "logprob": .double(-2 - Double(rank)), "bytes": nil])
            }
            entry["top_logprobs"] = .array(alternatives)
            return .object(entry)
        }
        return ["content": .array(tokens), "refusal": nil]
    }

    /// Written by hand rather than built as a `JSONValue`: benchmarks share the processor with this.
    func body() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(content.utf8.count + 512)
        func add(_ text: StaticString) { output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) }
        add(#"{"id":"chatcmpl-stub-"#)
        JSONEncoding.write(Int64(number), to: &output)
        add(#"","object":"chat.completion","created":1700000000,"model":"#)
        JSONEncoding.write(request["model"]?.stringValue ?? "", to: &output)
        add(#","choices":["#)
        for index in 0..<choices {
            if index > 0 { add(",") }
            add(#"{"index":"#)
            JSONEncoding.write(Int64(index), to: &output)
            add(#","message":{"role":"assistant","content":"#)
            JSONEncoding.write(content, to: &output)
            add(#","refusal":null},"logprobs":"#)
            JSONEncoding.wire.write(logprobs, to: &output)
            add(#","finish_reason":"#)
            JSONEncoding.write(finishReason, to: &output)
            add("}")
        }
        add("]")
        if hasUsage {
            add(#","usage":"#)
            JSONEncoding.wire.write(reported?.last ?? usage, to: &output)
        }
        add(#","system_fingerprint":"fp_stub"}"#)
        return output
    }

    /// Server-sent events: the role, the text in pieces of about 16 bytes, the finish reason, the usage if asked for, `[DONE]`.
    func events() -> [[UInt8]] {
        let includesUsage = hasUsage && request["stream_options"]?["include_usage"]?.boolValue == true
        func event(_ choices: JSONValue, usage: JSONValue? = nil) -> [UInt8] {
            let chunk = JSONObject([
                ("id", .string("chatcmpl-stub-\(number)")), ("object", "chat.completion.chunk"), ("created", 1_700_000_000),
                ("model", request["model"] ?? ""), ("choices", choices),
            ]).with("usage", includesUsage ? usage ?? .null : nil)
            return Array("data: ".utf8) + JSONEncoding.wire.bytes(.object(chunk)) + Array("\n\n".utf8)
        }
        func delta(_ delta: JSONValue, finish: JSONValue = nil, logprobs: JSONValue = nil) -> [UInt8] {
            event([["index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish]])
        }
        let told = reported ?? [usage]
        var events = [delta(["role": "assistant", "content": ""])]
        if includesUsage { for usage in told.dropLast() { events.append(event([], usage: usage)) } }
        var piece = ""
        var isFirst = true
        func flush() {
            guard !piece.isEmpty else { return }
            // All log-probabilities ride on the first piece: their order is what a client must keep.
            events.append(delta(["content": .string(piece)], logprobs: isFirst ? logprobs : nil))
            piece = ""
            isFirst = false
        }
        for character in content {
            piece.append(character)
            if piece.utf8.count >= 16 { flush() }
        }
        flush()
        events.append(delta([:], finish: .string(finishReason)))
        if includesUsage { events.append(event([], usage: told.last)) }
        events.append(Array("data: [DONE]\n\n".utf8))
        return events
    }
}
