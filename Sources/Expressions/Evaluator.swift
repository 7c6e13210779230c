import Values

/// Walks a tree. Every node and every element handled costs fuel, so evaluation ends.
struct Evaluator {
    let tree: SyntaxTree
    let scope: any Bindings
    var fuel: Int
    /// The comprehension variables by slot.
    private var locals: [CELValue] = []

    init(tree: SyntaxTree, scope: any Bindings, fuel: Int) {
        self.tree = tree
        self.scope = scope
        self.fuel = fuel
        if !tree.slotNames.isEmpty { locals = Array(repeating: .null, count: tree.slotNames.count) }
    }

    // Kept to a switch that delegates: its frame is on the stack once per level of the expression.
    mutating func value(of id: SyntaxTree.ID) throws(Failure) -> CELValue {
        fuel -= 1
        if fuel < 0 { throw outOfFuel(id) }
        switch tree.nodes[Int(id)] {
        case .constant(let index): return tree.constants[Int(index)]
        case .local(let slot): return locals[Int(slot)]
        case .name(let index):
            if let value = scope.value(named: tree.names[Int(index)]) { return value }
            throw unknownName(id, tree.names[Int(index)])
        case .typeName(let index, let type): return scope.value(named: tree.names[Int(index)]) ?? .type(type)
        case .select(let operand, let field):
            let target = try value(of: operand)
            if case .map(let map) = target, let found = map[tree.names[Int(field)]] { return found }
            if case .unknown = target { return .unknown }
            throw noSuchField(id, operand, tree.names[Int(field)], target)
        case .has(let operand, let field): return try presence(id, operand, tree.names[Int(field)])
        case .index(let operand, let key): return try element(id, operand, key)
        case .list(let children): return try list(children)
        case .map(let children): return try map(id, children)
        case .not(let operand): return try negation(id, operand)
        case .negate(let operand): return try opposite(id, operand)
        case .and(let terms): return try logic(terms, deciding: false)
        case .or(let terms): return try logic(terms, deciding: true)
        case .conditional(let parts): return try conditional(parts)
        case .binary(let sign, let left, let right): return try binary(id, sign, left, right)
        case .call(let function, let children): return try call(id, function, children)
        case .comprehension(let macro, let slot, let parts): return try comprehension(id, macro, slot, parts)
        case .pairComprehension(let macro, let slot, let parts): return try pairComprehension(id, macro, slot, parts)
        }
    }

    // MARK: Cost

    mutating func charge(_ amount: Int, _ id: SyntaxTree.ID) throws(Failure) {
        fuel -= amount
        if fuel < 0 { throw outOfFuel(id) }
    }

    /// For work on text: one step for 32 bytes.
    mutating func charge(bytes: Int, _ id: SyntaxTree.ID) throws(Failure) { try charge(bytes / 32, id) }

    func outOfFuel(_ id: SyntaxTree.ID) -> Failure {
        Failure(.limitExceeded, id) { "the expression takes too many steps; compute it in a run: step" }
    }

    // MARK: Reads

    @inline(never)
    private func unknownName(_ id: SyntaxTree.ID, _ name: String) -> Failure {
        let known = scope.names
        return Failure(.unknownName, id) {
            "there is no '\(name)' here" + (Suggestion.hint(for: name, in: known).map { " (\($0))" } ?? "")
        }
    }

    @inline(never)
    private func noSuchField(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID, _ field: String, _ target: CELValue) -> Failure {
        Failure(.noSuchField, id) { [tree] in
            let path = tree.text(of: operand)
            guard case .map(let map) = target else {
                if case .null = target { return "\(path) is null and has no field '\(field)'" }
                let hint = OperandHint.field(field, of: target.type, path).map { " (\($0))" } ?? ""
                return "\(path) is \(target.type.withArticle) and has no field '\(field)'\(hint)"
            }
            let keys = map.textKeys
            if let hint = Suggestion.hint(for: field, in: keys) { return "\(path) has no field '\(field)' (\(hint))" }
            if keys.isEmpty { return "\(path) has no field '\(field)'; it is empty" }
            return "\(path) has no field '\(field)'; it has \(keys.prefix(6).map { "'\($0)'" }.joined(separator: ", "))\(keys.count > 6 ? ", …" : "")"
        }
    }

    @inline(never)
    private mutating func presence(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID, _ field: String) throws(Failure) -> CELValue {
        let target = try value(of: operand)
        switch target {
        case .map(let map):
            guard let found = map[field] else { return .bool(false) }
            return found.isUnknown ? .unknown : .bool(true)
        case .unknown: return .unknown
        default: throw noSuchField(id, operand, field, target)
        }
    }

