import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// One call of the prompt "hi" under `max_output_tokens: 100` holds this at $1 and $2 per million tokens: its bound is
/// 2 bytes, 2 for the joiner, 64 + 12 for the template, and 100 tokens of output.
private let holdOfHi = usd("0.00028")

@Suite struct BudgetTests {
    private func workflowUnder(_ cap: String, _ steps: String) -> String { modelWorkflow(steps, top: "budget: { max_cost_usd: \(cap) }") }

    @Test func aCallIsHeldBeforeAndSettledAfter() async throws {
        let rig = EngineRig(answers: ["a": [.text("x", input: 8, output: 3)]])
        let result = try await rig.run(workflowUnder("0.01", "  - { id: a, prompt: hi }"))
        let call = try #require(rig.written.calls.first)
        #expect(call.start.held == holdOfHi)
        #expect(call.held == usd("0.000014"))
        #expect(call.end?.cost == usd("0.000014"))
        #expect(rig.written.open == 0)
        #expect(result.cost == MoneySum(usd("0.000014")))
        #expect(rig.written.held == usd("0.000014").picoDollars)
        #expect(rig.written.open == 0)
    }

    /// A server that writes more than it is allowed is bounded by the model's context window, and without one by the largest that there is.
    @Test(arguments: [(true, 4096, 100), (false, 4096, 4096), (false, 60, 100), (false, nil, 1 << 20)] as [(Bool, Int?, Int)])
    func aCapThatIsNotKeptIsNoBound(keepsCap: Bool, window: Int?, bound: Int) {
        let profile = ModelProfile(reference: ModelReference(text: "p/m")!, servedID: "m", contextWindow: window, maxConcurrency: nil, keepsOutputCap: keepsCap)
        #expect(profile.outputBound(100) == bound)
    }

