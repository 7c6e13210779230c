import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Whole runs of steps that end early: for want of money or time, by a stop; and of `finally`.
@Suite struct ContainerStopTests {
    // MARK: Optional

    @Test(arguments: ["prompt: hi", "steps: [{ id: b, prompt: hi }]", "for_each: { items: \"[1, 2]\" }, prompt: hi", "loop: { max: 2, steps: [{ id: b, prompt: hi }] }"])
    func whatIsOptionalIsSkippedWhereItsBudgetIsShort(_ body: String) async throws {
        let rig = EngineRig { _, _ in .text("x", input: 10, output: 100) }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: first, prompt: hi }
                  - { id: a, needs: [first], optional: true, \(body) }
                  - { id: c, value: "has(steps.a.output) ? 1 : 2" }
                """, top: "budget: { max_cost_usd: 0.0003 }\noutputs: { c: \"${{ steps.c.output }}\" }"))
        #expect(result.outputs == ["c": 2], "\(String(describing: result.failure))")
        #expect(rig.written.nodes["a"]?.status == .skipped)
        #expect(rig.written.nodes["a"]?.reason == "optional, and the budget is short")
        #expect(rig.written.open == 0)
    }

    @Test func whatIsOptionalFailsForOtherReasons() async throws {
        let rig = EngineRig { _, _ in .failure(.badRequest, "no") }
        let result = try await rig.run(modelWorkflow("  - { id: a, optional: true, prompt: hi }"))
        #expect(result.failure?.kind == .badRequest)
    }

    // MARK: Deadlines

    @Test func aStepThatTakesTooLongFails() async throws {
        let rig = EngineRig { _, _ in .text("x", latency: .seconds(60)) }
        let result = try await rig.run(modelWorkflow("  - { id: a, deadline: 2s, prompt: hi }"))
        #expect(result.failure?.kind == .deadline)
        #expect(result.failure?.message == "took longer than its deadline of 2s")
        #expect(rig.clock.elapsed == .seconds(2))
        #expect(rig.written.calls.map(\.state) == [.unknown])
        #expect(rig.clock.sleepers == 0)
    }

    @Test func aDeadlineEndsTheWaitForANextTry() async throws {
        let rig = EngineRig { _, _ in .failure(.rateLimit, retryAfter: .seconds(50)) }
        let result = try await rig.run(modelWorkflow("  - { id: a, deadline: 2s, on_error: { value: late }, prompt: hi }", top: "outputs: { a: \"${{ steps.a.output }}\" }"))
        #expect(result.outputs == ["a": "late"])
        #expect(rig.clock.elapsed == .seconds(2))
    }

    @Test func aDeadlineEndsTheWaitForAPlaceAndForMoney() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock, profiles: ScriptedProvider.profile(maxConcurrency: 1)) { _, _ in .text("x", latency: .seconds(10)) }
        let rig = EngineRig(clock: clock, provider: provider)
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, deadline: 2s, prompt: hi }"))
        #expect(provider.askedBy == ["a"])
        #expect(rig.written.nodes["b"]?.failure?.kind == .deadline)
        #expect(clock.elapsed == .seconds(10))

        let money = EngineRig { _, _ in .text("x", latency: .seconds(10)) }
        _ = try await money.run(modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, deadline: 2s, prompt: hi }", top: "budget: { max_cost_usd: 0.0003 }"))
        #expect(money.provider.askedBy == ["a"])
        #expect(money.written.nodes["b"]?.failure?.kind == .deadline)
    }

    @Test func aDeadlineHoldsForEachItem() async throws {
        let rig = EngineRig { request, _ in .text("x", latency: .seconds(request.segments[0].text == "2" ? 60 : 1)) }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: s, deadline: 2s, for_each: { items: "[1, 2, 3]", max_parallel: 1, on_error: collect }, prompt: "${{ item }}" }
                """, top: "outputs: { s: \"${{ steps.s.output.map(i, i.ok) }}\" }"))
        #expect(result.outputs == ["s": [true, false, true]])
        #expect(rig.clock.elapsed == .seconds(4))
    }

    @Test(arguments: ["steps: [{ id: b, prompt: hi }, { id: c, prompt: \"${{ steps.b.output }}\" }]", "loop: { max: 9, steps: [{ id: b, prompt: hi }] }", "workflow: other.yaml"])
    func aDeadlineEndsEverythingInside(_ body: String) async throws {
        let rig = EngineRig { _, _ in .text("x", latency: .seconds(10)) }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: g, deadline: 15s, \(body) }
                  - { id: z, prompt: hi }
                """), files: ["other.yaml": modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, prompt: \"${{ steps.a.output }}\" }")])
        #expect(result.failure?.kind == .deadline)
        #expect(result.failedStep == "g")
        #expect(rig.clock.elapsed == .seconds(15))
        #expect(rig.provider.cancelled.count == 1)
        #expect(rig.written.nodes["z"]?.status == .succeeded)
        #expect(rig.clock.sleepers == 0)
    }

    /// A program that is ended by its deadline may say with an exit code of its own that it did not like it.
    @Test func aProgramThatFailsAtItsDeadlineFailsByIt() async throws {
        let clock = ManualClock()
        let tools = StubbornTools(clock: clock)
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:])) { $0.tools = tools }
        let result = try await rig.run("version: 1\nname: t\nsteps: [{ id: a, deadline: 2s, run: [p] }]")
        #expect(result.failure?.kind == .deadline)
    }

    /// The time of a step that waits for its turn is not its own.
    @Test func aDeadlineBeginsWithTheStep() async throws {
        let rig = EngineRig { _, _ in .text("x", latency: .seconds(2)) }
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, deadline: 3s, prompt: hi }", top: "concurrency: 1"))
        #expect(result.status == .succeeded)
        #expect(rig.clock.elapsed == .seconds(4))
    }

    // MARK: finally

    private let tell = "finally: [{ id: tell, run: [tell, \"${{ steps.a.status }} ${{ has(steps.a.output) ? steps.a.output : 'none' }}\"] }]"

    @Test(arguments: [("", "succeeded x"), ("budget: { max_cost_usd: 0.00001 }", "failed none")])
    func finallyRunsWhateverBecameOfTheRun(_ budget: String, _ told: String) async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: "\(budget)\n\(tell)"))
        #expect(result.status == (budget.isEmpty ? .succeeded : .failed))
        #expect(rig.tools.invocations.map(\.argv) == [["tell", told]])
        #expect(rig.written.story.last == "run_ended \(result.status.rawValue)")
    }

    @Test func finallyIsNotStartedOnAnInterrupt() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        rig.clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: tell))
        #expect(result.status == .interrupted)
        #expect(rig.tools.invocations.isEmpty)
        #expect(rig.written.nodes["tell"] == nil)
    }

    @Test func aFinallyThatFailsFailsTheRun() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: 3, stdout: [], stderr: "no line") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock) { _, _ in .text("x") }, tools: tools)
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: tell))
        #expect(result.status == .failed)
        #expect(result.failedStep == "tell")
    }

    /// A step may be called `run`: its cap is not the run's.
    @Test func aCapOfAStepCalledRun() async throws {
        let rig = EngineRig { _, _ in .text("x", input: 10, output: 5) }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: run, limits: { max_cost_usd: 0.0004 }, loop: { max: 4, steps: [{ id: a, prompt: hi }] } }
                """, top: "budget: { max_cost_usd: 0.0004 }"))
        #expect(result.status == .succeeded)
        #expect(rig.written.payloads("pass_ended").last?["verdict"] == "exhausted")
    }

    /// Whichever operation of the journal fails, nothing goes on behind its back, in no scope.
    @Test(arguments: 1...30) func aJournalThatFailsStopsEveryScope(at operation: Int) async throws {
        let clock = ManualClock()
        let journal = InMemoryJournal(clock: clock, latency: .milliseconds(2), failsAt: operation)
        let provider = ScriptedProvider(clock: clock) { _, _ in .text("x") }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider)
        let graph = try workflow(
            modelWorkflow(
                """
                  - id: g
                    for_each: { items: "[1, 2]" }
                    deadline: 60s
                    steps: [{ id: l, loop: { max: 2, steps: [{ id: a, deadline: 30s, prompt: hi }, { id: r, needs: [a], run: [p] }] } }]
                """, top: "finally: [{ id: z, run: [p] }]"))
        var error: JournalError?
        do { _ = try await rig.run(graph) } catch let found as JournalError { error = found }
        #expect(provider.requests.count <= journal.runs.first?.calls.count ?? 0)
        #expect((error?.code == .diskFull) == (journal.operations >= operation))
        #expect(clock.sleepers == 0, "nothing is under way any more")
    }

    @Test func aStopInsideOfScopesLeavesNothingOpen() async throws {
        let rig = EngineRig { _, _ in .text("x", latency: .seconds(1)) }
        rig.clock.schedule(after: .milliseconds(2_500)) { rig.engine.interrupt(.immediate) }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - id: g
                    for_each: { items: "[1, 2]" }
                    deadline: 60s
                    steps: [{ id: l, loop: { max: 9, steps: [{ id: a, prompt: hi }] } }]
                """))
        #expect(result.status == .interrupted)
        // They go on where they are when the run is resumed.
        #expect(rig.written.nodes["g[0]/l[2]/a"]?.status == .cancelled)
        #expect(rig.written.nodes["g[0]/l"]?.status == .running)
        #expect(rig.clock.sleepers == 0)
    }
}

/// Programs that answer the end of their time with an exit code.
private struct StubbornTools: ToolRunner {
    let clock: ManualClock

    func run(_ invocation: CommandInvocation) async -> CommandResult {
        try? await clock.sleep(for: .seconds(60))
        return .exited(code: 143, stdout: [], stderr: "ended")
    }
}
