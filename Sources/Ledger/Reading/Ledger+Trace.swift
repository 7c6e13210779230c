import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// A run with its steps and calls, in the order in which they began; `nil` when there is no such run.
    ///
    /// - Parameter maxItems: of a `for_each` step at the top with more items, only its failed, its running and its slowest ones
    ///   are read, as ``ItemChoice`` says; what the others add up to is in ``RunTrace/folded``. `nil`: everything.
    public func trace(run: String, maxItems: Int? = nil) throws(JournalError) -> RunTrace? {
        var trace: RunTrace? = try read { database in
            guard let record = try RunColumns.fetch(database, "WHERE run_id = ?", [run], vantage).first,
                let number = try Int64.fetchOne(database, sql: "SELECT id FROM run WHERE run_id = ?", arguments: [run])
            else { return nil }
            guard record.isImported, record.prunedAt == nil else {
                var trace = try Self.trace(record, database, number, maxItems)
                trace.redacted = try RedactedDocuments.of(number, database)
                return trace
            }
            return try ImportedTrace.rows(of: run, number: number, database).read { rows in
                var trace = try Self.trace(record, rows, 1, maxItems)
                trace.run.spending = try Row.fetchOne(rows, sql: "SELECT \(SpendingColumns.list) FROM model_call c").map { SpendingColumns.spending($0, 0) } ?? Spending()
                if record.isOver { trace.run.spending.end() }
                trace.approvals = try Self.approvals(rows, "1", [])
                trace.redacted = try RedactedDocuments.of(number, database)
                return trace
            }
        }
        guard let found = trace else { return nil }
        trace?.approvals = found.run.isImported ? try withTexts(found.approvals) : try approvals(run: run)
        if found.run.isOver { Self.end(&trace!) }
        return trace
    }

    private static func trace(_ record: RunRecord, _ database: Database, _ number: Int64, _ maxItems: Int?) throws -> RunTrace {
        let reader = try TraceReader(database, run: number, maxItems: maxItems)
        var trace = RunTrace(
            run: record, nodes: try reader.nodes(), calls: try reader.calls(), memoHits: try reader.memoHits(), folded: try reader.folded())
        trace.gateTiers = try reader.gateTiers()
        trace.gateChecks = try reader.gateChecks()
        (trace.gateDraws, trace.gateShadows) = (try reader.gateDraws(), try reader.gateShadows())
        return trace
    }
}

extension Ledger {
    private static let underWay = [NodeStatus.pending, .running, .waiting]

    /// Of a run that was ended without the process that drove it, as a cancel does, the rows tell what was under way when that was gone. Nothing is
    /// any more: its steps are cancelled, and nobody knows how its calls ended.
    private static func end(_ trace: inout RunTrace) {
        for node in trace.nodes where Self.underWay.contains(node.status) { node.status = .cancelled }
        for call in trace.calls where call.state == .held { call.state = .unknown }
        for index in trace.folded.indices {
            for status in Self.underWay {
                if let count = trace.folded[index].statuses.removeValue(forKey: status) { trace.folded[index].statuses[.cancelled, default: 0] += count }
            }
            trace.folded[index].calls = trace.folded[index].calls.map { $0.state == .held ? $0.with(.unknown) : $0 }
        }
    }
}

/// Reads one run, all of it or without most of its items.
private struct TraceReader {
    let database: Database
    let run: Int64
    /// The steps that are folded, and the items of them that are read all the same, as lists in JSON; `nil`: nothing is folded.
    private let choice: (steps: String, items: String)?
    /// What is read: all of the run, or ranges of its paths, which the index finds without what lies between them.
    private let visible: (condition: String, arguments: StatementArguments)

