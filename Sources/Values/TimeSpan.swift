/// A length of time as users write it: a whole number of milliseconds, `45s` in text.
///
/// Our own noun beside `Swift.Duration`, whose attosecond pair neither prints nor parses the way the language does.
public struct TimeSpan: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func seconds(_ value: Int64) -> TimeSpan { TimeSpan(milliseconds: value * 1000) }
    public static func milliseconds(_ value: Int64) -> TimeSpan { TimeSpan(milliseconds: value) }

    /// Reads `250ms`, `45s`, `1.5m`, `24h`, `7d` and sums of them such as `1h30m`. A unit is required.
    public init?(text: String) {
        let units: [(String, Double)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        var rest = Substring(text)
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard !digits.isEmpty, let value = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { $0.isLetter }
            guard let unit = units.first(where: { $0.0 == letters }) else { return nil }
            rest = rest.dropFirst(letters.count)
            total += value * unit.1
        }
        guard total >= 0, total < 9e15 else { return nil }
        milliseconds = Int64(total.rounded())
    }

    public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.milliseconds < b.milliseconds }

    public var swiftDuration: Duration { .milliseconds(milliseconds) }

    /// Two significant units at most, for people: `840ms`, `12.3s`, `4m 05s`, `2h 10m`, `3d 04h`.
    public var description: String {
        let ms = milliseconds
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        switch ms {
        case ..<1000: return "\(ms)ms"
        case ..<60_000:
            let tenths = ms / 100
            return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
        case ..<3_600_000: return "\(ms / 60_000)m \(two(ms / 1000 % 60))s"
        case ..<86_400_000: return "\(ms / 3_600_000)h \(two(ms / 60_000 % 60))m"
        default: return "\(ms / 86_400_000)d \(two(ms / 3_600_000 % 24))h"
        }
    }
}
