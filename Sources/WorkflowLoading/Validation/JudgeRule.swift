import JSONSchema
import Values
import WorkflowModel

/// A judge says what is read of it, about answers that are not its own.
struct JudgeRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard let escalation = step.escalation else { continue }
            for check in escalation.checks {
                guard case .judge(let judge) = check.kind else { continue }
                checkFields(of: judge, check, step, report)
                guard let model = draft.model(of: judge.question.tier?.text) else { continue }
                // At the last of several tiers it may have nothing to decide.
                let tiers = escalation.tiers.count > 1 ? escalation.tiers.dropLast() : escalation.tiers[...]
                guard let own = tiers.first(where: { draft.model(of: $0.text) == model }) else { continue }
                report(
                    Diagnostic(
                        .warning, code: "AW426", "judge '\(check.name.text)' is asked about answers of its own model, \(model)", at: check.node["model"]?.range ?? check.name.range,
                        hint: "a model hardly finds its own mistakes: name a tier of another model than '\(own.text)'"))
            }
            checkHelpers(escalation, draft, report)
        }
    }

    /// A helper that is the first model itself says what was said already.
    private func checkHelpers(_ escalation: EscalationDraft, _ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for check in escalation.checks {
            guard case .agreement(let agreement) = check.kind, case .tier(let helper) = agreement.asked, agreement.prompt == nil, agreement.temperature == nil,
                let first = escalation.tiers.first, let model = draft.model(of: helper), draft.model(of: first.text) == model
            else { continue }
            report(
                Diagnostic(
                    .warning, code: "AW426", "check '\(check.name.text)' compares the answer of '\(first.text)' with one of the same model, \(model)",
                    at: check.node["agree"]?["model"]?.range ?? check.name.range, hint: "name a tier of another model, or ask the same one again with samples:"))
        }
    }

    private func checkFields(of judge: EscalationDraft.JudgeDraft, _ check: EscalationDraft.Check, _ step: StepDraft, _ report: (Diagnostic) -> Void) {
        let name = check.name.text
        let read = step.uses.flatMap(\.references).filter { $0.path.starts(with: ["checks", name]) }
        func reads(_ field: String) -> SourceRange? { read.first { $0.path.count > 2 && $0.path[2] == field }?.range }
        let shape = judge.question.schema?.shape
        func has(_ field: String, _ types: [String]) -> Bool {
            guard let property = shape?.property(field) else { return false }
            let names = property.typeNames.filter { $0 != "null" }
            return names.isEmpty || names.allSatisfy(types.contains)
        }
        func missing(_ field: String, _ why: String, at range: SourceRange, _ type: String) {
            let what = shape?.property(field) == nil ? "has no field '\(field)'" : "has a field '\(field)' of another type"
            report(
                Diagnostic(
                    code: "AW212", "the answer of judge '\(name)' \(what), which \(why)", at: range,
                    hint: "give the judge output: { schema: { type: object, properties: { \(field): \(type) }, required: [\(field)] } }"))
        }
        let score = "{ type: number, minimum: 0, maximum: 1 }"
        let escalation = step.escalation!
        if judge.minScore != nil {
            if !has("score", ["number", "integer"]) { missing("score", "min is compared with", at: check.node.pair("min")?.key.range ?? check.name.range, score) }
        } else if escalation.accept == nil || reads("passed") != nil, !has("passed", ["boolean"]) {
            let why = escalation.accept == nil ? "decides, as there is no 'accept'" : "is read"
            let shown = shape?.property("score") == nil ? nil : "add min: 0.8, the least score that passes"
            if let shown {
                report(Diagnostic(code: "AW212", "judge '\(name)' gives a score and no 'passed', which \(why)", at: reads("passed") ?? check.name.range, hint: shown))
            } else {
                missing("passed", why, at: reads("passed") ?? check.name.range, "{ type: boolean }")
            }
        }
        if judge.minScore == nil, let range = reads("score"), !has("score", ["number", "integer"]) { missing("score", "is read", at: range, score) }
        if let numbers = shape?.property("score")?.numbers, !numbers.isBounded {
            report(
                Diagnostic(
                    .warning, code: "AW433", "the score of judge '\(name)' has no bounds, so no number says what is good", at: check.node["output"]?.range.firstLine ?? check.name.range,
                    hint: "write score: \(score) in its schema, and say in the prompt what the ends mean"))
        }
    }
}

extension WorkflowDraft {
    /// What a tier asks first.
    func model(of tier: String?) -> ModelReference? { tiers.first { $0.name.text == tier }?.tier.models.first }
}
