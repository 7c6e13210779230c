import Expressions
import Values
import WorkflowModel

/// A decoded `escalate`, of what is right in it: names are not resolved yet.
struct EscalationDraft {
    struct Check {
        enum Kind {
            case expression(Expression)
            case logprob(LogprobCheck)
            case judge(JudgeDraft)
            case agreement(AgreementCheck)
            case command(VerifierCheck)
        }

        let name: Named
        /// Whether it runs although `accept` does not need it.
        let isRecorded: Bool
        /// `nil` where something is wrong with it, which is reported.
        let kind: Kind?
        /// As it is written.
        let node: YAMLNode
    }

    struct JudgeDraft {
        let question: ModelDraft
        let limits: StepLimits
        let minScore: Double?
        let minProbability: Double?
        let timeout: TimeSpan?
    }

    let tiers: [Named]
    /// `nil` where nothing is said.
    let start: Template?
    let checks: [Check]
    let accept: Expression?
    let onExhausted: Escalation.Exhaustion
    let onRefusal: Escalation.Refusal
    let maxRate: EscalationRate?
    let shadow: ShadowSampling?
    let hash: ContentHash
    /// As it is written.
    let node: YAMLNode

    /// What comes to a tier's name.
    var computedStart: Expression? { start?.wholeExpression }

    /// A tier that is named as it is, not computed.
    var namedStart: Named? {
        guard let text = start?.literalText, let range = node["start"]?.range else { return nil }
        return Named(text: text, range: range)
    }
}
