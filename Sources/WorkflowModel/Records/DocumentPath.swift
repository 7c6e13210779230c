import Values

/// Which documents of a run are meant: `inputs`, `inputs.customer.email`, `outputs`, `steps.draft.output`, `steps.review[2]/draft.prompt`,
/// `prompts`, `answers`, `everything`.
public struct DocumentPath: Sendable, Hashable {
    private enum Meaning: Hashable {
        case everything, prompts, answers
        /// A node or, where no item or pass is named, every one of its step.
        case field(step: String?, name: String)
    }

    public let text: String
    private let meaning: Meaning
    /// The way to a value inside of the document; empty: all of it.
    public let inner: [String]

    /// The words for a step's documents.
    public static let ofStep = ["prompt", "request", "answer", "logprobs", "output", "items", "message", "stdout", "stderr"]
    public static let ofRun = ["inputs", "outputs", "prompts", "answers", "everything"]

    /// - Returns: `nil` where it is none.
    public init?(_ text: String) {
        self.text = text
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch first {
        case "everything", "prompts", "answers":
            guard parts.count == 1 else { return nil }
            meaning = first == "everything" ? .everything : first == "prompts" ? .prompts : .answers
            inner = []
        case "inputs", "outputs":
            meaning = .field(step: nil, name: first)
            inner = Array(parts.dropFirst())
        case "steps":
            guard parts.count >= 3, Self.ofStep.contains(where: { $0.hasSameBytes(as: parts[2]) }) else { return nil }
            meaning = .field(step: parts[1], name: parts[2])
            inner = Array(parts.dropFirst(3))
        default: return nil
        }
    }

    /// The documents of a run that it means, in their order.
    public func chosen(of fields: DocumentFields) -> [DocumentFields.Entry] {
        fields.entries.filter { entry in
            switch meaning {
            case .everything: !entry.isOfWorkflow
            case .prompts: !entry.isOfWorkflow && entry.fields.contains { $0.step != nil && $0.name == "prompt" }
            case .answers:
                entry.fields.contains { field in
                    guard let step = field.step else { return false }
                    return field.name == "answer" || field.name == "logprobs" || field.name == "output" && fields.asking.contains(step)
                }
            case .field(let step, let name):
                entry.fields.contains { field in
                    guard field.name.hasSameBytes(as: name) else { return false }
                    guard let step else { return field.step == nil }
                    return field.step.map { $0.hasSameBytes(as: step) || NodePath.step($0).hasSameBytes(as: step) } ?? false
                }
            }
        }
    }

    /// The value inside of a document; `nil` where it has none there.
    public func value(in document: JSONValue) -> JSONValue? {
        var value = document
        for part in inner {
            if let index = Int(part), let elements = value.arrayValue {
                guard elements.indices.contains(index) else { return nil }
                value = elements[index]
            } else {
                guard let next = value[part] else { return nil }
                value = next
            }
        }
        return value
    }
}
