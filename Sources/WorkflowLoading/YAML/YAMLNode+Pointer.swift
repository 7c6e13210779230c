import Values

extension YAMLNode {
    /// The place of what a JSON pointer (RFC 6901) names; where nothing is there, of the last thing on the way.
    ///
    /// - Parameter ofKey: whether the key is meant and not its value.
    func range(at pointer: String, ofKey: Bool = false) -> SourceRange {
        var node = self
        var key: YAMLNode?
        for token in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            // `~0` last: it must not join what follows it to another escape.
            let name = token.replacing("~1", with: "/").replacing("~0", with: "~")
            switch node.content {
            case .mapping:
                guard let pair = node.pair(String(name)) else { return node.range.firstLine }
                (key, node) = (pair.key, pair.value)
            case .sequence(let elements):
                guard let index = Int(name), elements.indices.contains(index) else { return node.range.firstLine }
                (key, node) = (nil, elements[index])
            case .scalar: return node.range
            }
        }
        return ofKey ? (key ?? node).range : node.range.firstLine
    }
}
