import Values
import WorkflowModel

extension GraphReport {
    /// The graph as a Mermaid flowchart, as GitHub and most Markdown viewers draw it. Groups, loops and `finally` are subgraphs.
    ///
    /// Edges that carry a value are solid, guarded and control edges dashed with a label.
    public static func mermaid(_ graph: WorkflowGraph) -> String {
        var text = "---\ntitle: \(JSONValue.string(graph.name.harmless).jsonText)\n---\nflowchart TD\n"
        var edges = ""
        func add(_ body: StepGraph, _ prefix: String, _ indent: String) {
            for (index, step) in body.steps.enumerated() {
                let label = labelLines(step, graph).map(mermaidText).joined(separator: "<br/>")
                let id = prefix + step.id
                if let inner = step.kind.body {
                    text += "\(indent)subgraph \(id)[\"\(label)\"]\n"
                    add(inner, id + "_IN_", indent + "    ")
                    text += "\(indent)end\n"
                } else {
                    text += "\(indent)\(id)\(mermaidShape(step, label))\n"
                }
                for dependency in body.dependencies[index] {
                    let arrow = edgeLabel(dependency.kind).map { "-.->|\"\($0)\"|" } ?? "-->"
                    edges += "    \(prefix)\(body.steps[dependency.step].id) \(arrow) \(id)\n"
                }
            }
        }
        // Words such as `end` and `graph` are Mermaid's own, and a leading `o` or `x` can be read as an arrow's head. No id
        // has a capital, so that none is that of a step inside of another.
        add(graph.body, "s_", "    ")
        if let finally = graph.finally {
            text += "    subgraph FINALLY[\"finally\"]\n"
            add(finally, "s_", "        ")
            text += "    end\n"
        }
        return text + edges
    }

    private static func mermaidShape(_ step: Step, _ label: String) -> String {
        switch step.kind.form {
        case .model: return "(\"\(label)\")"
        case .effect: return "[[\"\(label)\"]]"
        case .value: return "[\"\(label)\"]"
        case .question: return "{\"\(label)\"}"
        case .container: return "[/\"\(label)\"/]"
        }
    }

    /// Characters that end a label or a statement, or begin a tag, an entity or Markdown, as Mermaid's numbered entities.
    private static func mermaidText(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\"", "#", "<", ">", "&", "`", "\\", ";": result += "#\(scalar.value);"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
