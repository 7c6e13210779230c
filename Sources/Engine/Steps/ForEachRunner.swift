import Expressions
import Values
import WorkflowModel

/// `for_each`: the list of items, and the list of what came of them.
struct ForEachRunner {
    let forEach: ForEach

    func expand(_ node: Node, in run: isolated RunExecution) {
        do throws(StepFailure) {
            let bindings = run.state.bindings(run.state.scopes[node.scope]!)
            let value = try StepFailure.evaluating { () throws(EvaluationError) in try forEach.items.evaluateJSON(bindings) }
            guard let list = value.arrayValue else {
                throw StepFailure(.items, "for_each.items must be a list, found \(value.typeName)")
            }
            if let limit = forEach.maxItems, list.count > limit {
                throw StepFailure(.items, "for_each has \(list.count) items, max_items is \(limit)")
            }
            let stored = try run.keep(value, "the list of items", .items)
            run.record(.itemsExpanded(node.path, count: list.count, items: stored.hash), .value(value))
        } catch {
            run.fail(node, error)
        }
    }

    func collect(_ node: Node, in run: isolated RunExecution) {
        do throws(StepFailure) {
            let list = JSONValue.array(try results(of: node, run))
            run.record(.itemsCollected(node.path, try run.keep(list, "the list of its results", .items)), .value(list))
        } catch {
            run.fail(node, error)
        }
    }

    private func results(of node: Node, _ run: isolated RunExecution) throws(StepFailure) -> [JSONValue] {
        let progress = run.state.machine.items(of: node)!
        let scope = run.state.scopes[node.scope]!
        let failures = scope.itemFailures[node.step] ?? [:]
        let results = scope.itemResults[node.step] ?? []
        if forEach.onError == .stop, !run.state.step(node).toleratesFailure, let first = progress.failed.first, let failure = failures[first] {
            let others = progress.failed.count > 1 ? " (and \(progress.failed.count - 1) more)" : ""
            throw StepFailure(failure.kind, "item \(first) failed\(others): \(failure.message)", details: failure.details)
        }
        guard results.enumerated().allSatisfy({ $1 != nil || failures[$0] != nil }) else { throw StepFailure(.cancelled, "not all items ended") }
        // An item whose failure `on_error: continue` tolerates has no output: null keeps the others in their places.
        guard forEach.onError == .collect else { return results.map { $0 ?? .null } }
        let gates = scope.itemGates[node.step]
        return results.enumerated().map { index, value in
            var item: JSONObject = [
                "ok": .bool(value != nil), "output": value ?? .null,
                "error": failures[index].map { .string($0.message) } ?? .null,
            ]
            if run.state.step(node).modelStep?.escalation != nil {
                for key in GateRecord.itemKeys { item[key] = gates?[index]?[key] ?? .null }
            }
            return .object(item)
        }
    }
}
