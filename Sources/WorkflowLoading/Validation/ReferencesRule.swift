import Expressions
import Values
import WorkflowModel

/// Every name that an expression reads exists where it stands.
struct ReferencesRule: WorkflowRule {
    static let stepFields = ["output", "status", "accepted", "tier", "attempts", "tiers_asked", "checks", "cost_usd", "tokens", "exit_code"]
    /// Of those, what only steps with a gate have.
    static let gateFields = ["tiers_asked", "checks"]
    static let runFields = ["id", "started_at"]

    static let passFields = ["index", "previous"]
    static let checkFields = ["passed", "score", "output"]
    /// Names that mean something somewhere, so that no item can have them.
    static let roots = ["inputs", "steps", "run", "with", "index", "pass", "output", "checks", "secrets"]
    /// Those that mean something besides in a gate.
    static let gateRoots = ["tier", "question"]

    /// The names of a draft, looked up once for its thousands of references.
    private struct Names {
        /// For each id the bodies that have a step of it.
        let homes: [String: [Int]]
        let bodies: [BodyDraft]
        let inputs: Set<String>
        let inputNames: [String]
        let secrets: [String]
        /// The checks of steps with a gate.
        let gates: [String: [String]]
        let broken: BrokenNames
        let hints = NameHints()

        init(_ draft: WorkflowDraft) {
            bodies = draft.bodies
            homes = Dictionary(grouping: bodies.flatMap { body in body.steps.map { ($0.id.text, body.index) } }, by: \.0).mapValues { $0.map(\.1) }
            inputNames = draft.inputs.map(\.name)
            inputs = Set(inputNames).union(draft.broken.inputs)
            secrets = draft.secrets.map(\.text)
            gates = Dictionary(
                draft.allSteps.compactMap { step in step.escalation.map { (step.id.text, $0.checks.map(\.name.text)) } }, uniquingKeysWith: { first, _ in first })
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
            for step in body.steps {
                for (place, references) in step.references(in: draft) where !place.isPrefix && !references.isEmpty {
                    let visible = body.visible(to: step, at: place)
                    for reference in references { check(reference, visible, known, report) }
                }
            }
            for reference in body.until?.references ?? [] { check(reference, body.visibleAfterPass, known, report) }
        }
        let outside = VisibleNames.outside(known.bodies[0])
        for reference in draft.prefixes.flatMap(\.text.references) + draft.outputs.flatMap(\.value.references) + (draft.decision?.outcome?.references ?? []) {
            check(reference, outside, known, report)
        }
        // Tags and the decision's id are written with the run's first record.
        for reference in draft.tags.flatMap(\.value.references) + (draft.decision?.id?.references ?? []) {
            check(reference, .outside(known.bodies[0], readingSteps: false), known, report)
        }
    }

    private func check(_ reference: Reference, _ visible: VisibleNames, _ known: Names, _ report: (Diagnostic) -> Void) {
        let (names, with, body, checks) = (visible.roots, visible.with, visible.body, visible.checks)
        func unknown(_ what: String, _ name: String, in names: [String], hint: String? = nil) {
            report(Diagnostic(code: "AW203", "\(what) '\(name)'", at: reference.range, hint: known.hints.hint(for: name, in: names, "known here", otherwise: hint)))
        }
        let path = reference.path
        guard let root = path.first else { return }
        guard names.contains(root) else {
            if visible.answerFields.contains(root) { return unknown("unknown name", root, in: [], hint: "a field of the answer is output.\(root)") }
            if known.homes[root] != nil { return unknown("unknown name", root, in: [], hint: "a step's result is steps.\(root).output") }
            if known.inputs.contains(root) { return unknown("unknown name", root, in: [], hint: "an input is inputs.\(root)") }
            if root == "item" || root == "index" { return unknown("unknown name", root, in: [], hint: "items exist inside for_each only, and not in when") }
            if root == "with" { return unknown("unknown name", root, in: [], hint: "the step has no 'with' that can be read here: 'when' and 'for_each' come before it") }
            if root == "pass" { return unknown("unknown name", root, in: [], hint: "pass exists inside of a loop only") }
            if root == "secrets" { return unknown("no secret is read here:", path.joined(separator: "."), in: [], hint: "secrets are read under 'with' of run and tool steps, never in a prompt") }
            if root == "checks" { return unknown("unknown name", root, in: [], hint: "checks exist inside of escalate only") }
            if root == "output" { return unknown("unknown name", root, in: [], hint: "the answer is 'output' inside of escalate only; a step's result is steps.<id>.output") }
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
        case "secrets":
            if !known.secrets.contains(path[1]) { unknown("there is no secret", path[1], in: known.secrets, hint: "declare it: secrets: [\(path[1])]") }
        case "checks":
            guard checks.contains(path[1]) else { return unknown("there is no check", path[1], in: checks) }
            if path.count > 2, !Self.checkFields.contains(path[2]) { unknown("a check has no", path[2], in: Self.checkFields) }
        case "pass":
            if !Self.passFields.contains(path[1]) { unknown("pass has no", path[1], in: Self.passFields) }
        case "steps":
            guard let homes = known.homes[path[1]] else {
                if !known.broken.mayHaveStep(path[1]) { unknown("there is no step", path[1], in: known.stepIDs(from: body)) }
                return
            }
            guard homes.contains(where: { known.canSee($0, from: body) }) else {
                guard let owner = known.bodies[homes[0]].owner else { return unknown("a step of 'finally' is not seen from here:", path[1], in: []) }
                return unknown("from here there is no step", path[1], in: [], hint: "it is inside '\(owner)': steps.\(owner).output.\(path[1])")
            }
            if path.count > 2, !Self.stepFields.contains(path[2]) {
                return unknown("a step has no", path[2], in: Self.stepFields, hint: "its result is steps.\(path[1]).output")
            }
            guard path.count > 2, Self.gateFields.contains(path[2]) else { return }
            guard let checks = known.gates[path[1]] else { return unknown("'\(path[1])' has no 'escalate', and so no", path[2], in: []) }
            guard path[2] == "checks", path.count > 3 else { return }
            if !checks.contains(path[3]) { unknown("there is no check", path[3], in: checks) }
        default: break
        }
    }
}
