import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct ScheduleTests {
    /// A random graph of steps with a latency each, and the length of its longest path.
    private func randomGraph(seed: UInt64, steps: Int) -> (yaml: String, latencies: [String: Int64], critical: Int64) {
        var random = SeededGenerator(seed: seed)
        var lines: [String] = []
        var latencies: [String: Int64] = [:]
        var ends: [Int64] = []
        for index in 0..<steps {
            let latency = Int64.random(in: 10...2_000, using: &random)
            let sources = Set((0..<Int.random(in: 0...3, using: &random)).compactMap { _ in index == 0 ? nil : Int.random(in: 0..<index, using: &random) })
            let reads = sources.sorted().map { "${{ steps.s\($0).output }}" }.joined(separator: " ")
            lines.append("  - { id: s\(index), prompt: \"step \(index) \(reads)\" }")
            latencies["s\(index)"] = latency
            ends.append((sources.map { ends[$0] }.max() ?? 0) + latency)
        }
        return (modelWorkflow(lines.joined(separator: "\n"), top: "concurrency: 1000"), latencies, ends.max()!)
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func theMakespanIsTheCriticalPath(seed: UInt64) async throws {
        let (yaml, latencies, critical) = randomGraph(seed: seed, steps: 40)
        let rig = EngineRig { request, _ in .text("x", latency: .milliseconds(latencies[request.schemaName]!)) }
        let result = try await rig.run(yaml)
        #expect(result.status == .succeeded)
        #expect(rig.clock.elapsed == .milliseconds(critical))
    }

    /// The same under a cap, where every intent asks for money and waits for the disk: reservations wait side by side.
    @Test func reservationsDoNotQueueForTheDisk() async throws {
        let clock = ManualClock()
        let journal = InMemoryJournal(clock: clock, latency: .milliseconds(5))
        let rig = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, latency: .seconds(1)) { _, _ in .text("x") })
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: s, for_each: { items: "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]" }, prompt: "${{ item }}" }
                """, top: "budget: { max_cost_usd: 1 }"))
        #expect(result.status == .succeeded)
        // Begin, intents, calls, end.
        #expect(clock.elapsed == .milliseconds(5 + 5 + 1_000 + 5))
        #expect(rig.provider.mostInFlight == 20)
    }

    @Test func theWorkflowsConcurrencyIsKept() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        _ = try await rig.run(
            modelWorkflow(
                """
                  - { id: s, for_each: { items: "[1,2,3,4,5,6,7,8,9,10]" }, prompt: "${{ item }}" }
                """, top: "concurrency: 3"))
        #expect(rig.provider.mostInFlight == 3)
        #expect(rig.clock.elapsed == .milliseconds(400))
    }

    @Test func theProvidersConcurrencyIsKept() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock, profiles: ScriptedProvider.profile(maxConcurrency: 2)) { _, _ in .text("x") }
        let rig = EngineRig(clock: clock, provider: provider)
        _ = try await rig.run(modelWorkflow(#"  - { id: s, for_each: { items: "[1,2,3,4,5]" }, prompt: "${{ item }}" }"#))
        #expect(provider.mostInFlight == 2)
        #expect(clock.elapsed == .milliseconds(300))
        // What waits for a place holds nothing, and comes in the order of asking.
        #expect(provider.requests.map { $0.segments[0].text } == ["1", "2", "3", "4", "5"])
    }

    @Test func theProcesssConcurrencyIsKeptOverRuns() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { _, _ in .text("x") }
        let rig = EngineRig(clock: clock, provider: provider) { $0.maxConcurrentCalls = 2 }
        let graph = try workflow(modelWorkflow(#"  - { id: s, for_each: { items: "[1,2,3,4]" }, prompt: "${{ item }}" }"#))
        try await withThrowingTaskGroup(of: RunStatus.self) { group in
            for _ in 0..<5 { group.addTask { try await rig.run(graph).status } }
            for try await status in group { #expect(status == .succeeded) }
        }
        #expect(provider.mostInFlight == 2)
        #expect(rig.journal.runs.count == 5)
        #expect(Set(rig.journal.runs.map(\.start.id)).count == 5)
    }

    @Test func priceChangesHoldFromTheirMoment() async throws {
        let change = ManualClock.epoch.adding(.milliseconds(150))
        let prices = PriceBook(
            overrides: [
                .test("local", "small", .input, "1", to: change), .test("local", "small", .output, "1", to: change),
                .test("local", "small", .input, "3", from: change), .test("local", "small", .output, "3", from: change),
            ], catalogue: .none)
        let rig = EngineRig(answers: ["a": [.text("x")], "b": [.text("x")], "c": [.text("x")]], prices: prices)
        _ = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi }
                  - { id: b, prompt: hi, needs: [a] }
                  - { id: c, prompt: hi, needs: [b] }
                """))
        #expect(rig.written.calls.map { $0.end?.cost } == [usd("0.000015"), usd("0.000015"), usd("0.000045")])
    }
}
