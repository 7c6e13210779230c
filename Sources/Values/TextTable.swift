/// A dictionary whose keys are texts and are equal when their bytes are; see ``TextKey``.
///
/// It has what `Dictionary` has, as far as it is used, and as there its order means nothing.
public struct TextTable<Value> {
    public typealias Element = (key: String, value: Value)

    @usableFromInline
    var storage: [TextKey: Value]

    @inlinable
    init(storage: [TextKey: Value]) { self.storage = storage }

    /// An empty table.
    @inlinable
    public init() { storage = [:] }

    /// An empty table with room.
    @inlinable
    public init(minimumCapacity: Int) { storage = Dictionary(minimumCapacity: minimumCapacity) }

    /// A table of pairs, in which keys may stand more than once.
    public init(_ pairs: some Sequence<(String, Value)>, uniquingKeysWith combine: (Value, Value) throws -> Value) rethrows {
        storage = try Dictionary(pairs.lazy.map { (TextKey($0.0), $0.1) }, uniquingKeysWith: combine)
    }

    /// - Parameter pairs: each key once; a second one is a mistake of the program.
    public init(uniqueKeysWithValues pairs: some Sequence<(String, Value)>) {
        storage = Dictionary(uniqueKeysWithValues: pairs.lazy.map { (TextKey($0.0), $0.1) })
    }

    /// Some members, by a text that each of them has.
    public init<Member>(grouping members: some Sequence<Member>, by key: (Member) throws -> String) rethrows where Value == [Member] {
        storage = try Dictionary(grouping: members) { TextKey(try key($0)) }
    }

    /// The value under a key of these bytes; setting `nil` removes it.
    @inlinable
    public subscript(key: String) -> Value? {
        get { storage[TextKey(key)] }
        _modify { yield &storage[TextKey(key)] }
    }

    /// The value under a key, or another one.
    @inlinable
    public subscript(key: String, default value: @autoclosure () -> Value) -> Value {
        get { storage[TextKey(key)] ?? value() }
        _modify { yield &storage[TextKey(key), default: value()] }
    }

    /// How many keys there are.
    @inlinable
    public var count: Int { storage.count }
    /// Whether there is none.
    @inlinable
    public var isEmpty: Bool { storage.isEmpty }
    /// The values, in no order.
    public var values: Dictionary<TextKey, Value>.Values { storage.values }
    /// The keys.
    public var keys: TextSet { TextSet(storage: Set(storage.keys)) }

    /// Whether there is a key of these bytes.
    @inlinable
    public func contains(_ key: String) -> Bool { storage[TextKey(key)] != nil }

    /// Sets a value and returns the one before.
    @discardableResult
    public mutating func updateValue(_ value: Value, forKey key: String) -> Value? { storage.updateValue(value, forKey: TextKey(key)) }

    /// Removes a key and returns its value.
    @discardableResult
    public mutating func removeValue(forKey key: String) -> Value? { storage.removeValue(forKey: TextKey(key)) }

    /// Removes all keys.
    public mutating func removeAll(keepingCapacity: Bool = false) { storage.removeAll(keepingCapacity: keepingCapacity) }

    /// Takes the pairs of another over.
    public mutating func merge(_ other: TextTable, uniquingKeysWith combine: (Value, Value) throws -> Value) rethrows {
        try storage.merge(other.storage, uniquingKeysWith: combine)
    }

    /// This one with the pairs of another.
    public func merging(_ other: TextTable, uniquingKeysWith combine: (Value, Value) throws -> Value) rethrows -> TextTable {
        TextTable(storage: try storage.merging(other.storage, uniquingKeysWith: combine))
    }

    /// The same keys with other values.
    public func mapValues<Other>(_ transform: (Value) throws -> Other) rethrows -> TextTable<Other> { TextTable<Other>(storage: try storage.mapValues(transform)) }

    /// The same keys with other values, but for those that have none.
    public func compactMapValues<Other>(_ transform: (Value) throws -> Other?) rethrows -> TextTable<Other> {
        TextTable<Other>(storage: try storage.compactMapValues(transform))
    }

    /// The pairs of which something holds.
    public func filter(_ isIncluded: (Element) throws -> Bool) rethrows -> TextTable {
        TextTable(storage: try storage.filter { try isIncluded(($0.key.text, $0.value)) })
    }

    /// By the bytes of the keys: an order that two runs of the program share.
    public var sortedByKey: [Element] { storage.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) } }
}

extension TextTable: Sequence {
    public struct Iterator: IteratorProtocol {
        var base: Dictionary<TextKey, Value>.Iterator

        public mutating func next() -> Element? { base.next().map { ($0.key.text, $0.value) } }
    }

    public func makeIterator() -> Iterator { Iterator(base: storage.makeIterator()) }
    public var underestimatedCount: Int { storage.count }
}

extension TextTable: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, Value)...) {
        storage = Dictionary(uniqueKeysWithValues: elements.map { (TextKey($0.0), $0.1) })
    }
}

extension TextTable: Sendable where Value: Sendable {}
extension TextTable: Equatable where Value: Equatable {}
extension TextTable: Hashable where Value: Hashable {}
