import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

// Rows are read by position: a trace may have ten thousand of them.

enum RunColumns {
    /// Whether a run may go on: in the words of the index `run_open`, which is used for these alone.
    static let isOpen = "status <> 'succeeded' AND status <> 'failed' AND status <> 'cancelled'"

    static let list = """
        id, run_id, workflow, file, status, started_at, ended_at, max_cost_pico, input_tokens, output_tokens, tags, owners, decision_id, outcome, batch, outputs_hash, inputs_hash, error, graph_hash, location,
        batch_index, CASE WHEN status = 'running' THEN \(ProcessRecord.sql(of: "run.owner")) END, pruned_at,
        status = 'waiting' AND EXISTS (SELECT 1 FROM approval WHERE run = run.id AND decided_at IS NOT NULL AND taken = 0),
        version, git_commit, release, max_tokens,
        CASE WHEN max_tokens IS NOT NULL THEN (SELECT CAST(total(held_tokens) AS INTEGER) FROM model_call WHERE model_call.run = run.id) END, band, kind, purpose, parent,
        (SELECT file FROM imported WHERE imported.run = run.id), (SELECT bundle FROM imported WHERE imported.run = run.id), (SELECT at FROM imported WHERE imported.run = run.id),
        cost_pico, held_pico, calls, unpriced_calls
        """

    /// Whether a run was made in this ledger. What was taken in counts in no figure.
    static let isOwn = "run.kind <> '\(RunKind.imported.rawValue)'"

    /// Runs in the order of the query, each with what its calls came to.
    ///
    /// - Parameters:
    ///   - rest: of the query, from behind the list of tables.
    ///   - vantage: from where the processes that drive them are looked at.
    static func fetch(_ database: Database, _ rest: String, _ arguments: StatementArguments, _ vantage: Vantage) throws -> [RunRecord] {
        let rows = try Row.fetchAll(database, sql: "SELECT \(list) FROM run \(rest)", arguments: arguments)
        if rows.isEmpty { return [] }
        // Only the calls tell what of a cost is known, estimated or missing; they are found by the index on their run.
        let numbers = JSONEncoding.wire.string(.array(rows.map { .int($0[0]) }))
        var spending: [Int64: Spending] = [:]
        let sums = try Row.fetchCursor(
            database, sql: "SELECT run, \(SpendingColumns.list) FROM model_call c WHERE run IN (SELECT value FROM json_each(?)) GROUP BY run",
            arguments: [numbers])
        while let row = try sums.next() { spending[row[0]] = SpendingColumns.spending(row, 1) }
        return rows.map { row in
            var run = record(row, vantage)
            run.spending = spending[row[0]] ?? (run.isImported ? told(row) : Spending())
            if run.isOver { run.spending.end() }
            return run
        }
    }

    /// Of a run that was taken in, which has no rows of calls.
    private static func told(_ row: Row) -> Spending {
        var spending = Spending()
        (spending.known, spending.held) = (MoneySum(Money(picoDollars: row[36])), MoneySum(Money(picoDollars: row[37])))
        (spending.calls, spending.unpriced) = (row[38], row[39])
        return spending
    }

    private static func record(_ row: Row, _ vantage: Vantage) -> RunRecord {
        var run = RunRecord(
            id: row[1], workflow: row[2], file: row[3], status: RunStatus(rawValue: row[4]) ?? .failed,
            startedAt: Timestamp(microseconds: row[5]))
        run.endedAt = moment(row, 6)
        run.maxCost = money(row, 7)
        run.inputTokens = quantity(row, 8) ?? 0
        run.outputTokens = quantity(row, 9) ?? 0
        run.tags = json(row, 10)?.objectValue ?? [:]
        run.owner = json(row, 11)?.objectValue ?? [:]
        run.decisionID = row[12]
        run.outcome = row[13]
        run.batch = row[14]
        run.outputs = hash(row, 15)
        run.inputs = hash(row, 16)
        run.failure = json(row, 17)
        run.graph = hash(row, 18)
        run.location = row[19]
        run.batchIndex = row[20]
        if run.status == .running {
            let holder = ProcessRecord(text: row[21])
            run.holder = holder.map(vantage.name) ?? "a process"
            run.isAbandoned = holder.map { !vantage.verdict(on: $0).isAlive } ?? true
        }
        run.prunedAt = moment(row, 22)
        run.isAnswered = row[23]
        run.version = hash(row, 24)
        run.commit = row[25]
        run.release = row[26]
        run.maxTokens = quantity(row, 27)
        run.heldTokens = quantity(row, 28) ?? 0
        run.band = (row[29] as String?).flatMap(BudgetBand.Name.init(rawValue:))
        run.kind = RunKind(rawValue: row[30]) ?? .workflow
        run.purpose = RunPurpose(rawValue: row[31]) ?? .production
        run.parent = row[32]
        if let file: String = row[33], let bundle = hash(row, 34), let at = moment(row, 35) {
            run.imported = ImportRecord(origin: ImportOrigin(file: file, hash: bundle), at: at)
        }
        return run
    }
}

