import Expressions
import Values
import WorkflowModel

/// Every name that an expression reads exists where it stands.
struct ReferencesRule: WorkflowRule {
    static let stepFields = ["output", "status", "accepted", "tier", "attempts", "cost_usd", "tokens", "exit_code"]
    static let runFields = ["id", "started_at"]

    /// The names of a draft, looked up once for its thousands of references.
    private struct Names {
        let steps: [String: StepDraft]
        let stepIDs: [String]
        let inputs: Set<String>
        let inputNames: [String]
        let broken: BrokenNames

        init(_ draft: WorkflowDraft) {
            stepIDs = draft.steps.map(\.id.text)
            inputNames = draft.inputs.map(\.name)
            steps = Dictionary(zip(stepIDs, draft.steps), uniquingKeysWith: { first, _ in first })
            inputs = Set(inputNames).union(draft.broken.inputs)
            broken = draft.broken
        }
    }

    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let known = Names(draft)
        for step in draft.steps {
            for (place, references) in step.references(in: draft) where place != .prefix {
                var names = ["inputs", "steps", "run"]
                if place != .step, let forEach = step.forEach { names += [forEach.name, "index"] }
                if place == .body, !step.with.isEmpty { names.append("with") }
                for reference in references { check(reference, names, known, with: step.with.map(\.key), report) }
            }
        }
        for prefix in draft.prefixes {
            for reference in prefix.text.references { check(reference, ["inputs", "steps", "run"], known, with: [], report) }
        }
        for reference in draft.outputs.flatMap(\.value.references) + (draft.decision?.outcome?.references ?? []) {
            check(reference, ["inputs", "steps", "run"], known, with: [], report)
        }
        // Tags and the decision's id are written with the run's first record.
        for reference in draft.tags.flatMap(\.value.references) + (draft.decision?.id?.references ?? []) {
            check(reference, ["inputs", "run"], known, with: [], report)
        }
    }

    private func check(
        _ reference: Reference, _ names: [String], _ known: Names, with: [String], _ report: (Diagnostic) -> Void
    ) {
        func unknown(_ what: String, _ name: String, in names: [String], hint: String? = nil) {
            let list = names.isEmpty ? nil : "known here: \(names.joined(separator: ", "))"
            report(Diagnostic(code: "AW203", "\(what) '\(name)'", at: reference.range, hint: Suggestion.hint(for: name, in: names) ?? hint ?? list))
        }
        let path = reference.path
        guard let root = path.first else { return }
        guard names.contains(root) else {
            if known.steps[root] != nil { return unknown("unknown name", root, in: [], hint: "a step's result is steps.\(root).output") }
            if known.inputs.contains(root) { return unknown("unknown name", root, in: [], hint: "an input is inputs.\(root)") }
            if root == "item" || root == "index" { return unknown("unknown name", root, in: [], hint: "items exist inside for_each only, and not in when") }
            if root == "with" { return unknown("unknown name", root, in: [], hint: "the step has no 'with'") }
            if root == "secrets" || root == "pass" || root == "checks" || root == "output" { return unknown("this version does not have", root, in: []) }
            return unknown("unknown name", root, in: names)
        }
        guard path.count > 1 else { return }
        switch root {
        case "inputs":
            if !known.inputs.contains(path[1]) { unknown("there is no input", path[1], in: known.inputNames, hint: "declare it under inputs:") }
        case "run":
            if !Self.runFields.contains(path[1]) { unknown("run has no", path[1], in: Self.runFields) }
        case "with":
            if !with.contains(path[1]) { unknown("'with' of this step has no", path[1], in: with) }
        case "steps":
            guard known.steps[path[1]] != nil else {
                if !known.broken.mayHaveStep(path[1]) { unknown("there is no step", path[1], in: known.stepIDs) }
                return
            }
            if path.count > 2, !Self.stepFields.contains(path[2]) {
                return unknown("a step has no", path[2], in: Self.stepFields, hint: "its result is steps.\(path[1]).output")
            }
        default: break
        }
    }
}
