import Values

/// Somebody answers for a workflow whose costs are told apart: by the decisions that it is for, or by tags. A first file has no bill that
/// anybody would look for.
struct OwnerRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let owner = draft.owner
        guard let root = draft.root, root["decision"] != nil || root["tags"] != nil, owner.business == nil, owner.engineering == nil, owner.finance == nil else { return }
        report(
            Diagnostic(
                .warning, code: "AW402", "nobody owns this workflow", at: root.pair("owner")?.key.range ?? root["name"]?.range ?? root.range.firstLine,
                hint: "add owner: { engineering: … }; it is kept with each run"))
    }
}
