import ArgumentParser
import Glibc
import Values
import WorkflowLoading

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "The JSON Schema of workflow or project files, for editors.",
        discussion: """
            An editor with a YAML language server completes and checks a workflow that begins with the line
              # yaml-language-server: $schema=./agentctl.schema.json
            after: agentctl schema workflow --output agentctl.schema.json
            """)

    @Argument(help: "workflow or project.") var file: EditorSchema?
    @Flag(help: "The keys of both files as one page of Markdown.") var markdown = false
    @Option(name: [.short, .long], help: ArgumentHelp("Written to this file instead of stdout.", valueName: "file")) var output: String?

    func validate() throws {
        if markdown == (file != nil) { throw ValidationError("name workflow or project, or ask for --markdown") }
    }

    func run() throws {
        let text = file.map { JSONEncoding.pretty.string($0.document) + "\n" } ?? EditorSchema.page
        guard let output else { return Output.write(text) }
        guard let stream = fopen(output, "w") else { throw UsageError("cannot write \(output): \(String(cString: strerror(errno)))") }
        let isWritten = fputs(text, stream) >= 0
        guard fclose(stream) == 0, isWritten else { throw UsageError("cannot write \(output): \(String(cString: strerror(errno)))") }
    }
}

extension EditorSchema: ExpressibleByArgument {}
