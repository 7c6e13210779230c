import Values
import WorkflowModel

/// A run that this process drives, as the writer remembers it between entries. Confined to the writer's thread.
final class OwnedRun {
    var id: RunID { projection.run }
    let row: Int64
    let epoch: Int64
    /// The last event's number and hash; the chain goes on from here.
    var sequence: Int64
    var head: ContentHash
    /// What rows follow from its next facts.
    var projection: Projection
    /// Why nothing more is written for it.
    var failure: JournalError?
    var hasEnded = false
    /// What to go back to when the group's transaction fails; `nil` while the group has not touched it.
    private var committed: (sequence: Int64, head: ContentHash, projection: Projection, failure: JournalError?)?

    init(row: Int64, epoch: Int64, sequence: Int64, head: ContentHash, projection: Projection) {
        self.projection = projection
        self.row = row
        self.epoch = epoch
        self.sequence = sequence
        self.head = head
    }

    /// Whether this is the group's first change.
    func touch() -> Bool {
        if committed != nil { return false }
        committed = (sequence, head, projection, failure)
        return true
    }

    func commit() { committed = nil }

    func rollBack() {
        if let committed { (sequence, head, projection, failure) = committed }
        committed = nil
        hasEnded = false
    }
}
