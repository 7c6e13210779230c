import Values
import WorkflowModel

/// A run as it was when other files were found to fit it.
public struct AcceptedRun: Sendable, Hashable {
    /// What it went by.
    public let graph: ContentHash
    /// How many it had.
    public let facts: Int

    public init(graph: ContentHash, facts: Int) {
        self.graph = graph
        self.facts = facts
    }
}

/// Whether a run may go on with other files than those that it began with: what has ended has to mean the same, and its whole record has to
/// fit.
public enum GraphAcceptance {
    /// Why it may not; `nil`: it may.
    ///
    /// - Parameters:
    ///   - was: what it went by so far.
    ///   - events: all of the run, in order.
    ///   - documents: reads what facts name.
    /// - Throws: `JournalError` where the record cannot be read, or does not fit what the run went by.
    public static func objection(
        to graph: WorkflowGraph, inPlaceOf was: WorkflowGraph, run: RunID, _ events: [EventRecord], inputs: JSONObject,
        documents: ([ContentHash]) async throws(JournalError) -> [ContentHash: [UInt8]]
    ) async throws(JournalError) -> String? {
        let read = try await documents(RunRecording.documents(of: events))
        let record = RunRecording(run, events, documents: read)
        let settled = try SettledNodes(of: record, was, inputs)
        if let objection = objection(to: graph, inPlaceOf: was, inputs) { return objection }
        let ended = TextSet(settled.nodes.map(\.key).map(NodePath.step))
        for path in ended.sorted() {
            guard let before = was.step(at: path) else { continue }
            guard let now = graph.step(at: path) else { return "step '\(path)' has ended, and there is none of that name any more" }
            if StepMeaning.hash(of: before.step, in: before.graph) != StepMeaning.hash(of: now.step, in: now.graph) {
                return "step '\(path)' has ended, and is another now"
            }
        }
        let opened = TextSet(settled.prefixes.map { NodePath.step(String($0.dropLast())) })
        for path in opened.sorted() where !ended.contains(path) {
            guard let before = was.step(at: path) else { continue }
            guard let now = graph.step(at: path), StepMeaning.hash(of: before.step, in: before.graph, isWhole: false) == StepMeaning.hash(of: now.step, in: now.graph, isWhole: false) else {
                return "the steps inside of '\(path)' have begun, and what it gives them is another now"
            }
        }
        do throws(JournalError) {
            _ = try SettledNodes(of: record, graph, inputs, isAhead: true)
        } catch {
            return error.description
        }
        return nil
    }

    private static func objection(to graph: WorkflowGraph, inPlaceOf was: WorkflowGraph, _ inputs: JSONObject) -> String? {
        if graph.name != was.name { return "it is of the workflow \(was.name), and this one is \(graph.name)" }
        var budget = was.budget
        budget.admit = graph.budget.admit
        if budget != graph.budget { return "its budget is another now, and a run keeps the one that it began with" }
        let bound = try? InputBinding.bind(inputs, to: graph)
        if bound != inputs { return "the workflow takes other inputs now" }
        return nil
    }
}
