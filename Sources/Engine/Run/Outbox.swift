import Values
import WorkflowModel

/// What waits to be handed to the journal: facts in their order, with the documents that they name.
struct Outbox {
    let run: RunID
    let journal: any RunJournal
    /// Whether every fact is handed over at once: whoever compares them has to see each before anybody goes on.
    private let isEager: Bool
    private var entry: JournalEntry
    /// About how large it is: its documents and facts.
    private var bytes = 0
    /// Why nothing can be recorded any more.
    private(set) var error: JournalError?

    init(run: RunID, journal: any RunJournal, isEager: Bool = false) {
        self.run = run
        self.journal = journal
        self.isEager = isEager
        entry = JournalEntry(run: run)
    }

    /// Behind the loss of the journal nothing is kept: nobody would find it.
    mutating func append(_ fact: RunEvent, at moment: Timestamp) {
        guard error == nil else { return }
        bytes += entry.append(fact, at: moment)
        if isEager { flush() }
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
    var isFull: Bool { entry.facts.count >= 512 || bytes >= 1 << 20 }
}

extension JournalEntry {
    /// - Returns: the bytes of the fact.
    func append(_ fact: RunEvent, at moment: Timestamp) -> Int {
        let fact = JournaledEvent(fact, at: moment)
        facts.append(fact)
        return fact.payload.count
    }
}
