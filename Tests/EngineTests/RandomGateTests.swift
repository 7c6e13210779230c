import Economics
import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Gates of all kinds on models that fill every cap and fail most calls: no run costs more than its plan's worst case, no question is asked more often
/// than it says, and each gate tells one course of events.
@Suite struct RandomGateTests {
    @Test(arguments: 1...160 as ClosedRange<UInt64>) func noGateCostsMoreThanItsPlan(seed: UInt64) async throws {
        var gates = RandomGates(seed: seed)
        let yaml = gates.workflow()
        let graph = try workflow(yaml)
        let chance = Mutex(SeededGenerator(seed: seed &+ 7_000))
        let rig = EngineRig { request, _ in chance.withLock { RandomGates.answer(request, &$0) } }
        let plan = PlanBuilder(graph: graph, provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now()).plan(inputs: [:])
        let worst = try #require(plan.total.worst, "\(yaml)")
        let chooser = Chooser(rig.journal)
        let result = try await rig.run(graph, observer: chooser)
        await rig.engine.leave()
        await rig.expectReplay(result.id, graph, "seed \(seed)")
        // What was asked for comparison, all of it, is within the worst, and no part of the result.
        let compared = rig.written.calls.filter { $0.start.purpose == .shadow }
        let shadows = rig.written.events.compactMap { if case .shadowEnded(let shadow) = $0.event { shadow } else { nil } }
        // A step's own cap may have no room for one.
        #expect(compared.count == shadows.count { $0.result != .refused } && rig.written.end?.status == result.status, "\(yaml)")
        #expect(result.cost + MoneySum(compared.reduce(Money.zero) { $0 + ($1.end?.cost ?? .zero) }) <= MoneySum(worst), "\(yaml)")
        #expect(result.cost <= MoneySum(worst), "\(yaml)")
        #expect(rig.written.mostHeld <= worst.picoDollars, "\(yaml)")
        for step in plan.steps {
            let calls = rig.written.calls.filter { NodePath.step($0.start.path) == step.id && $0.end?.isOutage != true }
            #expect(calls.count <= step.maxCalls!, "\(yaml)")
        }
        #expect(result.status == .succeeded, "\(String(describing: result.failure)) \(yaml)")
        // Each gate ends once, with a tier that was decided, and what was accepted is what is taken.
        for (path, facts) in Dictionary(grouping: rig.written.events.map(\.event).filter { $0.gatePath != nil }, by: { $0.gatePath! }) {
            let decided = facts.compactMap { if case .tierDecided(let tier) = $0 { tier } else { nil } }
            let ends = facts.compactMap { if case .gateEnded(let gate) = $0 { gate } else { nil } }
            #expect(ends.count == 1, "\(path) \(yaml)")
            #expect(Set(decided.map(\.tier)).count == decided.count)
            let accepted = decided.filter { $0.verdict == .accepted }
            let isByCheck = ends.first?.isAccepted == true && ends.first?.by == nil
            #expect(accepted.count == (isByCheck ? 1 : 0) && accepted.allSatisfy { $0.tier == ends.first?.tier })
            #expect(decided.dropLast().allSatisfy { $0.verdict == .rejected || $0.verdict == .failed }, "\(path) \(yaml)")
        }
    }

    /// Answers what is asked, each time otherwise.
    private final class Chooser: RunObserver {
        private let journal: InMemoryJournal
        private let count = Mutex(0)

        init(_ journal: InMemoryJournal) { self.journal = journal }

        func observe(_ event: RunEvent, run: RunID, at: Timestamp) {
            guard case .approvalRequested(let path, _) = event else { return }
            let number = count.withLock { count in
                defer { count += 1 }
                return count
            }
            let choice: ApprovalChoice = [.best, .reject, .pick(tier: "small")][number % 3]
            journal.leave(.decided(run, path: path, ApprovalDecision(choice, by: "ann", note: nil, at: at)))
        }
    }

