import Economics
import Values
import WorkflowModel

/// What `audit` prints: where the money went, and what a decision cost.
public struct AuditReport: Sendable {
    /// What the rows are grouped by, such as `workflow` and `model`.
    public var dimensions: [String]
    public var rows: [AuditRow]
    public var decisions: [DecisionRow]
    /// Who answered what runs asked people, where that is a dimension.
    public var approvers: [ApproverRow]
    /// Credits and commitments of contracts, each over its own period.
    public var agreements: [AgreementRow] = []
    /// What the tiers of gates came to, where tiers are a dimension.
    public var gates: [GateRow] = []
    /// What each gate came to as a whole.
    public var gateSummaries: [GateSummary] = []
    /// Machines that are paid by the hour, in the period.
    public var machines: [MachineRow] = []
    /// Whether rows tell what they bear of idle machines.
    public private(set) var sharesIdle = false
    /// Runs in all; the rows' runs do not add up where one run stands in several.
    public var runs: Int?
    /// The start of the period in words of the user: `2026-11-01`, `7d`. `nil`: all that is recorded.
    public var since: String?

    public init(dimensions: [String], rows: [AuditRow], decisions: [DecisionRow] = [], approvers: [ApproverRow] = [], runs: Int? = nil, since: String? = nil) {
        self.dimensions = dimensions
        self.rows = rows
        self.decisions = decisions
        self.approvers = approvers
        self.runs = runs
        self.since = since
    }

    var total: AuditRow {
        var total = AuditRow(
            keys: [], runs: 0, spending: Spending(), inputTokens: 0, cacheReadTokens: 0, outputTokens: 0, failedCalls: 0, repeatedCalls: 0)
        for row in rows {
            total.spending = total.spending + row.spending
            total.inputTokens += row.inputTokens
            total.cacheReadTokens += row.cacheReadTokens
            total.outputTokens += row.outputTokens
            total.failedCalls += row.failedCalls
            total.repeatedCalls += row.repeatedCalls
            total.memoHits += row.memoHits
            total.saved = total.saved + row.saved
            total.cacheSaved = total.cacheSaved + row.cacheSaved
            total.cacheUnknown += row.cacheUnknown
            total.idle = total.idle + row.idle
        }
        return total
    }

    /// Tells with each row what it bears of idle machines.
    public mutating func share(_ shares: [IdleShare]) {
        sharesIdle = true
        for share in shares {
            guard let place = rows.firstIndex(where: { $0.keys.elementsEqual(share.keys, by: { $0.hasSameBytes(as: $1) }) }) else { continue }
            rows[place].idle = rows[place].idle + share.amount
        }
    }

    /// `nil` when it cannot be known from the rows.
    var totalRuns: Int? { runs ?? (rows.count < 2 ? rows.first?.runs ?? 0 : nil) }

