import Values

/// Reading times and durations, and the parts of a time.
enum CELTime {
    /// Sums such as `1h30m`, `-1.5s`, `250ms`; in nanoseconds. `nil` when it is no duration or does not fit.
    static func duration(_ text: String) -> Int64? {
        var rest = Substring(text).utf8
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) { return 0 }
        guard !rest.isEmpty else { return nil }
        var total: UInt128 = 0
        while !rest.isEmpty {
            let whole = rest.prefix { $0.isDigit }
            rest = rest.dropFirst(whole.count)
            var fraction = rest.prefix(0)
            if rest.first == UInt8(ascii: ".") {
                fraction = rest.dropFirst().prefix { $0.isDigit }
                rest = rest.dropFirst(1 + fraction.count)
            }
            guard whole.count + fraction.count > 0, whole.count <= 19 else { return nil }
            let letters = rest.prefix { !$0.isDigit && $0 != UInt8(ascii: ".") }
            rest = rest.dropFirst(letters.count)
            let unit: UInt128
            switch String(Substring(letters)) {
            case "h": unit = 3_600_000_000_000
            case "m": unit = 60_000_000_000
            case "s": unit = 1_000_000_000
            case "ms": unit = 1_000_000
            case "us", "µs", "μs": unit = 1000
            case "ns": unit = 1
            default: return nil
            }
            var scale: UInt128 = 1
            var decimals: UInt128 = 0
            for digit in fraction.prefix(18) {
                decimals = decimals * 10 + UInt128(digit - 0x30)
                scale *= 10
            }
            let amount = whole.reduce(UInt128(0)) { $0 * 10 + UInt128($1 - 0x30) }
            total += amount * unit + decimals * unit / scale
            guard total <= UInt128(Int64.max) else { return nil }
        }
        return isNegative ? -Int64(total) : Int64(total)
    }

    /// Seconds east of UTC for `UTC`, `Z`, `HH:MM` and `±HH:MM`.
    static func offset(_ zone: String) -> Int64? {
        if ["UTC", "Z", "GMT", "Etc/UTC", ""].contains(zone) { return 0 }
        var text = Substring(zone)
        let isWest = text.first == "-"
        if isWest || text.first == "+" { text = text.dropFirst() }
        let parts = text.parts(at: UInt8(ascii: ":"), omittingEmptyParts: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(\.isDigit) }), let hours = Int64(parts[0]),
            let minutes = Int64(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }

    static func part(_ function: Function, of time: CELTimestamp, offset: Int64) -> Int64 {
        let local = Timestamp(microseconds: (time.seconds + offset) * 1_000_000)
        let text = Array(local.rfc3339.utf8)
        func number(_ from: Int, _ count: Int) -> Int64 { text[from..<from + count].reduce(0) { $0 * 10 + Int64($1 &- 0x30) } }
        let year = number(0, 4)
        switch function {
        case .getFullYear: return year
        case .getMonth: return number(5, 2) - 1
        case .getDayOfMonth: return number(8, 2) - 1
        case .getDate: return number(8, 2)
        case .getHours: return number(11, 2)
        case .getMinutes: return number(14, 2)
        case .getSeconds: return number(17, 2)
        case .getMilliseconds: return Int64(time.nanoseconds / 1_000_000)
        case .getDayOfWeek:
            let day: Int64 = 86_400_000_000
            let days = local.microseconds / day - (local.microseconds % day < 0 ? 1 : 0)
            return ((days + 4) % 7 + 7) % 7
        default:
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let before: [Int64] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
            let month = Int(number(5, 2))
            return before[month - 1] + (isLeap && month > 2 ? 1 : 0) + number(8, 2) - 1
        }
    }

    static func part(_ function: Function, ofDuration nanoseconds: Int64) -> Int64? {
        switch function {
        case .getHours: nanoseconds / 3_600_000_000_000
        case .getMinutes: nanoseconds / 60_000_000_000
        case .getSeconds: nanoseconds / 1_000_000_000
        case .getMilliseconds: nanoseconds / 1_000_000 % 1000
        default: nil
        }
    }
}
