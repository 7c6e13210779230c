import Values

/// Reasoning as a server wants it back: signed, sealed, or in a form of its own.
///
/// A stream sends its entries in pieces that have the same `type` and `index`: texts go on, and other fields are said once. Sources:
/// OpenRouter, "Reasoning tokens" (`reasoning_details`); LiteLLM (`thinking_blocks`).
struct SealedReasoning {
    let field: String
    private(set) var content: JSONValue

    init(field: String, _ content: JSONValue) {
        self.field = field
        self.content = .array([])
        take(content)
    }

    mutating func take(_ more: JSONValue) {
        guard case .array(let entries) = more else { return append(more) }
        for entry in entries { append(entry) }
    }

    private mutating func append(_ entry: JSONValue) {
        guard case .array(var entries) = content else { return }
        // So that growing it makes no copy of what is there.
        content = nil
        if let last = entries.last, case .object(let begun) = last, case .object(let piece) = entry, begun["type"] == piece["type"], begun["index"] == piece["index"],
            piece["index"] != nil
        {
            entries.removeLast()
            entries.append(.object(Self.joined(begun, piece)))
        } else {
            entries.append(entry)
        }
        content = .array(entries)
    }

    private static func joined(_ begun: JSONObject, _ piece: JSONObject) -> JSONObject {
        var joined = begun
        piece.forEachPair { name, value in
            if ["text", "summary", "thinking", "data"].contains(name), let first = begun[name]?.stringValue, let second = value.stringValue {
                joined[name] = .string(first + second)
            } else if !value.isNull {
                joined[name] = value
            }
        }
        return joined
    }
}
