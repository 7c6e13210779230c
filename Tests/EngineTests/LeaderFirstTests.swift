import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// An engine whose models have Anthropic's cache.
private struct CacheRig {
    let rig: EngineRig
    var engine: Engine { rig.engine }
    var provider: ScriptedProvider { rig.provider }

    /// - Parameter rules: by their names; `nil`: nothing is known of a cache.
    init(
        journal: InMemoryJournal = InMemoryJournal(), clock: ManualClock = ManualClock(), rules: String? = "anthropic", concurrency: Int? = nil, mayStream: Bool = true,
        _ script: @escaping ScriptedProvider.Script
    ) {
        let rules = rules.flatMap { name in CacheRules.known.first { $0.name == name } }
        rig = EngineRig(
            clock: clock, journal: journal,
            provider: ScriptedProvider(
                clock: clock,
                profiles: {
                    .success(
                        ModelProfile(
                            reference: $0, servedID: $0.model, contextWindow: nil, maxConcurrency: concurrency, cache: rules, mayStream: mayStream))
                }, script: script))
    }

    func run(_ graph: WorkflowGraph) async throws -> RunResult { try await engine.run(graph, inputs: try InputBinding.bind([:], to: graph)) }
    func run(_ yaml: String) async throws -> RunResult { try await run(workflow(yaml)) }

    /// When each request was sent, by the numbers of the items.
    var sent: [String: Int64] {
        let starts = rig.written.events.compactMap { fact in fact.callStarted.map { ($0.path, fact.at.since(ManualClock.epoch).milliseconds) } }
        return Dictionary(starts) { _, last in last }
    }

    var releases: [JSONValue] { rig.written.payloads("prefix_released") }
}

@Suite struct LeaderFirstTests {
    /// 4,000 tokens that all items share.
    private static let policy = String(repeating: "policy, ", count: 2000)

    /// - Parameter keys: more of the step.
    private static func fanOut(_ items: Int = 4, _ keys: String = "", top: String = "") -> String {
        modelWorkflow(
            "  - { id: a, for_each: { items: \"[\((0..<items).map(String.init).joined(separator: ", "))]\" }, prefix: [policy], prompt: \"item ${{ item }}\"\(keys) }",
            top: "prefixes: { policy: { text: \"\(policy)\" } }\n\(top)")
    }

    private static func text(firstToken: Int64 = 100, decoding: Int64 = 400) -> ScriptedProvider.Answer {
        var answer = ScriptedProvider.Answer.text("yes", latency: .milliseconds(firstToken))
        answer.decoding = .milliseconds(decoding)
        return answer
    }

