import Economics
import Engine
import Values
import WorkflowModel

/// What a journal in memory has of one run.
public struct JournalTranscript: RunTranscript {
    public let run: RunID
    public let file: String
    private let facts: [EventRecord]
    private let blobs: [ContentHash: [UInt8]]
    public var hidden: Set<ContentHash> = []

    /// - Parameter change: alters what is recorded.
    public init(_ journal: InMemoryJournal, _ run: RunID, change: ([EventRecord]) -> [EventRecord] = { $0 }) async throws {
        let written = journal.run(run)!
        self.run = run
        file = written.started?.file ?? ""
        facts = change(
            written.events.enumerated().map { index, fact in
                EventRecord(sequence: index + 1, kind: fact.kind, payload: try! JSONParser.parse(fact.payload), at: fact.at, hash: ContentHash(of: fact.payload))
            })
        var blobs: [ContentHash: [UInt8]] = [:]
        for entry in written.entries { for blob in entry.blobs { blobs[blob.hash] = blob.bytes } }
        // What people gave, and what other runs have written, stands elsewhere.
        let named = facts.flatMap { RunEvent.documents(in: $0.payload).map(\.hash) }.filter { blobs[$0] == nil }
        blobs.merge(try await journal.documents(named)) { first, _ in first }
        self.blobs = blobs
    }

    public func events(after sequence: Int, most: Int) async throws(JournalError) -> [EventRecord] {
        Array(facts.drop { $0.sequence <= sequence }.prefix(most))
    }

    public func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] {
        hashes.reduce(into: [:]) { found, hash in if !hidden.contains(hash) { found[hash] = blobs[hash] } }
    }

    public func priceRows(_ ids: [String]) async throws(JournalError) -> [PriceRow] { [] }

    public func redacted() async throws(JournalError) -> Set<ContentHash> { hidden }
}

extension EngineRig {
    /// What came of replaying a run that this rig has recorded.
    public func replay(_ run: RunID, _ graph: WorkflowGraph, change: ([EventRecord]) -> [EventRecord] = { $0 }) async throws -> ReplayReport {
        let transcript = try await JournalTranscript(journal, run, change: change)
        return try await Replayer(transcript, graph: graph, secrets: environment.secrets, mostValueBytes: environment.mostValueBytes).replay()
    }
}
