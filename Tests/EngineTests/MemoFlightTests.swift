import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// The same question at the same time, gates with `memo`, and whose answers are taken.
@Suite struct MemoFlightTests {
    private static let twins = modelWorkflow(
        "  - { id: a, prompt: same, memo: { max_age: 1h } }\n  - { id: b, prompt: same, memo: { max_age: 1h } }\n  - { id: c, prompt: same, memo: { max_age: 1h } }",
        top: "outputs: { all: \"${{ [steps.a.output, steps.b.output, steps.c.output] }}\" }")

    // MARK: Flights

    @Test func thoseWhoAskTheSameShareOneCall() async throws {
        let rig = EngineRig { _, number in .text("answer \(number)", input: 100, output: 10) }
        let result = try await rig.run(Self.twins)
        #expect(result.outputs == ["all": ["answer 0", "answer 0", "answer 0"]])
        #expect(rig.provider.requests.count == 1 && result.calls == 1)
        let call = rig.written.calls[0]
        let hits = rig.written.taken
        #expect(hits.map(\.path) == ["b", "c"] && hits.allSatisfy { $0.how == .flight && $0.call == call.start.id.text && $0.saved == call.end?.cost })
        // The cost is booked once, and the answer was kept before it was taken.
        #expect(rig.written.calls.count == 1)
        let kinds = rig.written.events.map(\.kind)
        #expect(kinds.firstIndex(of: "memo_kept")! < kinds.firstIndex(of: "memo_hit")!)
        #expect(rig.engine.services.flights.isEmpty)
        // Who comes later takes it from the ledger.
        _ = try await rig.run(Self.twins)
        #expect(rig.written.taken.first?.how == .memo && rig.written.taken.count == 3)
        #expect(rig.provider.requests.count == 1)
    }

