import Values
import WorkflowModel

/// The tries of one model node, pure: calls, retries, fallbacks, continuations and repairs until there is an output or a failure.
///
/// `calling -> (callEnded) -> waiting -> calling | calling (continue) | checking -> calling (repair) | done`.
public struct TryMachine: Sendable, Hashable {
    public enum Event: Sendable {
        case started
        case callEnded(CallEnded)
        /// The delay before the next try is over.
        case waited
        /// The answer against its schema; empty when it holds.
        case outputChecked(violations: [String])
        case callRefused(BudgetRefusal)
        /// Nothing is known of the end of a call of that number: the process that made it is gone.
        case callLost(Int)
        /// The call could not be made at all.
        case notCalled(StepFailure)
    }

    public enum Command: Sendable, Equatable {
        case call(Call)
        case wait(TimeSpan)
        case checkOutput
        case succeed
        case fail(StepFailure)
        /// A server that has answered before cannot be reached for so long that the run is to be suspended. The call is made
        /// when the run goes on.
        case suspend(CallFailure)
    }

    /// A call to make.
    public struct Call: Sendable, Hashable {
        /// Index into the tier's models: `use`, then `fallback`.
        public let model: Int
        public let purpose: CallPurpose
        public let ordinal: Int
        /// The number of the failed call that this one tries again.
        public let retryOf: Int?
        /// Whether the answer may be twice as long as usual, as one was cut.
        public var isRaised = false

        static let first = Call(model: 0, purpose: .try, ordinal: 0, retryOf: nil)
    }

    /// A server that asks for longer is not waited for: the OpenAI client's own bound.
    public static let longestRetryAfter = TimeSpan.seconds(120)

    /// How often the rest of a cut answer is asked for.
    public static let mostContinuations = 3

    private let modelCount: Int
    private let retry: RetryPolicy
    private let repairs: Int
    private let onTruncation: StepLimits.Truncation
    /// Whether an answer that was cut is asked for once more with a higher cap.
    private let raises: Bool
    private let rules: Rules
    private var current = Call.first
    /// Failed tries, over all models and repairs: nested retry loops would multiply. Nothing renews them.
    private var failures = 0
    /// Tries since a server was last there that did not reach one that has answered before. They cost nothing, and are counted apart.
    private var misses = 0
    /// How many of them there were beyond the tries of `retry`, since the server is waited for.
    private var outages = 0
    private var isOut = false
    /// By the rules before 3, how often a server came back and gave its question all tries anew.
    private var returns = 0
    private var repairsUsed = 0
    private var continuationsUsed = 0
    private var pendingRetryOf: Int?

    /// - Parameter rules: of the run.
    public init(
        modelCount: Int, retry: RetryPolicy, repairs: Int, onTruncation: StepLimits.Truncation = .fail, raises: Bool = false, rules: Rules = .current
    ) {
        self.raises = raises && onTruncation == .fail
        self.modelCount = modelCount
        self.retry = retry
        self.repairs = repairs
        self.onTruncation = onTruncation
        self.rules = rules
    }

    /// For a step's own question.
    ///
    /// - Parameter limits: in place of the step's.
    init(_ step: Step, _ model: ModelStep, _ tier: ModelTier, limits: StepLimits? = nil, rules: Rules = .current) {
        let limits = limits ?? step.limits
        let isUsual = limits.hasUsualOutputCap && model.sampling.over(tier.sampling).maxOutputTokens == nil
        self.init(
            modelCount: tier.models.count, retry: step.retry, repairs: model.schema == nil ? 0 : model.repairs, onTruncation: limits.onTruncation,
            raises: model.escalation != nil && isUsual, rules: rules)
    }

    /// The most calls that the question can come to in one process: every try fails but the last, every model is fallen back to, every
    /// repair is used, and the answer is cut each time, as it is asked for with a higher cap. Calls that are free are not among them: nothing was sent, to a server that has
    /// answered before, or a server said that it is coming up. A process that takes the run over makes those anew that were in flight.
    public var mostCalls: Int { retry.maxAttempts + modelCount - 1 + repairs + mostContinuations + (raises ? 1 : 0) }

    /// The most tokens of an answer, where that is `cap` as a rule.
    func mostOutput(_ cap: Int) -> Int { raises ? cap * 2 : cap }

    /// How often the rest of an answer may be asked for.
    var mostContinuations: Int { onTruncation == .continue ? Self.mostContinuations : 0 }

    /// Whether the rest of an answer that is cut now will be asked for.
    var mayContinue: Bool { continuationsUsed < mostContinuations }