    init(_ database: Database, run: Int64, maxItems: Int?) throws {
        self.database = database
        self.run = run
        var steps: [String] = []
        if let maxItems {
            steps = try String.fetchAll(
                database, sql: "SELECT \(Self.step) FROM step_attempt WHERE run = ? AND \(Self.isItem) GROUP BY 1 HAVING count(*) > ? ORDER BY 1",
                arguments: [run, maxItems])
        }
        guard let maxItems, !steps.isEmpty else {
            choice = nil
            visible = ("run = ?", [run])
            return
        }
        var items: [String] = []
        for step in steps {
            for (condition, order, limit) in [
                ("status = 'failed'", "item", ItemChoice.failed(of: maxItems)),
                ("status = 'running'", "item", ItemChoice.running(of: maxItems)),
                (
                    "status NOT IN ('failed', 'running') AND ended_at IS NOT NULL AND started_at IS NOT NULL",
                    "max(0, (ended_at - started_at) / 1000) DESC, item", ItemChoice.slowest
                ),
            ] {
                // A range of the key: what begins with the step and a bracket.
                items += try String.fetchAll(
                    database,
                    sql: """
                        SELECT node_path FROM step_attempt WHERE run = ?1 AND node_path > ?2 || '[' AND node_path < ?2 || '\\' AND \(Self.isItem)
                            AND \(condition) ORDER BY \(order) LIMIT ?3
                        """, arguments: [run, step, limit])
            }
        }
        choice = (Self.list(steps), Self.list(items))
        var ranges: [String] = []
        var arguments = StatementArguments()
        func add(from lower: String?, to upper: String?) {
            ranges.append("run = ?" + (lower == nil ? "" : " AND node_path >= ?") + (upper == nil ? "" : " AND node_path < ?"))
            arguments += [run]
            if let lower { arguments += [lower] }
            if let upper { arguments += [upper] }
        }
        // Before, between and behind the folded steps, whose items stand between the brackets and what follows these in ASCII; then
        // each item that is read, with what is inside of it.
        var end: String?
        for step in steps.map({ ($0 + "[", $0 + "\\") }).sorted(by: { $0.0 < $1.0 }) {
            add(from: end, to: step.0)
            end = step.1
        }
        add(from: end, to: nil)
        for item in items { add(from: item, to: item + "\\") }
        // SQLite refuses a condition that is nested more than a thousand deep; so many steps are told apart row by row.
        visible =
            ranges.count < 500
            ? (ranges.map { "(\($0))" }.joined(separator: " OR "), arguments)
            : ("run = ?1 AND NOT \(Self.isFolded)", [run, Self.list(steps), Self.list(items)])
    }

    private static func list(_ texts: [String]) -> String { JSONEncoding.wire.string(.array(texts.map(JSONValue.string))) }

    // An outermost item is what stands before the first bracket that closes, if it has a row of its own: passes have none.
    private static let isItem = "item IS NOT NULL AND instr(node_path, ']') = length(node_path)"
    private static let step = "substr(node_path, 1, instr(node_path, '[') - 1)"
    private static let item = "substr(node_path, 1, instr(node_path, ']'))"
    /// Of the folded steps and not of an item that is read.
    private static let isFolded = """
        (instr(node_path, ']') > 0 AND \(step) IN (SELECT value FROM json_each(?2)) AND \(item) NOT IN (SELECT value FROM json_each(?3)))
        """

