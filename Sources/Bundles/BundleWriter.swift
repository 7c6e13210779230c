import Economics
import Values
import WorkflowModel

/// Writes a run of an archive as a bundle: the same run gives the same bytes.
///
/// In memory is a page of facts with the documents of one of them, and of all documents that were written their hashes.
public struct BundleWriter: Sendable {
    private let archive: any RunArchive
    private let run: RunRecord
    private let without: [DocumentPath]

    /// What is in a bundle that was written.
    public struct Summary: Sendable {
        public var facts = 0
        public var documents = 0
        public var leftOut = 0
        public var redacted = 0
        public var priceRows = 0
        public var bytes = 0
        public var head: ContentHash?
    }

    /// - Parameter without: documents that are left out, by hash.
    public init(_ archive: any RunArchive, _ run: RunRecord, without: [DocumentPath] = []) {
        self.archive = archive
        self.run = run
        self.without = without
    }

    private static let page = 1_000

    /// - Parameter emit: gets whole lines, in order.
    /// - Throws: `JournalError` where the ledger cannot be read, or has no such facts; what `emit` throws.
    public func write(_ emit: @escaping ([UInt8]) throws -> Void) async throws -> Summary {
        let transcript = archive.transcript(of: run)
        let redacted = try await transcript.redacted()
        var asked: Set<ContentHash> = []
        if !without.isEmpty {
            let fields = try await transcript.documentFields()
            asked = Set(without.flatMap { $0.chosen(of: fields) }.map(\.hash))
        }
        let (count, head) = try await end()
        var pen = Pen(emit)
        var left = count
        var (after, isFirst) = (0, true)
        while left > 0 {
            let facts = try await archive.facts(run: run.id, after: after, most: min(Self.page, left))
            guard let last = facts.last else { throw JournalError(.corrupt, "run \(run.id) has no fact \(after + 1), and \(count) in all: agentctl verify \(run.id)") }
            if isFirst {
                isFirst = false
                try pen.put(.header(header(facts[0], count, head)))
            }
            for fact in facts { try await write(fact, &pen, transcript, asked, redacted) }
            (after, left) = (last.sequence, left - facts.count)
        }
        return try pen.end(head)
    }

    /// How many facts there are by now, and the hash of the last: a run may go on meanwhile.
    private func end() async throws -> (count: Int, head: ContentHash) {
        var last: RecordedFact?
        var after = 0
        while true {
            let page = try await archive.facts(run: run.id, after: after, most: 10_000)
            last = page.last ?? last
            guard page.count == 10_000, let found = last else { break }
            after = found.sequence
        }
        guard let last else { throw JournalError(.other, "run \(run.id) has no facts\(run.prunedAt.map { ": gc removed them on \($0.dateText)" } ?? "")") }
        return (last.sequence, last.hash)
    }

    private func header(_ first: RecordedFact, _ facts: Int, _ head: ContentHash) -> BundleHeader {
        let start = (try? JSONParser.parse(first.payload)) ?? .null
        return BundleHeader(
            run: run.id, workflow: start["workflow"]?.stringValue ?? run.workflow, file: start["file"]?.stringValue ?? run.file, facts: facts, head: head,
            program: start["program"]?.stringValue ?? "")
    }

    private func write(
        _ fact: RecordedFact, _ pen: inout Pen, _ transcript: any RunTranscript, _ asked: Set<ContentHash>, _ redacted: Set<ContentHash>
    ) async throws {
        let json = BundleLine.standsAsItIs(fact.payload)
        let payload = json ?? .null
        let ids = pen.newRows(BundleProof.priceRows(in: payload))
        if !ids.isEmpty {
            let rows = try await archive.priceRows(ids)
            for row in rows { try pen.put(.priceRow(id: row.id, json: Array(row.json.utf8))) }
        }
        let named = RunEvent.documents(in: payload)
        var wanted = pen.newDocuments(named.map(\.hash))
        let lists = pen.newLists(named.filter { name in RunEvent.listKeys.contains { name.key.hasSameBytes(as: $0) } }.map(\.hash))
        var found = try await transcript.documents(Array(Set(wanted + lists)))
        if !lists.isEmpty {
            let inner = lists.flatMap { list in found[list].flatMap { try? JSONParser.parse($0) }.map(RunEvent.documents(inList:)) ?? [] }
            let new = pen.newDocuments(inner)
            let more = try await transcript.documents(new)
            found.merge(more) { first, _ in first }
            wanted += new
        }
        for hash in wanted {
            if asked.contains(hash) {
                try pen.put(.leftOut(hash, .asked))
            } else if let bytes = found[hash] {
                try pen.put(.document(Blob(bytes, hash: hash)))
            } else if redacted.contains(hash) {
                try pen.put(.leftOut(hash, .redacted))
            } else {
                throw JournalError(.corrupt, "the document \(hash.hex) of run \(run.id) is not in the ledger: agentctl verify \(run.id)")
            }
        }
        try pen.put(.fact(fact, json: json))
    }
}

/// Writes lines, and knows what it has written.
private struct Pen {
    private let emit: ([UInt8]) throws -> Void
    private var hasher = ContentHasher()
    private var lines = 0
    private var documents: Set<ContentHash> = []
    private var lists: Set<ContentHash> = []
    private var rows: TextSet = []
    private var summary = BundleWriter.Summary()

    init(_ emit: @escaping ([UInt8]) throws -> Void) { self.emit = emit }

    mutating func newDocuments(_ hashes: [ContentHash]) -> [ContentHash] { hashes.filter { documents.insert($0).inserted } }
    mutating func newLists(_ hashes: [ContentHash]) -> [ContentHash] { hashes.filter { lists.insert($0).inserted } }
    mutating func newRows(_ ids: [String]) -> [String] { ids.filter { rows.insert($0).inserted } }

    mutating func put(_ line: BundleLine) throws {
        var bytes: [UInt8] = []
        line.write(to: &bytes)
        switch line {
        case .priceRow: summary.priceRows += 1
        case .document: summary.documents += 1
        case .leftOut(_, .asked): summary.leftOut += 1
        case .leftOut(_, .redacted): summary.redacted += 1
        case .fact: summary.facts += 1
        case .header, .end: break
        }
        hasher.update(bytes)
        lines += 1
        summary.bytes += bytes.count
        try emit(bytes)
    }

    mutating func end(_ head: ContentHash) throws -> BundleWriter.Summary {
        try put(.end(hasher.hash, lines: lines + 1))
        summary.head = head
        return summary
    }
}
