import Economics
import Expressions
import Values
import WorkflowModel

/// Reads the keys of one mapping: unknown keys are reported with did-you-mean, keys of the language that this version does
/// not run by name, values of a wrong type with what was expected.
struct MappingReader {
    let context: DecodingContext
    let node: YAMLNode
    /// Declared keys only: so few that a look at each is the fastest.
    private let pairs: [(name: String, key: YAMLNode, value: YAMLNode)]

    /// - Parameter what: names the mapping in messages: `a step`, `budget`.
    init?(_ node: YAMLNode, _ keys: [LanguageKey], what: String, _ context: DecodingContext, allowsExtensions: Bool = false) {
        guard case .mapping(let entries) = node.content else {
            context.report("AW103", "\(what) is a mapping of keys to values, found \(node.typeName)", at: node.range)
            return nil
        }
        self.context = context
        self.node = node
        var pairs: [(name: String, key: YAMLNode, value: YAMLNode)] = []
        for (key, value) in entries {
            let name = key.scalar?.text ?? ""
            if allowsExtensions, name.hasPrefix("x-") { continue }
            guard let declared = keys.first(where: { $0.name == name }) else {
                let known = keys.filter { $0.availability == .supported }.map(\.name)
                if node.isInFlow, value.json == .null, key.scalar?.isPlain == true {
                    context.report(
                        "AW013", "a comma in an unquoted value inside { } ends the value, so '\(name)' is read as a key of \(what)", at: key.range,
                        hint: "put the whole value in quotes")
                } else {
                    let hint = Suggestion.hint(for: name, in: known) ?? "known keys: \(known.joined(separator: ", "))"
                    context.report("AW101", "unknown key '\(name)' in \(what)", at: key.range, hint: hint)
                }
                continue
            }
            if declared.availability == .notYet {
                context.report(
                    "AW102", declared.hint == nil ? "'\(name)' in \(what) is not supported yet" : "'\(name)' is not a key of \(what)", at: key.range,
                    hint: declared.hint ?? "remove it: nothing of a workflow is ignored in silence")
                continue
            }
            pairs.append((name, key, value))
        }
        self.pairs = pairs
    }

    func has(_ key: String) -> Bool { pairs.contains { $0.name == key } }
    func value(_ key: String) -> YAMLNode? { pairs.first { $0.name == key }?.value }
    func keyRange(_ key: String) -> SourceRange? { pairs.first { $0.name == key }?.key.range }

    func missing(_ key: String, in what: String, hint: String? = nil) {
        context.report("AW104", "\(what) needs '\(key)'", at: node.range.firstLine, hint: hint)
    }

    private func wrong(_ key: String, _ expected: String, _ node: YAMLNode, hint: String? = nil) {
        context.report("AW103", "\(key) is \(expected), found \(found(node))", at: node.range, hint: hint)
    }

    private func found(_ node: YAMLNode) -> String {
        guard let text = node.scalar?.text, text.count <= 40, !text.contains("\n"), !text.isEmpty else { return node.typeName }
        return "'\(text)'"
    }

    /// Literal text: an expression in it is an error, because this key is read before a run has any values.
    func string(_ key: String) -> String? {
        guard let node = value(key) else { return nil }
        guard let scalar = node.scalar, case .string(let text) = scalar.value else {
            // A name that looks like a number or a boolean is still a name.
            if let scalar = node.scalar, scalar.value != .null { return scalar.text }
            wrong(key, "text", node)
            return nil
        }
        if text.contains("${{") {
            context.report("AW111", "\(key) is literal text; expressions are not evaluated here", at: node.range)
            return nil
        }
        return text
    }

    func int(_ key: String, in allowed: ClosedRange<Int>) -> Int? {
        guard let node = value(key) else { return nil }
        guard case .int(let number)? = node.scalar?.value, allowed.contains(Int(number)) else {
            let upper = allowed.upperBound == .max ? "" : " to \(allowed.upperBound)"
            wrong(key, "a whole number from \(allowed.lowerBound)\(upper)", node)
            return nil
        }
        return Int(number)
    }

