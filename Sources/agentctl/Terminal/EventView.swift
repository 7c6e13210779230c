import Values
import WorkflowModel

/// Every fact as a line of JSON on stdout.
final class EventView: RunObserver {
    func observe(_ event: RunEvent, run: RunID, at: Timestamp) {
        var line = JSONObjectWriter()
        line.put("event", event.kind)
        line.put("run", run.text)
        line.put("at", at.rfc3339)
        line.put("data", json: event.payload)
        Output.line(TerminalText.harmless(String(decoding: line.finish(), as: UTF8.self)))
        Output.flush()
    }
}
