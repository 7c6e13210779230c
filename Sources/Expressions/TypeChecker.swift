import Values

/// Finds the type of every node of a tree, and what can never work.
///
/// One pass over the nodes, children before parents, so that no expression is too deep for it. A node at fault counts as
/// `dyn`: what it stands in is not blamed for it.
final class TypeChecker {
    /// Beyond these nobody reads on.
    private static let maximumProblems = 20
    private static let maximumSuggestions = 500

    let tree: SyntaxTree
    private let environment: TypeEnvironment
    /// By node.
    private(set) var types: [StaticType] = []
    private(set) var problems: [Diagnostic] = []
    /// The types of comprehension variables by slot.
    private var locals: [StaticType]

    init(_ tree: SyntaxTree, in environment: TypeEnvironment) {
        self.tree = tree
        self.environment = environment
        locals = Array(repeating: .dyn, count: tree.slotNames.count)
        types.reserveCapacity(tree.nodes.count)
    }

    /// The type of the whole.
    func check() -> StaticType {
        let variables = self.variables
        for id in tree.nodes.indices {
            if !variables.isEmpty, let variable = variables[SyntaxTree.ID(id)] {
                bind(variable)
            }
            types.append(type(of: SyntaxTree.ID(id)))
        }
        return types[Int(tree.root)]
    }

    /// The comprehensions by the node that their body begins with: the first one after their target.
    private var variables: [SyntaxTree.ID: Variables] {
        guard !tree.slotNames.isEmpty else { return [:] }
        var variables: [SyntaxTree.ID: Variables] = [:]
        for node in tree.nodes {
            switch node {
            case .comprehension(let macro, let slot, let parts):
                variables[tree.child(parts, 0) + 1] = Variables(macro: macro, slot: Int(slot), isPair: false, target: tree.child(parts, 0))
            case .pairComprehension(let macro, let slot, let parts):
                variables[tree.child(parts, 0) + 1] = Variables(macro: macro, slot: Int(slot), isPair: true, target: tree.child(parts, 0))
            default: break
            }
        }
        return variables
    }

    private struct Variables {
        let macro: Macro
        let slot: Int
        let isPair: Bool
        let target: SyntaxTree.ID
    }

    func type(at id: SyntaxTree.ID) -> StaticType { types[Int(id)] }

    func report(_ code: String, _ message: @autoclosure () -> String, at id: SyntaxTree.ID, hint: @autoclosure () -> String?) -> StaticType {
        if problems.count < Self.maximumProblems {
            problems.append(Diagnostic(code: code, message(), at: tree.range(of: id), hint: hint()))
        }
        return .dyn
    }

    /// A comparison with a word that is none; of what is given the set is only what is asked for, so that it is no error.
    func reportWord(_ choice: Choice, _ message: String, at id: SyntaxTree.ID, hint: String) {
        guard problems.count < Self.maximumProblems else { return }
        problems.append(Diagnostic(choice.origin == .given ? .warning : .error, code: ExpressionCode.neverEqual, message, at: tree.range(of: id), hint: hint))
    }

    private func type(of id: SyntaxTree.ID) -> StaticType {
        switch tree.nodes[Int(id)] {
        case .constant(let index): return Self.type(of: tree.constants[Int(index)])
        case .local(let slot): return locals[Int(slot)]
        case .name(let index): return name(id, tree.names[Int(index)])
        case .typeName(let index, _): return environment.names[tree.names[Int(index)]] ?? .type
        case .select(let operand, let name): return field(id, operand, tree.names[Int(name)])
        case .has(let operand, let name):
            _ = field(id, operand, tree.names[Int(name)])
            return .bool
        case .index(let operand, let key): return element(id, operand, key)
        case .list(let children):
            return .list(tree.children(children).reduce(.nothing) { $0.joined(with: type(at: $1)) }).bounded
        case .map(let children): return map(id, children)
        case .not(let operand):
            wantBool(operand, "'!'")
            return .bool
        case .negate(let operand): return negation(id, operand)
        case .and(let terms):
            for term in tree.children(terms) { wantBool(term, "'&&'") }
            return .bool
        case .or(let terms):
            for term in tree.children(terms) { wantBool(term, "'||'") }
            return .bool
        case .conditional(let parts):
            wantBool(tree.child(parts, 0), "the condition of '?'")
            return exactType(at: tree.child(parts, 1)).joined(with: exactType(at: tree.child(parts, 2))).bounded
        case .binary(let sign, let left, let right): return binary(id, sign, left, right)
        case .call(let function, let children): return call(id, function, children)
        case .comprehension(let macro, _, let parts), .pairComprehension(let macro, _, let parts): return comprehension(macro, parts)
        }
    }

