import Values
import WorkflowModel

/// What a workflow that a step runs says of the whole run's budget does not hold there: the bands, and what follows where a call does not fit, are those
/// of the file that is run.
struct InnerBudgetRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard case .workflow(let graph) = step.kind else { continue }
            let keys = Self.keysOfRun(graph.budget)
            if keys.isEmpty { continue }
            let names = keys.map { "budget.\($0)" }.joined(separator: ", ")
            report(
                Diagnostic(
                    .warning, code: "AW434", "\(names) of the workflow '\(graph.name)' \(keys.count == 1 ? "does" : "do") not hold where step '\(step.id.text)' runs it",
                    at: draft.node(of: step)?["workflow"]?.range ?? step.range,
                    hint: "those of the file that is run hold for the whole run: write \(keys.count == 1 ? "it" : "them") in its budget"))
        }
    }

    private static func keysOfRun(_ budget: Budget) -> [String] {
        var keys: [String] = []
        if budget.yellow != nil { keys.append("yellow") }
        if budget.red != nil { keys.append("red") }
        if budget.onExceeded != .stop { keys.append("on_exceeded") }
        return keys
    }
}
