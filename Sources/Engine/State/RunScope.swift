import Expressions
import Values
import WorkflowModel

/// What the expressions of one node can read. A class, as it is handed on with every prompt, and its values are shared with those before it.
final class RunScope: Bindings, Sendable {
    /// The answer that a judge looks at, and what was asked.
    final class Judged: Sendable {
        let question: String
        let output: CELValue
        let tier: String
        let checks: CELValue

        init(question: String, output: CELValue, tier: String, checks: CELValue) {
            self.question = question
            self.output = output
            self.tier = tier
            self.checks = checks
        }

        func value(named name: String) -> CELValue? {
            switch name {
            case "output": output
            case "question": .string(question)
            case "tier": .string(tier)
            case "checks": checks
            default: nil
            }
        }
    }

    /// An element of a `for_each` list.
    struct Item: Sendable {
        let name: String
        let value: CELValue
        let index: Int
    }

    let inputs: CELValue
    let steps: CELValue
    let run: CELValue
    /// The step's own values under `with`, and those of the steps around it.
    let withValues: JSONObject
    private let with: CELValue?
    /// The outermost first; an inner one hides an outer one of its name.
    let items: [Item]
    let pass: CELValue?
    /// In the prompts of judges.
    let judged: Judged?

    func value(named name: String) -> CELValue? {
        switch name {
        case "inputs": return inputs
        case "steps": return steps
        case "run": return run
        case "with": return with
        case "pass": return pass
        case "index": return items.last.map { .int(Int64($0.index)) }
        default: return judged?.value(named: name) ?? items.last { $0.name == name }?.value
        }
    }

    init(inputs: CELValue, steps: CELValue, run: CELValue, with: JSONObject = [:], items: [Item] = [], pass: CELValue? = nil, judged: Judged? = nil) {
        self.inputs = inputs
        self.steps = steps
        self.run = run
        self.items = items
        self.pass = pass
        self.judged = judged
        withValues = with
        self.with = with.isEmpty ? nil : CELValue(.object(with))
    }

    /// What a prefix can read: it must be the same for every step that uses it.
    var shared: RunScope { RunScope(inputs: inputs, steps: steps, run: run) }

    /// This scope with the values of a step's `with`, which are evaluated in it.
    func evaluating(with templates: [(key: String, value: ValueTemplate)]) throws(EvaluationError) -> RunScope {
        guard !templates.isEmpty else { return self }
        var values = withValues
        for (key, template) in templates { values[key] = try template.evaluate(self) }
        return replacing(with: values)
    }

    /// This scope with other values under `with`.
    func replacing(with values: JSONObject) -> RunScope {
        RunScope(inputs: inputs, steps: steps, run: run, with: values, items: items, pass: pass, judged: judged)
    }

    /// This scope with one more element, the innermost.
    func adding(_ item: Item) -> RunScope {
        RunScope(inputs: inputs, steps: steps, run: run, with: withValues, items: items + [item], pass: pass, judged: judged)
    }

    /// This scope for a judge.
    func judging(_ judged: Judged) -> RunScope {
        RunScope(inputs: inputs, steps: steps, run: run, with: withValues, items: items, pass: pass, judged: judged)
    }

    /// The tags that have a value, over those given; `nil` where there are none at all.
    func tags(_ templates: [(key: String, value: Template)], over outer: JSONObject?) -> JSONObject? {
        if templates.isEmpty { return outer }
        var tags = outer ?? [:]
        for (key, template) in templates {
            if let value = try? template.render(self) { tags[key] = .string(value) }
        }
        return tags.isEmpty ? nil : tags
    }

    var names: [String] {
        ["inputs", "steps", "run"] + (with == nil ? [] : ["with"]) + (pass == nil ? [] : ["pass"])
            + (items.isEmpty ? [] : items.map(\.name) + ["index"])
    }
}
