/// What a server told of the tokens of a call, as far as it told: each count at least what it says.
///
/// `input` and `output` are whole, the others parts of them: this is how servers count. ``usage`` takes them apart.
public struct TokenCounts: Sendable, Hashable {
    /// Every prompt token.
    public var input: Int?
    /// Of them read from the provider's cache.
    public var cacheRead: Int?
    /// Of them written to it.
    public var cacheWrite: Int?
    /// Every output token, reasoning included.
    public var output: Int?
    /// Of them hidden reasoning.
    public var reasoning: Int?
    /// Both directions together. What it says beyond them is output that nobody explained.
    public var total: Int?

    public init(
        input: Int? = nil, cacheRead: Int? = nil, cacheWrite: Int? = nil, output: Int? = nil, reasoning: Int? = nil, total: Int? = nil
    ) {
        self.input = input
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
        self.output = output
        self.reasoning = reasoning
        self.total = total
    }

    public init(_ usage: TokenUsage) {
        self.init(
            input: usage.totalInput, cacheRead: usage.cacheRead, cacheWrite: usage.cacheWrite, output: usage.totalOutput, reasoning: usage.reasoning)
    }

    public static let none = TokenCounts()

    /// The counts in disjoint classes; `nil` unless both directions were told.
    public var usage: TokenUsage? {
        guard let input, let output else { return nil }
        return Self.usage(input: input, cacheRead, cacheWrite, output: output, reasoning)
    }

    /// What the call used at least and probably, for a call whose count is not final.
    ///
    /// What the total tells beyond its parts was billed as something: it is in ``Estimate/unexplained``, which is charged as
    /// output at the dearest class.
    ///
    /// - Parameters:
    ///   - input: tokens of the prompt by its bytes.
    ///   - output: tokens of all that was received, by its bytes.
    ///   - isWhole: whether the answer came to its announced end. Otherwise more may have been made than was counted or received.
    public func estimate(input estimatedInput: Int, output estimatedOutput: Int, isWhole: Bool) -> Estimate {
        func least(_ told: Int?, _ estimate: Int) -> Int { told.map { isWhole ? $0 : max($0, estimate) } ?? estimate }
        let usage = Self.usage(input: least(input, estimatedInput), cacheRead, cacheWrite, output: least(output, estimatedOutput), reasoning)
        return Estimate(usage: usage, unexplained: max(0, (total ?? 0) - usage.total))
    }

    public struct Estimate: Sendable, Hashable {
        public let usage: TokenUsage
        /// Tokens that a total tells of and none of its parts does.
        public let unexplained: Int
    }

    private static func usage(input: Int, _ cacheRead: Int?, _ cacheWrite: Int?, output: Int, _ reasoning: Int?) -> TokenUsage {
        TokenUsage(
            plainInput: max(0, input - (cacheRead ?? 0) - (cacheWrite ?? 0)), cacheRead: cacheRead, cacheWrite: cacheWrite,
            plainOutput: max(0, output - (reasoning ?? 0)), reasoning: reasoning)
    }
}
