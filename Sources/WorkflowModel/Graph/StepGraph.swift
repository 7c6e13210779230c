/// Steps with their edges: a workflow's own, its `finally`, or the body of a group or a loop.
///
/// A step's index is its position in `steps`, which is the order of the file.
public final class StepGraph: Sendable {
    public let steps: [Step]
    /// For each step, what it waits for.
    public let dependencies: [[Dependency]]
    /// For each step, the steps that wait for it, ascending.
    public let dependents: [[Int]]
    public let onFailure: FailurePolicy
    /// Of a body with many steps, which are not gone through for each question.
    private let indexes: [String: Int]?

    package init(steps: [Step], dependencies: [[Dependency]], onFailure: FailurePolicy) {
        self.steps = steps
        self.dependencies = dependencies
        self.onFailure = onFailure
        var dependents = [[Int]](repeating: [], count: steps.count)
        for (step, edges) in dependencies.enumerated() {
            for edge in edges { dependents[edge.step].append(step) }
        }
        self.dependents = dependents
        indexes = steps.count < 16 ? nil : Dictionary(steps.enumerated().map { ($1.id, $0) }) { first, _ in first }
    }

    /// The place of a step by its id.
    public func index(of id: some StringProtocol) -> Int? {
        if let indexes { return indexes[String(id)] }
        return steps.firstIndex { $0.id == id }
    }

    /// Every step with the steps inside of it, an enclosing one before what it encloses. Steps of other workflow files are
    /// not among them.
    public func forEachStep(_ visit: (Step) -> Void) {
        for step in steps {
            visit(step)
            step.kind.body?.forEachStep(visit)
        }
    }
}
