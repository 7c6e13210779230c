import Expressions
import Values
import WorkflowModel

/// Which tier is asked, which check is run, and which answer is taken, pure: `asking -> checking -> (recording) -> asking | ended`.
///
/// A tier's question has a ``TryMachine`` of its own, as has that of a check which asks a model; here one answer is one event. Runs and
/// simulations of recorded answers go through this machine alike.
public struct GateMachine: Sendable {
    public enum Event: Sendable {
        case started
        /// A tier's answer that passed the hard checks: it is whole, not empty, and matches its schema. `nil`: there was one, and a record does
        /// not have it.
        case answered(JSONValue?)
        /// A tier gave none.
        case failed(StepFailure)
        /// A dearer tier may not be asked.
        case refused(GateCause)
        /// What was asked for last.
        case checked(CheckOutcome)
    }

    public enum Command: Sendable, Hashable {
        case ask(tier: Int)
        /// Of the last answer.
        case check(Int)
        case end(GateEnd)
    }

    public let terms: GateTerms
    private let base: any Bindings & Sendable
    /// The place of the tier that is asked, or whose answer is looked at.
    public private(set) var tier: Int
    private var output: CELValue = .unknown
    /// Of the last answer, by check.
    public private(set) var outcomes: [CheckOutcome?]
    /// Tiers whose answer passed the hard checks, in order.
    public private(set) var candidates: [Int] = []
    /// What was decided of each tier that was asked, in order.
    public private(set) var decisions: [TierDecision] = []
    /// Follows when all is recorded that is to be.
    private var following: Command?
    private var lastCheck: Int?
    /// Why the last tier gave no answer.
    private var lastFailure: StepFailure?

    /// - Parameters:
    ///   - start: the place of the tier that is asked first.
    ///   - scope: what `accept` reads beside the answer.
    public init(_ terms: GateTerms, start: Int = 0, scope: any Bindings & Sendable) {
        self.terms = terms
        base = scope
        tier = start
        outcomes = Array(repeating: nil, count: terms.checks.count)
    }

    public mutating func apply(_ event: Event) -> Command {
        switch event {
        case .started: return .ask(tier: tier)
        case .answered(let answer):
            output = answer.map { CELValue($0) } ?? .unknown
            candidates.append(tier)
            for check in outcomes.indices { outcomes[check] = nil }
            lastCheck = nil
            return next()
        case .failed(let failure): return failed(failure)
        case .refused(let cause): return ended(cause)
        case .checked(let outcome):
            guard let check = lastCheck else { return next() }
            outcomes[check] = outcome
            return next()
        }
    }

    /// What checks and judges of the last answer read.
    var scope: GateScope { GateScope(base: base, tier: terms.tiers[tier], checks: .map(CELMap(found)), output: output) }

    private var found: [(String, CELValue)] {
        terms.checks.indices.map { (terms.checks[$0].name, outcomes[$0].map(\.read) ?? .unknown) }
    }

    // MARK: Checks

    private mutating func next() -> Command {
        if let following { return recorded() ?? take(following) }
        let scope = scope
        let (verdict, fault) = verdict(scope)
        switch verdict {
        case .holds: return decide(.accepted, .end(.accepted(tier: tier)))
        case .fails: return decide(.rejected, beyond(fault.map(GateCause.notTold) ?? .notAccepted), reason: fault)
        case .open: break
        }
        let mayPay = terms.looksAt(tier: tier)
        var leftOut = false
        for check in terms.needed(by: scope, { outcomes[$0] == nil }) where isReady(check) {
            guard mayPay || !terms.checks[check].isPaid else {
                leftOut = true
                continue
            }
            lastCheck = check
            return .check(check)
        }
        if leftOut { return decide(.undecided, .end(.best(tier: tier, cause: nil))) }
        // What decides is lost for good.
        let lost = terms.checks.indices.first { outcomes[$0]?.isLost == true }
        let cause = GateCause.checkUnavailable(check: lost.map { terms.checks[$0].name } ?? "", reason: lost.flatMap { outcomes[$0]?.reason } ?? "")
        return decide(.unavailable, ended(cause))
    }

