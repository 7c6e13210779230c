import Values

extension YAMLNode {
    /// The pair of a key; `nil` also when this is no mapping.
    func pair(_ name: String) -> (key: YAMLNode, value: YAMLNode)? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.key.scalar?.text.hasSameBytes(as: name) == true }
    }

    subscript(name: String) -> YAMLNode? { pair(name)?.value }

    /// What follows a row of keys.
    func value(at path: String...) -> YAMLNode? {
        path.reduce(self) { node, name in node?[name] }
    }

    /// Every scalar that is a value, in the order of the file, with the keys above it.
    func forEachScalar(_ body: (_ keys: [String], _ node: YAMLNode, _ scalar: YAMLScalar) -> Void) {
        var keys: [String] = []
        walk(&keys, body)
    }

    private func walk(_ keys: inout [String], _ body: ([String], YAMLNode, YAMLScalar) -> Void) {
        switch content {
        case .scalar(let scalar): body(keys, self, scalar)
        case .sequence(let elements): for element in elements { element.walk(&keys, body) }
        case .mapping(let pairs):
            for pair in pairs {
                keys.append(pair.key.scalar?.text ?? "")
                pair.value.walk(&keys, body)
                keys.removeLast()
            }
        }
    }

    /// Where something begins in a file that is known.
    struct Place: Hashable {
        let line: Int
        let column: Int

        init(_ range: SourceRange) {
            line = range.start.line
            column = range.start.column
        }
    }

    /// The mappings with an `id`, however deep they are nested, by the place of its value: those of steps are among them.
    var mappingsByID: [Place: YAMLNode] {
        var found: [Place: YAMLNode] = [:]
        func walk(_ node: YAMLNode) {
            switch node.content {
            case .scalar: return
            case .sequence(let elements): for element in elements { walk(element) }
            case .mapping(let pairs):
                if let id = node["id"], found[Place(id.range)] == nil { found[Place(id.range)] = node }
                for pair in pairs { walk(pair.value) }
            }
        }
        walk(self)
        return found
    }
}
