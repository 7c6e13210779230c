import Values
import WorkflowModel

/// What the files of a workflow say, without what means nothing: comments and layout of its YAML documents.
enum WorkflowMeaning {
    /// SHA-256 over the nodes of the documents and the bytes of the other files.
    ///
    /// - Parameter documents: what was read of those files that are documents, in the order of `files`.
    static func hash(of files: [GraphSources.File], documents: [YAMLNode?]) -> ContentHash {
        var text = ""
        for (index, (file, node)) in zip(files, documents).enumerated() {
            // The first is the workflow's own: what it is called means nothing.
            if index > 0 { add(file.path, to: &text) }
            if let node { add(node, to: &text) } else { add(file.content.hash.hex, to: &text) }
        }
        return ContentHash(of: text)
    }

    /// Keys stay in their order, in which inputs, steps and outputs are shown and sent. A scalar is its text, and whether it was quoted:
    /// `1` is a number, `"1"` a text.
    private static func add(_ node: YAMLNode, to text: inout String) {
        switch node.content {
        case .scalar(let scalar):
            text += scalar.isPlain ? "p" : "s"
            add(scalar.text, to: &text)
        case .sequence(let nodes):
            text += "l\(nodes.count) "
            for node in nodes { add(node, to: &text) }
        case .mapping(let pairs):
            text += "m\(pairs.count) "
            for pair in pairs {
                add(pair.key, to: &text)
                add(pair.value, to: &text)
            }
        }
    }

    private static func add(_ part: String, to text: inout String) { text += "\(part.utf8.count):\(part)" }
}
