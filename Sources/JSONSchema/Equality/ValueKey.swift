import Values

/// A JSON value under the equality of JSON Schema: numbers by value, strings by code points, objects without order.
///
/// `JSONValue` itself tells `1` from `1.0`, as hashes and wires must.
struct ValueKey: Hashable {
    let value: JSONValue

    init(_ value: JSONValue) { self.value = value }

    static func == (a: ValueKey, b: ValueKey) -> Bool { areEqual(a.value, b.value) }

    static func areEqual(_ a: JSONValue, _ b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy(areEqual)
        case (.object(let a), .object(let b)):
            a.count == b.count
                && (0..<a.count).allSatisfy { position in
                    let (key, value) = a.pair(at: position)
                    return b[key].map { areEqual(value, $0) } ?? false
                }
        default: Numbers.isNumber(a) && Numbers.isNumber(b) && Numbers.compare(a, b) == 0
        }
    }

    func hash(into hasher: inout Hasher) { Self.hash(value, into: &hasher) }

    private static func hash(_ value: JSONValue, into hasher: inout Hasher) {
        switch value {
        case .null: hasher.combine(0)
        case .bool(let flag): hasher.combine(flag)
        case .int, .double, .bigInt: hasher.combine(value.doubleValue ?? .infinity)
        case .string(let text): text.hashBytes(into: &hasher)
        case .array(let elements):
            hasher.combine(elements.count)
            for element in elements { hash(element, into: &hasher) }
        case .object(let object):
            // Order-free, as equality is.
            var mixed = 0
            object.forEachPair { key, value in
                var pair = Hasher()
                key.hashBytes(into: &pair)
                hash(value, into: &pair)
                mixed ^= pair.finalize()
            }
            hasher.combine(object.count)
            hasher.combine(mixed)
        }
    }
}
