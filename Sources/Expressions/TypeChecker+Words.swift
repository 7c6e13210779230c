import Values

/// Comparisons with words that a value never is: they are false for ever, and nothing fails.
extension TypeChecker {
    private static let mostListed = 12

    /// Constants on either side of a comparison that the other side cannot have.
    func checkWords(_ sign: SyntaxTree.BinaryOperator, _ left: SyntaxTree.ID, _ right: SyntaxTree.ID) {
        switch sign {
        case .equal, .notEqual:
            checkWords(of: left, against: right)
            checkWords(of: right, against: left)
        case .in:
            if let choice = closed(type(at: left)) {
                for element in elements(right) { checkWords(of: left, choice, against: element) }
            }
            if case .list(let element) = type(at: right).withoutNull, let choice = closed(element) { checkWords(of: right, choice, against: left, isElement: true) }
        default: break
        }
    }

    private func closed(_ type: StaticType) -> Choice? {
        guard case .choice(let choice) = type.withoutNull, choice.isClosed else { return nil }
        return choice
    }

    private func checkWords(of id: SyntaxTree.ID, against other: SyntaxTree.ID) {
        if let choice = closed(type(at: id)) { checkWords(of: id, choice, against: other) }
    }

    private func checkWords(of id: SyntaxTree.ID, _ choice: Choice, against other: SyntaxTree.ID, isElement: Bool = false) {
        for (constant, value) in constants(other) where !choice.has(value) {
            let text = tree.text(of: id)
            let found = value.stringValue.map { "'\($0.prefix(60))'" } ?? value.jsonText
            reportWord(choice, isElement ? "\(text) never holds \(found)" : "\(text) is never \(found)", at: constant, hint: Self.hint(choice, value))
        }
    }

    private static func hint(_ choice: Choice, _ value: JSONValue) -> String {
        var names: [String] = []
        for value in choice.values.prefix(mostListed) { names.append(value.stringValue.map { "'\($0)'" } ?? value.jsonText) }
        let list = names.joined(separator: ", ") + (choice.values.count > mostListed ? ", …" : "")
        let words = choice.values.compactMap(\.stringValue)
        let near = value.stringValue.flatMap { word in choice.aliases.first { $0.word == word.lowercased() }?.meant ?? Suggestion.closest(to: word, in: words) }
        let newer = choice.origin == .language ? "; a newer agentctl may know the word" : ""
        return (near.map { "did you mean '\($0)'? " } ?? "") + "it is \(choice.values.count == 1 ? "always" : "one of") \(list)\(newer)"
    }

    /// The constants that a part of an expression comes to.
    private func constants(_ id: SyntaxTree.ID) -> [(SyntaxTree.ID, JSONValue)] {
        switch tree.nodes[Int(id)] {
        case .constant(let index):
            switch tree.constants[Int(index)] {
            case .string(let text): return [(id, .string(text))]
            case .int(let number): return [(id, .int(number))]
            case .double(let number): return [(id, .double(number))]
            case .bool(let flag): return [(id, .bool(flag))]
            default: return []
            }
        case .conditional(let parts): return constants(tree.child(parts, 1)) + constants(tree.child(parts, 2))
        default: return []
        }
    }

    /// What stands in a list, or in both lists of a choice; the keys of a map.
    private func elements(_ id: SyntaxTree.ID) -> [SyntaxTree.ID] {
        switch tree.nodes[Int(id)] {
        case .list(let children): return Array(tree.children(children))
        case .map(let children): return tree.children(children).enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        case .conditional(let parts): return elements(tree.child(parts, 1)) + elements(tree.child(parts, 2))
        case .binary(.add, let left, let right): return elements(left) + elements(right)
        default: return []
        }
    }

    /// A constant's type where it joins others: the value itself.
    func exactType(at id: SyntaxTree.ID) -> StaticType {
        if case .constant = tree.nodes[Int(id)], let value = constants(id).first?.1, let choice = Choice([value], origin: .constant) { return .choice(choice) }
        return type(at: id)
    }
}
