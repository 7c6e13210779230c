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
    /// Of these for the longer life time.
    public var cacheWriteLong: Int?
    /// Of the prompt sound, be it cached or not.
    public var audioInput: Int?
    /// Every output token, reasoning included.
    public var output: Int?
    /// Of them hidden reasoning.
    public var reasoning: Int?
    /// Of them sound.
    public var audioOutput: Int?
    /// Searches of the web that the server made.
    public var searches: Int?
    /// On which conditions it worked.
    public var terms: ServedTerms?
    /// Both directions together. What it says beyond them is output that nobody explained.
    public var total: Int?

    public init(
        input: Int? = nil, cacheRead: Int? = nil, cacheWrite: Int? = nil, cacheWriteLong: Int? = nil, audioInput: Int? = nil, output: Int? = nil,
        reasoning: Int? = nil, audioOutput: Int? = nil, searches: Int? = nil, terms: ServedTerms? = nil, total: Int? = nil
    ) {
        self.input = input
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
        self.cacheWriteLong = cacheWriteLong
        self.audioInput = audioInput
        self.output = output
        self.reasoning = reasoning
        self.audioOutput = audioOutput
        self.searches = searches
        self.terms = terms
        self.total = total
    }

    public init(_ usage: TokenUsage) {
        self.init(
            input: usage.totalInput, cacheRead: usage.cacheRead, cacheWrite: usage.totalCacheWrite, cacheWriteLong: usage.cacheWriteLong,
            audioInput: usage.audioInput, output: usage.totalOutput, reasoning: usage.reasoning, audioOutput: usage.audioOutput,
            searches: usage.searches, terms: usage.terms)
    }

    public static let none = TokenCounts()

    /// The counts in disjoint classes; `nil` unless both directions were told.
    public var usage: TokenUsage? {
        guard let input, let output else { return nil }
        return usage(input: input, output: output)
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
        let usage = usage(input: least(input, estimatedInput), output: least(output, estimatedOutput))
        return Estimate(usage: usage, unexplained: max(0, (total ?? 0) - usage.total))
    }

    public struct Estimate: Sendable, Hashable {
        public let usage: TokenUsage
        /// Tokens that a total tells of and none of its parts does.
        public let unexplained: Int
    }

    private func usage(input: Int, output: Int) -> TokenUsage {
        let long = cacheWriteLong.map { min($0, cacheWrite ?? $0) }
        let cached = (cacheRead ?? 0) + max(cacheWrite ?? 0, long ?? 0)
        let plain = max(0, input - cached)
        // What of the sound was cached is not told: it is taken to be cached as far as it does not fit beside.
        let audio = audioInput.map { min($0, plain) }
        let written = max(0, output - (reasoning ?? 0))
        let spoken = audioOutput.map { min($0, written) }
        return TokenUsage(
            plainInput: plain - (audio ?? 0), cacheRead: cacheRead, cacheWrite: long.map { (cacheWrite ?? $0) - $0 } ?? cacheWrite, cacheWriteLong: long,
            audioInput: audio, plainOutput: written - (spoken ?? 0), reasoning: reasoning, audioOutput: spoken, searches: searches, terms: terms)
    }
}
