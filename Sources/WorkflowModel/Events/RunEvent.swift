import Economics
import Values

/// A fact of a run, in the past tense. The journal is the list of these; folding them gives the run's state.
///
/// Facts hold hashes and small numbers, never documents: those live once, by hash, beside the journal. They name a node by its path,
/// `draft`, `summarise[3]`, `review[2]/draft`, so that they are read without the workflow that made them.
public enum RunEvent: Sendable {
    case runStarted(RunStarted)
    case conditionEvaluated(String, holds: Bool)
    case itemsExpanded(String, count: Int, items: ContentHash)
    case stepSkipped(String, SkipReason)
    case nodeStarted(String)
    /// Steps of their own begin: a group's, a pass of a loop's, another workflow's, or `finally`.
    case scopeOpened(ScopeOpened)
    /// A pass of a loop is over, and what follows from it.
    case passEnded(String, pass: Int, PassVerdict)
    /// A step that has steps of its own took longer than its deadline.
    case deadlinePassed(String)
    /// The answer to the same question was taken from an earlier call.
    case memoHit(String, call: String, OutputReference)
    /// Values that were cut so that the prompt fits.
    case inputTrimmed(String, [TrimmedValue])
    case callStarted(CallStarted)
    /// The reservation does not fit its cap and never will.
    case callRefused(String, BudgetRefusal)
    case callEnded(CallEnded)
    /// - Parameter stderr: its end, where it wrote anything there.
    case commandEnded(String, attempt: Int, exitCode: Int, stdout: ContentHash, stderr: ContentHash? = nil, milliseconds: Int64)
    /// An answer broke its schema; what was wrong with it.
    case outputRejected(String, violations: [String])
    case nodeSucceeded(String, OutputReference)
    case nodeFailed(String, StepFailure)
    /// Failed, and `on_error: {value: …}` gave it this output.
    case nodeRecovered(String, StepFailure, OutputReference)
    case nodeCancelled(String)
    /// All items of a `for_each` step ended and its list was made.
    case itemsCollected(String, OutputReference)
    /// A person is asked; the run waits and costs nothing.
    case approvalRequested(String, ApprovalRequest)
    case approvalDecided(String, ApprovalDecision)
    case interruptRequested
    /// Somebody stopped it for good.
    case cancelRequested(by: String)
    /// Ended, or suspended: interrupted or waiting.
    case runEnded(RunStatus, outputs: ContentHash?)
    /// Another process goes on with it. Calls that began before and have not ended are lost: what they did is not known.
    case runResumed(RunResumed)
}

/// Who goes on with a run.
public struct RunResumed: Sendable, Hashable {
    public let program: String
    /// Counts the owners of the run, from 1.
    public let epoch: Int64
    /// Calls whose end is not known; what they hold stays held.
    public let lostCalls: Int

    public init(program: String, epoch: Int64, lostCalls: Int) {
        self.program = program
        self.epoch = epoch
        self.lostCalls = lostCalls
    }
}

/// A scope of steps, as it was opened.
public struct ScopeOpened: Sendable {
    /// The path of the step whose steps they are; `nil` for the run's own `finally`.
    public let node: String?
    /// Whether they are the `finally` of the workflow that the node, or the run, works through.
    public let isFinally: Bool
    /// Of a loop, from 0.
    public let pass: Int
    /// Of the workflow that is run.
    public let inputs: ContentHash?

    public init(node: String?, isFinally: Bool = false, pass: Int = 0, inputs: ContentHash? = nil) {
        self.node = node
        self.isFinally = isFinally || node == nil
        self.pass = pass
        self.inputs = inputs
    }
}

/// What follows from a pass of a loop.
public enum PassVerdict: String, Sendable, Hashable {
    case again
    /// `until` holds.
    case done
    /// It was the last that `max` allows.
    case exhausted
    /// What is left of the budget would not carry another.
    case unaffordable

    /// Why there was no other pass; `nil` where there is one.
    public func reason(pass: Int) -> String? {
        let passes = pass == 0 ? "1 pass" : "\(pass + 1) passes"
        switch self {
        case .again: return nil
        case .done: return "\(passes), until holds"
        case .exhausted: return "\(passes), the most"
        case .unaffordable: return "the budget is short of another pass"
        }
    }
}

/// A value that was cut.
public struct TrimmedValue: Sendable, Hashable {
    public let key: String
    /// Bytes of text before and after.
    public let before: Int
    public let after: Int

