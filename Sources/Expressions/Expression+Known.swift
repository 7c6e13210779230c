import Values

extension Expression {
    /// The references that can still change what a condition comes to where some names are known: not those of a branch that is not taken, nor of terms
    /// beside one that decides.
    public func references(knowing names: [String: CELValue]) -> [Reference] {
        let scope = KnownBindings(known: names)
        var kept: [SourceRange] = []
        func isKnown(_ id: SyntaxTree.ID) -> Bool? {
            var evaluator = Evaluator(tree: tree, scope: scope, fuel: 10_000)
            return (try? evaluator.value(of: id))?.boolValue
        }
        func visit(_ id: SyntaxTree.ID) {
            if isKnown(id) != nil { return }
            switch tree.nodes[Int(id)] {
            case .not(let operand): visit(operand)
            case .and(let terms), .or(let terms): for term in tree.children(terms) { visit(term) }
            case .conditional(let parts):
                switch isKnown(tree.child(parts, 0)) {
                case true?: visit(tree.child(parts, 1))
                case false?: visit(tree.child(parts, 2))
                case nil: for part in tree.children(parts) { visit(part) }
                }
            default: kept.append(tree.range(of: id))
            }
        }
        visit(tree.root)
        return references.filter { reference in kept.contains { $0.encloses(reference.range) } }
    }
}

private struct KnownBindings: Bindings {
    let known: [String: CELValue]

    func value(named name: String) -> CELValue? { known[name] ?? .unknown }
}

extension SourceRange {
    fileprivate func encloses(_ other: SourceRange) -> Bool {
        (start.line, start.column) <= (other.start.line, other.start.column) && (other.end.line, other.end.column) <= (end.line, end.column)
    }
}
