import PromptCaching
import Values

/// A call of the past of which a cache was planned, and what came of it.
public struct PlannedCacheRow: Sendable {
    /// Which run it is of.
    public let run: Int64
    public let plan: CachePlan
    public let startedAt: Timestamp
    /// `nil`: it has not ended, as far as is known.
    public let endedAt: Timestamp?
    /// Prompt tokens, and what of them was read from the cache and written to it; `nil`: not told.
    public let input: Int?
    public let read: Int?
    public let written: Int?
    /// Whether its answer began.
    public let hasBegun: Bool

    public init(run: Int64, plan: CachePlan, startedAt: Timestamp, endedAt: Timestamp?, input: Int?, read: Int?, written: Int?, hasBegun: Bool) {
        self.run = run
        self.plan = plan
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.input = input
        self.read = read
        self.written = written
        self.hasBegun = hasBegun
    }
}
