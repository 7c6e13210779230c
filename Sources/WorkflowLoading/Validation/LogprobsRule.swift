import Values
import WorkflowModel

/// Log-probabilities are asked of models that give them: one that gives none is an error, one of which it is not known a warning.
struct LogprobsRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        guard let known = draft.logprobCheck else { return }
        var told: Set<Told> = []
        for step in draft.allSteps {
            guard case .model(let model) = step.kind else { continue }
            for name in model.tiers {
                guard let tier = draft.tiers.first(where: { $0.name.text.hasSameBytes(as: name.text) })?.tier else { continue }
                let sampling = model.sampling.over(tier.sampling)
                guard sampling.logprobs == true else { continue }
                let own = model.sampling.logprobs == true ? draft.node(of: step)?["logprobs"] : draft.root?.value(at: "models", name.text, "logprobs")
                let range = own?.range ?? name.range
                for reference in tier.models {
                    let rule = known(reference)
                    // The steps of a tier are not told each by itself.
                    guard let (message, hint) = rule.problem(of: reference.description, reasoning: sampling.reasoning), told.insert(Told(range: range, message: message)).inserted
                    else { continue }
                    let isError = rule.support(reasoning: sampling.reasoning) == .no
                    report(Diagnostic(isError ? .error : .warning, code: isError ? "AW215" : "AW425", message, at: range, hint: hint))
                }
            }
        }
    }

    private struct Told: Hashable {
        let range: SourceRange
        let message: String
    }
}
