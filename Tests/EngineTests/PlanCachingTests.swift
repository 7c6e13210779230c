import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What a plan expects of prompt caches.
@Suite struct PlanCachingTests {
    private static let rules = CacheRules(
        name: "anthropic", entries: .marks(most: 4), leastTokens: 100,
        lifetimes: [.init(span: .seconds(3600), writePrice: 2, isLong: true), .init(span: .seconds(300), writePrice: 1.25)], readPrice: 0.1)

    private static let automatic = CacheRules(
        name: "openai-55", entries: .steps(128), leastTokens: 1024, lifetimes: [.init(span: .seconds(300), writePrice: 1)], readPrice: 0.1)

    private static let prices = PriceBook(
        overrides: [
            .test("local", "*", .input, "1"), .test("local", "*", .cacheRead, "0.1"), .test("local", "*", .cacheWrite, "1.25"), .test("local", "*", .cacheWriteLong, "2"),
            .test("local", "*", .output, "2"),
        ], catalogue: .none)

    /// 240 tokens by the estimate, with what stands behind it.
    private static let policy = String(repeating: "Mind the rules. ", count: 60).dropLast(2)

    private static func provider(_ clock: ManualClock, _ rules: CacheRules?, _ script: @escaping ScriptedProvider.Script = { _, _ in .text("ok") }) -> ScriptedProvider {
        ScriptedProvider(
            clock: clock, profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: 200_000, maxConcurrency: nil, cache: rules)) }, script: script)
    }

    private func plan(
        _ steps: String, top: String = "prefixes: { policy: { text: \"\(policy)\" } }", rules: CacheRules? = rules, history: WorkflowHistory = WorkflowHistory()
    ) throws -> Plan {
        let clock = ManualClock()
        let builder = PlanBuilder(
            graph: try workflow(modelWorkflow(steps, top: top)), provider: Self.provider(clock, rules), prices: Self.prices, history: history, at: clock.now())
        let plan = builder.plan(inputs: [:])
        let expected = builder.withCaches(plan, inputs: [:])
        #expect(expected.total.best == plan.total.best && expected.total.worst == plan.total.worst && expected.refusal == plan.refusal)
        return expected
    }

    private static let fanOut = """
          - { id: a, prefix: [policy], prompt: Plan it. }
          - { id: b, prefix: [policy], needs: [a], for_each: { items: "[1, 2, 3, 4, 5, 6, 7, 8]" }, prompt: "Do ${{ item }}" }
          - { id: c, prefix: [policy], needs: [b], prompt: Sum it up. }
        """

    @Test func theFirstWritesAndTheOthersRead() throws {
        let steps = try plan(Self.fanOut).steps
        let (a, b, c) = (try #require(steps[0].caches.first), try #require(steps[1].caches.first), try #require(steps[2].caches.first))
        #expect(a.marks == [PlannedCaching.Mark(end: "prefix policy", lifetime: .seconds(300))])
        #expect(a.promptTokens == 242 && a.sharedTokens == 240 && a.isComplete && a.readShare == 0 && a.writtenShare == 240 / Double(a.promptTokens))
        // The item itself is not known before the run.
        #expect(b.calls == 8 && b.writtenShare == 0 && b.readShare == 240 / Double(b.promptTokens))
        #expect(c.readShare == 240 / Double(c.promptTokens) && c.marks.map(\.end) == ["prefix policy"])
        // 2 plain, 240 written; and 240 read.
        #expect(a.costWithout == usd("0.000242") && a.cost == usd("0.000302"))
        #expect(c.cost == usd("0.000024") + Money(picoDollars: 1_000_000) * (c.promptTokens - 240))
        #expect(steps[0].notes.isEmpty)
    }

    /// What is expected of a run with nothing in the cache is what comes of it.
    @Test(arguments: [
        fanOut,
        """
          - { id: a, prefix: [policy], prompt: Plan it. }
          - { id: lone, system: Alone., prompt: Say something. }
          - { id: l, needs: [a], loop: { max: 3, steps: [{ id: x, prefix: [policy], prompt: Again. }, { id: y, prefix: [policy], needs: [x], prompt: "And ${{ pass.index }}" }] } }
          - { id: short, system: Short., needs: [l], for_each: { items: "[1, 2]" }, prompt: Go. }
        """,
    ])
    func aColdRunIsAsExpected(steps: String) async throws {
        let clock = ManualClock()
        let cache = ScriptedCache(clock: clock)
        let provider = Self.provider(clock, Self.rules) { request, _ in
            var answer = ScriptedProvider.Answer.text("ok")
            answer.usage = cache.usage(of: request)
            return answer
        }
        let journal = InMemoryJournal()
        let rig = EngineRig(clock: clock, journal: journal, provider: provider, prices: Self.prices)
        let top = "prefixes: { policy: { text: \"\(Self.policy)\" } }"
        let graph = try workflow(modelWorkflow(steps, top: top))
        #expect(try await rig.run(graph).status == .succeeded)
        let expected = PlanBuilder(graph: graph, provider: provider, prices: Self.prices, history: WorkflowHistory(), at: clock.now())
        let plan = expected.withCaches(expected.plan(inputs: [:]), inputs: [:])
        for step in plan.steps {
            guard let cache = step.caches.first else { continue }
            let calls = rig.written.calls.filter { NodePath.step($0.start.path).hasSameBytes(as: step.id) }
            let usages = calls.compactMap { $0.end?.usage }
            #expect(usages.count == Int(cache.calls), "\(step.id)")
            let read = usages.reduce(0) { $0 + ($1.cacheRead ?? 0) }
            #expect(Int((cache.readShare * Double(cache.promptTokens) * cache.calls).rounded()) == read, "\(step.id)")
            let written = usages.reduce(0) { $0 + ($1.totalCacheWrite ?? 0) }
            #expect(Int((cache.writtenShare * Double(cache.promptTokens) * cache.calls).rounded()) == written, "\(step.id)")
        }
    }

    @Test func tooShortIsSaid() throws {
        let steps = try plan(Self.fanOut, rules: Self.automatic).steps
        let a = try #require(steps[0].caches.first)
        #expect(a.isTooShort && a.sharedTokens == 240 && a.leastTokens == 1024 && a.readShare == 0 && a.marks.isEmpty && a.cost == a.costWithout)
        #expect(try plan(Self.fanOut, rules: nil).steps.allSatisfy(\.caches.isEmpty))
    }

    /// Where nothing is marked, nothing is written nor found.
    @Test func withoutMarksNothingIsExpected() throws {
        let top = "prefix_cache: off\nprefixes: { policy: { text: \"\(Self.policy)\" } }"
        for step in try plan(Self.fanOut, top: top).steps {
            let cache = try #require(step.caches.first)
            #expect(cache.marks.isEmpty && cache.readShare == 0 && cache.writtenShare == 0 && cache.cost == cache.costWithout)
        }
    }

    /// An answer of a person lies between: the hour is what pays.
    @Test func aWaitTakesTheLongerLife() throws {
        let steps = try plan(
            """
              - { id: a, prefix: [policy], prompt: Plan it. }
              - { id: ok, needs: [a], approve: { message: Good? } }
              - { id: b, needs: [ok], for_each: { items: "[1, 2, 3, 4]" }, prefix: [policy], prompt: Do it. }
            """
        ).steps
        #expect(steps[0].caches.first?.marks.first?.lifetime == .seconds(3600))
        #expect(try #require(steps[2].caches.first).readShare > 0.9)
    }

    /// What came of what was expected before.
    @Test func historyTakesAwayFromIt() throws {
        var statistics = CallStatistics(provider: "local", model: "small", calls: 8, usage: TokenUsage(plainInput: 100, plainOutput: 1), milliseconds: 8)
        (statistics.predictedCalls, statistics.predictedTokens, statistics.foundTokens) = (8, 2000, 1500)
        let one = CallStatistics(provider: "local", model: "small", calls: 1, usage: TokenUsage(plainInput: 100, plainOutput: 1), milliseconds: 8)
        let steps = try plan(Self.fanOut, history: WorkflowHistory(runs: 1, steps: ["a": [one], "b": [statistics], "c": [one]])).steps
        let b = try #require(steps[1].caches.first)
        #expect(b.observed == PlannedCaching.Observed(share: 0.75, calls: 8))
        #expect(b.readShare == 180 / Double(b.promptTokens))
        #expect(steps[0].caches.first?.observed == nil)
    }

    /// A price that is not needed is not missed: no row for the longer life, where nothing is kept for it.
    @Test func onlyWhatIsUsedNeedsAPrice() throws {
        func caches(_ units: [(PriceUnit, String)], _ steps: String = Self.fanOut) throws -> [PlannedCaching] {
            let prices = PriceBook(overrides: units.map { .test("local", "*", $0.0, $0.1) } + [.test("local", "*", .input, "1"), .test("local", "*", .output, "2")], catalogue: .none)
            let graph = try workflow(modelWorkflow(steps, top: "prefixes: { policy: { text: \"\(Self.policy)\" } }"))
            let clock = ManualClock()
            let builder = PlanBuilder(graph: graph, provider: Self.provider(clock, Self.rules), prices: prices, history: WorkflowHistory(), at: clock.now())
            return builder.withCaches(builder.plan(inputs: [:]), inputs: [:]).steps.flatMap(\.caches)
        }
        let known = try caches([(.cacheRead, "0.1"), (.cacheWrite, "1.25")])
        #expect(known.map(\.cost) == (try plan(Self.fanOut).steps.flatMap(\.caches).map(\.cost)) && known.allSatisfy { $0.cost != nil })
        // The first writes, and the others read.
        let unwritten = try caches([(.cacheRead, "0.1")])
        #expect(unwritten.map { $0.cost == nil } == [true, false, false])
        let unread = try caches([(.cacheWrite, "1.25")])
        #expect(unread.map { $0.cost == nil } == [false, true, true])
        // What is neither read nor written has its price by that of input.
        let lone = try #require(try caches([], "  - { id: a, prefix: [policy], prompt: Plan it. }").first)
        #expect(lone.writtenShare == 0 && lone.cost == lone.costWithout && lone.cost != nil)
    }

    /// Runs that are kept apart find nothing and write nothing.
    @Test(arguments: [("holdout: 25%", 0.25), ("holdout: 100%", 1)]) func whatIsKeptApartIsTakenOff(key: String, apart: Double) throws {
        let top = "prefixes: { policy: { text: \"\(Self.policy)\" } }"
        let all = try plan(Self.fanOut).steps.flatMap(\.caches)
        let some = try plan(Self.fanOut, top: "prefix_cache: { \(key) }\n\(top)").steps.flatMap(\.caches)
        #expect(some.count == 3 && some.allSatisfy { $0.unmarkedShare == apart })
        for (all, some) in zip(all, some) {
            #expect(abs(some.readShare - all.readShare * (1 - apart)) < 1e-9 && abs(some.writtenShare - all.writtenShare * (1 - apart)) < 1e-9)
            #expect(apart < 1 || some.marks.isEmpty && some.cost == some.costWithout)
        }
        #expect(all.allSatisfy { $0.unmarkedShare == 0 })
        #expect(try plan(Self.fanOut, top: "prefix_cache: off\n\(top)").steps.flatMap(\.caches).allSatisfy { $0.unmarkedShare == 1 })
        #expect(try plan(Self.fanOut, top: "prefix_cache: off\n\(top)", rules: Self.automatic).steps.flatMap(\.caches).allSatisfy { $0.unmarkedShare == 0 })
    }

    /// A read without a price of its own is not priced as plain input.
    @Test func whatHasNoPriceIsNotPriced() throws {
        let clock = ManualClock()
        let graph = try workflow(modelWorkflow(Self.fanOut, top: "prefixes: { policy: { text: \"\(Self.policy)\" } }"))
        let builder = PlanBuilder(graph: graph, provider: Self.provider(clock, Self.rules), prices: .perToken(), history: WorkflowHistory(), at: clock.now())
        let caches = builder.withCaches(builder.plan(inputs: [:]), inputs: [:]).steps.flatMap(\.caches)
        #expect(caches.count == 3 && caches.allSatisfy { $0.cost == nil && $0.costWithout != nil })
    }
}