    @Test func soDoRunsOfOneProcess() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let graph = try workflow(modelWorkflow("  - { id: a, prompt: same, memo: { max_age: 1h } }"))
        let outcomes = try await withThrowingTaskGroup(of: RunResult.self) { group in
            for _ in 0..<5 { group.addTask { try await rig.run(graph) } }
            var outcomes: [RunResult] = []
            for try await result in group { outcomes.append(result) }
            return outcomes
        }
        #expect(outcomes.allSatisfy { $0.status == .succeeded } && outcomes.map(\.calls).reduce(0, +) == 1)
        #expect(rig.provider.requests.count == 1 && rig.engine.services.flights.isEmpty)
    }

    /// The next one asks, not all of them.
    @Test func aFailedOneHandsOn() async throws {
        let rig = EngineRig { _, number in number == 0 ? .failure(.badRequest, "no") : .text("x") }
        let yaml = modelWorkflow("  - { id: a, for_each: { items: \"[1, 2, 3, 4]\" }, prompt: same, memo: { max_age: 1h }, on_error: { value: none } }", top: "outputs: { a: \"${{ steps.a.output }}\" }")
        let result = try await rig.run(yaml)
        #expect(result.outputs == ["a": ["none", "x", "x", "x"]])
        #expect(rig.provider.requests.count == 2 && rig.provider.mostInFlight == 1)
        #expect(rig.written.taken.map(\.path) == ["a[2]", "a[3]"])
    }

    @Test func oneThatIsStoppedHandsOn() async throws {
        let rig = EngineRig { _, _ in .text("x", latency: .seconds(2)) }
        let steps = """
              - { id: a, prompt: same, memo: { max_age: 1h }, deadline: 1s, on_error: { value: none } }
              - { id: b, prompt: same, memo: { max_age: 1h } }
              - { id: c, prompt: same, memo: { max_age: 1h }, deadline: 500ms, on_error: { value: none } }
            """
        let result = try await rig.run(modelWorkflow(steps, top: "outputs: { all: \"${{ [steps.a.output, steps.b.output, steps.c.output] }}\" }"))
        // c gave up while it waited.
        #expect(result.outputs == ["all": ["none", "x", "none"]])
        #expect(rig.provider.askedBy == ["a", "b"] && rig.clock.elapsed == .seconds(3))
        #expect(rig.engine.services.flights.isEmpty && rig.clock.sleepers == 0)
    }

    @Test(arguments: [Engine.Interruption.graceful, .immediate]) func aStopLeavesNobodyWaiting(level: Engine.Interruption) async throws {
        let rig = EngineRig { _, _ in .text("x") }
        rig.clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(level) }
        #expect(try await rig.run(Self.twins).status == .interrupted)
        #expect(rig.provider.requests.count == 1 && rig.engine.services.flights.isEmpty)
        #expect(rig.written.nodes["b"]?.status == .cancelled && rig.written.nodes["c"]?.status == .cancelled)
    }

    /// A leader that a cap refuses, too.
    @Test func oneThatIsRefusedHandsOn() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let steps = """
              - { id: a, prompt: same, memo: { max_age: 1h }, limits: { max_output_tokens: 100, max_cost_usd: 0.000001 }, on_error: { value: none } }
              - { id: b, prompt: same, memo: { max_age: 1h } }
            """
        #expect(try await rig.run(modelWorkflow(steps)).status == .succeeded)
        #expect(rig.provider.askedBy == ["b"] && rig.engine.services.flights.isEmpty)
    }

    @Test func samplesAndOtherQuestionsAreNotShared() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: same, memo: { max_age: 1h } }\n  - { id: b, prompt: other, memo: { max_age: 1h } }\n  - { id: c, prompt: same }"))
        #expect(rig.provider.requests.count == 3)
    }

    // MARK: Scopes

    @Test(arguments: [("ledger", [0, 0]), ("workflow", [0, 1]), ("run", [1, 1])]) func answersAreTakenWithinTheirScope(scope: String, calls: [Int]) async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let yaml = modelWorkflow("  - { id: a, for_each: { items: \"[1, 2]\", max_parallel: 1 }, prompt: same, memo: { max_age: 1h, scope: \(scope) } }")
        #expect(try await rig.run(yaml).calls == 1)
        #expect(try await rig.run(yaml).calls == calls[0])
        #expect(try await rig.run(yaml.replacing("name: t", with: "name: other")).calls == calls[1])
    }

    // MARK: What is kept

    /// Cut, declined or with a tool to be called: no such answer is kept, whatever the step makes of it.
    @Test func aCutAnswerIsNotKept() async throws {
        let rig = EngineRig(answers: ["a": [.text("half of", finish: .length), .text("all of it")]])
        let yaml = modelWorkflow("  - { id: a, prompt: hi, memo: { max_age: 1h }, limits: { max_output_tokens: 100, on_truncation: keep } }", top: "outputs: { a: \"${{ steps.a.output }}\" }")
        #expect(try await rig.run(yaml).outputs == ["a": "half of"])
        #expect(rig.written.kept.isEmpty)
        #expect(try await rig.run(yaml).outputs == ["a": "all of it"])
        #expect(try await rig.run(yaml).calls == 0)
    }

    @Test func aContinuedAnswerIsWhole() async throws {
        let rig = EngineRig(answers: ["a": [.text("half ", finish: .length), .text("and half")]])
        let yaml = modelWorkflow("  - { id: a, prompt: hi, memo: { max_age: 1h }, limits: { max_output_tokens: 100, on_truncation: continue } }", top: "outputs: { a: \"${{ steps.a.output }}\" }")
        #expect(try await rig.run(yaml).outputs == ["a": "half and half"])
        #expect(try await rig.run(yaml).outputs == ["a": "half and half"] && rig.written.calls.isEmpty)
    }

    @Test func aRefusalIsNotKept() async throws {
        let rig = EngineRig(answers: ["a": [.text("", refusal: "I will not"), .text("well")]])
        let yaml = modelWorkflow("  - { id: a, prompt: hi, memo: { max_age: 1h }, on_error: { value: none } }", top: "outputs: { a: \"${{ steps.a.output }}\" }")
        #expect(try await rig.run(yaml).outputs == ["a": "none"])
        #expect(rig.written.kept.isEmpty)
        #expect(try await rig.run(yaml).outputs == ["a": "well"])
    }

    // MARK: Gates

    private static func gate(_ check: String = "output == 'good'", keys: String = "", steps: String = "") -> String {
        """
        version: 1
        name: t
        models: { small: { use: local/small }, large: { use: local/large } }
        defaults: { limits: { max_output_tokens: 100 } }
        outputs: { a: "${{ steps.a.output }}", accepted: "${{ steps.a.accepted }}", asked: "${{ steps.a.tiers_asked }}" }
        steps:
          - id: a
            prompt: sort it
            memo: { max_age: 1h }
            escalate: { tiers: [small, large], checks: { ok: { expr: "\(check)" } }\(keys) }
        \(steps)
        """
    }

    @Test func aGatesAcceptedAnswerIsTakenAgain() async throws {
        let rig = EngineRig { request, _ in .text(request.model.model == "large" ? "good" : "bad", input: 100, output: 10) }
        let first = try await rig.run(Self.gate())
        #expect(first.outputs == ["a": "good", "accepted": true, "asked": 2] && first.calls == 2)
        let kept = try #require(rig.written.kept.first)
        #expect(kept.call == rig.written.calls[1].start.id && kept.cost == rig.written.calls.compactMap(\.end?.cost).reduce(.zero, +))
        let again = try await rig.run(Self.gate())
        #expect(again.outputs == ["a": "good", "accepted": true, "asked": 0])
        let saved = rig.written.taken.map(\.saved)
        #expect(again.calls == 0 && saved == [kept.cost])
        #expect(rig.written.story == ["run_started", "step_started a", "memo_hit a", "step_succeeded a", "run_ended succeeded"])
        // Another gate is another question, and so is a step without one.
        #expect(try await rig.run(Self.gate("output != 'bad'")).calls == 2)
        #expect(try await rig.run(Self.gate("output == 'good'", steps: "  - { id: b, model: small, prompt: sort it, memo: { max_age: 1h } }")).calls == 1)
    }

    /// The best of answers that no check accepted is no answer to keep.
    @Test func whatWasNotAcceptedIsNotKept() async throws {
        let rig = EngineRig { _, _ in .text("bad") }
        #expect(try await rig.run(Self.gate()).outputs?["accepted"] == false)
        #expect(rig.written.kept.isEmpty)
        #expect(try await rig.run(Self.gate()).calls == 2)
        #expect(rig.engine.services.flights.isEmpty)
    }

    @Test func gatesThatAskTheSameShareOneAnswer() async throws {
        let rig = EngineRig { request, _ in .text(request.model.model == "large" ? "good" : "bad") }
        let plain = Self.gate().replacing("    prompt: sort it", with: "    for_each: { items: \"[1, 2, 3]\" }\n    prompt: sort it")
        let result = try await rig.run(plain)
        #expect(result.outputs?["a"] == ["good", "good", "good"] && result.outputs?["accepted"] == [true, true, true])
        #expect(result.calls == 2 && rig.written.taken.map(\.how) == [.flight, .flight])
        #expect(rig.engine.services.flights.isEmpty)
    }

    /// Wherever its process is gone, the gate's answer is kept once it is accepted.
    @Test func aGateGoesOnFromAnywhereAndKeepsItsAnswer() async throws {
        let script: ScriptedProvider.Script = { request, _ in .text(request.model.model == "large" ? "good" : "bad") }
        let graph = try workflow(Self.gate())
        let whole = EngineRig(script: script)
        _ = try await whole.run(graph)
        let run = whole.written
        for count in 1..<run.events.count {
            let clock = ManualClock()
            let rig = EngineRig(clock: clock, journal: whole.journal.cut(run.start.id, afterEvents: count), provider: ScriptedProvider(clock: clock, script: script))
            let result = try await rig.engine.resume(run.start.id, graph)
            #expect(result.outputs?["a"] == "good", "after \(count)")
            // Told again where the process went between that and the end of the step.
            #expect(Set(rig.written.kept.map(\.question)).count == 1, "after \(count)")
            clock.advance(by: .seconds(60))
            let calls = rig.provider.requests.count
            #expect(try await rig.run(graph).outputs?["a"] == "good")
            #expect(rig.provider.requests.count == calls, "after \(count)")
        }
    }

    @Test func thePlansBestOfAGateIsNoCall() throws {
        let rig = EngineRig(answers: [:])
        func amounts(_ yaml: String) throws -> Plan.Amounts {
            PlanBuilder(graph: try workflow(yaml), provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now()).plan(inputs: [:]).total
        }
        let (with, without) = (try amounts(Self.gate()), try amounts(Self.gate().replacing("    memo: { max_age: 1h }\n", with: "")))
        #expect(with.best == .zero && without.best > .zero && with.worst == without.worst)
    }
}

extension String {
    fileprivate func replacing(_ text: String, with other: String) -> String { split(separator: text, omittingEmptySubsequences: false).joined(separator: other) }
}
