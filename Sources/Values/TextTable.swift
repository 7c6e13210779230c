/// A dictionary whose keys are texts and are equal when their bytes are; see ``TextKey``.
///
/// It has what `Dictionary` has, as far as it is used, and as there its order means nothing.
public struct TextTable<Value> {
    public typealias Element = (key: String, value: Value)

    @usableFromInline
    var storage: [TextKey: Value]

    @inlinable
    init(storage: [TextKey: Value]) { self.storage = storage }

    @inlinable
    public init() { storage = [:] }

    @inlinable
    public init(minimumCapacity: Int) { storage = Dictionary(minimumCapacity: minimumCapacity) }

    public init(_ pairs: some Sequence<(String, Value)>, uniquingKeysWith combine: (Value, Value) throws -> Value) rethrows {
        storage = try Dictionary(pairs.lazy.map { (TextKey($0.0), $0.1) }, uniquingKeysWith: combine)
    }

    /// - Parameter pairs: each key once; a second one is a mistake of the program.
    public init(uniqueKeysWithValues pairs: some Sequence<(String, Value)>) {
        storage = Dictionary(uniqueKeysWithValues: pairs.lazy.map { (TextKey($0.0), $0.1) })
    }

    public init<Member>(grouping members: some Sequence<Member>, by key: (Member) throws -> String) rethrows where Value == [Member] {
        storage = try Dictionary(grouping: members) { TextKey(try key($0)) }
    }

    @inlinable
    public subscript(key: String) -> Value? {
        get { storage[TextKey(key)] }
        _modify { yield &storage[TextKey(key)] }
    }

    @inlinable
    public subscript(key: String, default value: @autoclosure () -> Value) -> Value {
        get { storage[TextKey(key)] ?? value() }
        _modify { yield &storage[TextKey(key), default: value()] }
    }

    @inlinable
    public var count: Int { storage.count }
    @inlinable
    public var isEmpty: Bool { storage.isEmpty }
    public var values: Dictionary<TextKey, Value>.Values { storage.values }
    public var keys: TextSet { TextSet(storage: Set(storage.keys)) }

    @inlinable
    public func contains(_ key: String) -> Bool { storage[TextKey(key)] != nil }

    @discardableResult
    public mutating func updateValue(_ value: Value, forKey key: String) -> Value? { storage.updateValue(value, forKey: TextKey(key)) }

    @discardableResult
    public mutating func removeValue(forKey key: String) -> Value? { storage.removeValue(forKey: TextKey(key)) }

    public mutating func removeAll(keepingCapacity: Bool = false) { storage.removeAll(keepingCapacity: keepingCapacity) }

    public mutating func merge(_ other: TextTable, uniquingKeysWith combine: (Value, Value) throws -> Value) rethrows {
        try storage.merge(other.storage, uniquingKeysWith: combine)
    }

    public func merging(_ other: TextTable, uniquingKeysWith combine: (Value, Value) throws -> Value) rethrows -> TextTable {
        TextTable(storage: try storage.merging(other.storage, uniquingKeysWith: combine))
    }

    public func mapValues<Other>(_ transform: (Value) throws -> Other) rethrows -> TextTable<Other> { TextTable<Other>(storage: try storage.mapValues(transform)) }

    public func compactMapValues<Other>(_ transform: (Value) throws -> Other?) rethrows -> TextTable<Other> {
        TextTable<Other>(storage: try storage.compactMapValues(transform))
    }

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
