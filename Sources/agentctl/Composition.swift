import Economics
import Engine
import Glibc
import HTTP
import Ledger
import Providers
import Tools
import Values
import WorkflowLoading
import WorkflowModel

/// The wiring: the one place where the rooms of the house are joined.
struct Composition {
    let settings: Settings
    let prices: PriceBook

    init(settings: Settings) {
        self.settings = settings
        // What a provider's machine costs is a price of all its models.
        let machines = settings.project.providers.compactMap { provider in
            provider.machineHour.map { price in
                PriceRow(
                    id: "\(provider.name)/*/machine_hour@project", provider: provider.name, model: "*", unit: .machineHour, price: price,
                    source: settings.project.file ?? "project file", checkedAt: "")
            }
        }
        prices = PriceBook(overrides: settings.project.prices + machines, catalogue: .shipped)
    }

    func openLedger() throws(JournalError) -> Ledger {
        try Ledger.open(path: settings.ledgerPath, options: LedgerOptions(program: Version.program))
    }

    func openLedgerReadOnly() throws(JournalError) -> Ledger {
        try Ledger.openReadOnly(path: settings.ledgerPath, options: LedgerOptions(program: Version.program))
    }

    func ledgerUpkeep() throws(JournalError) -> LedgerUpkeep {
        try LedgerUpkeep(path: settings.ledgerPath, options: LedgerOptions(program: Version.program))
    }

    /// Everything that reaches out: one event loop with the engine's work and all sockets on it.
    func connect(progress: @escaping ModelServerPool.Progress) throws -> Connections {
        if let refusal = OpenFileLimit.current.refusal(below: OpenFileLimit.least) { throw refusal }
        let http = try Self.httpClient()
        let root = settings.project.root
        let servers = ModelServerPool(
            folder: settings.serversFolder, root: root, program: Self.executable, http: http, secrets: Output.secrets,
            withheld: withheldFromServers, progress: progress)
        let provider = ProviderRegistry(configurations: settings.project.providers, http: http, servers: servers, secrets: Output.secrets) {
            SecretReaders.read($0, root: root)
        }
        return Connections(loop: http.loop, servers: servers, provider: provider)
    }

    /// What keeps runs of a workflow from asking its models here and now: a provider that is not declared, a key that is not there, a
    /// model without a price under a cap. Those that wait for it are left as they are, where going on would fail them for good.
    func obstacle(to graph: WorkflowGraph, _ connections: Connections) -> StepFailure? {
        let builder = planBuilder(graph, provider: connections.provider, history: nil)
        if let refusal = builder.modelRefusal { return refusal }
        guard builder.asksModels, HTTPLibrary.version == nil else { return nil }
        return StepFailure(.configuration, "libcurl cannot be loaded", details: ["Debian has it in the package libcurl4"])
    }

    /// A client on an event loop of its own, under the proxies and certificates of the environment.
    static func httpClient() throws(StepFailure) -> HTTPClient {
        let loop: EventLoop
        do { loop = try EventLoop() } catch { throw StepFailure(.configuration, "the event loop could not be started: \(error)") }
        var options = HTTPClientOptions.fromEnvironment()
        options.userAgent = Version.program
        return HTTPClient(loop: loop, options: options)
    }

    /// - Parameter release: what whoever starts runs calls the version.
    func engine(journal: any RunJournal & AnswerMemory, connections: Connections, release: String? = nil) -> Engine {
        let limit = OpenFileLimit.current
        var environment = EngineEnvironment(
            journal: journal, provider: connections.provider, tools: CommandRunner(root: settings.project.root, secrets: Output.secrets, withheld: withheld), prices: prices,
            clock: LoopClock(loop: connections.loop), executor: connections.loop, maxConcurrentCalls: min(20_000, max(1, limit.transfers)),
            maxConcurrentPrograms: max(1, limit.programs), program: Version.program, requestInterval: .seconds(1),
            attachments: ProjectAttachments(root: settings.project.root), memory: journal,
            secrets: Output.secrets)
        environment.origin = RunOrigin(commit: GitCommit.head(of: settings.project.root), release: release)
        return Engine(environment: environment)
    }

    /// Keys are for providers: programs do not see them unless they are named.
    private var withheld: Set<String> { settings.project.secretVariables(besides: WellKnownProviders.all) }

    /// A server may have to know the key that it is asked with.
    private var withheldFromServers: @Sendable (String) -> Set<String> {
        let (withheld, providers) = (withheld, settings.project.providers)
        return { name in
            guard case .environment(let own)? = providers.first(where: { $0.name == name })?.apiKey else { return withheld }
            return withheld.subtracting([own])
        }
    }

    private static var executable: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : CommandLine.arguments[0]
    }
}

/// What has to be let go at the end.
struct Connections {
    let loop: EventLoop
    let servers: ModelServerPool
    let provider: ProviderRegistry

    /// Reads the keys that a workflow needs, before any of its programs could print one.
    func readKeys(of graph: WorkflowGraph) {
        provider.readKeys(of: graph.tiers.flatMap(\.models))
        graph.forEachStep { step in
            if case .workflow(let other) = step.kind { readKeys(of: other.graph) }
        }
    }

    func close() {
        servers.close()
        loop.stop()
    }
}

/// The engine's clock on the event loop's timers.
struct LoopClock: EngineClock {
    let loop: EventLoop

    func now() -> Timestamp { .now() }
    func sleep(for span: TimeSpan) async throws { try await loop.sleep(for: span) }
}
