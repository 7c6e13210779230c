import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What is planned of prompt caches for the calls of runs, and what becomes of it.
@Suite struct CachedCallTests {
    private static let rules = CacheRules(
        name: "anthropic", entries: .marks(most: 4), leastTokens: 100,
        lifetimes: [.init(span: .seconds(3600), writePrice: 2, isLong: true), .init(span: .seconds(300), writePrice: 1.25)], readPrice: 0.1)

    private static let prices = PriceBook(
        overrides: [
            .test("local", "*", .input, "1"), .test("local", "*", .cacheRead, "0.1"), .test("local", "*", .cacheWrite, "1.25"), .test("local", "*", .cacheWriteLong, "2"),
            .test("local", "*", .output, "2"),
        ], catalogue: .none)

    private static let policy = String(repeating: "Mind the rules. ", count: 60)

    private struct Rig {
        let engine: EngineRig
        let cache: ScriptedCache

        init(journal: InMemoryJournal = InMemoryJournal(), clock: ManualClock = ManualClock(), cache: ScriptedCache? = nil, rules: CacheRules = CachedCallTests.rules) {
            let cache = cache ?? ScriptedCache(clock: clock)
            self.cache = cache
            engine = EngineRig(
                clock: clock, journal: journal,
                provider: ScriptedProvider(
                    clock: clock,
                    profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: 200_000, maxConcurrency: nil, cache: rules)) },
                    script: { request, _ in
                        var answer = ScriptedProvider.Answer.text("ok")
                        answer.usage = cache.usage(of: request)
                        return answer
                    }), prices: CachedCallTests.prices, setUp: { $0.history = InMemoryArchive(journal) })
        }

        /// The plans of the last run's calls, and why less was found.
        var plans: [CachePlan?] { engine.written.calls.map(\.start.cache) }
        var misses: [CacheMiss?] { engine.written.calls.map { $0.end?.cacheMiss } }
        var usages: [TokenUsage] { engine.written.calls.compactMap { $0.end?.usage } }
    }

    private static func chain(_ top: String = "") -> String {
        modelWorkflow(
            """
              - { id: a, prefix: policy, prompt: "first" }
              - { id: b, prefix: policy, prompt: "then ${{ steps.a.output }}" }
              - { id: c, prefix: policy, prompt: "last ${{ steps.b.output }}" }
            """, top: "prefixes: { policy: { text: \"\(policy)\" } }\n\(top)")
    }

    @Test func aPrefixIsWrittenOnceAndReadByTheStepsBehind() async throws {
        let rig = Rig()
        _ = try await rig.engine.run(Self.chain())
        let plans = try rig.plans.map { try #require($0) }
        #expect(plans.map(\.cached) == [0, plans[0].ends[0].tokens, plans[0].ends[0].tokens])
        #expect(plans.allSatisfy { $0.marks == [CachePlan.Mark(end: 0, lifetime: .seconds(300))] }, "\(plans.map(\.marks))")
        #expect(plans[0].ends[0].reads == [2000, 2000] && plans[0].ends[0].name == plans[1].ends[0].name && plans[0].ends[1].name != plans[1].ends[1].name)
        #expect(rig.usages.map(\.cacheRead) == plans.map(\.cached) && rig.usages.map(\.cacheWrite) == [plans[0].ends[0].tokens, 0, 0])
        #expect(rig.misses == [nil, nil, nil])
        // Marks are no part of what is asked.
        #expect(Set(rig.engine.provider.requests.map { $0.cache?.marks.count }) == [1] && rig.engine.written.calls[0].start.held != nil)
    }

    @Test func whatNobodyReadsAgainIsNotWritten() async throws {
        let rig = Rig()
        _ = try await rig.engine.run(modelWorkflow("  - { id: a, prefix: policy, prompt: hi }", top: "prefixes: { policy: { text: \"\(Self.policy)\" } }"))
        let plan = try #require(rig.plans[0])
        #expect(plan.marks.isEmpty && plan.ends.count == 2 && rig.usages[0].cacheWrite == 0)
        // Nothing can be charged as written: no more is held than the prompt costs plainly.
        let bound = RequestBound.inputTokens(rig.engine.provider.requests[0].segments, schemaBound: 0, support: .none)!
        #expect(rig.engine.written.calls[0].start.held! == Money(picoDollars: Int64(bound) * 1_000_000) + Money(picoDollars: 100 * 2_000_000))
    }

    @Test func runsThatComeAgainAreLearnedOf() async throws {
        let rig = Rig()
        let once = try workflow(modelWorkflow("  - { id: a, prefix: policy, prompt: \"hi ${{ inputs.n }}\" }", top: "inputs: { n: {} }\nprefixes: { policy: { text: \"\(Self.policy)\" } }"))
        for n in 0..<12 {
            _ = try await rig.engine.run(once, ["n": .int(Int64(n))])
            rig.engine.clock.advance(by: .seconds(60))
        }
        let plan = try #require(rig.plans[0])
        #expect(plan.cached == plan.ends[0].tokens && plan.marks.first?.end == 0 && rig.usages[0].cacheRead == plan.ends[0].tokens)
        // Another process knows it from the ledger.
        let next = Rig(journal: rig.engine.journal, clock: rig.engine.clock, cache: rig.cache)
        _ = try await next.engine.run(once, ["n": 99])
        #expect(next.plans[0]?.cached == plan.ends[0].tokens && next.misses == [nil] && next.usages[0].cacheRead == plan.ends[0].tokens)
    }

    @Test func whyLessWasFoundIsSaid() async throws {
        let rig = Rig(rules: CacheRules(name: "anthropic", entries: .marks(most: 4), leastTokens: 100, lifetimes: [.init(span: .seconds(300), writePrice: 1.25)], readPrice: 0.1))
        _ = try await rig.engine.run(Self.chain())
        // Dropped early.
        rig.cache.clear()
        _ = try await rig.engine.run(Self.chain())
        #expect(rig.misses == [.evicted, nil, nil])
        rig.engine.clock.advance(by: .seconds(400))
        _ = try await rig.engine.run(Self.chain())
        // The whole prompts of the others have come back, too.
        #expect(rig.misses[0] == .expired && rig.misses.allSatisfy { $0 == nil || $0 == .expired } && rig.plans[0]?.cached == 0, "\(rig.misses)")
        // Another text in its place, which could be found.
        _ = try await rig.engine.run(Self.chain().replacing("Mind the rules. Mind", with: "Mind the laws. Mind"))
        #expect(rig.misses[0] == .moved && rig.misses.dropFirst().allSatisfy { $0 == nil }, "\(rig.misses)")
    }

    @Test func aPrefixBelowWhatIsCachedIsToldBySilence() async throws {
        var rules = Self.rules
        rules.leastTokens = 50
        let clock = ManualClock()
        let rig = Rig(clock: clock, cache: ScriptedCache(clock: clock, leastTokens: 1000), rules: rules)
        _ = try await rig.engine.run(Self.chain())
        #expect(rig.misses[0] == .belowMinimum && rig.plans.map { $0?.cached } == [0, 0, 0])
    }

    @Test func aRunThatIsKeptApartMarksNothing() async throws {
        let rig = Rig()
        _ = try await rig.engine.run(Self.chain("prefix_cache: { holdout: 100% }"))
        #expect(rig.plans.allSatisfy { $0?.isHeldOut == true && $0?.marks.isEmpty == true && $0?.cached == 0 })
        #expect(rig.engine.provider.requests.allSatisfy { $0.cache == nil })
        #expect(rig.engine.written.payloads("run_started")[0]["holdout"] == "100%" && rig.engine.written.payloads("run_started")[0]["holdout_draw"] != nil)
        let off = Rig()
        _ = try await off.engine.run(Self.chain("prefix_cache: off"))
        #expect(off.plans.allSatisfy { $0?.marks.isEmpty == true && $0?.isHeldOut == false } && off.engine.provider.requests.allSatisfy { $0.cache == nil })
    }

    @Test func marksThatDoNotFitUnderACapAreLeftOut() async throws {
        let rig = Rig()
        // The first call fits plainly, and not at the price of writing.
        let probe = Rig()
        _ = try await probe.engine.run(Self.chain())
        let held = probe.engine.written.calls[0].start.held!
        let cap = held - Money(picoDollars: 1)
        let graph = try workflow(Self.chain()).withBudget(cap)
        _ = try await rig.engine.engine.run(graph, inputs: [:])
        let first = try #require(rig.engine.written.calls.first)
        #expect(first.start.cache?.marks.isEmpty == true && first.start.held! < held && first.end?.usage?.cacheWrite == 0)
    }

    /// A hit that does not come is billed as written: that is held, too.
    @Test func whatIsExpectedToBeFoundIsHeldAsIfItWereNot() async throws {
        let rig = Rig()
        _ = try await rig.engine.run(Self.chain())
        let bound = RequestBound.inputTokens(rig.engine.provider.requests[1].segments, schemaBound: 0, support: .none)!
        #expect(rig.plans[1]?.cached ?? 0 > 0 && rig.engine.written.calls[1].start.held! == Money(picoDollars: Int64(bound) * 1_250_000) + Money(picoDollars: 100 * 2_000_000))
        rig.cache.clear()
        _ = try await rig.engine.run(Self.chain())
        #expect(rig.engine.written.calls.allSatisfy { $0.end!.cost! <= $0.start.held! && $0.state == .settled })
    }

    /// Another process goes on with a run and counts what it has asked.
    @Test func aRunThatGoesOnKnowsWhatItHasAsked() async throws {
        let rig = Rig()
        let graph = try workflow(
            modelWorkflow(
                "  - { id: a, for_each: { items: \"[0, 1, 2, 3, 4, 5, 6, 7]\", max_parallel: 1 }, prefix: policy, prompt: \"item ${{ item }}\" }", top: "prefixes: { policy: { text: \"\(Self.policy)\" } }"))
        _ = try await rig.engine.run(graph)
        let whole = rig.engine.written
        #expect(rig.plans.map { $0?.ends[0].reads[0] } == (0..<8).map { (7 - $0) * 1000 })
        let cut = whole.events.firstIndex { $0.callStarted?.path == "a[5]" }!
        let journal = rig.engine.journal.cut(whole.start.id, afterEvents: cut)
        let next = Rig(journal: journal, clock: rig.engine.clock, cache: rig.cache)
        #expect(try await next.engine.engine.resume(whole.start.id, graph).status == .succeeded)
        let reads = next.engine.written.calls.compactMap { $0.start.cache?.ends[0].reads[0] }
        // What its own calls had is not taken for what came back in another run.
        #expect(reads.count == 8 && Array(reads.suffix(3)) == [2000, 1000, 0], "\(reads)")
    }

    @Test func loopsWithinLoopsAreCountedWithoutATrap() throws {
        var body = "{ id: a, prefix: policy, prompt: hi }"
        for level in 0..<4 { body = "{ id: l\(level), loop: { max: 1000, steps: [\(body)] } }" }
        let graph = try workflow(modelWorkflow("  - \(body)", top: "prefixes: { policy: { text: \"\(Self.policy)\" } }"))
        let outlook = PrefixOutlook(graph)
        let reads = outlook.reads(of: 0, within: [.seconds(300)])
        #expect(reads[0][0] >= 999 && reads[0].allSatisfy { CachePlan.thousandths($0) <= CachePlan.mostReads }, "\(reads)")
    }

    /// A list that is longer than the graph guessed: nobody reads what is an item's own.
    @Test(arguments: [3, 6, 20]) func anItemsOwnTextIsNotWritten(items: Int) async throws {
        let rig = Rig()
        let graph = try workflow(
            modelWorkflow(
                "  - { id: each, for_each: { items: inputs.items, max_parallel: 8 }, prompt: \"Classify ${{ item }}\" }\n  - { id: after, prompt: \"all: ${{ size(steps.each.output) }}\" }", top: "inputs: { items: { type: array } }"))
        let list = (0..<items).map { JSONValue.string(String(repeating: "item \($0) ", count: 200)) }
        for _ in 0..<2 {
            _ = try await rig.engine.run(graph, ["items": .array(list)])
            #expect(rig.engine.written.calls.filter { $0.start.path != "after" }.allSatisfy { $0.start.cache != nil })
            // Not even where the same was asked before: whole prompts are for `memo`.
            #expect(rig.usages.allSatisfy { $0.totalCacheWrite == 0 })
        }
    }

    /// A server that caches nothing of what is marked.
    @Test func aServerThatNeverCachesIsToldApartFromOneThatForgets() async throws {
        let clock = ManualClock()
        let rig = Rig(clock: clock, cache: ScriptedCache(clock: clock, leastTokens: 1_000_000))
        _ = try await rig.engine.run(
            modelWorkflow("  - { id: a, for_each: { items: \"[1, 2, 3]\" }, prefix: policy, prompt: \"item ${{ item }}\" }", top: "prefixes: { policy: { text: \"\(Self.policy)\" } }"))
        // From the first answer on nothing is marked any more.
        #expect(rig.misses == [.belowMinimum, nil, nil] && rig.engine.provider.requests.map { $0.cache?.marks.count ?? 0 } == [1, 0, 0], "\(rig.misses)")
    }

    /// Runs that begin together look at the ledger once.
    @Test func theLedgerIsReadOnceForAModel() async throws {
        let history = CountingHistory()
        let clock = ManualClock()
        let cache = ScriptedCache(clock: clock)
        let rig = EngineRig(
            clock: clock,
            provider: ScriptedProvider(
                clock: clock, profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: 200_000, maxConcurrency: nil, cache: Self.rules)) },
                script: { request, _ in
                    var answer = ScriptedProvider.Answer.text("ok")
                    answer.usage = cache.usage(of: request)
                    return answer
                }), prices: Self.prices, setUp: { $0.history = history })
        let graph = try workflow(Self.chain())
        let results = try await withThrowingTaskGroup(of: RunResult.self) { group in
            for _ in 0..<8 { group.addTask { try await rig.run(graph) } }
            return try await group.reduce(into: [RunResult]()) { $0.append($1) }
        }
        #expect(results.allSatisfy { $0.status == .succeeded } && history.asked == 1)
    }
}

/// Knows of no earlier run, and counts who asks for calls of the past.
private final class CountingHistory: RunHistory {
    private let count = Mutex(0)
    var asked: Int { count.withLock { $0 } }

    func history(workflow: String) async throws(JournalError) -> WorkflowHistory { WorkflowHistory() }
    func billedPrompts(of model: ModelReference) async throws(JournalError) -> [BilledPrompt] { [] }

    func plannedCaches(of model: ModelReference, since: Timestamp, most: Int) async throws(JournalError) -> [PlannedCacheRow] {
        count.withLock { $0 += 1 }
        // Others come while it is read.
        for _ in 0..<20 { await Task.yield() }
        return []
    }
}
