import Values

/// Somebody answers for the workflow.
struct OwnerRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let owner = draft.owner
        guard let root = draft.root, owner.business == nil, owner.engineering == nil, owner.finance == nil else { return }
        report(
            Diagnostic(
                .warning, code: "AW402", "nobody owns this workflow", at: root.pair("owner")?.key.range ?? root["name"]?.range ?? root.range.firstLine,
                hint: "add owner: { engineering: … }; it is kept with each run"))
    }
}
