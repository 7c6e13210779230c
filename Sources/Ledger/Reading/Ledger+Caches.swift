import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Calls in the order in which they began; see ``SpendingArchive``.
    public func cachedCalls(filter: AuditFilter, before lead: TimeSpan, after: CachedCall.Position?, limit: Int) throws(JournalError) -> [CachedCall] {
        var (selected, arguments) = (["1"], StatementArguments())
        if let since = filter.since {
            selected.append("c.started_at >= ?")
            arguments += [since.microseconds]
        }
        if let workflow = filter.workflow {
            selected.append("run.workflow = ?")
            arguments += [workflow]
        }
        if let tag = filter.tag {
            selected.append("CAST(\(Self.callTag) AS TEXT) = ?")
            arguments += [tag.key, tag.key, tag.value]
        }
        var conditions = SQLConditions()
        let first = filter.since.map { $0.microseconds.subtractingClamped(lead.milliseconds * 1000) }
        let start = [first, after?.startedAt.microseconds].compactMap { $0 }.max()
        conditions.add("c.started_at >= ?", start)
        conditions.add("c.started_at < ?", filter.until?.microseconds)
        if let after { conditions.add("(c.started_at, c.run, c.number) > (?, ?, ?)", [after.startedAt.microseconds, after.run, after.number]) }
        // Counts of tokens are billed to nobody, and a void call met no cache.
        conditions.add("c.purpose <> ? AND c.state <> 'void'", CallPurpose.count.rawValue)
        arguments += conditions.arguments
        arguments += [limit]
        return try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT c.call_id, c.run_id, run.workflow, c.step_id, c.purpose, c.provider, c.model_asked, c.started_at, c.run, c.number, c.input_tokens, c.cache_read_tokens,
                        c.cache_write_tokens, c.cache_write_long_tokens, c.cost_pico, c.price_rows, c.cache, c.cache_miss, c.request_hash, run.held_out, coalesce(\(selected.joined(separator: " AND ")), 0),
                        \(Self.isDoubtful("c.notes"))
                    FROM model_call c JOIN run ON run.id = c.run \(conditions.whereClause) ORDER BY c.started_at, c.run, c.number LIMIT ?
                    """, arguments: arguments)
            var calls: [CachedCall] = []
            while let row = try rows.next() {
                let position = CachedCall.Position(startedAt: Timestamp(microseconds: row[7]), run: row[8], number: row[9])
                var call = CachedCall(
                    id: row[0], run: row[1], workflow: row[2], step: row[3], purpose: row[4], model: ModelReference(provider: row[5], model: row[6]), position: position)
                (call.input, call.read, call.written, call.writtenLong) = (quantity(row, 10), quantity(row, 11), quantity(row, 12), quantity(row, 13))
                call.cost = money(row, 14)
                call.priceRows = json(row, 15)?.arrayValue?.compactMap(\.stringValue) ?? []
                call.planned(json(row, 16), miss: row[17])
                call.request = hash(row, 18)
                call.isHeldOut = (row[19] as Int?).map { $0 != 0 }
                call.isSelected = row[20]
                call.isDoubtful = row[21]
                calls.append(call)
            }
            return calls
        }
    }

    /// What prompt caches saved against none, by the values of an audit's dimensions: calls that were charged by the same rows are priced together.
    func cacheSavings(_ database: Database, _ selection: CallSelection, _ dimensions: Int) throws -> TextTable<CacheSavings> {
        // Only what a server says counts, as in CachedCallFigures.
        let isUnknown = "c.input_tokens IS NULL OR c.cache_read_tokens IS NULL OR \(Self.isDoubtful("c.notes"))"
        let kind = "CASE WHEN c.purpose = '\(CachedCall.warmUp)' THEN 'warm-up' WHEN \(isUnknown) THEN 'unknown' ELSE '' END"
        let written = "max(coalesce(c.cache_write_tokens, 0), coalesce(c.cache_write_long_tokens, 0))"
        func sum(_ column: String) -> String { "coalesce(sum(\(column)), 0)" }
        let columns =
            selection.keys + [
                kind, "c.price_rows", "min(c.input_tokens)", "max(c.input_tokens)", "min(c.started_at)", "max(c.started_at)", "count(*)", sum("c.cache_read_tokens"),
                sum("\(written) - coalesce(c.cache_write_long_tokens, 0)"), sum("c.cache_write_long_tokens"), "count(*) FILTER (WHERE c.cost_pico IS NULL)", sumColumns("c.cost_pico"),
            ]
        // Of a call for which nothing was planned, and of which nothing is told, no cache is known to have had to do with it.
        let source = """
            SELECT * FROM model_call WHERE state <> 'void' AND (cache_read_tokens > 0 OR cache_write_tokens > 0 OR cache_write_long_tokens > 0 OR purpose = '\(CachedCall.warmUp)'
                OR cache IS NOT NULL AND (cache_read_tokens IS NULL OR input_tokens IS NULL OR \(Self.isDoubtful("notes"))))
            """
        let groups = (0..<dimensions + 2).map { String($0 + 1) }.joined(separator: ", ")
        let rows = try Row.fetchAll(database, sql: "\(selection.sql(columns, from: source)) GROUP BY \(groups)", arguments: selection.arguments)
        var savings: TextTable<CacheSavings> = [:]
        if rows.isEmpty { return savings }
        let book = PriceRowBook(try priceRows(database))
        for row in rows {
            let keys: [String] = (0..<dimensions).map { row[$0] }
            let count: Int = row[dimensions + 6]
            var saved: MoneySum?
            let kind: String = row[dimensions]
            if kind == "warm-up" {
                saved = row[dimensions + 10] == 0 ? .zero - moneySum(row, dimensions + 11) : nil
            } else if kind.isEmpty {
                // The rows tell the context tier of what they charge for; of what they do not, it has to be the same for the shortest prompt and the longest.
                let ids = json(row, dimensions + 1)?.arrayValue?.compactMap(\.stringValue) ?? []
                let prices = [(2, 4), (3, 4), (2, 5), (3, 5)].map { tokens, moment in
                    PromptPrices(chargedBy: ids, in: book, promptTokens: quantity(row, dimensions + tokens) ?? 0, at: Timestamp(microseconds: row[dimensions + moment]))
                }
                let (read, written, long) = (quantity(row, dimensions + 7) ?? 0, quantity(row, dimensions + 8) ?? 0, quantity(row, dimensions + 9) ?? 0)
                let costs = prices.map { $0?.cost(input: read + written + long, read: read, written: written, writtenLong: long).map { $0.uncached - $0.actual } }
                if costs.allSatisfy({ $0 == costs[0] }) { saved = costs[0] }
            }
            savings[CacheSavings.name(of: keys), default: CacheSavings()].add(saved, count)
        }
        return savings
    }

    private func priceRows(_ database: Database) throws -> [PriceRow] {
        try String.fetchAll(database, sql: "SELECT json FROM price_row ORDER BY id").compactMap { (try? JSONParser.parse($0)).flatMap(PriceRow.init(json:)) }
    }

    /// Whether the notes of a call say that its usage is not taken as final.
    private static func isDoubtful(_ notes: String) -> String { "(\(notes) IS NOT NULL AND instr(\(notes), '\(CallNote.Code.usageDoubtful.rawValue)') > 0)" }

    /// Of the step's tags, else of the run's.
    static let callTag = """
        coalesce(CASE WHEN c.tags IS NOT NULL THEN (SELECT value FROM json_each(c.tags) WHERE key = ?) END, (SELECT value FROM json_each(run.tags) WHERE key = ?))
        """

    /// The price rows that are kept; those that cannot be read are left out.
    public func keptPriceRows() throws(JournalError) -> [PriceRow] {
        try read { database in try priceRows(database) }
    }

    /// Those of ids, in the order of these; what is not there is left out.
    func keptPriceRows(_ ids: [String]) throws(JournalError) -> [(id: String, json: String)] {
        try read { database in
            let select = try database.makeStatement(sql: "SELECT json FROM price_row WHERE id = ?")
            return try ids.compactMap { id in try String.fetchOne(select, arguments: [id]).map { (id, $0) } }
        }
    }
}

/// What caches saved of a group of calls.
struct CacheSavings {
    var saved = MoneySum.zero
    var unknown = 0

    mutating func add(_ saved: MoneySum?, _ calls: Int) {
        if let saved { self.saved = self.saved + saved } else { unknown += calls }
    }

    /// Of the values of an audit's dimensions.
    static func name(of keys: [String]) -> String { JSONEncoding.canonical.string(.array(keys.map(JSONValue.string))) }
}
