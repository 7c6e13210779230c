import Values
import WorkflowModel

/// Which of the nodes that have ended in a run a fork keeps: those that are neither where it begins nor depend on that.
struct ForkSelection {
    private let settled: SettledNodes
    private let point: ForkOrigin.Point
    private var kept = KeptNodes()

    init(_ settled: SettledNodes, _ point: ForkOrigin.Point) {
        self.settled = settled
        self.point = point
    }

    consuming func kept(in graph: WorkflowGraph) -> KeptNodes {
        let start: Start? = if case .step(let path) = point { Start(path) } else { nil }
        _ = keep(graph.body, prefix: "", start)
        return kept
    }

    /// Where a fork begins, as it is seen from a scope: a step of it, and what is inside of that.
    private struct Start {
        let id: String
        /// The item, the pass, or both in this order.
        let indexes: [Int]
        private let rest: [String]

        init?(_ path: String) { self.init(parts: path.parts(at: UInt8(ascii: "/")).map(String.init)) }

        private init?(parts: [String]) {
            guard let first = parts.first else { return nil }
            id = NodePath.step(first)
            indexes = first.parts(at: UInt8(ascii: "[")).dropFirst().compactMap { Int($0.dropLast()) }
            rest = Array(parts.dropFirst())
        }

        /// Inside of the step; `nil`: the step itself, its item or its pass.
        var inner: Start? { Start(parts: rest) }
    }

    // MARK: Scopes

    /// - Returns: whether all steps of the scope are kept.
    private mutating func keep(_ body: StepGraph, prefix: String, _ start: Start?) -> Bool {
        var isKept = [Bool](repeating: false, count: body.steps.count)
        var left = body.dependencies.map(\.count)
        // In an order in which each step comes behind those that it waits for.
        var queue = left.indices.filter { left[$0] == 0 }
        var next = 0
        while next < queue.count {
            let index = queue[next]
            next += 1
            if body.dependencies[index].allSatisfy({ isKept[$0.step] }) { isKept[index] = keep(body.steps[index], prefix + body.steps[index].id, start) }
            for dependent in body.dependents[index] {
                left[dependent] -= 1
                if left[dependent] == 0 { queue.append(dependent) }
            }
        }
        return isKept.allSatisfy { $0 }
    }

    /// - Returns: whether the step is kept whole.
    private mutating func keep(_ step: Step, _ path: String, _ start: Start?) -> Bool {
        let start = start?.id == step.id ? start : nil
        if let start, start.indexes.isEmpty, start.inner == nil { return false }
        if start == nil, let node = settled.nodes[path] {
            switch Self.standing(of: node, step) {
            case .kept:
                kept.add(node)
                return true
            case .followsAgain:
                kept.leavesOut(path)
                return true
            case .live: break
            }
        }
        if step.forEach != nil {
            keepItems(of: step, path, start)
        } else if step.kind.isContainer {
            keepInside(step, path, indexes: start?.indexes[...] ?? [], start)
        }
        return false
    }

    private mutating func keepItems(of step: Step, _ path: String, _ start: Start?) {
        guard let list = settled.lists[path] else { return }
        let before = kept.count
        for item in 0..<list.count {
            let name = "\(path)[\(item)]"
            // One that is not named means the steps inside of all.
            let isMeant = start.map { ($0.indexes.first ?? item) == item } ?? false
            if !isMeant, let node = settled.nodes[name] {
                if Self.standing(of: node, step) == .kept { kept.add(node) } else if step.kind.isContainer { keepInside(step, name, indexes: [], nil) }
            } else if step.kind.isContainer {
                if isMeant, start!.indexes.count < 2, start!.inner == nil { continue }
                keepInside(step, name, indexes: isMeant ? start!.indexes.dropFirst() : [], isMeant ? start : nil)
            }
        }
        if kept.count > before { kept.add(KeptNodes.List(list.hash, count: list.count), of: path) }
    }

    /// - Parameters:
    ///   - indexes: of the start, behind that of an item.
    ///   - start: at this step; `nil`: the fork begins elsewhere.
    private mutating func keepInside(_ step: Step, _ path: String, indexes: ArraySlice<Int>, _ start: Start?) {
        guard let container = step.kind.container else { return }
        guard container.hasPasses else {
            if settled.prefixes.contains(path + "/") { _ = keep(container.body, prefix: path + "/", start?.inner) }
            return
        }
        // A pass reads what the one before it gave: behind one that is not kept whole all are live.
        let first = start.map { _ in indexes.first ?? 0 }
        var pass = 0
        while settled.prefixes.contains("\(path)[\(pass)]/") {
            if pass == first, start?.inner == nil { return }
            guard keep(container.body, prefix: "\(path)[\(pass)]/", pass == first ? start?.inner : nil) else { return }
            pass += 1
        }
    }

    // MARK: Nodes

    private enum Standing {
        case kept
        /// It is left out again by what it waits for.
        case followsAgain
        case live
    }

    private static func standing(of node: NodeInherited, _ step: Step) -> Standing {
        switch node.status {
        case .succeeded: return .kept
        case .failed: return step.toleratesFailure || NodePath.index(node.path) != nil && step.forEach?.onError == .collect ? .kept : .live
        case .skipped:
            switch node.reason {
            case .conditionFalse, .overBudget: return .kept
            case .upstreamSkipped, .upstreamFailed: return .followsAgain
            // What a stop or a band kept from beginning is what there is left to do.
            case .runStopping, .band, nil: return .live
            }
        case .pending, .running, .waiting, .cancelled: return .live
        }
    }
}