    /// The first is asked in pieces; the others at its first token, and each finds what it wrote.
    @Test func theOthersGoAtTheFirstToken() async throws {
        let test = CacheRig { _, _ in Self.text() }
        #expect(try await test.run(Self.fanOut()).status == .succeeded)
        #expect(test.sent == ["a[0]": 0, "a[1]": 100, "a[2]": 100, "a[3]": 100])
        #expect(test.provider.requests.map(\.sampling.stream) == [true, nil, nil, nil])
        let calls = test.rig.written.calls
        let plans = try calls.map { try #require($0.start.cache) }
        #expect(plans.map(\.cached) == [0] + Array(repeating: plans[0].ends[0].tokens, count: 3) && plans[0].cached == 0)
        // How its answer came is no part of what is asked.
        #expect(Set(calls.map(\.start.request)).count == 4 && !test.rig.written.entries.flatMap(\.blobs).contains { String(decoding: $0.bytes, as: UTF8.self).contains("\"stream\"") })
        #expect(test.releases.map { [$0["step"], $0["by"], $0["waited_ms"], $0["cause"]] } == (1...3).map { [.string("a[\($0)]"), .string(calls[0].start.id.text), 100, nil] })
        #expect(test.releases.allSatisfy { $0["prefix"] == test.releases[0]["prefix"] })
        // Behind the start of the call that it is of.
        let kinds = test.rig.written.events.map(\.kind)
        #expect(kinds.indices.filter { kinds[$0] == "prefix_released" }.allSatisfy { kinds[$0 - 1] == "call_started" })
        #expect(test.engine.services.leaders.isEmpty && test.rig.clock.sleepers == 0)
        #expect(test.rig.clock.elapsed == .milliseconds(600))
    }

    @Test func whatMayNotBeStreamedIsWaitedForToItsEnd() async throws {
        let test = CacheRig(mayStream: false) { _, _ in Self.text() }
        #expect(try await test.run(Self.fanOut()).status == .succeeded)
        #expect(test.sent["a[3]"] == 500 && test.provider.requests.allSatisfy { $0.sampling.stream == nil })
        #expect(test.engine.services.leaders.isEmpty)
    }

    @Test func withoutAPlanNobodyWaits() async throws {
        let test = CacheRig(rules: nil) { _, _ in Self.text() }
        #expect(try await test.run(Self.fanOut()).status == .succeeded)
        #expect(Set(test.sent.values) == [0] && test.releases.isEmpty)
    }

    @Test(arguments: ["prefix_cache: { warm_up: off }", "prefix_cache: off", "prefix_cache: { holdout: 100% }", "latency_price: 1"]) func norWhereTheWorkflowSaysSo(top: String) async throws {
        let test = CacheRig { _, _ in Self.text() }
        #expect(try await test.run(Self.fanOut(4, top: top)).status == .succeeded)
        #expect(Set(test.sent.values) == [0] && test.releases.isEmpty && test.engine.services.leaders.isEmpty)
    }

    /// Nobody asks anybody else to wait in a cache that has it already, also in another run.
    @Test func aSecondRunFindsItAndTwoAtOnceShareALeader() async throws {
        let test = CacheRig { _, _ in Self.text() }
        let graph = try workflow(Self.fanOut(2))
        // On the executor that drives the clock, so that both are there before it goes on.
        let statuses = try await withTaskExecutorPreference(test.rig.engine.environment.executor) {
            async let one = test.run(graph)
            async let other = test.run(graph)
            let (first, second) = (try await one, try await other)
            return [first.status, second.status]
        }
        #expect(statuses == [.succeeded, .succeeded])
        let runs = test.rig.journal.runs
        #expect(runs.flatMap { $0.payloads("prefix_released") }.count == 3)
        #expect(Set(runs.flatMap { $0.payloads("prefix_released") }.map { $0["by"] }).count == 1)
        #expect(try await test.run(Self.fanOut()).status == .succeeded)
        #expect(test.releases.isEmpty)
    }

    /// Prompts that part in the middle: one leader for the trunk, then one for each branch.
    @Test func branchesHaveTheirOwnLeaders() async throws {
        let test = CacheRig { _, _ in Self.text() }
        let steps = (0..<4).map { "  - { id: s\($0), prefix: [policy, d\($0 / 2)], prompt: \"${{ 'question \($0)' }}\" }" }.joined(separator: "\n")
        let documents = (0..<2).map { "d\($0): { text: \"\(String(repeating: "document \($0), ", count: 500))\" }" }.joined(separator: ", ")
        #expect(try await test.run(modelWorkflow(steps, top: "prefixes: { policy: { text: \"\(Self.policy)\" }, \(documents) }")).status == .succeeded)
        #expect(test.sent == ["s0": 0, "s1": 100, "s2": 100, "s3": 200])
        #expect(test.releases.map { [$0["step"], $0["waited_ms"]] } == [["s1", 100], ["s2", 100], ["s3", 200]])
        #expect(test.engine.services.leaders.isEmpty)
    }

    // MARK: Leaders that come to nothing

    @Test func theNextLeadsAndBehindTwoFailuresAllGo() async throws {
        let test = CacheRig { _, number in number < 2 ? .failure(.badRequest, "no", latency: .milliseconds(50)) : Self.text() }
        #expect(try await test.run(Self.fanOut(5, ", on_error: { value: none }")).status == .succeeded)
        #expect(test.sent == ["a[0]": 0, "a[1]": 50, "a[2]": 100, "a[3]": 100, "a[4]": 100])
        #expect(test.releases.map { $0["cause"] } == Array(repeating: "failed", count: 4))
        #expect(test.engine.services.leaders.isEmpty && test.rig.clock.sleepers == 0)
    }

    @Test func oneFailureMakesAnotherTheLeader() async throws {
        let test = CacheRig { _, number in number == 0 ? .failure(.badRequest, "no", latency: .milliseconds(50)) : Self.text() }
        #expect(try await test.run(Self.fanOut(4, ", on_error: { value: none }")).status == .succeeded)
        #expect(test.sent == ["a[0]": 0, "a[1]": 50, "a[2]": 150, "a[3]": 150])
        #expect(test.releases.map { $0["cause"] } == ["failed", nil, nil])
    }

    /// About 4,000 tokens are expected to take 3.5 s.
    @Test func oneThatTakesTooLongIsWaitedForNoLonger() async throws {
        let test = CacheRig { _, number in Self.text(firstToken: number == 0 ? 20_000 : 100) }
        #expect(try await test.run(Self.fanOut(3)).status == .succeeded)
        #expect(test.sent["a[0]"] == 0 && test.sent["a[1]"] == test.sent["a[2]"] && (7000...7010).contains(test.sent["a[2]"] ?? 0), "\(test.sent)")
        #expect(test.releases.map { $0["cause"] } == ["late", "late"])
        #expect(test.engine.services.leaders.isEmpty)
    }

    /// How long an answer takes as a whole tells nothing of its first token.
    @Test func aWholeAnswerIsNoFirstToken() async throws {
        let test = CacheRig(rules: "openai-55") { _, number in number == 0 ? Self.text(decoding: 60_000) : Self.text(firstToken: number == 1 ? 20_000 : 100) }
        #expect(try await test.run(modelWorkflow("  - { id: a, prefix: [other], prompt: one }", top: "prefixes: { other: { text: \"\(Self.policy.uppercased())\" } }")).status == .succeeded)
        #expect(test.provider.requests.map(\.sampling.stream) == [nil])
        #expect(try await test.run(Self.fanOut(3)).status == .succeeded)
        #expect(test.releases.map { $0["cause"] } == ["late", "late"])
        #expect(test.engine.services.leaders.isEmpty)
    }

    /// Each that a cap refuses makes way for the next, and none of them is left waiting.
    @Test func oneThatACapRefusesPromotesTheNext() async throws {
        let test = CacheRig { _, _ in Self.text() }
        let result = try await test.run(Self.fanOut(6, ", on_error: { value: none }", top: "budget: { max_cost_usd: 0.0001, admit: best }"))
        #expect(result.status == .succeeded && test.provider.requests.isEmpty)
        #expect(test.rig.written.payloads("call_refused").count == 6)
        #expect(test.engine.services.leaders.isEmpty)
    }

    /// Those who wait hold no place: the leader has the only one.
    @Test func whatWaitsHoldsNoPlace() async throws {
        let test = CacheRig(concurrency: 1) { _, _ in Self.text() }
        #expect(try await test.run(Self.fanOut(3)).status == .succeeded)
        #expect(test.sent == ["a[0]": 0, "a[1]": 500, "a[2]": 1000])
        #expect(test.releases.map { $0["waited_ms"] } == [100, 100])
    }

    @Test(arguments: [Engine.Interruption.graceful, .immediate]) func aStopEndsTheWait(level: Engine.Interruption) async throws {
        let test = CacheRig { _, _ in Self.text() }
        test.rig.clock.schedule(after: .milliseconds(50)) { test.engine.interrupt(level) }
        #expect(try await test.run(Self.fanOut()).status == .interrupted)
        #expect(test.provider.requests.count == 1 && test.releases.isEmpty)
        #expect(test.rig.written.nodes.filter { $0.value.status == .cancelled }.count == (level == .graceful ? 3 : 4))
        #expect(test.engine.services.leaders.isEmpty && test.rig.clock.sleepers == 0)
    }

    /// A leader whose own time is over does not take the others along.
    @Test func aLeaderThatIsLateItselfIsFollowed() async throws {
        let test = CacheRig { request, _ in Self.text(firstToken: request.schemaName == "a" ? 2000 : 100) }
        let steps = """
              - { id: a, prefix: [policy], prompt: "${{ 'one' }}", deadline: 1s, on_error: { value: none } }
              - { id: b, prefix: [policy], prompt: "${{ 'two' }}" }
              - { id: c, prefix: [policy], prompt: "${{ 'three' }}" }
            """
        #expect(try await test.run(modelWorkflow(steps, top: "prefixes: { policy: { text: \"\(Self.policy)\" } }")).status == .succeeded)
        #expect(test.sent == ["a": 0, "b": 1000, "c": 1100])
        #expect(test.engine.services.leaders.isEmpty)
    }

    /// The time of an item begins when it is released.
    @Test func waitingIsNoTimeOfTheItems() async throws {
        let test = CacheRig { _, number in Self.text(firstToken: number == 0 ? 800 : 100, decoding: 50) }
        #expect(try await test.run(Self.fanOut(3, ", deadline: 900ms")).status == .succeeded)
        #expect(test.sent["a[2]"] == 800)
        // 800 and 150 are more than 900.
        #expect(test.rig.clock.elapsed == .milliseconds(950))
        let late = CacheRig { _, number in Self.text(firstToken: number == 0 ? 800 : 950, decoding: 10) }
        #expect(try await late.run(Self.fanOut(3, ", deadline: 900ms")).status == .failed)
        #expect(late.rig.written.nodes["a[2]"]?.failure?.kind == .deadline)
        #expect(late.rig.clock.elapsed == .milliseconds(1700))
    }

    /// Wherever its process is gone, a run goes on and comes to its end.
    @Test func aRunGoesOnFromAnywhere() async throws {
        let graph = try workflow(Self.fanOut(3))
        let whole = CacheRig { _, _ in Self.text() }
        #expect(try await whole.run(graph).status == .succeeded)
        let run = whole.rig.written
        for count in 1..<run.events.count {
            let journal = whole.rig.journal.cut(run.start.id, afterEvents: count)
            let test = CacheRig(journal: journal) { _, _ in Self.text() }
            let result = try await test.engine.resume(run.start.id, graph)
            #expect(result.status == .succeeded, "after \(count)")
            #expect(test.engine.services.leaders.isEmpty)
        }
    }

    /// A server of one's own bills nothing, and processes a prompt of its own all the same.
    @Test func onAServerOfOnesOwnTheSharedPartIsProcessedOnce() async throws {
        let test = CacheRig(rules: "vllm") { _, _ in Self.text() }
        #expect(try await test.run(Self.fanOut()).status == .succeeded)
        #expect(test.sent == ["a[0]": 0, "a[1]": 100, "a[2]": 100, "a[3]": 100])
    }
}
