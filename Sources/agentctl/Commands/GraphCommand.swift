import ArgumentParser
import Reports
import Values
import WorkflowLoading
import WorkflowModel

struct GraphCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, mermaid, dot
    }

    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Show the steps of a workflow and what each waits for.",
        discussion: """
            As text in layers, as a Mermaid flowchart, or as Graphviz DOT:
              agentctl graph wf.yaml --format dot | dot -Tsvg > wf.svg
            Solid edges carry a value; dashed ones are guarded by has() or are order alone (needs). Exits with 10 when the \
            workflow is not valid.
            """)

    @Argument(help: "The workflow file.", completion: .workflowFile) var file: String
    @Option(help: ArgumentHelp("How it is drawn: text, mermaid or dot.", valueName: "format")) var format = Format.text
    @OptionGroup var global: GlobalOptions
    @OptionGroup var problems: ProblemOptions

    func run() throws {
        let graph = try WorkflowSource.load(file, try global.settings(besides: file))
        switch format {
        case .text: Output.write(styled: GraphReport.text(graph, style: Output.style))
        case .mermaid: Output.write(GraphReport.mermaid(graph))
        case .dot: Output.write(GraphReport.dot(graph))
        }
    }
}
