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
            let mark = row.callsWithoutCost > 0 ? style.atLeast : ""
            table.add([
                StyledText("\(row.workflow):\(row.step)"), StyledText(GateWords.tier(row.tier, answeredBy: row.askedTier)), StyledText(Figures.count(row.asked)), StyledText(Figures.count(row.accepted)),
                StyledText(row.refusedThousandths.map { "\($0 / 10).\($0 % 10) %" } ?? style.dash), StyledText(Figures.count(row.taken)),
                StyledText(row.checkCost > .zero ? row.checkCost.displayText : ""), StyledText(mark + (row.cost + row.checkCost).displayText),
                StyledText((row.cost + row.checkCost).divided(by: row.accepted).map { mark + $0.displayText } ?? style.dash),
            ])
        }
        return table
    }

    var gateJSON: JSONValue {
        .array(
            gates.map { row in
                [
                    "workflow": .string(row.workflow), "step": .string(row.step), "tier": .string(row.tier), "asked_tier": .text(row.askedTier), "asked": .number(row.asked),
                    "accepted": .number(row.accepted), "not_accepted": .number(row.refused), "taken": .number(row.taken), "cost_usd": row.cost.json,
                    "check_cost_usd": row.checkCost.json, "cost_is_lower_bound": .bool(row.callsWithoutCost > 0),
                    "cost_per_accepted_usd": (row.cost + row.checkCost).divided(by: row.accepted)?.json ?? .null,
                ]
            })
    }

    // MARK: Gates as a whole

    func gateSummaryTable(_ style: TextStyle) -> Table {
        var table = Table([
            .init("gate", floor: 14),
            .init("executions", .trailing, expendable: 3),
            .init("went on", .trailing),
            .init("cost", .trailing, expendable: 1),
            .init("per accepted", .trailing),
            .init("last tier alone", .trailing, hidesWhenEmpty: true),
            .init("saved", .trailing, hidesWhenEmpty: true),
            .init("compared", .trailing, expendable: 2, hidesWhenEmpty: true),
        ])
        for gate in gateSummaries {
            let compared = gate.exact.executions + gate.estimated.executions
            let about = gate.estimated.executions > 0 ? "≈ " : ""
            let mark = gate.callsWithoutCost > 0 ? style.atLeast : ""
            let saved = gate.saved.map { $0 < .zero ? "-" + MoneySum(exact: -$0.exact).displayText : $0.displayText }
            table.add([
                StyledText("\(gate.workflow):\(gate.step)"), StyledText(Figures.count(gate.executions)),
                StyledText(Figures.percent(Int128(gate.escalated), of: Int128(gate.executions)) ?? style.dash), StyledText(mark + gate.cost.displayText),
                StyledText(gate.cost.divided(by: gate.accepted).map { mark + $0.displayText } ?? style.dash),
                StyledText(compared > 0 ? about + (gate.exact.direct + gate.estimated.direct).displayText : ""),
                StyledText(saved.map { (gate.savedIsEstimate ? "≈ " : "") + $0 } ?? "", (gate.saved ?? .zero) < .zero ? .yellow : nil),
                StyledText(gate.shadowCost > .zero ? gate.shadowCost.displayText : ""),
            ])
        }
        return table
    }

    /// What is to be said of a gate below the table.
    func gateNotes(_ gate: GateSummary) -> [String] {
        let name = "\(gate.workflow):\(gate.step)"
        var notes: [String] = []
        if gate.estimated.executions > 0, let last = gate.lastTier {
            notes.append(
                "\(name): what \(last) alone costs is known of \(Figures.counted(gate.exact.executions, "execution")), and estimated of \(Figures.count(gate.estimated.executions)) by the tokens of the first answer at its prices")
        }
        if gate.shadowsRefused > 0 {
            notes.append(
                "\(name): \(Figures.counted(gate.shadowsRefused, "answer")) for comparison \(gate.shadowsRefused == 1 ? "was" : "were") not asked, as caps had no room: long inputs are missing more often than others")
        }
        if gate.replaced > 0 {
            notes.append(
                "\(name): \(Figures.counted(gate.replaced, "execution")) more, in which another tier answered in place of one of the gate's, \(gate.replaced == 1 ? "is" : "are") in none of these figures")
        }
        for check in gate.hopeless where check.share >= HopelessCheck.leastShare { notes.append("\(name): " + GateWords.sentence(check)) }
        return notes
    }

    var gateSummaryJSON: JSONValue {
        func comparison(_ comparison: GateSummary.Comparison) -> JSONValue {
            ["executions": .number(comparison.executions), "gate_cost_usd": comparison.gate.json, "last_tier_cost_usd": comparison.direct.json]
        }
        return .array(
            gateSummaries.map { gate in
                [
                    "workflow": .string(gate.workflow), "step": .string(gate.step), "last_tier": .text(gate.lastTier), "executions": .number(gate.executions),
                    "replaced": .number(gate.replaced), "escalated": .number(gate.escalated),
                    "escalation_rate": gate.executions == 0 ? .null : .double(Double(gate.escalated) / Double(gate.executions)),
                    "accepted": .number(gate.accepted), "cost_usd": gate.cost.json, "cost_is_lower_bound": .bool(gate.callsWithoutCost > 0),
                    "cost_per_accepted_usd": gate.cost.divided(by: gate.accepted)?.json ?? .null,
                    "exact": comparison(gate.exact), "estimated": comparison(gate.estimated), "saved_usd": gate.saved?.json ?? .null,
                    "saved_is_estimate": .bool(gate.savedIsEstimate),
                    "shadows": .number(gate.shadows), "shadow_cost_usd": gate.shadowCost.json, "shadows_refused": .number(gate.shadowsRefused),
                    "fail_at_every_tier": .array(gate.hopeless.map(\.json)),
                ]
            })
    }
}

extension HopelessCheck {
    var json: JSONValue {
        ["check": .string(check), "executions": .number(executions), "of": .number(of), "share": .double(share), "cost_usd": cost.json]
    }
}
