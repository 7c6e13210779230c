import Values

/// Steps that ask one tier offer the same tools: the list stands before everything else of a prompt, so that no two prompts with other lists have anything in common.
struct ToolListsRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        var first: TextTable<(step: String, tools: [String])> = [:]
        for step in draft.allSteps {
            guard case .model(let model) = step.kind, let tier = model.tiers.first?.text, let node = draft.node(of: step)?["tools"] else { continue }
            let tools = Self.names(node).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            if tools.isEmpty { continue }
            guard let other = first[tier] else {
                first[tier] = (step.id.text, tools)
                continue
            }
            guard other.tools != tools else { continue }
            let all = TextSet(other.tools + tools).sorted()
            report(
                Diagnostic(
                    .warning, code: "CP006", "the tools of '\(step.id.text)' are others than those of '\(other.step)', which asks '\(tier)' too: their prompts have no beginning in common", at: node.range,
                    hint: "give both all of them: tools: [\(all.joined(separator: ", "))]"))
        }
    }

    private static func names(_ node: YAMLNode) -> [String] {
        if case .sequence(let elements) = node.content { return elements.compactMap { $0.scalar?.text } }
        return node.scalar.map { [$0.text] } ?? []
    }
}
