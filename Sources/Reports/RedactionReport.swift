import Values
import WorkflowModel

/// What `redact` prints.
public enum RedactionReport {
    private static let mostNames = 6

    /// A line for each document, and what became of them.
    public static func text(_ run: String, _ documents: [DocumentFields.Entry], _ done: Redaction, isDry: Bool, style: TextStyle) -> String {
        var lines = documents.map { document in
            StyledText(String(document.hash.hex.prefix(12)), .dim) + StyledText("  " + names(document))
        }
        for shared in done.shared {
            lines.append(StyledText("\(shared.document.hex.prefix(12)) belongs to \(Figures.counted(shared.runs.count, "other run")) too: \(shared.runs.prefix(mostNames).joined(separator: ", "))\(shared.runs.count > mostNames ? ", …" : "")", .yellow))
        }
        let what = "\(Figures.counted(done.documents, "document")), \(Figures.counted(Int(done.bytes), "byte"))"
        let whom = done.runs.count == 1 ? "run \(run)" : "\(Figures.counted(done.runs.count, "run"))"
        lines.append(StyledText(isDry ? "would go: \(what); the chain of \(whom) would say so" : "gone: \(what); the chain of \(whom) says so"))
        if isDry, !done.shared.isEmpty { lines.append(StyledText("with --everywhere they go from all runs; without it nothing goes", .yellow)) }
        return lines.map { $0.rendered(style) + "\n" }.joined()
    }

    /// What a document is to its run.
    private static func names(_ document: DocumentFields.Entry) -> String {
        let shown = document.fields.prefix(mostNames).map(\.description).joined(separator: ", ")
        return document.fields.count > mostNames ? "\(shown) and \(document.fields.count - mostNames) more" : shown
    }

    public static func json(_ run: String, _ documents: [DocumentFields.Entry], _ done: Redaction, isDry: Bool) -> JSONValue {
        [
            "run": .string(run), "dry_run": .bool(isDry), "documents": .number(done.documents), "bytes": .int(done.bytes),
            "redacted": .array(
                documents.map { document in
                    ["hash": .string(document.hash.hex), "fields": .array(document.fields.map { .string($0.description) })] as JSONValue
                }),
            "shared": .array(
                done.shared.map { shared in ["hash": .string(shared.document.hex), "runs": .array(shared.runs.map(JSONValue.string))] as JSONValue }),
            "runs": .array(done.runs.map(JSONValue.string)),
        ]
    }
}