    // MARK: Literals

    private static func type(of constant: CELValue) -> StaticType {
        switch constant {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double, .wide: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .list, .map, .unknown: .dyn
        }
    }

    /// The text of a constant string.
    private func constantText(_ id: SyntaxTree.ID) -> String? {
        guard case .constant(let index) = tree.nodes[Int(id)], case .string(let text) = tree.constants[Int(index)] else { return nil }
        return text
    }

    private func map(_ id: SyntaxTree.ID, _ children: SyntaxTree.Children) -> StaticType {
        let pairs = Array(tree.children(children))
        var fields: [ObjectType.Field] = []
        var names: Set<String> = []
        var key = StaticType.nothing
        var value = StaticType.nothing
        for index in stride(from: 0, to: pairs.count, by: 2) {
            let keyType = type(at: pairs[index])
            if ![.string, .int, .uint, .bool].contains(where: keyType.accepts) {
                _ = report(
                    ExpressionCode.noOverload, "\(keyType.withArticle) is no key of a map", at: pairs[index],
                    hint: "keys are string, int, uint or bool")
            }
            let type = type(at: pairs[index + 1])
            if let name = constantText(pairs[index]) {
                if !names.insert(name).inserted {
                    _ = report(ExpressionCode.invalidConstant, "the key '\(name)' stands twice in the map", at: pairs[index], hint: nil)
                }
                fields.append(ObjectType.Field(name, type))
            }
            key = key.joined(with: keyType)
            value = value.joined(with: type)
        }
        let isRecord = !fields.isEmpty && fields.count * 2 == pairs.count && names.count == fields.count
        return (isRecord ? StaticType.object(ObjectType(fields)) : .map(key, value)).bounded
    }

    // MARK: Reads

