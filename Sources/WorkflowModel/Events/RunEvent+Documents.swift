import Values

/// Which documents a record names. Events name documents by their hashes, and two kinds of documents name others: a request its
/// segments, the manifest of a workflow's sources its files.
extension RunEvent {
    /// The keys of payloads under which the hash of a document stands. (`graph` is a hash of no document.)
    public static let documentKeys = [
        "sources", "inputs", "items", "request", "response", "logprobs", "stdout", "stderr", "output", "message", "outputs", "models",
    ]

    /// The keys of ``documentKeys`` whose documents name others.
    public static let listKeys = ["request", "sources"]

    /// The documents that a payload names.
    public static func documents(in payload: JSONValue) -> [(key: String, hash: ContentHash)] {
        documentKeys.compactMap { key in payload[key]?.stringValue.flatMap(ContentHash.init(hex:)).map { (key, $0) } }
    }

    /// The documents that a request or a manifest names.
    public static func documents(inList document: JSONValue) -> [ContentHash] {
        let segments = document["segments"]?.arrayValue?.compactMap { $0["hash"] } ?? []
        let files = document["files"]?.arrayValue?.compactMap { $0["sha256"] } ?? []
        return (segments + files).compactMap { $0.stringValue.flatMap(ContentHash.init(hex:)) }
    }
}
