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

    /// Has all that stands in the log copied into the file, by this connection or the ledger's own.
    func copyLog() async throws {
        let queue = try connect()
        while true {
            // Busy while another connection copies.
            let frames = try? await queue.writeWithoutTransaction { try $0.checkpoint(.passive) }
            if let frames, frames.walFrameCount == frames.checkpointedFrameCount { break }
            await Task.yield()
        }
        try queue.close()
    }

    func execute(_ sql: String) throws {
        let queue = try connect()
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }
}

// MARK: Short forms

func dollars(_ text: String) -> Money { Money(decimal: text)! }

/// A run with its first fact.
struct SampleStart {
    let start: RunStart
    let started: RunStarted
    let at: Timestamp

    var entry: JournalEntry {
        let entry = JournalEntry(run: start.id)
        entry.facts = [JournaledEvent(.runStarted(started), at: at)]
        entry.blobs = [Blob(text: "inputs", hash: started.inputs), Blob(text: "sources", hash: started.sources)]
        return entry
    }

    static func sample(
        _ id: String, workflow: String = "triage", cap: Money? = nil, tags: JSONObject = [:], decision: String? = nil, batch: (name: String, index: Int)? = nil,
        at: Timestamp = Timestamp(rfc3339: "2026-11-21T10:00:00Z")!
    ) -> SampleStart {
        SampleStart(
            start: RunStart(id: RunID(id), location: "/p/w.yaml"),
            started: RunStarted(
                workflow: workflow, file: "\(workflow).yaml", graph: ContentHash(of: "graph"), sources: ContentHash(of: "sources"), inputs: ContentHash(of: "inputs"),
                maxCost: cap, encoder: 1, program: "tests", owner: ["business": "support"], tags: tags, decision: RunDecision(id: decision),
                batch: batch?.name, batchIndex: batch?.index),
            at: at)
    }
}

extension JournaledEvent {
    /// A fact that no row follows from, under a name of its own.
    static func sample(_ kind: String, _ payload: String = "{}") -> JournaledEvent {
        JournaledEvent(.interruptRequested, kind: kind, payload: Array(payload.utf8), at: Timestamp(rfc3339: "2026-11-21T10:00:01Z")!)
    }
}

extension JournalEntry {
    convenience init(_ run: String, _ facts: RunEvent..., at: Timestamp = Timestamp(rfc3339: "2026-11-21T10:00:01Z")!) {
        self.init(run: RunID(run))
        self.facts = facts.map { JournaledEvent($0, at: at) }
    }

    static func event(_ run: String, _ kind: String, _ payload: String = "{}") -> JournalEntry {
        let entry = JournalEntry(run: RunID(run))
        entry.facts = [.sample(kind, payload)]
        return entry
    }

    static func start(
        _ run: String, _ number: Int, held: Money?, caps: [(scope: String, cap: Money)] = [], path: String? = nil,
        purpose: CallPurpose = .try, model: String = "small-model", retryOf: Int? = nil, ordinal: Int = 0, provider: String = "local",
        request: Blob? = nil,
        at: Timestamp = Timestamp(rfc3339: "2026-11-21T10:00:02Z")!, tags: JSONObject? = nil, trimmed: [TrimmedValue] = [], room: Money? = nil,
        tokens: TokenHold? = nil
    ) -> JournalEntry {
        let document = request ?? Blob(Array("request".utf8))
        let entry = JournalEntry(
            run,
            .callStarted(
                CallStarted(
                    id: CallID(run: RunID(run), number: number), path: path ?? "draft[\(number)]", tier: "small",
                    model: ModelReference(provider: provider, model: model), purpose: purpose, ordinal: ordinal, request: document.hash,
                    held: held, retryOf: retryOf, tags: tags, caps: caps, room: room, tokens: tokens, trimmed: trimmed, priceRows: ["local/in", "local/out"])), at: at)
        entry.blobs = [document]
        return entry
    }

    /// - Parameter held: what it counts from now on.
    static func end(
        _ run: String, _ number: Int, _ state: CallState, held: Money?, cost: Money?, failure: CallFailure? = nil, notes: [CallNote] = [],
        newPriceRows: [PriceRow] = [], response: Blob? = nil, usage: TokenUsage? = TokenUsage(plainInput: 100, cacheRead: 20, plainOutput: 30, reasoning: 5)
    ) -> JournalEntry {
        let document = response ?? Blob(Array("response".utf8))
        let entry = JournalEntry(
            run,
            .callEnded(
                CallEnded(
                    id: CallID(run: RunID(run), number: number), path: "draft[\(number)]", state: state, cost: cost, usage: usage, usageRaw: "{\"total\":155}",
                    finishReason: .stop, response: document.hash, failure: failure, jitter: 0, kept: held, notes: notes, newPriceRows: newPriceRows,
                    modelServed: "small-model-q4", httpStatus: 200, timeToFirstToken: .milliseconds(40), total: .milliseconds(250))),
            at: Timestamp(rfc3339: "2026-11-21T10:00:03Z")!)
        entry.blobs = [document]
        return entry
    }

    static func node(_ run: String, _ path: String, _ status: NodeStatus, second: Int, reason: String? = nil) -> JournalEntry {
        let fact: RunEvent
        switch status {
        case .running: fact = .nodeStarted(path)
        case .succeeded: fact = .nodeSucceeded(path, OutputReference(hash: ContentHash(of: path)))
        case .failed: fact = .nodeFailed(path, StepFailure(.timeout, "too slow"))
        case .cancelled: fact = .nodeCancelled(path)
        case .skipped: fact = .stepSkipped(path, SkipReason(text: reason!)!)
        case .waiting, .pending: preconditionFailure("no single fact tells that")
        }
        let entry = JournalEntry(run, fact, at: Timestamp(rfc3339: "2026-11-21T10:00:00Z")!.adding(.seconds(Int64(second))))
        if status == .succeeded { entry.blobs = [Blob(Array(path.utf8))] }
        return entry
    }

    static func finish(_ run: String, _ status: RunStatus = .succeeded, outcome: String? = nil) -> JournalEntry {
        let entry = JournalEntry(
            run,
            .runEnded(
                RunEnded(
                    status, outputs: ContentHash(of: "outputs"), failure: status == .failed ? StepFailure(.budget, "no money") : nil, outcome: outcome)),
            at: Timestamp(rfc3339: "2026-11-21T10:00:09Z")!)
        entry.blobs = [Blob(Array("outputs".utf8))]
        return entry
    }
}

extension RunJournal {
    func begin(_ run: SampleStart) async throws(JournalError) { try await begin(run.start, with: run.entry) }

    func takeOver(_ run: RunID) async throws(JournalError) -> RecordedRun { try await takeOver(run, by: "tests", at: .now()) }
}
