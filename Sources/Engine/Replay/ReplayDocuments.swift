import Values
import WorkflowModel

/// The documents of a record that a run reads while it goes on, and of which some may have been taken out.
struct ReplayDocuments {
    private let bytes: [ContentHash: [UInt8]]
    let redacted: Set<ContentHash>

    /// The keys of facts under which stands what a run reads: not what it sends.
    private static let keys: TextSet = ["inputs", "items", "response", "logprobs", "stdout", "stderr", "output", "outputs", "message", "models", "kept"]

    /// So many are read at once.
    private static let page = 2_000

    /// Reads all that facts name.
    init(_ transcript: any RunTranscript, _ facts: [EventRecord]) async throws(JournalError) {
        var wanted: Set<ContentHash> = []
        for fact in facts {
            for (key, hash) in RunEvent.documents(in: fact.payload) where Self.keys.contains(key) { wanted.insert(hash) }
        }
        var found: [ContentHash: [UInt8]] = [:]
        let list = Array(wanted)
        for start in stride(from: 0, to: list.count, by: Self.page) {
            let read = try await transcript.documents(Array(list[start..<min(start + Self.page, list.count)]))
            found.merge(read) { first, _ in first }
        }
        // What a fork could take and has not taken yet is named by the list of that alone.
        let lists = facts.prefix(1).compactMap { $0.payload["kept"]?.stringValue.flatMap(ContentHash.init(hex:)) }
        let inLists = lists.compactMap { found[$0].flatMap { try? JSONParser.parse($0) } }.flatMap(RunEvent.documents(inList:)).filter { found[$0] == nil }
        if !inLists.isEmpty { found.merge(try await transcript.documents(inLists)) { first, _ in first } }
        bytes = found
        redacted = try await transcript.redacted()
    }

    subscript(hash: ContentHash) -> [UInt8]? { bytes[hash] }

    func json(_ hash: ContentHash?) -> JSONValue? { hash.flatMap { bytes[$0] }.flatMap { try? JSONParser.parse($0) } }

    func isRedacted(_ hash: ContentHash?) -> Bool { hash.map { bytes[$0] == nil && redacted.contains($0) } ?? false }

    /// What is there of these.
    func found(_ hashes: [ContentHash]) -> [ContentHash: [UInt8]] {
        hashes.reduce(into: [:]) { found, hash in found[hash] = bytes[hash] }
    }
}
