import Economics
import Values

/// A fact that the journal has and this program cannot read.
public struct EventDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
    public let kind: String
    public let reason: String

    public var description: String { "cannot read the event '\(kind)': \(reason)" }
}

extension RunEvent {
    /// The fact that a payload tells.
    ///
    /// - Parameters:
    ///   - kind: the stable name; see ``kind``.
    ///   - payload: as ``payload`` made it.
    ///   - run: whose journal it is.
    public init(kind: String, payload: JSONValue, run: RunID) throws(EventDecodingError) {
        let fields = Fields(kind: kind, payload: payload, run: run)
        func step() throws(EventDecodingError) -> String { try fields.text("step") }
        switch kind {
        case "run_started":
            self = .runStarted(RunStarted(
                workflow: try fields.text("workflow"), graph: try fields.hash("graph"), sources: try fields.hash("sources"), inputs: try fields.hash("inputs"),
                maxCost: fields.money("max_cost_usd"), encoder: try fields.int("encoder"), program: try fields.text("program"),
                facts: payload["facts"]?.intValue.map(Int.init) ?? 1, rules: payload["rules"]?.intValue.map { Rules(version: Int($0)) } ?? .first))
        case "condition_evaluated": self = .conditionEvaluated(try step(), holds: try fields.bool("holds"))
        case "items_expanded": self = .itemsExpanded(try step(), count: try fields.int("count"), items: try fields.hash("items"))
        case "step_skipped": self = .stepSkipped(try step(), try fields.value("reason", SkipReason.init(text:)))
        case "step_started": self = .nodeStarted(try step())
        case "scope_opened":
            self = .scopeOpened(ScopeOpened(
                node: payload["step"] == nil ? nil : try step(), isFinally: payload["finally"]?.boolValue ?? false, pass: try fields.int("pass"),
                inputs: try fields.optionalHash("inputs")))
        case "pass_ended":
            self = .passEnded(try step(), pass: try fields.int("pass"), try fields.value("verdict", PassVerdict.init(rawValue:)))
        case "deadline_passed": self = .deadlinePassed(try step())
        case "memo_hit": self = .memoHit(try step(), call: try fields.text("call"), OutputReference(hash: try fields.hash("output")))
        case "input_trimmed":
            let values = (payload["values"]?.arrayValue ?? []).map { value in
                TrimmedValue(
                    key: value["key"]?.stringValue ?? "", before: Int(value["before_bytes"]?.intValue ?? 0), after: Int(value["after_bytes"]?.intValue ?? 0))
            }
            self = .inputTrimmed(try step(), values)
        case "call_started":
            self = .callStarted(CallStarted(
                id: CallID(run: run, number: try fields.int("call")), path: try step(), tier: try fields.text("tier"),
                model: try fields.value("model", ModelReference.init(text:)), purpose: try fields.value("purpose", CallPurpose.init(rawValue:)),
                ordinal: try fields.int("ordinal"), request: try fields.hash("request"), held: fields.money("held_usd"),
                retryOf: payload["retry_of"]?.intValue.map(Int.init), tags: payload["tags"]?.objectValue, caps: fields.caps,
                bound: fields.money("bound_usd")))
        case "call_refused":
            self = .callRefused(
                try step(),
                BudgetRefusal(
                    scope: try fields.text("scope"), cap: fields.money("cap_usd") ?? .zero, spent: fields.money("spent_usd") ?? .zero,
                    asked: fields.money("asked_usd") ?? .zero, exceeded: fields.money("exceeded_usd")))
        case "call_ended":
            var usage: TokenUsage?
            if let input = payload["input_tokens"]?.intValue.map(Int.init), let output = payload["output_tokens"]?.intValue.map(Int.init) {
                // The classes of tokens are with the call; events have the sums.
                usage = TokenUsage(plainInput: input, plainOutput: output)
            }
            // A word that this program does not know is the server's own.
            let word = payload["finish_reason"]?.stringValue
            let reason = word.map { FinishReason(rawValue: $0) ?? .other }
            self = .callEnded(CallEnded(
                id: CallID(run: run, number: try fields.int("call")), path: try step(), state: try fields.value("state", CallState.init(rawValue:)),
                cost: fields.money("cost_usd"), usage: usage, finishReason: reason, finishWord: reason?.rawValue == word ? nil : word,
                response: try fields.optionalHash("response"), logprobs: try fields.optionalHash("logprobs"),
                failure: payload["failure"].flatMap(CallFailure.init(json:)), jitter: payload["jitter"]?.doubleValue ?? 0,
                isOutage: payload["outage"]?.boolValue ?? false, kept: fields.money("held_usd"), notes: CallNote.list(payload["notes"])))
        case "command_ended":
            self = .commandEnded(
                try step(), attempt: Int(payload["attempt"]?.intValue ?? 1), exitCode: try fields.int("exit_code"), stdout: try fields.hash("stdout"),
                stderr: try fields.optionalHash("stderr"), milliseconds: Int64(try fields.int("ms")))
        case "output_rejected":
            self = .outputRejected(try step(), violations: (payload["violations"]?.arrayValue ?? []).compactMap(\.stringValue))
        case "step_succeeded": self = .nodeSucceeded(try step(), OutputReference(hash: try fields.hash("output")))
        case "step_failed": self = .nodeFailed(try step(), try fields.failure())
        case "step_recovered": self = .nodeRecovered(try step(), try fields.failure(), OutputReference(hash: try fields.hash("output")))
        case "step_cancelled": self = .nodeCancelled(try step())
        case "items_collected": self = .itemsCollected(try step(), OutputReference(hash: try fields.hash("output")))
        case "approval_requested":
            self = .approvalRequested(
                try step(),
                ApprovalRequest(
                    number: payload["number"]?.intValue.map(Int.init) ?? 1, kind: payload["kind"]?.stringValue.flatMap(QuestionKind.init(rawValue:)),
                    message: try fields.hash("message"), until: payload["until"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
                    onTimeout: try fields.value("on_timeout", ApprovalStep.OnTimeout.init(rawValue:)), cap: fields.money("cap_usd"),
                    asked: fields.money("asked_usd")))
        case "approval_decided":
            let question = try fields.optionalHash("message").map { message in
                ApprovalRequest(
                    number: payload["number"]?.intValue.map(Int.init) ?? 1, kind: payload["kind"]?.stringValue.flatMap(QuestionKind.init(rawValue:)),
                    message: message, until: nil, onTimeout: .fail, asked: fields.money("asked_usd"))
            }
            self = .approvalDecided(
                try step(),
                ApprovalDecision(
                    isApproved: try fields.bool("approved"), by: try fields.text("by"), note: payload["note"]?.stringValue,
                    at: try fields.value("at", Timestamp.init(rfc3339:)), isTimeout: payload["timeout"]?.boolValue ?? false, cap: fields.money("cap_usd"),
                    system: payload["as"].flatMap(SystemUser.init(json:)), spent: fields.money("spent_usd"), held: fields.money("held_usd"), question: question))
        case "interrupt_requested": self = .interruptRequested
        case "cancel_requested": self = .cancelRequested(by: try fields.text("by"))
        case "run_ended":
            self = .runEnded(try fields.value("status", RunStatus.init(rawValue:)), outputs: try fields.optionalHash("outputs"))
        case "run_resumed":
            self = .runResumed(RunResumed(
                program: try fields.text("program"), epoch: Int64(try fields.int("epoch")), lostCalls: try fields.int("lost_calls")))
        default: throw EventDecodingError(kind: kind, reason: "this version does not know it")
        }
    }

    private struct Fields {
        let kind: String
        let payload: JSONValue
        let run: RunID

        func value<Value>(_ key: String, _ read: (String) -> Value?) throws(EventDecodingError) -> Value {
            guard let text = payload[key]?.stringValue, let value = read(text) else { throw missing(key) }
            return value
        }

        func text(_ key: String) throws(EventDecodingError) -> String { try value(key) { $0 } }
        func hash(_ key: String) throws(EventDecodingError) -> ContentHash { try value(key, ContentHash.init(hex:)) }
        func optionalHash(_ key: String) throws(EventDecodingError) -> ContentHash? { payload[key] == nil ? nil : try hash(key) }
        func money(_ key: String) -> Money? { payload[key]?.stringValue.flatMap(Money.init(decimal:)) }

        var caps: [(scope: String, cap: Money)] {
            (payload["caps"]?.arrayValue ?? []).compactMap { cap in
                guard let scope = cap["scope"]?.stringValue, let amount = cap["cap_usd"]?.stringValue.flatMap(Money.init(decimal:)) else { return nil }
                return (scope, amount)
            }
        }

        func int(_ key: String) throws(EventDecodingError) -> Int {
            guard let number = payload[key]?.intValue.map(Int.init) else { throw missing(key) }
            return number
        }

        func bool(_ key: String) throws(EventDecodingError) -> Bool {
            guard let flag = payload[key]?.boolValue else { throw missing(key) }
            return flag
        }

        func failure() throws(EventDecodingError) -> StepFailure {
            guard let failure = payload["failure"].flatMap(StepFailure.init(json:)) else { throw missing("failure") }
            return failure
        }

        private func missing(_ key: String) -> EventDecodingError { EventDecodingError(kind: kind, reason: "'\(key)' is missing or wrong") }
    }
}
