import Values
import WorkflowModel

/// A piece of work for the writer, and what came of it.
///
/// Unchecked: whoever waits touches it before it is queued and after it is answered, the writer in between.
final class WriteRequest: @unchecked Sendable {
    enum Operation: Sendable {
        case begin(RunStart, facts: Entry)
        case takeOver(RunID, by: String, at: Timestamp)
        case cancel(RunID, by: String, at: Timestamp)
        case claim(batch: String, at: Timestamp)
        case release(batch: String)
        case decide(RunID, path: String, ApprovalDecision, document: Blob?)
        case entry(Entry)
        /// A question, which only reads: asked here, it sees everything that was handed over before.
        case recall(ContentHash, since: Timestamp)
        case outcome(subject: String, value: String, source: String, at: Timestamp)
        /// Makes facts of the outcomes that other processes left for the runs of this one.
        case takeOutcomes
        case priceRows([(id: String, json: String)], at: Timestamp)
    }

    /// Whether this process may own something afterwards.
    var takesOwnership: Bool {
        switch operation {
        case .begin, .takeOver, .cancel, .claim: true
        case .decide, .entry, .recall, .outcome, .takeOutcomes, .priceRows, .release: false
        }
    }

    enum Reply: Sendable {
        case journal(JournalReply)
        case answer(RememberedAnswer?)
        case takenOver(RunResumed)
        /// Whether a process drives the run, to which word was left.
        case leftWord(Bool)
        /// The runs that an outcome was recorded for.
        case runs([String])
    }

    final class Entry: Sendable {
        let content: JournalEntry
        /// Written before it and whatever becomes of it.
        let facts: JournalEntry?

        init(_ content: JournalEntry, after facts: JournalEntry? = nil) {
            self.content = content
            self.facts = facts
        }

        /// Roughly what it holds in memory.
        var size: Int { Self.size(content) + (facts.map(Self.size) ?? 0) }

        private static func size(_ entry: JournalEntry) -> Int {
            var size = 0
            for blob in entry.blobs { size += blob.bytes.count + 64 }
            for event in entry.facts { size += event.payload.count + 64 }
            return size
        }
    }

    let operation: Operation
    /// Who waits for the commit; nobody for what is posted.
    var waiter: UnsafeContinuation<Void, Never>?
    /// Before the waiter goes on. Here and not in the waiter's frame, of which there is one for each run in flight.
    var reply: Result<Reply, JournalError>?
    /// Roughly what it holds in memory.
    let size: Int

    init(_ operation: Operation) {
        self.operation = operation
        switch operation {
        case .entry(let entry), .begin(_, let entry): size = 256 + entry.size
        default: size = 256
        }
    }
}
