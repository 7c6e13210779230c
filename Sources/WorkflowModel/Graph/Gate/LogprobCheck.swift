/// Bounds on the log-probabilities of an answer's tokens, natural logarithms from -infinity to 0. All that are there must hold.
public struct LogprobCheck: Sendable, Hashable {
    /// The path of the field whose tokens count; empty: those of the whole answer.
    public let field: [String]
    /// The least probability of the field, or of the answer, as a whole, from 0 to 1.
    public let minProbability: Double?
    /// The least tenth percentile.
    public let minP10: Double?
    /// The least log-probability of any token.
    public let minLowest: Double?
    public let minMean: Double?
    /// The least distance of any token to the next likely one.
    public let minMargin: Double?

    package init(field: [String], minProbability: Double?, minP10: Double?, minLowest: Double?, minMean: Double?, minMargin: Double?) {
        self.field = field
        self.minProbability = minProbability
        self.minP10 = minP10
        self.minLowest = minLowest
        self.minMean = minMean
        self.minMargin = minMargin
    }
}
