import Economics
import Values

/// How facts are stored: a kind, which is a stable name, and a payload, a JSON object with keys in a fixed order in which steps stand by
/// their path. What is absent is null, empty, or the usual. Facts of all forms are read; the present form is written.
extension RunEvent {
    /// The stable names.
    public enum Kind: String, Sendable, CaseIterable {
        case runStarted = "run_started"
        case conditionEvaluated = "condition_evaluated"
        case itemsExpanded = "items_expanded"
        case stepSkipped = "step_skipped"
        case nodeStarted = "step_started"
        case scopeOpened = "scope_opened"
        case passEnded = "pass_ended"
        case deadlinePassed = "deadline_passed"
        case memoHit = "memo_hit"
        case memoKept = "memo_kept"
        case inputTrimmed = "input_trimmed"
        case callStarted = "call_started"
        case prefixReleased = "prefix_released"
        case callRefused = "call_refused"
        case callEnded = "call_ended"
        case commandEnded = "command_ended"
        case outputRejected = "output_rejected"
        case checkEnded = "check_ended"
        case tierDecided = "tier_decided"
        case rateCounted = "rate_counted"
        case gateEnded = "gate_ended"
        case shadowDrawn = "shadow_drawn"
        case shadowEnded = "shadow_ended"
        case nodeSucceeded = "step_succeeded"
        case nodeFailed = "step_failed"
        case nodeRecovered = "step_recovered"
        case nodeCancelled = "step_cancelled"
        case itemsCollected = "items_collected"
        case approvalRequested = "approval_requested"
        case approvalDecided = "approval_decided"
        case bandEntered = "band_entered"
        case interruptRequested = "interrupt_requested"
        case cancelRequested = "cancel_requested"
        case runEnded = "run_ended"
        case runResumed = "run_resumed"
        case outcomeRecorded = "outcome_recorded"
        case runPruned = "run_pruned"
        case documentsRedacted = "documents_redacted"
        case nodeInherited = "node_inherited"
        case filesAccepted = "files_accepted"
    }

    /// The stable name under which the journal keeps it.
    public var kind: String {
        let kind: Kind
        switch self {
        case .runStarted: kind = .runStarted
        case .conditionEvaluated: kind = .conditionEvaluated
        case .itemsExpanded: kind = .itemsExpanded
        case .stepSkipped: kind = .stepSkipped
        case .nodeStarted: kind = .nodeStarted
        case .callStarted: kind = .callStarted
        case .prefixReleased: kind = .prefixReleased
        case .callRefused: kind = .callRefused
        case .callEnded: kind = .callEnded
        case .commandEnded: kind = .commandEnded
        case .outputRejected: kind = .outputRejected
        case .checkEnded: kind = .checkEnded
        case .tierDecided: kind = .tierDecided
        case .rateCounted: kind = .rateCounted
        case .gateEnded: kind = .gateEnded
        case .shadowDrawn: kind = .shadowDrawn
        case .shadowEnded: kind = .shadowEnded
        case .nodeSucceeded: kind = .nodeSucceeded
        case .nodeFailed: kind = .nodeFailed
        case .nodeRecovered: kind = .nodeRecovered
        case .nodeCancelled: kind = .nodeCancelled
        case .itemsCollected: kind = .itemsCollected
        case .scopeOpened: kind = .scopeOpened
        case .passEnded: kind = .passEnded
        case .deadlinePassed: kind = .deadlinePassed
        case .memoHit: kind = .memoHit
        case .memoKept: kind = .memoKept
        case .inputTrimmed: kind = .inputTrimmed
        case .approvalRequested: kind = .approvalRequested
        case .approvalDecided: kind = .approvalDecided
        case .bandEntered: kind = .bandEntered
        case .interruptRequested: kind = .interruptRequested
        case .cancelRequested: kind = .cancelRequested
        case .runEnded: kind = .runEnded
        case .runResumed: kind = .runResumed
        case .outcomeRecorded: kind = .outcomeRecorded
        case .runPruned: kind = .runPruned
        case .documentsRedacted: kind = .documentsRedacted
        case .nodeInherited: kind = .nodeInherited
        case .filesAccepted: kind = .filesAccepted
        }
        return kind.rawValue
    }

