import ArgumentParser
import Economics
import Engine
import Reports
import Values
import WorkflowModel

struct TryTokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Count the tokens of a text for a model.",
        discussion: """
            The file is a prompt of one message. Prints how many tokens it has and how that is known, the most that it can have, and what \
            it costs as input:
              counted    by the model's server, exactly or as its vendor's estimate
              learned    by what the model's prompts were billed as before; with the spread over those calls
              estimated  at four bytes a token, where nothing is known
            A server that cannot be asked is told of, and the next way taken. Nothing is recorded; counting is free.
              agentctl try tokens --model anthropic/claude-haiku-5-5 prompt.txt
              agentctl try tokens --model llama/small - --json < prompt.txt
            """)

    @Option(help: ArgumentHelp("The model that would read it.", valueName: "provider/model")) var model: String
    @Argument(help: ArgumentHelp("The text; - reads stdin.", valueName: "file|-"), completion: .documentFile) var file: String
    @Flag(help: "Ask no server: by what is known here alone.") var offline = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard let reference = ModelReference(text: model) else { throw UsageError("a model is named provider/model, found '\(model)'") }
        let composition = Composition(settings: try global.settings())
        let text = try RunInputs.text(of: file, what: "the text")
        guard !text.isEmpty else { throw UsageError("there is no text in \(file)") }
        let session = RunSession(composition, say: { Output.note("\($0)\n") })
        defer { session.close() }
        let trial = try TokenTrial(text, of: reference, composition)
        let report = try await trial.report(counter: offline ? nil : try session.counter(), archive: try? composition.archive())
        if json { Output.line(JSONEncoding.pretty.string(report.json)) } else { Output.write(styled: report.text(style: Output.style)) }
    }
}
