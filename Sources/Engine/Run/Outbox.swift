import Economics
import Values
import WorkflowModel

/// What waits to be handed to the journal: facts in their order, with the documents that they name.
struct Outbox {
    let run: RunID
    let journal: any RunJournal
    private var entry: JournalEntry
    /// About how large it is: its documents and facts.
    private var bytes = 0
    /// Why nothing can be recorded any more.
    private(set) var error: JournalError?

    init(run: RunID, journal: any RunJournal) {
        self.run = run
        self.journal = journal
        entry = JournalEntry(run: run)
    }

    /// Behind the loss of the journal nothing is kept: nobody would find it.
    mutating func append(_ fact: RunEvent, at moment: Timestamp) {
        if error == nil { bytes += entry.append(fact, at: moment) }
    }

    mutating func append(_ blob: Blob) {
        entry.blobs.append(blob)
        bytes += blob.bytes.count
    }

    mutating func lose(_ error: JournalError) {
        if self.error == nil { self.error = error }
    }

    /// Hands over what waits without waiting for it to be durable.
    mutating func flush() {
        if !entry.isEmpty, error == nil { journal.post(take()) }
    }

    mutating func take() -> JournalEntry {
        let full = entry
        entry = JournalEntry(run: run)
        bytes = 0
        return full
    }

    /// `nil`: nothing waits.
    mutating func takeIfAny() -> JournalEntry? { entry.isEmpty ? nil : take() }

    /// Whether what waits is to be handed over for its size.
    var isFull: Bool { entry.events.count >= 512 || bytes >= 1 << 20 }

    // Rows beside facts: what follows goes when rows are made of facts alone.

    /// An entry has room for one end. Called before the first document of a call's end: documents go in the entry of the event that
    /// names them, or a `gc` in another process could take them for nobody's.
    mutating func makeRoomForCallEnd() { if entry.callEnd != nil { flush() } }
    mutating func append(callEnd: CallEnd) { entry.callEnd = callEnd }
    mutating func append(_ approval: ApprovalUpdate) { entry.approvals.append(approval) }
    mutating func append(_ memo: MemoUpdate) { entry.memos.append(memo) }
    mutating func append(_ end: RunEnd) { entry.runEnd = end }
    mutating func raise(cap: Money) { entry.cap = cap }
}

extension JournalEntry {
    /// - Returns: the bytes of the fact.
    func append(_ fact: RunEvent, at moment: Timestamp) -> Int {
        let payload = fact.payload
        events.append(JournaledEvent(kind: fact.kind, payload: payload, at: moment))
        if let update = NodeUpdate(fact, at: moment) { nodes.append(update) }
        return payload.count
    }
}
