import Economics
import Engine
import Glibc
import HTTP
import Ledger
import Providers
import Reports
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
        prices = settings.priceBook
    }

    // MARK: The ledger

    /// Open to write, and made where there is none.
    func openLedger() throws(JournalError) -> any RunLedger {
        try Ledger.open(path: settings.ledgerPath, options: LedgerOptions(program: Version.program))
    }

    /// To look on only; there must be one.
    func archive() throws(JournalError) -> any RunArchive & SpendingArchive & RecordProof {
        try Ledger.openReadOnly(path: settings.ledgerPath, options: LedgerOptions(program: Version.program)).archive
    }

    func ledgerUpkeep() throws(JournalError) -> any LedgerUpkeeper {
        try LedgerUpkeep(path: settings.ledgerPath, options: LedgerOptions(program: Version.program))
    }

    /// How the ledger's file stands, without making or changing anything.
    func ledgerHealth() -> HealthFacts.LedgerFile {
        let inspection = LedgerInspection(path: settings.ledgerPath)
        let state: HealthFacts.LedgerFile.State =
            switch inspection.state {
            case .absent(let canBeMade): .absent(canBeMade: canBeMade)
            case .open(let schema, let isWritable, let faults):
                .open(schema: schema, current: LedgerInspection.currentSchema, isWritable: isWritable, faults: faults)
            case .unusable(let error): .unusable(message: error.description)
            }
        return HealthFacts.LedgerFile(path: settings.ledgerPath, state: state, freeBytes: inspection.freeBytes, bytes: inspection.bytes)
    }

    static var sqliteVersion: String { LedgerInspection.sqliteVersion }

    // MARK: Connections and the engine

    /// Everything that reaches out: one event loop with the engine's work and all sockets on it.
    ///
    /// - Parameter uses: hears which model servers are on.
    func connect(uses: ModelServerPool.Uses? = nil, progress: @escaping ModelServerPool.Progress) throws -> Connections {
        if let refusal = OpenFileLimit.current.refusal(below: OpenFileLimit.least) { throw refusal }
        let http = try Self.httpClient()
        let root = settings.project.root
        let servers = ModelServerPool(
            folder: settings.serversFolder, root: root, program: Self.executable, http: http, secrets: Output.secrets,
            withheld: withheldFromServers, uses: uses, progress: progress)
        let provider = ProviderRegistry(configurations: settings.project.providers, http: http, servers: servers, secrets: Output.secrets) {
            SecretReaders.read($0, root: root)
        }
        return Connections(loop: http.loop, servers: servers, provider: provider)
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
    func engine(journal: any RunLedger, loop: EventLoop, provider: any ModelProvider, release: String? = nil) -> Engine {
        let limit = OpenFileLimit.current
        var environment = EngineEnvironment(
            journal: journal, provider: provider,
            tools: programs, prices: prices,
            clock: LoopClock(loop: loop), executor: loop, maxConcurrentCalls: min(20_000, max(1, limit.transfers)),
            maxConcurrentPrograms: max(1, limit.programs), program: Version.program, requestInterval: .seconds(1),
            attachments: ProjectAttachments(root: settings.project.root), memory: journal, history: journal.archive,
            secrets: Output.secrets)
        environment.origin = RunOrigin(commit: GitCommit.head(of: settings.project.root), release: release)
        return Engine(environment: environment)
    }

    /// Runs programs in the project's folder, without the variables that hold keys.
    var programs: CommandRunner { CommandRunner(root: settings.project.root, secrets: Output.secrets, withheld: withheld) }

    /// A day and a half of hours with prices of their own.
    private static let mostPriceChanges = 8

    /// The rows that a run's calls can be charged by, as they are kept with it.
    func priceRows(of graph: WorkflowGraph, _ provider: any ModelProvider) -> [(id: String, json: String)] {
        var rows: TextTable<String> = [:]
        for reference in graph.tiers.flatMap(\.models) {
            let served = (try? provider.profile(of: reference).servedID) ?? reference.model
            // Those of other hours and days, too, that a run comes into.
            var moment: Timestamp? = .now()
            for _ in 0..<Self.mostPriceChanges {
                guard let now = moment else { break }
                let (sheet, until) = prices.quote(provider: reference.provider, model: served, at: now)
                for row in sheet?.allRows ?? [] { rows[row.id] = JSONEncoding.canonical.string(row.json) }
                moment = until
            }
        }
        return rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What an hour of a model's machine costs now, and the row that says so; `nil` where it is paid by the token.
    func machineHour(of model: ModelReference, _ provider: any ModelProvider, at: Timestamp) -> (price: Money, row: String, json: String)? {
        let served = (try? provider.profile(of: model).servedID) ?? model.model
        let sheet = prices.sheet(provider: model.provider, model: served, at: at)
        return sheet?.machineHour.map { ($0.price, $0.id, JSONEncoding.canonical.string($0.json)) }
    }

    /// Keys are for providers: programs do not see them unless they are named.
    private var withheld: TextSet { settings.project.secretVariables(besides: WellKnownProviders.all) }

    /// A server may have to know the key that it is asked with.
    private var withheldFromServers: @Sendable (String) -> TextSet {
        let (withheld, providers) = (withheld, settings.project.providers)
        return { name in
            guard case .environment(let own)? = providers.first(where: { $0.name.hasSameBytes(as: name) })?.apiKey else { return withheld }
            return withheld.subtracting([own])
        }
    }

    static var executable: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : CommandLine.arguments[0]
    }
}

/// The engine's clock on the event loop's timers.
struct LoopClock: EngineClock {
    let loop: EventLoop

    func now() -> Timestamp { .now() }
    func sleep(for span: TimeSpan) async throws { try await loop.sleep(for: span) }
}
