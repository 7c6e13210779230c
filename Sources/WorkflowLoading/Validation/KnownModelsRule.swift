import Values
import WorkflowModel

/// Every provider and model that a tier names is known, where it is known what there is.
struct KnownModelsRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        guard let check = draft.modelCheck else { return }
        for (name, tier) in draft.tiers {
            let node = draft.root?.value(at: "models", name.text)
            var places: [YAMLNode?] = [node?["use"]]
            switch node?["fallback"]?.content {
            case .sequence(let nodes)?: places += nodes
            case .scalar?: places.append(node?["fallback"])
            default: break
            }
            for model in tier.models {
                guard let (message, hint) = check(model) else { continue }
                let place = places.lazy.compactMap { $0 }.first { $0.scalar?.text == model.description }
                report(Diagnostic(code: "AW210", message, at: place?.range ?? name.range, hint: hint))
            }
        }
    }
}
