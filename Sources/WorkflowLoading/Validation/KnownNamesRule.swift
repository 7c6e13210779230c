import Values

/// Tiers, prefixes and needed steps are declared.
struct KnownNamesRule: WorkflowRule {
    /// Names in one text: `b c`, `b, c`.
    private static func list(_ text: String, _ known: Set<String>) -> String? {
        let names = text.split { $0 == " " || $0 == "," }.map(String.init)
        return names.count > 1 && names.allSatisfy(known.contains) ? names.joined(separator: ", ") : nil
    }

    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        let tiers = draft.tiers.map(\.tier.name)
        let prefixes = draft.prefixes.map(\.name.text)
        let bodies = draft.bodies
        let steps = bodies.flatMap(\.steps).map(\.id.text)
        // A step without a name may be any.
        let known = (
            tiers: draft.broken.tiers.union(tiers), prefixes: draft.broken.prefixes.union(prefixes), steps: draft.broken.steps.union(steps)
        )
        let hints = NameHints()
        func check(_ name: Named, _ known: Set<String>, _ names: [String], _ what: String, _ where_: String) {
            guard !known.contains(name.text) else { return }
            let isModel = what == "tier" && ModelHints.looksLikeModel(name.text)
            let hint =
                isModel
                ? ModelHints.declaration(name.text)
                : Self.list(name.text, known).map { "write them as a list: [\($0)]" } ?? hints.hint(for: name.text, in: names, "declared", otherwise: names.isEmpty ? "none is declared under \(where_)" : nil)
            report(Diagnostic(code: "AW202", "there is no \(what) '\(name.text)'", at: name.range, hint: hint))
        }
        var checkedTiers: Set<SourceRange> = []
        for body in bodies {
            let beside = Set(body.steps.map(\.id.text)).union(draft.broken.steps)
            for need in body.steps.flatMap(\.needs) where !draft.broken.hasNamelessSteps {
                check(need, known.steps, steps, "step", "steps")
                if known.steps.contains(need.text), !beside.contains(need.text) {
                    report(
                        Diagnostic(
                            code: "AW202", "'\(need.text)' does not stand beside this step", at: need.range,
                            hint: "a step waits for steps of its own list; what the steps around it wait for has ended before it begins"))
                }
            }
        }
        for step in bodies.flatMap(\.steps) {
            guard case .model(let model) = step.kind else { continue }
            // A tier that `defaults` names wrongly is one mistake, however many steps use it.
            if let tier = model.tier, checkedTiers.insert(tier.range).inserted { check(tier, known.tiers, tiers, "tier", "models") }
            for prefix in model.prefixes { check(prefix, known.prefixes, prefixes, "prefix", "prefixes") }
        }
        for secret in draft.secrets {
            guard let declared = draft.projectSecrets else { break }
            check(secret, Set(declared), declared, "secret", "secrets of the project file")
        }
        for use in draft.uses + bodies.flatMap(\.steps).flatMap(\.uses) {
            switch use.content {
            case .tier(let tier): check(tier, known.tiers, tiers, "tier", "models")
            case .prefix(let prefix): check(prefix, known.prefixes, prefixes, "prefix", "prefixes")
            default: break
            }
        }
    }
}
