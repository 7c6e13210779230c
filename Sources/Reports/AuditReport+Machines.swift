import Economics
import Values
import WorkflowModel

extension AuditReport {
    func machineTable(_ style: TextStyle) -> Table {
        var table = Table([
            .init("machine", floor: 14),
            .init("on", .trailing, expendable: 3),
            .init("busy", .trailing, expendable: 5),
            .init("used", .trailing, expendable: 2),
            .init("calls", .trailing, expendable: 4),
            .init("charged", .trailing, expendable: 1),
            .init("idle", .trailing),
            .init("paid", .trailing),
            .init("per Mtok", .trailing, expendable: 6),
        ])
        for row in machines {
            table.add([
                StyledText("\(row.provider)/\(row.model)"), StyledText(row.on.description), StyledText(row.busy.description),
                StyledText(Figures.percent(Int128(row.busy.milliseconds), of: Int128(row.on.milliseconds)) ?? style.dash), StyledText(Figures.count(row.calls)),
                StyledText(row.charged.displayText), StyledText(row.idleCost.displayText), StyledText(row.cost.displayText),
                StyledText(row.costPerMillionTokens?.displayText ?? style.dash),
            ])
        }
        return table
    }

    /// Times in milliseconds. A share of nothing and a price of no tokens are `null`.
    var machineJSON: JSONValue {
        .array(
            machines.map { row in
                [
                    "provider": .string(row.provider), "model": .string(row.model), "on_ms": .int(row.on.milliseconds), "busy_ms": .int(row.busy.milliseconds),
                    "utilisation": row.utilisation.map(JSONValue.double) ?? .null, "calls": .number(row.calls), "tokens": .number(row.tokens),
                    "charged_usd": row.charged.json, "idle_usd": row.idleCost.json, "idle_without_calls_usd": row.unshared.json, "paid_usd": row.cost.json,
                    "paid_per_mtok_usd": row.costPerMillionTokens?.json ?? .null,
                ]
            })
    }
}
