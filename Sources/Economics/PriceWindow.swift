import Values

/// The hours of a week at which a price holds, in universal time: no clock is put forward or back there.
public struct PriceWindow: Sendable, Hashable {
    /// What the vendor calls it: `off_peak`.
    public let name: String
    /// Days of the week from Monday, 1, and spans of hours, such as `1-5 00:00-01:00 04:00-06:00; 6-7 00:00-24:00`.
    public let hours: String
    /// Minutes from Monday 00:00, the end exclusive, in order and apart.
    private let spans: [Range<Int>]

    private static let minutesOfDay = 24 * 60
    private static let minutesOfWeek = 7 * minutesOfDay
    private static let microsecondsOfMinute: Int64 = 60_000_000

    /// - Returns: `nil`: these are no hours. A span does not go over midnight; it is written as two.
    public init?(name: String, hours: String) {
        var spans: [Range<Int>] = []
        for part in hours.parts(at: UInt8(ascii: ";")) {
            let words = part.parts(at: UInt8(ascii: " "))
            guard words.count > 1, let days = Self.range(words[0], { Int($0) }), (1...7).contains(days.0), (days.0...7).contains(days.1) else { return nil }
            for word in words.dropFirst() {
                guard let (from, to) = Self.range(word, Self.minutes), from < to else { return nil }
                for day in days.0...days.1 {
                    let start = (day - 1) * Self.minutesOfDay
                    spans.append(start + from..<start + to)
                }
            }
        }
        spans.sort { $0.lowerBound < $1.lowerBound }
        guard !spans.isEmpty, zip(spans, spans.dropFirst()).allSatisfy({ $0.upperBound <= $1.lowerBound }) else { return nil }
        self.name = name
        self.hours = hours
        self.spans = spans
    }

    public func contains(_ moment: Timestamp) -> Bool {
        let minute = Self.minuteOfWeek(moment)
        return spans.contains { $0.contains(minute) }
    }

    /// The next moment at which it may begin or end.
    func nextChange(after moment: Timestamp) -> Timestamp {
        let minute = Self.minuteOfWeek(moment)
        let bounds = spans.flatMap { [$0.lowerBound, $0.upperBound] }
        let next = bounds.filter { $0 > minute }.min() ?? bounds.min()! + Self.minutesOfWeek
        let start = Self.floor(moment.microseconds, Self.microsecondsOfMinute)
        return Timestamp(microseconds: start + Int64(next - minute) * Self.microsecondsOfMinute)
    }

    private static func minuteOfWeek(_ moment: Timestamp) -> Int {
        // The first of January 1970 was a Thursday.
        let minute = floor(moment.microseconds, microsecondsOfMinute) / microsecondsOfMinute + Int64(3 * minutesOfDay)
        let week = Int64(minutesOfWeek)
        return Int((minute % week + week) % week)
    }

    private static func floor(_ value: Int64, _ unit: Int64) -> Int64 { value - (value % unit + unit) % unit }

    private static func range(_ text: Substring, _ value: (Substring) -> Int?) -> (Int, Int)? {
        let ends = text.parts(at: UInt8(ascii: "-"), omittingEmptyParts: false)
        guard let first = ends.first.flatMap(value), let last = ends.last.flatMap(value), ends.count <= 2 else { return nil }
        return (first, last)
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.parts(at: UInt8(ascii: ":"), omittingEmptyParts: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hour = Int(parts[0]), let minute = Int(parts[1]), (0...59).contains(minute),
            (0...24).contains(hour), hour * 60 + minute <= minutesOfDay, hour >= 0
        else { return nil }
        return hour * 60 + minute
    }
}

extension PriceWindow {
    var json: JSONValue { ["name": .string(name), "hours": .string(hours)] }

    init?(json: JSONValue) {
        guard let name = json["name"]?.stringValue, let hours = json["hours"]?.stringValue else { return nil }
        self.init(name: name, hours: hours)
    }
}
