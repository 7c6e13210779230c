/// A JSON object: keys in the order in which they were written, each once. Keys are equal when their bytes are.
///
/// Two objects are equal when they hold equal values under equal keys; order does not count,
/// as JSON gives it no meaning. Order does count on the wire, which is why it is kept.
public struct JSONObject: Sendable {
    /// Up to so many keys a look at each is faster than a table, and costs no memory.
    private static let few = 16

    private var pairs: [(key: String, value: JSONValue)]
    /// Where each key stands; empty up to a few.
    private var positions: [TextKey: Int] = [:]

    /// An object without keys.
    public init() { pairs = [] }

    /// An object without keys, and with room.
    public init(minimumCapacity: Int) {
        pairs = []
        pairs.reserveCapacity(minimumCapacity)
    }

    /// Later values win when a key stands twice.
    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        self.init(minimumCapacity: pairs.underestimatedCount)
        for (key, value) in pairs { _ = replace(value, forKey: key) }
    }

    /// How many keys there are.
    public var count: Int { pairs.count }
    /// Whether there is none.
    public var isEmpty: Bool { pairs.isEmpty }
    /// In the order in which they were written.
    public var keys: [String] { pairs.map(\.key) }
    /// In the order of their keys.
    public var values: [JSONValue] { pairs.map(\.value) }

    /// Setting a key that exists keeps its place; setting `nil` removes it.
    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { pairs[$0].value } }
        set {
            if let newValue { _ = replace(newValue, forKey: key) } else { remove(key) }
        }
    }

    /// Whether there is a key of these bytes.
    public func contains(_ key: String) -> Bool { position(of: key) != nil }

    /// Appends or replaces, and says whether the key was new.
    @discardableResult
    public mutating func insert(_ value: JSONValue, forKey key: String) -> Bool { replace(value, forKey: key) == nil }

    /// Sets a value.
    ///
    /// - Returns: the one whose place it took.
    mutating func replace(_ value: JSONValue, forKey key: String) -> JSONValue? {
        if let position = position(of: key) {
            let before = pairs[position].value
            pairs[position].value = value
            return before
        }
        pairs.append((key, value))
        if !positions.isEmpty {
            positions[TextKey(key)] = pairs.count - 1
        } else if pairs.count > Self.few {
            tabulate()
        }
        return nil
    }

    /// A copy with one more value, for building small documents in one expression. `nil` adds nothing.
    public func with(_ key: String, _ value: JSONValue?) -> JSONObject {
        guard let value else { return self }
        var copy = self
        copy[key] = value
        return copy
    }

    private func position(of key: String) -> Int? {
        if !positions.isEmpty { return positions[TextKey(key)] }
        return pairs.withUnsafeBufferPointer { pairs in
            for index in 0..<pairs.count where pairs[index].key.hasSameBytes(as: key) { return index }
            return nil
        }
    }

    private mutating func remove(_ key: String) {
        guard let position = position(of: key) else { return }
        pairs.remove(at: position)
        guard !positions.isEmpty else { return }
        positions.removeAll(keepingCapacity: true)
        if pairs.count > Self.few { tabulate() }
    }

    private mutating func tabulate() {
        positions.reserveCapacity(2 * pairs.count)
        for (index, pair) in pairs.enumerated() { positions[TextKey(pair.key)] = index }
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> IndexingIterator<[(key: String, value: JSONValue)]> { pairs.makeIterator() }
    public var underestimatedCount: Int { pairs.count }
}

extension JSONObject: Hashable {
    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        guard a.count == b.count else { return false }
        for index in 0..<a.count {
            let pair = a.pairs[index]
            // Most objects that are compared have one order.
            if b.pairs[index].key.hasSameBytes(as: pair.key) {
                guard b.pairs[index].value == pair.value else { return false }
            } else {
                guard let other = b[pair.key], other == pair.value else { return false }
            }
        }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        // Order-free, as equality is.
        var mixed = 0
        for (key, value) in pairs {
            var element = Hasher()
            key.hashBytes(into: &element)
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
    public func pair(at index: Int) -> (key: String, value: JSONValue) { pairs[index] }
}
