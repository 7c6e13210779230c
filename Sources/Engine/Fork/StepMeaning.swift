import Expressions
import JSONSchema
import Values
import WorkflowModel

/// What a step means, of two readings of its workflow: all of it but its description and its place in the file, with the tiers that it asks, the
/// prefixes that it begins with and the files that go with it.
///
/// By reflection, so that a key of the language that comes later is not forgotten.
public struct StepMeaning {
    private let graph: WorkflowGraph
    /// Whether the steps inside belong to it.
    private let isWhole: Bool
    private var text = ""
    private var expressions: [Expression] = []

    /// - Returns: equal for steps that do the same.
    public static func hash(of step: Step, in graph: WorkflowGraph, isWhole: Bool = true) -> ContentHash {
        var meaning = StepMeaning(graph, isWhole)
        meaning.add(step)
        return ContentHash(of: meaning.text)
    }

    /// What the expressions of a step read, those of the steps inside of it too; of another file's only what it is given.
    public static func references(of step: Step, in graph: WorkflowGraph) -> [Reference] {
        var meaning = StepMeaning(graph, true)
        meaning.add(step)
        return meaning.expressions.flatMap(\.references)
    }

    private init(_ graph: WorkflowGraph, _ isWhole: Bool) {
        self.graph = graph
        self.isWhole = isWhole
    }

    private mutating func add(_ value: Any) {
        switch value {
        case is SourceRange, is SourceLocation: break
        case let expression as Expression:
            expressions.append(expression)
            put(expression.source)
        case let schema as Schema: put(schema.source.jsonText)
        case let json as JSONValue: put(json.jsonText)
        case let text as String: put(text)
        case let model as ModelStep: add(model)
        case let body as StepGraph:
            guard isWhole else { break }
            for (index, step) in body.steps.enumerated() {
                add(step)
                for edge in body.dependencies[index] { put("\(body.steps[edge.step].id) \(edge.kind)") }
            }
        case let other as SubworkflowStep: add(other)
        default: addParts(of: value)
        }
    }

    private mutating func addParts(of value: Any) {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .set?, .dictionary?:
            // They have no order.
            let parts = mirror.children.map { child in
                var part = StepMeaning(graph, isWhole)
                part.add(child.value)
                return part.text
            }
            for part in parts.sorted() { put(part) }
        case .enum? where mirror.children.isEmpty, nil where mirror.children.isEmpty: put("\(value)")
        default:
            put("\(type(of: value))(")
            for child in mirror.children where child.label != "range" && child.label != "description" && child.label != "references" {
                if let label = child.label { put(label) }
                add(child.value)
            }
            put(")")
        }
    }

    private mutating func add(_ model: ModelStep) {
        addParts(of: model)
        for index in model.prefixes where graph.prefixes.indices.contains(index) { add(graph.prefixes[index].text) }
        for name in model.askedTiers { if let tier = graph.tier(named: name) { addParts(of: tier) } }
        for attachment in model.attachments {
            guard attachment.source.parts.count == 1, case .text(let path)? = attachment.source.parts.first else { continue }
            if let file = graph.sources.files.first(where: { $0.path.hasSameBytes(as: path) }) { put(file.content.hash.hex) }
        }
    }

    private mutating func add(_ other: SubworkflowStep) {
        guard isWhole else { return put(other.graph.name) }
        var inner = StepMeaning(other.graph, true)
        inner.add(other.graph.body)
        if let finally = other.graph.finally { inner.add(finally) }
        for output in other.graph.outputs { inner.addParts(of: output) }
        for input in other.graph.inputs { inner.addParts(of: input) }
        put(inner.text)
    }

    /// With its length, so that two texts are not one.
    private mutating func put(_ part: String) { text += "\(part.utf8.count):\(part)\n" }
}
