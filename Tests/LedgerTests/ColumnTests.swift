import Economics
import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

/// Facts prove the rows: whatever column of whatever row is changed, `verify` finds it, but for those that it names as unprovable. The
/// columns are the schema's, so that a new one is tried from its first day.
@Suite struct ColumnTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private static let rows = ["in", "out"].map {
        PriceRow(id: "local/small/\($0)", provider: "local", model: "small", unit: $0 == "in" ? .input : .output, price: dollars("0.001"), source: "s", checkedAt: "2026-11-30")
            .sealed()
    }
    private static let dear = PriceRow(
        id: "local/dear/in", provider: "local", model: "dear", unit: .input, price: dollars("0.1"), source: "s", checkedAt: "2026-11-30"
    ).sealed()

    private static func blob(_ text: String) -> Blob { Blob(Array(text.utf8)) }
    private static let at = Timestamp(rfc3339: "2026-11-30T10:00:00.123456Z")!

    private func begin(_ run: String, batch: (String, Int)? = nil) async throws {
        let entry = JournalEntry(run: RunID(run))
        entry.facts = [
            JournaledEvent(
                .runStarted(
                    RunStarted(
                        workflow: "w", file: "w.yaml", graph: ContentHash(of: "graph"), sources: Self.blob("sources").hash, meaning: ContentHash(of: "meaning"),
                        inputs: Self.blob("inputs").hash, maxCost: dollars("2"), maxTokens: 90, encoder: 1, program: "tests", owner: ["business": "b"], tags: ["team": "x"],
                        decision: RunDecision(id: "d-\(run)", unit: "ticket", counts: ["won"]), batch: batch?.0, batchIndex: batch?.1,
                        origin: RunOrigin(commit: "abc", release: "v1"), kind: .fork, purpose: .eval, parent: "r0")), at: Self.at)
        ]
        entry.blobs = [Self.blob("sources"), Self.blob("inputs")]
        try await ledger.begin(RunStart(id: RunID(run), location: "/p/w.yaml"), with: entry)
    }

    private func write(_ run: String, _ facts: [RunEvent], _ blobs: [String] = [], second: Int64) async throws {
        let entry = JournalEntry(run: RunID(run))
        entry.facts = facts.map { JournaledEvent($0, at: Self.at.adding(.seconds(second))) }
        entry.blobs = blobs.map(Self.blob)
        #expect(try await ledger.write(entry) == .written)
    }

    private func call(_ run: String, _ number: Int, _ path: String, held: String, retryOf: Int? = nil) -> RunEvent {
        .callStarted(
            CallStarted(
                id: CallID(run: RunID(run), number: number), path: path, tier: "t", part: number == 2 ? "judge" : "", askedTier: number == 2 ? "u" : nil,
                model: ModelReference(provider: "local", model: "small"), purpose: .try, ordinal: number, request: Self.blob("request").hash,
                wire: number == 1 ? ContentHash(of: "wire") : nil, held: dollars(held), retryOf: retryOf, tags: number == 1 ? ["x": "y"] : nil,
                caps: [(path, dollars("1"))], tokens: TokenHold(held: 30, caps: [TokenCap(scope: path, cap: 40)]), trimmed: number == 1 ? [TrimmedValue(key: "k", before: 9, after: 1)] : [], priceRows: Self.rows.map(\.id)))
    }

    private func end(_ run: String, _ number: Int, _ path: String, _ state: CallState, cost: String?) -> RunEvent {
        let isFull = number == 1
        return .callEnded(
            CallEnded(
                id: CallID(run: RunID(run), number: number), path: path, state: state, cost: cost.map(dollars),
                usage: TokenUsage(
                    plainInput: 10, cacheRead: isFull ? 3 : nil, cacheWrite: isFull ? 2 : nil, plainOutput: 5, reasoning: isFull ? 1 : nil,
                    terms: isFull ? ServedTerms(service: .flex) : nil),
                usageRaw: isFull ? "{\"n\":1}" : nil, finishReason: .stop, response: isFull ? Self.blob("response").hash : nil,
                failure: isFull ? CallFailure(.truncated, "cut") : nil, jitter: 0.5, notes: isFull ? [CallNote(.servedModel, "dear")] : [],
                priceRows: isFull ? [Self.dear.id] : nil, newPriceRows: isFull ? [Self.dear] : [], modelServed: isFull ? "dear" : nil, httpStatus: 200,
                timeToFirstToken: isFull ? .milliseconds(4) : nil, total: .milliseconds(9),
                detail: isFull
                    ? CostDetail(reported: dollars("1.25"), basis: .reported, priced: dollars("0.5"), list: dollars("0.75"), tierSource: .served) : .none))
    }

    /// Everything that makes a row, up to where the run waits for an answer.
    private func record(_ run: String) async throws {
        let request = ApprovalRequest(
            number: 1, message: Self.blob("\"more?\"").hash, until: Self.at, onTimeout: .approve, cap: dollars("3"), asked: dollars("0.5"), cause: "budget", reason: "short")
        try await write(run, [.nodeStarted("a"), call(run, 1, "a", held: "0.5")], ["request"], second: 1)
        try await write(run, [end(run, 1, "a", .overrun, cost: "1.25")], ["response"], second: 2)
        try await write(run, [.bandEntered(BandEntered(.yellow, .money(counted: dollars("1.25"), at: dollars("1"))))], second: 3)
        try await write(run, [.approvalRequested("a", request)], ["\"more?\""], second: 3)
        _ = try await ledger.decide(
            RunID(run), path: "a",
            ApprovalDecision(
                isApproved: true, by: "ann", note: "n", at: Self.at.adding(.seconds(4)), cap: dollars("4"), system: SystemUser(uid: 1, name: "u", host: "h")))
        let requests = try await ledger.requests()
        for case .decided(RunID(run), _, var decision) in requests {
            decision.question = request
            try await write(run, [.approvalDecided("a", decision)], second: 5)
        }
        try await write(
            run,
            [
                .checkEnded(
                    CheckEnded(
                        path: "a", tier: "t", check: "judge", kind: "judge", result: .failed, score: 0.25, value: -1.5, threshold: 0.5, output: Self.blob("output").hash,
                        reason: "weak", cost: dollars("0.1"), time: .milliseconds(7), gate: ContentHash(of: "gate"))),
                .tierDecided(
                    TierDecided(
                        path: "a", tier: "t", gate: ContentHash(of: "gate"), verdict: .rejected, decidedBy: "judge", notRun: ["tests"], output: Self.blob("output").hash,
                        signals: AnswerSignals(
                            bytes: 9, finish: "stop", matchesSchema: true,
                            logprobs: AnswerSignals.Logprobs(sum: -0.3, lowest: -0.2, mean: -0.15, p10: -0.2, margin: 1.5, tokens: 2),
                            parts: [AnswerSignals.Part(check: "sure", logprobs: AnswerSignals.Logprobs(sum: -0.2, lowest: -0.2, mean: -0.2, p10: -0.2, margin: nil, tokens: 1))]),
                        lastTier: "u", window: ContentHash(of: "window"))),
                .rateCounted(RateCounted(path: "a", from: "t", tier: "u", rate: EscalationRate(text: "30%/1h")!, answered: 3, escalated: 2)),
                .tierDecided(TierDecided(path: "a", tier: "u", gate: ContentHash(of: "gate"), verdict: .failed, failure: .truncated)),
                .gateEnded(GateEnded(path: "a", tier: "t", isAccepted: false, cause: "truncated", reason: "cut", by: "ann")),
                .shadowDrawn(ShadowDrawn(path: "a", gate: ContentHash(of: "gate"), draw: 1 << 40, rate: Share(text: "5%")!, tiers: ["v"], inputBytes: 9)),
                .shadowEnded(
                    ShadowEnded(
                        path: "a", tier: "v", result: .failed, failure: .truncated, reason: "cut", output: Self.blob("output").hash,
                        signals: AnswerSignals(
                            bytes: 9, finish: "length", matchesSchema: false,
                            logprobs: AnswerSignals.Logprobs(sum: -0.3, lowest: -0.2, mean: -0.15, p10: -0.2, margin: 1.5, tokens: 2)))),
                .nodeInherited(
                    NodeInherited(path: "k[1]", from: "r0", status: .succeeded, output: Self.blob("output").hash, failure: StepFailure(.budget, "x"), facts: ["tier": "t"])),
                .nodeInherited(NodeInherited(path: "l", from: "r0", status: .skipped, reason: .conditionFalse)),
                .filesAccepted(FilesAccepted(graph: ContentHash(of: "later"), sources: Self.blob("sources").hash, meaning: ContentHash(of: "other"))),
                .nodeSucceeded("a", OutputReference(hash: Self.blob("output").hash)), .stepSkipped("b", .conditionFalse),
                .memoKept(
                    MemoKept(
                        path: "a", question: ContentHash(of: run), call: CallID(run: RunID(run), number: 1), output: Self.blob("output").hash, cost: dollars("1.25"))),
                .itemsExpanded("l", count: 1, items: Self.blob("items").hash), .nodeStarted("l[0]"), .passEnded("l[0]", pass: 0, .done),
                .nodeFailed("l[0]", StepFailure(.command, "no", details: ["x"])),
                .memoHit(
                    MemoHit(
                        path: "m", call: "other.1", output: Self.blob("output").hash, tier: "t", model: ModelReference(provider: "local", model: "small"),
                        saved: dollars("0.1"), tags: ["x": "y"])),
                call(run, 2, "c", held: "0.25", retryOf: 1),
                .prefixReleased(
                    PrefixReleased(call: CallID(run: RunID(run), number: 2), path: "c", by: "other.1", prefix: 7, waited: .milliseconds(3), cause: .began)),
            ], ["output", "items"], second: 6)
        let which = ApprovalRequest(number: 1, kind: .gate, message: Self.blob("\"which?\"").hash, until: nil, onTimeout: .best)
        for (path, choice) in [("g", ApprovalChoice.pick(tier: "t")), ("h", .value(Self.blob("output").hash))] {
            let decision = ApprovalDecision(choice, by: "ann", note: nil, at: Self.at.adding(.seconds(7)), question: which)
            try await write(run, [.approvalRequested(path, which), .approvalDecided(path, decision)], ["\"which?\""], second: 7)
        }
        let question = ApprovalRequest(number: 1, message: Self.blob("\"send?\"").hash, until: nil, onTimeout: .fail)
        try await write(run, [.approvalRequested("q", question)], ["\"send?\""], second: 7)
        _ = try await ledger.decide(RunID(run), path: "q", ApprovalDecision(isApproved: false, by: "bob", note: nil, at: Self.at.adding(.seconds(8))))
    }

    /// One that ended, one that was resumed, and one that runs.
    private func recordAll() async throws {
        try await ledger.record(priceRows: Self.rows.map { ($0.id, JSONEncoding.canonical.string($0.json)) })
        try await ledger.claim(batch: "lines")
        try await begin("ended", batch: ("lines", 3))
        try await record("ended")
        try await write("ended", [end("ended", 2, "c", .settled, cost: "0.125")], second: 9)
        try await write(
            "ended", [.runEnded(RunEnded(.failed, outputs: Self.blob("output").hash, failure: StepFailure(.command, "no"), outcome: "lost"))], second: 10)
        #expect(try await ledger.recordOutcome("won", of: "ended", source: "command", at: Self.at.adding(.seconds(11))) == ["ended"])
        try await begin("resumed")
        try await record("resumed")
        try temporary.execute("UPDATE run SET owner = NULL WHERE run_id = 'resumed'")
        let other = try temporary.open()
        defer { other.close() }
        let taken = try await other.takeOver(RunID("resumed"))
        #expect(taken.resumed.lost == [2] && taken.events.count == taken.events.last!.sequence)
        try await begin("running")
        try await record("running")
    }

    private static func isSound(_ database: Database, told: inout [String]) throws -> Bool {
        let verifier = try RunVerifier(database)
        var isSound = true
        for run in try String.fetchAll(database, sql: "SELECT run_id FROM run ORDER BY id") {
            guard let found = try verifier.verify(run) else { continue }
            told += found.faults
            // The chain says it of its head.
            if case .broken(let sequence)? = found.chain { told.append("the chain breaks at event \(sequence)") }
            if !found.isSound { isSound = false }
        }
        return isSound
    }

    /// Changes something for as long as it is looked at.
    private static func found(_ database: Database, _ sql: String, told: inout [String]) throws -> Bool? {
        var isFound: Bool?
        try database.inSavepoint {
            do {
                try database.execute(sql: sql)
            } catch let error as DatabaseError where [.SQLITE_CONSTRAINT, .SQLITE_MISMATCH].contains(error.resultCode) {
                // The schema refuses it.
                return .rollback
            }
            isFound = try !isSound(database, told: &told)
            return .rollback
        }
        return isFound
    }

    private static let tables = ["run", "step_attempt", "model_call", "outcome", "approval", "memo", "memo_hit", "budget_window", "price_row", "gate_check", "gate_tier", "gate_draw", "gate_shadow"]
    /// What follows from no fact.
    private static let unprovable: Set<String> = [
        "run.owner", "run.location", "run.cancel_requested_at", "run.cancel_by", "price_row.first_used_at",
        "approval.decided_at", "approval.approved", "approval.choice", "approval.picked_tier", "approval.value_hash", "approval.decided_by", "approval.decided_as", "approval.note",
        "approval.granted_pico", "approval.spent_pico", "approval.held_pico", "approval.timed_out",
    ]

    @Test func everyColumnIsProved() async throws {
        try await recordAll()
        ledger.close()
        let queue = try temporary.connect()
        defer { try? queue.close() }
        try await queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF")
            var told: [String] = []
            #expect(try Self.isSound(database, told: &told), "\(told)")
            var (changes, missed): (Int, Set<String>) = (0, [])
            for table in Self.tables {
                let rows = try Int64.fetchAll(database, sql: Self.rowNumbers(table))
                #expect(!rows.isEmpty, "\(table)")
                for column in try Row.fetchAll(database, sql: "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0", arguments: [table]) {
                    let (name, type): (String, String) = (column[0], column[1])
                    let change =
                        switch type {
                        case "INTEGER": "coalesce(\(name) + 1, 1)"
                        case "TEXT": "coalesce(\(name) || 'x', 'x')"
                        default: "CASE \(name) WHEN zeroblob(32) THEN x'01' ELSE zeroblob(32) END"
                        }
                    for row in rows {
                        let keys = try Self.condition(database, table, row)
                        for sql in ["UPDATE \(table) SET \(name) = \(change) WHERE \(keys)", "UPDATE \(table) SET \(name) = NULL WHERE \(name) IS NOT NULL AND \(keys)"] {
                            var told: [String] = []
                            let before = database.totalChangesCount
                            guard let isFound = try Self.found(database, sql, told: &told), database.totalChangesCount > before else { continue }
                            changes += 1
                            if !isFound { missed.insert("\(table).\(name)") }
                            // It is named, unless it tells which row it is.
                            if isFound, !["run", "id", "run_id"].contains(name) { #expect(told.contains { $0.contains(table) || $0.contains("event ") }, "\(sql): \(told)") }
                        }
                    }
                }
            }
            #expect(missed == Self.unprovable, "\(missed.symmetricDifference(Self.unprovable).sorted())")
            #expect(changes > 500)

            // A call and its run together, and rows that come and go.
            for sql in [
                "UPDATE model_call SET cost_pico = 1 WHERE number = 1; UPDATE run SET cost_pico = (SELECT sum(cost_pico) FROM model_call WHERE run = run.id)",
                "DELETE FROM model_call WHERE number = 2", "DELETE FROM step_attempt WHERE node_path = 'b'", "DELETE FROM outcome WHERE number = 2",
                "DELETE FROM approval WHERE node_path = 'a'", "DELETE FROM memo_hit", "DELETE FROM budget_window",
                "INSERT INTO outcome SELECT run, 9, value, at, source FROM outcome WHERE number = 1",
                "INSERT INTO step_attempt SELECT run, 'z', 'z', item, status, started_at, ended_at, output_hash, error, reason, inherited_from FROM step_attempt WHERE node_path = 'b'",
                "DELETE FROM price_row",
            ] {
                var told: [String] = []
                #expect(try Self.found(database, sql, told: &told) == true, "\(sql)")
            }
        }
    }

    /// A fault names table, column, row and both values.
    @Test func aFaultSaysWhatAndWhere() async throws {
        try await recordAll()
        ledger.close()
        try temporary.execute("UPDATE model_call SET cost_pico = 7 WHERE number = 1; UPDATE run SET cost_pico = 7 WHERE run_id = 'running'")
        let reader = try Ledger.openReadOnly(path: temporary.path)
        defer { reader.close() }
        let found = try #require(try reader.verify(run: "running"))
        #expect(
            found.faults == [
                "run.cost_pico of the run says 7, its facts say 1250000000000",
                "model_call.cost_pico of 'a' 't' 1 says 7, its facts say 1250000000000",
            ])
        #expect(found.provesRows && found.unproved == RowComparison.unprovable)
        #expect(try reader.checkup().faults.count { $0.message.hasPrefix("model_call.cost_pico") } == 3)
    }

    /// What others wrote may hold a NUL: rows do not, and fit all the same.
    @Test func noStoredTextHoldsANul() async throws {
        try await ledger.record(priceRows: Self.rows.map { ($0.id, JSONEncoding.canonical.string($0.json)) })
        try await begin("r")
        try await write("r", [.nodeStarted("a"), call("r", 2, "a", held: "0.5")], ["request"], second: 1)
        try await write(
            "r",
            [
                .callEnded(
                    CallEnded(
                        id: CallID(run: RunID("r"), number: 2), path: "a", state: .settled, cost: dollars("0.25"), usage: nil, usageRaw: "{\0}", finishReason: .other,
                        finishWord: "st\0op", response: nil, failure: CallFailure(.badRequest, "no\0"), jitter: 0, modelServed: "mo\0del", total: .milliseconds(1))),
                .runEnded(RunEnded(.failed, failure: StepFailure(.command, "n\0o"), outcome: "lo\0st")),
            ], second: 2)
        #expect(try await ledger.recordOutcome("wo\0n", of: "r") == ["r"])
        let found = try #require(try ledger.verify(run: "r"))
        #expect(found.isSound && found.provesRows, "\(found.faults)")
        #expect(try ledger.run("r")?.outcome == "wo\u{FFFD}n" && ledger.trace(run: "r")?.calls.first?.modelServed == "mo\u{FFFD}del")
    }

    private static func rowNumbers(_ table: String) -> String { "SELECT row_number() OVER (ORDER BY \(order(table))) FROM \(table)" }

    private static func order(_ table: String) -> String {
        switch table {
        case "run", "price_row": "id"
        case "memo": "question"
        case "budget_window": "run, scope"
        default: (["run"] + RowChange.keys(of: table)).joined(separator: ", ")
        }
    }

    /// What tells the n-th row apart.
    private static func condition(_ database: Database, _ table: String, _ number: Int64) throws -> String {
        let keys = order(table)
        let row = try Row.fetchOne(database, sql: "SELECT \(keys.split(separator: ", ").map { "quote(\($0))" }.joined(separator: ", ")) FROM \(table) ORDER BY \(keys) LIMIT 1 OFFSET \(number - 1)")!
        return zip(keys.split(separator: ", "), row.databaseValues).map { "\($0) = \(String.fromDatabaseValue($1)!)" }.joined(separator: " AND ")
    }
}
