import Economics
import Values
import WorkflowModel

/// How a run stands to those that it was made from, and to those that were made from it.
public enum FamilyReport {
    /// What a run is to its parent: `fork`, `retry`; `nil`: it has none.
    static func word(_ run: RunRecord) -> String? {
        guard run.parent != nil else { return nil }
        // What failed of a run is done again for the same decision.
        return run.kind == .fork && run.purpose == .production ? "retry" : run.kind.rawValue
    }

    /// A tree of runs with what each cost; nothing of a run that is alone.
    ///
    /// - Parameter id: the one that is looked at.
    static func lines(_ family: [RunRelative], of id: String, _ style: TextStyle) -> [String] {
        guard family.count > 1 else { return [] }
        var table = Table([.init("family", floor: 14), .init("status", expendable: 1), .init("started (UTC)", expendable: 3), .init("calls", .trailing, expendable: 2), .init("cost", .trailing)])
        for (index, relative) in family.enumerated() {
            let (run, depth) = (relative.run, relative.depth)
            var lead = ""
            for level in stride(from: 1, through: depth, by: 1) {
                // Whether another stands below on that level, before the tree comes back above it.
                let goesOn = family[(index + 1)...].prefix { $0.depth >= level }.contains { $0.depth == level }
                let mark = goesOn ? style.branch : style.lastBranch
                lead += level == depth ? mark.lead : mark.rest
            }
            let name = StyledText(run.id, run.id == id ? .bold : nil)
            table.add([
                StyledText(lead, .dim) + (word(run).map { StyledText($0 + " ", .dim) } ?? "") + name, TraceReport.status(of: run, style), StyledText(run.startedAt.shortText),
                StyledText(Figures.count(run.spending.calls)), StyledText(run.spending.calls == 0 ? MoneySum.zero.displayText : run.spending.cell(style)),
            ])
        }
        return [""] + table.lines(style)
    }

    /// Each run with its place in the tree.
    public static func json(_ family: [RunRelative]) -> JSONValue {
        .array(
            family.map { relative in
                let run = relative.run
                var object: JSONObject = [
                    "id": .string(run.id), "parent": .text(run.parent), "kind": .string(run.kind.rawValue), "purpose": .string(run.purpose.rawValue),
                    "status": .string(run.status.rawValue), "started_at": .time(run.startedAt),
                ]
                object = run.spending.fields(into: object)
                return .object(object)
            })
    }
}