    public init(key: String, before: Int, after: Int) {
        self.key = key
        self.before = before
        self.after = after
    }

    /// A list of them as it is stored beside a call.
    public static func json(_ values: [TrimmedValue]) -> JSONValue {
        .array(values.map { ["key": .string($0.key), "before_bytes": .int(Int64($0.before)), "after_bytes": .int(Int64($0.after))] })
    }
}

/// What a run was started with.
public final class RunStarted: Sendable {
    public let workflow: String
    public let graph: ContentHash
    /// Of the manifest of ``GraphSources``.
    public let sources: ContentHash
    public let inputs: ContentHash
    public let maxCost: Money?
    /// Of the request encoder: under another version, other bytes are a warning and not a fault.
    public let encoder: Int
    public let program: String
    /// The form of the run's facts: since 2 a call's tell its caps and what it holds at its end.
    public let facts: Int
    public let rules: Rules

    /// Of the facts that this program records.
    public static let currentFacts = 2

    public init(
        workflow: String, graph: ContentHash, sources: ContentHash, inputs: ContentHash, maxCost: Money?, encoder: Int, program: String,
        facts: Int = currentFacts, rules: Rules = .current
    ) {
        self.facts = facts
        self.rules = rules
        self.workflow = workflow
        self.graph = graph
        self.sources = sources
        self.inputs = inputs
        self.maxCost = maxCost
        self.encoder = encoder
        self.program = program
    }
}

/// The intent of a call, recorded before a byte is sent.
public final class CallStarted: Sendable {
    public let id: CallID
    /// The path of the node that it is made for.
    public let path: String
    public let tier: String
    public let model: ModelReference
    public let purpose: CallPurpose
    /// Counts the calls of one node, from 0.
    public let ordinal: Int
    public let request: ContentHash
    public let held: Money?
    public let retryOf: Int?
    /// Of its step and of those around it; `nil` without any.
    public let tags: JSONObject?
    /// The caps below the run's that it draws on, each with the key of its counter.
    public let caps: [(scope: String, cap: Money)]
    /// What would be held by what is known before any call, where more is held since a bill of its model went beyond that.
    public let bound: Money?

    public init(
        id: CallID, path: String, tier: String, model: ModelReference, purpose: CallPurpose, ordinal: Int, request: ContentHash,
        held: Money?, retryOf: Int?, tags: JSONObject? = nil, caps: [(scope: String, cap: Money)] = [], bound: Money? = nil
    ) {
        self.caps = caps
        self.bound = bound
        self.id = id
        self.path = path
        self.tier = tier
        self.model = model
        self.purpose = purpose
        self.ordinal = ordinal
        self.request = request
        self.held = held
        self.retryOf = retryOf
        self.tags = tags
    }
}

/// What came of a call.
public final class CallEnded: Sendable {
    public let id: CallID
    /// The path of the node that it is made for.
    public let path: String
    public let state: CallState
    /// `nil`: unpriced.
    public let cost: Money?
    public let usage: TokenUsage?
    public let finishReason: FinishReason?
    /// The server's own word for the end, where it is none that is known.
    public let finishWord: String?
    /// Of the answer's text, or of what came of it before it failed.
    public let response: ContentHash?
    /// Of the log-probabilities as the server sent them, where they were asked for.
    public let logprobs: ContentHash?
    public let failure: CallFailure?
    /// The random part of the delay before a next try, 0 ..< 1; recorded so that a replay waits and decides alike.
    public let jitter: Double
    /// Nothing was sent, to a server that has answered before: the network is gone, or the server is. Or a server says that it
    /// is coming up.
    public let isOutage: Bool
    /// What it counts against caps from now on, where its state, cost and reservation do not say it.
    public let kept: Money?
    public let notes: [CallNote]

    public init(
        id: CallID, path: String, state: CallState, cost: Money?, usage: TokenUsage?, finishReason: FinishReason?, finishWord: String? = nil,
        response: ContentHash?, logprobs: ContentHash? = nil, failure: CallFailure?, jitter: Double,
        isOutage: Bool = false, kept: Money? = nil, notes: [CallNote] = []
    ) {
        self.id = id
        self.path = path
        self.state = state
        self.cost = cost
        self.usage = usage
        self.finishReason = finishReason
        self.finishWord = finishWord
        self.response = response
        self.logprobs = logprobs
        self.failure = failure
        self.jitter = jitter
        self.isOutage = isOutage
        self.kept = kept
        self.notes = notes
    }
}
