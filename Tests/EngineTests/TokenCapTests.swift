import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Caps on tokens. One call of the prompt "hi" under `max_output_tokens: 100` holds 180 tokens: 2 bytes, 2 for the joiner, 64 + 12 for the
/// template, and 100 of output.
@Suite struct TokenCapTests {
    private static let holdOfHi = 180
    private static let run = BudgetRefusal.runScope + TokenCap.mark

    private func under(_ cap: Int, _ steps: String) -> String { modelWorkflow(steps, top: "budget: { max_tokens: \(cap) }") }

    @Test func tokensAreHeldBeforeAndSettledAfter() async throws {
        let rig = EngineRig(answers: ["a": [.text("x", input: 8, output: 3)]])
        let result = try await rig.run(under(500, "  - { id: a, prompt: hi, limits: { max_output_tokens: 100, max_total_tokens: 400 } }"))
        let call = try #require(rig.written.calls.first)
        #expect(call.start.tokens == TokenHold(held: Self.holdOfHi, caps: [TokenCap(scope: BudgetRefusal.runScope, cap: 500), TokenCap(scope: "a", cap: 400)]))
        #expect(call.end?.heldTokens(of: Self.holdOfHi) == 11 && call.end?.keptTokens == nil)
        #expect(rig.written.scopes[Self.run]?.held == 11 && rig.written.scopes["a#tokens"]?.held == 11)
        #expect(rig.written.scopes[Self.run]?.mostHeld == 180)
        #expect(result.tokens?.cap == 500 && result.tokens?.counted == 11)
    }

