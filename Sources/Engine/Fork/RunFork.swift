import Values
import WorkflowModel

/// What makes a new run a fork of another: whose, from where on it is live, and what it keeps.
public struct RunFork: Sendable {
    public let parent: RunID
    public let point: ForkOrigin.Point
    public let kept: KeptNodes
    public let purpose: RunPurpose
    /// Where it is another attempt at the decision of its parent, that one; `nil`: as its workflow says.
    public let decision: RunDecision?
    /// What it keeps, as it is recorded.
    let document: Blob

    public init(of parent: RunID, _ point: ForkOrigin.Point, kept: KeptNodes, purpose: RunPurpose = .fork, decision: RunDecision? = nil) {
        self.parent = parent
        self.point = point
        self.kept = kept
        self.purpose = purpose
        self.decision = decision
        document = kept.document
    }

    var origin: ForkOrigin { ForkOrigin(point, kept: document.hash) }
}

extension KeptNodes {
    /// What a fork keeps of a run: of what has ended there, everything that is neither where it begins nor depends on that.
    ///
    /// A step that has ended is kept whole. Of one that has not, that failed, or that the fork begins in, the items, passes and steps inside are kept
    /// that have ended and stand before. What a workflow does `finally` is done again.
    ///
    /// - Parameters:
    ///   - events: all of the run, in order.
    ///   - inputs: of the run.
    ///   - was: what the run went by.
    ///   - graph: what the fork goes by.
    ///   - documents: reads what facts name.
    /// - Throws: `JournalError` where the record does not fit its workflow, or lacks something.
    public init(
        of run: RunID, _ events: [EventRecord], inputs: JSONObject, was: WorkflowGraph, from point: ForkOrigin.Point, in graph: WorkflowGraph,
        documents: ([ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]]
    ) async throws(JournalError) {
        let named = RunRecording.documents(of: events)
        let read = try await documents(named)
        let settled: SettledNodes
        do throws(JournalError) {
            settled = try SettledNodes(of: RunRecording(run, events, documents: read), was, inputs)
        } catch {
            let missing = named.count { read[$0] == nil }
            guard missing > 0 else { throw error }
            let what = missing == 1 ? "a document of run \(run) is" : "\(missing) documents of run \(run) are"
            throw JournalError(.corrupt, "\(what) not in the ledger any more, removed or redacted: nothing of it can be kept (\(error.description))")
        }
        self = ForkSelection(settled, point).kept(in: graph)
    }
}
