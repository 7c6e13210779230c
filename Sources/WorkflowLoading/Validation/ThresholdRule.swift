import Expressions
import Values
import WorkflowModel

/// What is compared with a number in a gate can be on either side of it.
struct ThresholdRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard let escalation = step.escalation else { continue }
            for use in step.uses {
                for comparison in use.expressions.flatMap(\.numberComparisons) {
                    guard let numbers = step.numbers(at: comparison.path), let outcome = comparison.outcome(in: numbers) else { continue }
                    self.report(comparison.path.joined(separator: "."), numbers, "\(comparison.sign.rawValue) \(Self.text(comparison.number))", outcome, at: comparison.range, report)
                }
            }
            for check in escalation.checks { checkMinimum(of: check, step, report) }
        }
    }

    private func checkMinimum(of check: EscalationDraft.Check, _ step: StepDraft, _ report: (Diagnostic) -> Void) {
        let (least, node): (Double?, YAMLNode?)
        var numbers = step.numbers(at: ["checks", check.name.text, "score"])
        switch check.kind {
        case .judge(let judge): (least, node) = (judge.minScore, check.node["min"])
        case .agreement(let agreement):
            (least, node) = (agreement.minShare, check.node["agree"]?["min"])
            // The answer at hand is one of them.
            let asked = if case .samples(let count) = agreement.asked { count } else { 1 }
            numbers = NumberRange(1 / Double(asked + 1), 1)
        default: return
        }
        guard let least, let numbers, let range = node?.range else { return }
        let comparison = NumberComparison(path: [], sign: .greaterEqual, number: least, range: range)
        guard let outcome = comparison.outcome(in: numbers) else { return }
        self.report("the score of '\(check.name.text)'", numbers, ">= \(Self.text(least))", outcome, at: range, report)
    }

    private func report(_ what: String, _ numbers: NumberRange, _ comparison: String, _ outcome: Bool, at range: SourceRange, _ report: (Diagnostic) -> Void) {
        let span = Self.text(numbers)
        let hint = "write a number that it can be on both sides of"
        if outcome {
            report(Diagnostic(.warning, code: "AW424", "\(what) is \(span), so it is always \(comparison)", at: range, hint: hint))
        } else {
            report(Diagnostic(code: "AW211", "\(what) is \(span), so it is never \(comparison)", at: range, hint: hint))
        }
    }

    private static func text(_ numbers: NumberRange) -> String {
        let (low, high) = ((numbers.isLowOpen ? "above " : "") + text(numbers.low), (numbers.isHighOpen ? "below " : "") + text(numbers.high))
        switch (numbers.low > -.infinity, numbers.high < .infinity) {
        case (true, true): return "from \(low) to \(high)"
        case (true, false): return numbers.isLowOpen ? low : "at least \(low)"
        default: return numbers.isHighOpen ? high : "at most \(high)"
        }
    }

    private static func text(_ number: Double) -> String {
        if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) }
        return String((number * 1000).rounded() / 1000)
    }
}

extension StepDraft {
    /// The numbers that a path in its gate can be, where it is known to be one.
    fileprivate func numbers(at path: [String]) -> NumberRange? {
        guard case .model(let model) = kind, let escalation else { return nil }
        if path.first == "output" { return model.schema?.shape.at(path.dropFirst())?.numbers }
        guard path.count > 2, path[0] == "checks", let check = escalation.checks.first(where: { $0.name.text == path[1] }) else { return nil }
        switch (check.kind, path[2]) {
        case (.logprob, "score"), (.agreement, "score"): return path.count == 3 ? NumberRange(0, 1) : nil
        case (.judge(let judge), "score"): return path.count == 3 ? judge.question.schema?.shape.property("score")?.numbers : nil
        case (.judge(let judge), "output"): return judge.question.schema?.shape.at(path.dropFirst(3))?.numbers
        default: return nil
        }
    }
}
