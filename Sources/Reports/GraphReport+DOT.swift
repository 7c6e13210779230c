import Values
import WorkflowModel

extension GraphReport {
    /// The graph in the DOT language of Graphviz: `agentctl graph w.yaml --format dot | dot -Tsvg > w.svg`.
    ///
    /// Edges that carry a value are solid, guarded and control edges dashed with a label.
    public static func dot(_ graph: WorkflowGraph) -> String {
        var text = "digraph \(dotText([graph.name.harmless])) {\n"
        text += "    node [shape=box, fontname=\"Helvetica\"];\n    edge [fontname=\"Helvetica\", fontsize=10];\n"
        for step in graph.steps {
            text += "    \(dotText([step.id])) [label=\(dotText(labelLines(step, graph)))\(dotShape(step))];\n"
        }
        for (index, step) in graph.steps.enumerated() {
            for dependency in graph.dependencies[index] {
                let style = edgeLabel(dependency.kind).map { " [style=dashed, label=\(dotText([$0]))]" } ?? ""
                text += "    \(dotText([graph.steps[dependency.step].id])) -> \(dotText([step.id]))\(style);\n"
            }
        }
        return text + "}\n"
    }

    private static func dotShape(_ step: Step) -> String {
        switch step.kind {
        case .model: return ", style=rounded"
        case .run, .tool: return ", peripheries=2"
        case .value: return ""
        case .approve: return ", shape=diamond"
        case .group, .loop, .workflow: return ", shape=folder"
        }
    }

    /// A quoted string: a backslash would begin an escape of Graphviz's own, an ampersand an entity.
    private static func dotText(_ lines: [String]) -> String {
        "\"" + lines.map { $0.replacing("&", with: "&amp;").replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }.joined(separator: "\\n") + "\""
    }
}