    @Test func aCallThatNeverFitsIsRefusedAndNotMade() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let result = try await rig.run(workflowUnder("0.00027", "  - { id: a, prompt: hi }"))
        #expect(result.status == .failed)
        #expect(result.failure == StepFailure(.budget, "the worst case of the next call, $0.00028, does not fit the run's budget: $0.00 of $0.00027 is spent or held"))
        #expect(rig.provider.requests.isEmpty)
        #expect(result.calls == 0)
        #expect(rig.written.story == ["run_started", "step_started a", "call_refused a", "step_failed a", "run_ended failed"])
        #expect(rig.written.nodes["a"]?.status == .failed)
    }

    @Test func theCapOfAStepNamedRunIsNotTheRuns() async throws {
        let rig = EngineRig(answers: ["run": [.text("x")]])
        let result = try await rig.run(
            modelWorkflow(
                "  - { id: run, prompt: hi, limits: { max_cost_usd: 0.00027 } }", top: "budget: { max_cost_usd: 1, on_exceeded: ask }"))
        #expect(result.failure?.message.contains("does not fit the cap of run") == true, "\(result.failure?.message ?? "none")")
    }

    @Test func aCallThatFitsLaterWaits() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")], "b": [.text("x")]])
        let result = try await rig.run(workflowUnder("0.0004", "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi }"))
        #expect(result.status == .succeeded)
        #expect(rig.provider.mostInFlight == 1)
        #expect(rig.clock.elapsed == .milliseconds(200))
        // A call that waited is dated by when it was begun.
        #expect(rig.written.calls.map { $0.at.since(ManualClock.epoch) } == [.milliseconds(0), .milliseconds(100)])
    }

    /// Facts that other steps recorded while a reservation waited are where they belong: before its intent.
    @Test func aPostponedReservationHoldsNoFactsBack() async throws {
        let rig = EngineRig { request, _ in .text("x", latency: .milliseconds(request.schemaName == "a" ? 300 : 100)) }
        let result = try await rig.run(
            workflowUnder(
                "0.0006",
                """
                  - { id: a, prompt: hi }
                  - { id: b, prompt: hi }
                  - { id: c, prompt: hi }
                  - { id: d, run: [p], needs: [b] }
                """))
        #expect(result.status == .succeeded)
        let story = rig.written.story
        for step in ["a", "b", "c", "d"] {
            let own = story.filter { $0.hasSuffix(" \(step)") }
            #expect(own.first == "step_started \(step)")
            #expect(own.last == "step_succeeded \(step)")
            #expect(own.count == (step == "d" ? 3 : 4), "\(own)")
        }
        #expect(story.firstIndex(of: "call_ended b")! < story.firstIndex(of: "call_started c")!)
        #expect(rig.written.nodes.values.allSatisfy { $0.status == .succeeded })
    }

    @Test func aCommandDoesNotWaitForMoney() async throws {
        let rig = EngineRig { _, _ in .text("x", latency: .seconds(10)) }
        _ = try await rig.run(
            workflowUnder(
                "0.0003",
                """
                  - { id: a, prompt: hi }
                  - { id: b, prompt: hi }
                  - { id: c, run: [p] }
                """))
        let story = rig.written.story
        #expect(story.firstIndex(of: "step_succeeded c")! < story.firstIndex(of: "call_ended a")!)
    }

    @Test func postponedReservationsAreGrantedInTheOrderOfAsking() async throws {
        let rig = EngineRig { request, _ in .text("x", latency: .milliseconds(50)) }
        let items = (1...12).map(String.init).joined(separator: ",")
        let result = try await rig.run(workflowUnder("0.0007", "  - { id: s, for_each: { items: \"[\(items)]\" }, prompt: \"${{ item }}\" }"))
        #expect(result.status == .succeeded)
        #expect(rig.provider.requests.map { $0.segments[0].text } == (1...12).map(String.init))
        #expect(rig.provider.mostInFlight == 2)
        #expect(rig.written.replies.contains { $0.reply == .postponed })
    }

    /// Random amounts, latencies and ends under caps on the run, the step and the item: no cap is ever passed, every intent
    /// has its outcome, and what waited came in order.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func capsAreNeverPassed(seed: UInt64) async throws {
        let clock = ManualClock()
        let random = FixedEntropy(seed: seed)
        let journal = InMemoryJournal(clock: clock, latency: .milliseconds(Int64(seed % 4)))
        let provider = ScriptedProvider(clock: clock) { request, _ in
            let latency = TimeSpan.milliseconds(Int64(random.next() % 400))
            let input = Int(random.next() % 100)
            switch random.next() % 10 {
            case 0: return .failure(.serverError, billing: .notBilled, latency: latency)
            case 1: return .failure(.timeout, billing: .unknown, latency: latency)
            default: return .text("x", input: input, output: Int(random.next() % 100), latency: latency)
            }
        }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider)
        let items = (0..<40).map { _ in "'" + String(repeating: "x", count: Int(random.next() % 200)) + "'" }.joined(separator: ",")
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: s, for_each: { items: "[\(items)]", on_error: collect, max_cost_usd: 0.003 }, prompt: "${{ item }}", limits: { max_cost_usd: 0.0009 } }
                  - { id: a, prompt: hi, on_error: continue }
                  - { id: b, prompt: hi, on_error: continue }
                  - { id: c, prompt: "${{ steps.s.status }}", on_error: continue }
                """, top: "budget: { max_cost_usd: 0.0035 }\nconcurrency: \(8 + seed * 4)"))
        #expect(result.status == .succeeded)
        let run = rig.written
        #expect(run.mostHeld <= usd("0.0035").picoDollars)
        for scope in run.scopes.values { #expect(scope.mostHeld <= scope.cap) }
        #expect(run.open == 0)
        #expect(run.calls.allSatisfy { $0.end != nil })
        #expect(run.calls.count == provider.requests.count)
        #expect(run.replies.contains { $0.reply == .postponed })
        #expect(run.held == run.calls.reduce(0) { $0 + ($1.held?.picoDollars ?? 0) })
        #expect(result.cost == run.calls.reduce(into: MoneySum.zero) { $0.add($1.end?.cost ?? .zero) })
        expectStoryInOrder(run)
    }

    @Test func aStepsCapRefusesAloneAndNamesItself() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")], "b": [.text("x")]])
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi, limits: { max_cost_usd: 0.0001 } }
                  - { id: b, prompt: hi }
                """))
        #expect(result.failure?.message == "the worst case of the next call, $0.00028, does not fit the cap of a: $0.00 of $0.0001 is spent or held")
        #expect(rig.provider.askedBy == ["b"])
    }

    @Test func aRetryHasToFitToo() async throws {
        // The first call may have been billed: its hold stays, and a second does not fit beside it.
        let rig = EngineRig(answers: ["a": [.failure(.timeout, "slow", billing: .unknown), .text("x")]])
        let result = try await rig.run(workflowUnder("0.0005", "  - { id: a, prompt: hi }"))
        #expect(result.failure?.kind == .budget)
        #expect(rig.written.calls.map(\.state) == [.estimated])
        #expect(rig.written.held == holdOfHi.picoDollars)
        #expect(rig.provider.requests.count == 1)
    }

    @Test func anOverrunIsBookedAndBlocks() async throws {
        let rig = EngineRig(answers: ["a": [.text("x", input: 1000, output: 5)], "b": [.text("x")]])
        let result = try await rig.run(workflowUnder("0.001", "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi, needs: [a] }"))
        #expect(rig.written.calls.map(\.state) == [.overrun])
        #expect(rig.written.held == usd("0.00101").picoDollars)
        #expect(result.failure?.kind == .budget)
        #expect(result.failedStep == "b")
    }

    @Test func anUnpricedModelIsRefusedUnderACap() async throws {
        let clock = ManualClock()
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: ["a": [.text("x")]]), prices: .empty)
        let result = try await rig.run(workflowUnder("1", "  - { id: a, prompt: hi }"))
        #expect(result.failure?.kind == .unpriced)
        #expect(result.failure?.message == "local/small (small) has no known price, so a cap cannot be kept")
        #expect(rig.provider.requests.isEmpty)
    }

    @Test func anUnpricedModelIsRecordedAsSuchWithoutACap() async throws {
        let clock = ManualClock()
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: ["a": [.text("x")]]), prices: .empty)
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(result.status == .succeeded)
        #expect(result.spending.unpriced == 1)
        #expect(result.spending.cost == .zero)
        let call = try #require(rig.written.calls.first)
        #expect(call.start.held == nil)
        #expect(call.end?.cost == nil)
        #expect(call.state == .settled)
    }

    @Test func machineTimeIsHeldForTheWholeTimeout() async throws {
        let clock = ManualClock()
        let prices = PriceBook(overrides: [.test("local", "*", .machineHour, "3.6")], catalogue: .none)
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, latency: .seconds(2)) { _, _ in .text("x") }, prices: prices)
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: hi, timeout: 10s }"))
        let call = try #require(rig.written.calls.first)
        #expect(call.start.held == usd("0.01"))
        #expect(call.end?.cost == usd("0.002"))
    }

    @Test func theContextWindowBoundsAPrompt() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock, profiles: ScriptedProvider.profile(contextWindow: 50)) { _, _ in .text("x") }
        let rig = EngineRig(clock: clock, provider: provider)
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(rig.written.calls.first?.start.held == usd("0.00025"))
    }

    /// Usage that was promised and did not come is not usage of nothing.
    @Test func aCallWithoutUsageStaysHeld() async throws {
        let answer = ScriptedProvider.Answer(
            outcome: .success(ModelResponse(text: "x", finishReason: .stop)), billing: .reported, usage: nil, latency: nil)
        let rig = EngineRig(answers: ["a": [answer]])
        _ = try await rig.run(workflowUnder("1", "  - { id: a, prompt: hi }"))
        #expect(rig.written.calls.map(\.state) == [.estimated])
        #expect(rig.written.held == holdOfHi.picoDollars)
    }
}

