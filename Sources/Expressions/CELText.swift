import Values

/// Values as text: what `string(x)` answers and what `${{ }}` writes.
enum CELText {
    /// The text of a value without parts; `nil` for lists, maps, bytes, null, unknown.
    static func scalar(_ value: CELValue) -> String? {
        switch value {
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .uint(let value): String(value)
        case .double(let value): double(value)
        case .wide(let digits): digits
        case .string(let value): value
        case .timestamp(let time): time.rfc3339
        case .duration(let nanoseconds): duration(nanoseconds)
        case .type(let type): type.rawValue
        case .null, .bytes, .list, .map, .unknown: nil
        }
    }

    /// The text as a literal that can be printed: in quotes, with escapes for what cannot be seen.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{07}": result += "\\a"
            case "\u{08}": result += "\\b"
            case "\u{0C}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0B}": result += "\\v"
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// The shortest decimal that reads back as the same double; no `.0`.
    static func double(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// Seconds with as many decimals as there are: `12.5s`.
    static func duration(_ nanoseconds: Int64) -> String {
        let (seconds, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        return (nanoseconds < 0 ? "-" : "") + String(seconds) + decimals(nanoseconds: rest) + "s"
    }

    /// A point and the decimals of a second, without zeros at the end; nothing for a whole second.
    static func decimals(nanoseconds: UInt64) -> String {
        if nanoseconds == 0 { return "" }
        let digits = String(nanoseconds)
        var decimals = Substring(String(repeating: "0", count: 9 - digits.count) + digits)
        while decimals.last == "0" { decimals = decimals.dropLast() }
        return "." + decimals
    }
}
