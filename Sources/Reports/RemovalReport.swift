import Values
import WorkflowModel

/// What `gc` prints.
public enum RemovalReport {
    /// - Parameters:
    ///   - isDry: nothing was removed yet.
    ///   - keepsCosts: rows of runs and calls stay.
    public static func text(_ removal: Removal, isDry: Bool, keepsCosts: Bool) -> String {
        let left = left(removal)
        if removal.runs == 0, removal.documents == 0 { return left.isEmpty ? "nothing to remove\n" : left }
        let verb = isDry ? "would remove" : "removed"
        var text = ""
        if keepsCosts {
            text += "\(verb) \(Figures.counted(removal.events, "event")) of \(Figures.counted(removal.runs, "run")); their costs stay in audits\n"
        } else {
            text += "\(verb) \(Figures.counted(removal.runs, "run")), \(Figures.counted(removal.spending.calls, "call")), \(Figures.counted(removal.events, "event"))\n"
            if removal.spending.calls > 0 { text += "audits \(isDry ? "would" : "will") not count \(removal.spending.line(.plain)) any more\(isDry ? "; --keep-costs keeps it" : "")\n" }
        }
        text += "\(verb) \(Figures.counted(removal.documents, "document")); \(ByteCount.text(removal.bytes)) in all"
        text += isDry ? "\n" : "; `agentctl db vacuum` makes the file smaller\n"
        return text + left
    }

    private static func left(_ removal: Removal) -> String {
        guard let first = removal.unsound.first else { return "" }
        let many = removal.unsound.count > 1
        return "\(Figures.counted(removal.unsound.count, "run")) \(many ? "are" : "is") left as \(many ? "they are" : "it is"), as the rows are not what the events say: agentctl verify \(first)\n"
    }

    public static func json(_ removal: Removal, isDry: Bool) -> JSONValue {
        .object(
            removal.spending.fields(into: [
                "dry_run": .bool(isDry), "runs": .number(removal.runs), "events": .number(removal.events),
                "documents": .number(removal.documents), "bytes": .int(removal.bytes),
                "unsound": .array(removal.unsound.map(JSONValue.string)),
            ]))
    }

    /// What `db vacuum` prints.
    public static func vacuumText(before: Int64, after: Int64) -> String {
        "\(ByteCount.text(before)) before, \(ByteCount.text(after)) after\n"
    }
}
