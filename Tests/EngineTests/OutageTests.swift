import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// The network is gone for minutes, as when a laptop is closed.
@Suite struct OutageTests {
    private static let chain = modelWorkflow(
        """
          - { id: a, prompt: hi }
          - { id: b, prompt: "${{ steps.a.output }}" }
          - { id: c, for_each: { items: "[1, 2, 3]" }, prompt: "${{ steps.b.output }} ${{ item }}" }
        """, top: "budget: { max_cost_usd: 1 }")

    /// - Parameter gone: from when to when, in milliseconds since the clock began.
    private static func rig(_ gone: Range<Int64>, clock: ManualClock = ManualClock(), journal: InMemoryJournal = InMemoryJournal()) -> EngineRig {
        let provider = ScriptedProvider(clock: clock, latency: .milliseconds(100)) { _, _ in
            gone.contains(clock.elapsed.milliseconds) ? .failure(.connection, "could not connect") : .text("x")
        }
        return EngineRig(clock: clock, journal: journal, provider: provider)
    }

    @Test func aServerThatHasAnsweredBeforeIsWaitedFor() async throws {
        let rig = Self.rig(150..<300000)
        let result = try await rig.run(Self.chain)
        #expect(result.status == .succeeded)
        #expect(rig.clock.elapsed >= .seconds(300) && rig.clock.elapsed < .seconds(335))
        let states = rig.written.calls.map(\.state)
        #expect(states.count { $0 == .settled } == 5 && states.count { $0 == .void } > 10)
        // What was not sent costs nothing and holds nothing.
        #expect(rig.written.held == rig.written.calls.compactMap { $0.end?.cost?.picoDollars }.reduce(0, +))
    }

    @Test func oneThatNeverAnsweredIsNot() async throws {
        let rig = Self.rig(0..<300000)
        let result = try await rig.run(Self.chain)
        #expect(result.status == .failed && result.failure?.kind == .connection)
        #expect(rig.clock.elapsed < .seconds(3))
        #expect(rig.written.calls.count == 3)
    }

    @Test func afterTenMinutesTheRunIsSuspendedAndGoesOnWhenItIsResumed() async throws {
        let rig = Self.rig(150..<3_600_000)
        let graph = try workflow(Self.chain)
        let result = try await rig.run(graph)
        #expect(result.status == .interrupted)
        #expect(result.failure?.kind == .connection && result.failure?.message.contains("could not connect") == true)
        #expect(rig.clock.elapsed > .seconds(540) && rig.clock.elapsed < .seconds(740), "\(rig.clock.elapsed)")
        // Another process, while it is still gone, and one when it is back. Neither has seen the server.
        let second = Self.rig(0..<10_000_000, journal: rig.journal)
        #expect(try await second.engine.resume(result.id, graph).status == .interrupted)
        #expect(second.clock.elapsed > .seconds(540))
        let third = Self.rig(5000..<5000, journal: rig.journal)
        #expect(try await third.engine.resume(result.id, graph).status == .succeeded)
        #expect(third.provider.askedBy == ["c", "c", "c"])
        let answers = third.written.calls.filter { $0.state == .settled }.map(\.start.path)
        #expect(answers.sorted() == ["a", "b", "c[0]", "c[1]", "c[2]"])
    }

    /// The process is killed while it waits: at each beginning of the journal another goes on.
    @Test func everyBeginningGoesOn() async throws {
        let rig = Self.rig(150..<400000)
        let graph = try workflow(Self.chain)
        let whole = try await rig.run(graph)
        for count in 1..<rig.written.entries.count {
            let again = Self.rig(1000..<90000, journal: rig.journal.cut(whole.id, after: count))
            #expect(try await again.engine.resume(whole.id, graph).status == .succeeded, "after \(count) entries")
        }
    }

