import Values

/// Every check of `escalate` can decide something, or is recorded.
struct UnusedCheckRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard let escalation = step.escalation, escalation.accept != nil else { continue }
            let read = Set(step.uses.flatMap(\.references).filter { $0.path.count > 1 && $0.path[0] == "checks" }.map { $0.path[1] })
            for check in escalation.checks where !check.isRecorded && !read.contains(check.name.text) {
                report(
                    Diagnostic(
                        .warning, code: "AW413", "accept does not read the check '\(check.name.text)', so it never runs", at: check.name.range,
                        hint: "read checks.\(check.name.text).passed in accept, or give the check record: true"))
            }
        }
    }
}
