import Expressions
import Values

/// What several rules look up of a whole draft, made when the first of them asks.
final class DraftLookups {
    fileprivate var bodies: [BodyDraft]?
    fileprivate var allSteps: [StepDraft]?
    fileprivate var mentions: Mentions?
    fileprivate var mappingsByID: [YAMLNode.Place: YAMLNode]?
    fileprivate var outwardReferences: [SourceRange: [(ExpressionPlace, [Reference])]] = [:]
    fileprivate var edges: [SourceRange: [WorkflowDraft.Edge]] = [:]
}

/// For rules, which see a draft that does not change any more.
extension WorkflowDraft {
    /// The workflow's steps, the steps inside of steps behind the body that encloses them, and `finally`.
    var bodies: [BodyDraft] {
        if let known = lookups.bodies { return known }
        let bodies = makeBodies()
        lookups.bodies = bodies
        return bodies
    }

    /// Every step, nested ones included.
    var allSteps: [StepDraft] {
        if let known = lookups.allSteps { return known }
        let steps = bodies.flatMap(\.steps)
        lookups.allSteps = steps
        return steps
    }

    var mentions: Mentions {
        if let known = lookups.mentions { return known }
        let mentions = Mentions(self)
        lookups.mentions = mentions
        return mentions
    }

    /// The mapping in the file that a step was read from.
    func node(of step: StepDraft) -> YAMLNode? {
        if lookups.mappingsByID == nil { lookups.mappingsByID = root?.mappingsByID ?? [:] }
        return lookups.mappingsByID?[.init(step.id.range)]
    }

    /// The references of a step with steps inside, its own and those that reach out; a step inside of ten others is looked at once.
    func outwardReferences(of step: StepDraft, _ make: () -> [(ExpressionPlace, [Reference])]) -> [(ExpressionPlace, [Reference])] {
        if let known = lookups.outwardReferences[step.id.range] { return known }
        let references = make().filter { !$0.1.isEmpty }
        lookups.outwardReferences[step.id.range] = references
        return references
    }

    /// What a step waits for, each step once: what it refers to anywhere, prefixes, prompt files and the steps inside of it
    /// included, and `needs`.
    func edges(of step: StepDraft) -> [Edge] {
        // The place of the name tells steps apart, even those of one name.
        if let known = lookups.edges[step.id.range] { return known }
        let edges = makeEdges(of: step)
        lookups.edges[step.id.range] = edges
        return edges
    }
}
