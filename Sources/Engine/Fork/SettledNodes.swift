import Values
import WorkflowModel

/// Which nodes of a run have ended, with what is read of them: its record, folded.
struct SettledNodes {
    private(set) var nodes: TextTable<NodeInherited> = [:]
    /// The lists of `for_each` steps.
    private(set) var lists: TextTable<(hash: ContentHash, count: Int)> = [:]
    /// What stands before the names of steps in scopes that were opened, `review[2]/`.
    private(set) var prefixes: TextSet = []

    /// The scopes of a prefix by their numbers, the last opened last: a workflow's own steps and its `finally` have the same.
    private var scopes: TextTable<[Int]> = ["": [0]]
    private let run: String

    /// - Parameter isAhead: whether the run has not gone by the graph yet.
    init(of record: RunRecording, _ graph: WorkflowGraph, _ inputs: JSONObject, isAhead: Bool = false) throws(JournalError) {
        guard let startedAt = record.events.first?.at else { throw JournalError(.corrupt, "the record of run \(record.run) is empty") }
        var state = RunState(record.run, of: graph, inputs: inputs, startedAt: startedAt)
        if isAhead { state.machine.filesAhead = 1 }
        var settled = SettledNodes(run: record.run.text)
        let folded = state
        try record.fold(into: &state) { fact, _ in settled.take(fact, folded) }
        self = settled
    }

    private init(run: String) { self.run = run }

    private mutating func take(_ fact: RunEvent, _ state: RunState) {
        switch fact {
        case .scopeOpened:
            let index = state.machine.nextScope - 1
            guard let prefix = state.machine.prefix(of: index) else { break }
            prefixes.insert(prefix)
            scopes[prefix, default: []].append(index)
        case .itemsExpanded(let path, let count, let items): lists[path] = (items, count)
        case .nodeSucceeded(let path, let output), .itemsCollected(let path, let output): add(path, .succeeded, output: output.hash, state)
        case .nodeRecovered(let path, let failure, let output): add(path, .succeeded, output: output.hash, failure: failure, state)
        case .nodeFailed(let path, let failure): add(path, .failed, failure: failure, state)
        case .stepSkipped(let path, let reason): add(path, .skipped, reason: reason, state)
        case .nodeInherited(let kept): nodes[kept.path] = kept
        default: break
        }
    }

    private mutating func add(_ path: String, _ status: NodeStatus, output: ContentHash? = nil, failure: StepFailure? = nil, reason: SkipReason? = nil, _ state: RunState) {
        nodes[path] = NodeInherited(path: path, from: run, status: status, output: output, failure: failure, reason: reason, facts: facts(of: path, state))
    }

    /// What expressions read of a node that has just ended: its scope is open until whatever it is in has ended, too.
    private func facts(of path: String, _ state: RunState) -> JSONObject {
        let item = NodePath.index(path)
        let name = item == nil ? path : NodePath.parent(path) ?? path
        let (prefix, id) = name.cut(atLast: UInt8(ascii: "/")).map { ($0.before + "/", $0.behind) } ?? ("", name)
        for index in (scopes[prefix] ?? []).reversed() {
            guard let scope = state.scopes[index], let step = scope.body.index(of: id) else { continue }
            if let item { return scope.itemGates[step]?[item] ?? [:] }
            guard var facts = scope.steps[scope.body.steps[step].id]?.objectValue else { return [:] }
            if facts.contains("output") { facts["output"] = .null }
            return facts
        }
        return [:]
    }
}
