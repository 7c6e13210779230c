import Economics
import GRDB
import Values
import WorkflowModel

/// One run of a ledger as it is replayed or put into a bundle. What it is asked runs on the reader's thread.
final class LedgerTranscript: RunTranscript {
    let ledger: Ledger
    let run: RunID
    let file: String
    /// Looked for once: all facts of the run are.
    private let known = Mutex<Set<ContentHash>?>(nil)

    init(ledger: Ledger, run: RunID, file: String) {
        self.ledger = ledger
        self.run = run
        self.file = file
    }

    func events(after sequence: Int, most: Int) async throws(JournalError) -> [EventRecord] {
        let run = run.text
        return try await ledger.reading { ledger throws(JournalError) in try ledger.events(run: run, after: sequence, limit: most) }
    }

    /// A later run may have the same document again: of this one it stays redacted.
    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] {
        let redacted = try await redacted()
        return try await ledger.reading { ledger throws(JournalError) in try ledger.blobs(redacted.isEmpty ? hashes : hashes.filter { !redacted.contains($0) }) }
    }

    func priceRows(_ ids: [String]) async throws(JournalError) -> [PriceRow] {
        let rows = try await ledger.reading { ledger throws(JournalError) in try ledger.keptPriceRows(ids) }
        return rows.compactMap { (try? JSONParser.parse($0.json)).flatMap(PriceRow.init(json:)) }
    }

    func redacted() async throws(JournalError) -> Set<ContentHash> {
        if let known = known.withLock({ $0 }) { return known }
        let run = run.text
        let found = try await ledger.reading { ledger throws(JournalError) in try ledger.redacted(run: run) }
        known.withLock { $0 = found }
        return found
    }
}

extension Ledger {
    /// The documents that a run names and that were taken out of the ledger, or were left out of the bundle that it came in.
    func redacted(run: String) throws(JournalError) -> Set<ContentHash> {
        try read { database in
            guard let number = try Int64.fetchOne(database, sql: "SELECT id FROM run WHERE run_id = ?", arguments: [run]) else { return [] }
            return try RedactedDocuments.of(number, database)
        }
    }
}

/// Documents that a run's facts name and that are not there on purpose.
enum RedactedDocuments {
    static func of(_ run: Int64, _ database: Database) throws -> Set<ContentHash> {
        var redacted: Set<ContentHash> = []
        let facts = try String.fetchAll(
            database, sql: "SELECT payload FROM event WHERE run = ? AND kind = ? ORDER BY seq", arguments: [run, RunEvent.Kind.documentsRedacted.rawValue])
        for payload in facts { redacted.formUnion((try? JSONParser.parse(payload)).map(DocumentsRedacted.documents(in:)) ?? []) }
        let leftOut = try String.fetchOne(database, sql: "SELECT left_out FROM imported WHERE run = ?", arguments: [run])
        let names = leftOut.flatMap { try? JSONParser.parse($0) }?.arrayValue ?? []
        redacted.formUnion(names.compactMap { $0.stringValue.flatMap(ContentHash.init(hex:)) })
        return redacted
    }
}
