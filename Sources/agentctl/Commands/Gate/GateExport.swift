import ArgumentParser
import Reports
import Values
import WorkflowModel

struct GateExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print what a gate was answered in the ledger's runs, as rows for 'gate simulate'.",
        discussion: """
            One JSON object a line for each execution of the gate: the answer of each tier that was asked, its signals, what the checks found, and what \
            it cost. Where decision.counts and 'agentctl outcome' say whether the decision was right, 'correct' says so.
              agentctl gate export triage#classify --since 30d > answers.jsonl
              agentctl gate simulate answers.jsonl --step triage.yaml#classify
            """)

    @Argument(
        help: ArgumentHelp("The workflow, by its name or its file, and the step whose gate decided.", valueName: "workflow#step"), completion: .workflowFile)
    var gate: String
    @Option(help: ArgumentHelp("Only executions decided then or later: a date, or a span such as 7d.", valueName: "date|span")) var since: String?
    @OptionGroup var global: GlobalOptions

    /// Executions that are read at a time.
    private static let page = 500

    func run() async throws {
        guard let (workflow, step) = gate.cut(atLast: UInt8(ascii: "#")), !workflow.isEmpty, !step.isEmpty else {
            throw UsageError("a gate is named by workflow#step, found '\(gate)'", hint: "for example triage#classify, or triage.yaml#classify")
        }
        let isFile = workflow.endsWithBytes(of: ".yaml") || workflow.endsWithBytes(of: ".yml")
        let settings = try isFile ? global.settings(besides: workflow) : global.settings()
        let name = isFile ? try WorkflowSource.load(workflow, settings).name : workflow
        let archive = try Composition(settings: settings).archive()
        let from = try since.map(Moments.parse)
        var (after, count, known) = (nil as GateExecution.Position?, 0, 0)
        while true {
            let page = try await archive.gateExecutions(workflow: name, step: step, since: from, after: after, limit: Self.page)
            let documents = try await archive.documents(Array(Set(page.flatMap(GateExport.documents)))).compactMapValues { try? JSONParser.parse($0) }
            for execution in page {
                Output.line(GateExport.row(execution) { documents[$0] }.jsonText)
                if execution.isCorrect != nil { known += 1 }
            }
            count += page.count
            after = page.last?.position
            if page.count < Self.page { break }
        }
        Output.flush()
        if count == 0, !isFile, try await archive.runs(filter: RunFilter(workflow: name, limit: 1)).isEmpty {
            let known = try await archive.runs(filter: RunFilter(limit: 500)).map(\.workflow)
            throw UsageError(NothingMatches.known("workflow", name, known))
        }
        if count == 0 { return Output.note("no execution of a gate at '\(step)' of \(name) is recorded\(since.map { " since \($0)" } ?? "")\n") }
        Output.note("\(count) \(count == 1 ? "execution" : "executions"), \(known) with a known outcome\n")
    }
}
