import Values

/// Every tier, prefix and input that is declared is used.
struct UnusedDeclarationRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let mentions = draft.mentions
        func unused(_ code: String, _ what: String, _ name: String, _ range: SourceRange?, _ hint: String) {
            report(Diagnostic(.warning, code: code, "the \(what) '\(name)' is not used", at: range, hint: hint))
        }
        for (name, _) in draft.tiers where !mentions.has(name.text, under: "model", "tiers", "tier", "start", "models", "degrade") {
            unused("AW405", "tier", name.text, name.range, "remove it, or ask for it with model: \(name.text)")
        }
        for prefix in draft.prefixes where !mentions.has(prefix.name.text, under: "prefix") {
            unused("AW406", "prefix", prefix.name.text, prefix.name.range, "remove it, or name it under prefix: of a step")
        }
        for input in draft.inputs where !mentions.readsAnyInput && !mentions.inputs.contains(input.name) {
            unused("AW407", "input", input.name, input.range, "remove it, or read it as inputs.\(input.name)")
        }
    }
}
