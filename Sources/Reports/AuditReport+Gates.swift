import Economics
import Values
import WorkflowModel

extension AuditReport {
    func gateTable(_ style: TextStyle) -> Table {
        var table = Table([
            .init("gate", floor: 14),
            .init("tier", floor: 8),
            .init("asked", .trailing, expendable: 4),
            .init("accepted", .trailing),
            .init("not accepted", .trailing, expendable: 2),
            .init("taken", .trailing, expendable: 5),
            .init("checks", .trailing, expendable: 3, hidesWhenEmpty: true),
            .init("cost", .trailing),
            .init("per accepted", .trailing, expendable: 1),
        ])
        for row in gates {
            table.add([
                StyledText("\(row.workflow):\(row.step)"), StyledText(row.tier), StyledText(Figures.count(row.asked)), StyledText(Figures.count(row.accepted)),
                StyledText(row.refusedThousandths.map { "\($0 / 10).\($0 % 10) %" } ?? style.dash), StyledText(Figures.count(row.taken)),
                StyledText(row.checkCost > .zero ? row.checkCost.displayText : ""), StyledText((row.cost + row.checkCost).displayText),
                StyledText((row.cost + row.checkCost).divided(by: row.accepted)?.displayText ?? style.dash),
            ])
        }
        return table
    }

    var gateJSON: JSONValue {
        .array(
            gates.map { row in
                [
                    "workflow": .string(row.workflow), "step": .string(row.step), "tier": .string(row.tier), "asked": .number(row.asked),
                    "accepted": .number(row.accepted), "not_accepted": .number(row.refused), "taken": .number(row.taken), "cost_usd": row.cost.json,
                    "check_cost_usd": row.checkCost.json, "cost_per_accepted_usd": (row.cost + row.checkCost).divided(by: row.accepted)?.json ?? .null,
                ]
            })
    }
}
