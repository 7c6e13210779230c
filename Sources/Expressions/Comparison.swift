#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Equality and order of values, paid for by the element and by 32 bytes of text.
struct Comparison {
    enum Order { case less, equal, greater, unordered }

    /// Negative when it ran out; the answer is then worthless.
    var fuel: Int
    /// An unknown took part: a `true` is then a maybe.
    var sawUnknown = false

    init(fuel: Int) { self.fuel = fuel }

    mutating func equal(_ a: CELValue, _ b: CELValue) -> Bool {
        fuel -= 1
        if fuel < 0 { return false }
        switch (a, b) {
        case (.unknown, _), (_, .unknown):
            sawUnknown = true
            return true
        case (.null, .null): return true
        case (.bool(let x), .bool(let y)): return x == y
        case (.string(let x), .string(let y)):
            guard x.utf8.count == y.utf8.count else { return false }
            fuel -= x.utf8.count / 32
            return Self.order(x, y) == .equal
        case (.bytes(let x), .bytes(let y)):
            fuel -= x.count / 32
            return x == y
        case (.timestamp(let x), .timestamp(let y)): return x == y
        case (.duration(let x), .duration(let y)): return x == y
        case (.type(let x), .type(let y)): return x == y
        case (.list(let x), .list(let y)):
            guard x.count == y.count else { return false }
            for index in 0..<x.count where !equal(x[index], y[index]) { return false }
            return true
        case (.map(let x), .map(let y)):
            guard x.count == y.count else { return false }
            fuel -= x.count
            for key in x.keys {
                guard let left = x[key], let right = y[key], equal(left, right) else { return false }
            }
            return true
        default: return Self.numberOrder(a, b) == .equal
        }
    }

    /// `nil` when the two have no order.
    static func order(_ a: CELValue, _ b: CELValue) -> Order? {
        switch (a, b) {
        case (.string(let x), .string(let y)): order(x, y)
        case (.bool(let x), .bool(let y)): x == y ? .equal : y ? .less : .greater
        case (.timestamp(let x), .timestamp(let y)): order(of: x, y)
        case (.duration(let x), .duration(let y)): order(of: x, y)
        case (.bytes(let x), .bytes(let y)): x.lexicographicallyPrecedes(y) ? .less : x == y ? .equal : .greater
        default: numberOrder(a, b)
        }
    }

    /// Numbers of any two types by value; `nil` when one is no number.
    static func numberOrder(_ a: CELValue, _ b: CELValue) -> Order? {
        switch (a, b) {
        case (.int(let x), .int(let y)): order(of: x, y)
        case (.uint(let x), .uint(let y)): order(of: x, y)
        case (.double(let x), .double(let y)): x < y ? .less : x == y ? .equal : x > y ? .greater : .unordered
        case (.int(let x), .uint(let y)): x < 0 ? .less : order(of: UInt64(x), y)
        case (.uint(let x), .int(let y)): y < 0 ? .greater : order(of: x, UInt64(y))
        case (.int(let x), .double(let y)): order(x, y)
        case (.uint(let x), .double(let y)): order(x, y)
        case (.double(let x), .int(let y)): order(y, x).reversed
        case (.double(let x), .uint(let y)): order(y, x).reversed
        case (.wide(let x), .wide(let y)): order(digits: x, y)
        case (.wide(let x), .double(let y)): order(of: Double(x) ?? .infinity, y)
        case (.double(let x), .wide(let y)): order(of: x, Double(y) ?? .infinity)
        // Beyond every int and uint, on its side of them.
        case (.wide(let x), .int), (.wide(let x), .uint): x.utf8.first == UInt8(ascii: "-") ? .less : .greater
        case (.int, .wide(let y)), (.uint, .wide(let y)): y.utf8.first == UInt8(ascii: "-") ? .greater : .less
        default: nil
        }
    }

    /// Whole numbers by their digits, which have no zeros in front.
    private static func order(digits x: String, _ y: String) -> Order {
        let isNegative = (x.utf8.first == UInt8(ascii: "-"), y.utf8.first == UInt8(ascii: "-"))
        guard isNegative.0 == isNegative.1 else { return isNegative.0 ? .less : .greater }
        let magnitude = x.utf8.count == y.utf8.count ? order(x, y) : order(of: x.utf8.count, y.utf8.count)
        return isNegative.0 ? magnitude.reversed : magnitude
    }

    private static func order<T: Comparable>(of x: T, _ y: T) -> Order { x < y ? .less : x == y ? .equal : .greater }

    // As a double, as the conformance cases of CEL have it: beyond 2^53 neighbours are equal.
    private static func order<I: FixedWidthInteger>(_ x: I, _ y: Double) -> Order {
        let x = Double(x)
        return x < y ? .less : x == y ? .equal : x > y ? .greater : .unordered
    }

    /// By code points, which UTF-8 keeps in order. `String`'s own `==` takes canonically equal texts for one; CEL does not.
    static func order(_ x: String, _ y: String) -> Order {
        let fast = x.utf8.withContiguousStorageIfAvailable { a in
            y.utf8.withContiguousStorageIfAvailable { b -> Order in
                let common = min(a.count, b.count)
                let difference = common == 0 ? 0 : memcmp(a.baseAddress!, b.baseAddress!, common)
                if difference != 0 { return difference < 0 ? .less : .greater }
                return order(of: a.count, b.count)
            }
        }
        if let fast, let fast { return fast }
        return x.utf8.lexicographicallyPrecedes(y.utf8) ? .less : x.utf8.elementsEqual(y.utf8) ? .equal : .greater
    }
}

extension Comparison.Order {
    var reversed: Self {
        switch self {
        case .less: .greater
        case .greater: .less
        case .equal, .unordered: self
        }
    }
}
