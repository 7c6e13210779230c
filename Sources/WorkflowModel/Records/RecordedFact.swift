import Values

/// A fact as it stands in a record, byte by byte: what the chain covers.
public struct RecordedFact: Sendable {
    public let sequence: Int
    public let kind: String
    /// JSON, as it was written.
    public let payload: [UInt8]
    public let at: Timestamp
    /// The link of the chain.
    public let hash: ContentHash

    public init(sequence: Int, kind: String, payload: [UInt8], at: Timestamp, hash: ContentHash) {
        self.sequence = sequence
        self.kind = kind
        self.payload = payload
        self.at = at
        self.hash = hash
    }
}
