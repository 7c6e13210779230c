import Values
import WorkflowModel

extension GraphReport {
    /// The graph in the DOT language of Graphviz: `agentctl graph w.yaml --format dot | dot -Tsvg > w.svg`.
    /// Groups, loops and `finally` are clusters; edges begin and end at the node that stands for one, at its head.
    ///
    /// Edges that carry a value are solid, guarded and control edges dashed with a label.
    public static func dot(_ graph: WorkflowGraph) -> String {
        var text = "digraph \(dotText([graph.name.harmless])) {\n"
        text += "    node [shape=box, fontname=\"Helvetica\"];\n    edge [fontname=\"Helvetica\", fontsize=10];\n"
        var edges = ""
        func add(_ body: StepGraph, _ prefix: String, _ indent: String) {
            for (index, step) in body.steps.enumerated() {
                let id = prefix + step.id
                let node = "\(dotText([id])) [label=\(dotText(labelLines(step, graph)))\(dotShape(step))];\n"
                if let inner = step.kind.body {
                    text += "\(indent)subgraph \(dotText(["cluster_" + id])) {\n\(indent)    style=rounded; label=\"\";\n\(indent)    \(node)"
                    add(inner, id + "/", indent + "    ")
                    text += "\(indent)}\n"
                } else {
                    text += indent + node
                }
                for dependency in body.dependencies[index] {
                    let style = edgeLabel(dependency.kind).map { " [style=dashed, label=\(dotText([$0]))]" } ?? ""
                    edges += "    \(dotText([prefix + body.steps[dependency.step].id])) -> \(dotText([id]))\(style);\n"
                }
            }
        }
        add(graph.body, "", "    ")
        if let finally = graph.finally {
            text += "    subgraph \"cluster_FINALLY\" {\n        style=dashed;\n        label=\"finally\";\n"
            add(finally, "", "        ")
            text += "    }\n"
        }
        return text + edges + "}\n"
    }

    private static func dotShape(_ step: Step) -> String {
        switch step.kind.form {
        case .model: return ", style=rounded"
        case .effect: return ", peripheries=2"
        case .value: return ""
        case .question: return ", shape=diamond"
        case .container: return ", shape=folder"
        }
    }

    /// A quoted string: a backslash would begin an escape of Graphviz's own, an ampersand an entity.
    private static func dotText(_ lines: [String]) -> String {
        "\"" + lines.map { $0.replacingBytes(of: "&", with: "&amp;").replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "\"", with: "\\\"") }.joined(separator: "\\n") + "\""
    }
}
