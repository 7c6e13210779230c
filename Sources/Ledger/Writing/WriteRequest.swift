import Values
import WorkflowModel

/// A piece of work for the writer.
struct WriteRequest {
    enum Operation {
        case begin(RunStart)
        case entry(JournalEntry)
        case outcome(subject: String, value: String, source: String, at: Timestamp)
        case priceRows([(id: String, json: String)], at: Timestamp)
    }

    enum Reply {
        case journal(JournalReply)
        /// The runs that an outcome was recorded for.
        case runs([String])
    }

    typealias Waiter = UnsafeContinuation<Result<Reply, JournalError>, Never>

    let operation: Operation
    /// Who waits for the commit; nobody for what is posted.
    let waiter: Waiter?
    /// Roughly what it holds in memory.
    let size: Int

    init(_ operation: Operation, waiter: Waiter?) {
        self.operation = operation
        self.waiter = waiter
        var size = 256
        if case .entry(let entry) = operation {
            for blob in entry.blobs { size += blob.bytes.count + 64 }
            for event in entry.events { size += event.payload.count + 64 }
        }
        self.size = size
    }
}
