/// A part of a whole, from nothing to all of it: `30%`, `0.5%`. Exact, in millionths.
public struct Share: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// From 0 to 1,000,000.
    public let millionths: Int

    public static let whole = 1_000_000

    /// `nil` outside of 0 to 1,000,000.
    public init?(millionths: Int) {
        guard 0...Self.whole ~= millionths else { return nil }
        self.millionths = millionths
    }

    /// Reads `0%` to `100%`, with at most four decimals. The sign is required.
    public init?(text: String) {
        guard text.utf8.last == UInt8(ascii: "%") else { return nil }
        let parts = text.utf8.dropLast().split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ part in !part.isEmpty && part.allSatisfy { $0 &- 0x30 < 10 } }),
            parts[0].count <= 2 || parts[0].elementsEqual("100".utf8), parts.count == 1 || parts[1].count <= 4
        else { return nil }
        var decimals = parts.count == 2 ? Array(parts[1]) : []
        while decimals.count < 4 { decimals.append(UInt8(ascii: "0")) }
        self.init(millionths: (parts[0] + decimals).reduce(0) { $0 * 10 + Int($1 &- 0x30) })
    }

    /// This part of an amount, rounded down.
    public func of(_ amount: Int64) -> Int64 {
        let whole = Int64(Self.whole)
        return amount / whole * Int64(millionths) + amount % whole * Int64(millionths) / whole
    }

    public static func < (a: Share, b: Share) -> Bool { a.millionths < b.millionths }

    public var description: String {
        var text = "\(millionths / 10_000)"
        var rest = millionths % 10_000
        if rest > 0 {
            text += "."
            for unit in [1000, 100, 10, 1] where rest > 0 {
                text += "\(rest / unit)"
                rest %= unit
            }
        }
        return text + "%"
    }
}
