import Values

/// What a message, or a piece of one, holds: text for its reader, and what is none.
///
/// Content is a text, or a list of parts: `{type: text | output_text, text}`, `{type: refusal, refusal}`, and reasoning under several
/// names (Mistral's `{type: thinking, thinking: […]}`). Reasoning beside the content stands in `reasoning_content` (DeepSeek, vLLM,
/// llama.cpp), `reasoning` (OpenRouter, Groq) or `thinking` (Ollama).
struct AnswerContent {
    private(set) var text = ""
    private(set) var refusal: String?
    /// Of reasoning, tool calls and parts that are not understood: no text, and paid for all the same.
    private(set) var otherBytes = 0
    /// Of fields that are not known, and of sealed reasoning: not told by ``bytes``.
    private(set) var strayBytes = 0
    private(set) var hasReasoning = false
    private(set) var reasoning = ""
    /// What must be sent back as it came.
    private(set) var sealed: [(field: String, content: JSONValue)] = []
    /// By their place in the list of calls; of a stream, pieces of them.
    private(set) var toolCalls: [(index: Int, id: String?, name: String, arguments: String)] = []
    /// Whether there was anything that can be content, be it empty.
    private(set) var isContent = false

    init(_ message: JSONValue) {
        guard case .object(let fields) = message else { return }
        var reasoning: String?
        var details: JSONValue?
        fields.forEachPair { name, value in
            switch name {
            case "content": take(content: value)
            case "refusal": if let text = value.stringValue { take(refusal: text) }
            // The same text may stand under two names.
            case "reasoning_content", "reasoning", "thinking":
                guard let text = value.stringValue else {
                    take(stray: value)
                    return
                }
                isContent = true
                if text.utf8.count > reasoning?.utf8.count ?? 0 { reasoning = text }
            // The same again, in pieces, sealed or signed.
            case "reasoning_details", "thinking_blocks":
                guard !Self.isNothing(value) else { return }
                details = value
                sealed.append((name, value))
            case "tool_calls":
                guard case .array(let calls) = value else {
                    take(stray: value)
                    return
                }
                for (place, call) in calls.enumerated() { take(call: call["function"] ?? call, id: call["id"]?.stringValue, at: call["index"]?.intValue.map { Int($0) } ?? place) }
            case "function_call": if !value.isNull { take(call: value, id: nil, at: 0) }
            // No text of the model's.
            case "role", "name", "id", "annotations", "citations": break
            default: take(stray: value)
            }
        }
        if reasoning != nil {
            take(reasoning: reasoning)
        } else if let details {
            hasReasoning = true
            strayBytes += details.jsonText.utf8.count
        }
    }

    private mutating func take(stray value: JSONValue) {
        if !Self.isNothing(value) { strayBytes += value.jsonText.utf8.count }
    }

    private static func isNothing(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .bool, .int: true
        case .string(let text): text.isEmpty
        case .array(let list): list.isEmpty
        case .object(let fields): fields.isEmpty
        default: false
        }
    }

    /// Of a choice of the older completions API, which has no message.
    init(text: String) {
        self.text = text
        isContent = true
    }

    private mutating func take(content: JSONValue) {
        switch content {
        case .null: isContent = true
        case .string(let piece):
            isContent = true
            text += piece
        case .array(let parts):
            isContent = true
            for part in parts { take(part: part) }
        case .object: take(part: content)
        default: take(stray: content)
        }
    }

    private mutating func take(part: JSONValue) {
        if let piece = part.stringValue {
            text += piece
            return
        }
        guard case .object = part else { return }
        isContent = true
        let type = part["type"]?.stringValue ?? "text"
        if type.contains("think") || type.contains("reason") {
            take(reasoning: part["text"]?.stringValue ?? part[type]?.stringValue ?? part["thinking"]?.stringValue)
            for piece in (part["thinking"] ?? part["summary"] ?? part["content"])?.arrayValue ?? [] { take(reasoning: piece["text"]?.stringValue) }
        } else if let words = part["refusal"]?.stringValue {
            take(refusal: words)
        } else if let piece = part["text"]?.stringValue ?? part["text"]?["value"]?.stringValue ?? part["content"]?.stringValue {
            text += piece
        } else {
            otherBytes += part.jsonText.utf8.count
        }
    }

    private mutating func take(refusal words: String) {
        isContent = true
        // Azure and OpenRouter send an empty one with every piece.
        if !words.isEmpty { refusal = (refusal ?? "") + words }
    }

    private mutating func take(reasoning words: String?) {
        guard let words, !words.isEmpty else { return }
        hasReasoning = true
        reasoning += words
        otherBytes += words.utf8.count
    }

    private mutating func take(call: JSONValue, id: String?, at index: Int) {
        isContent = true
        let name = call["name"]?.stringValue ?? ""
        let arguments = call["arguments"].map { $0.stringValue ?? $0.jsonText } ?? ""
        if toolCalls.count < 256 { toolCalls.append((index, id, name, arguments)) }
        otherBytes += name.utf8.count + arguments.utf8.count
    }

    /// Of all that was written.
    var bytes: Int { text.utf8.count + (refusal?.utf8.count ?? 0) + otherBytes }
}
