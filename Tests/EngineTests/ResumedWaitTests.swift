import Economics
import Engine
import TestSupport
import Testing
import Values
import WorkflowModel

/// R9: what is over of a wait when a run goes on is over.
@Suite struct ResumedWaitTests {
    private static let steps = "  - { id: a, prompt: hi, retry: { max_attempts: 3 } }"

    /// A run whose process died while it waited, and one that goes on with it so much later.
    ///
    /// - Returns: how long the second one took.
    private func resumed(
        _ text: String, after span: TimeSpan, _ answers: [ScriptedProvider.Answer], entries kind: String = "call_ended"
    ) async throws -> (TimeSpan, RunResult) {
        let graph = try workflow(text)
        let rig = EngineRig(answers: ["a": answers])
        let whole = try await rig.run(graph)
        let place = try #require(rig.written.entries.firstIndex { $0.facts.contains { $0.kind == kind } })
        let journal = rig.journal.cut(whole.id, after: place + 1)
        let died = try #require(rig.written.entries[place].facts.last?.at)
        let clock = ManualClock(startingAt: died.adding(span))
        let again = EngineRig(
            clock: clock, journal: journal,
            provider: ScriptedProvider(clock: clock, latency: .milliseconds(100), answers: ["a": Array(answers.dropFirst())]))
        let result = try await again.engine.resume(whole.id, graph)
        return (clock.elapsed, result)
    }

    @Test(arguments: [(0, 4000), (1500, 2500), (6000, 0), (-3000, 4000)])
    func whatIsLeftOfAWaitIsWaited(after: Int64, left: Int64) async throws {
        let (took, result) = try await resumed(
            modelWorkflow(Self.steps), after: .milliseconds(after), [.failure(.rateLimit, retryAfter: .seconds(4)), .text("x")])
        #expect(result.status == .succeeded)
        #expect(took == .milliseconds(left + 100))
    }

    /// The time of a step is that in which somebody drives its run.
    @Test func aDeadlineGoesOnWhereItWas() async throws {
        // The first process had waited four of ten seconds when it died. The second gives the step six more.
        let text = modelWorkflow("  - { id: a, prompt: hi, deadline: 10s, timeout: 60s }")
        let answers: [ScriptedProvider.Answer] = [
            .failure(.rateLimit, retryAfter: .seconds(1), latency: .seconds(4)), .text("x", latency: .seconds(30)),
        ]
        let (took, result) = try await resumed(text, after: .seconds(3600), answers)
        #expect(result.failure?.kind == .deadline)
        #expect(took == .seconds(6))
    }

    @Test func aDeadlineOfStepsWithStepsGoesOnToo() async throws {
        let text = modelWorkflow("  - { id: g, deadline: 10s, steps: [{ id: a, prompt: hi }, { id: b, needs: [a], value: \"1\" }] }")
        let answers: [ScriptedProvider.Answer] = [
            .failure(.rateLimit, retryAfter: .seconds(1), latency: .seconds(4)), .text("x", latency: .seconds(30)),
        ]
        let (took, result) = try await resumed(text, after: .seconds(3600), answers)
        #expect(result.failure?.kind == .deadline)
        #expect(took == .seconds(6))
    }
}
