/// How many bytes of a prompt a token of a model had in calls that were billed: what its prompts probably come to, and never what is held
/// for them.
public struct TokenRatio: Sendable, Hashable {
    /// A billed prompt.
    public struct Sample: Sendable, Hashable {
        public let bytes: Int
        public let tokens: Int

        public init(bytes: Int, tokens: Int) {
            self.bytes = bytes
            self.tokens = tokens
        }
    }

    /// Fewer say too little.
    public static let least = 3
    /// The latest that are looked at.
    public static let most = 40

    public let calls: Int
    /// Of all of them.
    public let bytes: Int
    public let tokens: Int
    /// Bytes a token, in thousandths: a tenth of the calls had less, a tenth had more.
    public let low: Int
    public let high: Int

    /// - Returns: `nil` where there are too few.
    public init?(_ samples: [Sample]) {
        let samples = samples.filter { $0.bytes > 0 && $0.tokens > 0 && $0.bytes < 1 << 40 && $0.tokens < 1 << 31 }
        guard samples.count >= Self.least else { return nil }
        calls = samples.count
        bytes = samples.reduce(0) { $0 + $1.bytes }
        tokens = samples.reduce(0) { $0 + $1.tokens }
        let each = samples.map { Self.thousandths($0.bytes, $0.tokens) }.sorted()
        // The smallest that so many are not above.
        low = each[(each.count + 9) / 10 - 1]
        high = each[(each.count * 9 + 9) / 10 - 1]
    }

    private static func thousandths(_ bytes: Int, _ tokens: Int) -> Int { (bytes * 1000 + tokens / 2) / tokens }

    /// Bytes a token, in thousandths, over all calls.
    public var thousandths: Int { Self.thousandths(bytes, tokens) }

    /// What a prompt of so many bytes probably comes to, rounded up.
    public func tokens(ofBytes count: Int) -> Int {
        let (high, low) = max(0, count).multipliedFullWidth(by: tokens)
        let (quotient, rest) = bytes.dividingFullWidth((high, low))
        return quotient + (rest > 0 ? 1 : 0)
    }

    /// `3.812`
    public static func text(_ thousandths: Int) -> String {
        let rest = String(thousandths % 1000)
        return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - rest.utf8.count))\(rest)"
    }
}
