import Values

/// A value that was cut.
public struct TrimmedValue: Sendable, Hashable {
    public let key: String
    /// Bytes of text before and after.
    public let before: Int
    public let after: Int

    public init(key: String, before: Int, after: Int) {
        self.key = key
        self.before = before
        self.after = after
    }

    /// A list of them as it is stored beside a call.
    public static func json(_ values: [TrimmedValue]) -> JSONValue {
        .array(values.map { ["key": .string($0.key), "before_bytes": .int(Int64($0.before)), "after_bytes": .int(Int64($0.after))] })
    }
}
