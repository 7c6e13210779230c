/// One way in which a value fails its schema, worded for a person and for a model that must repair its answer.
public struct Violation: Sendable, Hashable {
    /// JSON pointer to the value at fault; empty for the whole value.
    public let instancePath: String
    /// JSON pointer into the schema document, to the keyword that failed.
    public let schemaPath: String
    /// The keyword that failed; `false` for a schema that allows nothing, `limit` when validation was cut short.
    public let keyword: String
    /// One sentence without a full stop: what the value must be, and what was found.
    public let message: String
    /// What the value must be, as `a string` or `'a'`, where that fits a phrase: alternatives are joined from these.
    let expected: String?
}

extension Violation: CustomStringConvertible {
    public var description: String { message }
}
