import Values
import WorkflowModel

/// What a gate does that is allowed and hardly meant: an answer that nobody accepted is passed on unseen, the same is asked twice, nothing is decided.
struct GateRemarksRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard let escalation = step.escalation else { continue }
            checkAcceptance(step, escalation, draft, report)
            if let accept = escalation.accept, let verdict = accept.verdict ?? (accept.isTrueWhereComputed ? true : nil) {
                report(
                    verdict
                        ? Diagnostic(.warning, code: "AW409", "this 'accept' is always true, so the first answer is taken", at: accept.range, hint: "write model: instead of escalate:, or let accept read a check")
                        : Diagnostic(.warning, code: "AW408", "this 'accept' is never true, so every tier is asked and no answer is accepted", at: accept.range, hint: "mend the condition"))
            }
            for check in escalation.checks {
                switch check.kind {
                case .agreement(let agreement): checkSamples(agreement, check, step, escalation, draft, report)
                case .command(let verifier): checkProgram(verifier, check, draft, report)
                default: break
                }
            }
        }
    }

    private func checkAcceptance(_ step: StepDraft, _ escalation: EscalationDraft, _ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        guard case .best = escalation.onExhausted, !draft.mentions.readsAcceptance(of: step) else { return }
        let place = escalation.node["on_exhausted"]?.range ?? draft.node(of: step)?.pair("escalate")?.key.range ?? step.id.range
        report(
            Diagnostic(
                .warning, code: "AW429", "where no answer is accepted the best one is taken, and nothing reads steps.\(step.id.text).accepted", at: place,
                hint: "read it, for example in a 'when' or in an output, or write on_exhausted: fail"))
    }

    private func checkSamples(
        _ agreement: AgreementCheck, _ check: EscalationDraft.Check, _ step: StepDraft, _ escalation: EscalationDraft, _ draft: WorkflowDraft, _ report: (Diagnostic) -> Void
    ) {
        guard case .samples = agreement.asked, agreement.prompt == nil, case .model(let model) = step.kind else { return }
        func temperature(_ tier: Named) -> Double? {
            agreement.temperature ?? model.sampling.temperature ?? draft.tiers.first { $0.name.text == tier.text }?.tier.sampling.temperature
        }
        guard let tier = escalation.tiers.first(where: { temperature($0) == 0 }) else { return }
        report(
            Diagnostic(
                .warning, code: "AW431", "check '\(check.name.text)' asks '\(tier.text)' again at temperature 0, where it says the same each time",
                at: check.node["agree"]?["samples"]?.range ?? check.name.range, hint: "add temperature: 0.8 to agree, or ask another model: agree: { model: TIER }"))
    }

    private func checkProgram(_ verifier: VerifierCheck, _ check: EscalationDraft.Check, _ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        guard let root = draft.projectRoot, let name = verifier.command.argv.first?.literalText, name.utf8.contains(UInt8(ascii: "/")) else { return }
        let path = name.hasPrefix("/") ? name : "\(root)/\(name)"
        guard SourceFiles.realPath(path) == nil, case .sequence(let words)? = check.node["run"]?.content, let place = words.first?.range else { return }
        report(
            Diagnostic(
                .warning, code: "AW430", "the program of check '\(check.name.text)', \(name), is not there", at: place,
                hint: "paths of programs begin in the project's folder (\(root))"))
    }
}
