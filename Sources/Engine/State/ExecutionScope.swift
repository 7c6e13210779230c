import Economics
import Expressions
import Values
import WorkflowModel

/// What the steps of one scope read and leave while they run. Owned by one run's state.
final class ExecutionScope {
    /// Whose tiers and prefixes its steps use.
    let graph: WorkflowGraph
    let body: StepGraph
    /// The step that they belong to; `nil` for the run's own and its `finally`.
    let node: Node?
    let pass: Int
    let inputs: CELValue
    /// What its workflow is given, until that is recorded.
    var given: JSONObject?
    /// What surrounds its steps: elements of `for_each`, the outermost first, and values under `with`.
    let items: [RunScope.Item]
    let with: JSONObject
    /// `pass`, inside of a loop.
    let passValue: CELValue?
    /// The caps that every call in it draws on.
    let caps: CallCaps
    /// Of the steps around, for every call in it.
    let tags: JSONObject?

    /// Steps outside that its own can read; they have ended.
    let outer: JSONObject
    /// `steps`: its own by id, and `outer`.
    var steps: JSONObject
    var lists: [Int: [JSONValue]] = [:]
    var itemResults: [Int: [JSONValue?]] = [:]
    var itemFailures: [Int: [Int: StepFailure]] = [:]
    /// What is read of items with a gate beside their outputs.
    var itemGates: [Int: [Int: JSONObject]] = [:]
    /// How many items of a step have begun.
    var itemsBegun: [Int: Int] = [:]
    /// The number of its `finally`, once that is open.
    var finallyScope: Int?
    var firstFailure: (path: String, failure: StepFailure)?
    /// What its calls came to so far, and the most that one of them held.
    var used = CapAmount.zero
    var largestHold = CapAmount.zero

    init(
        graph: WorkflowGraph, body: StepGraph, node: Node? = nil, pass: Int = 0, inputs: CELValue, given: JSONObject? = nil, items: [RunScope.Item] = [],
        with: JSONObject = [:], passValue: CELValue? = nil, caps: CallCaps = .none, tags: JSONObject? = nil,
        outer: JSONObject = [:]
    ) {
        self.graph = graph
        self.body = body
        self.node = node
        self.pass = pass
        self.inputs = inputs
        self.given = given
        self.items = items
        self.with = with
        self.passValue = passValue
        self.caps = caps
        self.tags = tags
        self.outer = outer
        var steps = JSONObject(minimumCapacity: outer.count + body.steps.count)
        outer.forEachPair { steps[$0] = $1 }
        for step in body.steps { steps[step.id] = .object(["status": .string(NodeStatus.pending.rawValue)]) }
        self.steps = steps
    }

    /// The outputs of its own steps that have one, by id.
    var outputs: JSONObject {
        var outputs = JSONObject(minimumCapacity: body.steps.count)
        for step in body.steps {
            if let output = steps[step.id]?["output"] { outputs[step.id] = output }
        }
        return outputs
    }
}
