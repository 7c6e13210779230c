import Economics
import Foundation
import GRDB
import Values
import WorkflowModel

// Rows are read by position: a trace may have ten thousand of them.

enum RunColumns {
    static let list = """
        run_id, workflow, file, status, started_at, ended_at, cost_pico, held_pico, max_cost_pico, unpriced_calls, calls,
        input_tokens, output_tokens, tags, owners, decision_id, outcome, batch, outputs_hash, inputs_hash, error, graph_hash, location,
        batch_index, CASE WHEN status = 'running' THEN \(ProcessRecord.sql(of: "run.owner")) END, pruned_at,
        status = 'waiting' AND EXISTS (SELECT 1 FROM approval WHERE run = run.id AND decided_at IS NOT NULL AND taken = 0)
        """

    /// - Parameter vantage: from where the process that drives it is looked at.
    static func record(_ row: Row, _ vantage: Vantage) -> RunRecord {
        var run = RunRecord(
            id: row[0], workflow: row[1], file: row[2], status: RunStatus(rawValue: row[3]) ?? .failed,
            startedAt: Timestamp(microseconds: row[4]))
        run.endedAt = moment(row, 5)
        run.cost = MoneySum(Money(picoDollars: row[6]))
        run.held = MoneySum(Money(picoDollars: row[7]))
        run.maxCost = money(row, 8)
        run.unpricedCalls = row[9]
        run.calls = row[10]
        run.inputTokens = row[11]
        run.outputTokens = row[12]
        run.tags = json(row, 13)?.objectValue ?? [:]
        run.owner = json(row, 14)?.objectValue ?? [:]
        run.decisionID = row[15]
        run.outcome = row[16]
        run.batch = row[17]
        run.outputs = hash(row, 18)
        run.inputs = hash(row, 19)
        run.failure = json(row, 20)
        run.graph = hash(row, 21)
        run.location = row[22]
        run.batchIndex = row[23]
        if run.status == .running {
            let holder = ProcessRecord(text: row[24])
            run.holder = holder.map(vantage.name) ?? "a process"
            run.isAbandoned = holder.map { !vantage.verdict(on: $0).isAlive } ?? true
        }
        run.prunedAt = moment(row, 25)
        run.isAnswered = row[26]
        return run
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
        return node
    }
}

enum CallColumns {
    static let list = """
        call_id, node_path, step_id, tier, purpose, ordinal, provider, model_asked, state, started_at, model_served, held_pico,
        cost_pico, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, usage_raw, price_rows,
        request_hash, response_hash, http_status, finish_reason, error, ttft_ms, total_ms, retry_of, ended_at,
        tags, trimmed, notes
        """

    static func record(_ row: Row) -> CallRecord {
        let call = CallRecord(
            id: row[0], path: row[1], step: row[2], tier: row[3], purpose: row[4], ordinal: row[5], provider: row[6],
            modelAsked: row[7], state: CallState(rawValue: row[8]) ?? .unknown, startedAt: Timestamp(microseconds: row[9]))
        call.modelServed = row[10]
        call.held = money(row, 11)
        call.cost = money(row, 12)
        call.inputTokens = row[13]
        call.cacheReadTokens = row[14]
        call.cacheWriteTokens = row[15]
        call.outputTokens = row[16]
        call.reasoningTokens = row[17]
        call.usageRaw = row[18]
        call.priceRows = json(row, 19)?.arrayValue?.compactMap(\.stringValue) ?? []
        call.request = hash(row, 20)
        call.response = hash(row, 21)
        call.httpStatus = row[22]
        call.finishReason = row[23]
        call.failure = json(row, 24)
        call.timeToFirstToken = (row[25] as Int64?).map(TimeSpan.init(milliseconds:))
        call.total = (row[26] as Int64?).map(TimeSpan.init(milliseconds:))
        call.retryOf = row[27]
        call.endedAt = moment(row, 28)
        call.tags = json(row, 29)?.objectValue ?? [:]
        call.trimmed = json(row, 30)
        call.notes = CallNote.list(json(row, 31))
        return call
    }
}

func moment(_ row: Row, _ index: Int) -> Timestamp? { (row[index] as Int64?).map(Timestamp.init(microseconds:)) }

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
    "coalesce(sum(\(column) / 1000000000000), 0), coalesce(sum(\(column) % 1000000000000), 0)"
}

func moneySum(_ row: Row, _ index: Int) -> MoneySum { MoneySum(dollars: row[index], picoDollars: row[index + 1]) }