    private func name(_ id: SyntaxTree.ID, _ name: String) -> StaticType {
        if let type = environment.names[name] { return type }
        guard !environment.isOpen else { return .dyn }
        let known = environment.names.keys.sorted()
        return report(
            ExpressionCode.unknownName, "there is no '\(name)' here", at: id,
            hint: Suggestion.hint(for: name, in: known.prefix(Self.maximumSuggestions))
                ?? (known.isEmpty ? nil : "known here: \(Self.list(known))"))
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", …" : "")
    }

    private func field(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID, _ name: String) -> StaticType {
        let target = type(at: operand)
        switch target.withoutNull {
        case .dyn, .nothing: return .dyn
        case .object(let object): return member(id, operand, object, name)
        case .map(let key, let value) where key.accepts(.string): return value == .nothing ? .dyn : value
        default:
            return report(
                ExpressionCode.unknownField, "\(tree.text(of: operand)) is \(target.withArticle) and has no field '\(name)'", at: id,
                hint: target.runtimeType.flatMap { OperandHint.field(name, of: $0, tree.text(of: operand)) })
        }
    }

    private func member(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID, _ object: ObjectType, _ name: String) -> StaticType {
        if let field = object.field(name) { return field.type }
        if let others = object.others { return others }
        let names = object.fields.map(\.name)
        return report(
            ExpressionCode.unknownField, "\(tree.text(of: operand)) has no field '\(name)'", at: id,
            hint: Suggestion.hint(for: name, in: names.prefix(Self.maximumSuggestions))
                ?? (names.isEmpty ? "it is empty" : "it has: \(Self.list(names))"))
    }

    private func element(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID, _ key: SyntaxTree.ID) -> StaticType {
        let target = type(at: operand)
        let keyType = type(at: key)
        switch target.withoutNull {
        case .dyn, .nothing: return .dyn
        case .list(let element):
            if [.int, .uint, .double].contains(where: keyType.accepts) { return element == .nothing ? .dyn : element }
            return report(
                ExpressionCode.noOverload, "\(tree.text(of: operand)) is a list, whose index is an int, not \(keyType.withArticle)", at: id, hint: nil)
        case .map(let expected, let value):
            if keyType.mayEqual(expected) { return value == .nothing ? .dyn : value }
            return wrongKey(id, operand, expected, keyType)
        case .object(let object):
            if let name = constantText(key) { return member(id, operand, object, name) }
            if keyType.accepts(.string) { return object.anyField == .nothing ? .dyn : object.anyField }
            return wrongKey(id, operand, .string, keyType)
        default:
            return report(
                ExpressionCode.noOverload, "\(tree.text(of: operand)) is \(target.withArticle), which has no elements", at: id,
                hint: target.plain == .string ? "write \(tree.text(of: operand)).charAt(\(tree.text(of: key)))" : nil)
        }
    }

    private func wrongKey(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID, _ expected: StaticType, _ found: StaticType) -> StaticType {
        report(
            ExpressionCode.noOverload, "the keys of \(tree.text(of: operand)) are \(expected), not \(found)", at: id,
            hint: expected == .string ? "string(…) makes text of it" : nil)
    }

    // MARK: Comprehensions

    /// Index and element, or key and value; `nil` of what has no elements.
    private func pairTypes(_ type: StaticType) -> (key: StaticType, value: StaticType)? {
        func known(_ type: StaticType) -> StaticType { type == .nothing ? .dyn : type }
        switch type.withoutNull {
        case .dyn, .nothing: return (.dyn, .dyn)
        case .list(let element): return (.int, known(element))
        case .map(let key, let value): return (known(key), known(value))
        case .object(let object): return (.string, known(object.anyField))
        default: return nil
        }
    }

    /// Gives the variables of a comprehension their types.
    private func bind(_ variables: Variables) {
        let type = type(at: variables.target)
        let pair = pairTypes(type)
        if pair == nil {
            _ = report(
                ExpressionCode.noOverload, "\(variables.macro.rawValue)() takes a list or a map, but \(tree.text(of: variables.target)) is \(type.withArticle)",
                at: variables.target, hint: type.plain == .string ? "split it first: \(tree.text(of: variables.target)).split('')" : nil)
        }
        let (key, value) = pair ?? (.dyn, .dyn)
        guard !variables.isPair else {
            locals[variables.slot] = key
            locals[variables.slot + 1] = value
            return
        }
        if case .list = type.withoutNull { locals[variables.slot] = value } else { locals[variables.slot] = key }
    }

    private func comprehension(_ macro: Macro, _ parts: SyntaxTree.Children) -> StaticType {
        let last = tree.child(parts, Int(parts.count) - 1)
        if !macro.takesFilter || parts.count == 3 { wantBool(tree.child(parts, 1), "\(macro.rawValue)()") }
        switch macro {
        case .all, .exists, .existsOne: return .bool
        case .map, .transformList: return .list(type(at: last)).bounded
        case .transformMap:
            let keys = pairTypes(type(at: tree.child(parts, 0)))?.key ?? .dyn
            return .map(keys, type(at: last)).bounded
        case .filter:
            switch type(at: tree.child(parts, 0)).withoutNull {
            case .list(let element): return .list(element)
            case .map(let key, _): return .list(key)
            case .object: return .list(.string)
            default: return .list(.dyn)
            }
        }
    }
}
