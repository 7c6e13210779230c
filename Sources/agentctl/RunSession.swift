import Engine
import HTTP
import Providers
import Tools
import Values
import WorkflowModel

/// What drives runs of one project: connections and keys, the ledger, the plan, price rows, the engine and signals. The one place that
/// makes them, for every command that begins runs or goes on with them.
///
/// Each is made when it is first asked for, so that a command that refuses to run leaves no ledger behind and asks no key in vain; all
/// are let go by ``close()``.
final class RunSession {
    let composition: Composition
    private let say: @Sendable (String) -> Void
    private var connections: Connections?
    private var opened: (any RunLedger)?
    private var started: (engine: Engine, signals: StopSignals)?
    private let machines: MachineTimes

    /// - Parameter say: tells what is said to the user while runs go on.
    init(_ composition: Composition, say: @escaping @Sendable (String) -> Void) {
        self.composition = composition
        self.say = say
        machines = MachineTimes(composition, say: say)
    }

    /// Runs must have ended.
    func close() {
        started = nil
        // Servers first: that they are let go of is written before the ledger is closed.
        connections?.close()
        opened?.close()
        (opened, connections) = (nil, nil)
    }

    /// Waits for what runs still ask for comparison, behind everything that is printed.
    func leave() async { await started?.engine.leave() }

    // MARK: What it is made of

    /// Open to write; made where there is none.
    func ledger() throws(JournalError) -> any RunLedger {
        if let opened { return opened }
        let ledger = try composition.openLedger()
        opened = ledger
        machines.record(in: ledger)
        return ledger
    }

    private func connected() throws -> Connections {
        if let connections { return connections }
        let made = try composition.connect(uses: machines.uses, progress: say)
        machines.price(by: made.provider)
        connections = made
        return made
    }

    /// What is known of models; nobody is asked.
    func models() throws -> any ModelProvider { try connected().provider }

    /// The event loop, which is the engine's executor: tasks that drive runs are begun on it.
    func loop() throws -> EventLoop { try connected().loop }

    // MARK: Before a run

    /// Reads what has to be known before a workflow runs: the keys of its models and the project's secrets, those that programs print
    /// too, before any of its programs could print one and before anything of it is kept.
    ///
    /// - Throws: where a file of the workflow holds one of them.
    func readSecrets(of graph: WorkflowGraph) throws {
        readProjectSecrets()
        try readKeys(of: graph)
        try WorkflowSource.refuseSecrets(in: graph.sources)
    }

    private func readProjectSecrets() {
        let project = composition.settings.project
        for case (let name, .command(let argv)) in project.secretSources {
            switch SecretReaders.read(.command(argv), root: project.root) {
            case .success(let value): Output.secrets.add([Secret(name: name, value: value.trimmedKey)])
            case .failure(let failure): Output.note("\(name) could not be read, and is not looked for: \(failure.message)\n")
            }
        }
    }

    private func readKeys(of graph: WorkflowGraph) throws {
        let provider = try connected().provider
        func read(_ graph: WorkflowGraph) {
            provider.readKeys(of: graph.tiers.flatMap(\.models))
            graph.forEachStep { step in
                if case .workflow(let other) = step.kind { read(other.graph) }
            }
        }
        read(graph)
    }

    /// Prices runs of a workflow, by what earlier ones took.
    func planner(of graph: WorkflowGraph) async throws -> PlanBuilder {
        let archive = try ledger().archive
        return try await planner(of: graph, history: archive)
    }

    /// - Parameters:
    ///   - history: `nil` when there is no ledger yet.
    ///   - archive: tells what prompts of the workflow's models were billed as; `nil`: nobody looks, as it takes a while.
    func planner(of graph: WorkflowGraph, history: (any RunHistory)?, ratiosOf archive: (any RunArchive)? = nil) async throws -> PlanBuilder {
        let known = try? await history?.history(workflow: graph.name)
        var ratios: [ModelReference: TokenRatio] = [:]
        for model in archive == nil ? [] : Self.firstModels(of: graph) {
            let ratio = try? await archive?.tokenRatio(of: model)
            if let ratio { ratios[model] = ratio }
        }
        return PlanBuilder(
            graph: graph, provider: try connected().provider, prices: composition.prices, history: known ?? WorkflowHistory(), ratios: ratios, at: .now())
    }

    /// Those that tiers ask first, here and in the workflows that steps run.
    private static func firstModels(of graph: WorkflowGraph) -> Set<ModelReference> {
        var models = Set(graph.tiers.compactMap(\.models.first))
        graph.forEachStep { step in
            if case .workflow(let other) = step.kind { models.formUnion(firstModels(of: other.graph)) }
        }
        return models
    }

    /// Asks servers for the tokens of prompts; nothing of it is recorded.
    func counter() throws -> PromptCounter {
        readProjectSecrets()
        return PromptCounter(try connected().provider, secrets: Output.secrets)
    }

    /// What keeps runs of a workflow from asking its models here and now: a provider that is not declared, a key that is not there, a
    /// model without a price under a cap. Those that wait for it are left as they are, where going on would fail them for good.
    ///
    /// Behind ``readSecrets(of:)``, which reads the keys.
    func obstacle(to graph: WorkflowGraph) async throws -> StepFailure? {
        let builder = try await planner(of: graph, history: nil)
        if let refusal = builder.modelRefusal { return refusal }
        guard builder.asksModels, HTTPLibrary.version == nil else { return nil }
        return StepFailure(.configuration, "libcurl cannot be loaded", details: ["Debian has it in the package libcurl4"])
    }

    // MARK: Runs

    /// The engine, ready to run a workflow or to go on with runs of it: the prices of its models are recorded, and Ctrl-C asks the engine
    /// to stop instead of ending the process. It is the same one for all workflows of the session.
    ///
    /// - Parameter release: what whoever starts runs calls the version.
    func engine(for graph: WorkflowGraph, release: String? = nil) async throws -> Engine {
        let (ledger, connections) = (try ledger(), try connected())
        let engine: Engine
        if let started {
            engine = started.engine
        } else {
            engine = composition.engine(journal: ledger, loop: connections.loop, provider: connections.provider, release: release)
        }
        try await ledger.record(priceRows: composition.priceRows(of: graph, connections.provider), at: .now())
        if started == nil { started = (engine, StopSignals(engine: engine, said: say)) }
        return engine
    }
}

/// What reaches out of the process, and has to be let go at the end.
struct Connections {
    let loop: EventLoop
    let servers: ModelServerPool
    let provider: ProviderRegistry

    func close() {
        servers.close()
        loop.stop()
    }
}
