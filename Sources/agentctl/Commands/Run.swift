import ArgumentParser
import Economics
import Engine
import Reports
import Values
import WorkflowModel

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a workflow, or a batch of it.",
        discussion: """
            Prints the outputs on stdout: the text alone when there is one output and it is text, otherwise JSON. The plan's \
            line, the live tree and the summary go to stderr. Ctrl-C once stops the run cleanly, twice aborts it.
            """)

    @OptionGroup var source: WorkflowSource
    @OptionGroup var inputs: RunInputs
    @OptionGroup var batch: BatchOptions
    @Option(help: ArgumentHelp("What the workflow's version is called, for 'show' and 'audit --by release'.", valueName: "name")) var release: String?
    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: RunOutput
    @OptionGroup var problems: ProblemOptions

    func validate() throws {
        if batch.file != nil, output.events { throw ValidationError("--events is for one run, not for a batch") }
        if batch.file != nil, inputs.inputs != nil || !inputs.single.isEmpty {
            throw ValidationError("a batch takes its inputs from its file; --input and --inputs are for one run")
        }
        if batch.file == nil, batch.failures != nil { throw ValidationError("--failures goes with --batch") }
        if batch.file == nil, batch.resumed != nil { throw ValidationError("--resume goes with --batch; one run goes on with: agentctl resume RUN") }
    }

    func run() async throws {
        Output.endsOnClosedPipe.withLock { $0 = false }
        let settings = try global.settings(besides: source.file)
        let graph = try source.load(settings)
        let composition = Composition(settings: settings)
        if batch.file != nil {
            try await BatchRun(command: self, graph: graph, composition: composition).run()
        } else {
            try await runOnce(graph, composition)
        }
    }

    private func runOnce(_ graph: WorkflowGraph, _ composition: Composition) async throws {
        let given = try inputs.read(for: graph)
        let bound = try InputBinding.bind(given, to: graph)
        let stage = RunStage(output, of: graph)
        defer { stage.finish() }
        let session = RunSession(composition, say: stage.say)
        defer { session.close() }
        try session.readSecrets(of: graph)
        try RunInputs.refuseSecrets(in: bound)
        let plan = try await session.planner(of: graph).plan(inputs: bound)
        stage.say(PlanReport.line(plan))
        if let refusal = plan.refusal { throw refusal }
        let engine = try await session.engine(for: graph, release: release)
        let result = try await engine.run(graph, inputs: bound, observer: stage.observer)
        do { try output.report(result, on: stage) } catch {
            await session.leave()
            throw error
        }
        await session.leave()
    }

    /// The result as JSON. Money is a decimal string.
    static func document(_ result: RunResult) -> JSONObject {
        var object: JSONObject = ["run": .string(result.id.text), "status": .string(result.status.rawValue)]
        if let outputs = result.outputs { object["outputs"] = .object(outputs) }
        if let failure = result.failure {
            var error = failure.json
            if case .object(var fields) = error { fields["step"] = result.failedStep.map(JSONValue.string); error = .object(fields) }
            object["error"] = error
        }
        object = result.spending.fields(into: object)
        if let exceeded = result.exceeded { object["budget_exceeded"] = ["cap_usd": exceeded.cap.json, "counted_usd": exceeded.counted.json] }
        if let tokens = result.tokens { object["budget_tokens"] = ["cap": .int(Int64(tokens.cap)), "counted": .int(Int64(tokens.counted))] }
        if !result.waitsFor.isEmpty {
            object["waits_for"] = .array(result.waitsFor.map { .object(ApprovalReport.json($0.question, step: $0.step)) })
        }
        object["ms"] = .int(result.endedAt.elapsed(since: result.startedAt).milliseconds)
        return object
    }
}
