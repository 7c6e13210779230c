import Economics
import Values
import WorkflowModel

/// What `gate simulate` prints: what a gate comes to over recorded answers, beside each of its tiers alone.
public struct SimulationReport: Sendable {
    private let result: GateSimulation
    private let step: String

    /// - Parameter step: as the user names it.
    public init(_ result: GateSimulation, step: String) {
        self.result = result
        self.step = step
    }

    /// The share of rows in which a further tier was asked.
    private var escalationRate: Double? { result.rows == 0 ? nil : Double(result.escalated) / Double(result.rows) }

    /// The share of rows that may escalate before the last tier alone is cheaper:
    /// (cost of the last tier alone − cost of the first tier and its checks) / cost of an escalation, each of the mean row.
    ///
    /// `nil`: an escalation has no cost, or a cost is not recorded. Below zero the gate loses money at any rate.
    private var breakEvenRate: Double? {
        let rows = result.complete
        guard rows.rows > 0, let last = result.singles.last, last.unpriced == 0, rows.gate.unpriced == 0 else { return nil }
        let (further, count) = rows.escalated > 0 ? (rows.furtherCost, rows.escalated) : (last.cost, rows.rows)
        guard further.exact > 0 else { return nil }
        let saved = Double(last.cost.exact - rows.firstCost.exact) / Double(rows.rows)
        return saved / (Double(further.exact) / Double(count))
    }

    /// The tier that alone is no dearer than the gate and no less often right, the cheapest of those.
    private var better: Int? {
        let rows = result.complete
        guard rows.rows > 0 else { return nil }
        return result.tiers.indices.filter { tier in
            let single = result.singles[tier]
            // What nothing says the outcome of counts for the gate and against the tier; with no outcome of both there is nothing to go by.
            return rows.judged[tier].rows > 0 && single.unpriced == 0 && rows.gate.unpriced == 0 && single.cost <= rows.gate.cost && single.correct >= rows.mostCorrect
                && (single.cost < rows.gate.cost || single.correct > rows.mostCorrect)
        }.min { result.singles[$0].cost < result.singles[$1].cost }
    }

    // MARK: Text

    public func text(style: TextStyle) -> String {
        guard result.rows > 0 else { return "no row has an answer of each tier of \(step): \(result.tiers.joined(separator: ", "))\n" + notes }
        var table = Table([
            .init("", floor: 8), .init("right", .trailing), .init("accuracy", .trailing), .init("cost", .trailing), .init("per right answer", .trailing, expendable: 2),
            .init("accepted", .trailing, expendable: 1, hidesWhenEmpty: true), .init("of rows", .trailing, expendable: 1, hidesWhenEmpty: true),
        ])
        for (tier, name) in result.tiers.enumerated() where result.complete.rows > 0 {
            let single = result.singles[tier]
            table.add(cells("\(name) alone", single, of: result.complete.rows, style) + [StyledText(""), StyledText("")])
        }
        table.add(cells("the gate", result.gate, of: result.rows, style, .bold) + [StyledText(""), StyledText("")])
        for (tier, name) in result.tiers.enumerated() {
            table.add([
                StyledText("  accepted at \(name)"), StyledText(""), StyledText(""), StyledText(""), StyledText(""), StyledText(Figures.count(result.acceptedBy[tier])),
                StyledText(share(result.acceptedBy[tier])),
            ])
        }
        for (what, count) in [("  not looked at", result.undecided), ("  exhausted", result.exhausted)] where count > 0 {
            table.add([StyledText(what), StyledText(""), StyledText(""), StyledText(""), StyledText(""), StyledText(Figures.count(count)), StyledText(share(count))])
        }
        return table.text(style) + notes
    }

    private func cells(_ name: String, _ tally: GateSimulation.Tally, of rows: Int, _ style: TextStyle, _ tint: Tint? = nil) -> [StyledText] {
        let mark = tally.unpriced > 0 ? "≥ " : ""
        return [
            StyledText(name, tint), StyledText(Figures.count(tally.correct), tint), StyledText(Figures.percent(Int128(tally.correct), of: Int128(rows)) ?? "", tint), StyledText(mark + tally.cost.displayText, tint),
            StyledText(tally.cost.divided(by: tally.correct).map { mark + $0.displayText } ?? style.dash, tint),
        ]
    }

    private func share(_ count: Int) -> String { Figures.percent(Int128(count), of: Int128(result.rows)) ?? "" }