    @Test func withoutACapNothingIsCounted() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: "budget: { max_cost_usd: 1 }"))
        #expect(rig.written.calls.first?.start.tokens == nil && result.tokens == nil && rig.written.scopes.isEmpty)
    }

    @Test func aCallThatNeverFitsIsRefusedAndNotMade() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let result = try await rig.run(under(179, "  - { id: a, prompt: hi }"))
        #expect(
            result.failure
                == StepFailure(.budget, "the worst case of the next call, 180 tokens, does not fit the run's budget of tokens: 0 tokens of 179 tokens is spent or held"))
        #expect(rig.provider.requests.isEmpty)
        #expect(rig.written.story == ["run_started", "step_started a", "call_refused a", "step_failed a", "run_ended failed"])
    }

    /// Two branches at once have one cap: what does not fit beside the other waits for it.
    @Test func branchesDrawOnOneCap() async throws {
        let rig = EngineRig(answers: ["a": [.text("x", input: 8, output: 3)], "b": [.text("x")]])
        let result = try await rig.run(under(200, "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi }"))
        #expect(result.status == .succeeded && rig.provider.mostInFlight == 1)
        #expect(rig.written.replies.contains { $0.reply == .postponed })
    }

    /// A step's cap is over all its calls: tries, repairs, checks of its gate.
    @Test func aStepsCapIsOverAllItsCalls() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.timeout, "slow", billing: .unknown), .text("x")], "b": [.text("x")]])
        let result = try await rig.run(
            modelWorkflow("  - { id: a, prompt: hi, limits: { max_output_tokens: 100, max_total_tokens: 300 } }\n  - { id: b, prompt: hi }"))
        #expect(result.failure?.message == "the worst case of the next call, 180 tokens, does not fit the cap on tokens of a: 180 tokens of 300 tokens is spent or held")
        #expect(rig.provider.askedBy.sorted() == ["a", "b"])
    }

    /// The checks of a gate draw on its step's cap.
    @Test func aJudgeDrawsOnItsStepsCap() async throws {
        let rig = EngineRig { request, _ in .text(request.site!.part.isEmpty ? "an answer" : "{}", input: 80, output: 100) }
        let result = try await rig.run(
            """
            version: 1
            name: t
            models: { small: { use: local/s }, large: { use: local/l } }
            steps:
              - id: a
                prompt: hi
                limits: { max_output_tokens: 100, max_total_tokens: 300 }
                escalate: { tiers: [small, large], checks: { judge: { model: large, prompt: "Is it good?", output: { schema: { type: object, properties: { score: { type: number } }, required: [score] } }, min: 0.5 } } }
            """)
        #expect(result.status == .succeeded && rig.provider.requests.count == 1)
        let lost = rig.written.events.compactMap { if case .checkEnded(let check) = $0.event { check } else { nil } }
        #expect(lost.map(\.result) == [.lost] && lost.first?.reason?.contains("does not fit the cap on tokens of a: 180 tokens of 300 tokens") == true)
    }

    /// Where final usage is not known, what was held stays, and what there was where that is more.
    @Test func unknownUsageFreesNothing() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.timeout, "slow", billing: .unknown)], "b": [.text("x")]])
        _ = try await rig.run(under(1000, "  - { id: a, prompt: hi, retry: { max_attempts: 1 }, on_error: continue }\n  - { id: b, prompt: hi }"))
        #expect(rig.written.scopes[Self.run]?.held == Int64(Self.holdOfHi + 15))
    }

    /// Usage beyond what was held is an overrun, which closes the cap and raises what later calls of the model hold.
    @Test func hostileCountsCloseTheCap() async throws {
        let rig = EngineRig(answers: ["a": [.text("x", input: 100_000, output: 5)], "b": [.text("x")]], prices: .empty)
        let result = try await rig.run(under(10_000, "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi, needs: [a] }"))
        let call = rig.written.calls[0]
        #expect(call.state == .overrun && call.end?.notes.contains { $0.code == .tokensAboveHold } == true)
        #expect(rig.written.scopes[Self.run]?.exceeded == 100_005)
        #expect(result.failedStep == "b" && rig.provider.requests.count == 1)
        #expect(
            result.failure?.message
                == "the run's budget of tokens is exceeded: 100005 tokens of 10000 tokens was spent or held, as a call had more than was held for it; no other starts")
        #expect(rig.written.capFaults == [])
    }

    @Test func anOverrunBelowTheCapRaisesTheBound() async throws {
        let rig = EngineRig(answers: ["a": [.text("x", input: 355, output: 5)], "b": [.text("x")]])
        _ = try await rig.run(under(10_000, "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi, needs: [a] }"))
        #expect(rig.written.calls[1].start.tokens?.held == 360 && rig.written.calls[1].start.tokens?.bound == 180)
    }

    /// Whatever becomes of calls: no cap on tokens is passed, every intent has its end, and what counts is the sum of its calls.
    @Test(arguments: 1...12 as ClosedRange<UInt64>) func capsOnTokensAreNeverPassed(seed: UInt64) async throws {
        let clock = ManualClock()
        let random = FixedEntropy(seed: seed)
        let journal = InMemoryJournal(clock: clock, latency: .milliseconds(Int64(seed % 4)))
        let provider = ScriptedProvider(clock: clock) { request, _ in
            let latency = TimeSpan.milliseconds(Int64(random.next() % 400))
            switch random.next() % 10 {
            case 0: return .failure(.serverError, billing: .notBilled, latency: latency)
            case 1: return .failure(.timeout, billing: .unknown, latency: latency)
            default: return .text("x", input: Int(random.next() % 80), output: Int(random.next() % 100), latency: latency)
            }
        }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider, prices: seed % 2 == 0 ? .perToken() : .empty)
        let items = (0..<40).map { _ in "'" + String(repeating: "x", count: Int(random.next() % 200)) + "'" }.joined(separator: ",")
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: s, for_each: { items: "[\(items)]", on_error: collect }, prompt: "${{ item }}", limits: { max_output_tokens: 100, max_total_tokens: 500 } }
                  - { id: a, prompt: hi, on_error: continue }
                  - { id: b, prompt: hi, on_error: continue }
                """, top: "budget: { max_tokens: 2500\(seed % 2 == 0 ? ", max_cost_usd: 0.003" : "") }\nconcurrency: \(8 + seed * 4)"))
        #expect(result.status == .succeeded)
        let run = rig.written
        for scope in run.scopes.values { #expect(scope.mostHeld <= scope.cap) }
        #expect(run.replies.contains { $0.reply == .postponed })
        #expect(run.scopes[Self.run]?.held == run.calls.reduce(0) { $0 + Int64($1.end?.heldTokens(of: $1.start.tokens?.held) ?? 0) })
        #expect(run.scopes[Self.run]?.open == 0 && run.capFaults == [])
        #expect(result.tokens?.counted == Int(run.scopes[Self.run]!.held))
    }

    /// What a process that is gone held of tokens stays held.
    @Test func lostCallsKeepTheirTokens() async throws {
        let rig = EngineRig(answers: ["a": [.text("x", input: 8, output: 3)], "b": [.text("x", input: 8, output: 3)]])
        let graph = try workflow(under(400, "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi, needs: [a] }"))
        let whole = try await rig.run(graph)
        let begun = try #require(rig.written.events.firstIndex { if case .callStarted(let call) = $0.event { call.path == "b" } else { false } })
        let clock = ManualClock()
        let again = EngineRig(
            clock: clock, journal: rig.journal.cut(whole.id, afterEvents: begun + 1),
            provider: ScriptedProvider(clock: clock, answers: ["b": [.text("x", input: 8, output: 3)]]))
        let result = try await again.engine.resume(whole.id, graph)
        // 11 of a, 180 of the lost call, 11 of its repetition.
        #expect(result.status == .succeeded && result.tokens?.counted == 202)
        #expect(again.written.scopes[Self.run]?.held == 202 && again.written.capFaults == [])
    }

    @Test func thePlanPricesTokens() throws {
        let rig = EngineRig(answers: [:])
        func plan(_ yaml: String) throws -> Plan {
            PlanBuilder(graph: try workflow(yaml), provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now()).plan(inputs: [:])
        }
        let usual = try plan(under(5000, "  - { id: a, prompt: hi, retry: { max_attempts: 3 } }\n  - { id: b, prompt: hi, retry: { max_attempts: 1 }, limits: { max_output_tokens: 100, max_total_tokens: 50 } }"))
        #expect(usual.steps.map(\.amounts.worstTokens) == [540, 50] && usual.total.worstTokens == 590 && usual.budgetTokens == 5000)
        #expect(usual.steps[1].notes.isEmpty && usual.refusal == nil)
        let small = try plan(under(3, "  - { id: a, prompt: \"a longer prompt than that\" }"))
        #expect(small.refusal?.kind == .budget && small.refusal?.message.contains("tokens, does not fit the budget of 3 tokens") == true)
        let worst = try plan(modelWorkflow("  - { id: a, prompt: hi, retry: { max_attempts: 1 } }", top: "budget: { max_tokens: 179, admit: worst }"))
        #expect(worst.refusal?.message == "the worst case, 180 tokens, does not fit the budget of 179 tokens")
    }
}
