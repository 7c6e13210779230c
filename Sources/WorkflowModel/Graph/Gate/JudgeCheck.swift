import Values

/// A model that is asked about an answer. It reads the answer as `output` and the step's question as `question`.
public final class JudgeCheck: Sendable {
    /// Its tier, prompt, prefixes and schema; it has no gate and no memory of its own.
    public let question: ModelStep
    /// Of each of its calls.
    public let limits: StepLimits
    /// The least score that passes; `nil`: its field `passed` says so.
    public let minScore: Double?
    /// The least probability of its verdict's own tokens; a verdict below it is a no. `nil`: not asked.
    public let minProbability: Double?
    /// Of each of its calls; `nil`: that of the step.
    public let timeout: TimeSpan?
    /// Whether its messages read neither `output` nor `question`: then both stand before them in a frame.
    public let needsFrame: Bool

    package init(question: ModelStep, limits: StepLimits, minScore: Double?, minProbability: Double?, timeout: TimeSpan?, needsFrame: Bool) {
        self.question = question
        self.limits = limits
        self.minScore = minScore
        self.minProbability = minProbability
        self.timeout = timeout
        self.needsFrame = needsFrame
    }
}