    @inline(never)
    private mutating func element(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID, _ keyID: SyntaxTree.ID) throws(Failure) -> CELValue {
        let target = try value(of: operand)
        let key = try value(of: keyID)
        if target.isUnknown || key.isUnknown { return .unknown }
        let tree = tree
        switch target {
        case .list(let list):
            let position: Int? =
                switch key {
                case .int(let value): Int(exactly: value)
                case .uint(let value): Int(exactly: value) ?? .max
                case .double(let value): Int(exactly: value)
                default: nil
                }
            guard let position else {
                throw Failure(.noSuchOverload, id) { "\(tree.text(of: operand)) is a list, whose index is an int, not \(key.type.withArticle)" }
            }
            guard position >= 0, position < list.count else {
                throw Failure(.indexOutOfRange, id) { "\(tree.text(of: operand)) has \(list.count) elements, so none at index \(position)" }
            }
            return list[position]
        case .map(let map):
            if case .string(let name) = key { try charge(bytes: name.utf8.count, id) }
            if let found = map[key] { return found }
            switch key {
            case .string(let name):
                throw Failure(.noSuchKey, id) {
                    "\(tree.text(of: operand)) has no key '\(name)'" + (Suggestion.hint(for: name, in: map.textKeys).map { " (\($0))" } ?? "")
                }
            case .bool, .int, .uint, .double:
                throw Failure(.noSuchKey, id) { "\(tree.text(of: operand)) has no key \(CELText.scalar(key)!)" }
            default:
                throw Failure(.invalidKey, id) { "\(key.type.withArticle) is no key of a map" }
            }
        default:
            throw Failure(.noSuchOverload, id) { "\(tree.text(of: operand)) is \(target.type.withArticle), which has no elements" }
        }
    }

    // MARK: Literals

    @inline(never)
    private mutating func list(_ children: SyntaxTree.Children) throws(Failure) -> CELValue {
        .list(CELList(try values(children)))
    }

    mutating func values(_ children: SyntaxTree.Children) throws(Failure) -> [CELValue] {
        var values: [CELValue] = []
        values.reserveCapacity(Int(children.count))
        for index in 0..<Int(children.count) { values.append(try value(of: tree.child(children, index))) }
        return values
    }

    @inline(never)
    private mutating func map(_ id: SyntaxTree.ID, _ children: SyntaxTree.Children) throws(Failure) -> CELValue {
        var keys: [CELValue] = []
        var values: [CELValue] = []
        for index in stride(from: 0, to: Int(children.count), by: 2) {
            let key = try value(of: tree.child(children, index))
            if case .string(let name) = key { try charge(bytes: name.utf8.count, id) }
            keys.append(key)
            values.append(try value(of: tree.child(children, index + 1)))
        }
        if keys.contains(where: \.isUnknown) { return .unknown }
        do throws(CELMap.LiteralFault) {
            return .map(try CELMap(keys: keys, values: values))
        } catch {
            throw Failure(.invalidKey, id) {
                switch error {
                case .duplicate(let key): "the key \(CELText.scalar(key)!) stands twice in the map"
                case .unsupported(let key): "\(key.type.withArticle) is no key of a map; keys are string, int, uint or bool"
                }
            }
        }
    }

    // MARK: Logic

    @inline(never)
    private mutating func negation(_ id: SyntaxTree.ID, _ operand: SyntaxTree.ID) throws(Failure) -> CELValue {
        switch try value(of: operand) {
        case .bool(let value): return .bool(!value)
        case .unknown: return .unknown
        case let other: throw notBool(operand, "'!'", other)
        }
    }

    private func notBool(_ id: SyntaxTree.ID, _ place: String, _ found: CELValue) -> Failure {
        Failure(.noSuchOverload, id) { [tree] in
            let hint = OperandHint.bool(found.type, tree.text(of: id)).map { " (\($0))" } ?? ""
            return "\(place) takes a bool, but \(tree.text(of: id)) is \(found.type.withArticle)\(hint)"
        }
    }

    /// What terms of `&&` or `||` amount to: one that decides wins over errors and unknowns before and after it.
    struct Tally {
        var failure: Failure?
        var sawUnknown = false

        func result(otherwise value: Bool) throws(Failure) -> CELValue {
            if sawUnknown { return .unknown }
            if let failure { throw failure }
            return .bool(value)
        }
    }

