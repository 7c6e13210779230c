import Economics
import Values
import WorkflowModel

/// What `runs` prints: one line a run, in the order given.
public enum RunListReport {
    /// - Parameter now: for the duration of what still runs.
    public static func text(_ runs: [RunRecord], style: TextStyle, now: Timestamp? = nil) -> String {
        var table = Table(
            [
                .init("run"),
                .init("workflow", floor: 10, expendable: 1),
                .init("status"),
                .init("started (UTC)", expendable: 6),
                .init("took", .trailing, expendable: 3),
                .init("cost", .trailing, expendable: 2),
                .init("held", .trailing, expendable: 4, hidesWhenEmpty: true),
                .init("calls", .trailing, expendable: 5),
                .init("decision", floor: 10, expendable: 7, hidesWhenEmpty: true),
                .init("made from", floor: 10, expendable: 8, hidesWhenEmpty: true),
            ], emptyText: "no runs recorded; start one: agentctl run FILE")
        for run in runs {
            var decision = run.outcome ?? ""
            if let id = run.decisionID { decision = "\(id): \(run.outcome ?? "pending")" }
            table.add([
                StyledText(run.id), StyledText(run.workflow),
                TraceReport.status(of: run, style),
                StyledText(run.startedAt.shortText),
                StyledText(Figures.span(run.startedAt, run.endedAt ?? (run.status == .running && !run.isAbandoned ? now : nil))?.description ?? style.dash),
                StyledText(run.spending.calls == 0 ? MoneySum.zero.displayText : run.spending.cell(style)),
                StyledText(run.spending.heldOpen > .zero ? run.spending.heldOpen.displayText : "", .yellow),
                StyledText(Figures.count(run.spending.calls)),
                StyledText(decision),
                StyledText(FamilyReport.word(run).map { "\($0) of \(run.parent ?? "")" } ?? ""),
            ])
        }
        return table.text(style)
    }

    /// The runs as they stand in `TraceReport.json`.
    public static func json(_ runs: [RunRecord]) -> JSONValue { ["runs": .array(runs.map(TraceReport.json))] }
}
