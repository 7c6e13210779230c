import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// What calls cost, one row per combination of the dimensions' values, dearest first; one row of everything without
    /// dimensions. Sums are exact, whatever their size.
    public func audit(by dimensions: [AuditDimension], filter: AuditFilter = AuditFilter()) throws(JournalError) -> [AuditRow] {
        let selection = CallSelection(by: dimensions, filter)
        let columns =
            selection.keys + [
                "count(DISTINCT c.run)", SpendingColumns.list, "coalesce(sum(c.input_tokens), 0)", "coalesce(sum(c.cache_read_tokens), 0)",
                "coalesce(sum(c.output_tokens), 0)", "count(*) FILTER (WHERE c.error IS NOT NULL)",
                "count(*) FILTER (WHERE c.retry_of IS NOT NULL OR c.purpose = 'repair')",
                "count(*) FILTER (WHERE c.is_hit)", sumColumns("c.saved_pico"),
            ]
        let groups = dimensions.indices.map { "key\($0)" }.joined(separator: ", ")
        let calledColumns = """
            run, run_id, step_id, tier, provider, model_asked, purpose, tags, started_at, input_tokens, cache_read_tokens, output_tokens,
            cost_pico, held_pico, state, error, retry_of, notes, reported_pico, priced_pico, list_pico
            """
        return try read { database in
            let count = dimensions.count
            // What was taken from memory stands beside the calls, at no cost.
            let hasHits = try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM memo_hit)")!
            let source =
                "SELECT \(calledColumns), 0 AS is_hit, 0 AS saved_pico FROM model_call"
                + (!hasHits
                    ? ""
                    : """
                     UNION ALL SELECT run, run_id, step_id, tier, provider, model_asked, 'memo', tags, started_at, NULL, NULL, NULL,
                        NULL, NULL, 'memo', NULL, NULL, NULL, NULL, NULL, NULL, 1, saved_pico FROM memo_hit
                    """)
            let sql = "\(selection.sql(columns, from: source)) \(groups.isEmpty ? "" : "GROUP BY \(groups)")"
            let caches = try cacheSavings(database, selection, count)
            let rows = try Row.fetchAll(database, sql: sql, arguments: selection.arguments).map { row in
                let next = count + 1 + SpendingColumns.count
                var audited = AuditRow(
                    keys: (0..<count).map { row[$0] }, runs: row[count], spending: SpendingColumns.spending(row, count + 1), inputTokens: quantity(row, next) ?? 0,
                    cacheReadTokens: quantity(row, next + 1) ?? 0, outputTokens: quantity(row, next + 2) ?? 0, failedCalls: row[next + 3], repeatedCalls: row[next + 4],
                    memoHits: row[next + 5], saved: moneySum(row, next + 6))
                if let caches = caches[CacheSavings.name(of: audited.keys)] { (audited.cacheSaved, audited.cacheUnknown) = (caches.saved, caches.unknown) }
                return audited
            }
            return rows.sorted { a, b in
                let (x, y) = (a.spending.cost, b.spending.cost)
                return x == y ? a.keys.lexicographicallyPrecedes(b.keys) : x > y
            }
        }
    }

    /// Workflow and tag of runs; times are the caller's.
    static func conditions(onRunsOf filter: AuditFilter) -> SQLConditions {
        var conditions = SQLConditions()
        conditions.add("run.workflow = ?", filter.workflow)
        if let tag = filter.tag {
            conditions.add(
                "EXISTS (SELECT 1 FROM json_each(run.tags) WHERE key = ? AND CAST(value AS TEXT) = ?)", [tag.key, tag.value])
        }
        return conditions
    }
}

/// The calls of a filter, each with the values of the dimensions: what an audit's queries are made of.
struct CallSelection {
    /// Columns `key0`, `key1`, … with the values of the dimensions.
    private(set) var keys: [String] = []
    /// Of ``sql(_:from:)``.
    private(set) var arguments = StatementArguments()
    private let runs: String
    private let calls: String

    init(by dimensions: [AuditDimension], _ filter: AuditFilter) {
        // Runs first, with their tags read once each, then their calls.
        var runColumns = ["id", "workflow"]
        var tagKeys: [String] = []
        for (index, dimension) in dimensions.enumerated() {
            if case .tag(let key) = dimension {
                runColumns.append("\(Self.runTag) AS tag\(index)")
                arguments += [key]
                tagKeys.append(key)
            }
            if dimension == .approver {
                runColumns.append(
                    """
                    coalesce((SELECT group_concat(name, ', ') FROM (SELECT DISTINCT decided_by AS name FROM approval
                        WHERE approval.run = run.id AND decided_at IS NOT NULL ORDER BY 1)), '') AS approver
                    """)
            }
            if dimension == .version { runColumns.append("coalesce(lower(substr(hex(version), 1, 12)), '') AS version") }
            if dimension == .release { runColumns.append("coalesce(release, '') AS release") }
            keys.append("\(Self.expression(dimension, index, isOfOneWorkflow: dimensions.contains(.workflow))) AS key\(index)")
        }
        if let tag = filter.tag {
            runColumns.append("\(Self.runTag) AS wanted")
            arguments += [tag.key]
        }
        var runs = SQLConditions()
        runs.add("run.workflow = ?", filter.workflow)
        arguments += runs.arguments
        arguments += StatementArguments(tagKeys)
        var calls = SQLConditions()
        if let tag = filter.tag { calls.add("\(Self.callTag(over: "wanted")) = ?", [tag.key, tag.value]) }
        calls.add("c.started_at >= ?", filter.since?.microseconds)
        calls.add("c.started_at < ?", filter.until?.microseconds)
        arguments += calls.arguments
        self.runs = "SELECT \(runColumns.joined(separator: ", ")) FROM run \(runs.whereClause)"
        self.calls = calls.whereClause
    }

    /// A query of columns of `c`, the calls, and ``keys``; it may be gone on with.
    ///
    /// - Parameter source: a query with the columns of `model_call` that are read, or a table.
    func sql(_ columns: [String], from source: String) -> String {
        "WITH r AS MATERIALIZED (\(runs)) SELECT \(columns.joined(separator: ", ")) FROM (\(source)) c JOIN r ON r.id = c.run \(calls)"
    }

    /// - Parameter isOfOneWorkflow: the workflow is told beside it. Steps and tiers are named within one: those of two are two.
    private static func expression(_ dimension: AuditDimension, _ index: Int, isOfOneWorkflow: Bool) -> String {
        let owner = isOfOneWorkflow ? "" : "r.workflow || ':' || "
        switch dimension {
        case .workflow: return "r.workflow"
        case .step: return owner + "c.step_id"
        // Two providers may name two models alike.
        case .model: return "c.provider || '/' || c.model_asked"
        case .provider: return "c.provider"
        case .tier: return owner + "c.tier"
        case .purpose: return "c.purpose"
        case .run: return "c.run_id"
        case .day: return "date(c.started_at / 1000000, 'unixepoch')"
        case .approver: return "r.approver"
        case .version: return "r.version"
        case .release: return "r.release"
        case .tag: return callTag(over: "tag\(index)")
        }
    }

    // Not JSON paths, in which some keys cannot be written.

    private static let runTag = "coalesce((SELECT value FROM json_each(run.tags) WHERE key = ?), '')"

    /// The value of a step's tag, else of the run's: a call knows best what it was for.
    private static func callTag(over runTag: String) -> String {
        "CAST(coalesce(CASE WHEN c.tags IS NOT NULL THEN (SELECT value FROM json_each(c.tags) WHERE key = ?) END, r.\(runTag)) AS TEXT)"
    }
}
