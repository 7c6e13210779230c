import Values
import WorkflowModel

/// What `db check` prints.
public enum CheckupReport {
    public static func text(_ found: LedgerCheckup, path: String, style: TextStyle) -> String {
        var lines = ["\(path.harmless), schema \(found.schema)"]
        lines.append(
            "\(Figures.counted(found.runs, "run")), \(Figures.counted(found.events, "event")), \(Figures.counted(found.calls, "call")), "
                + "\(Figures.counted(found.documents, "document")) of \(ByteCount.text(found.bytes))"
                + (found.checkedDocuments < found.documents ? ", \(Figures.count(found.checkedDocuments)) of them looked at" : ""))
        for fault in found.faults {
            let lead = StyledText("fault", .red) + "  " + StyledText(fault.place) + ": "
            let text = fault.message.wrapped(to: style.width.map { max(20, $0 - lead.width) })
            for (index, line) in text.enumerated() {
                lines.append(((index == 0 ? lead : StyledText(String(repeating: " ", count: lead.width))) + StyledText(line)).rendered(style))
            }
        }
        for run in found.resumable { lines.append("can go on: agentctl resume \(run)") }
        lines.append(found.faults.isEmpty ? StyledText("all is well", .green).rendered(style) : Figures.counted(found.faults.count, "fault"))
        return lines.map { $0 + "\n" }.joined()
    }

    public static func json(_ found: LedgerCheckup, path: String) -> JSONValue {
        [
            "ok": .bool(found.faults.isEmpty), "ledger": .string(path), "schema": .number(found.schema), "runs": .number(found.runs),
            "events": .number(found.events), "calls": .number(found.calls), "documents": .number(found.documents),
            "checked_documents": .number(found.checkedDocuments), "document_bytes": .int(found.bytes),
            "faults": .array(found.faults.map { ["place": .string($0.place), "message": .string($0.message)] }),
            "resumable": .array(found.resumable.map(JSONValue.string)),
        ]
    }
}
