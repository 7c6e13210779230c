import Values
import WorkflowModel

/// Reads the events of a run that another process drives, for those who only look on.
public struct RunFollower: ~Copyable {
    private let id: RunID
    private var machine: RunStateMachine
    private var names = NodeNames()

    /// - Parameter graph: the run's own.
    public init(run: RunID, graph: WorkflowGraph) {
        id = run
        machine = RunStateMachine(graph: graph)
    }

    /// The fact of a record. Records are taken in order, from the first.
    public mutating func read(_ record: EventRecord) throws(EventDecodingError) -> RunEvent {
        let event = try RunEvent(kind: record.kind, payload: record.payload, run: id) { names.node($0, in: machine) }
        _ = machine.apply(event)
        names.update(event, machine)
        return event
    }
}
