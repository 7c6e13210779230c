import Economics
import Values

/// Whether an execution of a gate was drawn for comparison: recorded of each, so that another rate can be decided of the same draws.
public final class ShadowDrawn: Sendable {
    /// The path of the node.
    public let path: String
    /// Of the gate's text.
    public let gate: ContentHash
    /// From 0 up to 2⁵³.
    public let draw: Int64
    public let rate: Share
    /// Those that are to be asked behind the end of the run's steps, in order: of the ones that the gate names what it has not asked itself. None where
    /// it was not chosen.
    public let tiers: [String]
    /// Of the question's text: what caps refuse is not seen otherwise, and long questions are refused more often.
    public let inputBytes: Int

    public init(path: String, gate: ContentHash, draw: Int64, rate: Share, tiers: [String], inputBytes: Int) {
        self.path = path
        self.gate = gate
        self.draw = draw
        self.rate = rate
        self.tiers = tiers
        self.inputBytes = inputBytes
    }

    /// How many draws there are.
    public static let draws: Int64 = 1 << 53

    /// Whether a draw is among a share of all.
    public static func isChosen(_ draw: Int64, at rate: Share) -> Bool {
        Int128(draw) * Int128(Share.whole) < Int128(rate.millionths) * Int128(draws)
    }

    public var isChosen: Bool { Self.isChosen(draw, at: rate) }
}

/// What came of asking a further tier for comparison. It is used for nothing.
public final class ShadowEnded: Sendable {
    public enum Result: String, Sendable, Hashable, CaseIterable {
        /// There is an answer, held against the step's schema.
        case answered
        /// It was asked, and what came is no answer.
        case failed
        /// A cap or a limit had no room for it: it was not asked.
        case refused
        /// The process did not wait for it any longer, or was gone.
        case unknown
    }

    /// The path of the node.
    public let path: String
    /// Who was asked.
    public let tier: String
    public let result: Result
    public let failure: FailureKind?
    /// In words, why there is no answer.
    public let reason: String?
    /// The answer, as a step's output is kept.
    public let output: ContentHash?
    /// `nil`: nothing came.
    public let signals: AnswerSignals?

    public init(
        path: String, tier: String, result: Result, failure: FailureKind? = nil, reason: String? = nil, output: ContentHash? = nil, signals: AnswerSignals? = nil
    ) {
        self.path = path
        self.tier = tier
        self.result = result
        self.failure = failure
        self.reason = reason
        self.output = output
        self.signals = signals
    }
}
