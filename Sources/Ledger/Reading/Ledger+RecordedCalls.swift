import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// Calls with all by which their costs can be told again, by their runs; see ``SpendingArchive``.
    public func recordedCalls(filter: AuditFilter, runs: [String]? = nil, after: RecordedCall.Position? = nil, limit: Int) throws(JournalError) -> [RecordedCall] {
        var conditions = SQLConditions()
        if let after { conditions.add("(c.run, c.number) > (?, ?)", [after.run, after.number]) }
        conditions.add("c.started_at >= ?", filter.since?.microseconds)
        conditions.add("c.started_at < ?", filter.until?.microseconds)
        conditions.add("run.workflow = ?", filter.workflow)
        if let tag = filter.tag { conditions.add("CAST(\(Self.callTag) AS TEXT) = ?", [tag.key, tag.key, tag.value]) }
        if let runs { conditions.add("run.run_id IN (SELECT value FROM json_each(?))", JSONEncoding.wire.string(.array(runs.map(JSONValue.string)))) }
        return try read { database in
            // Along the key of calls, so that pages behind each other read each row once.
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT c.run, c.number, c.run_id, run.workflow, c.node_path, c.step_id, c.tier, c.asked_tier, c.purpose, c.provider, c.model_asked, c.model_served, c.state,
                        c.started_at, c.total_ms, c.cost_pico, c.held_pico, c.input_tokens, c.cache_read_tokens, c.cache_write_tokens, c.cache_write_long_tokens, c.output_tokens,
                        c.reasoning_tokens, c.usage_raw, c.price_rows, c.reported_pico, c.cost_basis, c.priced_pico, c.list_pico, c.tier_source,
                        EXISTS (SELECT 1 FROM gate_tier g WHERE g.run = c.run AND g.node_path = c.node_path)
                    FROM model_call c JOIN run ON run.id = c.run \(conditions.whereClause) ORDER BY c.run, c.number LIMIT ?
                    """, arguments: conditions.arguments + [limit])
            var reader = RecordedCallReader()
            var calls: [RecordedCall] = []
            while let row = try rows.next() { calls.append(reader.call(row)) }
            try addRareClasses(to: &calls, database)
            return calls
        }
    }

    /// No call has as many tokens; a file that somebody else wrote can say so.
    private static func isPlausible(_ usage: TokenUsage) -> Bool {
        [usage.plainInput, usage.cacheRead, usage.cacheWrite, usage.cacheWriteLong, usage.audioInput, usage.plainOutput, usage.reasoning, usage.audioOutput, usage.searches].allSatisfy {
            (0...(1 << 53)).contains($0 ?? 0)
        }
    }

    /// Classes that have no column of their own stand in the facts; of most calls there are none.
    private func addRareClasses(to calls: inout [RecordedCall], _ database: Database) throws {
        let runs = Set(calls.map(\.position.run)).sorted()
        guard !runs.isEmpty else { return }
        let places = Dictionary(calls.enumerated().map { ($1.position, $0) }) { first, _ in first }
        let isRare = ["audio_input_tokens", "audio_output_tokens", "web_searches", "service_tier", "region"].map { "instr(payload, '\"\($0)\":') > 0" }.joined(separator: " OR ")
        let rows = try Row.fetchCursor(
            database, sql: "SELECT run, payload FROM event WHERE run IN (SELECT value FROM json_each(?)) AND kind = 'call_ended' AND (\(isRare))",
            arguments: [JSONEncoding.wire.string(.array(runs.map(JSONValue.int)))])
        while let row = try rows.next() {
            let text: String = row[1]
            guard let payload = try? JSONParser.parse(text), let number = payload["call"]?.intValue,
                let place = places[RecordedCall.Position(run: row[0], number: number)],
                case .callEnded(let end)? = try? RunEvent(kind: "call_ended", payload: payload, run: RunID(calls[place].run)), let usage = end.usage, Self.isPlausible(usage)
            else { continue }
            calls[place].usage = usage
        }
    }
}

/// Reads rows of which many have the same words.
private struct RecordedCallReader {
    private var rowSets: TextTable<[String]> = [:]
    private var models: TextTable<ModelReference> = [:]

    mutating func call(_ row: Row) -> RecordedCall {
        let (provider, asked): (String, String) = (row[9], row[10])
        let name = "\(provider)/\(asked)"
        let model = models[name] ?? ModelReference(provider: provider, model: asked)
        models[name] = model
        var call = RecordedCall(
            position: RecordedCall.Position(run: row[0], number: row[1]), run: row[2], workflow: row[3], path: row[4], step: row[5], tier: row[6], purpose: row[8], model: model,
            state: CallState(rawValue: row[12]) ?? .unknown, startedAt: Timestamp(microseconds: row[13]))
        call.askedTier = row[7]
        call.modelServed = row[11]
        call.total = quantity(row, 14).map { .milliseconds(Int64($0)) }
        (call.cost, call.held) = (money(row, 15), money(row, 16))
        if let input = quantity(row, 17), let output = quantity(row, 21) {
            // The classes within their sums are taken apart as a fact's are.
            let counts = TokenCounts(
                input: input, cacheRead: quantity(row, 18), cacheWrite: quantity(row, 19), cacheWriteLong: quantity(row, 20), output: output, reasoning: quantity(row, 22))
            call.usage = counts.usage
        }
        call.usageRaw = row[23]
        if let text = row[24] as String? {
            let ids = rowSets[text] ?? (try? JSONParser.parse(text))?.arrayValue?.compactMap(\.stringValue) ?? []
            rowSets[text] = ids
            call.priceRows = ids
        }
        call.detail = CostDetail(
            reported: money(row, 25), basis: (row[26] as String?).flatMap(CostBasis.init(rawValue:)), priced: money(row, 27), list: money(row, 28),
            tierSource: (row[29] as String?).flatMap(TierSource.init(rawValue:)))
        call.isGated = row[30]
        return call
    }
}
