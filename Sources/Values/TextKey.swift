/// A text as a key: equal to another when the bytes are.
///
/// Swift's `String` takes two spellings of one character for equal (`é` as one scalar and as `e` with an accent), and so do its
/// dictionaries and sets. Whoever wrote a JSON object, a YAML mapping or the name of a file meant bytes, and so do hashes, wires and
/// the ledger: a key that were equal to another by its look would take its place without a word.
public struct TextKey: Sendable {
    public let text: String

    @inlinable
    public init(_ text: String) { self.text = text }
}

extension TextKey: Hashable {
    @inlinable
    public static func == (a: TextKey, b: TextKey) -> Bool { a.text.hasSameBytes(as: b.text) }

    @inlinable
    public func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}

extension TextKey: Comparable {
    /// By bytes, which is by code points.
    @inlinable
    public static func < (a: TextKey, b: TextKey) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }
}

extension TextKey: ExpressibleByStringLiteral {
    @inlinable
    public init(stringLiteral text: String) { self.text = text }
}