    /// The table with its totals, then the decisions.
    public func text(style: TextStyle) -> String {
        guard !rows.isEmpty || !approvers.isEmpty else {
            let period = since.map { " since \($0)" } ?? ""
            let text = "no calls recorded\(period); run a workflow first: agentctl run FILE"
            return text.wrapped(to: style.width).map { $0 + "\n" }.joined()
        }
        let total = total
        var table = Table(
            dimensions.map { .init($0, floor: 14) } + [
                .init("runs", .trailing, expendable: 7),
                .init("calls", .trailing, expendable: 4),
                .init("failed", .trailing, expendable: 3, hidesWhenEmpty: true),
                .init("repeated", .trailing, expendable: 9, hidesWhenEmpty: true),
                .init("memo", .trailing, expendable: 13, hidesWhenEmpty: true),
                .init("input", .trailing, expendable: 6),
                .init("cached", .trailing, expendable: 10, hidesWhenEmpty: true),
                .init("output", .trailing, expendable: 5),
                .init("held", .trailing, expendable: 11, hidesWhenEmpty: true),
                .init("unpriced", .trailing, expendable: 12, hidesWhenEmpty: true),
                .init("unknown", .trailing, expendable: 12, hidesWhenEmpty: true),
                .init("saved", .trailing, expendable: 14, hidesWhenEmpty: true),
                .init("saved by caches", .trailing, expendable: 14, hidesWhenEmpty: true),
                .init("cost", .trailing),
                .init("idle", .trailing, expendable: 1, hidesWhenEmpty: !sharesIdle),
                .init("share", .trailing, expendable: 2),
                // The same as the share, and the first to leave.
                .init("", expendable: 15),
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
        let spending = total.spending
        if spending.unpriced > 0 {
            note(
                "\(Figures.counted(spending.unpriced, "call")) unpriced: totals that contain them are lower bounds. "
                    + "Add prices to agentctl.yaml; see agentctl prices list")
        }
        if spending.unknown > 0 {
            note("\(Figures.counted(spending.unknown, "call")) of unknown end, whose cost is not known: totals that contain them are lower bounds")
        }
        if spending.estimatedCalls > 0 {
            note("\(spending.estimated.displayText) of the cost is estimated, for \(Figures.counted(spending.estimatedCalls, "call")) without a reported usage")
        }
        if spending.reportedCalls > 0 {
            let off = spending.reportedOff == 0 ? "as price rows have it" : "for \(Figures.counted(spending.reportedOff, "call")) off by more than 1 % from what price rows come to"
            note("\(spending.reported.displayText) is what servers say themselves of \(Figures.counted(spending.reportedCalls, "call")), \(off)")
        }
        if spending.listDifference != .zero, !spending.knowsNothing { note("\(spending.list.displayText) by list prices") }
        if spending.heldOpen > .zero {
            note("\(spending.heldOpen.displayText) more is held for calls whose end, usage or model is not certain")
        }
        if !gates.isEmpty { lines += [""] + gateTable(style).lines(style) }
        if !gateSummaries.isEmpty {
            lines += [""] + gateSummaryTable(style).lines(style)
            for text in gateSummaries.flatMap(gateNotes) { note(text) }
        }
        if !approvers.isEmpty { lines += [""] + approverTable(style).lines(style) }
        if !agreements.isEmpty { lines += [""] + agreementTable(style).lines(style) }
        if !machines.isEmpty { lines += [""] + machineTable(style).lines(style) }
        if sharesIdle {
            let rest = machines.reduce(MoneySum.zero) { $0 + $1.unshared }
            if rest > .zero { note("\(rest.displayText) is of machines that were on without a call, and stands in no row") }
        }
        if !decisions.isEmpty { lines += [""] + decisionTable(style).lines(style) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func figures(_ row: AuditRow, runs: Int?, of total: AuditRow?, _ style: TextStyle) -> [StyledText] {
        func optional(_ count: Int, _ tint: Tint) -> StyledText { count > 0 ? StyledText(Figures.count(count), tint) : "" }
        let percent = total.map { row.spending.knowsNothing ? style.dash : Figures.percent(row.spending.cost.exact, of: $0.spending.cost.exact) ?? style.dash } ?? ""
        return [
            StyledText(runs.map(Figures.count) ?? ""),
            StyledText(Figures.count(row.spending.calls)),
            optional(row.failedCalls, .red),
            optional(row.repeatedCalls, .yellow),
            optional(row.memoHits, .green),
            StyledText(Figures.count(row.inputTokens)),
            StyledText(row.cacheReadTokens > 0 ? Figures.count(row.cacheReadTokens) : ""),
            StyledText(Figures.count(row.outputTokens)),
            StyledText(row.spending.heldOpen > .zero ? row.spending.heldOpen.displayText : "", .yellow),
            optional(row.spending.unpriced, .yellow),
            optional(row.spending.unknown, .yellow),
            StyledText(row.saved > .zero ? row.saved.displayText : "", .green),
            cacheSavings(row, style),
            StyledText(row.spending.calls == 0 ? MoneySum.zero.displayText : row.spending.cell(style), total == nil ? .bold : nil),
            StyledText(sharesIdle ? row.idle.displayText : ""),
            StyledText(percent),
            StyledText(total.map { style.bar(row.spending.cost.exact, of: $0.spending.cost.exact, cells: 10) } ?? "", .cyan),
        ]
    }

    /// Of calls of which it is not known it may be more, and less.
    private func cacheSavings(_ row: AuditRow, _ style: TextStyle) -> StyledText {
        if row.cacheSaved == .zero { return row.cacheUnknown > 0 ? StyledText("unknown", .yellow) : "" }
        return StyledText(row.cacheSaved.displayText + (row.cacheUnknown > 0 ? " + unknown" : ""), row.cacheSaved < .zero ? .red : .green)
    }

    private func approverTable(_ style: TextStyle) -> Table {
        var table = Table([
            .init("answers by", floor: 10),
            .init("system user", floor: 10, expendable: 2),
            .init("approved", .trailing),
            .init("rejected", .trailing),
            .init("runs", .trailing, expendable: 3),
            .init("money granted", .trailing, expendable: 4, hidesWhenEmpty: true),
            .init("highest cap", .trailing, expendable: 1, hidesWhenEmpty: true),
        ])
        for row in approvers {
            table.add([
                StyledText(row.by), StyledText(row.system?.short ?? style.dash), StyledText(Figures.count(row.approved)),
                StyledText(Figures.count(row.rejected)), StyledText(Figures.count(row.runs)),
                StyledText(row.grants > 0 ? Figures.count(row.grants) : ""), StyledText(row.highestCap?.displayText ?? ""),
            ])
        }
        return table
    }

    private func agreementTable(_ style: TextStyle) -> Table {
        var table = Table([
            .init("agreement", floor: 14),
            .init("kind", expendable: 3),
            .init("from", expendable: 4),
            .init("to", expendable: 2),
            .init("amount", .trailing),
            .init("cost", .trailing, expendable: 1),
            .init("left", .trailing),
            .init("owed", .trailing),
        ])
        for row in agreements {
            let mark = row.isLowerBound ? style.atLeast : ""
            table.add([
                StyledText(row.adjustment.name), StyledText(row.isCredit ? "credit" : "commitment"), StyledText(row.adjustment.from?.dateText ?? ""),
                StyledText(row.adjustment.to?.dateText ?? ""), StyledText(row.amount.displayText), StyledText(mark + row.spent.displayText),
                StyledText(row.rest.displayText, !row.isCredit && row.isOver && row.rest > .zero ? .yellow : nil), StyledText(mark + row.owed.displayText),
            ])
        }
        return table
    }

    private func decisionTable(_ style: TextStyle) -> Table {
        var table = Table([
            .init("decisions of", floor: 14),
            .init("unit", floor: 14, expendable: 4),
            .init("decisions", .trailing, expendable: 3),
            .init("counted", .trailing, expendable: 2),
            .init("pending", .trailing, expendable: 5),
            .init("cost", .trailing, expendable: 1),
            .init("compared", .trailing, expendable: 7, hidesWhenEmpty: true),
            .init("per decision", .trailing, expendable: 6),
            .init("per counted", .trailing),
        ])
        for row in decisions {
            let mark = row.callsWithoutCost > 0 ? style.atLeast : ""
            table.add([
                StyledText(row.workflow), StyledText(row.unit), StyledText(Figures.count(row.decisions)),
                StyledText(Figures.count(row.counted)), StyledText(Figures.count(row.pending)),
                StyledText(mark + row.cost.displayText),
                StyledText(row.shadowCost > .zero ? row.shadowCost.displayText : ""),
                StyledText(row.cost.divided(by: row.decisions).map { mark + $0.displayText } ?? style.dash),
                StyledText(row.cost.divided(by: row.counted).map { mark + $0.displayText } ?? style.dash),
            ])
        }
        return table
    }
}
