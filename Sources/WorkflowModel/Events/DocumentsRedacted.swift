import Values

/// Documents of a run were taken out of the ledger on purpose. Their hashes stay in its facts; behind the run's end.
public struct DocumentsRedacted: Sendable {
    /// Sorted by their digits.
    public let documents: [ContentHash]
    /// What was asked for, such as `inputs` or `steps.draft.prompt`.
    public let fields: [String]
    /// Who says so.
    public let by: String
    public let reason: String?

    public init(documents: [ContentHash], fields: [String], by: String, reason: String? = nil) {
        self.documents = documents
        self.fields = fields
        self.by = by
        self.reason = reason
    }

    /// Of the documents that a payload of this kind names, without reading the rest of it.
    public static func documents(in payload: JSONValue) -> [ContentHash] {
        (payload["documents"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(ContentHash.init(hex:)) }
    }
}
