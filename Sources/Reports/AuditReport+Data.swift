import Economics
import Values
import WorkflowModel

extension AuditReport {
    /// Rows, totals and decisions. A cost of which nothing is known and a share of nothing are `null`.
    public var json: JSONValue {
        let total = total
        return [
            "since": .text(since),
            "dimensions": .array(dimensions.map(JSONValue.string)),
            "rows": .array(
                rows.map { row in
                    var keys = JSONObject()
                    for (name, key) in zip(dimensions, row.keys) { keys[name] = .string(key) }
                    return .object(figures(of: row, runs: row.runs, into: ["keys": .object(keys)]))
                }),
            "total": .object(figures(of: total, runs: totalRuns, into: [:])),
            "gates": gateJSON, "gate_summaries": gateSummaryJSON,
            "machines": machineJSON,
            "approvers": .array(
                approvers.map { row in
                    [
                        "by": .string(row.by), "as": row.system?.json ?? .null, "approved": .number(row.approved), "rejected": .number(row.rejected),
                        "runs": .number(row.runs), "grants": .number(row.grants), "highest_cap_usd": .money(row.highestCap),
                    ]
                }),
            "agreements": .array(
                agreements.map { row in
                    [
                        "name": .string(row.adjustment.name), "kind": row.isCredit ? "credit" : "commitment",
                        "models": .array(row.adjustment.models.map(JSONValue.string)), "from": .time(row.adjustment.from), "to": .time(row.adjustment.to),
                        "amount_usd": row.amount.json, "cost_usd": row.spent.json, "cost_is_lower_bound": .bool(row.isLowerBound), "used_usd": row.used.json,
                        "left_usd": row.rest.json, "owed_usd": row.owed.json,
                    ]
                }),
            "decisions": .array(
                decisions.map { row in
                    [
                        "workflow": .string(row.workflow), "unit": .string(row.unit), "decisions": .number(row.decisions),
                        "counted": .number(row.counted), "pending": .number(row.pending), "cost_usd": row.cost.json,
                        "cost_is_lower_bound": .bool(row.callsWithoutCost > 0), "shadow_cost_usd": row.shadowCost.json,
                        "cost_per_decision_usd": row.cost.divided(by: row.decisions)?.json ?? .null,
                        "cost_per_counted_outcome_usd": row.cost.divided(by: row.counted)?.json ?? .null,
                    ]
                }),
        ]
    }

    private func figures(of row: AuditRow, runs: Int?, into object: JSONObject) -> JSONObject {
        row.spending.fields(into: object.with("runs", .number(runs)))
            .with("failed_calls", .number(row.failedCalls)).with("repeated_calls", .number(row.repeatedCalls))
            .with("input_tokens", .number(row.inputTokens)).with("cache_read_tokens", .number(row.cacheReadTokens))
            .with("output_tokens", .number(row.outputTokens))
            .with("memo_hits", .number(row.memoHits)).with("saved_usd", row.saved.json)
            .with("cache_saved_usd", row.knowsNothingOfCaches ? .null : row.cacheSaved.json).with("cache_saved_unknown_calls", .number(row.cacheUnknown))
            .with("idle_usd", sharesIdle ? row.idle.json : Optional.none)
    }

    /// The rows under a header, money exact, empty where nothing is known; no totals, which a spreadsheet would count again.
    public var csv: String {
        let header =
            dimensions + [
                "runs", "calls", "failed_calls", "repeated_calls", "unpriced_calls", "input_tokens", "cache_read_tokens",
                "output_tokens", "cost_usd", "held_open_usd", "memo_hits", "saved_usd", "known_usd", "estimated_usd", "estimated_calls", "unknown_calls",
                "cost_is_lower_bound", "cache_saved_usd", "cache_saved_unknown_calls",
            ] + (sharesIdle ? ["idle_usd"] : [])
        let lines = rows.map { row -> [String] in
            let counts = [
                row.runs, row.spending.calls, row.failedCalls, row.repeatedCalls, row.spending.unpriced, row.inputTokens, row.cacheReadTokens,
                row.outputTokens,
            ]
            return dimensions.indices.map { $0 < row.keys.count ? row.keys[$0] : "" } + counts.map(String.init)
                + [
                    row.spending.knowsNothing ? "" : row.spending.cost.decimalText, row.spending.heldOpen.decimalText, String(row.memoHits),
                    row.saved.decimalText, row.spending.known.decimalText, row.spending.estimated.decimalText, String(row.spending.estimatedCalls),
                    String(row.spending.unknown), String(row.spending.isLowerBound), row.knowsNothingOfCaches ? "" : row.cacheSaved.decimalText, String(row.cacheUnknown),
                ] + (sharesIdle ? [row.idle.decimalText] : [])
        }
        return CSV.text([header] + lines)
    }
}

extension AuditRow {
    /// Whether what caches saved is known of none of the calls that had to do with one.
    fileprivate var knowsNothingOfCaches: Bool { cacheUnknown > 0 && cacheSaved == .zero }
}
