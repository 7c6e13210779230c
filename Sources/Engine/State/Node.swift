import WorkflowModel

/// One unit of execution: a step, one item of a `for_each` step, or the same inside of a group, a loop's pass or a workflow
/// that another one runs.
struct Node: Sendable {
    /// The scope that it belongs to: 0 is the workflow's own, the others are numbered in the order of their opening.
    let scope: Int
    /// Index into the scope's steps.
    let step: Int
    let item: Int?
    /// Its name as users see it and as the ledger stores it: `draft`, `summarise[3]`, `review[2]/draft`.
    let path: String

    init(scope: Int = 0, step: Int, item: Int? = nil, path: String) {
        self.scope = scope
        self.step = step
        self.item = item
        self.path = path
    }
}

extension Node {
    /// The path of its step whatever the item or the pass, `review/draft`: what statistics and audits go by.
    var stepPath: String { NodePath.step(path) }
}

extension Node: Hashable {
    // The path follows from the rest.
    static func == (a: Node, b: Node) -> Bool { a.step == b.step && a.item == b.item && a.scope == b.scope }

    func hash(into hasher: inout Hasher) {
        hasher.combine(scope)
        hasher.combine(step)
        hasher.combine(item)
    }
}
