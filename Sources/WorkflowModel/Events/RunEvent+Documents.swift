import Values

/// Which documents a record names. Events name documents by their hashes, and three kinds of documents name others: a request its
/// segments, the manifest of a workflow's sources its files, and what a fork keeps the outputs of these nodes.
extension RunEvent {
    /// The keys of payloads under which the hash of a document stands. (`graph` is a hash of no document.)
    public static let documentKeys = [
        "sources", "inputs", "items", "request", "response", "logprobs", "stdout", "stderr", "output", "message", "outputs", "models", "kept",
    ]

    /// The keys of ``documentKeys`` whose documents name others.
    public static let listKeys = ["request", "sources", "kept"]

    /// The documents that a payload names.
    public static func documents(in payload: JSONValue) -> [(key: String, hash: ContentHash)] {
        documentKeys.compactMap { key in payload[key]?.stringValue.flatMap(ContentHash.init(hex:)).map { (key, $0) } }
    }

    /// The documents that a request, a manifest or what a fork keeps names.
    public static func documents(inList document: JSONValue) -> [ContentHash] {
        let segments = document["segments"]?.arrayValue?.compactMap { $0["hash"] } ?? []
        let files = document["files"]?.arrayValue?.compactMap { $0["sha256"] } ?? []
        let kept = document["nodes"]?.arrayValue?.compactMap { $0["output"] } ?? []
        return (segments + files + kept).compactMap { $0.stringValue.flatMap(ContentHash.init(hex:)) }
    }
}
