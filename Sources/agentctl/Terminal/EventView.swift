import Engine
import Values
import WorkflowModel

/// Every fact as a line of JSON on stdout.
final class EventView: RunObserver {
    func observe(_ event: RunEvent, run: RunID, graph: WorkflowGraph, at: Timestamp) {
        let line: JSONObject = [
            "event": .string(event.kind), "run": .string(run.text), "at": .string(at.rfc3339), "data": .object(event.payload(in: graph)),
        ]
        Output.line(JSONValue.object(line).jsonText)
        Output.flush()
    }
}
