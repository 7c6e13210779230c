import Expressions
import Values

/// What `escalate` says of a model step: the tiers that are asked in order, and what decides whether an answer is taken.
///
/// It holds for each item of `for_each` by itself.
public final class Escalation: Sendable {
    /// Where a gate begins.
    public enum Start: Sendable {
        /// At this position in `tiers`.
        case position(Int)
        /// At the tier whose name the template comes to.
        case computed(Template)
    }

    /// What happens when no tier's answer was accepted.
    public enum Exhaustion: Sendable {
        /// The answer of the highest tier that passed what is always checked.
        case best
        /// The step fails.
        case fail
        /// A person picks.
        case ask(GateQuestion)
    }

    /// What a model that declines does.
    public enum Refusal: String, Sendable, Hashable, CaseIterable {
        /// The step fails.
        case stop
        /// The next tier is asked.
        case escalate
    }

    /// Names of tiers, each once, in the order in which they are asked. At least one.
    public let tiers: [String]
    public let start: Start
    /// In the order of the file; names are unique.
    public let checks: [GateCheck]
    /// Whether an answer is taken. `nil`: every check passes.
    public let accept: Expression?
    public let onExhausted: Exhaustion
    public let onRefusal: Refusal
    /// Whether anything may read whether an answer was accepted, or what the checks said of it.
    public let readsAcceptance: Bool
    /// `nil`: any share of answers may go on to a further tier.
    public let maxRate: EscalationRate?
    public let shadow: ShadowSampling?
    /// SHA-256 of what `escalate` says, with the texts of the files that it names. Comments and layout change nothing; what the tiers are does not
    /// belong to it, nor does the step's own question.
    public let hash: ContentHash
    public let range: SourceRange?

    package init(
        tiers: [String], start: Start, checks: [GateCheck], accept: Expression?, onExhausted: Exhaustion, onRefusal: Refusal, readsAcceptance: Bool, maxRate: EscalationRate?,
        shadow: ShadowSampling?, hash: ContentHash, range: SourceRange?
    ) {
        self.tiers = tiers
        self.start = start
        self.checks = checks
        self.accept = accept
        self.onExhausted = onExhausted
        self.onRefusal = onRefusal
        self.readsAcceptance = readsAcceptance
        self.maxRate = maxRate
        self.shadow = shadow
        self.hash = hash
        self.range = range
    }
}
