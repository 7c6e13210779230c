import OrderedCollections

/// A JSON object: keys in the order in which they were written, each once.
///
/// Two objects are equal when they hold equal values under equal keys; order does not count,
/// as JSON gives it no meaning. Order does count on the wire, which is why it is kept.
public struct JSONObject: Sendable {
    private var storage: OrderedDictionary<String, JSONValue>

    public init() { storage = [:] }

    public init(minimumCapacity: Int) { storage = OrderedDictionary(minimumCapacity: minimumCapacity) }

    /// Later values win when a key stands twice.
    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        storage = [:]
        for (key, value) in pairs { storage[key] = value }
    }

    public var count: Int { storage.count }
    public var isEmpty: Bool { storage.isEmpty }
    public var keys: some RandomAccessCollection<String> { storage.keys }
    public var values: some RandomAccessCollection<JSONValue> { storage.values }

    /// Setting a key that exists keeps its place; setting `nil` removes it.
    public subscript(key: String) -> JSONValue? {
        get { storage[key] }
        set { storage[key] = newValue }
    }

    public func contains(_ key: String) -> Bool { storage.keys.contains(key) }

    /// Appends or replaces, and says whether the key was new.
    @discardableResult
    public mutating func insert(_ value: JSONValue, forKey key: String) -> Bool {
        storage.updateValue(value, forKey: key) == nil
    }

    /// Sets a value.
    ///
    /// - Returns: the one whose place it took.
    mutating func replace(_ value: JSONValue, forKey key: String) -> JSONValue? { storage.updateValue(value, forKey: key) }

    /// A copy with one more value, for building small documents in one expression. `nil` adds nothing.
    public func with(_ key: String, _ value: JSONValue?) -> JSONObject {
        guard let value else { return self }
        var copy = self
        copy[key] = value
        return copy
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
        var index = 0
        let elements = storage.elements
        return AnyIterator {
            guard index < elements.count else { return nil }
            defer { index += 1 }
            return elements[index]
        }
    }
}

extension JSONObject: Hashable {
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        guard a.count == b.count else { return false }
        return a.storage.elements.allSatisfy { b.storage[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        // Order-free, as equality is.
        var mixed = 0
        for (key, value) in storage.elements {
            var element = Hasher()
            element.combine(key)
            element.combine(value)
            mixed ^= element.finalize()
        }
        hasher.combine(mixed)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONObject {
    /// Visits the pairs in order without the cost of an iterator's box.
    @inlinable
    public func forEachPair(_ body: (String, JSONValue) throws -> Void) rethrows {
        for index in 0..<count {
            let (key, value) = pair(at: index)
            try body(key, value)
        }
    }

    /// The pair at a position in order of writing, `0 ..< count`.
    public func pair(at index: Int) -> (key: String, value: JSONValue) { storage.elements[index] }
}