    /// The same under caps, on cost and on tokens, in bands, and where cheaper tiers take over: no cap is passed, no gate goes up behind a band that
    /// forbids it, whoever begins behind a band asks who is left, and the plan's worst case holds for all of it.
    @Test(arguments: 1...240 as ClosedRange<UInt64>) func capsAndBandsHold(seed: UInt64) async throws {
        var gates = RandomGates(seed: seed &+ 31_000)
        let plain = gates.workflow()
        let cost = ["0.0008", "0.002", "0.01"][gates.roll(3)]
        let tokens = [1_500, 6_000, 40_000][gates.roll(3)]
        let actions = ["escalate: never", "models: [small]", "models: [mid, small]", "finish_current: true", "escalate: never, models: [large]"]
        var budget = gates.chance(50) ? "max_cost_usd: \(cost), max_tokens: \(tokens)" : gates.chance(50) ? "max_cost_usd: \(cost)" : "max_tokens: \(tokens)"
        if gates.chance(70) { budget += ", yellow: { at: \(gates.roll(60))%, \(actions[gates.roll(5)]) }" }
        if gates.chance(40) { budget += ", red: { at: \(60 + gates.roll(40))%, \(actions[gates.roll(5)]) }" }
        if gates.chance(40) { budget += ", on_exceeded: degrade, degrade: [\(["small", "mid, small", "helper"][gates.roll(3)])]" }
        let yaml = plain.replacing("\nsteps:", with: "\nbudget: { \(budget) }\nsteps:")
        let graph = try workflow(yaml)
        let chance = Mutex(SeededGenerator(seed: seed &+ 9_000))
        let rig = EngineRig { request, _ in chance.withLock { RandomGates.answer(request, &$0) } }
        let plan = PlanBuilder(graph: graph, provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now()).plan(inputs: [:])
        _ = try await rig.run(graph, observer: Chooser(rig.journal))
        let run = rig.written
        let (worst, worstTokens) = (try #require(plan.total.worst), try #require(plan.total.worstTokens))
        #expect(run.mostHeld <= min(worst, graph.budget.maxCost ?? .max).picoDollars, "\(yaml)")
        for scope in run.scopes.values { #expect(scope.mostHeld <= scope.cap, "\(yaml)") }
        if let held = run.scopes[BudgetRefusal.runScope + TokenCap.mark]?.mostHeld { #expect(held <= worstTokens, "\(yaml)") }
        for step in plan.steps {
            #expect(run.calls.count { NodePath.step($0.start.path) == step.id && $0.end?.isOutage != true } <= step.maxCalls!, "\(yaml)")
        }
        #expect(run.capFaults == [], "\(yaml)")
        // What waited for money was decided before.
        if run.replies.contains(where: { $0.reply == .postponed }) { return }
        var (entered, begun, climbed): ([BudgetBand.Name], Set<String>, Set<String>) = ([], [], [])
        for fact in run.events {
            switch fact.event {
            case .bandEntered(let band):
                #expect(!entered.contains(band.band), "\(yaml)")
                entered.append(band.band)
            case .callStarted(let call) where call.part.isEmpty:
                let isFirst = begun.insert(call.path).inserted
                let isClimb = climbed.insert("\(call.path) \(call.tier)").inserted && !isFirst
                let bands = entered.compactMap(graph.budget.band)
                if isFirst { #expect(!bands.contains { $0.finishesCurrent }, "\(yaml)") }
                if isClimb { #expect(!bands.contains { $0.forbidsEscalation }, "\(yaml)") }
                if isFirst || isClimb, let left = bands.last(where: { $0.tiers != nil })?.tiers { #expect(left.contains(call.askedTier ?? call.tier), "\(yaml)") }
            default: break
            }
        }
    }

    // MARK: Many

    /// What a gate came to, of its plan's worst case.
    private struct Course: Sendable {
        let seed: UInt64
        /// What counted in the end, in millionths of the worst case.
        let share: Int64
        let faults: [String]
    }

    /// How many gates are tried: 10,000 with AGENTCTL_GATES=10000, some of them in every run.
    private static let count = ProcessInfo.processInfo.environment["AGENTCTL_GATES"].flatMap { UInt64($0) } ?? 600

    /// The worst case is a bound, and no further away than it has to be: one in a hundred gates comes within a twentieth of it.
    @Test(.timeLimit(.minutes(30))) func noGateOfManyCostsMoreThanItsPlanAndSomeNearlyThat() async throws {
        let courses = try await withThrowingTaskGroup(of: [Course].self) { group in
            for lane in 0..<4 as Range<UInt64> {
                group.addTask {
                    var courses: [Course] = []
                    for seed in stride(from: lane + 1, through: Self.count, by: 4) { courses.append(try await Self.course(seed: seed)) }
                    return courses
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        for fault in courses.sorted(by: { $0.seed < $1.seed }).flatMap(\.faults) { Issue.record("\(fault)") }
        let near = courses.filter { $0.share >= 950_000 }
        #expect(courses.count == Int(Self.count) && near.count * 100 >= courses.count, "\(near.count) of \(courses.count) come near")
    }

    private static func course(seed: UInt64) async throws -> Course {
        var gates = RandomGates(seed: seed &* 2_654_435_761 &+ 17)
        let yaml = gates.workflow()
        let graph = try workflow(yaml)
        let attempts = graph.steps[0].retry.maxAttempts
        let isDearest = gates.chance(60)
        let chance = Mutex(SeededGenerator(seed: seed &+ 70_000))
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { request, _ in
            chance.withLock { isDearest ? RandomGates.dearest(request, attempts: attempts, &$0) : RandomGates.answer(request, &$0) }
        }
        let plan = PlanBuilder(graph: graph, provider: provider, prices: .perToken(), history: WorkflowHistory(), at: clock.now()).plan(inputs: [:])
        guard let worst = plan.total.worst, let best = Optional(plan.total.best) else { return Course(seed: seed, share: 0, faults: ["\(seed) is unbounded: \(yaml)"]) }
        // One in four has a cap that it may meet.
        let cap = gates.chance(25) ? max(best, worst.scaled(Money(picoDollars: Int64(1 + gates.roll(100))), over: Money(picoDollars: 100))) : nil
        let budgeted = try cap.map { try workflow(yaml + "\nbudget: { max_cost_usd: \($0.decimalText) }") } ?? graph
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: Int(seed % 3), stdout: [], stderr: "") }
        let rig = EngineRig(clock: clock, provider: provider, tools: tools)
        let result = try await rig.run(budgeted, observer: Chooser(rig.journal))
        await rig.engine.leave()
        var faults: [String] = []
        if result.cost > MoneySum(worst) { faults.append("cost \(result.cost) of \(worst)") }
        if rig.written.mostHeld > worst.picoDollars { faults.append("held \(rig.written.mostHeld) of \(worst.picoDollars)") }
        if let cap, rig.written.mostHeld > cap.picoDollars { faults.append("held \(rig.written.mostHeld) under a cap of \(cap)") }
        for (scope, counted) in rig.written.scopes where counted.mostHeld > counted.cap { faults.append("held \(counted.mostHeld) in \(scope) under \(counted.cap)") }
        for step in plan.steps {
            let calls = rig.written.calls.filter { NodePath.step($0.start.path) == step.id && $0.end?.isOutage != true }
            if calls.count > step.maxCalls! { faults.append("\(calls.count) calls of \(step.maxCalls!) in \(step.id)") }
        }
        if rig.written.end == nil { faults.append("it has no end") }
        if rig.written.calls.contains(where: { $0.end == nil }) { faults.append("a call without an end") }
        return Course(
            seed: seed, share: cap == nil ? rig.written.held / max(1, worst.picoDollars / 1_000_000) : 0, faults: faults.map { "seed \(seed): \($0)\n\(yaml)" })
    }

    /// The worst case is not far from what can come: where every try of every question fails but the last, nothing is accepted, and all caps are filled.
    @Test func theWorstCaseIsReached() async throws {
        let yaml = """
            version: 1
            name: worst
            models: { small: { use: local/s }, large: { use: local/l }, helper: { use: local/h } }
            defaults: { retry: { max_attempts: 2 } }
            steps:
              - id: a
                prompt: "hi"
                limits: { max_output_tokens: 10000 }
                escalate: { tiers: [small, large], checks: { judge: { model: helper, prompt: "ok?", limits: { max_input_tokens: 100, max_output_tokens: 10000 } } }, accept: "checks.judge.output == 'no way'" }
            outputs: { accepted: "${{ steps.a.accepted }}" }
            """
        let graph = try workflow(yaml)
        let turns = Mutex<[String: Int]>([:])
        let rig = EngineRig { request, _ in
            let key = "\(request.site!.tier) \(request.site!.part)"
            let turn = turns.withLock { turns in
                defer { turns[key, default: 0] += 1 }
                return turns[key, default: 0]
            }
            return turn == 0 ? .failure(.timeout, billing: .unknown) : .text("ok", input: 90, output: request.maxOutputTokens)
        }
        let plan = PlanBuilder(graph: graph, provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now()).plan(inputs: [:])
        let worst = try #require(plan.total.worst)
        #expect(plan.steps[0].maxCalls == 8)
        let result = try await rig.run(graph)
        #expect(result.calls == 8 && result.outputs?["accepted"] == false)
        // What timed out counts as it was held.
        let counted = rig.written.held
        #expect(counted <= worst.picoDollars && counted > worst.picoDollars / 100 * 90, "\(counted) of \(worst)")
    }
}

extension RunEvent {
    fileprivate var gatePath: String? {
        switch self {
        case .checkEnded(let check): check.path
        case .tierDecided(let tier): tier.path
        case .gateEnded(let gate): gate.path
        default: nil
        }
    }
}
