import Economics
import Foundation
import GRDB
import Testing
import Values
import WorkflowModel

@testable import Ledger

@Suite struct ReadingTests {
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    init() throws {
        temporary = try TemporaryLedger()
        ledger = try temporary.open()
    }

    private func moment(_ text: String) -> Timestamp { Timestamp(rfc3339: text)! }

    // MARK: Runs

    @Test func tellsARunAsItWasWritten() async throws {
        try await ledger.begin(.sample("r", cap: dollars("2.5"), tags: ["team": "support", "tier": 3], decision: "T-1"))
        for entry in [
            JournalEntry.node("r", "draft", .running, second: 1), .node("r", "send", .skipped, second: 2, reason: "when is false"),
            .start("r", 1, held: dollars("1"), path: "draft"),
            .end(
                "r", 1, .settled, held: dollars("0.25"), cost: dollars("0.25"),
                failure: CallFailure(.truncated, "cut", shouldRetry: true), notes: [CallNote(.servedModel, "answered by dear")],
                newPriceRows: [
                    PriceRow(id: "local/dear/input", provider: "local", model: "dear", unit: .input, price: dollars("0.01"), source: "s", checkedAt: "2026-11-29"),
                    PriceRow(id: "local/dear/output", provider: "local", model: "dear", unit: .output, price: dollars("0.02"), source: "s", checkedAt: "2026-11-29"),
                ]),
            .start("r", 2, held: dollars("1"), path: "draft", purpose: .repair, retryOf: 1, ordinal: 1),
            .node("r", "draft", .failed, second: 3), .finish("r", .failed, outcome: "open"),
        ] { #expect(try await ledger.write(entry) == .written) }

        let trace = try #require(try ledger.trace(run: "r"))
        let run = trace.run
        #expect(run.workflow == "triage")
        #expect(run.file == "triage.yaml")
        #expect(run.status == .failed)
        #expect(run.startedAt == moment("2026-11-21T10:00:00Z"))
        #expect(run.endedAt == moment("2026-11-21T10:00:09Z"))
        #expect(run.maxCost == dollars("2.5"))
        #expect(run.spending.cost == MoneySum(dollars("0.25")))
        #expect(run.spending.held == MoneySum(dollars("1.25")))
        #expect(run.spending.calls == 2)
        #expect(run.inputTokens == 120)
        #expect(run.outputTokens == 35)
        #expect(run.spending.unpriced == 0)
        #expect(run.tags == ["team": "support", "tier": 3])
        #expect(run.owner == ["business": "support"])
        #expect(run.decisionID == "T-1")
        #expect(run.outcome == "open")
        #expect(run.outputs == ContentHash(of: "outputs"))
        #expect(run.inputs == ContentHash(of: "inputs"))
        #expect(run.failure == StepFailure(.budget, "no money").json)

        #expect(trace.nodes.map(\.path) == ["draft", "send"])
        #expect(trace.nodes[0].status == .failed)
        #expect(trace.nodes[0].failure == StepFailure(.timeout, "too slow").json)
        #expect(trace.nodes[0].startedAt == moment("2026-11-21T10:00:01Z"))
        #expect(trace.nodes[0].endedAt == moment("2026-11-21T10:00:03Z"))
        #expect(trace.nodes[1].status == .skipped)
        #expect(trace.nodes[1].reason == "when is false")
        #expect(trace.nodes[1].startedAt == nil)

        let first = trace.calls[0]
        #expect(first.id == "r.1")
        #expect(first.path == "draft")
        #expect(first.step == "draft")
        #expect(first.tier == "small")
        #expect(first.purpose == "try")
        #expect(first.state == .settled)
        #expect(first.held == dollars("0.25"))
        #expect(first.cost == dollars("0.25"))
        #expect(first.inputTokens == 120)
        #expect(first.cacheReadTokens == 20)
        #expect(first.cacheWriteTokens == nil)
        #expect(first.outputTokens == 35)
        #expect(first.reasoningTokens == 5)
        #expect(first.usageRaw == "{\"total\":155}")
        #expect(first.priceRows == ["local/in", "local/out"])
        #expect(first.modelAsked == "small-model")
        #expect(first.modelServed == "small-model-q4")
        #expect(first.request == ContentHash(of: "request"))
        #expect(first.response == ContentHash(of: "response"))
        #expect(first.httpStatus == 200)
        #expect(first.finishReason == "stop")
        #expect(first.failure?["kind"] == "truncated")
        #expect(first.notes == [CallNote(.servedModel, "answered by dear")])
        // W14: the prices of a model that was not asked are recorded with the end, and leave the row as it is.
        let recorded = try ledger.read { try String.fetchAll($0, sql: "SELECT id FROM price_row ORDER BY id") }
        #expect(recorded == ["local/dear/input", "local/dear/output"])
        #expect(first.timeToFirstToken == .milliseconds(40))
        #expect(first.total == .milliseconds(250))
        let second = trace.calls[1]
        // Without an end in a run that is over: nobody will know one.
        #expect(second.state == .unknown)
        #expect(second.held == dollars("1"))
        #expect(second.cost == nil)
        #expect(second.endedAt == nil)
        #expect(second.retryOf == "r.1")
        #expect(second.purpose == "repair")
        #expect(second.inputTokens == nil)
        #expect(second.notes.isEmpty)
        #expect(try ledger.trace(run: "nobody") == nil)
    }

    @Test func listsRunsNewestFirst() async throws {
        for index in 0..<10 {
            let workflow = index % 2 == 0 ? "even" : "odd"
            try await ledger.begin(.sample("r\(index)", workflow: workflow, at: moment("2026-11-2\(index)T00:00:00Z")))
        }
        _ = try await ledger.write(.finish("r3"))
        #expect(try ledger.runs().map(\.id) == (0..<10).reversed().map { "r\($0)" })
        #expect(try ledger.runs(filter: RunFilter(workflow: "odd", limit: 2)).map(\.id) == ["r9", "r7"])
        #expect(try ledger.runs(filter: RunFilter(workflow: "odd", limit: 2, before: "r7")).map(\.id) == ["r5", "r3"])
        #expect(try ledger.runs(filter: RunFilter(status: .succeeded)).map(\.id) == ["r3"])
        #expect(try ledger.runs(filter: RunFilter(since: moment("2026-11-28T00:00:00Z"))).map(\.id) == ["r9", "r8"])
    }

    @Test func findsARunByAShortName() async throws {
        let ids = ["20261121-100000-aaaa1111", "20261121-100001-bbbb2222", "20261122-090000-cccc1111"]
        for (index, id) in ids.enumerated() {
            try await ledger.begin(.sample(id, at: moment("2026-11-21T10:00:0\(index)Z")))
        }
        #expect(try ledger.resolveRunID("last") == .found(ids[2]))
        #expect(try ledger.resolveRunID(ids[0]) == .found(ids[0]))
        #expect(try ledger.resolveRunID("20261122") == .found(ids[2]))
        #expect(try ledger.resolveRunID("2222") == .found(ids[1]))
        #expect(try ledger.resolveRunID("1111") == .ambiguous([ids[2], ids[0]]))
        #expect(try ledger.resolveRunID("20261121") == .ambiguous([ids[1], ids[0]]))
        for none in ["zzz", "", "%", "_", "bbbb"] { #expect(try ledger.resolveRunID(none) == .none) }
    }

    @Test func keepsDocumentsOnce() async throws {
        try await ledger.begin(.sample("r"))
        let documents = ["", "shared", "naïve ☃", String(repeating: "x", count: 300_000)].map { Blob(Array($0.utf8)) }
        for _ in 0..<3 {
            let entry = JournalEntry(run: RunID("r"))
            entry.blobs = documents
            _ = try await ledger.write(entry)
        }
        for document in documents { #expect(try ledger.blob(document.hash) == document.bytes) }
        #expect(try ledger.blob(ContentHash(of: "missing")) == nil)
        // Also when another process offers them again.
        let other = try temporary.open()
        try await other.begin(.sample("r2"))
        let entry = JournalEntry(run: RunID("r2"))
        entry.blobs = documents
        _ = try await other.write(entry)
        // Those of the runs' beginnings beside them.
        #expect(try count("blob") == documents.count + 2)
    }

    @Test func findsDocumentsBeforeAndAfterTheyAreIndexed() async throws {
        try await ledger.begin(.sample("r"))
        let documents = (0..<BlobStore.tailLimit + 100).map { Blob(Array("document \($0)".utf8)) }
        for start in stride(from: 0, to: documents.count, by: 100) {
            let entry = JournalEntry(run: RunID("r"))
            entry.blobs = Array(documents[start..<min(start + 100, documents.count)])
            _ = try await ledger.write(entry)
        }
        #expect(try count("blob_key") >= BlobStore.tailLimit)
        #expect(try count("blob_key") < documents.count)
        let found = try ledger.blobs(documents.map(\.hash))
        #expect(documents.allSatisfy { found[$0.hash] == $0.bytes })
        // A new process knows them from the index and the tail.
        let other = try temporary.open()
        try await other.begin(.sample("r2"))
        let entry = JournalEntry(run: RunID("r2"))
        entry.blobs = documents
        _ = try await other.write(entry)
        // Those of the runs' beginnings beside them.
        #expect(try count("blob") == documents.count + 2)
    }

    private func count(_ table: String) throws -> Int { try temporary.value("SELECT count(*) FROM \(table)")! }

    @Test func pagesThroughEvents() async throws {
        try await ledger.begin(.sample("r"))
        for index in 1...10 { _ = try await ledger.write(.event("r", "kind\(index)", "{\"n\":\(index)}")) }
        #expect(try ledger.events(run: "r", after: 4, limit: 2).map(\.kind) == ["kind4", "kind5"])
        #expect(try ledger.events(run: "r", after: 10).first?.payload == ["n": 10])
        #expect(try ledger.events(run: "nobody").isEmpty)
    }

    // MARK: The chain

    @Test(arguments: [
        ("UPDATE event SET payload = '{\"n\":99}' WHERE seq = 4", 4), ("UPDATE event SET kind = 'other' WHERE seq = 1", 1),
        ("UPDATE event SET at = at + 1 WHERE seq = 5", 5), ("DELETE FROM event WHERE seq = 3", 3),
        ("DELETE FROM event WHERE seq = 6", 6),
        ("UPDATE event SET seq = CASE seq WHEN 2 THEN 1002 ELSE 1003 END WHERE seq IN (2, 3)", 2),
    ])
    func detectsWhatWasChangedAfterwards(sql: String, expected: Int) async throws {
        try await ledger.begin(.sample("r"))
        for index in 1...5 { _ = try await ledger.write(.event("r", "kind", "{\"n\":\(index)}")) }
        let head = try #require(try ledger.events(run: "r").last?.hash)
        #expect(try ledger.verifyChain(run: "r") == .intact(events: 6, head: head))
        try temporary.execute(sql)
        #expect(try ledger.verifyChain(run: "r") == .broken(sequence: expected))
        #expect(try ledger.verifyChain(run: "nobody") == nil)
    }

    @Test func chainsOfTwoRunsDiffer() async throws {
        for run in ["a", "b"] {
            try await ledger.begin(.sample(run))
            _ = try await ledger.write(.event(run, "same"))
        }
        #expect(try ledger.events(run: "a")[1].hash != ledger.events(run: "b")[1].hash)
        #expect(try ledger.verifyChain(run: "a") == .intact(events: 2, head: ledger.events(run: "a")[1].hash))
    }

    // MARK: Audit

    @Test func addsUpExactlyBeyondNineMillion() async throws {
        let cost = dollars("9000000.000000000001")
        for index in 0..<5 {
            try await ledger.begin(.sample("r\(index)"))
            _ = try await ledger.write(.start("r\(index)", 1, held: cost))
            _ = try await ledger.write(.end("r\(index)", 1, .settled, held: cost, cost: cost))
        }
        let row = try #require(try ledger.audit(by: []).first)
        #expect(row.spending.cost.decimalText == "45000000.000000000005")
        #expect(row.spending.calls == 5)
        #expect(row.runs == 5)
        #expect(try ledger.decisions().first?.cost.decimalText == "45000000.000000000005")
    }

    /// A call knows best what it was for: its step's tags go before its run's.
    @Test func stepTagsGoBeforeTheRuns() async throws {
        try await ledger.begin(.sample("a", tags: ["team": "support", "part": "all"]))
        for (number, tags) in [(1, nil), (2, ["part": "draft"]), (3, ["part": "draft", "odd\"key": "x"])] as [(Int, JSONObject?)] {
            let trimmed = number == 2 ? [TrimmedValue(key: "doc", before: 20, after: 9)] : []
            #expect(try await ledger.write(.start("a", number, held: dollars("1"), tags: tags, trimmed: trimmed)) == .written)
            let cost = Money(picoDollars: Int64(number) * 1_000_000_000_000)
            #expect(try await ledger.write(.end("a", number, .settled, held: cost, cost: cost)) == .written)
        }
        func costs(_ dimensions: [AuditDimension], _ filter: AuditFilter = AuditFilter()) throws -> [[String]] {
            try ledger.audit(by: dimensions, filter: filter).map { $0.keys + [$0.spending.cost.decimalText] }
        }
        #expect(try costs([.tag("part")]) == [["draft", "5"], ["all", "1"]])
        #expect(try costs([.tag("team"), .tag("part")]) == [["support", "draft", "5"], ["support", "all", "1"]])
        #expect(try costs([.tag("odd\"key")]) == [["", "3"], ["x", "3"]])
        #expect(try costs([.run], AuditFilter(tag: (key: "part", value: "draft"))) == [["a", "5"]])
        #expect(try costs([.run], AuditFilter(tag: (key: "part", value: "all"))) == [["a", "1"]])
        #expect(try costs([.tag("part")], AuditFilter(workflow: "triage", tag: (key: "team", value: "support"))) == [["draft", "5"], ["all", "1"]])

        let calls = try #require(try ledger.trace(run: "a")).calls
        #expect(calls.map(\.tags) == [[:], ["part": "draft"], ["odd\"key": "x", "part": "draft"]])
        #expect(calls.map(\.trimmed) == [nil, [["key": "doc", "before_bytes": 20, "after_bytes": 9]], nil])
    }

    @Test func groupsCosts() async throws {
        try await ledger.begin(.sample("a", workflow: "triage", tags: ["team": "support", "odd\"key": 7]))
        try await ledger.begin(.sample("b", workflow: "digest", tags: ["team": "sales"]))
        try await ledger.begin(.sample("c", workflow: "digest"))
        let next = moment("2026-11-22T00:30:00Z")
        for entry in [
            JournalEntry.start("a", 1, held: dollars("1")),
            .end("a", 1, .settled, held: dollars("0.5"), cost: dollars("0.5")),
            .start("a", 2, held: dollars("1"), purpose: .repair, model: "large-model", at: next),
            .end("a", 2, .unknown, held: dollars("1"), cost: nil, failure: CallFailure(.timeout, "late")),
            .start("b", 1, held: nil, retryOf: 7),
            .end("b", 1, .settled, held: nil, cost: nil),
            .start("b", 2, held: dollars("2")),
            .end("b", 2, .estimated, held: dollars("2"), cost: dollars("0.75")),
            .start("c", 1, held: dollars("0.1")),
            .end("c", 1, .void, held: .zero, cost: .zero, failure: CallFailure(.connection, "not reached")),
        ] { #expect(try await ledger.write(entry) == .written) }

        let all = try #require(try ledger.audit(by: []).first)
        #expect(all.spending.cost == MoneySum(dollars("1.25")))
        #expect(all.spending.heldOpen == MoneySum(dollars("2.25")))
        #expect(all.runs == 3)
        #expect(all.spending.calls == 5)
        #expect(all.spending.unpriced == 1)
        #expect(all.failedCalls == 2)
        #expect(all.repeatedCalls == 2)
        #expect(all.inputTokens == 600)
        #expect(all.cacheReadTokens == 100)
        #expect(all.outputTokens == 175)

        func costs(_ dimensions: [AuditDimension], _ filter: AuditFilter = AuditFilter()) throws -> [[String]] {
            try ledger.audit(by: dimensions, filter: filter).map { $0.keys + [$0.spending.cost.decimalText] }
        }
        #expect(try costs([.workflow]) == [["digest", "0.75"], ["triage", "0.5"]])
        #expect(try costs([.model]) == [["local/small-model", "1.25"], ["local/large-model", "0"]])
        #expect(try costs([.tag("team")]) == [["sales", "0.75"], ["support", "0.5"], ["", "0"]])
        #expect(try costs([.tag("odd\"key")]) == [["", "0.75"], ["7", "0.5"]])
        #expect(try costs([.day]) == [["2026-11-21", "1.25"], ["2026-11-22", "0"]])
        #expect(try costs([.run, .purpose]) == [["b", "try", "0.75"], ["a", "try", "0.5"], ["a", "repair", "0"], ["c", "try", "0"]])
        #expect(try costs([.step, .tier, .provider]) == [["digest:draft", "digest:small", "local", "0.75"], ["triage:draft", "triage:small", "local", "0.5"]])
        #expect(try costs([.workflow], AuditFilter(workflow: "triage")) == [["triage", "0.5"]])
        #expect(try costs([.run], AuditFilter(tag: (key: "team", value: "sales"))) == [["b", "0.75"]])
        #expect(try costs([.run], AuditFilter(since: moment("2026-11-22T00:00:00Z"))) == [["a", "0"]])
        #expect(try costs([], AuditFilter(until: moment("2026-11-21T00:00:00Z"))).allSatisfy { $0 == ["0"] })
    }

    @Test(arguments: ["workflow", "step", "model", "provider", "tier", "purpose", "run", "day", "tag:team"])
    func readsItsOwnNamesOfDimensions(text: String) throws {
        #expect(AuditDimension(text: text)?.text == text)
    }

    @Test func refusesUnknownDimensions() {
        #expect(AuditDimension(text: "colour") == nil)
        #expect(AuditDimension(text: "tag:") == nil)
    }

    // MARK: Decisions

    @Test func countsDecisionsByTheirLastOutcome() async throws {
        func run(_ id: String, _ workflow: String, decision: String?, cost: String, at: String) async throws {
            try await ledger.begin(.sample(id, workflow: workflow, decision: decision, at: moment(at)))
            _ = try await ledger.write(.start(id, 1, held: dollars(cost)))
            _ = try await ledger.write(.end(id, 1, .settled, held: dollars(cost), cost: dollars(cost)))
        }
        // A ticket that was reopened, one that is pending, one without an id.
        try await run("a1", "triage", decision: "T-1", cost: "1", at: "2026-11-20T10:00:00Z")
        try await run("a2", "triage", decision: "T-1", cost: "2", at: "2026-11-22T10:00:00Z")
        try await run("a3", "triage", decision: "T-2", cost: "4", at: "2026-11-22T11:00:00Z")
        try await run("a4", "triage", decision: nil, cost: "8", at: "2026-11-22T12:00:00Z")
        try await run("b1", "digest", decision: nil, cost: "16", at: "2026-11-22T12:00:00Z")
        #expect(try await ledger.recordOutcome("escalated", of: "T-1") == ["a1", "a2"])
        #expect(try await ledger.recordOutcome("resolved", of: "a2") == ["a2"])
        #expect(try await ledger.recordOutcome("escalated", of: "a4", source: "import") == ["a4"])
        #expect(try await ledger.recordOutcome("resolved", of: "nobody") == [])
        #expect(try ledger.trace(run: "a2")?.run.outcome == "resolved")
        #expect(try ledger.trace(run: "a1")?.run.outcome == "escalated")

        func row(_ filter: AuditFilter = AuditFilter(workflow: "triage")) throws -> DecisionRow? { try ledger.decisions(filter: filter).first }
        let every = try #require(try row())
        #expect(every.unit == "decision")
        #expect(every.decisions == 3)
        #expect(every.counted == 2)
        #expect(every.pending == 1)
        #expect(every.cost == MoneySum(dollars("15")))
        #expect(try ledger.decisions().map(\.workflow) == ["digest", "triage"])
        // Only some outcomes count, where the workflow says so.
        try temporary.execute("UPDATE run SET decision_unit = 'ticket', decision_counts = '[\"resolved\"]' WHERE workflow = 'triage'")
        #expect(try row()?.unit == "ticket")
        #expect(try row()?.counted == 1)
        #expect(try row()?.pending == 1)
        // Dated by the first run: the reopened ticket is of the 20th, with all it cost.
        let since = AuditFilter(since: moment("2026-11-21T00:00:00Z"), workflow: "triage")
        #expect(try row(since)?.decisions == 2)
        #expect(try row(since)?.cost == MoneySum(dollars("12")))
        let until = AuditFilter(until: moment("2026-11-21T00:00:00Z"), workflow: "triage")
        #expect(try row(until)?.decisions == 1)
        #expect(try row(until)?.cost == MoneySum(dollars("3")))
    }

    // MARK: History

    @Test func tellsThePlannerWhatStepsTook() async throws {
        for index in 0..<4 {
            let run = "r\(index)"
            try await ledger.begin(.sample(run))
            if index < 3 {
                _ = try await ledger.write(.node(run, "draft", .running, second: 1))
                _ = try await ledger.write(.start(run, 1, held: dollars("1")))
                _ = try await ledger.write(.end(run, 1, .settled, held: dollars("1"), cost: dollars("1")))
                _ = try await ledger.write(.node(run, "draft", .succeeded, second: 2))
            } else {
                _ = try await ledger.write(.node(run, "draft", .skipped, second: 1, reason: "when is false"))
            }
            _ = try await ledger.write(.finish(run))
        }
        // One that still runs says nothing yet.
        try await ledger.begin(.sample("r9"))
        let history = try ledger.history(workflow: "triage")
        #expect(
            history
                == WorkflowHistory(
                    runs: 4,
                    steps: [
                        "draft": [
                            CallStatistics(
                                provider: "local", model: "small-model", calls: 3,
                                usage: TokenUsage(plainInput: 300, cacheRead: 60, cacheWrite: 0, plainOutput: 90, reasoning: 15), milliseconds: 750)
                        ]
                    ]))
        #expect(try ledger.history(workflow: "unheard of") == WorkflowHistory())
    }

    /// Of calls whose prompts were expected to be found in a cache, how much was. One whose server does not tell says nothing.
    @Test func tellsThePlannerWhatCachesHad() async throws {
        try await ledger.begin(.sample("r"))
        for number in 1...3 {
            _ = try await ledger.write(.start("r", number, held: dollars("1")))
            _ = try await ledger.write(.end("r", number, .settled, held: dollars("1"), cost: dollars("1")))
        }
        _ = try await ledger.write(.finish("r"))
        // Each read 20 tokens.
        try temporary.execute("UPDATE model_call SET cache_predicted_tokens = 10 * number * number")
        try temporary.execute("UPDATE model_call SET cache_read_tokens = NULL WHERE number = 3")
        let calls = try #require(try ledger.history(workflow: "triage").steps.values.first?.first)
        #expect(calls.predictedCalls == 2 && calls.predictedTokens == 10 + 40 && calls.foundTokens == 10 + 20)
    }

    // MARK: For people

    @Test func showsReadableViews() async throws {
        try await ledger.begin(.sample("r", cap: dollars("2.5")))
        _ = try await ledger.write(.node("r", "draft", .running, second: 1))
        _ = try await ledger.write(.start("r", 7, held: dollars("0.000009")))
        try await ledger.record(priceRows: [("local/in", "{}"), ("local/out", "{}")])
        try await ledger.record(priceRows: [("local/in", "{}")])
        let queue = try temporary.connect()
        let rows = try queue.read { database in
            try ["v_run", "v_model_call", "v_event", "v_step_attempt"].map { try Row.fetchOne(database, sql: "SELECT * FROM \($0)")! }
        }
        try queue.close()
        func text(_ view: Int, _ column: String) -> String? { rows[view][column] }
        #expect(text(0, "held_usd") == "0.000009000000")
        #expect(text(0, "max_cost_usd") == "2.500000000000")
        #expect(text(0, "cost_usd") == "0.000000000000")
        #expect(text(0, "started_at") == "2026-11-21T10:00:00.000000Z")
        #expect(text(0, "ended_at") == nil)
        #expect(text(1, "call_id") == "r.7")
        #expect(text(1, "cost_usd") == nil)
        #expect(text(1, "request_hash") == ContentHash(of: "request").hex)
        #expect(text(2, "run_id") == "r")
        #expect(text(2, "at") == "2026-11-21T10:00:00.000000Z")
        #expect(text(3, "run_id") == "r")
        #expect(text(3, "node_path") == "draft")
        #expect(try temporary.value("SELECT count(*) FROM price_row") == 2)
    }

    /// The columns that others rely on; see Docs/Ledger.md.
    @Test func keepsTheColumnsOfCalls() throws {
        let queue = try temporary.connect()
        let columns = try queue.read { try String.fetchAll($0, sql: "SELECT name FROM pragma_table_xinfo('model_call')") }
        try queue.close()
        let promised = """
            call_id run_id node_path step_id tier purpose ordinal provider model_asked model_served state held_pico cost_pico
            input_tokens cache_read_tokens cache_write_tokens output_tokens reasoning_tokens usage_raw price_rows request_hash
            response_hash http_status finish_reason ttft_ms total_ms retry_of deduped_of started_at ended_at
            """.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(Set(promised).subtracting(columns) == [])
    }
}
