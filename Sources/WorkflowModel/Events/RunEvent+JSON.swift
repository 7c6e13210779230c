import Economics
import Values

extension RunEvent {
    /// The stable name under which the journal keeps it.
    public var kind: String {
        switch self {
        case .runStarted: return "run_started"
        case .conditionEvaluated: return "condition_evaluated"
        case .itemsExpanded: return "items_expanded"
        case .stepSkipped: return "step_skipped"
        case .nodeStarted: return "step_started"
        case .callStarted: return "call_started"
        case .callRefused: return "call_refused"
        case .callEnded: return "call_ended"
        case .commandEnded: return "command_ended"
        case .outputRejected: return "output_rejected"
        case .nodeSucceeded: return "step_succeeded"
        case .nodeFailed: return "step_failed"
        case .nodeRecovered: return "step_recovered"
        case .nodeCancelled: return "step_cancelled"
        case .itemsCollected: return "items_collected"
        case .interruptRequested: return "interrupt_requested"
        case .runEnded: return "run_ended"
        }
    }

    /// The payload, a JSON object with keys in a fixed order. Steps stand by their path in `graph`.
    public func payload(in graph: WorkflowGraph) -> [UInt8] {
        var json = JSONObjectWriter()
        func path(_ node: Node) -> String { graph.path(of: node) }
        func id(_ step: Int) -> String { graph.steps[step].id }
        switch self {
        case .runStarted(let run):
            json.put("workflow", run.workflow)
            json.put("graph", run.graph)
            json.put("inputs", run.inputs)
            json.put("encoder", run.encoder)
            json.put("program", run.program)
            json.put("max_cost_usd", run.maxCost?.json)
        case .conditionEvaluated(let step, let holds):
            json.put("step", id(step))
            json.put("holds", holds)
        case .itemsExpanded(let step, let count, let items):
            json.put("step", id(step))
            json.put("count", count)
            json.put("items", items)
        case .stepSkipped(let step, let reason):
            json.put("step", id(step))
            json.put("reason", reason.text)
        case .nodeStarted(let node), .nodeCancelled(let node):
            json.put("step", path(node))
        case .callStarted(let call):
            json.put("call", call.id.number)
            json.put("step", path(call.node))
            json.put("tier", call.tier)
            json.put("model", call.model.description)
            json.put("purpose", call.purpose.rawValue)
            json.put("ordinal", call.ordinal)
            json.put("request", call.request)
            json.put("held_usd", call.held?.decimalText)
            json.put("retry_of", call.retryOf)
        case .callRefused(let node, let refusal):
            json.put("step", path(node))
            json.put("scope", refusal.scope)
            json.put("cap_usd", refusal.cap.decimalText)
            json.put("spent_usd", refusal.spent.decimalText)
            json.put("asked_usd", refusal.asked.decimalText)
        case .callEnded(let call):
            json.put("call", call.id.number)
            json.put("step", path(call.node))
            json.put("state", call.state.rawValue)
            // Null: unpriced.
            json.put("cost_usd", call.cost?.json ?? JSONValue.null)
            json.put("input_tokens", call.usage?.totalInput)
            json.put("output_tokens", call.usage?.totalOutput)
            json.put("finish_reason", call.finishReason?.rawValue)
            json.put("response", call.response)
            json.put("logprobs", call.logprobs)
            json.put("failure", call.failure?.json)
            // Only a failure can lead to a wait.
            if call.failure != nil { json.put("jitter", JSONValue.double(call.jitter)) }
        case .commandEnded(let node, let exitCode, let stdout, let milliseconds):
            json.put("step", path(node))
            json.put("exit_code", Int(exitCode))
            json.put("stdout", stdout)
            json.put("ms", Int(milliseconds))
        case .outputRejected(let node, let violations):
            json.put("step", path(node))
            json.put("violations", JSONValue.array(violations.map(JSONValue.string)))
        case .nodeSucceeded(let node, let output):
            json.put("step", path(node))
            json.put("output", output.hash)
        case .nodeFailed(let node, let failure):
            json.put("step", path(node))
            json.put("failure", failure.json)
        case .nodeRecovered(let node, let failure, let output):
            json.put("step", path(node))
            json.put("failure", failure.json)
            json.put("output", output.hash)
        case .itemsCollected(let step, let output):
            json.put("step", id(step))
            json.put("output", output.hash)
        case .interruptRequested: break
        case .runEnded(let status, let outputs):
            json.put("status", status.rawValue)
            json.put("outputs", outputs)
        }
        return json.finish()
    }
}
