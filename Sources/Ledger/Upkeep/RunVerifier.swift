import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

/// Holds runs against themselves within one transaction: the chain of events, the documents that they name, and the counters of
/// the run's row against its calls.
final class RunVerifier {
    let database: Database
    private let documents: DocumentFinder
    private var chain = EventChain()
    /// Documents that are known to be whole: runs of a workflow share many.
    private var whole: Set<ContentHash> = []
    /// Whether documents are looked at.
    private let looksAtDocuments: Bool

    /// - Parameter whole: documents that are known to be what they were.
    init(_ database: Database, looksAtDocuments: Bool = true, whole: Set<ContentHash> = []) throws {
        self.database = database
        self.looksAtDocuments = looksAtDocuments
        self.whole = whole
        documents = try DocumentFinder(database)
    }

    /// - Returns: `nil` when there is no such run.
    func verify(_ run: String, head kept: ContentHash? = nil) throws -> RunVerification? {
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT id, status, last_seq, last_hash, pruned_at, kind = ? FROM run WHERE run_id = ?", arguments: [RunKind.imported.rawValue, run])
        else { return nil }
        let number: Int64 = row[0]
        let head = hash(row, 3) ?? ContentHash(of: [])
        let prunedAt = moment(row, 4)
        var faults: [String] = []
        var replay = RunReplay(run: RunID(run))
        var verdict: ChainVerdict?
        var keptHead = kept.map { $0 == head ? RunVerification.KeptHead.matches : .differs }
        var names: [ContentHash: Bool] = [:]
        if prunedAt == nil {
            var endedAt: Int?
            var strangeAt: Int?
            let walked = try walk(run, number, last: row[2], head: head) { sequence, link, at, kind, payload in
                if link == kept, link != head { keptHead = .isOfEvent(sequence) }
                if endedAt != nil, !Self.mayFollowAnEnd.contains(kind) { strangeAt = strangeAt ?? sequence }
                if endedAt == nil, kind == "run_ended", Self.isEnd(payload) { endedAt = sequence }
                guard let payload = try? JSONParser.parse(payload) else { return }
                replay.take(sequence, kind: kind, payload: payload, at: Timestamp(microseconds: at))
                guard looksAtDocuments else { return }
                for (key, hash) in RunEvent.documents(in: payload) { names[hash] = RunEvent.listKeys.contains(key) || names[hash] == true }
            }
            verdict = walked
            // Behind an end comes what became of the run, and nothing that it did.
            if case .isOfEvent(let sequence)? = keptHead, let endedAt, endedAt <= sequence, strangeAt != nil { keptHead = .differs }
            if case .broken = walked, keptHead == .matches { keptHead = .differs }
        }
        faults += replay.faults
        if prunedAt != nil {
            // The row's word for it is checked where the link is.
            verdict = try verifyLink(run, number, last: row[2], head: head, kept: kept, &keptHead, &faults)
            if verdict == nil, keptHead == .matches { keptHead = nil }
        }
        var provesRows = false
        if prunedAt == nil, case .intact(let events, let head)? = verdict, replay.provesRows {
            provesRows = true
            var comparison = RowComparison(database, number, replay, isImported: row[5])
            try comparison.compare(events: events, head: head)
            faults += comparison.faults
        } else {
            faults += try formerFaults(number)
        }
        let redacted = prunedAt == nil ? try RedactedDocuments.of(number, database) : []
        let (count, missing) = try look(at: names, redacted, &faults)
        return RunVerification(
            run: run, status: RunStatus(rawValue: row[1]) ?? .failed, chain: verdict, prunedAt: prunedAt, head: head, documents: count,
            faults: faults, keptHead: keptHead, provesRows: provesRows, unproved: RowComparison.unprovable, redacted: missing)
    }

    static let mayFollowAnEnd: Set<String> = [RunEvent.Kind.outcomeRecorded.rawValue, RunEvent.Kind.documentsRedacted.rawValue]

    /// Whether a `run_ended` is an end and no suspension.
    private static func isEnd(_ payload: [UInt8]) -> Bool {
        let status = (try? JSONParser.parse(payload))?["status"]?.stringValue.flatMap(RunStatus.init(rawValue:))
        return [.succeeded, .failed, .cancelled].contains(status)
    }

    // MARK: The chain

    /// Computes the chain again; hands over each event that is as it was written.
    ///
    /// - Parameter start: the link before the first event that is there, and its number; `nil`: the run's origin.
    func walk(
        _ run: String, _ number: Int64, last: Int64, head stored: ContentHash?, behind start: (head: ContentHash, sequence: Int64)? = nil,
        each: (_ sequence: Int, _ link: ContentHash, _ at: Int64, _ kind: String, _ payload: [UInt8]) -> Void = { _, _, _, _, _ in }
    ) throws -> ChainVerdict {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT seq, at, kind, CAST(payload AS BLOB), hash FROM event WHERE run = ? ORDER BY seq", arguments: [number])
        var head = start?.head ?? EventChain.origin(of: run)
        var sequence = start?.sequence ?? 0
        while let event = try rows.next() {
            sequence += 1
            guard event[0] == sequence else { return .broken(sequence: Int(sequence)) }
            let (kind, payload): (String, [UInt8]) = (event[2], DocumentFinder.bytes(event, 3))
            head = payload.withUnsafeBytes { chain.link(after: head, sequence: sequence, at: event[1], kind: kind, payload: $0) }
            guard hash(event, 4) == head else { return .broken(sequence: Int(sequence)) }
            each(Int(sequence), head, event[1], kind, payload)
        }
        // Events cut off at the end leave a chain that is whole but for its head.
        guard last == sequence, stored == head else { return .broken(sequence: Int(sequence) + 1) }
        return .intact(events: Int(sequence), head: head)
    }

    // MARK: Documents

    /// - Parameters:
    ///   - names: the documents by hash, and whether they name others.
    ///   - redacted: those that are not there on purpose.
    /// - Returns: how many there are with those, and how many of the redacted ones are not there.
    private func look(at names: [ContentHash: Bool], _ redacted: Set<ContentHash>, _ faults: inout [String]) throws -> (Int, missing: Int) {
        var all = Set(names.keys)
        var missing = 0
        var bad: [(hash: ContentHash, what: String)] = []
        func look(at hash: ContentHash, isList: Bool) throws -> [ContentHash] {
            if !isList, whole.contains(hash) { return [] }
            guard let bytes = try documents.bytes(hash) else {
                if redacted.contains(hash) {
                    missing += 1
                    return []
                }
                bad.append((hash, "is not in the ledger"))
                return []
            }
            guard ContentHash(of: bytes) == hash else {
                bad.append((hash, "is not what it was"))
                return []
            }
            whole.insert(hash)
            return isList ? (try? JSONParser.parse(bytes)).map(RunEvent.documents(inList:)) ?? [] : []
        }
        for (name, isList) in names {
            for inner in try look(at: name, isList: isList) where all.insert(inner).inserted { _ = try look(at: inner, isList: false) }
        }
        faults += bad.sorted { $0.hash.hex < $1.hash.hex }.map { "the document \($0.hash.hex) \($0.what)" }
        return (all.count, missing)
    }
}
