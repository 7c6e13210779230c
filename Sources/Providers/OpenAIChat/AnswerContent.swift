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
    /// Of fields beside the words of a part or a call, which may be anything: they count for an estimate and judge no usage.
    private(set) var besideBytes = 0
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
            case "refusal": if let text = value.stringValue { take(refusal: text) } else { take(stray: value) }
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
                for (place, call) in calls.enumerated() { take(call: call, at: place) }
            case "function_call": if !value.isNull { take(call: value, at: 0) }
            // No text of the model's.
            case "role", "name", "id": besideBytes += AnswerFrame.excess(value, over: AnswerFrame.longestName)
            case "annotations", "citations": besideBytes += AnswerFrame.excess(value, over: AnswerFrame.longestSources)
            case "usage": besideBytes += AnswerFrame.excess(value, over: AnswerFrame.longestObject)
            default:
                take(stray: value)
                strayBytes += AnswerFrame.excess(ofName: name)
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
        guard case .object(let fields) = part else {
            take(stray: part)
            return
        }
        isContent = true
        let type = part["type"]?.stringValue ?? "text"
        // The field that was read. What stands in the others came as well.
        var read: String?
        if type.contains("think") || type.contains("reason") {
            for name in ["text", type, "thinking", "reasoning", "summary", "content"] where read == nil {
                guard let value = part[name], takeReasoning(in: value) else { continue }
                read = name
            }
        } else if let words = part["refusal"]?.stringValue {
            take(refusal: words)
            read = "refusal"
        } else if let piece = part["text"]?.stringValue {
            text += piece
            read = "text"
        } else if let inner = part["text"], let piece = inner["value"]?.stringValue {
            text += piece
            besideBytes += AnswerFrame.excess(inner, over: piece.utf8.count + AnswerFrame.longestObject)
            read = "text"
        } else if let piece = part["content"]?.stringValue {
            text += piece
            read = "content"
        } else {
            otherBytes += part.jsonText.utf8.count
            return
        }
        fields.forEachPair { name, value in
            // The same text may stand under two names.
            if name != read, read.map({ part[$0] != value }) ?? true { takeBeside(name, value) }
        }
    }

    /// - Returns: whether there was any.
    private mutating func takeReasoning(in value: JSONValue) -> Bool {
        switch value {
        case .string(let words):
            take(reasoning: words)
            return !words.isEmpty
        case .array(let pieces):
            for piece in pieces {
                if let words = piece.stringValue ?? piece["text"]?.stringValue {
                    take(reasoning: words)
                    if piece.stringValue == nil { besideBytes += AnswerFrame.excess(piece, over: words.utf8.count + AnswerFrame.longestObject) }
                } else {
                    take(stray: piece)
                }
            }
            return !pieces.isEmpty
        default: return false
        }
    }

    private mutating func takeBeside(_ name: String, _ value: JSONValue) {
        switch name {
        case "type", "id", "index", "name", "call_id", "status", "format": besideBytes += AnswerFrame.excess(value, over: AnswerFrame.longestName)
        case "annotations", "citations": besideBytes += AnswerFrame.excess(value, over: AnswerFrame.longestSources)
        case "cache_control": besideBytes += AnswerFrame.excess(value, over: AnswerFrame.longestObject)
        default: besideBytes += AnswerFrame.excess(value, over: 0) + AnswerFrame.excess(ofName: name)
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

    private mutating func take(call: JSONValue, at place: Int) {
        isContent = true
        guard case .object(let fields) = call else {
            take(stray: call)
            return
        }
        // OpenAI's two kinds; older APIs have its fields in the call itself.
        let kind = ["function", "custom"].first { if case .object? = fields[$0] { true } else { false } }
        if let kind { fields.forEachPair { name, value in if name != kind { takeBeside(name, value) } } }
        guard case .object(let inner) = kind.flatMap({ fields[$0] }) ?? call else { return }
        var (name, arguments) = ("", "")
        inner.forEachPair { key, value in
            switch key {
            case "name": name = value.stringValue ?? ""
            case "arguments", "input": arguments += value.stringValue ?? value.jsonText
            default: takeBeside(key, value)
            }
        }
        if toolCalls.count < 256 { toolCalls.append((call["index"]?.intValue.map { Int($0) } ?? place, call["id"]?.stringValue, name, arguments)) }
        otherBytes += name.utf8.count + arguments.utf8.count
    }

    /// Of all that was written.
    var bytes: Int { text.utf8.count + (refusal?.utf8.count ?? 0) + otherBytes }
}
