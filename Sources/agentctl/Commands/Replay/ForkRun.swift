import Economics
import Engine
import Reports
import Values
import WorkflowModel

/// A new run that keeps what another has, up to where it begins: a fork from a step, or another attempt at what failed.
struct ForkRun {
    let parent: RunRecord
    let point: ForkOrigin.Point
    let archive: any RunArchive & SpendingArchive
    /// Of the working directory.
    let here: Settings
    let global: GlobalOptions
    let output: RunOutput
    var purpose = RunPurpose.fork
    /// The workflow to go by; `nil`: as it was recorded.
    var file: String?
    /// Where the recorded workflow is now.
    var place: String?
    /// Takes the workflow's files of today.
    var accepts = false
    /// As `--set` takes them.
    var changes: [String] = []
    /// As `--input` takes them.
    var inputs: [String] = []
    var isDryRun = false

    func run() async throws {
        if let prunedAt = parent.prunedAt {
            throw UsageError("gc removed the events of run \(parent.id) on \(prunedAt.dateText): nothing of it can be kept", hint: "run the workflow anew")
        }
        let was = try await RecordedWorkflow.recorded(parent, archive, global, here: here, file: place)
        let (graph, settings) = try changed(was)
        if case .step(let path) = point { try require(path, graph) }
        let recorded = try await recordedInputs()
        let bound = try bind(recorded, to: graph)
        let fork = try await fork(was.graph, graph, recorded)
        try tell(fork.kept, was.graph, graph, recorded, bound)
        let stage = RunStage(output, of: graph)
        defer { stage.finish() }
        let session = RunSession(Composition(settings: settings), say: stage.say)
        defer { session.close() }
        try session.readSecrets(of: graph)
        try RunInputs.refuseSecrets(in: bound)
        let plan = try await session.planner(of: graph).keeping(fork.kept).plan(inputs: bound)
        if isDryRun {
            Output.write(styled: output.json ? JSONEncoding.pretty.string(PlanReport.json(plan)) + "\n" : PlanReport.text(plan, style: Output.style))
            if let refusal = plan.refusal { throw CommandEnd(code: ExitCodes.code(refusal.kind)) }
            return
        }
        stage.say(PlanReport.line(plan))
        if let refusal = plan.refusal { throw refusal }
        let engine = try await session.engine(for: graph)
        let result = try await engine.run(graph, inputs: bound, fork: fork, observer: stage.observer)
        do { try output.report(result, on: stage) } catch {
            await session.leave()
            throw error
        }
        await session.leave()
    }

    // MARK: What it goes by

    private func changed(_ was: RecordedWorkflow) throws -> (WorkflowGraph, Settings) {
        var (graph, settings) = (was.graph, was.settings)
        if let file {
            settings = Settings(project: try global.settings(besides: file).project, ledgerPath: here.ledgerPath)
            graph = try WorkflowSource.load(file, settings, hasBegun: true, runs: true)
        } else if accepts {
            graph = try WorkflowSource.load(was.path, settings, hasBegun: true, runs: true).applying(was.graph.sources.changes)
        }
        var (budget, models): (String?, [String]) = (nil, [])
        for change in changes {
            guard let (key, value) = change.cut(at: UInt8(ascii: "=")) else { throw UsageError("--set takes key=value, found '\(change)'", hint: Self.keys) }
            if key == "budget.max_cost_usd" {
                budget = value
            } else if let (group, tier) = key.cut(at: UInt8(ascii: ".")), group == "models", let (name, use) = tier.cut(atLast: UInt8(ascii: ".")), use == "use", !name.isEmpty {
                models.append("\(name)=\(value)")
            } else {
                throw UsageError("--set does not take '\(key)'", hint: Self.keys)
            }
        }
        return (try WorkflowSource.changing(graph, budget: budget, models: models), settings)
    }

    private static let keys = "it takes models.TIER.use=PROVIDER/MODEL and budget.max_cost_usd=USD; for anything else change the file and name it with --workflow"

    private func require(_ path: String, _ graph: WorkflowGraph) throws {
        let name = NodePath.step(path)
        if graph.step(at: name) != nil { return }
        var paths: [String] = []
        graph.forEachStep { paths.append($0.id) }
        throw UsageError("the workflow has no step '\(name)'", hint: Suggestion.hint(for: name, in: paths) ?? "it has: \(paths.prefix(20).joined(separator: ", "))", code: ExitCodes.invalidWorkflow)
    }

