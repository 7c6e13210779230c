import Values

/// An answer: what the model wrote, part by part, and why it stopped.
public struct ModelResponse: Sendable {
    public enum Part: Sendable, Hashable {
        /// For the reader.
        case text(String)
        /// What it says by declining, in the API's own field for it.
        case refusal(String)
        /// Beside the text, and no part of it. Empty where it is known only that there was some.
        case reasoning(String)
        case toolCall(ToolCall)
        case verbatim(VerbatimBlock)
    }

    /// In the order in which the format has them. None for a model that wrote nothing.
    public let parts: [Part]
    public let finishReason: FinishReason
    /// The server's own word where it is none of the known ones.
    public let finishWord: String?
    /// As the server sent them.
    public let logprobs: JSONValue?

    public init(parts: [Part], finishReason: FinishReason, finishWord: String? = nil, logprobs: JSONValue? = nil) {
        self.parts = parts
        self.finishReason = finishReason
        self.finishWord = finishWord
        self.logprobs = logprobs
    }

    /// An answer of one text.
    ///
    /// - Parameter hasReasoning: whether there was reasoning, of which nothing is known.
    public init(
        text: String, finishReason: FinishReason, finishWord: String? = nil, refusal: String? = nil, toolCalls: [ToolCall] = [],
        hasReasoning: Bool = false, logprobs: JSONValue? = nil
    ) {
        var parts: [Part] = []
        parts.reserveCapacity((hasReasoning ? 1 : 0) + (text.isEmpty ? 0 : 1) + (refusal == nil ? 0 : 1) + toolCalls.count)
        if hasReasoning { parts.append(.reasoning("")) }
        if !text.isEmpty { parts.append(.text(text)) }
        if let refusal { parts.append(.refusal(refusal)) }
        for call in toolCalls { parts.append(.toolCall(call)) }
        self.init(parts: parts, finishReason: finishReason, finishWord: finishWord, logprobs: logprobs)
    }
}

extension ModelResponse {
    /// Its texts, one behind the other. Empty where the model wrote nothing that is text for its reader.
    public var text: String { joined { part in if case .text(let text) = part { text } else { nil } } ?? "" }

    /// Set when the model declined in the API's own field for it.
    public var refusal: String? { joined { part in if case .refusal(let text) = part { text } else { nil } } }

    /// The tools that it wants called, in order.
    public var toolCalls: [ToolCall] { parts.compactMap { part in if case .toolCall(let call) = part { call } else { nil } } }

    /// Whether it wrote reasoning beside the text, be it sealed.
    public var hasReasoning: Bool {
        parts.contains { part in
            switch part {
            case .reasoning, .verbatim: true
            default: false
            }
        }
    }

    /// Of all that the model wrote, as far as it came. Verbatim blocks are not counted: they may repeat what stands elsewhere.
    public var bytes: Int {
        parts.reduce(0) { bytes, part in
            switch part {
            case .text(let text), .refusal(let text), .reasoning(let text): bytes + text.utf8.count
            case .toolCall(let call): bytes + call.name.utf8.count + call.arguments.utf8.count
            case .verbatim: bytes
            }
        }
    }

    /// The only piece, without a copy, or all of them.
    private func joined(_ piece: (Part) -> String?) -> String? {
        var joined: String?
        for part in parts {
            guard let text = piece(part) else { continue }
            if joined == nil { joined = text } else { joined! += text }
        }
        return joined
    }
}
