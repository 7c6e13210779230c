import Expressions
import Values
import WorkflowModel

/// Every name that an expression reads exists where it stands.
struct ReferencesRule: WorkflowRule {
    static let stepFields = ["output", "status", "accepted", "tier", "attempts", "cost_usd", "tokens", "exit_code"]
    static let runFields = ["id", "started_at"]

    static let passFields = ["index", "previous"]

    /// The names of a draft, looked up once for its thousands of references.
    private struct Names {
        /// For each step the body that it is in.
        let homes: [String: Int]
        let bodies: [BodyDraft]
        let inputs: Set<String>
        let inputNames: [String]
        let broken: BrokenNames
        let hints = NameHints()

        init(_ draft: WorkflowDraft) {
            bodies = draft.bodies
            homes = Dictionary(bodies.flatMap { body in body.steps.map { ($0.id.text, body.index) } }, uniquingKeysWith: { first, _ in first })
            inputNames = draft.inputs.map(\.name)
            inputs = Set(inputNames).union(draft.broken.inputs)
            broken = draft.broken
        }

        func canSee(_ home: Int, from body: BodyDraft) -> Bool { home == body.index || body.around.contains(home) }

        /// The names that can be read, the nearest first.
        func stepIDs(from body: BodyDraft) -> [String] {
            ([body.index] + body.around.reversed()).flatMap { bodies[$0].steps.map(\.id.text) }
        }
    }

    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let known = Names(draft)
        for body in known.bodies {
            var around = ["inputs", "steps", "run"] + body.items
            if !body.items.isEmpty { around.append("index") }
            if body.isInLoop { around.append("pass") }
            let outer = Set(body.with)
            for step in body.steps {
                let with = step.with.isEmpty ? outer : outer.union(step.with.map(\.key))
                for (place, references) in step.references(in: draft) where place != .prefix {
                    var names = around
                    if place != .step, let forEach = step.forEach { names += [forEach.name, "index"] }
                    let visible = place == .body ? with : outer
                    if !visible.isEmpty { names.append("with") }
                    for reference in references { check(reference, names, known, from: body, with: visible, report) }
                }
            }
            let visible = around + (body.with.isEmpty ? [] : ["with"])
            for reference in body.until?.references ?? [] { check(reference, visible, known, from: body, with: outer, report) }
        }
        let root = known.bodies[0]
        for prefix in draft.prefixes {
            for reference in prefix.text.references { check(reference, ["inputs", "steps", "run"], known, from: root, with: [], report) }
        }
        for reference in draft.outputs.flatMap(\.value.references) + (draft.decision?.outcome?.references ?? []) {
            check(reference, ["inputs", "steps", "run"], known, from: root, with: [], report)
        }
        // Tags and the decision's id are written with the run's first record.
        for reference in draft.tags.flatMap(\.value.references) + (draft.decision?.id?.references ?? []) {
            check(reference, ["inputs", "run"], known, from: root, with: [], report)
        }
    }

    private func check(
        _ reference: Reference, _ names: [String], _ known: Names, from body: BodyDraft, with: Set<String>, _ report: (Diagnostic) -> Void
    ) {
        func unknown(_ what: String, _ name: String, in names: [String], hint: String? = nil) {
            report(Diagnostic(code: "AW203", "\(what) '\(name)'", at: reference.range, hint: known.hints.hint(for: name, in: names, "known here", otherwise: hint)))
        }
        let path = reference.path
        guard let root = path.first else { return }
        guard names.contains(root) else {
            if known.homes[root] != nil { return unknown("unknown name", root, in: [], hint: "a step's result is steps.\(root).output") }
            if known.inputs.contains(root) { return unknown("unknown name", root, in: [], hint: "an input is inputs.\(root)") }
            if root == "item" || root == "index" { return unknown("unknown name", root, in: [], hint: "items exist inside for_each only, and not in when") }
            if root == "with" { return unknown("unknown name", root, in: [], hint: "the step has no 'with'") }
            if root == "pass" { return unknown("unknown name", root, in: [], hint: "pass exists inside of a loop only") }
            if root == "secrets" || root == "checks" || root == "output" { return unknown("this version does not have", root, in: []) }
            return unknown("unknown name", root, in: names)
        }
        guard path.count > 1 else { return }
        switch root {
        case "inputs":
            if !known.inputs.contains(path[1]) { unknown("there is no input", path[1], in: known.inputNames, hint: "declare it under inputs:") }
        case "run":
            if !Self.runFields.contains(path[1]) { unknown("run has no", path[1], in: Self.runFields) }
        case "with":
            if !with.contains(path[1]) { unknown("'with' of this step has no", path[1], in: with.sorted()) }
        case "pass":
            if !Self.passFields.contains(path[1]) { unknown("pass has no", path[1], in: Self.passFields) }
        case "steps":
            guard let home = known.homes[path[1]] else {
                if !known.broken.mayHaveStep(path[1]) { unknown("there is no step", path[1], in: known.stepIDs(from: body)) }
                return
            }
            guard known.canSee(home, from: body) else {
                guard let owner = known.bodies[home].owner else { return unknown("a step of 'finally' is not seen from here:", path[1], in: []) }
                return unknown("from here there is no step", path[1], in: [], hint: "it is inside '\(owner)': steps.\(owner).output.\(path[1])")
            }
            if path.count > 2, !Self.stepFields.contains(path[2]) {
                return unknown("a step has no", path[2], in: Self.stepFields, hint: "its result is steps.\(path[1]).output")
            }
        default: break
        }
    }
}
