import Expressions
import Values
import WorkflowModel

/// Every name that an expression reads exists where it stands.
struct ReferencesRule: WorkflowRule {
    static let stepFields = ["output", "status", "accepted", "tier", "attempts", "cost_usd", "tokens", "exit_code"]
    static let runFields = ["id", "started_at"]

    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.steps {
            for (place, references) in step.references(in: draft) where place != .prefix {
                var names = ["inputs", "steps", "run"]
                if place != .step, let forEach = step.forEach { names += [forEach.name, "index"] }
                if place == .body, !step.with.isEmpty { names.append("with") }
                for reference in references { check(reference, names, draft, with: step.with.map(\.key), inside: step, report) }
            }
        }
        for prefix in draft.prefixes {
            for reference in prefix.text.references { check(reference, ["inputs", "steps", "run"], draft, with: [], inside: nil, report) }
        }
        for reference in draft.outputs.flatMap(\.value.references) + (draft.decision?.outcome?.references ?? []) {
            check(reference, ["inputs", "steps", "run"], draft, with: [], inside: nil, report)
        }
        // Tags and the decision's id are written with the run's first record.
        for reference in draft.tags.flatMap(\.value.references) + (draft.decision?.id?.references ?? []) {
            check(reference, ["inputs", "run"], draft, with: [], inside: nil, report)
        }
    }

    private func check(
        _ reference: Reference, _ names: [String], _ draft: WorkflowDraft, with: [String], inside step: StepDraft?, _ report: (Diagnostic) -> Void
    ) {
        func unknown(_ what: String, _ name: String, in known: [String], hint: String? = nil) {
            let list = known.isEmpty ? nil : "known here: \(known.joined(separator: ", "))"
            report(Diagnostic(code: "AW203", "\(what) '\(name)'", at: reference.range, hint: Suggestion.hint(for: name, in: known) ?? hint ?? list))
        }
        let path = reference.path
        guard let root = path.first else { return }
        guard names.contains(root) else {
            let steps = draft.steps.map(\.id.text)
            let inputs = draft.inputs.map(\.name)
            if steps.contains(root) { return unknown("unknown name", root, in: [], hint: "a step's result is steps.\(root).output") }
            if inputs.contains(root) { return unknown("unknown name", root, in: [], hint: "an input is inputs.\(root)") }
            if root == "item" || root == "index" { return unknown("unknown name", root, in: [], hint: "items exist inside for_each only, and not in when") }
            if root == "with" { return unknown("unknown name", root, in: [], hint: "the step has no 'with'") }
            if root == "secrets" || root == "pass" || root == "checks" || root == "output" { return unknown("this version does not have", root, in: []) }
            return unknown("unknown name", root, in: names)
        }
        guard path.count > 1 else { return }
        switch root {
        case "inputs":
            let inputs = draft.inputs.map(\.name)
            if !inputs.contains(path[1]) { unknown("there is no input", path[1], in: inputs, hint: "declare it under inputs:") }
        case "run":
            if !Self.runFields.contains(path[1]) { unknown("run has no", path[1], in: Self.runFields) }
        case "with":
            if !with.contains(path[1]) { unknown("'with' of this step has no", path[1], in: with) }
        case "steps":
            let steps = draft.steps.map(\.id.text)
            guard steps.contains(path[1]) else { return unknown("there is no step", path[1], in: steps) }
            if path.count > 2, !Self.stepFields.contains(path[2]) {
                return unknown("a step has no", path[2], in: Self.stepFields, hint: "its result is steps.\(path[1]).output")
            }
            checkOutput(path, draft, reference, report)
        default: break
        }
    }

    /// A field of an output whose schema lists what there is.
    private func checkOutput(_ path: [String], _ draft: WorkflowDraft, _ reference: Reference, _ report: (Diagnostic) -> Void) {
        guard path.count > 3, path[2] == "output", !reference.isGuarded, let step = draft.steps.first(where: { $0.id.text == path[1] }), step.forEach == nil,
            case .model(let model) = step.kind
        else { return }
        guard let schema = model.schema else {
            report(Diagnostic(
                code: "AW204", "steps.\(path[1]).output is text and has no field '\(path[3])'", at: reference.range,
                hint: "give the step output: { schema: … } to get an object"))
            return
        }
        guard schema.typeNames == ["object"], let fields = schema.propertyNames, schema.source["additionalProperties"] == .bool(false),
            !fields.contains(path[3])
        else { return }
        report(Diagnostic(
            code: "AW204", "the output of '\(path[1])' has no field '\(path[3])'", at: reference.range,
            hint: Suggestion.hint(for: path[3], in: fields) ?? "its schema has: \(fields.joined(separator: ", "))"))
    }
}
