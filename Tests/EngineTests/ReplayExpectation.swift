import Engine
import TestSupport
import Testing
import Values
import WorkflowModel

extension EngineRig {
    /// A run that this rig has recorded is the same when it is replayed.
    func expectReplay(_ run: RunID, _ graph: WorkflowGraph, _ comment: @autoclosure () -> String = "", sourceLocation: Testing.SourceLocation = #_sourceLocation) async {
        do {
            let report = try await replay(run, graph)
            let difference = report.difference
            #expect(
                report.verdict == .identical, "\(comment()): \(difference.map { "\($0.message); expected \($0.expected ?? "nothing"), found \($0.found ?? "nothing")" } ?? "")",
                sourceLocation: sourceLocation)
        } catch {
            Issue.record("\(comment()): \(error)", sourceLocation: sourceLocation)
        }
    }
}
