import Values

/// How values, places and choices are put in words.
enum Wording {
    private static let longestText = 60
    private static let longestList = 20

    /// A place in the value: `'tickets[2].category'`, `the value` for the root.
    static func subject(_ path: [Validation.Step]) -> String {
        guard !path.isEmpty else { return "the value" }
        var text = ""
        for step in path {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .key(let key) where isPlain(key): text += (text.isEmpty ? "" : ".") + key
            case .key(let key): text += "[\(clipped(JSONValue.string(key).jsonText))]"
            }
        }
        return "'\(text)'"
    }

    /// Whether a key can stand in a path without quotes.
    private static func isPlain(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count <= longestText
            && key.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "0"..."9", "_", "-", "$", "@": true
                default: scalar.properties.isAlphabetic
                }
            }
    }

    /// A value where its type is plain from how it is written: `'bill'`, `5`, `an object`.
    static func value(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): "'\(clipped(text))'"
        case .array(let elements): elements.isEmpty ? "an empty array" : "an array of \(count(elements.count, "element"))"
        case .object(let object): object.isEmpty ? "an empty object" : "an object with \(count(object.count, "property", "properties"))"
        default: clipped(value.jsonText)
        }
    }

    /// A value that is expected, in full as far as that helps to write it.
    static func expected(_ value: JSONValue) -> String {
        if case .string(let text) = value { return "'\(clipped(text, 200))'" }
        return clipped(value.jsonText, 200)
    }

    /// A value with its type: `string 'bill'`, `integer 5`.
    static func typedValue(_ value: JSONValue) -> String {
        switch value {
        case .null, .array, .object: Self.value(value)
        default: "\(value.typeName) \(Self.value(value))"
        }
    }

    /// `a string`, `an integer`, `null`.
    static func type(_ name: String) -> String {
        switch name {
        case "null": name
        case "integer", "array", "object": "an \(name)"
        default: "a \(name)"
        }
    }

    /// `1 element`, `3 elements`.
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// `a, b or c`.
    static func either(_ choices: [String]) -> String {
        guard choices.count > 1, let last = choices.last else { return choices.first ?? "" }
        return choices.dropLast().joined(separator: ", ") + " or " + last
    }

    /// `a, b, c`, the first twenty of them.
    static func list(_ items: [String]) -> String {
        items.prefix(longestList).joined(separator: ", ")
            + (items.count > longestList ? " and \(items.count - longestList) more" : "")
    }

    /// ` (did you mean 'x'?)`, or nothing; also for texts so long or names so many that the search would cost too much.
    static func hint(for text: String, in names: [String]) -> String {
        guard text.utf8.count <= 64, names.count <= 200 else { return "" }
        return Suggestion.hint(for: text, in: names.lazy.filter { $0.utf8.count <= 64 }).map { " (\($0))" } ?? ""
    }

    static func quoted(_ names: [String]) -> [String] { names.map { "'\(clipped($0))'" } }

    /// The beginning of a text, on one line: an answer must not forge lines of a report, nor colours of a terminal.
    static func clipped(_ text: String, _ limit: Int = longestText) -> String {
        var scalars = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            if count == limit {
                scalars.append("…")
                break
            }
            count += 1
            switch scalar {
            case "\n": scalars.append(contentsOf: "\\n".unicodeScalars)
            case "\t": scalars.append(contentsOf: "\\t".unicodeScalars)
            case _ where scalar.properties.generalCategory == .control:
                scalars.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}
