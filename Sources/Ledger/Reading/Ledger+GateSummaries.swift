import Economics
import GRDB
import Values
import WorkflowModel

extension Ledger {
    /// What each gate came to, by workflow and step; see ``GateSummary``.
    public func gateSummaries(filter: AuditFilter = AuditFilter()) throws(JournalError) -> [GateSummary] {
        var conditions = Self.conditions(onRunsOf: filter)
        conditions.add("g.decided_at >= ?", filter.since?.microseconds)
        conditions.add("g.decided_at < ?", filter.until?.microseconds)
        let (whereClause, arguments) = (conditions.whereClause, conditions.arguments)
        return try read { database in
            var summaries = try Summaries(database).all(whereClause, arguments)
            for check in try HopelessChecks.found(database, whereClause, arguments) {
                if let index = summaries.firstIndex(where: { $0.workflow.hasSameBytes(as: check.workflow) && $0.step.hasSameBytes(as: check.step) }) {
                    summaries[index].hopeless.append(check)
                }
            }
            return summaries
        }
    }
}

/// Checks that are a no at every tier.
enum HopelessChecks {
    /// - Parameters:
    ///   - whereClause: on `gate_tier g` and `run`.
    ///   - byGate: whether gates of one step that said different things are told apart.
    static func found(_ database: Database, _ whereClause: String, _ arguments: StatementArguments, byGate: Bool = false) throws -> [HopelessCheck] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                WITH e AS (
                    SELECT g.run, g.node_path, run.workflow, g.step_id, max(g.tier = g.last_tier) AS is_last, \(byGate ? "g.gate_hash" : "NULL AS gate_hash")
                    FROM gate_tier g JOIN run ON run.id = g.run \(whereClause) GROUP BY g.run, g.node_path
                    HAVING max(\(GateColumns.askedTier(of: "g"))) IS NULL
                ), looked AS (
                    SELECT e.workflow, e.step_id, c.name, e.run, e.node_path, e.gate_hash,
                        e.is_last = 1 AND count(*) > 1 AND count(*) = count(*) FILTER (WHERE c.result IN ('failed', 'error')) AS is_hopeless
                    FROM e CROSS JOIN gate_check c ON c.run = e.run AND c.node_path = e.node_path GROUP BY e.run, e.node_path, c.name
                )
                SELECT workflow, step_id, name, count(*) FILTER (WHERE is_hopeless), count(*),
                    \(sumColumns("CASE WHEN is_hopeless THEN (SELECT coalesce(sum(cost_pico), 0) FROM model_call c WHERE c.run = looked.run AND c.node_path = looked.node_path AND c.purpose <> 'shadow') END")),
                    gate_hash
                FROM looked GROUP BY workflow, step_id, name, gate_hash HAVING count(*) FILTER (WHERE is_hopeless) > 0
                """, arguments: arguments)
        return rows.map { row in
            var check = HopelessCheck(workflow: row[0], step: row[1], check: row[2], executions: row[3], of: row[4], cost: moneySum(row, 5))
            check.gate = hash(row, 7)
            return check
        }.sorted { $0.cost == $1.cost ? ($0.workflow, $0.step, $0.check) < ($1.workflow, $1.step, $1.check) : $0.cost > $1.cost }
    }
}

private struct Summaries {
    let database: Database

    init(_ database: Database) { self.database = database }

    /// What is known of executions in which the last tier was not asked.
    private struct Rest {
        var executions = 0
        var gate = MoneySum.zero
        var input = 0
        var output = 0
    }

    func all(_ whereClause: String, _ arguments: StatementArguments) throws -> [GateSummary] {
        // What was asked for nothing but comparison is no cost of a gate; a count costs nothing.
        let ofNode = "FROM model_call c WHERE c.run = e.run AND c.node_path = e.node_path"
        // A comparison that failed tells nothing of what the tier costs.
        let direct = "\(ofNode) AND c.tier = e.last_tier AND (c.part = '' OR c.part = '\(CallSite.shadowPart)' AND c.state <> 'void' AND c.error IS NULL)"
        let first = "\(ofNode) AND c.part = '' AND c.input_tokens IS NOT NULL ORDER BY c.number LIMIT 1"
        let rows = try Row.fetchCursor(
            database,
            sql: """
                WITH e AS (
                    SELECT g.run, g.node_path, run.workflow, g.step_id, count(*) AS tiers, max(g.verdict = 'accepted') AS accepted, max(g.last_tier) AS last_tier,
                        max(\(GateColumns.askedTier(of: "g"))) AS replaced_by
                    FROM gate_tier g JOIN run ON run.id = g.run \(whereClause) GROUP BY g.run, g.node_path
                )
                SELECT workflow, step_id, tiers, accepted, last_tier, (SELECT coalesce(sum(cost_pico), 0) \(ofNode) AND c.purpose <> 'shadow'),
                    (SELECT sum(cost_pico) \(direct)), (SELECT price_rows \(direct) AND price_rows IS NOT NULL ORDER BY c.number DESC LIMIT 1),
                    (SELECT input_tokens \(first)), (SELECT output_tokens \(first)),
                    (SELECT coalesce(sum(cost_pico), 0) \(ofNode) AND c.purpose = 'shadow'),
                    (SELECT count(*) FROM gate_shadow s WHERE s.run = e.run AND s.node_path = e.node_path AND s.result IN ('answered', 'failed')),
                    (SELECT count(*) FROM gate_shadow s WHERE s.run = e.run AND s.node_path = e.node_path AND s.result = 'refused'),
                    (SELECT count(*) \(ofNode) AND \(Ledger.isWithoutCost)), replaced_by IS NOT NULL
                FROM e ORDER BY workflow, step_id, run, node_path
                """, arguments: arguments)
        var summaries: [GateSummary] = []
        var rest = Rest()
        var prices: String?
        var isOfOne = true
        func close() throws {
            guard var summary = summaries.popLast() else { return }
            if !isOfOne { summary.lastTier = nil }
            if isOfOne, rest.executions > 0, let direct = try estimate(rest, prices) {
                summary.estimated.executions = rest.executions
                summary.estimated.gate = rest.gate
                summary.estimated.direct = direct
            }
            summaries.append(summary)
            (rest, prices, isOfOne) = (Rest(), nil, true)
        }
        while let row = try rows.next() {
            let (workflow, step): (String, String) = (row[0], row[1])
            if summaries.last.map({ !$0.workflow.hasSameBytes(as: workflow) || !$0.step.hasSameBytes(as: step) }) ?? true {
                try close()
                summaries.append(GateSummary(workflow: workflow, step: step))
            }
            let last = summaries.count - 1
            if row[14] as Bool {
                summaries[last].replaced += 1
                continue
            }
            let (lastTier, cost): (String?, Money) = (row[4], money(row, 5) ?? .zero)
            if summaries[last].executions == 0 { summaries[last].lastTier = lastTier }
            if summaries[last].lastTier != lastTier { isOfOne = false }
            summaries[last].executions += 1
            if (row[2] as Int) > 1 { summaries[last].escalated += 1 }
            if (row[3] as Int) == 1 { summaries[last].accepted += 1 }
            summaries[last].cost.add(cost)
            summaries[last].callsWithoutCost += row[13] as Int
            summaries[last].shadowCost.add(money(row, 10) ?? .zero)
            summaries[last].shadows += row[11] as Int
            summaries[last].shadowsRefused += row[12] as Int
            if let direct = money(row, 6) {
                summaries[last].exact.executions += 1
                summaries[last].exact.gate.add(cost)
                summaries[last].exact.direct.add(direct)
                prices = (row[7] as String?) ?? prices
            } else if lastTier != nil, let input = quantity(row, 8) {
                rest.executions += 1
                rest.gate.add(cost)
                rest.input += input
                rest.output += quantity(row, 9) ?? 0
            }
        }
        try close()
        return summaries
    }

    /// What so many tokens cost at the prices of a call, each execution as the mean one; `nil`: nothing is known of the prices.
    private func estimate(_ rest: Rest, _ prices: String?) throws -> MoneySum? {
        guard let ids = prices.flatMap({ try? JSONParser.parse($0) })?.arrayValue?.compactMap(\.stringValue), !ids.isEmpty else { return nil }
        var rows: [PriceRow] = []
        for id in ids {
            let json = try String.fetchOne(database, sql: "SELECT json FROM price_row WHERE id = ?", arguments: [id])
            if let row = json.flatMap({ try? JSONParser.parse($0) }).flatMap(PriceRow.init(json:)) { rows.append(row) }
        }
        guard let input = rows.first(where: { $0.unit == .input }), let output = rows.first(where: { $0.unit == .output }) else { return nil }
        return MoneySum(input.price, times: Int64(rest.input)) + MoneySum(output.price, times: Int64(rest.output))
    }
}