    /// The run was suspended, or its process gone: whoever goes on with it waits for a server as long as the first.
    public mutating func forgetOutage() { outages = 0 }

    /// How many calls were made or begun.
    public var calls: Int { current.ordinal + 1 }

    public mutating func apply(_ event: Event) -> Command {
        switch event {
        case .started:
            return .call(current)
        case .waited:
            return call(current.purpose, retryOf: pendingRetryOf)
        case .callLost(let number):
            // Asked again whatever `retry` says: it is no failure of the model.
            return call(current.purpose, retryOf: number)
        case .callRefused(let refusal):
            return .fail(StepFailure(.budget, refusal.message))
        case .notCalled(let failure):
            if failure.kind == .configuration, let next = nextModel() { return next }
            return .fail(failure)
        case .outputChecked(let violations):
            if violations.isEmpty { return .succeed }
            guard repairsUsed < repairs else {
                let times = repairs == 0 ? "" : repairs == 1 ? " after one repair" : " after \(repairs) repairs"
                return .fail(StepFailure(.outputInvalid, "the answer does not match output.schema\(times)", details: violations))
            }
            repairsUsed += 1
            return call(.repair)
        case .callEnded(let end):
            return ended(end)
        }
    }

    private mutating func ended(_ end: CallEnded) -> Command {
        let isOfOldRules = rules < Rules(version: 3)
        if isOut, !end.isOutage {
            (isOut, outages) = (false, 0)
            if isOfOldRules, returns < retry.maxAttempts { (returns, failures) = (returns + 1, 0) }
        }
        if !end.isOutage { misses = 0 }
        guard let failure = end.failure else { return answered(end.finishReason) }
        if failure.kind == .truncated, raises, !current.isRaised {
            current.isRaised = true
            return call(current.purpose, retryOf: end.id.number)
        }
        let isFree = end.isOutage && !isOfOldRules
        if isFree { misses += 1 } else { failures += 1 }
        let tries = isFree ? misses : failures
        let asksTooLong = (failure.retryAfter ?? .seconds(0)) > Self.longestRetryAfter
        // A budget upstream is as empty the next time.
        let mayRetry = ![.cancelled, .budget].contains(failure.kind) && (failure.shouldRetry ?? retry.on.contains(failure.kind))
        if mayRetry, !asksTooLong, tries < retry.maxAttempts {
            pendingRetryOf = end.id.number
            return .wait(RetryDelay.delay(failure: tries, retryAfter: failure.retryAfter, jitter: end.jitter))
        }
        if Self.fallsBack.contains(failure.kind), let next = nextModel() { return next }
        if end.isOutage, mayRetry, retry.maxAttempts > 1 {
            isOut = true
            outages += 1
            pendingRetryOf = end.id.number
            return outages > RetryDelay.mostOutages ? .suspend(failure) : .wait(RetryDelay.delay(outage: outages, jitter: end.jitter))
        }
        var message = failure.message
        if tries > 1 { message += " (after \(tries) tries)" }
        if asksTooLong, let wait = failure.retryAfter { message += "; the server asks to wait \(wait)" }
        return .fail(StepFailure(failure.kind, message))
    }

    /// The next call, of the same model unless another is named.
    private mutating func call(_ purpose: CallPurpose, model: Int? = nil, retryOf: Int? = nil) -> Command {
        current = Call(
            model: model ?? current.model, purpose: purpose, ordinal: current.ordinal + 1, retryOf: retryOf, isRaised: current.isRaised)
        return .call(current)
    }

    /// An answer that is no failure by what its end tells.
    private mutating func answered(_ reason: FinishReason?) -> Command {
        switch reason {
        case .length where rules >= Rules(version: 2):
            guard mayContinue else { return .checkOutput }
            continuationsUsed += 1
            return call(.continuation)
        case .length:
            return .fail(StepFailure(.truncated, "the answer stopped at its cap of output tokens; raise limits.max_output_tokens"))
        case .contentFilter:
            return .fail(StepFailure(.refusal, "the model declined to answer"))
        default:
            return .checkOutput
        }
    }

    /// Failures of the transport or the account, which say nothing of the question that was asked.
    private static let fallsBack: Set<FailureKind> = [
        .rateLimit, .timeout, .serverError, .connection, .malformedResponse, .quota, .modelNotFound, .authentication,
    ]

    private mutating func nextModel() -> Command? {
        guard current.model + 1 < modelCount else { return nil }
        return call(current.purpose, model: current.model + 1)
    }
}
