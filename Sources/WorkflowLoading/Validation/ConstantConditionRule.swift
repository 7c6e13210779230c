import Expressions
import Values
import WorkflowModel

/// A `when` can be true, and can be false.
struct ConstantConditionRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let all = draft.allSteps
        let conditions = Dictionary(all.compactMap { step in step.when.map { (step.id.text, $0) } }, uniquingKeysWith: { first, _ in first })
        for step in all {
            guard let when = step.when else { continue }
            switch when.verdict {
            case true?:
                report(Diagnostic(.warning, code: "AW409", "this 'when' is always true", at: when.range, hint: "remove it"))
            case false?:
                report(
                    Diagnostic(
                        .warning, code: "AW408", "this 'when' is never true, so '\(step.id.text)' never runs", at: when.range, hint: "mend the condition, or remove the step"))
            case nil where when.isTrueWhereComputed:
                report(
                    Diagnostic(
                        .warning, code: "AW409", "this 'when' is true whatever it reads", at: when.range, hint: "of terms joined by || one always holds: && asks for all of them"))
            case nil:
                // A step whose required source is skipped is skipped too, so both conditions have to hold.
                let source = draft.edges(of: step).first { edge in
                    guard edge.kind == .required, let other = conditions[edge.id], other.verdict == nil else { return false }
                    return Expression.contradict([when, other])
                }
                guard let source else { continue }
                report(
                    Diagnostic(
                        .warning, code: "AW408", "this 'when' contradicts that of '\(source.id)', which '\(step.id.text)' reads, so it never runs", at: when.range,
                        hint: "read it behind has(steps.\(source.id).output), or mend one of the conditions"))
            }
        }
    }
}
