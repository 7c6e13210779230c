import Values
import WorkflowModel

/// A workflow that a step runs is given what it takes, and nothing else.
struct SubworkflowInputsRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard case .workflow(let graph) = step.kind else { continue }
            let names = graph.inputs.map(\.name)
            let given = step.with.map(\.key)
            for key in given where !names.contains(key) {
                report(Diagnostic(
                    code: "AW301", "the workflow '\(graph.name)' takes no input '\(key)'", at: step.range,
                    hint: Suggestion.hint(for: key, in: names) ?? (names.isEmpty ? "it takes none" : "it takes: \(names.joined(separator: ", "))")))
            }
            for input in graph.inputs where input.defaultValue == nil && !given.contains(input.name) {
                report(Diagnostic(
                    code: "AW302", "the workflow '\(graph.name)' needs the input '\(input.name)'", at: step.range,
                    hint: "give it under with: { \(input.name): … }"))
            }
        }
    }
}
