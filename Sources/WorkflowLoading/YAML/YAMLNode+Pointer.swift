import Values

extension YAMLNode {
    /// The place of what a JSON pointer (RFC 6901) names; where nothing is there, of the last thing on the way.
    ///
    /// - Parameter ofKey: whether the key is meant and not its value.
    func range(at pointer: String, ofKey: Bool = false) -> SourceRange {
        let (node, key, isFound) = nearest(to: pointer)
        if !isFound, node.scalar != nil { return node.range }
        return ofKey && isFound ? (key ?? node).range : node.range.firstLine
    }

    /// What a JSON pointer names, with its key where it is a member; where nothing is there, the last thing on the way.
    func nearest(to pointer: String) -> (node: YAMLNode, key: YAMLNode?, isFound: Bool) {
        var node = self
        var key: YAMLNode?
        for token in JSONPointer.tokens(pointer) ?? [] {
            switch node.content {
            case .mapping:
                guard let pair = node.pair(token) else { return (node, key, false) }
                (key, node) = (pair.key, pair.value)
            case .sequence(let elements):
                guard let index = Int(token), elements.indices.contains(index) else { return (node, key, false) }
                (key, node) = (nil, elements[index])
            case .scalar: return (node, key, false)
            }
        }
        return (node, key, true)
    }
}
