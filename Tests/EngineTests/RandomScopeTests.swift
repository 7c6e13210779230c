import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Whatever is nested in what, and whatever happens when: the rules of a run hold.
@Suite struct RandomScopeTests {
    @Test(arguments: 1...80 as ClosedRange<UInt64>) func nothingHappensAndAllSucceeds(seed: UInt64) throws {
        let partner = try Partner(seed: seed, hasTurns: false)
        #expect(try partner.talk() == .succeeded)
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>) func anythingHappens(seed: UInt64) throws {
        let partner = try Partner(seed: seed, hasTurns: true)
        partner.failures = Int(seed % 4) * 8
        partner.deadlines = seed % 3 == 0 ? 4 : 0
        let interrupts = seed % 5 == 0
        partner.interrupts = interrupts ? 2 : 0
        let status = try partner.talk()
        if !interrupts { #expect(status == .succeeded || status == .failed) }
        if seed % 4 == 0, !interrupts, partner.deadlines == 0 { #expect(status == .succeeded) }
    }

    /// Alone on the machine, a run takes as long as its longest way, every call is made once, and no money stays held.
    @Test(arguments: 1...25 as ClosedRange<UInt64>) func theMakespanOfNestedStepsIsTheCriticalPath(seed: UInt64) async throws {
        var scopes = RandomScopes(seed: seed, hasTurns: false)
        let (yaml, critical) = scopes.workflow("t", depth: 3, size: 6, top: "concurrency: 10000\nbudget: { max_cost_usd: 1000 }")
        let latencies = scopes.latencies
        let rig = EngineRig { request, _ in .text("x", latency: .milliseconds(latencies[request.schemaName]!)) }
        let graph = try workflow(yaml, files: scopes.files)
        let result = try await rig.run(graph)
        await rig.expectReplay(result.id, graph)
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        #expect(rig.clock.elapsed == .milliseconds(critical))
        let paths = rig.written.calls.map(\.start.path)
        #expect(Set(paths).count == paths.count)
        #expect(rig.written.open == 0)
        #expect(rig.written.held == rig.written.calls.reduce(0) { $0 + ($1.end?.cost?.picoDollars ?? 0) })
        #expect(rig.clock.sleepers == 0)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>) func theConcurrencyHoldsForNestedSteps(seed: UInt64) async throws {
        var scopes = RandomScopes(seed: seed, hasTurns: false)
        let (yaml, critical) = scopes.workflow("t", depth: 3, size: 6, top: "concurrency: 2")
        let latencies = scopes.latencies
        let rig = EngineRig { request, _ in .text("x", latency: .milliseconds(latencies[request.schemaName]!)) }
        let graph = try workflow(yaml, files: scopes.files)
        let result = try await rig.run(graph)
        await rig.expectReplay(result.id, graph)
        #expect(result.status == .succeeded)
        #expect(rig.provider.mostInFlight <= 2)
        // Graham's bound for two places: no place is free while a step could begin.
        let work = rig.provider.requests.reduce(0) { $0 + latencies[$1.schemaName]! }
        #expect(rig.clock.elapsed.milliseconds <= work / 2 + critical)
    }
}

/// Answers a machine's commands in any order and in any way that the engine could.
private final class Partner {
    var failures = 0
    var deadlines = 0
    var interrupts = 0

    private let graph: WorkflowGraph
    private var random: SeededGenerator
    private var machine: RunStateMachine
    private var pending: [RunCommand] = []
    private var running: [Node] = []
    private var cancelled: Set<Node> = []
    private var late: Set<Node> = []
    private var begun: Set<String> = []
    private var bodies: [Int: StepGraph]
    private var owners: [Int: (node: Node, pass: Int)] = [:]
    private var isInterrupted = false
    private var end: RunStatus?
    private let hash = ContentHash(of: "")

    init(seed: UInt64, hasTurns: Bool) throws {
        var scopes = RandomScopes(seed: seed, hasTurns: hasTurns)
        let (yaml, _) = scopes.workflow("t", depth: 3, size: 5, top: "concurrency: \(1 + seed % 7)")
        graph = try workflow(yaml, files: scopes.files)
        random = SeededGenerator(seed: seed &+ 1_000)
        machine = RunStateMachine(graph: graph)
        bodies = [0: graph.body]
    }

    func talk() throws -> RunStatus? {
        hear(.runStarted(RunStarted(workflow: "t", graph: hash, sources: hash, inputs: hash, maxCost: nil, encoder: 1, program: "test")))
        while !pending.isEmpty || !running.isEmpty {
            if happens(interrupts), !isInterrupted, end == nil {
                isInterrupted = true
                hear(.interruptRequested)
            } else if happens(deadlines), let node = owners.values.map(\.node).sorted(by: { $0.path < $1.path }).randomElement(using: &random) {
                late.insert(node)
                hear(.deadlinePassed(node.path))
            } else {
                // The engine answers a command before time goes on, and everything else in any order.
                if let next = pending.isEmpty ? nil : pending.removeFirst() { answer(next) } else { finish(Int.random(in: running.indices, using: &random)) }
            }
            #expect(running.count <= graph.concurrency)
        }
        #expect(end != nil, "the run is stuck")
        return end
    }

    private func happens(_ percent: Int) -> Bool { percent > 0 && pending.isEmpty && Int.random(in: 0..<100, using: &random) < percent }

    private func hear(_ event: RunEvent) {
        #expect(end == nil, "nothing is said after the end")
        do { pending += try machine.apply(event) } catch { Issue.record(error, "\(event.kind)") }
    }

    private func step(_ node: Node) -> Step { bodies[node.scope]!.steps[node.step] }

    private func begins(_ node: Node) {
        #expect(begun.insert(node.path).inserted, "\(node.path) begins twice")
        for dependency in bodies[node.scope]!.dependencies[node.step] {
            let settlement = machine.settlement(of: dependency.step, in: node.scope)
            #expect(settlement != nil, "\(node.path) begins before what it waits for")
            if dependency.kind == .required { #expect(settlement == .succeeded) }
        }
    }

    private func fail(_ node: Node) {
        let failure = StepFailure(.command, "it failed")
        if case .value = step(node).onError, node.item != nil || step(node).forEach == nil {
            hear(.nodeRecovered(node.path, failure, OutputReference(hash: hash)))
        } else {
            hear(.nodeFailed(node.path, failure))
        }
    }

    private func finish(_ index: Int) {
        let node = running.remove(at: index)
        if cancelled.contains(node), Bool.random(using: &random) { return hear(.nodeCancelled(node.path)) }
        if Int.random(in: 0..<100, using: &random) < failures { fail(node) } else { hear(.nodeSucceeded(node.path, OutputReference(hash: hash))) }
    }

    private func answer(_ command: RunCommand) {
        switch command {
        case .evaluateCondition(let node): hear(.conditionEvaluated(node.path, holds: failures == 0 || Int.random(in: 0..<4, using: &random) > 0))
        case .expandItems(let node): hear(.itemsExpanded(node.path, count: Int.random(in: 0...4, using: &random), items: hash))
        case .skip(let node, let reason): hear(.stepSkipped(node.path, reason))
        case .start(let node):
            begins(node)
            running.append(node)
        case .cancel(let node):
            #expect(running.contains(node), "\(node.path) is not at work")
            cancelled.insert(node)
        case .open(let node, let pass):
            if pass == 0 { begins(node) }
            if isInterrupted { return hear(.nodeCancelled(node.path)) }
            switch step(node).kind {
            case .workflow(let other): bodies[machine.nextScope] = other.graph.body
            default: bodies[machine.nextScope] = step(node).kind.body!
            }
            owners[machine.nextScope] = (node, pass)
            hear(.scopeOpened(ScopeOpened(node: node.path, pass: pass)))
        case .openFinally(let scope):
            let owner = owners[scope]
            var body = graph.finally
            if let node = owner?.node, case .workflow(let other) = step(node).kind { body = other.graph.finally }
            bodies[machine.nextScope] = body!
            hear(.scopeOpened(ScopeOpened(node: owner?.node.path, isFinally: true)))
        case .close(let scope, let end):
            let (node, pass) = owners.removeValue(forKey: scope)!
            if !isInterrupted {
                for step in bodies[scope]!.steps.indices { #expect(machine.settlement(of: step, in: scope) != nil, "\(node.path) closes too early") }
            }
            switch end {
            case _ where late.remove(node) != nil: fail(node)
            case .incomplete: hear(.nodeCancelled(node.path))
            case .failed: fail(node)
            case .complete:
                if case .loop(let loop) = step(node).kind {
                    let verdict: PassVerdict = pass + 1 < loop.max ? .again : .exhausted
                    hear(.passEnded(node.path, pass: pass, verdict))
                    if verdict == .again { return }
                }
                hear(.nodeSucceeded(node.path, OutputReference(hash: hash)))
            }
        case .collect(let node):
            let progress = machine.items(of: node)!
            if step(node).forEach!.onError == .stop, !step(node).toleratesFailure, !progress.failed.isEmpty {
                hear(.nodeFailed(node.path, StepFailure(.items, "an item failed")))
            } else if progress.succeeded + progress.failed.count < progress.count {
                hear(.nodeCancelled(node.path))
            } else {
                hear(.itemsCollected(node.path, OutputReference(hash: hash)))
            }
        case .end(let status):
            #expect(running.isEmpty && pending.isEmpty)
            end = status
        }
    }
}
