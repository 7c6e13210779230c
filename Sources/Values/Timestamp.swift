#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A moment in UTC: whole microseconds since 1970.
///
/// Foundation's `Date` is a binary fraction and its formatters are slow on Linux; ledgers need neither.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let microseconds: Int64

    /// The first and the last moment that has a date of four digits: no sum with a span of time is beyond what can be counted.
    private static let range: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999

    /// - Parameter microseconds: one beyond the years 1 to 9999 is the nearest of them.
    public init(microseconds: Int64) { self.microseconds = min(max(microseconds, Self.range.lowerBound), Self.range.upperBound) }

    /// The wall clock.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Whole milliseconds since 1970, rounded down.
    public var milliseconds: Int64 { microseconds >= 0 ? microseconds / 1000 : (microseconds - 999) / 1000 }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

    public func adding(_ span: TimeSpan) -> Timestamp {
        Timestamp(microseconds: microseconds + span.milliseconds * 1000)
    }

    /// Whole milliseconds from `earlier` to here; negative if the clock went back.
    public func since(_ earlier: Timestamp) -> TimeSpan {
        TimeSpan(milliseconds: (microseconds - earlier.microseconds) / 1000)
    }

    private var civil: (year: Int, month: Int, day: Int, secondOfDay: Int, micro: Int) {
        let seconds = microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
        let micro = Int(microseconds - seconds * 1_000_000)
        let days = Int(seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
        let secondOfDay = Int(seconds) - days * 86_400
        let (year, month, day) = Self.date(daysSinceEpoch: days)
        return (year, month, day, secondOfDay, micro)
    }

    /// RFC 3339 in UTC with six decimals, as the ledger stores it: sorts as text. `2026-11-21T09:48:15.000000Z`.
    public var rfc3339: String {
        let c = civil
        var text = [UInt8]()
        text.reserveCapacity(27)
        Self.pad(c.year, 4, &text); text.append(0x2D)
        Self.pad(c.month, 2, &text); text.append(0x2D)
        Self.pad(c.day, 2, &text); text.append(UInt8(ascii: "T"))
        Self.pad(c.secondOfDay / 3600, 2, &text); text.append(0x3A)
        Self.pad(c.secondOfDay / 60 % 60, 2, &text); text.append(0x3A)
        Self.pad(c.secondOfDay % 60, 2, &text); text.append(0x2E)
        Self.pad(c.micro, 6, &text); text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// `2026-11-21 09:48:15`, UTC, for people.
    public var shortText: String { String(rfc3339.prefix(19)).replacingBytes(of: "T", with: " ") }

    /// `2026-11-21`, UTC.
    public var dateText: String { String(rfc3339.prefix(10)) }

    public var description: String { rfc3339 }

    private static func pad(_ value: Int, _ width: Int, _ output: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            output.append(UInt8(0x30 + value / divisor % 10))
            divisor /= 10
        }
    }

    /// Reads RFC 3339 (`Z` or an offset, any number of decimals) and a bare date (midnight UTC).
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        func number(_ from: Int, _ count: Int) -> Int? {
            guard from + count <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[from..<from + count] {
                guard byte &- 0x30 < 10 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), bytes[4] == 0x2D, bytes[7] == 0x2D,
            (1...12).contains(month), (1...Self.daysIn(month: month, year: year)).contains(day)
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        if bytes.count == 10 {
            microseconds = Int64(days) * 86_400_000_000
            return
        }
        guard bytes.count >= 20, [UInt8(ascii: "T"), UInt8(ascii: "t"), 0x20].contains(bytes[10]),
            let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
            bytes[13] == 0x3A, bytes[16] == 0x3A, hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        var micro: Int64 = 0
        if bytes[index] == 0x2E {
            index += 1
            var scale: Int64 = 100_000
            let start = index
            while index < bytes.count, bytes[index] &- 0x30 < 10 {
                micro += Int64(bytes[index] - 0x30) * scale
                scale /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        guard index < bytes.count else { return nil }
        var offset = 0
        switch bytes[index] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): guard index + 1 == bytes.count else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard index + 6 == bytes.count, bytes[index + 3] == 0x3A,
                let hours = number(index + 1, 2), let minutes = number(index + 4, 2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[index] == UInt8(ascii: "-") ? -60 : 60)
        default: return nil
        }
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        microseconds = seconds * 1_000_000 + micro
    }

    private static func daysIn(month: Int, year: Int) -> Int {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    // The proleptic Gregorian calendar by eras of 400 years: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(daysSinceEpoch: Int) -> (Int, Int, Int) {
        let z = daysSinceEpoch + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let mp = (5 * dayOfYear + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * mp + 2) / 5 + 1)
    }
}
