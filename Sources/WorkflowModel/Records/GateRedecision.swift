import Economics
import Values

/// What a gate decides of one recorded execution, where that may be another gate than the one that decided it.
public struct GateRedecision: Sendable, Hashable {
    public var cost = WhatIfResult.Cost()
    /// Whether something of it has no known cost.
    public var isLowerBound = false
    /// The tiers whose answers are taken, by the ways that it can go; `nil` among them: none is.
    public var taken: [String?] = []
    /// Tiers that it asks, on any way, and of which there is no answer.
    public var unknownTiers: [String] = []
    /// Checks that it runs, on any way, and of whose outcome nothing is recorded.
    public var unknownChecks: [String] = []

    public init() {}

    /// Whether it depends on what is not recorded which answer is taken, or whether any is.
    public var isUndecided: Bool { taken.count != 1 }
}
