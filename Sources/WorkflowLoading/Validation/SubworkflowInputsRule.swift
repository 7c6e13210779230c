import Expressions
import Values
import WorkflowModel

/// A workflow that a step runs is given what it takes, and nothing else. Types of what is computed are for ``TypesRule``.
struct SubworkflowInputsRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard case .workflow(let graph) = step.kind else { continue }
            let names = graph.inputs.map(\.name)
            for (key, value) in step.with {
                guard let input = graph.inputs.first(where: { $0.name == key }) else {
                    report(
                        Diagnostic(
                            code: "AW301", "the workflow '\(graph.name)' takes no input '\(key)'", at: draft.place(of: key, under: step, isKey: true),
                            hint: Suggestion.hint(for: key, in: names) ?? (names.isEmpty ? "it takes none" : "it takes: \(names.joined(separator: ", "))")))
                    continue
                }
                guard value.references.isEmpty, let known = try? value.evaluate(Nothing()) else { continue }
                for violation in input.schema.validate(known).prefix(5) {
                    report(
                        Diagnostic(
                            code: "AW303", "the input '\(key)' of the workflow '\(graph.name)': \(violation.message)", at: draft.place(of: key, under: step)))
                }
            }
            for input in graph.inputs where input.defaultValue == nil && !step.with.contains(where: { $0.key == input.name }) {
                report(
                    Diagnostic(
                        code: "AW302", "the workflow '\(graph.name)' needs the input '\(input.name)'", at: step.range,
                        hint: "give it under with: { \(input.name): … }"))
            }
        }
    }
}

/// What an expression without references reads.
private struct Nothing: Bindings {
    func value(named name: String) -> CELValue? { nil }
    var names: [String] { [] }
}

extension WorkflowDraft {
    /// Where a value under `with` is written.
    func place(of key: String, under step: StepDraft, isKey: Bool = false) -> SourceRange {
        let pair = node(of: step)?["with"]?.pair(key)
        return (isKey ? pair?.key : pair?.value)?.range ?? step.range
    }
}
