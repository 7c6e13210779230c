import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

@testable import Ledger

/// A ledger in a folder of its own, which goes when the test is over.
final class TemporaryLedger: Sendable {
    let folder: String
    let path: String

    /// - Parameter subfolder: where in its folder the ledger lies; the tests' folder is there before it, this is not.
    init(subfolder: String = "") throws {
        folder = NSTemporaryDirectory() + "ledger-tests-" + UUID().uuidString
        path = folder + subfolder + "/ledger.db"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        chmod(folder, 0o755)
        try? FileManager.default.removeItem(atPath: folder)
    }

    func open(_ change: (inout LedgerOptions) -> Void = { _ in }) throws -> Ledger {
        var options = LedgerOptions(program: "tests")
        change(&options)
        return try Ledger.open(path: path, options: options)
    }

    /// A second connection, as another program would have it.
    func connect() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// The first value that a query gives on a connection of its own.
    func value<Value: DatabaseValueConvertible>(_ sql: String, of type: Value.Type = Value.self) throws -> Value? {
        let queue = try connect()
        defer { try? queue.close() }
        return try queue.read { try Value.fetchOne($0, sql: sql) }
    }

    func execute(_ sql: String) throws {
        let queue = try connect()
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }
}

// MARK: Short forms

func dollars(_ text: String) -> Money { Money(decimal: text)! }

extension RunStart {
    static func sample(
        _ id: String, workflow: String = "triage", cap: Money? = nil, tags: JSONObject = [:], decision: String? = nil,
        at: Timestamp = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!
    ) -> RunStart {
        RunStart(
            id: RunID(id), workflow: workflow, file: "\(workflow).yaml", location: "/p/w.yaml", graph: ContentHash(of: "graph"),
            inputs: ContentHash(of: "inputs"), maxCost: cap, tags: tags, owner: ["business": "support"], decisionID: decision,
            batch: nil, batchIndex: nil, at: at)
    }
}

extension JournaledEvent {
    static func sample(_ kind: String, _ payload: String = "{}") -> JournaledEvent {
        JournaledEvent(kind: kind, payload: Array(payload.utf8), at: Timestamp(rfc3339: "2026-11-21T10:00:01Z")!)
    }
}

extension JournalEntry {
    static func event(_ run: String, _ kind: String, _ payload: String = "{}") -> JournalEntry {
        let entry = JournalEntry(run: RunID(run))
        entry.events = [.sample(kind, payload)]
        return entry
    }

    static func start(
        _ run: String, _ number: Int, held: Money?, caps: [(scope: String, cap: Money)] = [], path: String? = nil,
        purpose: CallPurpose = .try, model: String = "small-model", retryOf: String? = nil,
        at: Timestamp = Timestamp(rfc3339: "2026-11-21T10:00:02Z")!, tags: JSONObject? = nil, trimmed: [TrimmedValue] = []
    ) -> JournalEntry {
        let entry = JournalEntry(run: RunID(run))
        entry.callStart = CallStart(
            id: CallID(run: RunID(run), number: number), path: path ?? "draft[\(number)]", step: "draft", tier: "small",
            purpose: purpose, ordinal: 0, provider: "local", modelAsked: model, request: ContentHash(of: "request"),
            retryOf: retryOf, held: held, caps: caps, at: at, tags: tags, trimmed: trimmed)
        entry.events = [.sample("callStarted", "{\"call\":\(number)}")]
        return entry
    }

    static func end(
        _ run: String, _ number: Int, _ state: CallState, released: Money?, held: Money?, cost: Money?,
        caps: [(scope: String, cap: Money)] = [], failure: CallFailure? = nil, notes: [CallNote] = [], newPriceRows: [PriceRow] = []
    ) -> JournalEntry {
        let entry = JournalEntry(run: RunID(run))
        entry.callEnd = CallEnd(
            id: CallID(run: RunID(run), number: number), state: state, held: held, cost: cost, released: released, caps: caps,
            usage: TokenUsage(plainInput: 100, cacheRead: 20, plainOutput: 30, reasoning: 5), usageRaw: "{\"total\":155}",
            priceRows: ["local/in", "local/out"], modelServed: "small-model-q4", response: ContentHash(of: "response"),
            httpStatus: 200, finishReason: "stop", failure: failure, timeToFirstToken: .milliseconds(40),
            total: .milliseconds(250), at: Timestamp(rfc3339: "2026-11-21T10:00:03Z")!, notes: notes, newPriceRows: newPriceRows)
        entry.events = [.sample("callEnded", "{\"call\":\(number)}")]
        return entry
    }

    static func node(_ run: String, _ path: String, _ status: NodeStatus, second: Int, reason: String? = nil) -> JournalEntry {
        let entry = JournalEntry(run: RunID(run))
        entry.nodes = [
            NodeUpdate(
                path: path, step: path, item: nil, status: status,
                at: Timestamp(rfc3339: "2026-11-21T10:00:00Z")!.adding(.seconds(Int64(second))),
                output: status == .succeeded ? ContentHash(of: path) : nil,
                failure: status == .failed ? StepFailure(.timeout, "too slow") : nil, reason: reason)
        ]
        return entry
    }

    static func finish(_ run: String, _ status: RunStatus = .succeeded, outcome: String? = nil) -> JournalEntry {
        let entry = JournalEntry(run: RunID(run))
        entry.runEnd = RunEnd(
            status: status, outputs: ContentHash(of: "outputs"), failure: status == .failed ? StepFailure(.budget, "no money") : nil,
            outcome: outcome, at: Timestamp(rfc3339: "2026-11-21T10:00:09Z")!)
        return entry
    }
}

extension RunJournal {
    /// A run without a first fact.
    func begin(_ run: RunStart) async throws(JournalError) { try await begin(run, with: JournalEntry(run: run.id)) }
}
