import PromptCaching
import Values

/// Makes requests of recorded calls as a prompt cache sees them: what a log is made of that goes through a model of a cache.
///
/// A call with a plan has its prefixes in that. One without has the manifest of its request, whose segments are chained by their hashes; a token is four bytes of them, as in plans.
public struct RecordedCacheTrace: Sendable {
    private let archive: any RunArchive
    private var spaces: TextTable<Int32> = [:]
    private var manifests: [ContentHash: Prompt] = [:]
    private var sizes: [ContentHash: Int] = [:]

    private struct Prompt {
        let pieces: [PrefixTree.Piece]
        /// What stands before a prompt or belongs to it without being in it: a schema, how much a model reasons.
        let setting: String
    }

    private let most: Int

    /// How many documents are in its memory now, of prompts and of their segments.
    var remembered: (prompts: Int, segments: Int) { (manifests.count, sizes.count) }

    /// - Parameter most: prompts that are remembered, with what they consist of, so that a call that is tried again reads no document again.
    public init(archive: any RunArchive, remembering most: Int = 10_000) {
        self.archive = archive
        self.most = most
    }

    /// A request of what was planned; `nil` without a plan.
    public mutating func planned(_ call: CachedCall) -> CacheRequest? {
        guard let plan = call.plan else { return nil }
        var (pieces, before) = ([PrefixTree.Piece](), 0)
        pieces.reserveCapacity(plan.ends.count)
        for end in plan.ends where end.tokens > before {
            pieces.append(.init(name: end.name, blocks: 1, tokens: end.tokens - before))
            before = end.tokens
        }
        return request(call, pieces, in: CachePlan.hex(plan.space))
    }

    /// - Returns: for each of the calls; `nil` where neither a plan nor the documents of its request are there.
    public mutating func requests(_ calls: [CachedCall]) async throws(JournalError) -> [CacheRequest?] {
        try await read(calls.compactMap { $0.plan == nil ? $0.request : nil })
        var requests: [CacheRequest?] = []
        for call in calls {
            if let planned = planned(call) {
                requests.append(planned)
            } else if let prompt = call.request.flatMap({ manifests[$0] }) {
                requests.append(request(call, prompt.pieces, in: prompt.setting))
            } else {
                requests.append(nil)
            }
        }
        return requests
    }

    private mutating func request(_ call: CachedCall, _ pieces: [PrefixTree.Piece], in setting: String) -> CacheRequest? {
        guard !pieces.isEmpty else { return nil }
        let name = "\(call.model)\u{0}\(setting)"
        let space = spaces[name] ?? Int32(spaces.count)
        spaces[name] = space
        return CacheRequest(
            time: Double(call.startedAt.microseconds) / 1_000_000, space: space, pieces: pieces, tokens: pieces.reduce(0) { $0.addingClamped($1.tokens) }, isInBlocks: true)
    }

    private mutating func read(_ hashes: [ContentHash]) async throws(JournalError) {
        // A prompt has some segments of its own, and most that others have, too.
        if manifests.count > most || sizes.count > most * 4 { (manifests, sizes) = ([:], [:]) }
        let unread = Array(Set(hashes.filter { manifests[$0] == nil })).sorted { $0.hex < $1.hex }
        guard !unread.isEmpty else { return }
        let documents = try await archive.documents(unread)
        var parsed: [(hash: ContentHash, json: JSONValue)] = []
        for hash in unread {
            if let json = documents[hash].flatMap({ try? JSONParser.parse($0) }) { parsed.append((hash, json)) }
        }
        let segments = parsed.flatMap { $0.json["segments"]?.arrayValue ?? [] }.filter { $0["bytes"] == nil }.compactMap(Self.hash)
        let unsized = Array(Set(segments.filter { sizes[$0] == nil })).sorted { $0.hex < $1.hex }
        let texts = try await archive.documents(unsized)
        for (hash, text) in texts { sizes[hash] = text.count }
        for (hash, json) in parsed { manifests[hash] = prompt(json) }
    }

    private static func hash(of segment: JSONValue) -> ContentHash? { segment["hash"]?.stringValue.flatMap(ContentHash.init(hex:)) }

    private func prompt(_ manifest: JSONValue) -> Prompt? {
        guard let segments = manifest["segments"]?.arrayValue else { return nil }
        var chain = PrefixChain()
        for segment in segments {
            guard let hash = Self.hash(of: segment), let bytes = segment["bytes"]?.intValue.map(Int.init) ?? sizes[hash] else { return nil }
            var head = "\(segment["role"]?.stringValue ?? "") \(segment["starts_message"] == true) "
            if let type = segment["media_type"]?.stringValue { head += "\(type) \(segment["detail"]?.stringValue ?? "") \(type.hasPrefix("image/") ? "" : segment["name"]?.stringValue ?? "") " }
            chain.add(head + hash.hex, tokens: max(1, min(bytes, 1 << 32) / 4))
        }
        let setting: [JSONValue] = [manifest["schema"] ?? .null, manifest["reasoning"] ?? .null]
        return Prompt(pieces: chain.pieces, setting: ContentHash(of: JSONEncoding.canonical.bytes(.array(setting))).hex)
    }
}
