import Values

/// No two steps of one id. (Keys of mappings are unique by the YAML reader.)
struct UniqueNamesRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        var first: [String: Named] = [:]
        for step in draft.allSteps {
            if let other = first[step.id.text] {
                report(Diagnostic(
                    code: "AW201", "two steps are called '\(step.id.text)'", at: step.id.range, hint: "the first is on line \(other.range.start.line)"))
            } else {
                first[step.id.text] = step.id
            }
        }
    }
}
