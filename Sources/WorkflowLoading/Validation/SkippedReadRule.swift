import Expressions
import Values
import WorkflowModel

/// What a step with `when` gives is read behind `has()`, or by a step with the same `when`.
struct SkippedReadRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let all = draft.allSteps
        let conditions = Dictionary(all.compactMap { step in step.when.map { (step.id.text, $0) } }, uniquingKeysWith: { first, _ in first })
        for step in all {
            var seen: Set<String> = []
            for reference in step.references(in: draft).flatMap(\.1) {
                guard let source = reference.skippableSource(conditions), seen.insert(source).inserted, !step.asks(conditions[source]!, of: source) else { continue }
                report(Diagnostic(
                    .warning, code: "AW403", "'\(source)' has a 'when': where it is skipped, '\(step.id.text)' is skipped too", at: reference.range,
                    hint: "if that is not meant, write has(steps.\(source).output) ? … : …; if it is, give '\(step.id.text)' the same when"))
            }
        }
        var seen: Set<String> = []
        for reference in draft.decision?.outcome?.references ?? [] {
            guard let source = reference.skippableSource(conditions), seen.insert(source).inserted else { continue }
            report(Diagnostic(
                .warning, code: "AW403", "'\(source)' has a 'when': where it is skipped, the run has no outcome", at: reference.range,
                hint: "write has(steps.\(source).output) ? … : …"))
        }
    }
}

extension Reference {
    /// The step with a condition whose output is read without a guard.
    fileprivate func skippableSource(_ conditions: [String: Expression]) -> String? {
        guard !isGuarded, path.count > 2, path[0] == "steps", path[2] == "output", conditions[path[1]] != nil else { return nil }
        return path[1]
    }
}

extension StepDraft {
    /// Whether this step runs only where the other one did: it has the same condition, or tests for the output.
    fileprivate func asks(_ condition: Expression, of source: String) -> Bool {
        guard let when else { return false }
        return when.source == condition.source || when.references.contains { $0.isGuarded && $0.path.starts(with: ["steps", source, "output"]) }
    }
}
