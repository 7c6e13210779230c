/// A set of texts that are equal when their bytes are; see ``TextKey``. Its order means nothing.
public struct TextSet: Sendable, Hashable {
    @usableFromInline
    var storage: Set<TextKey>

    init(storage: Set<TextKey>) { self.storage = storage }

    @inlinable
    public init() { storage = [] }

    public init(_ texts: some Sequence<String>) { storage = Set(texts.lazy.map { TextKey($0) }) }

    @inlinable
    public var count: Int { storage.count }
    @inlinable
    public var isEmpty: Bool { storage.isEmpty }

    @inlinable
    public func contains(_ text: String) -> Bool { storage.contains(TextKey(text)) }

    @inlinable @discardableResult
    public mutating func insert(_ text: String) -> (inserted: Bool, memberAfterInsert: String) {
        let (isNew, member) = storage.insert(TextKey(text))
        return (isNew, member.text)
    }

    @discardableResult
    public mutating func remove(_ text: String) -> String? { storage.remove(TextKey(text))?.text }

    public mutating func removeAll(keepingCapacity: Bool = false) { storage.removeAll(keepingCapacity: keepingCapacity) }

    public func union(_ other: TextSet) -> TextSet { TextSet(storage: storage.union(other.storage)) }
    public func union(_ other: some Sequence<String>) -> TextSet { TextSet(storage: storage.union(other.lazy.map { TextKey($0) })) }
    public mutating func formUnion(_ other: TextSet) { storage.formUnion(other.storage) }
    public mutating func formUnion(_ other: some Sequence<String>) { storage.formUnion(other.lazy.map { TextKey($0) }) }
    public func subtracting(_ other: TextSet) -> TextSet { TextSet(storage: storage.subtracting(other.storage)) }
    public func subtracting(_ other: some Sequence<String>) -> TextSet { TextSet(storage: storage.subtracting(other.lazy.map { TextKey($0) })) }
    public func intersection(_ other: TextSet) -> TextSet { TextSet(storage: storage.intersection(other.storage)) }
    public func isSubset(of other: TextSet) -> Bool { storage.isSubset(of: other.storage) }
    public func isDisjoint(with other: TextSet) -> Bool { storage.isDisjoint(with: other.storage) }
    public func filter(_ isIncluded: (String) throws -> Bool) rethrows -> TextSet { TextSet(storage: try storage.filter { try isIncluded($0.text) }) }

    /// By bytes.
    public func sorted() -> [String] { storage.sorted().map(\.text) }

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
