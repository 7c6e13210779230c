import Values
import WorkflowModel

/// A node of a trace with its calls, and what stands below it: items, passes, the steps inside.
final class TraceBranch {
    private(set) var node: NodeRecord
    private(set) var calls: [CallRecord] = []
    private(set) var children: [TraceBranch] = []
    /// Items below it that the trace does not have.
    private(set) var folded: FoldedItems?
    /// Whether the ledger has no row of it: a pass of a loop, or what a crash cut off.
    private let isImplied: Bool

    private init(_ node: NodeRecord, isImplied: Bool) {
        self.node = node
        self.isImplied = isImplied
    }

    var isItem: Bool { node.item != nil && !isImplied }
    var isPass: Bool { node.item != nil && isImplied }
    var allCalls: [CallRecord] { calls + children.flatMap(\.allCalls) }
    /// The calls of items that the trace does not have, here and below.
    var allFolded: [FoldedCalls] { (folded?.calls ?? []) + children.flatMap(\.allFolded) }

    /// The nodes that failed, here and below, but for those that say what one below them says.
    var failed: [NodeRecord] {
        let below = children.flatMap(\.failed)
        guard node.status == .failed, !isImplied, !children.contains(where: { child in node.failure.map { child.tells($0) } ?? false }) else { return below }
        return [node] + below
    }

    /// Whether it, or what is below it, says what a failure around it says: that one repeats it behind a path.
    func tells(_ failure: JSONValue) -> Bool {
        if let own = node.failure?["message"]?.stringValue, failure["message"]?.stringValue?.hasSuffix(own) == true { return true }
        return children.contains { $0.tells(failure) }
    }

    /// The branches that belong to no other: steps by their first start, those that never started behind them in the order of
    /// the ledger; items and passes by number.
    static func tree(of trace: RunTrace) -> [TraceBranch] {
        var known: [String: TraceBranch] = [:]
        var top: [TraceBranch] = []
        func place(_ branch: TraceBranch) {
            known[branch.node.path] = branch
            if let parent = NodePath.parent(branch.node.path) { found(parent).children.append(branch) } else { top.append(branch) }
        }
        func found(_ path: String, _ status: NodeStatus = .running) -> TraceBranch {
            if let branch = known[path] { return branch }
            let branch = TraceBranch(NodeRecord(path: path, step: NodePath.step(path), item: NodePath.index(path), status: status), isImplied: true)
            place(branch)
            return branch
        }
        // Whatever has a row is known before anything is taken to have none.
        let rows = trace.nodes.map { TraceBranch($0, isImplied: false) }
        for row in rows { known[row.node.path] = row }
        for row in rows { place(row) }
        for call in trace.calls.sorted(by: { ($0.ordinal, $0.startedAt) < ($1.ordinal, $1.startedAt) }) {
            // A warm-up is of a step that may never begin.
            found(call.path, call.purpose == CallPurpose.warm.rawValue ? .pending : .running).calls.append(call)
        }
        for items in trace.folded { found(items.path).folded = items }
        return finished(top)
    }

    private static func finished(_ branches: [TraceBranch]) -> [TraceBranch] {
        for branch in branches {
            branch.children = finished(branch.children)
            if branch.isPass { branch.takeFromChildren() }
        }
        return branches.enumerated().sorted { a, b in
            if let x = a.element.node.item, let y = b.element.node.item { return x < y }
            switch (a.element.node.stands, b.element.node.stands) {
            case (let x?, let y?): return (x, a.offset) < (y, b.offset)
            case (nil, nil): return a.offset < b.offset
            case (let x, _): return x != nil
            }
        }.map(\.element)
    }

    /// A pass is as its steps are.
    private func takeFromChildren() {
        let statuses = Set(children.map(\.node.status))
        node.status = [.running, .failed, .cancelled].first(where: statuses.contains) ?? .succeeded
        node.startedAt = children.compactMap(\.node.startedAt).min()
        node.endedAt = node.status == .running ? nil : children.compactMap(\.node.endedAt).max()
    }
}

extension NodeRecord {
    /// Where it stands in time: what a fork keeps took none of it.
    fileprivate var stands: Timestamp? { startedAt ?? (inheritedFrom == nil ? nil : endedAt) }
}
