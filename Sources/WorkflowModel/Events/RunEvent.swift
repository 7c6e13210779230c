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
    case memoHit(MemoHit)
    /// An accepted answer is kept for the same question.
    case memoKept(MemoKept)
    /// Values that were cut so that the prompt fits.
    case inputTrimmed(String, [TrimmedValue])
    case callStarted(CallStarted)
    /// The call that has begun had waited for another, to find in the cache what that one wrote.
    case prefixReleased(PrefixReleased)
    /// The reservation does not fit its cap and never will.
    case callRefused(String, BudgetRefusal)
    case callEnded(CallEnded)
    /// - Parameter stderr: its end, where it wrote anything there.
    case commandEnded(String, attempt: Int, exitCode: Int, stdout: ContentHash, stderr: ContentHash? = nil, milliseconds: Int64)
    /// An answer broke its schema; what was wrong with it.
    case outputRejected(String, violations: [String])
    case checkEnded(CheckEnded)
    case tierDecided(TierDecided)
    /// How often a gate went on to a further tier of late, and whether it may now.
    case rateCounted(RateCounted)
    case gateEnded(GateEnded)
    case shadowDrawn(ShadowDrawn)
    case shadowEnded(ShadowEnded)
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
    /// So much of the budget is spent, or held for good.
    case bandEntered(BandEntered)
    /// Somebody stopped it for good.
    case cancelRequested(by: String)
    /// Ended, or suspended: interrupted or waiting.
    case runEnded(RunEnded)
    /// Another process goes on with it. Calls that began before and have not ended are lost: what they did is not known.
    case runResumed(RunResumed)
    /// What became of it, as somebody says; also behind its end. The last word counts.
    case outcomeRecorded(OutcomeRecorded)
    /// Its facts were removed, and rows of it kept; stands first in what is left.
    case runPruned(RunPruned)
    /// Documents of it were taken out of the ledger; behind its end.
    case documentsRedacted(DocumentsRedacted)
    /// What another run has of a node was taken in place of running it.
    case nodeInherited(NodeInherited)
    /// It goes on with other files.
    case filesAccepted(FilesAccepted)
}