    public var payload: [UInt8] {
        var json = JSONObjectWriter(capacity: capacity)
        switch self {
        case .runStarted(let run): run.write(to: &json)
        case .runResumed(let resumed): resumed.write(to: &json)
        case .runEnded(let end): end.write(to: &json)
        case .outcomeRecorded(let outcome): outcome.write(to: &json)
        case .runPruned(let link): link.write(to: &json)
        case .documentsRedacted(let redacted): redacted.write(to: &json)
        case .callStarted(let call): call.write(to: &json)
        case .callEnded(let call): call.write(to: &json)
        case .prefixReleased(let released): released.write(to: &json)
        case .memoHit(let hit): hit.write(to: &json)
        case .memoKept(let kept): kept.write(to: &json)
        case .scopeOpened(let scope): scope.write(to: &json)
        case .checkEnded(let check): check.write(to: &json)
        case .tierDecided(let tier): tier.write(to: &json)
        case .rateCounted(let rate): rate.write(to: &json)
        case .gateEnded(let gate): gate.write(to: &json)
        case .bandEntered(let band): band.write(to: &json)
        case .shadowDrawn(let draw): draw.write(to: &json)
        case .shadowEnded(let shadow): shadow.write(to: &json)
        case .nodeInherited(let node): node.write(to: &json)
        case .filesAccepted(let files): files.write(to: &json)
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
        case .nodeStarted(let path), .nodeCancelled(let path), .deadlinePassed(let path):
            json.put("step", path)
        case .callRefused(let path, let refusal):
            json.put("step", path)
            refusal.write(to: &json)
        case .commandEnded(let path, let attempt, let exitCode, let stdout, let stderr, let milliseconds):
            json.put("step", path)
            json.put("attempt", attempt)
            json.put("exit_code", Int(exitCode))
            json.put("stdout", stdout)
            json.put("stderr", stderr)
            json.put("ms", Int(milliseconds))
        case .outputRejected(let path, let violations):
            json.put("step", path)
            json.put("violations", violations)
        case .nodeSucceeded(let path, let output), .itemsCollected(let path, let output):
            json.put("step", path)
            json.put("output", output.hash)
        case .nodeFailed(let path, let failure):
            json.put("step", path)
            json.put("failure", failure.json)
        case .nodeRecovered(let path, let failure, let output):
            json.put("step", path)
            json.put("failure", failure.json)
            json.put("output", output.hash)
        case .passEnded(let path, let pass, let verdict):
            json.put("step", path)
            json.put("pass", pass)
            json.put("verdict", verdict.rawValue)
        case .inputTrimmed(let path, let values):
            json.put("step", path)
            json.put("values", values) { $0.write(to: &$1) }
        case .approvalRequested(let path, let request):
            json.put("step", path)
            request.write(to: &json)
        case .approvalDecided(let path, let decision):
            json.put("step", path)
            decision.write(to: &json)
        case .interruptRequested: break
        case .cancelRequested(let by):
            json.put("by", by)
        }
        return json.finish()
    }

    /// About how long the payload is.
    private var capacity: Int {
        switch self {
        case .callStarted, .callEnded, .runStarted: return 512
        default: return 192
        }
    }

