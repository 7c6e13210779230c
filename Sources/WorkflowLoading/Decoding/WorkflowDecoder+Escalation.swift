import Values

extension WorkflowDecoder {
    /// What rules look at in `escalate`. Its keys and values are checked by their declarations; here only what goes together.
    func escalation(_ reader: MappingReader) -> EscalationDraft? {
        guard let node = reader.value("escalate") else { return nil }
        if reader.has("model") {
            context.report(
                "AW121", "'model' does not go with 'escalate'", at: reader.keyRange("model")!, hint: "the tiers are those of escalate: { tiers: [small, mid] }")
        }
        guard case .mapping = node.content else { return nil }
        if case .sequence(let nodes)? = node["tiers"]?.content, nodes.isEmpty {
            context.report("AW104", "escalate needs at least one tier", at: node["tiers"]!.range)
        }
        return EscalationDraft(
            tiers: names(node["tiers"]),
            start: node["start"].flatMap { start in start.scalar.flatMap { $0.text.containsBytes(of: "${{") ? nil : Named(text: $0.text, range: start.range) } },
            checks: checks(node["checks"]), hasAccept: node["accept"] != nil)
    }

    private func checks(_ node: YAMLNode?) -> [EscalationDraft.Check] {
        guard case .mapping(let pairs)? = node?.content else { return [] }
        return pairs.compactMap { key, check in
            guard let name = key.scalar?.text else { return nil }
            if let kind = LanguageMapping.modelKinds.first(where: { check[$0] != nil }), check["model"] == nil, defaults.model == nil {
                context.report(
                    "AW122", "check '\(name)' asks a model, but names none", at: check.pair(kind)!.key.range, hint: "add model: TIER here, or defaults: { model: TIER }")
            }
            if let logprob = check["logprob"], case .mapping = logprob.content, logprob["min_p10"] == nil, logprob["min_lowest"] == nil {
                context.report("AW104", "logprob needs 'min_p10' or 'min_lowest'", at: logprob.range.firstLine, hint: "for example min_p10: -1.2")
            }
            return EscalationDraft.Check(name: Named(text: name, range: key.range), isRecorded: check["record"]?.json == true)
        }
    }

    private func names(_ node: YAMLNode?) -> [Named] {
        guard case .sequence(let nodes)? = node?.content else { return [] }
        return nodes.compactMap { node in node.scalar.map { Named(text: $0.text, range: node.range) } }
    }

    /// Turns and calls are those of a loop with tools.
    func checkToolLimits(_ reader: MappingReader) {
        guard !reader.has("tools"), let limits = reader.value("limits") else { return }
        for key in ["max_turns", "max_calls"] {
            guard let pair = limits.pair(key) else { continue }
            context.report("AW121", "'\(key)' is for steps with 'tools'", at: pair.key.range)
        }
    }
}
