import Economics
import Expressions
import Values
import WorkflowModel

/// A gate goes from cheap to dear, and asks models for what they give; as far as that is known.
struct GateModelsRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard let escalation = step.escalation, case .model(let model) = step.kind else { continue }
            if let prices = draft.prices { checkPrices(escalation, draft, prices, report) }
            guard let known = draft.logprobCheck else { continue }
            for check in escalation.checks { checkLogprobs(check, escalation, model.sampling, draft, known, report) }
        }
    }

    private func checkPrices(_ escalation: EscalationDraft, _ draft: WorkflowDraft, _ prices: WorkflowLoader.PriceLookup, _ report: (Diagnostic) -> Void) {
        let tiers = escalation.tiers.compactMap { tier in draft.model(of: tier.text).map { (tier, $0, prices($0)) } }
        if draft.budget.maxCost != nil, let (tier, model, price) = tiers.first, price == .none {
            report(
                Diagnostic(
                    .warning, code: "AW428", "the first tier of this gate, '\(tier.text)', has no price, and the run has a cap: it will not start", at: tier.range,
                    hint: "agentctl prices add \(model) gives it one, or prices: in the project file"))
        }
        for (before, after) in zip(tiers, tiers.dropFirst()) {
            guard case .perMillion(let dearInput, let dearOutput) = before.2, case .perMillion(let input, let output) = after.2, input <= dearInput, output <= dearOutput,
                before.2 != after.2
            else { continue }
            report(
                Diagnostic(
                    .warning, code: "AW427",
                    "'\(after.0.text)' is tried after '\(before.0.text)' and costs less: \(input) in and \(output) out, against \(dearInput) in and \(dearOutput) out per million tokens",
                    at: after.0.range, hint: "put the cheaper tier first: the dearer one is then asked only where it is needed"))
        }
    }

    private func checkLogprobs(
        _ check: EscalationDraft.Check, _ escalation: EscalationDraft, _ own: Sampling, _ draft: WorkflowDraft, _ known: WorkflowLoader.LogprobCheck,
        _ report: (Diagnostic) -> Void
    ) {
        let asked: [(tier: String, own: Sampling)]
        switch check.kind {
        case .logprob: asked = escalation.tiers.filter { escalation.needs(check, at: $0.text) }.map { ($0.text, own) }
        case .judge(let judge): asked = judge.minProbability == nil ? [] : [(judge.question.tier!.text, judge.question.sampling)]
        default: return
        }
        let place = check.node.pair("logprob")?.key.range ?? check.node.pair("min_prob")?.key.range ?? check.name.range
        for (name, own) in asked {
            guard let tier = draft.tiers.first(where: { $0.name.text == name })?.tier else { continue }
            let reasoning = own.over(tier.sampling).reasoning
            for model in tier.models {
                let rule = known(model)
                guard let (message, hint) = rule.problem(of: model.description, reasoning: reasoning) else { continue }
                let told = "check '\(check.name.text)' needs log-probabilities of tier '\(name)': \(message)"
                guard rule.support(reasoning: reasoning) == .no else {
                    report(Diagnostic(.warning, code: "AW425", told, at: place, hint: hint))
                    continue
                }
                if case .logprob = check.kind, escalation.canAccept(without: check, at: name) {
                    report(
                        Diagnostic(
                            .warning, code: "AW432", "check '\(check.name.text)' is a no at every answer of tier '\(name)': \(message)", at: place,
                            hint: "accept can do without it there; tier == '\(name)' in it says that this is meant"))
                    continue
                }
                report(
                    Diagnostic(
                        code: "AW215", told, at: place,
                        hint: "take another check, name another model, or let accept not need it there: tier == '\(name)' || checks.\(check.name.text).passed"))
            }
        }
    }
}

extension EscalationDraft {
    /// Whether an answer of a tier can be accepted although a check says no.
    fileprivate func canAccept(without check: Check, at tier: String) -> Bool {
        guard let accept else { return false }
        let no = CELValue.map(CELMap([("passed", .bool(false)), ("score", .double(0))]))
        if case .bool(false)? = try? accept.evaluate(OneCheck(tier: tier, checks: .map(CELMap([(check.name.text, no)])))) { return false }
        return true
    }

    /// Whether what a check says of a tier's answer can decide anything.
    fileprivate func needs(_ check: Check, at tier: String) -> Bool {
        guard let accept, !check.isRecorded else { return true }
        return accept.references(knowing: ["tier": .string(tier)]).contains { $0.path.first == "checks" && ($0.path.count == 1 || $0.path[1] == check.name.text) }
    }
}

/// A gate at a tier, of whose checks one is known.
private struct OneCheck: Bindings {
    let tier: String
    let checks: CELValue

    func value(named name: String) -> CELValue? {
        switch name {
        case "tier": .string(tier)
        case "checks": checks
        default: .unknown
        }
    }
}