    func nodes() throws -> [NodeRecord] {
        // Read as they come: a copy of each row costs as much as the row.
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT node_path, step_id, item, status, started_at, ended_at, output_hash, error, reason, inherited_from
                FROM step_attempt WHERE \(visible.condition) ORDER BY coalesce(started_at, ended_at), node_path
                """, arguments: visible.arguments)
        return try Array(rows.map(NodeColumns.record))
    }

    func calls() throws -> [CallRecord] {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT \(CallColumns.list) FROM model_call WHERE \(visible.condition) ORDER BY started_at, number", arguments: visible.arguments)
        return try Array(rows.map(CallColumns.record))
    }

    func memoHits() throws -> [MemoHitRecord] {
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT node_path, step_id, tier, provider, model_asked, call_id, saved_pico, started_at, how FROM memo_hit WHERE \(visible.condition)",
            arguments: visible.arguments)
        return try Array(
            rows.map { row in
                MemoHitRecord(
                    path: row[0], step: row[1], tier: row[2], provider: row[3], modelAsked: row[4], call: row[5], saved: money(row, 6),
                    at: Timestamp(microseconds: row[7]), how: MemoHit.How(rawValue: row[8]) ?? .memo)
            })
    }

    func gateTiers() throws -> [GateTierRecord] {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT \(GateColumns.tiers) FROM gate_tier WHERE \(visible.condition) ORDER BY decided_at, node_path", arguments: visible.arguments)
        return try Array(rows.map(GateColumns.tier))
    }

    func gateChecks() throws -> [GateCheckRecord] {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT \(GateColumns.checks) FROM gate_check WHERE \(visible.condition) ORDER BY ended_at, node_path", arguments: visible.arguments)
        var checks = try Array(rows.map(GateColumns.check))
        try CheckPlaces(database, run: run).fill(&checks)
        return checks
    }

    func gateDraws() throws -> [GateDrawRecord] {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT \(GateColumns.draws) FROM gate_draw WHERE \(visible.condition) ORDER BY drawn_at, node_path", arguments: visible.arguments)
        return try Array(rows.map(GateColumns.draw))
    }

    func gateShadows() throws -> [GateShadowRecord] {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT \(GateColumns.shadows) FROM gate_shadow WHERE \(visible.condition) ORDER BY ended_at, node_path, tier", arguments: visible.arguments)
        return try Array(rows.map(GateColumns.shadow))
    }

    func folded() throws -> [FoldedItems] {
        guard let choice else { return [] }
        let arguments: StatementArguments = [run, choice.steps, choice.items]
        var folded: [String: FoldedItems] = [:]
        let statuses = try Row.fetchCursor(
            database,
            sql: "SELECT \(Self.step), status, count(*) FROM step_attempt WHERE run = ?1 AND \(Self.isItem) AND \(Self.isFolded) GROUP BY 1, 2",
            arguments: arguments)
        while let row = try statuses.next() {
            folded[row[0], default: FoldedItems(path: row[0])].statuses[NodeStatus(rawValue: row[1]) ?? .failed] = row[2]
        }
        let calls = try Row.fetchCursor(
            database,
            sql: """
                SELECT \(Self.step), provider, model_asked, \(SpendingColumns.state), cost_pico IS NOT NULL, held_pico IS NOT NULL,
                    input_tokens IS NOT NULL OR output_tokens IS NOT NULL, count(*), \(sumColumns("cost_pico")), \(sumColumns("held_pico")),
                    coalesce(sum(input_tokens), 0), coalesce(sum(cache_read_tokens), 0), coalesce(sum(output_tokens), 0),
                    \(SpendingColumns.isEstimate("notes")), purpose = '\(CallPurpose.shadow.rawValue)'
                FROM model_call WHERE run = ?1 AND \(Self.isFolded) GROUP BY 1, 2, 3, 4, 5, 6, 7, 16, 17
                """, arguments: arguments)
        while let row = try calls.next() {
            var calls = FoldedCalls(
                count: row[7], provider: row[1], modelAsked: row[2], state: CallState(rawValue: row[3]) ?? .unknown,
                cost: row[4] ? moneySum(row, 8) : nil, held: row[5] ? moneySum(row, 10) : nil,
                inputTokens: row[6] ? quantity(row, 12) : nil, cacheReadTokens: quantity(row, 13) ?? 0, outputTokens: row[6] ? quantity(row, 14) : nil, isEstimate: row[15])
            calls.isComparison = row[16]
            folded[row[0], default: FoldedItems(path: row[0])].calls.append(calls)
        }
        return folded.values.sorted { $0.path < $1.path }
    }
}
