import Values

/// No two steps of one list have one id, and none has that of a step around it: a name means one step wherever it is read.
/// Lists that do not see each other may use the same ids. (Keys of mappings are unique by the YAML reader.)
struct UniqueNamesRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let bodies = draft.bodies
        let ids = bodies.map { Dictionary($0.steps.map { ($0.id.text, $0.id) }, uniquingKeysWith: { first, _ in first }) }
        for body in bodies {
            for step in body.steps {
                let first = ids[body.index][step.id.text]!
                if first.range != step.id.range {
                    report(
                        Diagnostic(
                            code: "AW201", "two steps are called '\(step.id.text)'", at: step.id.range, hint: "the first is on line \(first.range.start.line)"))
                } else if let outer = body.around.lazy.compactMap({ ids[$0][step.id.text] }).first {
                    report(
                        Diagnostic(
                            code: "AW201", "'\(step.id.text)' would hide the step of that name on line \(outer.range.start.line)", at: step.id.range,
                            hint: "what is read here as steps.\(step.id.text) could be either; choose another id"))
                }
            }
        }
    }
}