    private var notes: String {
        var lines: [String] = []
        if result.rows > 0 {
            var line = "\(Figures.counted(result.rows, "row")), \(Figures.count(result.escalated)) escalated (\(share(result.escalated)))"
            if let rate = breakEvenRate {
                line += rate < 0 ? "; a gate of these tiers saves nothing at any rate" : rate >= 1 ? "; it saves at any rate" : "; it saves up to a rate of \(Self.percent(rate))"
            }
            lines.append(line)
            if let better {
                lines.append("\(result.tiers[better]) alone is the better choice here: \(result.singles[better].cost.displayText) for \(Figures.counted(result.singles[better].correct, "right answer"))")
            } else if let last = result.singles.last, result.complete.rows > 0, last.unpriced == 0, result.complete.gate.unpriced == 0 {
                let saved = last.cost.exact - result.complete.gate.cost.exact
                let judged = result.complete.judged.last!
                let right =
                    judged.rows == 0
                    ? "; of no row it is known of both whether they are right"
                    : ", with \(Self.difference(judged.gate - judged.single)) right"
                        + (judged.rows < result.complete.rows ? " of the \(Figures.counted(judged.rows, "row")) of \(Figures.count(result.complete.rows)) in which both are known" : "")
                if saved >= 0, let percent = Figures.percent(saved, of: last.cost.exact) {
                    lines.append("\(percent) cheaper than \(result.tiers.last!) alone\(right)")
                } else if saved < 0 {
                    lines.append("the gate costs \(MoneySum(exact: -saved).displayText) more than \(result.tiers.last!) alone\(right)")
                }
            }
        }
        if result.complete.rows < result.rows {
            lines.append(
                "\(Figures.counted(result.complete.rows, "row")) of \(Figures.count(result.rows)) \(result.complete.rows == 1 ? "has" : "have") an answer of every tier; what is said of a tier alone is of "
                    + (result.complete.rows == 1 ? "that one" : "these"))
        }
        for (check, count) in result.missingChecks.sorted(by: { $0.key < $1.key }) {
            lines.append("no outcome of '\(check)' is recorded for \(Figures.counted(count, "answer")); it is counted as a no")
        }
        if !result.missingChecks.isEmpty {
            lines.append(
                "either way: \(Figures.count(result.correct.least)) to \(Figures.count(result.correct.most)) right, \(result.cost.least.displayText) to \(result.cost.most.displayText)")
        }
        if result.gate.unjudged > 0 { lines.append("of \(Figures.counted(result.gate.unjudged, "row")) nothing says whether the answer was right; they count as not right") }
        for (tier, single) in zip(result.tiers, result.singles) where single.unjudged > 0 {
            lines.append("of \(Figures.counted(single.unjudged, "row")) nothing says whether \(tier) alone was right; they count as not right")
        }
        if result.gate.unpriced > 0 { lines.append("a part of the cost of \(Figures.counted(result.gate.unpriced, "row")) is not recorded") }
        for (tier, count) in result.leftOut.sorted(by: { $0.key < $1.key }) {
            lines.append("\(Figures.counted(count, "row")) left out: no answer of '\(tier)'")
        }
        if result.replaced > 0 { lines.append("\(Figures.counted(result.replaced, "row")) left out: another tier answered in place of one of the gate's") }
        return lines.map { TerminalText.harmless($0) + "\n" }.joined()
    }

    private static func difference(_ count: Int) -> String { count == 0 ? "as many" : "\(Figures.count(abs(count))) \(count > 0 ? "more" : "fewer")" }

    private static func percent(_ rate: Double) -> String {
        Figures.percent(Int128((min(rate, 1e6) * 1e6).rounded()), of: 1_000_000) ?? ""
    }

    // MARK: JSON

    public var json: JSONValue {
        var singles = JSONObject()
        for (tier, name) in result.tiers.enumerated() {
            var figures = Self.figures(result.singles[tier], of: result.complete.rows)
            let judged = result.complete.judged[tier]
            figures["compared"] = ["rows": .number(judged.rows), "correct": .number(judged.single), "gate_correct": .number(judged.gate)]
            singles[name] = .object(figures)
        }
        var accepted = JSONObject()
        for (tier, name) in result.tiers.enumerated() { accepted[name] = .int(Int64(result.acceptedBy[tier])) }
        var object: JSONObject = ["step": .string(step), "rows": .int(Int64(result.rows)), "complete_rows": .int(Int64(result.complete.rows))]
        Self.figures(result.gate, of: result.rows).forEachPair { object[$0] = $1 }
        object["escalated"] = .int(Int64(result.escalated))
        object["escalation_rate"] = escalationRate.map(JSONValue.double) ?? .null
        object["accepted_by"] = .object(accepted)
        object["undecided"] = .int(Int64(result.undecided))
        object["exhausted"] = .int(Int64(result.exhausted))
        object["exhausted_by"] = Self.counts(result.causes)
        object["singles"] = .object(singles)
        object["break_even_rate"] = breakEvenRate.map(JSONValue.double) ?? .null
        object["better_single"] = better.map { .string(result.tiers[$0]) } ?? .null
        object["bounds"] = .object([
            "correct": .array([.int(Int64(result.correct.least)), .int(Int64(result.correct.most))]), "cost_usd": .array([result.cost.least.json, result.cost.most.json]),
        ])
        object["missing_checks"] = Self.counts(result.missingChecks)
        object["left_out"] = Self.counts(result.leftOut)
        object["replaced"] = .int(Int64(result.replaced))
        return .object(object)
    }

    private static func figures(_ tally: GateSimulation.Tally, of rows: Int) -> JSONObject {
        [
            "accuracy": rows == 0 ? .null : .double(Double(tally.correct) / Double(rows)), "correct": .int(Int64(tally.correct)), "unjudged": .int(Int64(tally.unjudged)),
            "cost_usd": tally.cost.json, "unpriced": .int(Int64(tally.unpriced)), "per_correct_usd": tally.cost.divided(by: tally.correct)?.json ?? .null,
        ]
    }

    private static func counts(_ counts: TextTable<Int>) -> JSONValue {
        var object = JSONObject()
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) { object[name] = .int(Int64(count)) }
        return .object(object)
    }
}
