import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct StoppingTests {
    private let chain = modelWorkflow(
        """
          - { id: a, prompt: hi }
          - { id: b, prompt: hi }
          - { id: c, prompt: "${{ steps.a.output }}" }
        """)

    // MARK: Interrupts

    @Test func aGracefulStopLetsCallsEndAndStartsNone() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        rig.clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(chain)
        #expect(result.status == .interrupted)
        #expect(rig.clock.elapsed == .milliseconds(100))
        #expect(rig.provider.askedBy == ["a", "b"])
        #expect(rig.written.calls.map(\.state) == [.settled, .settled])
        #expect(rig.written.nodes.mapValues(\.status) == ["a": .succeeded, "b": .succeeded])
        #expect(rig.written.story.contains("interrupt_requested"))
        #expect(rig.written.end?.status == .interrupted)
    }

    @Test func callsThatOutlastTheGraceAreAbortedAndStayHeld() async throws {
        let rig = EngineRig { _, _ in .text("x", latency: .seconds(60)) }
        rig.clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(chain)
        #expect(result.status == .interrupted)
        #expect(rig.clock.elapsed == .milliseconds(10_050))
        #expect(rig.written.calls.map(\.state) == [.unknown, .unknown])
        #expect(rig.written.calls.allSatisfy { $0.end != nil && $0.held == $0.start.held })
        #expect(rig.written.nodes.mapValues(\.status) == ["a": .cancelled, "b": .cancelled])
    }

    @Test func anImmediateStopAbortsAtOnce() async throws {
        let rig = EngineRig { _, _ in .text("x", latency: .seconds(60)) }
        rig.clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(.graceful) }
        rig.clock.schedule(after: .milliseconds(70)) { rig.engine.interrupt(.immediate) }
        let result = try await rig.run(chain)
        #expect(result.status == .interrupted)
        #expect(rig.clock.elapsed == .milliseconds(70))
        #expect(rig.provider.cancelled.count == 2)
        #expect(rig.clock.sleepers == 0)
    }

    @Test func aStopEndsTheWaitForMoney() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        rig.clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, prompt: hi }\n  - { id: c, prompt: hi }", top: "budget: { max_cost_usd: 0.0003 }"))
        #expect(result.status == .interrupted)
        #expect(rig.provider.askedBy == ["a"])
        #expect(rig.written.nodes.mapValues(\.status) == ["a": .succeeded, "b": .cancelled, "c": .cancelled])
        #expect(rig.clock.elapsed == .milliseconds(100))
        expectStoryInOrder(rig.written)
    }

    @Test func aStopEndsTheWaitForAPlace() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock, profiles: ScriptedProvider.profile(maxConcurrency: 1)) { _, _ in .text("x") }
        let rig = EngineRig(clock: clock, provider: provider)
        clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(chain)
        #expect(result.status == .interrupted)
        #expect(provider.askedBy == ["a"])
        #expect(rig.written.nodes["b"]?.status == .cancelled)
        // The places are free again.
        let limiter = try #require(rig.engine.services.limiter(of: provider.profile(of: ModelReference(provider: "local", model: "small"))))
        #expect(limiter.tryAcquire())
    }

    @Test func aStopEndsTheWaitForANextTry() async throws {
        let rig = EngineRig { _, _ in .failure(.rateLimit, retryAfter: .seconds(100)) }
        rig.clock.schedule(after: .seconds(1)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(result.status == .interrupted)
        #expect(rig.clock.elapsed == .seconds(1))
    }

    /// A call that ends during the grace and fails is not tried again, nor waited for.
    @Test func aFailureDuringTheGraceIsNotTriedAgain() async throws {
        let rig = EngineRig { _, _ in .failure(.rateLimit, retryAfter: .seconds(9)) }
        rig.clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(result.status == .interrupted)
        #expect(rig.clock.elapsed == .milliseconds(100))
        #expect(rig.provider.requests.count == 1)
    }

    @Test func aStopDoesNotWaitForAModelServer() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(
            clock: clock,
            preparing: { _ in
                // As a server's start does it: nobody's cancellation ends it.
                await withCheckedContinuation { continuation in clock.schedule(after: .seconds(60)) { continuation.resume() } }
                return .success(())
            }, script: { _, _ in .text("x") })
        let rig = EngineRig(clock: clock, provider: provider)
        clock.schedule(after: .seconds(1)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(result.status == .interrupted)
        #expect(provider.requests.isEmpty)
        #expect(rig.written.story == ["run_started", "interrupt_requested", "step_started a", "step_cancelled a", "run_ended interrupted"])
    }

    @Test func aStopEndsAProgram() async throws {
        let clock = ManualClock()
        let rig = EngineRig(
            clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: ScriptedTools(clock: clock, latency: .seconds(100)))
        clock.schedule(after: .seconds(1)) { rig.engine.interrupt(.immediate) }
        let result = try await rig.run("version: 1\nname: t\nsteps:\n  - { id: a, run: [p], on_error: { value: 1 } }")
        #expect(result.status == .interrupted)
        #expect(rig.written.nodes["a"]?.status == .cancelled)
    }

    @Test func aStopBeforeTheRunIsRecordedAndNothingBegins() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        rig.engine.interrupt(.graceful)
        let result = try await rig.run(chain)
        #expect(result.status == .interrupted)
        #expect(rig.provider.requests.isEmpty)
        #expect(rig.written.story.prefix(2) == ["run_started", "interrupt_requested"])
        #expect(rig.written.end?.status == .interrupted)
    }

    @Test func aStopDuringAListKeepsWhatIsDone() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        rig.clock.schedule(after: .milliseconds(150)) { rig.engine.interrupt(.graceful) }
        let result = try await rig.run(modelWorkflow(#"  - { id: s, for_each: { items: "[1,2,3,4]", max_parallel: 1 }, prompt: "${{ item }}" }"#))
        #expect(result.status == .interrupted)
        #expect(rig.written.nodes.mapValues(\.status) == ["s": .running, "s[0]": .succeeded, "s[1]": .succeeded])
    }

    // MARK: on_failure

    @Test func cancelAbortsTheSiblingsOfAFailure() async throws {
        let rig = EngineRig { request, _ in
            request.schemaName == "a" ? .failure(.badRequest, "no", latency: .milliseconds(50)) : .text("x", latency: .seconds(5))
        }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi }
                  - { id: b, prompt: hi }
                  - { id: c, prompt: "${{ steps.b.output }}" }
                """, top: "on_failure: cancel"))
        #expect(result.status == .failed)
        #expect(result.failedStep == "a")
        #expect(rig.clock.elapsed == .milliseconds(50))
        #expect(rig.written.nodes.mapValues(\.status) == ["a": .failed, "b": .cancelled, "c": .skipped])
        #expect(rig.written.calls.map(\.state) == [.void, .unknown])
    }

    @Test func cancelEndsTheWaitForMoney() async throws {
        let rig = EngineRig { request, _ in
            request.schemaName == "a" ? .failure(.badRequest, "no", latency: .milliseconds(50)) : .text("x", latency: .seconds(5))
        }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi }
                  - { id: b, prompt: hi }
                  - { id: c, prompt: hi }
                  - { id: d, prompt: hi }
                """, top: "on_failure: cancel\nbudget: { max_cost_usd: 0.0006 }"))
        #expect(result.status == .failed)
        #expect(rig.clock.elapsed == .milliseconds(50))
        #expect(rig.provider.askedBy == ["a", "b"])
        #expect(rig.written.nodes.mapValues(\.status) == ["a": .failed, "b": .cancelled, "c": .cancelled, "d": .cancelled])
        expectStoryInOrder(rig.written)
    }

    @Test func drainLetsTheSiblingsEnd() async throws {
        let rig = EngineRig { request, _ in
            request.schemaName == "a" ? .failure(.badRequest, "no", latency: .milliseconds(50)) : .text("x")
        }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi }
                  - { id: b, prompt: hi }
                  - { id: c, prompt: "${{ steps.b.output }}" }
                  - { id: d, prompt: "${{ steps.a.output }}" }
                """, top: "outputs: { c: \"${{ steps.c.output }}\" }"))
        #expect(result.status == .failed)
        #expect(result.outputs == nil)
        #expect(rig.written.nodes.mapValues(\.status) == ["a": .failed, "b": .succeeded, "c": .succeeded, "d": .skipped])
        #expect(rig.written.nodes["d"]?.reason == "upstream_failed: a")
    }

    // MARK: The journal

    /// Whichever operation fails: the run ends with the journal's error, no call is made whose intent is not durable, and
    /// nothing goes on behind its back.
    @Test(arguments: 1...30) func aJournalThatFailsStopsEverything(at operation: Int) async throws {
        let clock = ManualClock()
        let journal = InMemoryJournal(clock: clock, latency: .milliseconds(2), failsAt: operation)
        let provider = ScriptedProvider(clock: clock) { request, number in
            request.schemaName == "a" && number == 0 ? .failure(.timeout) : .text("x", latency: .milliseconds(request.schemaName == "b" ? 900 : 100))
        }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider)
        let graph = try workflow(
            modelWorkflow(
                """
                  - { id: a, prompt: hi }
                  - { id: b, prompt: hi }
                  - { id: c, prompt: "${{ steps.a.output }}" }
                  - { id: s, for_each: { items: "[1, 2, 3]", max_parallel: 2 }, prompt: "${{ item }}" }
                  - { id: r, run: [p] }
                """, top: "budget: { max_cost_usd: 0.001 }"))
        var error: JournalError?
        do { _ = try await rig.run(graph) } catch let found as JournalError { error = found }
        let calls = journal.runs.first?.calls.count ?? 0
        #expect(provider.requests.count <= calls)
        if journal.operations >= operation {
            #expect(error?.code == .diskFull)
            #expect(clock.sleepers == 0, "nothing is under way any more")
        } else {
            #expect(error == nil)
        }
    }

    @Test func aRunWhoseFirstRecordFailsDoesNothing() async throws {
        let clock = ManualClock()
        let rig = EngineRig(clock: clock, journal: InMemoryJournal(failsAt: 1), provider: ScriptedProvider(clock: clock) { _, _ in .text("x") })
        await #expect(throws: JournalError.self) { try await rig.run(chain) }
        #expect(rig.provider.requests.isEmpty)
        #expect(rig.journal.operations == 1)
    }
}