/// The intent of everything is before its outcome, and each step's facts are in the order of its life.
func expectStoryInOrder(_ run: InMemoryJournal.Run, sourceLocation: Testing.SourceLocation = #_sourceLocation) {
    var started: Set<String> = []
    var open: Set<Int64> = []
    var ended: Set<Int64> = []
    var over: Set<String> = []
    let story = run.story
    #expect(story.first == "run_started", sourceLocation: sourceLocation)
    if run.end != nil { #expect(story.last?.hasPrefix("run_ended") == true, sourceLocation: sourceLocation) }
    for event in run.events {
        guard let payload = try? JSONParser.parse(event.payload) else { continue }
        let step = payload["step"]?.stringValue ?? ""
        let call = payload["call"]?.intValue
        switch event.kind {
        case "step_started": #expect(started.insert(step).inserted, "\(step) started twice", sourceLocation: sourceLocation)
        case "call_started":
            #expect(started.contains(step), "\(step) called before it started", sourceLocation: sourceLocation)
            #expect(open.insert(call!).inserted, sourceLocation: sourceLocation)
        case "call_ended":
            #expect(open.contains(call!), "call \(call!) ended before it started", sourceLocation: sourceLocation)
            #expect(ended.insert(call!).inserted, sourceLocation: sourceLocation)
        case "step_succeeded", "step_failed", "step_recovered", "step_cancelled":
            #expect(over.insert(step).inserted, "\(step) ended twice", sourceLocation: sourceLocation)
        default: break
        }
    }
}
