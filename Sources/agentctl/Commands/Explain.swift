import ArgumentParser
import Values
import WorkflowLoading

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain a diagnostic code: what it means, an example, how to mend it.",
        discussion: "The same entries stand in Docs/Diagnostics.md. Of a word: where it is a key, and what is written here for a word of another tool.")

    @Argument(help: "A code such as AW101, in any case; or a word such as max_tokens.") var code: String?
    @Flag(help: "Every code, as one page of Markdown.") var all = false

    func validate() throws {
        if all == (code != nil) { throw ValidationError("name a code, or ask for --all") }
    }

    func run() throws {
        guard let code else { return Output.write(DiagnosticExplanation.page) }
        guard let explanation = DiagnosticExplanation.of(code) else {
            let lines = KeyExplanation.lines(of: code)
            if !lines.isEmpty {
                for line in lines { Output.line(line) }
                return
            }
            let known = DiagnosticExplanation.all.map(\.code)
            throw UsageError("there is no diagnostic '\(code)'", hint: Suggestion.hint(for: code.uppercased(), in: known) ?? "agentctl explain --all lists them")
        }
        Output.write(explanation.markdown)
    }
}
