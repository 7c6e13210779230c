import Values
import WorkflowModel

/// What a workflow that a step runs says of caches does not hold there: prefixes of a run are planned together, as the file that is run says.
struct InnerCachingRule: WorkflowRule {
    func check(_ draft: WorkflowDraft, _ report: (Diagnostic) -> Void) {
        for step in draft.allSteps {
            guard case .workflow(let graph) = step.kind, case let keys = Self.keys(graph.caching, otherThan: draft.caching), !keys.isEmpty else { continue }
            report(
                Diagnostic(
                    .warning, code: "AW435", "\(keys.joined(separator: " and ")) of the workflow '\(graph.name)' \(keys.count == 1 ? "does" : "do") not hold where step '\(step.id.text)' runs it",
                    at: draft.node(of: step)?["workflow"]?.range ?? step.range, hint: "those of the file that is run hold for the whole run: write the same there"))
        }
    }

    private static func keys(_ inner: PrefixCaching, otherThan outer: PrefixCaching) -> [String] {
        let usual = PrefixCaching()
        var keys: [String] = []
        func settings(_ caching: PrefixCaching) -> PrefixCaching {
            var settings = caching
            settings.latencyPrice = usual.latencyPrice
            return settings
        }
        if settings(inner) != usual, settings(inner) != settings(outer) { keys.append("prefix_cache") }
        if inner.latencyPrice != usual.latencyPrice, inner.latencyPrice != outer.latencyPrice { keys.append("latency_price") }
        return keys
    }
}
