import ArgumentParser
import Economics
import Engine
import Ledger
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
    @OptionGroup var global: GlobalOptions
    @Flag(help: "The result as one JSON document on stdout.") var json = false
    @Flag(help: "Every event as a line of JSON on stdout.") var events = false
    @Flag(name: [.short, .long], help: "Nothing on stderr but errors.") var quiet = false

    func validate() throws {
        if json, events { throw ValidationError("--json and --events exclude each other") }
        if batch.file != nil, events { throw ValidationError("--events is for one run, not for a batch") }
        if batch.file != nil, inputs.inputs != nil || !inputs.single.isEmpty {
            throw ValidationError("a batch takes its inputs from its file; --input and --inputs are for one run")
        }
        if batch.file == nil, batch.failures != nil { throw ValidationError("--failures goes with --batch") }
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
        let isLive = Output.isErrorTerminal && !quiet && !events && Output.variable("TERM") != "dumb"
        let live = isLive ? LiveView() : nil
        defer { live?.finish() }
        let say: @Sendable (String) -> Void = { [quiet] message in
            if quiet { return }
            if let live { live.say(message) } else { Output.note(message + "\n") }
        }
        let connections = try composition.connect(progress: say)
        defer { connections.close() }
        let ledger = try composition.openLedger()
        defer { ledger.close() }

        let plan = composition.planBuilder(graph, provider: connections.provider, history: ledger).plan(inputs: bound)
        if !quiet { say(PlanReport.line(plan)) }
        if let refusal = plan.refusal { throw refusal }
        try await ledger.record(priceRows: composition.priceRows(of: graph, connections.provider))

        let engine = composition.engine(journal: ledger, connections: connections)
        let signals = StopSignals(engine: engine, said: say)
        defer { _ = signals }
        let observer: (any RunObserver)? = events ? EventView() : live ?? (quiet ? nil : PlainView())
        let result = try await engine.run(graph, inputs: bound, observer: observer)
        live?.finish()
        try report(result, graph)
    }

    private func report(_ result: RunResult, _ graph: WorkflowGraph) throws {
        if json {
            Output.line(JSONEncoding.pretty.string(.object(Self.document(result))))
        } else if events {
            Output.line(JSONValue.object(["event": "result", "run": .string(result.id.text), "data": .object(Self.document(result))]).jsonText)
        } else if let outputs = result.outputs, !outputs.isEmpty {
            if outputs.count == 1, let text = outputs.values.first?.stringValue { Output.line(text) } else { Output.line(JSONEncoding.pretty.string(.object(outputs))) }
        }
        Output.flush()
        if !quiet {
            let cost = result.unpricedCalls > 0 ? "≥ \(result.cost.displayText) (\(result.unpricedCalls) calls unpriced)" : result.cost.displayText
            let calls = "\(result.calls) \(result.calls == 1 ? "call" : "calls")"
            Output.note("\(result.id) \(result.status.rawValue) in \(result.endedAt.since(result.startedAt)), \(calls), \(cost); see: agentctl show \(result.id)\n")
        }
        switch result.status {
        case .succeeded: return
        case .interrupted, .cancelled: throw CommandEnd(code: ExitCodes.interrupted)
        default:
            guard let failure = result.failure else { throw CommandEnd(code: ExitCodes.invalidWorkflow) }
            throw StepFailure(failure.kind, result.failedStep.map { "step '\($0)': \(failure.message)" } ?? failure.message, details: failure.details)
        }
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
        object["cost_usd"] = result.cost.json
        if result.unpricedCalls > 0 { object["unpriced_calls"] = .int(Int64(result.unpricedCalls)) }
        object["calls"] = .int(Int64(result.calls))
        object["ms"] = .int(result.endedAt.since(result.startedAt).milliseconds)
        return object
    }
}

extension Composition {
    /// The rows that a run's calls can be charged by, as they are kept with it.
    func priceRows(of graph: WorkflowGraph, _ provider: any ModelProvider) -> [(id: String, json: String)] {
        var rows: [String: String] = [:]
        for reference in graph.tiers.flatMap(\.models) {
            let served = (try? provider.profile(of: reference).servedID) ?? reference.model
            guard let sheet = prices.sheet(provider: reference.provider, model: served, at: .now()) else { continue }
            for row in sheet.allRows { rows[row.id] = JSONEncoding.canonical.string(row.json) }
        }
        return rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
