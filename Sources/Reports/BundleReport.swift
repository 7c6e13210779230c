import Values

/// What is told of a bundle.
public enum BundleReport {
    public struct Counts: Sendable {
        public let facts: Int
        public let documents: Int
        public let leftOut: Int
        public let redacted: Int
        /// Of the file, where it was just written.
        public let bytes: Int?
        public let head: ContentHash?

        public init(facts: Int, documents: Int, leftOut: Int, redacted: Int, bytes: Int?, head: ContentHash?) {
            self.facts = facts
            self.documents = documents
            self.leftOut = leftOut
            self.redacted = redacted
            self.bytes = bytes
            self.head = head
        }
    }

    /// One line without its end.
    public static func line(_ run: String, _ counts: Counts) -> String {
        var parts = ["\(run)", Figures.counted(counts.facts, "fact"), Figures.counted(counts.documents, "document")]
        if counts.leftOut > 0 { parts.append("\(counts.leftOut) left out") }
        if counts.redacted > 0 { parts.append("\(counts.redacted) redacted") }
        if let bytes = counts.bytes { parts.append(Figures.counted(bytes, "byte")) }
        return parts.joined(separator: ", ") + (counts.head.map { "; head \($0.hex)" } ?? "")
    }

    public static func json(_ run: String, _ verdict: String, _ counts: Counts) -> JSONValue {
        [
            "run": .string(run), "verdict": .string(verdict), "facts": .number(counts.facts), "documents": .number(counts.documents), "left_out": .number(counts.leftOut),
            "redacted": .number(counts.redacted), "head": .text(counts.head?.hex),
        ]
    }
}
