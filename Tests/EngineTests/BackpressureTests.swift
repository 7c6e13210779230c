import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// A disk that is slower than what a run computes.
@Suite struct BackpressureTests {
    private static let items: JSONObject = ["numbers": .array((0..<6000).map { .int($0) })]

    /// Nothing in it waits for a model or a program.
    private static func workflow(_ body: String) -> String {
        "version: 1\nname: t\ninputs: { numbers: { type: array } }\nsteps:\n  - { id: s, for_each: { items: inputs.numbers, max_items: 10000 }, \(body) }\noutputs: { all: \"${{ size(steps.s.output) }}\" }"
    }

    private static func rig(failsAt: Int? = nil) -> EngineRig {
        let clock = ManualClock()
        return EngineRig(
            clock: clock, journal: InMemoryJournal(clock: clock, latency: .milliseconds(20), room: 1500, failsAt: failsAt),
            provider: ScriptedProvider(clock: clock) { _, _ in .text("x") })
    }

    @Test(arguments: [
        "value: item * 2", "steps: [{ id: a, value: item }, { id: b, when: 'item < 0', value: 1 }]",
        "loop: { max: 2, until: 'false', steps: [{ id: a, when: 'false', value: 1 }] }",
    ])
    func whatOnlyComputesWaitsForASlowDisk(body: String) async throws {
        let rig = Self.rig()
        let result = try await rig.run(Self.workflow(body), Self.items)
        #expect(result.status == .succeeded)
        #expect(result.outputs?["all"] == 6000)
        // Two facts an item at the least, each there once and in its place.
        #expect(rig.written.events.count > 12_000)
        #expect(rig.written.story.last == "run_ended succeeded")
        #expect(rig.journal.mostPending > 500 && rig.journal.mostPending < 1500 + 2 * 520, "\(rig.journal.mostPending)")
        #expect(rig.clock.elapsed > .milliseconds(20 * 6))
    }

    @Test func aStopComesInBetween() async throws {
        let rig = Self.rig()
        rig.clock.schedule(after: .milliseconds(50)) { rig.engine.interrupt(.graceful) }
        let graph = try TestSupport.workflow(Self.workflow("value: item"))
        let result = try await rig.run(graph, Self.items)
        #expect(result.status == .interrupted)
        #expect(rig.written.events.count < 12_000)
        let again = EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider)
        let resumed = try await again.engine.resume(result.id, graph)
        #expect(resumed.status == .succeeded && resumed.outputs?["all"] == 6000)
    }

    @Test func aDiskThatFailsThenEndsTheRun() async throws {
        let rig = Self.rig(failsAt: 8)
        let error = await #expect(throws: JournalError.self) { try await rig.run(Self.workflow("value: item"), Self.items) }
        #expect(error?.code == .diskFull)
    }
}