    /// Adds a term; `true` when it decides.
    mutating func settles(_ id: SyntaxTree.ID, _ deciding: Bool, _ sign: String, _ tally: inout Tally) throws(Failure) -> Bool {
        let term: CELValue
        do throws(Failure) {
            term = try value(of: id)
        } catch {
            if error.code == .limitExceeded { throw error }
            if tally.failure == nil { tally.failure = error }
            return false
        }
        switch term {
        case .bool(let value): return value == deciding
        case .unknown: tally.sawUnknown = true
        default: if tally.failure == nil { tally.failure = notBool(id, sign, term) }
        }
        return false
    }

    @inline(never)
    private mutating func logic(_ terms: SyntaxTree.Children, deciding: Bool) throws(Failure) -> CELValue {
        var tally = Tally()
        for index in 0..<Int(terms.count) {
            if try settles(tree.child(terms, index), deciding, deciding ? "'||'" : "'&&'", &tally) { return .bool(deciding) }
        }
        return try tally.result(otherwise: !deciding)
    }

    @inline(never)
    private mutating func conditional(_ parts: SyntaxTree.Children) throws(Failure) -> CELValue {
        let condition = tree.child(parts, 0)
        switch try value(of: condition) {
        case .bool(let outcome): return try value(of: tree.child(parts, outcome ? 1 : 2))
        case .unknown: return .unknown
        case let other: throw notBool(condition, "the condition of '?'", other)
        }
    }

    // MARK: Comprehensions

    func noElements(_ id: SyntaxTree.ID, _ macro: Macro, _ parts: SyntaxTree.Children, _ target: CELValue) -> Failure {
        Failure(.noSuchOverload, id) { [tree] in
            "\(macro.rawValue)() takes a list or a map, but \(tree.text(of: tree.child(parts, 0))) is \(target.type.withArticle)"
        }
    }

    mutating func bind(_ slot: Int32, _ first: CELValue, _ second: CELValue) {
        locals[Int(slot)] = first
        locals[Int(slot) + 1] = second
    }

    @inline(never)
    private mutating func comprehension(_ id: SyntaxTree.ID, _ macro: Macro, _ slot: Int32, _ parts: SyntaxTree.Children) throws(Failure) -> CELValue {
        let target = try value(of: tree.child(parts, 0))
        let elements: CELList
        switch target {
        case .list(let list): elements = list
        case .map(let map):
            try charge(map.count, id)
            elements = CELList(map.keys)
        case .unknown: return .unknown
        default:
            throw noElements(id, macro, parts, target)
        }
        let body = tree.child(parts, 1)
        switch macro {
        case .all, .exists:
            let deciding = macro == .exists
            var tally = Tally()
            for element in elements {
                locals[Int(slot)] = element
                if try settles(body, deciding, "\(macro.rawValue)()", &tally) { return .bool(deciding) }
            }
            return try tally.result(otherwise: !deciding)
        case .existsOne:
            var count = 0
            var sawUnknown = false
            for element in elements {
                locals[Int(slot)] = element
                guard let holds = try condition(body, macro) else { sawUnknown = true; continue }
                if holds { count += 1 }
            }
            return sawUnknown ? .unknown : .bool(count == 1)
        case .filter:
            var kept: [CELValue] = []
            var sawUnknown = false
            for element in elements {
                locals[Int(slot)] = element
                guard let holds = try condition(body, macro) else { sawUnknown = true; continue }
                if holds { kept.append(element) }
            }
            return sawUnknown ? .unknown : .list(CELList(kept))
        case .map, .transformList, .transformMap:
            var results: [CELValue] = []
            var sawUnknown = false
            if parts.count == 2 { results.reserveCapacity(elements.count) }
            for element in elements {
                locals[Int(slot)] = element
                if parts.count == 3 {
                    guard let holds = try condition(body, macro) else { sawUnknown = true; continue }
                    if !holds { continue }
                }
                results.append(try value(of: tree.child(parts, Int(parts.count) - 1)))
            }
            return sawUnknown ? .unknown : .list(CELList(results))
        }
    }

    /// `nil` when it is unknown.
    mutating func condition(_ id: SyntaxTree.ID, _ macro: Macro) throws(Failure) -> Bool? {
        switch try value(of: id) {
        case .bool(let value): return value
        case .unknown: return nil
        case let other: throw notBool(id, "\(macro.rawValue)()", other)
        }
    }
}
