import Values

extension YAMLNode {
    /// The pair of a key; `nil` also when this is no mapping.
    func pair(_ name: String) -> (key: YAMLNode, value: YAMLNode)? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.key.scalar?.text == name }
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

    /// The mapping of the step whose `id` is written at a place, however deep it is nested.
    func step(withIDAt range: SourceRange) -> YAMLNode? {
        switch content {
        case .scalar: return nil
        case .sequence(let elements): return elements.lazy.compactMap { $0.step(withIDAt: range) }.first
        case .mapping(let pairs):
            if self["id"]?.range == range { return self }
            return pairs.lazy.compactMap { $0.value.step(withIDAt: range) }.first
        }
    }
}