extension Spending {
    /// Nothing is under way any more, also where its process was gone before.
    mutating func end() {
        unknown += open
        open = 0
    }
}

/// What calls, the rows of `c`, came to, apart by how well it is known: the columns that ``Spending`` is read from, by the rules of
/// ``Spending/add(_:_:cost:held:isEstimate:)``. Rows of the state `memo`, which stand among calls in an audit, are none.
enum SpendingColumns {
    /// Whether the notes of a call say that its cost is an estimate, where its state says that it overran.
    static func isEstimate(_ notes: String) -> String { "\(notes) IS NOT NULL AND instr(\(notes), '\(CallNote.Code.estimateAboveHold.rawValue)') > 0" }

    // Notes are looked at of the few calls that overran.
    private static let isKnown = "(c.state = 'settled' OR c.state = 'overrun' AND NOT (\(isEstimate("c.notes"))))"
    private static let isEstimated = "(c.state IN ('estimated', 'unknown', 'held') OR c.state = 'overrun' AND \(isEstimate("c.notes")))"

    /// Of a count of tokens nothing is owed, also where it is under way or its end is lost.
    private static let isCount = "c.purpose = '\(CallPurpose.count.rawValue)'"

    static let list = """
        count(*) FILTER (WHERE c.state <> 'memo'), count(*) FILTER (WHERE c.state = 'void' OR c.state IN ('held', 'unknown') AND \(isCount)),
        \(sumColumns("CASE WHEN \(isKnown) THEN c.cost_pico END")),
        \(sumColumns("CASE WHEN \(isEstimated) THEN c.cost_pico END")),
        count(*) FILTER (WHERE \(isEstimated) AND c.cost_pico IS NOT NULL AND NOT (c.state IN ('held', 'unknown') AND \(isCount))),
        \(sumColumns("c.held_pico")), \(sumColumns("max(c.held_pico - coalesce(c.cost_pico, 0), 0)")),
        count(*) FILTER (WHERE c.cost_pico IS NULL AND (c.state IN ('settled', 'estimated', 'overrun') OR c.state = 'unknown' AND c.held_pico IS NULL AND NOT \(isCount))),
        count(*) FILTER (WHERE c.cost_pico IS NULL AND c.state = 'unknown' AND c.held_pico IS NOT NULL AND NOT \(isCount)),
        count(*) FILTER (WHERE c.cost_pico IS NULL AND c.state = 'held' AND NOT \(isCount)),
        \(sumColumns("c.list_pico - c.cost_pico")), \(sumColumns("c.reported_pico")), count(c.reported_pico),
        count(*) FILTER (WHERE c.reported_pico IS NOT NULL AND \(isKnown)
            AND abs(c.reported_pico - coalesce(c.priced_pico, c.cost_pico)) > coalesce(c.priced_pico, c.cost_pico) / 100)
        """
    static let count = 20

    /// The state by which a call counts in a sum.
    static let state = "CASE WHEN purpose = '\(CallPurpose.count.rawValue)' AND state IN ('held', 'unknown') THEN 'void' ELSE state END"

    static func spending(_ row: Row, _ first: Int) -> Spending {
        var spending = Spending()
        spending.calls = row[first]
        spending.void = row[first + 1]
        spending.known = moneySum(row, first + 2)
        spending.estimated = moneySum(row, first + 4)
        spending.estimatedCalls = row[first + 6]
        spending.held = moneySum(row, first + 7)
        spending.heldOpen = moneySum(row, first + 9)
        spending.unpriced = row[first + 11]
        spending.unknown = row[first + 12]
        spending.open = row[first + 13]
        spending.listDifference = moneySum(row, first + 14)
        spending.reported = moneySum(row, first + 16)
        spending.reportedCalls = row[first + 18]
        spending.reportedOff = row[first + 19]
        return spending
    }
}

