import Economics
import Expressions
import Values
import WorkflowModel

/// Checks values by their declared shapes alone, and notes what they refer to for the rules: what is not run yet is held to the
/// same letter as the rest.
struct ShapeChecker {
    private let context: DecodingContext
    private var scope: [String] = []
    private var owner: String?
    /// Whether keys that do not run are named: they are parts of something that does.
    private(set) var notesWhatDoesNotRun = true

    init(_ context: DecodingContext) { self.context = context }

    /// The same, below a key: it may let expressions read more, and what does not run says so once.
    func below(_ key: LanguageMapping.Key) -> ShapeChecker {
        var checker = self
        checker.scope += key.scope
        if !key.runs { checker.notesWhatDoesNotRun = false }
        return checker
    }

    /// - Parameter key: names the value in messages.
    func check(_ node: YAMLNode, _ shape: KeyShape, as key: String) {
        switch shape {
        case .text: _ = context.string(node, key)
        case .template: note(context.template(node, key).map { .text($0) })
        case .templateFile: note(context.templateFile(node, key).map { .text($0) })
        case .expression: note(context.expression(node, key: key).map { .expression($0) })
        case .condition: note(context.expression(node, key: key).map { .condition($0, key: key) })
        case .valueTemplate: note(context.valueTemplate(node).map { .value($0) })
        case .schema: note(context.schema(node, key).map { .schema($0) })
        case .jsonSchema: note(context.compile(node.json, at: node.range, what: key, in: node).map { .schema($0) })
        case .name: _ = word(node, key).flatMap { _ in context.checkedName(node, "an entry of '\(key)'") }
        case .tier: note(word(node, key).map { .tier($0) })
        case .prefix: note(word(node, key).map { .prefix($0) })
        case .field: note(field(node, key))
        case .model: checkForm(node, key, "a model, named provider/model") { ModelReference(text: $0) != nil }
        case .tool: checkForm(node, key, shape.expected) { ToolStep(name: $0) != nil }
        case .url: checkForm(node, key, "an address that begins with http:// or https://") { text in ["http://", "https://"].contains { text.hasPrefix($0) && text.count > $0.count } }
        case .timeZone: checkForm(node, key, "a time zone such as UTC or Europe/Zurich") { TimeZones.isKnown($0) }
        case .version: if node.json != 1 { context.wrong(key, "1", node) }
        case .boolean: _ = context.bool(node, key)
        case .duration: _ = context.duration(node, key)
        case .money: _ = context.money(node, key)
        case .percent: checkForm(node, key, "a share from 0% to 100%", hint: ValueHints.percent) { Share(text: $0) != nil }
        case .rate: checkForm(node, key, "a share in a time, such as 30%/1h", hint: ValueHints.rate) { EscalationRate(text: $0) != nil }
        case .integer(let range): _ = context.int(node, key, in: range)
        case .number(let range): _ = context.double(node, key, in: range)
        case .words(let words): _ = context.word(node, key, of: words)
        case .null: if node.json != .null { context.wrong(key, "empty", node) }
        case .list(let element): for node in context.sequence(node, key) ?? [] { check(node, element, as: key) }
        case .oneOrList(let element):
            guard case .sequence(let nodes) = node.content else { return check(node, element, as: key) }
            for node in nodes { check(node, element, as: key) }
        case .names(let value): for pair in context.mapping(node, key) ?? [] { check(pair.value, value, as: pair.key.scalar?.text ?? key) }
        case .named(let what, let value):
            for pair in context.mapping(node, key) ?? [] {
                guard let name = context.checkedName(pair.key, what) else { continue }
                var checker = self
                checker.owner = name.text
                checker.check(pair.value, value, as: name.text)
            }
        case .mapping(let name): _ = MappingReader(node, .named(name), context, under: key, checkedBy: self)
        case .either(let shapes):
            guard let shape = shapes.first(where: { $0.mayBe(node) }) else {
                return context.wrong(key, shapes.map(\.expected).joined(separator: ", or "), node, hint: ShapeHints.choice(shapes, node, key))
            }
            check(node, shape, as: key)
        }
    }

    private func note(_ content: CheckedUse.Content?) {
        if let content { context.note(CheckedUse(content: content, scope: scope, owner: owner)) }
    }

    // MARK: Words

    private func word(_ node: YAMLNode, _ key: String) -> Named? {
        context.string(node, key).map { Named(text: $0, range: node.range) }
    }

    private func checkForm(
        _ node: YAMLNode, _ key: String, _ expected: String, hint: (String) -> String? = { _ in nil }, _ isRight: (String) -> Bool
    ) {
        guard let text = context.string(node, key), !isRight(text) else { return }
        context.wrong(key, expected, node, hint: hint(text).map { "write \(key): \($0)" })
    }

    private func field(_ node: YAMLNode, _ key: String) -> CheckedUse.Content? {
        guard let name = word(node, key) else { return nil }
        let parts = name.text.split(separator: ".", omittingEmptySubsequences: false)
        // The answer is called output here as it is in expressions.
        guard parts.allSatisfy({ part in part.first?.isNumber == false && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") } }) else {
            context.wrong(key, "a field of the output, such as output.answer or output.answer.label", node)
            return nil
        }
        return .field(name)
    }
}

extension KeyShape {
    /// Whether a value is meant to be of this shape, right or wrong.
    fileprivate func mayBe(_ node: YAMLNode) -> Bool {
        switch self {
        case .words(let words): words.contains(node.scalar?.text ?? "")
        case .percent: node.scalar?.text.hasSuffix("%") == true
        case .money: node.scalar.map { Money(decimal: $0.text) != nil } ?? false
        case .duration: node.scalar.map { TimeSpan(text: $0.text) != nil } ?? false
        case .null: node.json == .null
        case .mapping, .names, .named:
            if case .mapping = node.content { true } else { false }
        case .list:
            if case .sequence = node.content { true } else { false }
        case .oneOrList(let element):
            if case .sequence = node.content { true } else { element.mayBe(node) }
        case .jsonSchema: node.json.objectValue != nil
        default: node.scalar != nil && node.json != .null
        }
    }

    /// In messages, where several shapes are taken.
    var expected: String {
        switch self {
        case .tool: "a tool, named server.tool"
        case .words(let words): words.map { "'\($0)'" }.joined(separator: " or ")
        case .percent: "a share such as 60%"
        case .money: "dollars"
        case .duration: "a duration such as 45s or 24h"
        case .list: "a list"
        case .mapping, .names, .named, .jsonSchema: "a mapping"
        case .null: "nothing"
        default: "text"
        }
    }
}

extension ToolStep {
    /// `server.tool`, split at the first dot. `nil` when a part is missing, or has other characters than letters, digits, `_`, `-`
    /// and, in the tool's name, `.`.
    convenience init?(name: String) {
        guard let dot = name.firstIndex(of: ".") else { return nil }
        func isWord(_ text: Substring, and others: String) -> Bool {
            !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || others.contains($0) }
        }
        let (server, tool) = (name[..<dot], name[name.index(after: dot)...])
        guard isWord(server, and: "_-"), isWord(tool, and: "_-.") else { return nil }
        self.init(server: String(server), tool: String(tool))
    }
}
