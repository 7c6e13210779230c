import Values

/// JSON numbers by mathematical value, whatever form they were written in.
enum Numbers {
    static func isNumber(_ value: JSONValue) -> Bool {
        switch value {
        case .int, .double, .bigInt: true
        default: false
        }
    }

    /// Whether the value has no fraction; `1.0` is an integer.
    static func isInteger(_ value: JSONValue) -> Bool {
        switch value {
        case .int, .bigInt: true
        case .double(let number): number == number.rounded(.towardZero)
        default: false
        }
    }

    /// -1, 0 or 1. Both must be numbers.
    static func compare(_ a: JSONValue, _ b: JSONValue) -> Int {
        switch (a, b) {
        case (.int(let a), .int(let b)): a < b ? -1 : a == b ? 0 : 1
        case (.double(let a), .double(let b)): a < b ? -1 : a == b ? 0 : 1
        case (.int(let a), .double(let b)): compare(a, b)
        case (.double(let a), .int(let b)): -compare(b, a)
        default: Decimal(a).compare(Decimal(b))
        }
    }

    /// Exact, where converting the integer would round it.
    private static func compare(_ a: Int64, _ b: Double) -> Int {
        if b >= 0x1p63 { return -1 }
        if b < -0x1p63 { return 1 }
        let whole = Int64(b.rounded(.down))
        if a != whole { return a < whole ? -1 : 1 }
        return b > Double(whole) ? -1 : 0
    }
}
