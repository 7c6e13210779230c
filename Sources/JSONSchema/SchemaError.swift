/// Everything that is wrong with a schema, found in one pass.
public struct SchemaError: Error, Sendable, Hashable {
    /// One problem and its place.
    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// JSON pointer into the schema document; empty for its root.
        public let pointer: String
        /// One sentence without a full stop.
        public let message: String

        public var description: String { "#\(pointer): \(message)" }
    }

    /// Never empty, in the order of the document as far as it has one.
    public let problems: [Problem]
}

extension SchemaError: CustomStringConvertible {
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
