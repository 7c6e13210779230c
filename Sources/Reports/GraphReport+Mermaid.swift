import Values
import WorkflowModel

extension GraphReport {
    /// The graph as a Mermaid flowchart, as GitHub and most Markdown viewers draw it.
    ///
    /// Edges that carry a value are solid, guarded and control edges dashed with a label.
    public static func mermaid(_ graph: WorkflowGraph) -> String {
        var text = "---\ntitle: \(JSONValue.string(graph.name.harmless).jsonText)\n---\nflowchart TD\n"
        for step in graph.steps {
            let label = labelLines(step, graph).map(mermaidText).joined(separator: "<br/>")
            text += "    \(mermaidID(step))\(mermaidShape(step, label))\n"
        }
        for (index, step) in graph.steps.enumerated() {
            for dependency in graph.dependencies[index] {
                let arrow = edgeLabel(dependency.kind).map { "-.->|\"\($0)\"|" } ?? "-->"
                text += "    \(mermaidID(graph.steps[dependency.step])) \(arrow) \(mermaidID(step))\n"
            }
        }
        return text
    }

    /// Words such as `end` and `graph` are Mermaid's own, and a leading `o` or `x` can be read as an arrow's head.
    private static func mermaidID(_ step: Step) -> String { "s_\(step.id)" }

    private static func mermaidShape(_ step: Step, _ label: String) -> String {
        switch step.kind {
        case .model: return "(\"\(label)\")"
        case .run, .tool: return "[[\"\(label)\"]]"
        case .value: return "[\"\(label)\"]"
        case .approve: return "{\"\(label)\"}"
        case .group, .loop, .workflow: return "[/\"\(label)\"/]"
        }
    }

    /// Characters that end a label or a statement, or begin a tag, an entity or Markdown, as Mermaid's numbered entities.
    private static func mermaidText(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\"", "#", "<", ">", "&", "`", "\\", ";":
                result += "#\(character.unicodeScalars.first!.value);"
            default: result.append(character)
            }
        }
    }
}
