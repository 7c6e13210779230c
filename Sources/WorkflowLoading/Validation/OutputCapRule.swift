import Values
import WorkflowModel

/// Every model step has a cap on its output that somebody chose.
struct OutputCapRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        guard let root = draft.root, root.value(at: "defaults", "limits", "max_output_tokens") == nil else { return }
        let uncapped = Set(draft.tiers.filter { $0.tier.sampling.maxOutputTokens == nil }.map(\.name.text))
        for step in draft.allSteps {
            guard case .model(let model) = step.kind, model.tiers.contains(where: { uncapped.contains($0.text) }), let node = draft.node(of: step),
                node["max_output_tokens"] == nil, node.value(at: "limits", "max_output_tokens") == nil
            else { continue }
            report(
                Diagnostic(
                    .warning, code: "AW401", "nothing caps the output of '\(step.id.text)', so the cap is \(StepLimits.defaultMaxOutputTokens) tokens",
                    at: step.id.range, hint: "add limits: { max_output_tokens: … } here or under defaults: the worst case is priced by it"))
        }
    }
}
