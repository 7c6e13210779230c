import Values

/// When summer time begins and ends, year after year: the `TZ` text of POSIX, `CET-1CEST,M3.5.0,M10.5.0/3`.
struct TimeZoneRule: Sendable {
    private struct Day {
        enum Kind { case julian(Int), zeroBased(Int), week(month: Int, week: Int, day: Int) }
        let kind: Kind
        /// Seconds after midnight, local time; may be negative or beyond a day.
        let time: Int64
    }

    private let standard: Int64
    private let summer: (offset: Int64, from: Day, to: Day)?

    /// `nil` when the text is no rule.
    init?(_ text: String) {
        var reader = Reader(text: Substring(text))
        guard reader.name(), let standard = reader.offset() else { return nil }
        self.standard = -standard
        guard !reader.text.isEmpty else {
            summer = nil
            return
        }
        guard reader.name() else { return nil }
        let offset = reader.text.first == "," ? standard - 3600 : reader.offset() ?? standard - 3600
        guard reader.take(","), let from = reader.day(), reader.take(","), let to = reader.day(), reader.text.isEmpty else { return nil }
        summer = (-offset, from, to)
    }

    private struct Reader {
        var text: Substring

        mutating func take(_ character: Character) -> Bool {
            guard text.first == character else { return false }
            text.removeFirst()
            return true
        }

        /// `CET`, `<+0330>`.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = text.firstIndex(of: ">") else { return false }
                text = text[text.index(after: end)...]
                return true
            }
            let letters = text.prefix { $0.isLetter }
            text = text[letters.endIndex...]
            return !letters.isEmpty
        }

        mutating func number() -> Int64? {
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            text = text[digits.endIndex...]
            return digits.count <= 6 ? Int64(digits) : nil
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func offset() -> Int64? {
            let isNegative = text.first == "-"
            if isNegative || text.first == "+" { text.removeFirst() }
            guard var seconds = number().map({ $0 * 3600 }) else { return nil }
            if take(":") { seconds += (number() ?? 0) * 60 }
            if take(":") { seconds += number() ?? 0 }
            return isNegative ? -seconds : seconds
        }

        mutating func day() -> Day? {
            let kind: Day.Kind
            if take("J") {
                guard let day = number() else { return nil }
                kind = .julian(Int(day))
            } else if take("M") {
                guard let month = number(), take("."), let week = number(), take("."), let day = number(), (1...12).contains(month),
                    (1...5).contains(week), (0...6).contains(day)
                else { return nil }
                kind = .week(month: Int(month), week: Int(week), day: Int(day))
            } else {
                guard let day = number() else { return nil }
                kind = .zeroBased(Int(day))
            }
            return Day(kind: kind, time: take("/") ? offset() ?? 7200 : 7200)
        }
    }

    func offset(at time: Int64) -> Int64 {
        guard let summer else { return standard }
        let year = Self.year(at: time + standard)
        let start = Self.seconds(summer.from, year) - standard
        let end = Self.seconds(summer.to, year) - summer.offset
        let isSummer = start < end ? time >= start && time < end : time >= start || time < end
        return isSummer ? summer.offset : standard
    }

    private static func year(at time: Int64) -> Int {
        Int(Timestamp(microseconds: time * 1_000_000).rfc3339.prefix(4)) ?? 9999
    }

    /// Days since 1970 of a date.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = Timestamp(rfc3339: "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))")
        return (date?.microseconds ?? 0) / 86_400_000_000
    }

    /// When the day's time comes, in local seconds since 1970.
    private static func seconds(_ day: Day, _ year: Int) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days: Int64
        switch day.kind {
        case .julian(let number): days = Self.days(year, 1, 1) + Int64(number - 1 + (isLeap && number >= 60 ? 1 : 0))
        case .zeroBased(let number): days = Self.days(year, 1, 1) + Int64(number)
        case .week(let month, let week, let weekday):
            let first = Self.days(year, month, 1)
            // 1970-01-01 was a Thursday, day 4.
            let offset = (Int64(weekday) - (first + 4) % 7 + 14) % 7
            var found = first + offset + Int64(week - 1) * 7
            let next = month == 12 ? Self.days(year, 12, 31) + 1 : Self.days(year, month + 1, 1)
            while found >= next { found -= 7 }
            days = found
        }
        return days * 86_400 + day.time
    }
}
