import Economics
import Values
import WorkflowModel

extension RunBundle {
    /// The run as it is replayed.
    public var transcript: any RunTranscript { BundleTranscript(bundle: self) }
    /// The run as a ledger takes it in.
    ///
    /// - Parameter name: what the file is called there.
    public func imported(named name: String) -> any ImportedRun { BundleImport(bundle: self, name: name) }
}

private struct BundleTranscript: RunTranscript {
    let bundle: RunBundle

    var run: RunID { RunID(bundle.header.run) }
    var file: String { bundle.header.file }

    func events(after sequence: Int, most: Int) async throws(JournalError) -> [EventRecord] {
        let places = bundle.facts.dropFirst(max(0, sequence)).prefix(most)
        return try places.map { place throws(JournalError) in
            guard case .fact(let fact, let json) = try bundle.line(at: place) else { throw changed }
            return EventRecord(sequence: fact.sequence, kind: fact.kind, payload: json ?? .null, at: fact.at, hash: fact.hash)
        }
    }

    func documents(_ hashes: [ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]] {
        var found: [ContentHash: [UInt8]] = [:]
        for hash in hashes where found[hash] == nil {
            guard let place = bundle.documents[hash] else { continue }
            guard case .document(let blob) = try bundle.line(at: place) else { throw changed }
            found[hash] = blob.bytes
        }
        return found
    }

    func priceRows(_ ids: [String]) async throws(JournalError) -> [PriceRow] {
        var rows: [PriceRow] = []
        for id in ids {
            guard let place = bundle.priceRows[id] else { continue }
            guard case .priceRow(_, let json) = try bundle.line(at: place) else { throw changed }
            if let row = (try? JSONParser.parse(json)).flatMap(PriceRow.init(json:)) { rows.append(row) }
        }
        return rows
    }

    func redacted() async throws(JournalError) -> Set<ContentHash> { Set(bundle.leftOut.map(\.hash)) }

    private var changed: JournalError { JournalError(.corrupt, "\(bundle.path) was changed while it was read") }
}

private struct BundleImport: ImportedRun {
    let bundle: RunBundle
    let name: String

    var run: RunID { RunID(bundle.header.run) }
    var head: ContentHash { bundle.header.head }
    var facts: Int { bundle.header.facts }
    var origin: ImportOrigin { ImportOrigin(file: name, hash: bundle.hash) }
    var leftOut: [ContentHash] { bundle.leftOut.map(\.hash) }

    func forEachPart(_ body: (ImportedPart) throws -> Void) throws {
        // What was proved before is proved again by whoever takes it: the file may have been changed since.
        try bundle.file.forEachLine { bytes, _, _ in
            switch try bundle.line(bytes) {
            case .header, .leftOut, .end: break
            case .priceRow(let id, let json): try body(.priceRow(id: id, json: String(decoding: json, as: UTF8.self)))
            case .document(let blob): try body(.document(blob))
            case .fact(let fact, _): try body(.fact(fact))
            }
            return true
        }
    }
}
