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

    /// The payload, keys in a fixed order. Steps stand by their path in `graph`.
    public func payload(in graph: WorkflowGraph) -> JSONObject {
        func path(_ node: Node) -> JSONValue { .string(graph.path(of: node)) }
        func id(_ step: Int) -> JSONValue { .string(graph.steps[step].id) }
        switch self {
        case .runStarted(let run):
            return JSONObject([
                ("workflow", .string(run.workflow)), ("graph", .string(run.graph.hex)), ("inputs", .string(run.inputs.hex)),
                ("encoder", .int(Int64(run.encoder))), ("program", .string(run.program)),
            ]).with("max_cost_usd", run.maxCost?.json)
        case .conditionEvaluated(let step, let holds): return ["step": id(step), "holds": .bool(holds)]
        case .itemsExpanded(let step, let count, let items):
            return ["step": id(step), "count": .int(Int64(count)), "items": .string(items.hex)]
        case .stepSkipped(let step, let reason): return ["step": id(step), "reason": .string(reason.text)]
        case .nodeStarted(let node), .nodeCancelled(let node): return ["step": path(node)]
        case .callStarted(let call):
            return JSONObject([
                ("call", .int(Int64(call.id.number))), ("step", path(call.node)), ("tier", .string(call.tier)),
                ("model", .string(call.model.description)), ("purpose", .string(call.purpose.rawValue)),
                ("ordinal", .int(Int64(call.ordinal))), ("request", .string(call.request.hex)),
            ]).with("held_usd", call.held?.json).with("retry_of", call.retryOf.map { .int(Int64($0)) })
        case .callRefused(let node, let refusal):
            return [
                "step": path(node), "scope": .string(refusal.scope), "cap_usd": refusal.cap.json,
                "spent_usd": refusal.spent.json, "asked_usd": refusal.asked.json,
            ]
        case .callEnded(let call):
            var object: JSONObject = ["call": .int(Int64(call.id.number)), "step": path(call.node), "state": .string(call.state.rawValue)]
            object["cost_usd"] = call.cost?.json ?? .null
            if let usage = call.usage {
                object["input_tokens"] = .int(Int64(usage.totalInput))
                object["output_tokens"] = .int(Int64(usage.totalOutput))
            }
            object["finish_reason"] = call.finishReason.map { .string($0.rawValue) }
            object["response"] = call.response.map { .string($0.hex) }
            object["logprobs"] = call.logprobs.map { .string($0.hex) }
            object["failure"] = call.failure?.json
            // Only a failure can lead to a wait.
            if call.failure != nil { object["jitter"] = .double(call.jitter) }
            return object
        case .commandEnded(let node, let exitCode, let stdout, let milliseconds):
            return ["step": path(node), "exit_code": .int(Int64(exitCode)), "stdout": .string(stdout.hex), "ms": .int(milliseconds)]
        case .outputRejected(let node, let violations):
            return ["step": path(node), "violations": .array(violations.map(JSONValue.string))]
        case .nodeSucceeded(let node, let output): return ["step": path(node), "output": .string(output.hash.hex)]
        case .nodeFailed(let node, let failure): return ["step": path(node), "failure": failure.json]
        case .nodeRecovered(let node, let failure, let output):
            return ["step": path(node), "failure": failure.json, "output": .string(output.hash.hex)]
        case .itemsCollected(let step, let output): return ["step": id(step), "output": .string(output.hash.hex)]
        case .interruptRequested: return [:]
        case .runEnded(let status, let outputs):
            return JSONObject([("status", .string(status.rawValue))]).with("outputs", outputs.map { .string($0.hex) })
        }
    }
}
