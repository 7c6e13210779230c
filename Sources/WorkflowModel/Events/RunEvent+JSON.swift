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
        case .scopeOpened: return "scope_opened"
        case .passEnded: return "pass_ended"
        case .deadlinePassed: return "deadline_passed"
        case .memoHit: return "memo_hit"
        case .inputTrimmed: return "input_trimmed"
        case .approvalRequested: return "approval_requested"
        case .approvalDecided: return "approval_decided"
        case .interruptRequested: return "interrupt_requested"
        case .cancelRequested: return "cancel_requested"
        case .runEnded: return "run_ended"
        case .runResumed: return "run_resumed"
        }
    }

    /// The payload, a JSON object with keys in a fixed order. Steps stand by their path.
    public var payload: [UInt8] {
        var json = JSONObjectWriter()
        switch self {
        case .runStarted(let run):
            json.put("workflow", run.workflow)
            json.put("graph", run.graph)
            json.put("sources", run.sources)
            json.put("inputs", run.inputs)
            json.put("encoder", run.encoder)
            json.put("program", run.program)
            json.put("max_cost_usd", run.maxCost?.json)
            json.put("facts", run.facts)
            json.put("rules", run.rules.version)
        case .conditionEvaluated(let path, let holds):
            json.put("step", path)
            json.put("holds", holds)
        case .itemsExpanded(let path, let count, let items):
            json.put("step", path)
            json.put("count", count)
            json.put("items", items)
        case .stepSkipped(let path, let reason):
            json.put("step", path)
            json.put("reason", reason.text)
        case .nodeStarted(let path), .nodeCancelled(let path):
            json.put("step", path)
        case .callStarted(let call):
            json.put("call", call.id.number)
            json.put("step", call.path)
            json.put("tier", call.tier)
            json.put("model", call.model.description)
            json.put("purpose", call.purpose.rawValue)
            json.put("ordinal", call.ordinal)
            json.put("request", call.request)
            json.put("held_usd", call.held?.decimalText)
            json.put("bound_usd", call.bound?.decimalText)
            json.put("retry_of", call.retryOf)
            json.put("tags", call.tags.map(JSONValue.object))
            if !call.caps.isEmpty {
                json.put("caps", call.caps) { cap, json in
                    json.put("scope", cap.scope)
                    json.put("cap_usd", cap.cap.decimalText)
                }
            }
        case .callRefused(let path, let refusal):
            json.put("step", path)
            json.put("scope", refusal.scope)
            json.put("cap_usd", refusal.cap.decimalText)
            json.put("spent_usd", refusal.spent.decimalText)
            json.put("asked_usd", refusal.asked.decimalText)
            json.put("exceeded_usd", refusal.exceeded?.decimalText)
        case .callEnded(let call):
            json.put("call", call.id.number)
            json.put("step", call.path)
            json.put("state", call.state.rawValue)
            // Null: unpriced.
            json.put("cost_usd", call.cost?.json ?? JSONValue.null)
            json.put("input_tokens", call.usage?.totalInput)
            json.put("output_tokens", call.usage?.totalOutput)
            json.put("finish_reason", call.finishWord ?? call.finishReason?.rawValue)
            json.put("response", call.response)
            json.put("logprobs", call.logprobs)
            json.put("failure", call.failure?.json)
            // Only a failure can lead to a wait.
            if call.failure != nil { json.put("jitter", JSONValue.double(call.jitter)) }
            if call.isOutage { json.put("outage", true) }
            json.put("held_usd", call.kept?.decimalText)
            if !call.notes.isEmpty { json.put("notes", CallNote.json(call.notes)) }
        case .commandEnded(let path, let attempt, let exitCode, let stdout, let stderr, let milliseconds):
            json.put("step", path)
            json.put("attempt", attempt)
            json.put("exit_code", Int(exitCode))
            json.put("stdout", stdout)
            json.put("stderr", stderr)
            json.put("ms", Int(milliseconds))
        case .outputRejected(let path, let violations):
            json.put("step", path)
            json.put("violations", JSONValue.array(violations.map(JSONValue.string)))
        case .nodeSucceeded(let path, let output):
            json.put("step", path)
            json.put("output", output.hash)
        case .nodeFailed(let path, let failure):
            json.put("step", path)
            json.put("failure", failure.json)
        case .nodeRecovered(let path, let failure, let output):
            json.put("step", path)
            json.put("failure", failure.json)
            json.put("output", output.hash)
        case .itemsCollected(let path, let output):
            json.put("step", path)
            json.put("output", output.hash)
        case .scopeOpened(let scope):
            json.put("step", scope.node)
            if scope.isFinally { json.put("finally", true) }
            json.put("pass", scope.pass)
            json.put("inputs", scope.inputs)
        case .passEnded(let path, let pass, let verdict):
            json.put("step", path)
            json.put("pass", pass)
            json.put("verdict", verdict.rawValue)
        case .deadlinePassed(let path):
            json.put("step", path)
        case .memoHit(let path, let call, let output):
            json.put("step", path)
            json.put("call", call)
            json.put("output", output.hash)
        case .inputTrimmed(let path, let values):
            json.put("step", path)
            json.put("values", values) { value, json in
                json.put("key", value.key)
                json.put("before_bytes", value.before)
                json.put("after_bytes", value.after)
            }
        case .approvalRequested(let path, let request):
            json.put("step", path)
            json.put("number", request.number)
            json.put("kind", request.kind.rawValue)
            json.put("message", request.message)
            json.put("until", request.until?.rfc3339)
            json.put("on_timeout", request.onTimeout.rawValue)
            json.put("cap_usd", request.cap?.decimalText)
            json.put("asked_usd", request.asked?.decimalText)
        case .approvalDecided(let path, let decision):
            json.put("step", path)
            json.put("number", decision.question?.number)
            json.put("kind", decision.question?.kind.rawValue)
            json.put("choice", decision.choice)
            json.put("approved", JSONValue.bool(decision.isApproved))
            json.put("by", decision.by)
            json.put("as", decision.system?.json)
            json.put("note", decision.note)
            json.put("at", decision.at.rfc3339)
            if decision.isTimeout { json.put("timeout", JSONValue.bool(true)) }
            json.put("cap_usd", decision.cap?.decimalText)
            json.put("message", decision.question?.message)
            json.put("asked_usd", decision.question?.asked?.decimalText)
            json.put("spent_usd", decision.spent?.decimalText)
            json.put("held_usd", decision.held?.decimalText)
        case .interruptRequested: break
        case .cancelRequested(let by):
            json.put("by", by)
        case .runEnded(let status, let outputs):
            json.put("status", status.rawValue)
            json.put("outputs", outputs)
        case .runResumed(let resumed):
            json.put("program", resumed.program)
            json.put("epoch", Int(resumed.epoch))
            json.put("lost_calls", resumed.lostCalls)
        }
        return json.finish()
    }
}
