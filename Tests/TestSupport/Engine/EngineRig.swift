import Economics
import Engine
import Values
import WorkflowModel

/// An engine whose whole world is made up: virtual time, scripted models and programs, a journal in memory.
public struct EngineRig: Sendable {
    public let clock: ManualClock
    public let journal: InMemoryJournal
    public let provider: ScriptedProvider
    public let tools: ScriptedTools
    public let engine: Engine
    /// What it was made with.
    public let environment: EngineEnvironment

    /// - Parameter setUp: changes what the engine works with before it is made.
    public init(
        clock: ManualClock = ManualClock(), journal: InMemoryJournal = InMemoryJournal(), provider: ScriptedProvider,
        tools: ScriptedTools? = nil, prices: PriceBook = .perToken(), entropy: any EntropySource = FixedEntropy(),
        setUp: (inout EngineEnvironment) -> Void = { _ in }
    ) {
        self.clock = clock
        self.journal = journal
        self.provider = provider
        self.tools = tools ?? ScriptedTools(clock: clock)
        var environment = EngineEnvironment(
            journal: journal, provider: provider, tools: self.tools, prices: prices, clock: clock, entropy: entropy,
            executor: IdleExecutor { clock.advanceToNext() }, program: "agentctl test", memory: journal)
        setUp(&environment)
        self.environment = environment
        engine = Engine(environment: environment)
    }

    /// An engine whose models answer each step from a list.
    public init(answers: [String: [ScriptedProvider.Answer]], latency: TimeSpan = .milliseconds(100), prices: PriceBook = .perToken()) {
        let clock = ManualClock()
        self.init(clock: clock, provider: ScriptedProvider(clock: clock, latency: latency, answers: answers), prices: prices)
    }

    /// An engine whose models answer by a closure.
    public init(latency: TimeSpan = .milliseconds(100), prices: PriceBook = .perToken(), script: @escaping ScriptedProvider.Script) {
        let clock = ManualClock()
        self.init(clock: clock, provider: ScriptedProvider(clock: clock, latency: latency, script: script), prices: prices)
    }

    public func run(_ graph: WorkflowGraph, _ inputs: JSONObject = [:], observer: (any RunObserver)? = nil) async throws -> RunResult {
        let result = try await engine.run(graph, inputs: try InputBinding.bind(inputs, to: graph), observer: observer)
        if ReplayWish.isThere, let difference = try await replay(result.id, graph).difference {
            print("replayed otherwise: \(difference.message); expected \(difference.expected ?? "nothing"), found \(difference.found ?? "nothing")")
        }
        return result
    }

    public func run(_ yaml: String, _ inputs: JSONObject = [:], files: [String: String] = [:]) async throws -> RunResult {
        try await run(workflow(yaml, files: files), inputs)
    }

    /// What the last run wrote.
    public var written: InMemoryJournal.Run { journal.runs.last! }
}

extension PriceBook {
    /// One price for the models of one provider: dollars per million tokens, in and out.
    public static func perToken(input: String = "1", output: String = "2", provider: String = "local", model: String = "*") -> PriceBook {
        PriceBook(
            overrides: [
                .test(provider, model, .input, input), .test(provider, model, .output, output),
            ], catalogue: .none)
    }

    public static let empty = PriceBook(catalogue: .none)
}

extension PriceCatalogue {
    /// Without any price.
    public static let none = try! PriceCatalogue(json: ["version": "test", "entries": []])
}

extension PriceRow {
    /// Dollars per million tokens; per hour for machine time.
    public static func test(
        _ provider: String, _ model: String, _ unit: PriceUnit, _ price: String, from: Timestamp? = nil, to: Timestamp? = nil
    ) -> PriceRow {
        PriceRow(
            id: "\(provider)/\(model)/\(unit.rawValue)" + (from.map { "@\($0.dateText)" } ?? ""), provider: provider, model: model, unit: unit,
            price: unit == .machineHour ? Money(decimal: price)! : try! PriceRow.perMillion(price, name: "test"), effectiveFrom: from,
            effectiveTo: to, source: "test", checkedAt: "2026-11-21")
    }
}

/// Keeps what it sees.
public final class RecordingObserver: RunObserver {
    private let seen = Mutex<[String]>([])

    public init() {}

    /// The kinds of events, in order.
    public var kinds: [String] { seen.withLock { $0 } }

    public func observe(_ event: RunEvent, run: RunID, at: Timestamp) { seen.withLock { $0.append(event.kind) } }
}

/// Dollars, exact.
public func usd(_ text: String) -> Money { Money(decimal: text)! }
