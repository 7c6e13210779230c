import Economics
import Values
import WorkflowModel

/// What `audit` prints: where the money went, and what a decision cost.
public struct AuditReport: Sendable {
    /// What the rows are grouped by, such as `workflow` and `model`.
    public var dimensions: [String]
    public var rows: [AuditRow]
    public var decisions: [DecisionRow]
    /// Runs in all; the rows' runs do not add up where one run stands in several.
    public var runs: Int?
    /// The start of the period in words of the user: `2026-11-01`, `7d`. `nil`: all that is recorded.
    public var since: String?

    public init(dimensions: [String], rows: [AuditRow], decisions: [DecisionRow] = [], runs: Int? = nil, since: String? = nil) {
        self.dimensions = dimensions
        self.rows = rows
        self.decisions = decisions
        self.runs = runs
        self.since = since
    }

    var total: AuditRow {
        var total = AuditRow(
            keys: [], runs: 0, calls: 0, inputTokens: 0, cacheReadTokens: 0, outputTokens: 0, cost: .zero, heldOpen: .zero,
            unpricedCalls: 0, failedCalls: 0, repeatedCalls: 0)
        for row in rows {
            total.calls += row.calls
            total.inputTokens += row.inputTokens
            total.cacheReadTokens += row.cacheReadTokens
            total.outputTokens += row.outputTokens
            total.cost = total.cost + row.cost
            total.heldOpen = total.heldOpen + row.heldOpen
            total.unpricedCalls += row.unpricedCalls
            total.failedCalls += row.failedCalls
            total.repeatedCalls += row.repeatedCalls
            total.memoHits += row.memoHits
            total.saved = total.saved + row.saved
        }
        return total
    }

    /// `nil` when it cannot be known from the rows.
    var totalRuns: Int? { runs ?? (rows.count < 2 ? rows.first?.runs ?? 0 : nil) }

    /// The table with its totals, then the decisions.
    public func text(style: TextStyle) -> String {
        guard !rows.isEmpty else {
            let period = since.map { " since \($0)" } ?? ""
            let text = "no calls recorded\(period); run a workflow first: agentctl run FILE"
            return text.wrapped(to: style.width).map { $0 + "\n" }.joined()
        }
        let total = total
        var table = Table(
            dimensions.map { .init($0, floor: 14) } + [
                .init("runs", .trailing, expendable: 7),
                .init("calls", .trailing, expendable: 4),
                .init("failed", .trailing, expendable: 8, hidesWhenEmpty: true),
                .init("repeated", .trailing, expendable: 9, hidesWhenEmpty: true),
                .init("memo", .trailing, expendable: 13, hidesWhenEmpty: true),
                .init("input", .trailing, expendable: 6),
                .init("cached", .trailing, expendable: 10, hidesWhenEmpty: true),
                .init("output", .trailing, expendable: 5),
                .init("held", .trailing, expendable: 11, hidesWhenEmpty: true),
                .init("unpriced", .trailing, expendable: 12, hidesWhenEmpty: true),
                .init("saved", .trailing, expendable: 14, hidesWhenEmpty: true),
                .init("cost", .trailing),
                .init("share", .trailing, expendable: 2),
                .init("", expendable: 3),
            ])
        for row in rows {
            let keys = row.keys.prefix(dimensions.count).map { StyledText($0.isEmpty ? style.dash : $0) }
            let padding = [StyledText](repeating: "", count: dimensions.count - keys.count)
            table.add(keys + padding + figures(row, runs: row.runs, of: total, style))
        }
        if rows.count > 1 {
            let label = [StyledText("total", .bold)] + [StyledText](repeating: "", count: max(0, dimensions.count - 1))
            table.footer = (dimensions.isEmpty ? [] : label) + figures(total, runs: totalRuns, of: nil, style)
        }
        var lines = table.lines(style)
        func note(_ text: String) { lines += text.wrapped(to: style.width).map { StyledText($0, .yellow).rendered(style) } }
        if total.unpricedCalls > 0 {
            note(
                "\(Figures.counted(total.unpricedCalls, "call")) unpriced: totals that contain them are lower bounds. "
                    + "Add prices to agentctl.yaml; see agentctl prices list")
        }
        if total.heldOpen > .zero {
            note("\(total.heldOpen.displayText) more is held for calls whose end, usage or model is not certain")
        }
        if !decisions.isEmpty { lines += [""] + decisionTable(style).lines(style) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func figures(_ row: AuditRow, runs: Int?, of total: AuditRow?, _ style: TextStyle) -> [StyledText] {
        func optional(_ count: Int, _ tint: Tint) -> StyledText { count > 0 ? StyledText(Figures.count(count), tint) : "" }
        let percent = total.map { row.knowsNoCost ? style.dash : Figures.percent(row.cost.exact, of: $0.cost.exact) ?? style.dash } ?? ""
        return [
            StyledText(runs.map(Figures.count) ?? ""),
            StyledText(Figures.count(row.calls)),
            optional(row.failedCalls, .red),
            optional(row.repeatedCalls, .yellow),
            optional(row.memoHits, .green),
            StyledText(Figures.count(row.inputTokens)),
            StyledText(row.cacheReadTokens > 0 ? Figures.count(row.cacheReadTokens) : ""),
            StyledText(Figures.count(row.outputTokens)),
            StyledText(row.heldOpen > .zero ? row.heldOpen.displayText : "", .yellow),
            optional(row.unpricedCalls, .yellow),
            StyledText(row.saved > .zero ? row.saved.displayText : "", .green),
            StyledText(
                row.knowsNoCost ? "unpriced" : (row.unpricedCalls > 0 ? style.atLeast : "") + row.cost.displayText,
                total == nil ? .bold : nil),
            StyledText(percent),
            StyledText(total.map { style.bar(row.cost.exact, of: $0.cost.exact, cells: 10) } ?? "", .cyan),
        ]
    }

    private func decisionTable(_ style: TextStyle) -> Table {
        var table = Table([
            .init("decisions of", floor: 14),
            .init("unit", floor: 14, expendable: 4),
            .init("decisions", .trailing, expendable: 3),
            .init("counted", .trailing, expendable: 2),
            .init("pending", .trailing, expendable: 5),
            .init("cost", .trailing, expendable: 1),
            .init("per decision", .trailing, expendable: 6),
            .init("per counted", .trailing),
        ])
        for row in decisions {
            table.add([
                StyledText(row.workflow), StyledText(row.unit), StyledText(Figures.count(row.decisions)),
                StyledText(Figures.count(row.counted)), StyledText(Figures.count(row.pending)),
                StyledText(row.cost.displayText),
                StyledText(row.cost.divided(by: row.decisions)?.displayText ?? style.dash),
                StyledText(row.cost.divided(by: row.counted)?.displayText ?? style.dash),
            ])
        }
        return table
    }
}

extension AuditRow {
    /// Nothing in it has a price: its cost is unknown and not zero.
    var knowsNoCost: Bool { unpricedCalls > 0 && cost == .zero }
}
