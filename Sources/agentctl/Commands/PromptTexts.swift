import Values
import WorkflowModel

/// Requests and answers as text: a request is a list of segments, an answer a JSON string.
struct PromptTexts {
    let archive: any RunArchive
    /// Of the run: these are not told, also where another run has the same documents.
    var redacted: Set<ContentHash> = []

    /// How many documents are asked for at once.
    private static let batch = 256

    /// The texts of documents, with those of the segments in them; those that are not kept are left out.
    func texts(_ hashes: [ContentHash]) async throws -> [ContentHash: String] {
        var texts: [ContentHash: String] = [:]
        // Calls of one step share most of their segments: each is read once.
        var segments: [ContentHash: String] = [:]
        var rest = Array(Set(hashes))[...]
        while !rest.isEmpty {
            let documents = try await archive.documents(rest.prefix(Self.batch).filter { !redacted.contains($0) })
            rest = rest.dropFirst(Self.batch)
            let parsed = documents.mapValues { (bytes: $0, json: try? JSONParser.parse($0)) }
            let wanted = Set(parsed.values.flatMap { $0.json.map(Self.segmentHashes) ?? [] }).subtracting(segments.keys)
            for hash in wanted where redacted.contains(hash) { segments[hash] = "(redacted)" }
            for (hash, bytes) in try await archive.documents(Array(wanted.subtracting(redacted))) { segments[hash] = String(decoding: bytes, as: UTF8.self) }
            for (hash, document) in parsed { texts[hash] = Self.text(document.json, document.bytes, segments) }
        }
        return texts
    }

    private static func segmentHashes(_ document: JSONValue) -> [ContentHash] {
        (document["segments"]?.arrayValue ?? []).filter { attachment($0) == nil }.compactMap { $0["hash"]?.stringValue.flatMap(ContentHash.init(hex:)) }
    }

    private static func text(_ document: JSONValue?, _ bytes: [UInt8], _ texts: [ContentHash: String]) -> String {
        guard let document else { return String(decoding: bytes, as: UTF8.self) }
        if let text = document.stringValue { return text }
        guard let segments = document["segments"]?.arrayValue else { return JSONEncoding.pretty.string(document) }
        return segments.map { segment in
            if let attachment = attachment(segment) { return attachment }
            let text = segment["hash"]?.stringValue.flatMap(ContentHash.init(hex:)).flatMap { texts[$0] }
            return head(segment) + "\n" + (text ?? "(not kept)")
        }.joined(separator: "\n")
    }

    private static func head(_ segment: JSONValue) -> String {
        "[\(segment["role"]?.stringValue ?? "") · \(segment["origin"]?.stringValue ?? "") · \(segment["class"]?.stringValue ?? "")]"
    }

    /// What was attached by name, type, size and hash: its bytes are in the ledger under the hash.
    private static func attachment(_ segment: JSONValue) -> String? {
        guard let type = segment["media_type"]?.stringValue, let name = segment["name"]?.stringValue else { return nil }
        let detail = segment["detail"]?.stringValue.map { ", detail \($0)" } ?? ""
        return head(segment) + "\n"
            + "\(name): \(type), \(segment["bytes"]?.intValue ?? 0) bytes\(detail), sha256 \(segment["hash"]?.stringValue ?? "")"
    }
}