enum NodeColumns {
    static func record(_ row: Row) -> NodeRecord {
        let node = NodeRecord(path: row[0], step: row[1], item: row[2], status: NodeStatus(rawValue: row[3]) ?? .failed)
        node.startedAt = moment(row, 4)
        node.endedAt = moment(row, 5)
        node.output = hash(row, 6)
        node.failure = json(row, 7)
        node.reason = row[8]
        node.inheritedFrom = row[9]
        return node
    }
}

enum CallColumns {
    static let list = """
        call_id, node_path, step_id, tier, purpose, ordinal, provider, model_asked, state, started_at, model_served, held_pico,
        cost_pico, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, usage_raw, price_rows,
        request_hash, response_hash, http_status, finish_reason, error, ttft_ms, total_ms, retry_of, ended_at,
        tags, trimmed, notes, reported_pico, cost_basis, priced_pico, list_pico, service_tier, tier_source, part, asked_tier, held_tokens, cache_predicted_tokens,
        cache_miss, waited_for, waited_ms
        """

    static func record(_ row: Row) -> CallRecord {
        let call = CallRecord(
            id: row[0], path: row[1], step: row[2], tier: row[3], purpose: row[4], ordinal: row[5], provider: row[6],
            modelAsked: row[7], state: CallState(rawValue: row[8]) ?? .unknown, startedAt: Timestamp(microseconds: row[9]))
        call.modelServed = row[10]
        call.held = money(row, 11)
        call.cost = money(row, 12)
        call.inputTokens = quantity(row, 13)
        call.cacheReadTokens = quantity(row, 14)
        call.cacheWriteTokens = quantity(row, 15)
        call.outputTokens = quantity(row, 16)
        call.reasoningTokens = quantity(row, 17)
        call.usageRaw = row[18]
        call.priceRows = json(row, 19)?.arrayValue?.compactMap(\.stringValue) ?? []
        call.request = hash(row, 20)
        call.response = hash(row, 21)
        call.httpStatus = row[22]
        call.finishReason = row[23]
        call.failure = json(row, 24)
        call.timeToFirstToken = quantity(row, 25).map { .milliseconds(Int64($0)) }
        call.total = quantity(row, 26).map { .milliseconds(Int64($0)) }
        call.retryOf = row[27]
        call.endedAt = moment(row, 28)
        call.tags = json(row, 29)?.objectValue ?? [:]
        call.trimmed = json(row, 30)
        call.notes = CallNote.list(json(row, 31))
        call.detail = CostDetail(
            reported: money(row, 32), basis: (row[33] as String?).flatMap(CostBasis.init(rawValue:)), priced: money(row, 34), list: money(row, 35),
            tierSource: (row[37] as String?).flatMap(TierSource.init(rawValue:)))
        call.serviceTier = row[36]
        call.part = row[38]
        call.askedTier = row[39]
        call.heldTokens = quantity(row, 40) ?? 0
        call.predictedCacheTokens = quantity(row, 41)
        call.missed(row[42])
        call.waitedFor = row[43]
        call.waited = quantity(row, 44).map { .milliseconds(Int64($0)) }
        return call
    }
}

func moment(_ row: Row, _ index: Int) -> Timestamp? { (row[index] as Int64?).map(Timestamp.init(microseconds:)) }

/// A number of things, or of milliseconds. No call has 2⁵³ of them, but a file that somebody else wrote can say so; sums of what it says must not
/// end the program, and `verify` names the row.
func quantity(_ row: Row, _ index: Int) -> Int? { (row[index] as Int?).map { min(max($0, 0), 1 << 53) } }

func money(_ row: Row, _ index: Int) -> Money? { (row[index] as Int64?).map(Money.init(picoDollars:)) }

func hash(_ row: Row, _ index: Int) -> ContentHash? {
    try? row.withUnsafeData(atIndex: index) { data in
        data.flatMap { $0.withUnsafeBytes { ContentHash(bytes: $0) } }
    }
}

func json(_ row: Row, _ index: Int) -> JSONValue? {
    (row[index] as String?).map { (try? JSONParser.parse($0)) ?? .string($0) }
}

/// The sum of a column of pico-dollars over many rows, in two limbs that `MoneySum` joins: one would overflow.
func sumColumns(_ column: String) -> String {
    "coalesce(sum((\(column)) / 1000000000000), 0), coalesce(sum((\(column)) % 1000000000000), 0)"
}

func moneySum(_ row: Row, _ index: Int) -> MoneySum { MoneySum(dollars: row[index], picoDollars: row[index + 1]) }
