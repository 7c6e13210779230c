import Expressions
import Values
import WorkflowModel

/// What a step with `when` gives is read behind `has()`, or by a step with the same `when`; `finally` reads everything so.
struct SkippedReadRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let bodies = draft.bodies
        let last = bodies.first { $0.isFinally }?.index
        func isLast(_ body: BodyDraft) -> Bool { last.map { body.index == $0 || body.around.contains($0) } ?? false }
        let rootIDs = Set(bodies[0].steps.map(\.id.text))
        let conditions = bodies.map { body in
            Dictionary(body.steps.compactMap { step in step.when.map { (step.id.text, $0) } }, uniquingKeysWith: { first, _ in first })
        }
        for body in bodies {
            func condition(_ source: String) -> Expression? {
                conditions[body.index][source] ?? body.around.lazy.compactMap { conditions[$0][source] }.first
            }
            for step in body.steps {
                var seen: Set<String> = []
                for reference in step.references(in: draft).flatMap(\.1) {
                    guard let source = reference.unguardedSource, seen.insert(source).inserted else { continue }
                    if isLast(body), rootIDs.contains(source) {
                        report(
                            Diagnostic(
                                .warning, code: "AW403", "'finally' also runs where '\(source)' gave nothing: then '\(step.id.text)' fails", at: reference.range,
                                hint: "write has(steps.\(source).output) ? … : …"))
                    } else if let when = condition(source), !step.asks(when, of: source) {
                        report(
                            Diagnostic(
                                .warning, code: "AW403", "'\(source)' has a 'when': where it is skipped, '\(step.id.text)' is skipped too", at: reference.range,
                                hint: "if that is not meant, write has(steps.\(source).output) ? … : …; if it is, give '\(step.id.text)' the same when"))
                    }
                }
            }
        }
        var seen: Set<String> = []
        for reference in draft.decision?.outcome?.references ?? [] {
            guard let source = reference.unguardedSource, conditions[0][source] != nil, seen.insert(source).inserted else { continue }
            report(
                Diagnostic(
                    .warning, code: "AW403", "'\(source)' has a 'when': where it is skipped, the run has no outcome", at: reference.range,
                    hint: "write has(steps.\(source).output) ? … : …"))
        }
    }
}

extension Reference {
    /// The step whose output is read without a guard.
    fileprivate var unguardedSource: String? {
        guard !isGuarded, path.count > 2, path[0] == "steps", path[2] == "output" else { return nil }
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
