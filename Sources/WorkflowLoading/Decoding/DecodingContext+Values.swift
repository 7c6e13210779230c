import Economics
import Expressions
import Values
import WorkflowModel

/// The values of keys, each with what is said when it is another one. The key is for messages.
extension DecodingContext {
    func wrong(_ key: String, _ expected: String, _ node: YAMLNode, hint: String? = nil) {
        report("AW103", "\(key) is \(expected), found \(found(node))", at: node.range, hint: hint)
    }

    private func found(_ node: YAMLNode) -> String {
        guard let text = node.scalar?.text, text.count <= 40, !text.contains("\n"), !text.isEmpty else { return node.typeName }
        return "'\(text)'"
    }

    /// Literal text: an expression in it is an error, because this key is read before a run has any values.
    func string(_ node: YAMLNode, _ key: String) -> String? {
        guard let scalar = node.scalar, case .string(let text) = scalar.value else {
            // A name that looks like a number or a boolean is still a name.
            if let scalar = node.scalar, scalar.value != .null { return scalar.text }
            wrong(key, "text", node, hint: ShapeHints.word(node, key))
            return nil
        }
        if text.contains("${{") {
            report("AW111", "\(key) is literal text; expressions are not evaluated here", at: node.range)
            return nil
        }
        return text
    }

    func int(_ node: YAMLNode, _ key: String, in allowed: ClosedRange<Int>) -> Int? {
        guard case .int(let number)? = node.scalar?.value, allowed.contains(Int(number)) else {
            let upper = allowed.upperBound == .max ? "" : " to \(allowed.upperBound)"
            let hint = node.scalar.flatMap { ValueHints.number($0, key, isWhole: true) { $0 >= Double(allowed.lowerBound) && $0 <= Double(allowed.upperBound) } }
            wrong(key, "a whole number from \(allowed.lowerBound)\(upper)", node, hint: hint ?? ShapeHints.word(node, key))
            return nil
        }
        return Int(number)
    }

    func double(_ node: YAMLNode, _ key: String, in allowed: ClosedRange<Double>) -> Double? {
        guard let number = node.scalar?.value.doubleValue, allowed.contains(number) else {
            let hint = node.scalar.flatMap { ValueHints.number($0, key, isWhole: false, allowed.contains) } ?? ShapeHints.word(node, key)
            wrong(key, "a number from \(JSONValue.double(allowed.lowerBound).jsonText) to \(JSONValue.double(allowed.upperBound).jsonText)", node, hint: hint)
            return nil
        }
        return number
    }

    func bool(_ node: YAMLNode, _ key: String) -> Bool? {
        guard case .bool(let flag)? = node.scalar?.value else {
            wrong(key, "true or false", node, hint: node.scalar.flatMap { ValueHints.bool($0, key) } ?? ShapeHints.word(node, key))
            return nil
        }
        return flag
    }

    func duration(_ node: YAMLNode, _ key: String) -> TimeSpan? {
        guard let text = node.scalar?.text, let span = TimeSpan(text: text), span.milliseconds > 0 else {
            let hint = node.scalar.flatMap { ValueHints.duration($0.text, key) } ?? ShapeHints.word(node, key)
            wrong(key, "a duration with a unit", node, hint: hint ?? "for example 250ms, 45s, 5m, 24h")
            return nil
        }
        return span
    }

    func money(_ node: YAMLNode, _ key: String) -> Money? {
        guard let scalar = node.scalar, let money = Money(decimal: scalar.text) else {
            let isBeyond = node.scalar.map { Money.isBeyond($0.text) } ?? false
            let meant = node.scalar.flatMap { ValueHints.money($0.text, key) } ?? ShapeHints.word(node, key)
            wrong(
                key, "an amount in dollars", node,
                hint: meant ?? (isBeyond ? "one amount holds less than $9223372" : "a decimal number from 0 with at most 12 decimals, for example 0.25"))
            return nil
        }
        return money
    }

    /// One word of a closed set.
    func word(_ node: YAMLNode, _ key: String, of words: [String]) -> String? {
        guard let text = node.scalar?.text, words.contains(text) else {
            let expected = words.count == 1 ? "'\(words[0])'" : "one of \(words.joined(separator: ", "))"
            let bare = node.scalar.map { Synonym.normal($0.text) }
            let hint = bare.flatMap { words.contains($0) ? "write \(key): \($0)" : Suggestion.hint(for: $0, in: words) }
            wrong(key, expected, node, hint: hint ?? ShapeHints.word(node, key))
            return nil
        }
        return text
    }

    func mapping(_ node: YAMLNode, _ key: String, isProject: Bool = false) -> [(key: YAMLNode, value: YAMLNode)]? {
        guard case .mapping(let pairs) = node.content else {
            wrong(key, "a mapping", node, hint: ShapeHints.names(node, key, isProject: isProject))
            return nil
        }
        // A key without a colon is what a comma left of a value.
        for pair in pairs where node.isInFlow && pair.key.scalar?.isPlain == true && pair.value.range.start == pair.key.range.end {
            report(
                "AW013", "a comma in an unquoted value inside { } ends the value, so '\(pair.key.scalar!.text)' is read as a key of \(key)", at: pair.key.range,
                hint: "put the whole value in quotes")
        }
        return pairs
    }

    func sequence(_ node: YAMLNode, _ key: String) -> [YAMLNode]? {
        guard case .sequence(let nodes) = node.content else {
            wrong(key, "a list", node, hint: ShapeHints.list(node, key))
            return nil
        }
        return nodes
    }

    // MARK: Names

    /// `[a-z][a-z0-9_]*`, and no word that CEL reserves: the name is used in expressions.
    func checkedName(_ node: YAMLNode, _ what: String) -> Named? {
        guard let text = node.scalar?.text else {
            report("AW103", "the name of \(what) is a word, found \(node.typeName)", at: node.range)
            return nil
        }
        let bytes = Array(text.utf8)
        let isWord =
            bytes.first.map { $0 &- 0x61 < 26 } == true
            && bytes.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "_") }
        guard isWord else {
            let mended = String(text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
            report(
                "AW107", "the name of \(what) must match [a-z][a-z0-9_]*, found '\(text)'", at: node.range,
                hint: mended.first?.isLetter == true && mended != text ? "for example '\(mended)'" : nil)
            return nil
        }
        guard !Self.reserved.contains(text) else {
            report("AW107", "'\(text)' is a reserved word of the expression language and cannot name \(what)", at: node.range)
            return nil
        }
        return Named(text: text, range: node.range)
    }

    /// cel-spec, "Syntax": RESERVED and the literals.
    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return",
        "var", "void", "while", "true", "false", "null", "in",
    ]
}
