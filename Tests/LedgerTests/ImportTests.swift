import Economics
import Foundation
import GRDB
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// A run of another ledger is there to be looked at, and counts in nothing.
@Suite struct ImportTests {
    private static let noon = Timestamp(rfc3339: "2026-11-21T12:00:00Z")!
    private static let later = Timestamp(rfc3339: "2027-01-01T00:00:00Z")!

    /// A run as it comes out of a file.
    private struct Parts: ImportedRun {
        let run: RunID
        let facts: Int
        let head: ContentHash
        var parts: [ImportedPart]
        var leftOut: [ContentHash] = []
        var origin = ImportOrigin(file: "golden/a.bundle", hash: ContentHash(of: "the file"))

        func forEachPart(_ body: (ImportedPart) throws -> Void) throws { for part in parts { try body(part) } }
    }

    /// All of a run, with the documents that are there before the fact that names them.
    private func parts(of run: String, in ledger: Ledger) throws -> Parts {
        let facts = try ledger.facts(run: run, after: 0, limit: .max)
        var parts: [ImportedPart] = []
        var leftOut: [ContentHash] = []
        for fact in facts {
            for (_, hash) in RunEvent.documents(in: try JSONParser.parse(fact.payload)) {
                if let bytes = try ledger.blob(hash) { parts.append(.document(Blob(bytes, hash: hash))) } else { leftOut.append(hash) }
            }
            parts.append(.fact(fact))
        }
        return Parts(run: RunID(run), facts: facts.count, head: try #require(facts.last).hash, parts: parts, leftOut: leftOut)
    }

    /// A run with whatever sums look at: calls that read caches, a lost one, a gate, a question, an answer that is kept, an outcome.
    private func record(_ run: String, _ status: RunStatus? = .succeeded, in ledger: Ledger, batch: (name: String, index: Int)? = nil) async throws {
        if batch != nil { try await ledger.claim(batch: "b") }
        try await ledger.begin(.sample(run, cap: dollars("10"), tags: ["team": "blue"], decision: "ticket-1", batch: batch))
        _ = try await ledger.write(.node(run, "draft", .running, second: 1))
        _ = try await ledger.write(.start(run, 1, held: dollars("2"), path: "draft"))
        _ = try await ledger.write(.end(run, 1, .settled, held: dollars("0.5"), cost: dollars("0.5")))
        let gate = ContentHash(of: "gate")
        _ = try await ledger.write(JournalEntry(run, .tierDecided(TierDecided(path: "draft", tier: "small", gate: gate, verdict: .accepted, window: ContentHash(of: "key"))), at: Self.noon))
        _ = try await ledger.write(JournalEntry(run, .memoKept(MemoKept(path: "draft", question: ContentHash(of: "q"), call: CallID(run: RunID(run), number: 1), output: ContentHash(of: "output"), cost: nil)), at: Self.noon))
        _ = try await ledger.write(.node(run, "draft", .succeeded, second: 4))
        let asks = JournalEntry(run, .approvalRequested("review", ApprovalRequest(number: 1, message: ContentHash(of: "\"Send?\""), until: nil, onTimeout: .fail)), at: Self.noon)
        asks.blobs = [Blob(Array("\"Send?\"".utf8))]
        _ = try await ledger.write(asks)
        _ = try await ledger.write(.start(run, 2, held: dollars("1"), path: "check"))
        if let status { _ = try await ledger.write(.finish(run, status, outcome: status == .succeeded ? "resolved" : nil)) }
    }

    private func take(_ parts: Parts, into temporary: TemporaryLedger) throws -> ImportVerdict {
        let upkeep = try LedgerUpkeep(path: temporary.path)
        defer { upkeep.close() }
        return try upkeep.take(parts, at: Self.later)
    }

    /// Everything that a ledger says of what was spent, decided, asked and is remembered.
    private func figures(_ ledger: Ledger, _ temporary: TemporaryLedger) async throws -> [String] {
        let dimensions: [AuditDimension] = [.workflow, .step, .model, .tier, .day, .purpose, .run, .version, .approver, .tag("team")]
        let archive = ledger.archive
        let filters = [AuditFilter(), AuditFilter(workflow: "triage")]
        var figures: [String] = []
        for filter in filters {
            for dimension in dimensions { figures.append("\(dimension): \(try ledger.audit(by: [dimension], filter: filter))") }
            figures += ["\(try ledger.decisions(filter: filter))", "\(try ledger.gates(filter: filter))", "\(try ledger.machines(filter: filter))", "\(try ledger.gateSummaries(filter: filter))"]
            figures += ["\(try ledger.idleShares(by: [.step], filter: filter))", "\(try ledger.approvers(filter: filter))"]
            figures.append("\(try await archive.cachedCalls(filter: filter, before: .seconds(0), after: nil, limit: 100).map(\.id))")
        }
        let model = ModelReference(provider: "local", model: "small-model")
        figures.append("\(try ledger.history(workflow: "triage").runs) \(try ledger.history(workflow: "triage").gates)")
        figures.append("\(try ledger.billedPrompts(of: model).count) \(try ledger.plannedCaches(of: model, since: Timestamp(microseconds: 0), most: 100).count)")
        figures.append("\(try await archive.gateExecutions(workflow: "triage", step: "draft", since: nil, after: nil, limit: 100).count)")
        figures.append("\(try ledger.openApprovals().count) \(try ledger.approvals().count) \(try ledger.resumableRuns()) \(try ledger.hasBatch("b")) \(try ledger.runs(ofBatch: "b").count)")
        figures.append("\(try await ledger.recall(ContentHash(of: "q"), since: Timestamp(microseconds: 0)) as Any)")
        figures.append("\(try ledger.resolveRunID("last"))")
        for table in ["model_call", "step_attempt", "memo", "gate_tier", "gate_check", "approval", "outcome", "budget_window", "batch"] {
            figures.append("\(table): \(try temporary.value("SELECT count(*) FROM \(table)") ?? -1)")
        }
        return figures
    }

    @Test func nothingThatIsCountedChanges() async throws {
        let (one, two) = (try TemporaryLedger(), try TemporaryLedger())
        let (source, target) = (try one.open(), try two.open())
        try await record("run-b", in: source, batch: ("b", 0))
        try await record("run-c", .interrupted, in: source)
        try await record("run-d", .waiting, in: source)
        try await record("run-e", nil, in: source)
        try await record("run-a", in: target)
        let before = try await figures(target, two)
        for run in ["run-b", "run-c", "run-d", "run-e"] { #expect(try take(try parts(of: run, in: source), into: two) == .imported) }
        let after = try await figures(target, two)
        for (was, now) in zip(before, after) { #expect(was == now) }
        // What shows it is the list of runs.
        let runs = try target.runs()
        #expect(runs.map(\.id).sorted() == ["run-a", "run-b", "run-c", "run-d", "run-e"])
        let taken = try #require(runs.first { $0.id == "run-b" })
        #expect(taken.isImported && taken.imported == ImportRecord(origin: ImportOrigin(file: "golden/a.bundle", hash: ContentHash(of: "the file")), at: Self.later))
        #expect(taken.batch == nil && taken.decisionID == nil && !taken.isResumable && taken.spending.cost == MoneySum(dollars("0.5")) && taken.spending.calls == 2)
        #expect(runs.filter(\.isResumable).isEmpty)
    }

    /// What it looks like is made again of its facts.
    @Test func itIsShownAsItWas() async throws {
        let (one, two) = (try TemporaryLedger(), try TemporaryLedger())
        let (source, target) = (try one.open(), try two.open())
        try await record("run-b", in: source)
        #expect(try take(try parts(of: "run-b", in: source), into: two) == .imported)
        let (was, now) = (try #require(try source.trace(run: "run-b")), try #require(try target.trace(run: "run-b")))
        #expect(was.nodes.map(\.path) == now.nodes.map(\.path) && was.nodes.map(\.status) == now.nodes.map(\.status))
        #expect(was.calls.map(\.id) == now.calls.map(\.id) && was.calls.map(\.cost) == now.calls.map(\.cost) && was.calls.map(\.state) == now.calls.map(\.state))
        #expect(was.run.spending == now.run.spending)
        #expect(was.gateTiers.count == 1 && now.gateTiers.count == 1)
        #expect(was.approvals.map(\.request.text) == now.approvals.map(\.request.text) && now.approvals.map(\.request.text) == ["Send?"])
        #expect(try target.facts(run: "run-b", after: 0, limit: .max).map(\.hash) == (try source.facts(run: "run-b", after: 0, limit: .max).map(\.hash)))
    }

    @Test func itIsProvedAndRemovedAsOthersAre() async throws {
        let (one, two) = (try TemporaryLedger(), try TemporaryLedger())
        let (source, target) = (try one.open(), try two.open())
        try await record("run-b", in: source)
        #expect(try take(try parts(of: "run-b", in: source), into: two) == .imported)
        let found = try #require(try target.verify(run: "run-b"))
        // The answer that is kept names a document that never was.
        #expect(found.isSound && found.provesRows && found.head == (try source.verify(run: "run-b"))?.head && found.redacted > 0, "\(found.faults)")
        #expect(try target.checkup().faults == [])
        // A row of it, and a row that it has not.
        try two.execute("UPDATE run SET cost_pico = 1 WHERE run_id = 'run-b'")
        #expect(try target.verify(run: "run-b")?.faults.contains { $0.contains("run.cost_pico") } == true)
        try two.execute("UPDATE run SET cost_pico = 500000000000, kind = 'workflow' WHERE run_id = 'run-b'")
        #expect(try target.verify(run: "run-b")?.isSound == false, "of a run of this ledger rows are missing")
        try two.execute("UPDATE run SET kind = 'imported' WHERE run_id = 'run-b'")
        #expect(try target.verify(run: "run-b")?.isSound == true)
        let upkeep = try LedgerUpkeep(path: two.path)
        defer { upkeep.close() }
        #expect(try upkeep.remove(RemovalFilter(before: Self.later, keepsCosts: true)).runs == 1)
        #expect(try target.verify(run: "run-b")?.isSound == true)
        #expect(try upkeep.remove(RemovalFilter(before: Self.later)).runs == 1)
        #expect(try target.runs().isEmpty && target.checkup().faults.isEmpty)
        #expect(try two.value("SELECT count(*) FROM imported") == 0)
    }

    @Test func nothingGoesOnWithIt() async throws {
        let (one, two) = (try TemporaryLedger(), try TemporaryLedger())
        let (source, target) = (try one.open(), try two.open())
        try await record("run-c", .interrupted, in: source)
        let parts = try parts(of: "run-c", in: source)
        #expect(try take(parts, into: two) == .imported)
        func code(_ body: () async throws -> Void) async -> JournalError.Code? {
            do { try await body() } catch { return (error as? JournalError)?.code }
            return nil
        }
        #expect(await code { _ = try await target.takeOver(RunID("run-c"), by: "tests", at: Self.later) } == .hasEnded)
        #expect(await code { _ = try await target.cancel(RunID("run-c"), by: "ann") } == .hasEnded)
        #expect(await code { _ = try await target.recordOutcome("good", of: "run-c") } == .hasEnded)
        #expect(await code { _ = try await target.decide(RunID("run-c"), path: "review", ApprovalDecision(isApproved: true, by: "ann", note: nil, at: Self.later), document: nil) } == .unknownRun)
        #expect(try target.verify(run: "run-c")?.isSound == true, "and nothing was written")
        // Once more is no error, and another record under its id is.
        #expect(try take(parts, into: two) == .known)
        try await record("run-c", in: try TemporaryLedger().open())
        var other = Parts(run: RunID("run-c"), facts: parts.facts, head: ContentHash(of: "another"), parts: parts.parts)
        #expect(await code { _ = try take(other, into: two) } == .other)
        // Changed since it was proved.
        let three = try TemporaryLedger()
        try three.open().close()
        other = parts
        other.parts.removeLast()
        #expect(await code { _ = try take(other, into: three) } == .corrupt)
        other = parts
        other.parts[other.parts.count - 2] = .document(Blob(Array("changed".utf8), hash: ContentHash(of: "what it was")))
        other.parts.append(.fact(RecordedFact(sequence: 1, kind: "x", payload: [], at: Self.noon, hash: ContentHash(of: ""))))
        #expect(await code { _ = try take(other, into: three) } == .corrupt)
        #expect(try three.value("SELECT count(*) FROM run") == 0)
        #expect(try three.value("SELECT count(*) FROM blob") == 0, "all or nothing")
        #expect(try three.value("SELECT count(*) FROM event") == 0)
    }
}
