import Values
import WorkflowModel

/// How long models take to their first token, from what they took so far.
struct FirstTokenTimes {
    /// What was observed against the usual, in thousandths.
    private var factors: [ModelReference: Int] = [:]

    /// - Parameters:
    ///   - tokens: that are to be processed.
    ///   - isOwn: whether the server's time is all that it charges: one machine, not a provider's park.
    func expected(_ model: ModelReference, tokens: Int, isOwn: Bool) -> TimeSpan {
        .milliseconds(Self.usual(tokens, isOwn) * Int64(factors[model] ?? 1000) / 1000)
    }

    mutating func observe(_ span: TimeSpan, _ model: ModelReference, tokens: Int, isOwn: Bool) {
        let observed = Int(clamping: min(max(0, span.milliseconds), 3_600_000) * 1000 / Self.usual(tokens, isOwn))
        let bounded = min(max(observed, 20), 50_000)
        factors[model] = factors[model].map { ($0 * 3 + bounded) / 4 } ?? bounded
    }

    /// Where nothing is known: a provider reads about 2,000 tokens a second, a machine of one's own about 100.
    private static func usual(_ tokens: Int, _ isOwn: Bool) -> Int64 { isOwn ? 1000 + Int64(tokens) * 10 : 1500 + Int64(tokens) / 2 }
}
