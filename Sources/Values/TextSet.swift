/// A set of texts that are equal when their bytes are; see ``TextKey``. Its order means nothing.
public struct TextSet: Sendable, Hashable {
    @usableFromInline
    var storage: Set<TextKey>

    init(storage: Set<TextKey>) { self.storage = storage }

    /// An empty set.
    @inlinable
    public init() { storage = [] }

    /// The different ones of some texts.
    public init(_ texts: some Sequence<String>) { storage = Set(texts.lazy.map { TextKey($0) }) }

    /// How many texts there are.
    @inlinable
    public var count: Int { storage.count }
    /// Whether there is none.
    @inlinable
    public var isEmpty: Bool { storage.isEmpty }

    /// Whether a text of these bytes is in it.
    @inlinable
    public func contains(_ text: String) -> Bool { storage.contains(TextKey(text)) }

    /// Adds a text unless one of its bytes is there, and says which it was.
    @inlinable @discardableResult
    public mutating func insert(_ text: String) -> (inserted: Bool, memberAfterInsert: String) {
        let (isNew, member) = storage.insert(TextKey(text))
        return (isNew, member.text)
    }

    /// Takes a text out and returns it; `nil` when there was none.
    @discardableResult
    public mutating func remove(_ text: String) -> String? { storage.remove(TextKey(text))?.text }

    /// Takes all texts out.
    public mutating func removeAll(keepingCapacity: Bool = false) { storage.removeAll(keepingCapacity: keepingCapacity) }

    /// What is in either.
    public func union(_ other: TextSet) -> TextSet { TextSet(storage: storage.union(other.storage)) }
    /// What is in either.
    public func union(_ other: some Sequence<String>) -> TextSet { TextSet(storage: storage.union(other.lazy.map { TextKey($0) })) }
    /// Adds the texts of another.
    public mutating func formUnion(_ other: TextSet) { storage.formUnion(other.storage) }
    /// Adds some texts.
    public mutating func formUnion(_ other: some Sequence<String>) { storage.formUnion(other.lazy.map { TextKey($0) }) }
    /// What is in this one alone.
    public func subtracting(_ other: TextSet) -> TextSet { TextSet(storage: storage.subtracting(other.storage)) }
    /// What is not among some texts.
    public func subtracting(_ other: some Sequence<String>) -> TextSet { TextSet(storage: storage.subtracting(other.lazy.map { TextKey($0) })) }
    /// What is in both.
    public func intersection(_ other: TextSet) -> TextSet { TextSet(storage: storage.intersection(other.storage)) }
    /// Whether all of it is in another.
    public func isSubset(of other: TextSet) -> Bool { storage.isSubset(of: other.storage) }
    /// Whether nothing is in both.
    public func isDisjoint(with other: TextSet) -> Bool { storage.isDisjoint(with: other.storage) }
    /// The texts of which something holds.
    public func filter(_ isIncluded: (String) throws -> Bool) rethrows -> TextSet { TextSet(storage: try storage.filter { try isIncluded($0.text) }) }

    /// By bytes.
    public func sorted() -> [String] { storage.sorted().map(\.text) }

    /// Adds some texts.
    public static func += (set: inout TextSet, texts: some Sequence<String>) { set.formUnion(texts) }
}

extension TextSet: Sequence {
    public struct Iterator: IteratorProtocol {
        var base: Set<TextKey>.Iterator

        public mutating func next() -> String? { base.next()?.text }
    }

    public func makeIterator() -> Iterator { Iterator(base: storage.makeIterator()) }
    public var underestimatedCount: Int { storage.count }
}

extension TextSet: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: String...) { self.init(elements) }
}
