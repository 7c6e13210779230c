import Economics
import GRDB
import Values
import WorkflowModel

/// One run of a ledger as it is replayed or put into a bundle. What it is asked runs on the reader's thread.
struct LedgerTranscript: RunTranscript {
    let ledger: Ledger
    let run: RunID
    let file: String

    func events(after sequence: Int, most: Int) async throws(JournalError) -> [EventRecord] {
        let run = run.text
        return try await ledger.reading { ledger throws(JournalError) in try ledger.events(run: run, after: sequence, limit: most) }
    }

    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.blobs(hashes) }
    }

    func priceRows(_ ids: [String]) async throws(JournalError) -> [PriceRow] {
        try await ledger.reading { ledger throws(JournalError) in try ledger.keptPriceRows(ids) }
    }

    func redacted() async throws(JournalError) -> Set<ContentHash> { [] }
}
