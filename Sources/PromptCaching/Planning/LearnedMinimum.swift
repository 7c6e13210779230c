/// The shortest prefix that a model's cache takes, as far as answers have shown it: the largest marked prefix that was neither written nor read, and the smallest that was one of both.
///
/// Vendors' pages disagree on least lengths, and models change. What is shown goes before what a table says, and no further than it shows.
public struct LearnedMinimum: Sendable, Hashable {
    /// Tokens of the largest marked prefix of which nothing was cached.
    public private(set) var largestIgnored: Int?
    /// Tokens of the smallest that was written or read.
    public private(set) var smallestTaken: Int?
    /// How often in a row a prefix was ignored that had been taken at its length.
    private var contradictions = 0

    /// So many in a row are a change, and not an entry that was lost.
    private static let enough = 3

    public init() {}

    /// Takes in what became of the longest marked prefix of a request whose server tells what it caches.
    ///
    /// - Parameters:
    ///   - tokens: of the prefix; of one that was cached, as the answer counts what it read and wrote.
    ///   - wasCached: whether any of it was written or read.
    public mutating func note(_ tokens: Int, wasCached: Bool) {
        guard tokens > 0 else { return }
        if wasCached {
            if let ignored = largestIgnored, ignored >= tokens { largestIgnored = nil }
            smallestTaken = min(smallestTaken ?? tokens, tokens)
            contradictions = 0
        } else if let taken = smallestTaken, tokens >= taken {
            contradictions += 1
            guard contradictions >= Self.enough else { return }
            (smallestTaken, largestIgnored, contradictions) = (nil, tokens, 0)
        } else {
            largestIgnored = max(largestIgnored ?? tokens, tokens)
        }
    }

    /// - Parameter table: what a table says.
    /// - Returns: the same, unless something shorter was taken or something as long was not.
    public func leastTokens(_ table: Int) -> Int {
        let least = min(table, smallestTaken ?? table)
        return max(least, largestIgnored.map { $0 + 1 } ?? least)
    }
}
