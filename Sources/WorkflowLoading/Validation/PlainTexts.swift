import Expressions
import Values
import WorkflowModel

/// The texts of a workflow in which expressions may stand, by the declarations of the keys: no place can be forgotten.
struct PlainTexts {
    struct Found {
        let text: String
        let start: SourceLocation
        let margin: Int
        let place: ExpressionPlace
        /// Whether it is a word of a command, where `${…}` has a meaning of its own.
        let isCommand: Bool

        /// Where bytes of the text stand; on one line.
        func range(_ bytes: Range<Int>) -> SourceRange {
            var (line, column) = (start.line, start.column)
            var begin = start
            var index = 0
            for byte in text.utf8 {
                if index == bytes.lowerBound { begin = SourceLocation(file: start.file, line: line, column: column) }
                if index == bytes.upperBound { break }
                if byte == 0x0A {
                    if index >= bytes.lowerBound { break }
                    (line, column) = (line + 1, margin)
                } else if byte & 0xC0 != 0x80 {
                    column += 1
                }
                index += 1
            }
            return SourceRange(begin, SourceLocation(file: start.file, line: line, column: column))
        }
    }

    private let draft: WorkflowDraft
    private var found: [Found] = []

    init(_ draft: WorkflowDraft) { self.draft = draft }

    mutating func of(_ step: StepDraft, _ node: YAMLNode) -> [Found] {
        found = []
        guard case .mapping(let pairs) = node.content else { return [] }
        for pair in pairs {
            guard let name = pair.key.scalar?.text, let key = LanguageMapping.step.key(name) else { continue }
            // One scalar is an expression already.
            if name == "value", pair.value.scalar != nil { continue }
            walk(pair.value, key.shape, name == "with" ? .with : key.scope.isEmpty ? .body : .checked(scope: key.scope), isCommand: ["run", "env"].contains(name))
        }
        return found
    }

    /// What belongs to no step, and whether it may read steps.
    mutating func outside() -> [(Found, readsSteps: Bool)] {
        guard case .mapping(let pairs)? = draft.root?.content else { return [] }
        var all: [(Found, readsSteps: Bool)] = []
        for pair in pairs {
            guard let name = pair.key.scalar?.text, ["outputs", "tags", "decision", "prefixes"].contains(name), let key = LanguageMapping.top.key(name) else { continue }
            found = []
            walk(pair.value, key.shape, .body, isCommand: false)
            all += found.map { ($0, name != "tags") }
        }
        return all
    }

    private mutating func walk(_ node: YAMLNode, _ shape: KeyShape, _ place: ExpressionPlace, isCommand: Bool) {
        switch shape {
        case .template: if let scalar = node.scalar { add(scalar, place, isCommand) }
        case .valueTemplate: addAll(node, place)
        case .templateFile:
            guard let name = node.scalar?.text, let file = draft.root?.range.file else { return }
            let path = (file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[...$0]) } ?? "") + name
            if let text = draft.texts[path] { add(text, at: SourceLocation(file: path, line: 1, column: 1), margin: 1, place, isCommand) }
        case .mapping(let name):
            guard name != "step", case .mapping(let pairs) = node.content else { return }
            let mapping = LanguageMapping.named(name)
            for pair in pairs {
                guard let key = pair.key.scalar.flatMap({ mapping.key($0.text) }) else { continue }
                walk(pair.value, key.shape, place.reading(key.scope), isCommand: isCommand)
            }
        case .list(let element), .oneOrList(let element):
            if case .sequence(let nodes) = node.content { for node in nodes { walk(node, element, place, isCommand: isCommand) } } else if case .oneOrList = shape { walk(node, element, place, isCommand: isCommand) }
        case .names(let value), .named(_, let value):
            if case .mapping(let pairs) = node.content { for pair in pairs { walk(pair.value, value, place, isCommand: isCommand) } }
        case .either(let shapes):
            // Each takes what has its form.
            for shape in shapes { walk(node, shape, place, isCommand: isCommand) }
        default: return
        }
    }

    private mutating func addAll(_ node: YAMLNode, _ place: ExpressionPlace) {
        switch node.content {
        case .scalar(let scalar): add(scalar, place, false)
        case .sequence(let nodes): for node in nodes { addAll(node, place) }
        case .mapping(let pairs): for pair in pairs { addAll(pair.value, place) }
        }
    }

    private mutating func add(_ scalar: YAMLScalar, _ place: ExpressionPlace, _ isCommand: Bool) {
        if case .string = scalar.value { add(scalar.text, at: scalar.textStart, margin: scalar.margin, place, isCommand) }
    }

    private mutating func add(_ text: String, at start: SourceLocation, margin: Int, _ place: ExpressionPlace, _ isCommand: Bool) {
        found.append(Found(text: text, start: start, margin: margin, place: place, isCommand: isCommand))
    }
}

extension ExpressionPlace {
    fileprivate func reading(_ names: [String]) -> ExpressionPlace {
        guard !names.isEmpty else { return self }
        if case .checked(let scope) = self { return .checked(scope: scope + names) }
        return .checked(scope: names)
    }
}
