import Values

extension Expression {
    /// The references whose text may be part of the value; what is only compared, tested or counted is not.
    public var textReferences: [Reference] {
        var kept: Set<SourceRange> = []
        addTexts(of: tree.root, &kept)
        return references.filter { kept.contains($0.range) }
    }

    /// The references that may be the value, or a part of it, as they are: a list's elements, what is chosen by a condition.
    public var valueReferences: [Reference] {
        var kept: Set<SourceRange> = []
        addValues(of: tree.root, &kept)
        return references.filter { kept.contains($0.range) }
    }

    private func addValues(of id: SyntaxTree.ID, _ kept: inout Set<SourceRange>) {
        switch tree.nodes[Int(id)] {
        case .name, .select: kept.insert(tree.range(of: id))
        case .index(let operand, _):
            kept.insert(tree.range(of: id))
            if tree.path(of: id) == nil { addValues(of: operand, &kept) }
        case .list(let children): for child in tree.children(children) { addValues(of: child, &kept) }
        case .map(let children): for (index, child) in tree.children(children).enumerated() where index % 2 == 1 { addValues(of: child, &kept) }
        case .conditional(let parts): for branch in [1, 2] { addValues(of: tree.child(parts, branch), &kept) }
        case .binary(.add, let left, let right):
            addValues(of: left, &kept)
            addValues(of: right, &kept)
        case .call(let function, let arguments):
            if Self.givesText.contains(function) { for argument in tree.children(arguments) { addValues(of: argument, &kept) } }
        case .comprehension(let macro, _, let parts), .pairComprehension(let macro, _, let parts):
            switch macro {
            case .all, .exists, .existsOne: return
            // The variable stands for what the target holds, and is read by its fields.
            case .map, .transformList, .transformMap: addValues(of: tree.child(parts, Int(parts.count) - 1), &kept)
            case .filter: addValues(of: tree.child(parts, 0), &kept)
            }
        case .constant, .typeName, .local, .has, .not, .negate, .and, .or, .binary: return
        }
    }

    private func addTexts(of id: SyntaxTree.ID, _ kept: inout Set<SourceRange>) {
        switch tree.nodes[Int(id)] {
        case .constant, .typeName, .local, .has, .not, .negate, .and, .or: return
        case .name, .select: kept.insert(tree.range(of: id))
        case .index(let operand, _):
            kept.insert(tree.range(of: id))
            // `[inputs.a, inputs.b][0]`
            if tree.path(of: id) == nil { addTexts(of: operand, &kept) }
        case .list(let children), .map(let children): for child in tree.children(children) { addTexts(of: child, &kept) }
        case .conditional(let parts): for branch in [1, 2] { addTexts(of: tree.child(parts, branch), &kept) }
        case .binary(.add, let left, let right):
            addTexts(of: left, &kept)
            addTexts(of: right, &kept)
        case .binary: return
        case .call(let function, let arguments):
            if Self.givesText.contains(function) { for argument in tree.children(arguments) { addTexts(of: argument, &kept) } }
        case .comprehension(let macro, _, let parts), .pairComprehension(let macro, _, let parts):
            switch macro {
            case .all, .exists, .existsOne: return
            case .map, .filter, .transformList, .transformMap: for part in tree.children(parts) { addTexts(of: part, &kept) }
            }
        }
    }

    private static let givesText: Set<Function> = [
        .string, .bytes, .dyn, .charAt, .join, .lowerAscii, .upperAscii, .replace, .split, .substring, .trim, .reverse, .format, .quote,
    ]
}

extension Template {
    /// The references that may be the value, or a part of the text, as they are.
    public var valueReferences: [Reference] {
        parts.flatMap { part -> [Reference] in
            if case .expression(let expression) = part { expression.valueReferences } else { [] }
        }
    }

    /// The references whose text may become part of the text.
    public var textReferences: [Reference] {
        parts.flatMap { part -> [Reference] in
            if case .expression(let expression) = part { expression.textReferences } else { [] }
        }
    }
}
