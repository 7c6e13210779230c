import Values

extension ModelResponse {
    /// The same without secrets, in every part. A verbatim block that held one is worth nothing to its server afterwards.
    public func redacted(by redactor: Redactor) -> ModelResponse {
        guard !redactor.isEmpty else { return self }
        let parts = cleaned(by: redactor)
        // Token by token they spell what was taken out of the text, and each token alone is no secret.
        let isSpelt = logprobs.map { redactor.redact(text) != text || redactor.secret(in: Self.spelling($0)) != nil } ?? false
        return ModelResponse(
            parts: parts, finishReason: finishReason, finishWord: finishWord.map { redactor.redact($0) },
            logprobs: isSpelt ? nil : logprobs.map { redactor.redact($0) })
    }

    private func cleaned(by redactor: Redactor) -> [Part] {
        let clean = parts.map { part -> Part in
            switch part {
            case .text(let text): .text(redactor.redact(text))
            case .refusal(let text): .refusal(redactor.redact(text))
            case .reasoning(let text): .reasoning(redactor.redact(text))
            case .toolCall(let call):
                .toolCall(ToolCall(id: call.id.map { redactor.redact($0) }, name: redactor.redact(call.name), arguments: redactor.redact(call.arguments)))
            case .verbatim(let block):
                .verbatim(VerbatimBlock(provider: redactor.redact(block.provider), field: redactor.redact(block.field), content: redactor.redact(block.content)))
            }
        }
        // A secret that goes over from one part to the next of its kind stands in neither.
        return Self.joined(Self.joined(Self.joined(clean, parts, redactor, Part.text), parts, redactor, Part.refusal), parts, redactor, Part.reasoning)
    }

    /// Makes one of the parts of a kind where together they say more than each alone.
    private static func joined(_ clean: [Part], _ parts: [Part], _ redactor: Redactor, _ kind: (String) -> Part) -> [Part] {
        let pieces = parts.compactMap { piece(of: $0, kind) }
        guard pieces.count > 1, case let whole = redactor.redact(pieces.joined()), whole != clean.compactMap({ piece(of: $0, kind) }).joined() else { return clean }
        let first = clean.firstIndex { piece(of: $0, kind) != nil }
        return clean.enumerated().compactMap { place, part in
            if piece(of: part, kind) == nil { part } else { place == first ? kind(whole) : nil }
        }
    }

    private static func piece(of part: Part, _ kind: (String) -> Part) -> String? {
        switch part {
        case .text(let text), .refusal(let text), .reasoning(let text): kind(text) == part ? text : nil
        case .toolCall, .verbatim: nil
        }
    }

    /// The tokens of each list, one behind the other.
    private static func spelling(_ logprobs: JSONValue) -> String {
        var lists: [String] = []
        logprobs.objectValue?.forEachPair { _, list in
            lists.append((list.arrayValue ?? []).compactMap { $0["token"]?.stringValue }.joined())
        }
        return lists.joined(separator: "\n")
    }
}
