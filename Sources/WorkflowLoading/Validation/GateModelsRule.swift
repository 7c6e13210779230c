import Economics
import Expressions
import Values
import WorkflowModel

/// A gate goes from cheap to dear, and asks models for what they give; as far as that is known.
struct GateModelsRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        guard let traits = draft.modelTraits else { return }
        for step in draft.allSteps {
            guard let escalation = step.escalation, case .model(let model) = step.kind else { continue }
            checkPrices(escalation, draft, traits, report)
            for check in escalation.checks { checkLogprobs(check, escalation, model.sampling, draft, traits, report) }
        }
    }

    private func checkPrices(_ escalation: EscalationDraft, _ draft: WorkflowDraft, _ traits: WorkflowLoader.ModelLookup, _ report: (Diagnostic) -> Void) {
        let tiers = escalation.tiers.compactMap { tier in draft.model(of: tier.text).map { (tier, traits($0, nil)) } }
        if draft.budget.maxCost != nil, let (tier, first) = tiers.first, !first.isPriced, let model = draft.model(of: tier.text) {
            report(
                Diagnostic(
                    .warning, code: "AW428", "the first tier of this gate, '\(tier.text)', has no price, and the run has a cap: it will not start", at: tier.range,
                    hint: "agentctl prices add \(model) gives it one, or prices: in the project file"))
        }
        for (before, after) in zip(tiers, tiers.dropFirst()) {
            guard let dear = before.1.prices, let cheap = after.1.prices, cheap.input <= dear.input, cheap.output <= dear.output, cheap != dear else { continue }
            report(
                Diagnostic(
                    .warning, code: "AW427",
                    "'\(after.0.text)' is tried after '\(before.0.text)' and costs less: \(Self.text(cheap)), against \(Self.text(dear)) per million tokens", at: after.0.range,
                    hint: "put the cheaper tier first: the dearer one is then asked only where it is needed"))
        }
    }

    private static func text(_ prices: ModelTraits.Prices) -> String { "\(prices.input) in and \(prices.output) out" }

    private func checkLogprobs(
        _ check: EscalationDraft.Check, _ escalation: EscalationDraft, _ own: Sampling, _ draft: WorkflowDraft, _ traits: WorkflowLoader.ModelLookup, _ report: (Diagnostic) -> Void
    ) {
        let asked: [(tier: String, own: Sampling)]
        switch check.kind {
        case .logprob: asked = escalation.tiers.filter { escalation.needs(check, at: $0.text) }.map { ($0.text, own) }
        case .judge(let judge): asked = judge.minProbability == nil ? [] : [(judge.question.tier!.text, judge.question.sampling)]
        default: return
        }
        for (name, own) in asked {
            guard let tier = draft.tiers.first(where: { $0.name.text == name })?.tier, let model = tier.models.first else { continue }
            let place = check.node.pair("logprob")?.key.range ?? check.node.pair("min_prob")?.key.range ?? check.name.range
            switch traits(model, own.over(tier.sampling).reasoning).logprobs {
            case .no:
                report(
                    Diagnostic(
                        code: "AW213", "check '\(check.name.text)' needs log-probabilities, and \(model), tier '\(name)', gives none", at: place,
                        hint: "take another check, name another model, or let accept not need it there: tier == '\(name)' || checks.\(check.name.text).passed"))
            case .unknown:
                report(
                    Diagnostic(
                        .warning, code: "AW432", "check '\(check.name.text)' needs log-probabilities, and whether \(model), tier '\(name)', gives them is not known", at: place,
                        hint: "try it: without them the check is a no at every answer"))
            case .yes, nil: break
            }
        }
    }
}

extension EscalationDraft {
    /// Whether what a check says of a tier's answer can decide anything.
    fileprivate func needs(_ check: Check, at tier: String) -> Bool {
        guard let accept, !check.isRecorded else { return true }
        return accept.references(knowing: ["tier": .string(tier)]).contains { $0.path.first == "checks" && ($0.path.count == 1 || $0.path[1] == check.name.text) }
    }
}
