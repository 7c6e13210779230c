import Values

/// What a step computes is read, waited for or returned. Steps that do something outside of the run need no reader.
struct UnusedStepRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let mentions = draft.mentions
        guard !mentions.readsAnyStep else { return }
        for step in draft.steps {
            switch step.kind {
            case .model, .value: break
            case .run, .plain, .approve, .group, .loop, .workflow: continue
            }
            let id = step.id.text
            guard !mentions.steps.contains(id), !mentions.has(id, under: "needs") else { continue }
            report(
                Diagnostic(
                    .warning, code: "AW404", "nothing reads what '\(id)' gives", at: step.id.range,
                    hint: "return it with outputs: { \(id): \"${{ steps.\(id).output }}\" }, or remove the step"))
        }
    }
}