    func double(_ key: String, in allowed: ClosedRange<Double>) -> Double? {
        guard let node = value(key) else { return nil }
        guard let number = node.scalar?.value.doubleValue, allowed.contains(number) else {
            wrong(key, "a number from \(JSONValue.double(allowed.lowerBound).jsonText) to \(JSONValue.double(allowed.upperBound).jsonText)", node)
            return nil
        }
        return number
    }

    func bool(_ key: String) -> Bool? {
        guard let node = value(key) else { return nil }
        guard case .bool(let flag)? = node.scalar?.value else {
            wrong(key, "true or false", node)
            return nil
        }
        return flag
    }

    func duration(_ key: String) -> TimeSpan? {
        guard let node = value(key) else { return nil }
        guard let text = node.scalar?.text, let span = TimeSpan(text: text), span.milliseconds > 0 else {
            wrong(key, "a duration with a unit", node, hint: "for example 250ms, 45s, 5m, 24h")
            return nil
        }
        return span
    }

    func money(_ key: String) -> Money? {
        guard let node = value(key) else { return nil }
        guard let scalar = node.scalar, let money = Money(decimal: scalar.text) else {
            wrong(key, "an amount in dollars", node, hint: "a decimal number from 0 with at most 12 decimals, for example 0.25")
            return nil
        }
        return money
    }

    /// Dollars per million tokens.
    func perMillion(_ key: String) -> Money? {
        guard let node = value(key) else { return nil }
        do throws(PriceError) {
            return try PriceRow.perMillion(node.scalar?.text ?? "", name: key)
        } catch {
            context.report("AW103", error.description, at: node.range)
            return nil
        }
    }

    /// One word of a closed set.
    func word<Word: RawRepresentable & CaseIterable>(_ key: String, _ type: Word.Type) -> Word? where Word.RawValue == String {
        guard let node = value(key) else { return nil }
        let words = Word.allCases.map(\.rawValue)
        guard let text = node.scalar?.text, let word = Word(rawValue: text) else {
            wrong(key, "one of \(words.joined(separator: ", "))", node, hint: node.scalar.flatMap { Suggestion.hint(for: $0.text, in: words) })
            return nil
        }
        return word
    }

    /// A list of words; one word alone counts as a list of one.
    func strings(_ key: String) -> [(text: String, range: SourceRange)]? {
        guard let node = value(key) else { return nil }
        switch node.content {
        case .scalar(let scalar) where scalar.value != .null: return [(scalar.text, node.range)]
        case .sequence(let nodes):
            var result: [(String, SourceRange)] = []
            for element in nodes {
                guard let scalar = element.scalar else { wrong(key, "a list of words", element); continue }
                result.append((scalar.text, element.range))
            }
            return result
        default:
            wrong(key, "a list of words", node)
            return nil
        }
    }

    func mapping(_ key: String) -> [(key: YAMLNode, value: YAMLNode)]? {
        guard let node = value(key) else { return nil }
        guard case .mapping(let pairs) = node.content else {
            wrong(key, "a mapping", node)
            return nil
        }
        // A key without a colon is what a comma left of a value.
        for pair in pairs where node.isInFlow && pair.key.scalar?.isPlain == true && pair.value.range.start == pair.key.range.end {
            context.report(
                "AW013", "a comma in an unquoted value inside { } ends the value, so '\(pair.key.scalar!.text)' is read as a key of \(key)", at: pair.key.range,
                hint: "put the whole value in quotes")
        }
        return pairs
    }

    func sequence(_ key: String) -> [YAMLNode]? {
        guard let node = value(key) else { return nil }
        guard case .sequence(let nodes) = node.content else {
            wrong(key, "a list", node)
            return nil
        }
        return nodes
    }

    func reader(_ key: String, _ keys: [LanguageKey]) -> MappingReader? {
        value(key).flatMap { MappingReader($0, keys, what: key, context) }
    }

    func template(_ key: String) -> Template? { value(key).flatMap(context.template) }
    func expression(_ key: String) -> Expression? { value(key).flatMap { context.expression($0, key: key) } }
    func valueTemplate(_ key: String) -> ValueTemplate? { value(key).flatMap(context.valueTemplate) }
}

extension SourceRange {
    /// The first line of a long stretch, so that a frame points at its start.
    var firstLine: SourceRange {
        end.line == start.line ? self : SourceRange(start)
    }
}
