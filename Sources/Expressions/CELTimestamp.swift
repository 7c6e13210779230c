import Values

/// A moment as CEL has it: to the nanosecond, from year 1 to 9999.
public struct CELTimestamp: Sendable, Hashable, Comparable {
    /// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
    static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Whole seconds since 1970, rounded down.
    public let seconds: Int64
    /// From 0 to 999,999,999.
    public let nanoseconds: Int32

    /// `nil` when it is outside of what CEL has.
    public init?(checking seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.secondsRange.contains(seconds) else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Reads RFC 3339 with time and zone; digits beyond nanoseconds are dropped.
    public init?(rfc3339 text: String) {
        guard text.utf8.count >= 20, let time = Timestamp(rfc3339: text) else { return nil }
        var nanoseconds: Int32 = 0
        let fraction = text.utf8.dropFirst(19)
        if fraction.first == UInt8(ascii: ".") {
            var scale: Int32 = 100_000_000
            for digit in fraction.dropFirst().prefix(while: \.isDigit).prefix(9) {
                nanoseconds += Int32(digit - 0x30) * scale
                scale /= 10
            }
        }
        let (quotient, rest) = time.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(checking: rest < 0 ? quotient - 1 : quotient, nanoseconds: nanoseconds)
    }

    public static func < (a: CELTimestamp, b: CELTimestamp) -> Bool { (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds) }

    /// `nil` when it leaves the range.
    func adding(nanoseconds span: Int64) -> CELTimestamp? {
        let (quotient, rest) = span.quotientAndRemainder(dividingBy: 1_000_000_000)
        var seconds = seconds + quotient
        var nanoseconds = Int64(nanoseconds) + rest
        if nanoseconds < 0 {
            seconds -= 1
            nanoseconds += 1_000_000_000
        } else if nanoseconds >= 1_000_000_000 {
            seconds += 1
            nanoseconds -= 1_000_000_000
        }
        return CELTimestamp(checking: seconds, nanoseconds: Int32(nanoseconds))
    }

    /// From `earlier` to here in nanoseconds; `nil` beyond 292 years.
    func since(_ earlier: CELTimestamp) -> Int64? {
        let (span, isOver) = (seconds - earlier.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isStillOver) = span.addingReportingOverflow(Int64(nanoseconds - earlier.nanoseconds))
        return isOver || isStillOver ? nil : sum
    }

    /// RFC 3339 in UTC, with as many decimals as there are.
    public var rfc3339: String {
        let whole = Timestamp(microseconds: seconds * 1_000_000).rfc3339.prefix(19)
        return whole + CELText.decimals(nanoseconds: UInt64(nanoseconds)) + "Z"
    }
}
