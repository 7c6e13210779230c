import Values
import WorkflowModel

/// A run that this process drives, as the writer remembers it between entries. Confined to the writer's thread.
final class OwnedRun {
    let id: RunID
    let row: Int64
    let epoch: Int64
    /// The last event's number and hash; the chain goes on from here.
    var sequence: Int64
    var head: ContentHash
    /// The rows of calls that began and have not ended, by their number.
    var openCalls: [Int: Int64] = [:]
    /// Why nothing more is written for it.
    var failure: JournalError?
    var hasEnded = false
    /// What to go back to when the group's transaction fails; `nil` while the group has not touched it.
    private var committed: (sequence: Int64, head: ContentHash, openCalls: [Int: Int64], failure: JournalError?)?

    init(id: RunID, row: Int64, epoch: Int64, sequence: Int64, head: ContentHash) {
        self.id = id
        self.row = row
        self.epoch = epoch
        self.sequence = sequence
        self.head = head
    }

    /// Whether this is the group's first change.
    func touch() -> Bool {
        if committed != nil { return false }
        committed = (sequence, head, openCalls, failure)
        return true
    }

    func commit() { committed = nil }

    func rollBack() {
        if let committed { (sequence, head, openCalls, failure) = committed }
        committed = nil
        hasEnded = false
    }
}
