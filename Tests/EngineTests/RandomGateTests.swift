import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Gates of all kinds on models that fill every cap and fail most calls: no run costs more than its plan's worst case, no question is asked more often
/// than it says, and each gate tells one course of events.
@Suite struct RandomGateTests {
    private struct Gates {
        var random: SeededGenerator

        mutating func roll(_ sides: Int) -> Int { Int(random.next() % UInt64(sides)) }
        mutating func chance(_ percent: Int) -> Bool { roll(100) < percent }

        private static let tiers = ["small", "mid", "large"]

        mutating func workflow() -> String {
            let steps = (0..<1 + roll(3)).map { step(number: $0) }
            return """
                version: 1
                name: gates
                models: { small: { use: local/s\(chance(30) ? ", fallback: local/f" : "") }, mid: { use: local/m }, large: { use: local/l }, helper: { use: local/h } }
                defaults: { retry: { max_attempts: \(1 + roll(3)) } }
                steps:
                \(steps.joined(separator: "\n"))
                """
        }

        private mutating func step(number: Int) -> String {
            let names = Array(["a", "b", "c"].prefix(1 + roll(3)))
            let checks = names.map { "\($0): \(check())" }
            let passed = names.map { (chance(15) ? "!" : "") + "checks.\($0).passed" }
            let accept = chance(40) ? "" : ", accept: \"\(passed.joined(separator: chance(50) ? " && " : " || "))\""
            let first = roll(3)
            var keys = ["id: s\(number)", "prompt: \"question \(number)\"", "limits: { max_input_tokens: 400\(chance(50) ? ", max_output_tokens: \(10 + roll(90))" : "") }"]
            if chance(30) { keys.append("output: { schema: { type: object }, repair: \(roll(3)) }") }
            if chance(20) { keys.append("for_each: { items: \"[1, 2]\", on_error: collect }") } else { keys.append("on_error: continue") }
            let exhausted = chance(30) ? ", on_exhausted: fail" : chance(30) ? ", on_exhausted: { ask: { message: which } }" : ""
            // So few executions never pass it.
            let rate = chance(30) ? ", max_rate: 0%/1h" : ""
            let refusal = chance(50) ? ", on_refusal: escalate" : ""
            // Also a tier that the gate does not have, and one that only checks ask.
            let compared = ["all", "[large]", "[small, mid]", "[helper]"][roll(4)]
            let shadow = chance(40) ? ", shadow: { rate: \(chance(50) ? "100%" : "50%"), tiers: \(compared) }" : ""
            keys.append("escalate: { tiers: [\(Self.tiers[first...].joined(separator: ", "))], checks: { \(checks.joined(separator: ", ")) }\(accept)\(exhausted)\(refusal)\(rate)\(shadow) }")
            return "  - { \(keys.joined(separator: ", ")) }"
        }

        private mutating func check() -> String {
            let record = chance(20) ? ", record: true" : ""
            switch roll(5) {
            case 0: return "{ expr: \"size(output) % 2 == 0\"\(record) }"
            case 1: return "{ logprob: { min_prob: 0.5 }\(record) }"
            case 2: return "{ agree: { model: helper }\(record) }"
            case 3: return "{ agree: { samples: \(1 + roll(3)) }\(record) }"
            default:
                let schema = ", output: { schema: { type: object, properties: { score: { type: number } }, required: [score] }, repair: \(roll(2)) }, min: 0.5"
                return "{ model: helper, prompt: \"good?\", limits: { max_input_tokens: 2000, max_output_tokens: \(5 + roll(20)) }\(schema)\(record) }"
            }
        }
    }

    /// Fills what it is allowed, and fails as chance has it.
    private static func answer(_ request: ModelRequest, _ random: inout SeededGenerator) -> ScriptedProvider.Answer {
        let input = request.segments.reduce(0) { $0 + $1.text.utf8.count } + 12
        let output = request.maxOutputTokens
        switch random.next() % 12 {
        case 0: return .failure(.serverError, billing: .unknown)
        case 1: return .failure(.timeout, billing: .unknown)
        case 2: return .text("cut", finish: .length, input: input, output: output)
        case 3: return .text("", input: input, output: output)
        case 4: return .text("", refusal: "no", input: input, output: output)
        case 5: return .failure(.connection)
        case 6: return .text("{\"score\": 0.25}", input: input, output: output)
        case 7: return .text("{\"score\": 0.75, \"passed\": true}", input: input, output: output)
        case 8: return .text("{}", input: input, output: output)
        default: return .text("text \(random.next() % 3)", input: input, output: output)
        }
    }

    @Test(arguments: 1...160 as ClosedRange<UInt64>) func noGateCostsMoreThanItsPlan(seed: UInt64) async throws {
        var gates = Gates(random: SeededGenerator(seed: seed))
        let yaml = gates.workflow()
        let graph = try workflow(yaml)
        let chance = Mutex(SeededGenerator(seed: seed &+ 7_000))
        let rig = EngineRig { request, _ in chance.withLock { Self.answer(request, &$0) } }
        let plan = PlanBuilder(graph: graph, provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now()).plan(inputs: [:])
        let worst = try #require(plan.total.worst, "\(yaml)")
        let chooser = Chooser(rig.journal)
        let result = try await rig.run(graph, observer: chooser)
        await rig.engine.leave()
        // What was asked for comparison, all of it, is within the worst, and no part of the result.
        let compared = rig.written.calls.filter { $0.start.purpose == .shadow }
        #expect(compared.count == rig.written.payloads("shadow_ended").count && rig.written.end?.status == result.status, "\(yaml)")
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
    @Test(arguments: 1...160 as ClosedRange<UInt64>) func capsAndBandsHold(seed: UInt64) async throws {
        var gates = Gates(random: SeededGenerator(seed: seed &+ 31_000))
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
        let rig = EngineRig { request, _ in chance.withLock { Self.answer(request, &$0) } }
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