    private func recordedInputs() async throws -> JSONObject {
        let document = if let hash = parent.inputs { try await archive.json(hash) } else { nil as JSONValue? }
        guard let inputs = document?.objectValue else { throw UsageError("the inputs of run \(parent.id) are not in the ledger any more: nothing of it can be kept") }
        return inputs
    }

    private func bind(_ recorded: JSONObject, to graph: WorkflowGraph) throws -> JSONObject {
        var given = JSONObject()
        // Another workflow may take fewer.
        for input in graph.inputs { if let value = recorded[input.name] { given[input.name] = value } }
        var flags = RunInputs()
        (flags.single, flags.inputs) = (inputs, nil)
        try flags.read(for: graph).forEachPair { given[$0] = $1 }
        return try InputBinding.bind(given, to: graph)
    }

    // MARK: What it keeps

    private func fork(_ was: WorkflowGraph, _ graph: WorkflowGraph, _ inputs: JSONObject) async throws -> RunFork {
        let events = try await archive.events(run: parent.id, filter: EventFilter(limit: .max))
        try requireBegun(events)
        let kept = try await KeptNodes(of: RunID(parent.id), events, inputs: inputs, was: was, from: point, in: graph) { hashes throws(JournalError) in
            try await archive.documents(hashes)
        }
        // Another attempt is one at the same decision, also where its id is made of the run's.
        let decision = purpose == .production ? RunDecision(id: parent.decisionID, unit: graph.decision?.unit, counts: graph.decision?.counts ?? []) : nil
        return RunFork(of: RunID(parent.id), point, kept: kept, purpose: purpose, decision: decision)
    }

    /// An item or a pass that the run never had is no place to begin at.
    private func requireBegun(_ events: [EventRecord]) throws {
        guard case .step(let path) = point, path.utf8.contains(UInt8(ascii: "[")) else { return }
        let isThere = events.contains { event in
            guard let step = event.payload["step"]?.stringValue else { return false }
            return step.hasSameBytes(as: path) || step.startsWithBytes(of: path + "/") || step.startsWithBytes(of: path + "[")
        }
        if isThere { return }
        throw UsageError("run \(parent.id) has nothing at '\(path)'", hint: "what it has: agentctl show \(parent.id)", code: ExitCodes.invalidWorkflow)
    }

    /// Says what is kept, and what of it would be asked otherwise now.
    private func tell(_ kept: KeptNodes, _ was: WorkflowGraph, _ graph: WorkflowGraph, _ recorded: JSONObject, _ bound: JSONObject) throws {
        let steps = TextSet(kept.paths.map(NodePath.step)).sorted()
        let changed = steps.filter { isChanged($0, was, graph, recorded, bound) }
        if accepts, let first = changed.first {
            throw UsageError(
                "step '\(first)' of run \(parent.id) has ended, and is another now",
                hint: "without --accept-changes the run is done with the files that it began with; to run '\(first)' again: agentctl replay \(parent.id) --from \(first) --live --workflow FILE",
                code: ExitCodes.invalidWorkflow)
        }
        if output.quiet { return }
        Output.note("keeps \(kept.count == 1 ? "1 step or item" : "\(kept.count) steps and items") of run \(parent.id) as recorded\n")
        guard !changed.isEmpty else { return }
        let names = changed.prefix(5).joined(separator: ", ") + (changed.count > 5 ? " and \(changed.count - 5) more" : "")
        Output.note("\(changed.count == 1 ? "1 of the kept steps" : "\(changed.count) of the kept steps") would be asked otherwise now: \(names)\n")
    }

    private func isChanged(_ path: String, _ was: WorkflowGraph, _ graph: WorkflowGraph, _ recorded: JSONObject, _ bound: JSONObject) -> Bool {
        guard let before = was.step(at: path), let now = graph.step(at: path) else { return true }
        if was.hash != graph.hash, StepMeaning.hash(of: before.step, in: before.graph) != StepMeaning.hash(of: now.step, in: now.graph) { return true }
        // Steps of another file read what that one is given.
        guard recorded != bound, now.graph === graph else { return false }
        return StepMeaning.references(of: now.step, in: graph).contains { reference in
            guard reference.path.first == "inputs" else { return false }
            guard reference.path.count > 1 else { return true }
            return recorded[reference.path[1]] != bound[reference.path[1]]
        }
    }
}