    /// Several processes in one outage, and a server that is not ready at once: each folds what the one before decided.
    @Test func processAfterProcessDecidesAsTheOneBefore() async throws {
        let rig = Self.rig(150..<3_600_000)
        let graph = try workflow(Self.chain)
        let whole = try await rig.run(graph)
        #expect(whole.status == .interrupted)
        for count in stride(from: 20, through: rig.written.entries.count, by: 7) {
            let journal = rig.journal.cut(whole.id, after: count)
            for _ in 0..<2 {
                let again = Self.rig(0..<3_600_000, journal: journal)
                again.clock.schedule(after: .seconds(9)) { again.engine.interrupt(.graceful) }
                #expect(try await again.engine.resume(whole.id, graph).status == .interrupted)
            }
            let clock = ManualClock()
            let loading = ScriptedProvider(clock: clock, latency: .milliseconds(100)) { _, _ in
                clock.elapsed < .seconds(1) ? .failure(.serverError, "loading the model") : .text("x")
            }
            let halfway = EngineRig(clock: clock, journal: journal, provider: loading)
            halfway.clock.schedule(after: .milliseconds(900)) { halfway.engine.interrupt(.graceful) }
            #expect(try await halfway.engine.resume(whole.id, graph).status == .interrupted)
            let last = Self.rig(0..<0, journal: journal)
            #expect(try await last.engine.resume(whole.id, graph).status == .succeeded, "after \(count) entries")
        }
    }

    /// One run of a process was answered, another was not yet when the network went.
    @Test func thatItHadAnsweredIsKnownFromTheRecord() async throws {
        let rig = Self.rig(50..<3_600_000)
        let one = try workflow(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(try await rig.run(one).status == .succeeded)
        let suspended = try await rig.run(one)
        #expect(suspended.status == .interrupted)
        let again = Self.rig(0..<60_000, journal: rig.journal)
        #expect(try await again.engine.resume(suspended.id, one).status == .succeeded)
    }

    @Test func aServerOfItsOwnIsNotTakenForOneThatAnswered() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(
            clock: clock,
            profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: nil, maxConcurrency: nil, server: $0.model)) }
        ) { request, _ in request.model.model == "small" ? .text("x") : .failure(.connection) }
        let rig = EngineRig(clock: clock, provider: provider)
        let result = try await rig.run(
            """
            version: 1
            name: t
            models: { m: { use: local/small }, n: { use: local/other } }
            steps:
              - { id: a, model: m, prompt: hi }
              - { id: b, model: n, prompt: "${{ steps.a.output }}" }
            """)
        #expect(result.status == .failed && clock.elapsed < .seconds(4))
    }

    /// Who is suspended for one server is in no hurry with another.
    @Test func callsToOthersComeToTheirEnd() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { request, _ in
            request.model.provider == "slow" ? .text("x", latency: .seconds(1200)) : clock.elapsed < .milliseconds(50) ? .text("x") : .failure(.connection)
        }
        let rig = EngineRig(clock: clock, provider: provider)
        let result = try await rig.run(
            """
            version: 1
            name: t
            models: { m: { use: local/small }, n: { use: slow/large } }
            defaults: { timeout: 30m }
            steps:
              - { id: a, model: m, prompt: hi }
              - { id: b, model: m, prompt: "${{ steps.a.output }}" }
              - { id: c, model: n, prompt: hi }
            """)
        #expect(result.status == .interrupted && clock.elapsed >= .seconds(1200))
        #expect(rig.written.nodes["c"]?.status == .succeeded)
    }

    @Test func whoTriesNothingAgainWaitsForNothing() async throws {
        let rig = Self.rig(150..<300000)
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi }
                  - { id: b, prompt: "${{ steps.a.output }}", retry: { max_attempts: 1 }, on_error: { value: none } }
                  - { id: c, prompt: "${{ steps.b.output }}", retry: { on: [timeout] } }
                """))
        #expect(result.status == .failed && result.failedStep == "c")
        #expect(rig.clock.elapsed < .seconds(1))
    }

    @Test func anotherModelIsAskedFirst() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { request, _ in
            request.model.model == "large" || clock.elapsed < .milliseconds(150) ? .text("x") : .failure(.connection)
        }
        let rig = EngineRig(clock: clock, provider: provider)
        let result = try await rig.run(
            """
            version: 1
            name: t
            models: { m: { use: local/small, fallback: [other/large] } }
            defaults: { model: m }
            steps:
              - { id: a, prompt: hi }
              - { id: b, prompt: "${{ steps.a.output }}" }
            """)
        #expect(result.status == .succeeded && clock.elapsed < .seconds(4))
    }

    @Test func aStopDoesNotWait() async throws {
        let rig = Self.rig(150..<300000)
        rig.clock.schedule(after: .seconds(60)) { rig.engine.interrupt(.graceful) }
        #expect(try await rig.run(Self.chain).status == .interrupted)
        #expect(rig.clock.elapsed < .seconds(61))
    }
}