    /// The fact that a payload tells.
    ///
    /// - Parameters:
    ///   - kind: the stable name; see ``kind``.
    ///   - payload: as ``payload`` made it.
    ///   - run: whose journal it is.
    public init(kind name: String, payload: JSONValue, run: RunID) throws(EventDecodingError) {
        guard let kind = Kind(rawValue: name) else { throw EventDecodingError(kind: name, reason: "this version does not know it") }
        let fields = EventFields(kind: name, payload: payload, run: run)
        switch kind {
        case .runStarted: self = .runStarted(try RunStarted(fields))
        case .runResumed: self = .runResumed(try RunResumed(fields))
        case .runEnded: self = .runEnded(try RunEnded(fields))
        case .outcomeRecorded: self = .outcomeRecorded(try OutcomeRecorded(fields))
        case .runPruned: self = .runPruned(try RunPruned(fields))
        case .documentsRedacted: self = .documentsRedacted(try DocumentsRedacted(fields))
        case .callStarted: self = .callStarted(try CallStarted(fields))
        case .callEnded: self = .callEnded(try CallEnded(fields))
        case .prefixReleased: self = .prefixReleased(try PrefixReleased(fields))
        case .memoHit: self = .memoHit(try MemoHit(fields))
        case .memoKept: self = .memoKept(try MemoKept(fields))
        case .scopeOpened: self = .scopeOpened(try ScopeOpened(fields))
        case .checkEnded: self = .checkEnded(try CheckEnded(fields))
        case .tierDecided: self = .tierDecided(try TierDecided(fields))
        case .rateCounted: self = .rateCounted(try RateCounted(fields))
        case .gateEnded: self = .gateEnded(try GateEnded(fields))
        case .bandEntered: self = .bandEntered(try BandEntered(fields))
        case .shadowDrawn: self = .shadowDrawn(try ShadowDrawn(fields))
        case .shadowEnded: self = .shadowEnded(try ShadowEnded(fields))
        case .nodeInherited: self = .nodeInherited(try NodeInherited(fields))
        case .filesAccepted: self = .filesAccepted(try FilesAccepted(fields))
        case .conditionEvaluated: self = .conditionEvaluated(try fields.step(), holds: try fields.bool("holds"))
        case .itemsExpanded: self = .itemsExpanded(try fields.step(), count: try fields.int("count"), items: try fields.hash("items"))
        case .stepSkipped: self = .stepSkipped(try fields.step(), try fields.value("reason", SkipReason.init(text:)))
        case .nodeStarted: self = .nodeStarted(try fields.step())
        case .nodeCancelled: self = .nodeCancelled(try fields.step())
        case .deadlinePassed: self = .deadlinePassed(try fields.step())
        case .callRefused: self = .callRefused(try fields.step(), try BudgetRefusal(fields))
        case .commandEnded:
            self = .commandEnded(
                try fields.step(), attempt: try fields.optionalInt("attempt") ?? 1, exitCode: try fields.int("exit_code"), stdout: try fields.hash("stdout"),
                stderr: try fields.optionalHash("stderr"), milliseconds: Int64(try fields.int("ms")))
        case .outputRejected: self = .outputRejected(try fields.step(), violations: try fields.texts("violations"))
        case .nodeSucceeded: self = .nodeSucceeded(try fields.step(), try fields.output())
        case .itemsCollected: self = .itemsCollected(try fields.step(), try fields.output())
        case .nodeFailed: self = .nodeFailed(try fields.step(), try fields.failure())
        case .nodeRecovered: self = .nodeRecovered(try fields.step(), try fields.failure(), try fields.output())
        case .passEnded:
            self = .passEnded(try fields.step(), pass: try fields.int("pass"), try fields.value("verdict", PassVerdict.init(rawValue:)))
        case .inputTrimmed: self = .inputTrimmed(try fields.step(), try fields.list("values", TrimmedValue.init(json:)))
        case .approvalRequested: self = .approvalRequested(try fields.step(), try ApprovalRequest(fields))
        case .approvalDecided: self = .approvalDecided(try fields.step(), try ApprovalDecision(fields))
        case .interruptRequested: self = .interruptRequested
        case .cancelRequested: self = .cancelRequested(by: try fields.text("by"))
        }
    }
}
