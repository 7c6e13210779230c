import Economics

/// The calls of one step to one model that may have been billed: without those that owe nothing. Counts and sums are whole numbers, as
/// no floating point touches money.
public struct CallStatistics: Sendable, Hashable {
    public let provider: String
    /// As it was asked for.
    public let model: String
    /// Calls whose usage is known, and what they took in all.
    public let calls: Int
    public let usage: TokenUsage
    public let milliseconds: Int64
    /// Calls whose usage is not known, and what they may have cost: the estimate, else what is held for them.
    public let callsWithoutUsage: Int
    public let costWithoutUsage: Money
    /// Of calls whose prompts were expected to be found in a cache: how many, the tokens that were expected, and those of them that were found.
    public var predictedCalls = 0
    public var predictedTokens = 0
    public var foundTokens = 0

    public init(
        provider: String, model: String, calls: Int, usage: TokenUsage, milliseconds: Int64, callsWithoutUsage: Int = 0, costWithoutUsage: Money = .zero
    ) {
        self.provider = provider
        self.model = model
        self.calls = calls
        self.usage = usage
        self.milliseconds = milliseconds
        self.callsWithoutUsage = callsWithoutUsage
        self.costWithoutUsage = costWithoutUsage
    }

    /// An average call of those whose usage is known; `nil` without any.
    public var average: (usage: TokenUsage, milliseconds: Int64)? {
        guard calls > 0 else { return nil }
        func share(_ sum: Int) -> Int { (sum + calls / 2) / calls }
        let usage = TokenUsage(
            plainInput: share(usage.plainInput), cacheRead: usage.cacheRead.map(share), cacheWrite: usage.cacheWrite.map(share),
            plainOutput: share(usage.plainOutput), reasoning: usage.reasoning.map(share))
        return (usage, (milliseconds + Int64(calls) / 2) / Int64(calls))
    }
}
