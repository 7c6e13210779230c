import Values

/// Finds what an expression reads, and which reads a `has()` guards.
struct ReferenceCollector {
    private let tree: SyntaxTree
    private var references: [Reference] = []

    /// Paths known to be there at some point of the evaluation.
    private struct Guards {
        /// What was tested, and what was read through to test it.
        var tested: Set<[String]> = []
        var passed: Set<[String]> = []

        mutating func add(_ paths: Set<[String]>) {
            for path in paths where tested.insert(path).inserted {
                for count in 1..<max(path.count, 1) { passed.insert(Array(path.prefix(count))) }
            }
        }

        func cover(_ path: [String]) -> Bool {
            guard !tested.isEmpty else { return false }
            return passed.contains(path) || (1...path.count).contains { tested.contains(Array(path.prefix($0))) }
        }
    }

    static func references(in tree: SyntaxTree) -> [Reference] { references(in: tree, below: tree.root) }

    /// Of a part, without what guards it from outside.
    static func references(in tree: SyntaxTree, below id: SyntaxTree.ID) -> [Reference] {
        var collector = ReferenceCollector(tree: tree)
        collector.visit(id, Guards())
        return collector.references
    }

    private init(tree: SyntaxTree) { self.tree = tree }

    private mutating func visit(_ id: SyntaxTree.ID, _ guards: Guards) {
        switch tree.nodes[Int(id)] {
        case .constant, .local, .typeName: break
        case .name, .select, .has, .index: chain(id, guards)
        case .list(let children), .map(let children), .call(_, let children):
            for child in tree.children(children) { visit(child, guards) }
        case .not(let operand), .negate(let operand): visit(operand, guards)
        case .binary(_, let left, let right):
            visit(left, guards)
            visit(right, guards)
        case .and(let terms):
            var known = guards
            for term in tree.children(terms) {
                visit(term, known)
                known.add(shown(by: term, being: true))
            }
        case .or(let terms):
            var known = guards
            for term in tree.children(terms) {
                visit(term, known)
                known.add(shown(by: term, being: false))
            }
        case .conditional(let parts):
            let condition = tree.child(parts, 0)
            visit(condition, guards)
            for (branch, outcome) in [(1, true), (2, false)] {
                var known = guards
                known.add(shown(by: condition, being: outcome))
                visit(tree.child(parts, branch), known)
            }
        case .comprehension(_, _, let parts), .pairComprehension(_, _, let parts):
            visit(tree.child(parts, 0), guards)
            visit(tree.child(parts, 1), guards)
            guard parts.count == 3 else { return }
            var known = guards
            known.add(shown(by: tree.child(parts, 1), being: true))
            visit(tree.child(parts, 2), known)
        }
    }

    /// A chain of fields and indices: one reference if it starts at a free name; computed indices are visited for their own.
    private mutating func chain(_ id: SyntaxTree.ID, _ guards: Guards) {
        let isTest = if case .has = tree.nodes[Int(id)] { true } else { false }
        if let (path, isWhole) = tree.path(of: id) {
            references.append(Reference(path: path, isGuarded: isTest || guards.cover(path), range: tree.range(of: id), isWhole: isWhole))
        }
        var node = id
        while true {
            switch tree.nodes[Int(node)] {
            case .select(let operand, _), .has(let operand, _): node = operand
            case .index(let operand, let key):
                visit(key, guards)
                node = operand
            case .name, .typeName: return
            default: return visit(node, guards)
            }
        }
    }

    /// The paths that are there when `id` came out as `outcome`.
    private func shown(by id: SyntaxTree.ID, being outcome: Bool) -> Set<[String]> {
        switch tree.nodes[Int(id)] {
        case .has where outcome:
            guard let path = tree.path(of: id), path.isWhole else { return [] }
            return [path.names]
        case .not(let operand): return shown(by: operand, being: !outcome)
        // All terms of a true `&&` held, all of a false `||` failed; of the others only what every term shows is sure.
        case .and(let terms), .or(let terms):
            let isAnd = if case .and = tree.nodes[Int(id)] { true } else { false }
            let each = tree.children(terms).lazy.map { shown(by: $0, being: outcome) }
            if isAnd == outcome { return each.reduce(into: []) { $0.formUnion($1) } }
            return each.dropFirst().reduce(each.first ?? []) { $0.isEmpty ? $0 : $0.intersection($1) }
        default: return []
        }
    }
}
