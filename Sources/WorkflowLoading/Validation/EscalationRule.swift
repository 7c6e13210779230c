import Values

/// What stands together in `escalate` goes together: the first tier is one of its tiers, no check waits for itself.
struct EscalationRule: WorkflowRule {
    /// What can be read in a gate beside the answer.
    private static let besides: Set<String> = ["inputs", "steps", "run", "with", "checks", "tier", "index"]

    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard let escalation = step.escalation else { continue }
            let tiers = escalation.tiers.map(\.text)
            if let start = escalation.namedStart, !tiers.isEmpty, !tiers.contains(start.text) {
                report(
                    Diagnostic(
                        code: "AW202", "'\(start.text)' is not one of the tiers of this step", at: start.range,
                        hint: Suggestion.hint(for: start.text, in: tiers) ?? "they are: \(tiers.joined(separator: ", "))"))
            }
            for (text, range) in escalation.computedStart?.constantTexts ?? [] where !tiers.isEmpty && !tiers.contains(text) {
                report(
                    Diagnostic(
                        code: "AW202", "'\(text)' is not one of the tiers of this step", at: range,
                        hint: Suggestion.hint(for: text, in: tiers) ?? "they are: \(tiers.joined(separator: ", "))"))
            }
            for check in escalation.checks {
                // A name that is none is told already.
                guard case .agreement(let agreement) = check.kind, let on = agreement.on, on.references.allSatisfy({ Self.besides.contains($0.path.first ?? "") }) else { continue }
                report(
                    Diagnostic(
                        code: "AW103", "on says what of each answer is compared, and this reads none", at: on.range,
                        hint: "read the answer as output, for example on: output.kind"))
            }
            for (position, tier) in escalation.tiers.enumerated() where tiers[..<position].contains(tier.text) {
                report(Diagnostic(code: "AW103", "tiers are tried one after the other; '\(tier.text)' stands there already", at: tier.range))
            }
            if let circle = step.circleOfChecks() {
                report(
                    Diagnostic(
                        code: "AW205", "checks wait for each other: \(circle.map(\.text).joined(separator: " -> "))", at: circle[0].range,
                        hint: "a check reads the answer as output; what combines checks belongs in accept"))
            }
        }
    }
}

extension StepDraft {
    /// The names of the checks that a check reads.
    func checksRead(by name: Named) -> [String] {
        uses.filter { $0.owner == name.text }.flatMap(\.references).filter { $0.path.count > 1 && $0.path[0] == "checks" }.map { $0.path[1] }
    }

    /// Checks of which each reads the next one, the first one again at the end.
    fileprivate func circleOfChecks() -> [Named]? {
        let names = escalation?.checks.map(\.name) ?? []
        func read(by name: Named) -> [Named] {
            let read = checksRead(by: name)
            return names.filter { read.contains($0.text) }
        }
        var done: Set<String> = []
        func circle(from name: Named, _ path: [Named]) -> [Named]? {
            if let start = path.firstIndex(where: { $0.text == name.text }) { return path[start...] + [name] }
            guard done.insert(name.text).inserted else { return nil }
            for next in read(by: name) {
                if let found = circle(from: next, path + [name]) { return found }
            }
            return nil
        }
        for name in names {
            if let found = circle(from: name, []) { return found }
        }
        return nil
    }
}