    /// What becomes of the answer; and why, where that cannot be told, which is a no.
    private func verdict(_ scope: GateScope) -> (Prospect.Verdict, fault: String?) {
        if let accept = terms.accept {
            let prospect = accept.prospect(scope)
            return (prospect.verdict, prospect.failure.map { "accept has no value: \($0.message)" })
        }
        var isOpen = false
        for outcome in outcomes {
            guard let outcome, !outcome.isLost else {
                isOpen = true
                continue
            }
            if outcome.passed != true { return (.fails, nil) }
        }
        return (isOpen ? .open : .holds, nil)
    }

    private func isReady(_ check: Int) -> Bool {
        terms.checks[check].reads.allSatisfy { name in terms.checks.firstIndex { $0.name == name }.map { outcomes[$0] != nil } ?? true }
    }

    /// A check that is run though nothing depends on it any more.
    private mutating func recorded() -> Command? {
        for check in terms.order where terms.checks[check].isRecorded && outcomes[check] == nil && isReady(check) {
            lastCheck = check
            return .check(check)
        }
        return nil
    }

    // MARK: What follows

    private mutating func decide(_ verdict: TierDecision.Verdict, _ command: Command, reason: String? = nil) -> Command {
        let notRun = terms.order.filter { outcomes[$0] == nil && !terms.checks[$0].isRecorded }.map { terms.checks[$0].name }
        decisions.append(TierDecision(tier: tier, verdict: verdict, decidedBy: lastCheck.map { terms.checks[$0].name }, notRun: notRun, reason: reason))
        following = command
        return next()
    }

    private mutating func take(_ command: Command) -> Command {
        following = nil
        if case .ask(let next) = command { tier = next }
        return command
    }

    /// The next tier, or the end.
    private func beyond(_ cause: GateCause) -> Command { tier + 1 < terms.tiers.count ? .ask(tier: tier + 1) : ended(cause) }

    private mutating func failed(_ failure: StepFailure) -> Command {
        let isEvidence = isEvidence(failure.kind)
        lastFailure = failure
        decisions.append(TierDecision(tier: tier, verdict: .failed(failure.kind), decidedBy: nil, notRun: terms.order.map { terms.checks[$0].name }))
        if failure.kind == .refusal, !isEvidence { return .end(.failed(failure)) }
        if isEvidence, tier + 1 < terms.tiers.count { return take(.ask(tier: tier + 1)) }
        return ended(.tierFailed(failure))
    }

    private func ended(_ cause: GateCause) -> Command {
        let best = candidates.last
        if terms.onExhausted == .ask, best != nil || decisions.contains(where: isAnswered) { return .end(.ask(best: best, cause: cause)) }
        guard let best else {
            switch cause {
            case .tripped, .band: if let lastFailure { return .end(.failed(lastFailure)) }
            default: break
            }
            return .end(.failed(cause.failure))
        }
        if terms.onExhausted == .best { return .end(.best(tier: best, cause: cause)) }
        return .end(.failed(StepFailure(.notAccepted, "no tier's answer was accepted: \(cause.text)")))
    }

    /// Whether a model answered, well or badly: of an outage alone nobody is asked.
    func isAnswered(_ decision: TierDecision) -> Bool {
        guard case .failed(let kind) = decision.verdict else { return true }
        return isEvidence(kind)
    }

    private func isEvidence(_ kind: FailureKind) -> Bool { Self.evidence.contains(kind) || (kind == .refusal && terms.escalatesRefusals) }

    /// What tells of the answer, not of the way to it: a further tier may do better.
    private static let evidence: Set<FailureKind> = [.outputInvalid, .truncated, .emptyAnswer]
}
