import Economics
import Values

extension CallEnded {
    /// No count of a record comes near it.
    private static let most = 1 << 53

    /// Whether its figures are such as a program writes: nothing is computed with others.
    public var isPossible: Bool {
        let wait = failure?.retryAfter?.milliseconds ?? 0
        guard (0..<1).contains(jitter), (0..<Int64(Self.most)).contains(wait) else { return false }
        guard (0..<Self.most).contains(keptTokens ?? 0) else { return false }
        guard let usage else { return true }
        // Without a list of them: this is done for each call.
        func isCount(_ number: Int?) -> Bool { (0..<Self.most / 8).contains(number ?? 0) }
        guard isCount(usage.plainInput), isCount(usage.cacheRead), isCount(usage.cacheWrite), isCount(usage.cacheWriteLong), isCount(usage.audioInput) else { return false }
        return isCount(usage.plainOutput) && isCount(usage.reasoning) && isCount(usage.audioOutput) && isCount(usage.searches)
    }
}
