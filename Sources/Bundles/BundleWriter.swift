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
    /// Facts whose documents are read at once.
    private static let together = 16

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
            for start in stride(from: 0, to: facts.count, by: Self.together) {
                try await write(facts[start..<min(start + Self.together, facts.count)], &pen, transcript, asked, redacted)
            }
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
        _ facts: ArraySlice<RecordedFact>, _ pen: inout Pen, _ transcript: any RunTranscript, _ asked: Set<ContentHash>, _ redacted: Set<ContentHash>
    ) async throws {
        let parsed = facts.map { (fact: $0, json: BundleLine.standsAsItIs($0.payload)) }
        let named = parsed.map { RunEvent.documents(in: $0.json ?? .null) }
        var found = try await transcript.documents(Array(Set(named.flatMap { $0.map(\.hash) }.filter { !pen.hasWritten($0) })))
        let lists = named.flatMap { $0.filter(Self.isList).compactMap { found[$0.hash] } }
        let inner = Set(lists.flatMap { (try? JSONParser.parse($0)).map(RunEvent.documents(inList:)) ?? [] }.filter { found[$0] == nil && !pen.hasWritten($0) })
        let more = try await transcript.documents(Array(inner))
        found.merge(more) { first, _ in first }
        let rows = try await priceRows(parsed.flatMap { BundleProof.priceRows(in: $0.json ?? .null) })
        for (fact, json) in parsed {
            for id in pen.newRows(BundleProof.priceRows(in: json ?? .null)) { if let row = rows[id] { try pen.put(.priceRow(id: id, json: Array(row.utf8))) } }
            let names = RunEvent.documents(in: json ?? .null)
            var wanted = pen.newDocuments(names.map(\.hash))
            for list in pen.newLists(names.filter(Self.isList).map(\.hash)) {
                wanted += pen.newDocuments(found[list].flatMap { try? JSONParser.parse($0) }.map(RunEvent.documents(inList:)) ?? [])
            }
            for hash in wanted { try write(hash, &pen, found[hash], isAsked: asked.contains(hash), isRedacted: redacted.contains(hash)) }
            try pen.put(.fact(fact, json: json))
        }
    }

    private static func isList(_ name: (key: String, hash: ContentHash)) -> Bool { RunEvent.listKeys.contains { name.key.hasSameBytes(as: $0) } }

    private func priceRows(_ ids: [String]) async throws -> TextTable<String> {
        var table: TextTable<String> = [:]
        for row in try await archive.priceRows(TextSet(ids).sorted()) { table[row.id] = row.json }
        return table
    }

    private func write(_ hash: ContentHash, _ pen: inout Pen, _ bytes: [UInt8]?, isAsked: Bool, isRedacted: Bool) throws {
        if isAsked { return try pen.put(.leftOut(hash, .asked)) }
        if let bytes { return try pen.put(.document(Blob(bytes, hash: hash))) }
        guard isRedacted else { throw JournalError(.corrupt, "the document \(hash.hex) of run \(run.id) is not in the ledger: agentctl verify \(run.id)") }
        try pen.put(.leftOut(hash, .redacted))
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

    func hasWritten(_ hash: ContentHash) -> Bool { documents.contains(hash) }
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
