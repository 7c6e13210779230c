import Economics
import Expressions
import Values
import WorkflowModel

/// Where a run stands, by its facts alone: its machine, what its expressions read, what its calls came to, what is known of each
/// node that has begun.
///
/// Whoever drives a run, goes on with one or looks back on one applies the same facts to it by the same code; nobody else keeps any of
/// this. It has no clock, no chance, no environment and no tasks.
///
/// A class, confined to whoever drives the run, so that ten thousand steps are not copied. As a type without copies it was read through an
/// accessor of the actor whose frame the compiler freed before what it had lent was read: the address sanitizer found it.
final class RunState {
    let run: RunID
    var machine: RunStateMachine
    /// By the numbers that the machine gives them.
    var scopes: [Int: ExecutionScope]
    /// Nodes that have begun and not ended.
    var open: [Node: OpenNode] = [:]
    var money: RunMoney
    var bands: RunBands
    /// What the rest takes; `nil`: nobody has asked for it.
    var room: RunRoom?
    /// The first step that a band kept from beginning.
    var leftOut: (path: String, band: BudgetBand.Name)?
    /// Those that the run was begun under.
    var rules = Rules.current
    /// The run that it is a fork of.
    var parent: String?
    /// What it keeps of that one, of a fork.
    var fork: ForkOrigin?
    /// Of what is known of its models.
    var models: ContentHash?
    /// Whether it is asked without marks and warm-up, for comparison.
    var isHeldOut = false
    /// The beginnings of prompts that its calls had.
    var prefixes = RunPrefixes()
    /// The form of its facts.
    var facts = RunStarted.currentFacts
    var numbers = CallNumbers()
    var shadows = ShadowState()
    var warmUps = WarmUpState()
    /// Models that have answered, or were there and had failed.
    var answering: Set<ModelReference> = []
    /// When no process drove the run, from the last that is known of one to the beginning of the next.
    var idleTimes: [(from: Timestamp, to: Timestamp)] = []
    var lastFactAt: Timestamp
    /// `run`, as expressions read it.
    let runValue: CELValue
    let startedAt: Timestamp

    init(_ run: RunID, of graph: WorkflowGraph, inputs: JSONObject, startedAt: Timestamp) {
        self.run = run
        self.startedAt = startedAt
        lastFactAt = startedAt
        machine = RunStateMachine(graph: graph)
        money = RunMoney(cap: graph.budget.maxCost, tokenCap: graph.budget.maxTokens)
        bands = RunBands(graph.budget)
        runValue = CELValue(.object(["id": .string(run.text), "started_at": .string(startedAt.rfc3339)]))
        let caps = CallCaps(tokens: graph.budget.maxTokens.map { [TokenCap(scope: BudgetRefusal.runScope, cap: $0)] } ?? [])
        scopes = [0: ExecutionScope(graph: graph, body: graph.body, inputs: CELValue(.object(inputs)), given: inputs, caps: caps)]
    }

    var graph: WorkflowGraph { machine.graph }
    var course: RunStateMachine.Course { machine.course }

    /// Where the run is to end: asked for, and not recorded yet.
    var ending: RunStatus? { if case .ending(let status) = machine.course { status } else { nil } }

    /// Whether its last fact is recorded: nothing changes it any more, unless another process goes on.
    var hasConcluded: Bool {
        switch machine.course {
        case .suspended, .ended: return true
        case .new, .running, .draining, .ending: return false
        }
    }

    func step(_ node: Node) -> Step { scopes[node.scope]!.body.steps[node.step] }

    /// The node of that path that has begun and not ended.
    func openNode(_ path: String) -> (node: Node, state: OpenNode)? {
        guard let node = try? machine.node(path), let state = open[node] else { return nil }
        return (node, state)
    }

    /// Nodes that wait for an answer, with what they ask.
    var questions: [(node: Node, question: ApprovalRequest)] {
        open.compactMap { node, state in state.inquiry?.question.map { (node, $0) } }.sorted { $0.node < $1.node }
    }

    /// The first failure that was not tolerated, and where.
    var firstFailure: (path: String, failure: StepFailure)? { firstFailure(in: scopes[0]!) }

    /// Of a workflow's own steps, else of its `finally`.
    func firstFailure(in scope: ExecutionScope) -> (path: String, failure: StepFailure)? {
        if let failure = scope.firstFailure { return failure }
        guard let finally = scope.finallyScope else { return nil }
        return scopes[finally]?.firstFailure
    }

    /// How long processes were at work on a node so far; the time between them does not count, nor that in which it waited for people.
    func timeTaken(by node: Node, at now: Timestamp) -> TimeSpan {
        guard let state = open[node] else { return .milliseconds(0) }
        var (idle, end) = (Int64(0), state.startedAt)
        for span in (idleTimes + state.waits).sorted(by: { $0.from < $1.from }) where span.to > end {
            idle += span.to.since(max(end, span.from)).milliseconds
            end = span.to
        }
        return .milliseconds(max(0, now.since(state.startedAt).milliseconds - idle))
    }
}
