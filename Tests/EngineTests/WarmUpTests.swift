import Economics
import PromptCaching
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What later prompts begin with is written to their model's cache while other models are at work.
@Suite struct WarmUpTests {
    private static let rules = CacheRules(
        name: "anthropic", entries: .marks(most: 4), leastTokens: 100,
        lifetimes: [.init(span: .seconds(3600), writePrice: 2, isLong: true), .init(span: .seconds(300), writePrice: 1.25)], readPrice: 0.1, canWarmUp: true)

    private static let prices = PriceBook(
        overrides: [
            .test("local", "*", .input, "1"), .test("local", "*", .cacheRead, "0.1"), .test("local", "*", .cacheWrite, "1.25"), .test("local", "*", .cacheWriteLong, "2"),
            .test("local", "*", .output, "2"),
        ], catalogue: .none)

    private static let plan = "  - { id: plan, model: big, prompt: Plan it. }"

    /// - Parameter text: of the document, which all items begin with; 4,000 tokens.
    private static func yaml(
        _ steps: String = "\(plan)\n\(fanOut())", price: String = "0.001", top: String = "", text: String = String(repeating: "document ${{ inputs.doc }} ", count: 1600)
    ) -> String {
        """
        version: 1
        name: t
        models: { m: { use: local/small }, big: { use: local/big } }
        defaults: { model: m, limits: { max_output_tokens: 100 } }
        latency_price: \(price)
        inputs: { doc: { default: d } }
        prefixes: { document: { text: "\(text)" } }
        \(top)
        steps:
        \(steps)
        """
    }

    private static func fanOut(_ items: Int = 3, _ keys: String = "") -> String {
        "  - { id: work, needs: [plan], for_each: { items: \"[\((0..<items).map(String.init).joined(separator: ", "))]\" }, prefix: [document], prompt: \"item ${{ item }} of ${{ steps.plan.output }}\"\(keys) }"
    }

    /// An engine whose models have a cache that is written when they are asked.
    private struct Rig {
        let rig: EngineRig

        /// - Parameters:
        ///   - upstream: how long the other model takes, in milliseconds; `warm`: a warm-up.
        ///   - failing: whether warm-ups fail, and other steps by their names.
        init(journal: InMemoryJournal = InMemoryJournal(), upstream: Int64 = 5000, warm: Int64 = 1000, failing: Set<String> = [], rules: CacheRules = WarmUpTests.rules, secrets: SecretBook = SecretBook()) {
            let clock = ManualClock()
            let cache = ScriptedCache(clock: clock)
            rig = EngineRig(
                clock: clock, journal: journal,
                provider: ScriptedProvider(
                    clock: clock, profiles: { .success(ModelProfile(reference: $0, servedID: $0.model, contextWindow: 200_000, maxConcurrency: nil, cache: rules)) },
                    script: { request, _ in
                        let isWarmUp = request.cache?.isWarmUp == true
                        let latency = TimeSpan.milliseconds(request.model.model == "big" ? upstream : isWarmUp ? warm : 200)
                        if failing.contains(isWarmUp ? "warm" : request.schemaName) { return .failure(.badRequest, "no", latency: latency) }
                        var answer = ScriptedProvider.Answer.text(isWarmUp ? "" : "yes", latency: latency)
                        answer.usage = cache.usage(of: request, output: isWarmUp ? 0 : 5, beginningAfter: latency)
                        return answer
                    }), prices: WarmUpTests.prices, setUp: { $0.secrets = secrets })
        }

        var calls: [InMemoryJournal.Call] { rig.written.calls }
        var warmUps: [InMemoryJournal.Call] { calls.filter { $0.start.purpose == .warm } }
        var others: [InMemoryJournal.Call] { calls.filter { $0.start.purpose != .warm && $0.start.model.model == "small" } }

        /// Since the run began, in milliseconds.
        func sent(_ call: InMemoryJournal.Call) -> Int64 { call.at.since(ManualClock.epoch).milliseconds }
    }

    @Test func theDocumentIsWrittenWhileAnotherModelWorks() async throws {
        let test = Rig()
        #expect(try await test.rig.run(Self.yaml()).status == .succeeded)
        let warmUp = try #require(test.warmUps.first)
        let request = try #require(test.rig.provider.requests.first { $0.cache?.isWarmUp == true })
        let tokens = try #require(warmUp.start.cache?.ends.first?.tokens)
        #expect(test.warmUps.count == 1 && test.sent(warmUp) == 0 && warmUp.start.path == "work" && warmUp.start.part == "warm" && warmUp.start.tier == "m")
        #expect(request.segments.map(\.origin) == ["prefix document"] && request.maxOutputTokens == 16 && request.sampling.stream == nil)
        #expect(warmUp.end?.usage?.totalCacheWrite == tokens && warmUp.end?.failure == nil && warmUp.end?.state == .settled)
        // None of them waits for another one, and each finds it.
        #expect(test.others.map(test.sent) == [5000, 5000, 5000] && test.others.allSatisfy { $0.start.cache?.cached == tokens && $0.end?.usage?.cacheRead == tokens })
        #expect(test.rig.written.payloads("prefix_released").isEmpty && test.rig.engine.services.leaders.isEmpty && test.rig.clock.sleepers == 0)
        #expect(test.rig.clock.elapsed == .milliseconds(5200))
    }

    /// What is recorded with it is cleared as with other calls.
    @Test func itsTagsAreClearedOfSecrets() async throws {
        let secrets = SecretBook()
        secrets.add([Secret(name: "TOKEN", value: "sesame-street-42")])
        let test = Rig(secrets: secrets)
        #expect(
            try await test.rig.run(
                Self.yaml("\(Self.plan)\n\(Self.fanOut(3, ", tags: { t: \"${{ inputs.a + inputs.b }}\" }"))", top: "").replacing(
                    "inputs: { doc: { default: d } }", with: "inputs: { doc: { default: d }, a: { default: sesame- }, b: { default: street-42 } }")
            ).status == .succeeded)
        #expect(test.warmUps.count == 1 && test.calls.filter { $0.step == "work" }.allSatisfy { $0.start.tags?["t"] == "***" })
    }

    /// Some APIs want a message of the user.
    @Test func whatTheSystemSaysIsFollowedByAWord() async throws {
        let test = Rig()
        #expect(try await test.rig.run(Self.yaml(text: String(repeating: "policy, ", count: 2000))).status == .succeeded)
        let request = try #require(test.rig.provider.requests.first { $0.cache?.isWarmUp == true })
        #expect(request.segments.map(\.role) == [.system, .user] && request.segments.last?.text == PrefixWarmUp.word && request.cache?.marks.map(\.segment) == [0])
        #expect(test.others.allSatisfy { $0.end?.usage?.cacheRead == request.segments[0].text.utf8.count / 4 })
    }

    @Test(arguments: [
        yaml(price: "0"), yaml(price: "0.0001"), yaml(top: "prefix_cache: off"), yaml(top: "prefix_cache: { warm_up: off }"), yaml(top: "prefix_cache: { holdout: 100% }"),
        // Too short for the cache; one item alone; a cap of its own; what may not be asked; what is asked at once; what another one writes.
        yaml(text: "short"), yaml("\(plan)\n\(fanOut(1))"), yaml("\(plan)\n\(fanOut(3, ", limits: { max_cost_usd: 1 }"))"), yaml("\(plan)\n\(fanOut(3, ", memo: { max_age: 1h }"))"),
        yaml("\(plan)\n\(fanOut(3, ", when: \"inputs.doc == 'd'\""))"), yaml("\(plan)\n\(fanOut(3, ", optional: true"))"),
        yaml("  - { id: plan, value: \"'it'\" }\n\(fanOut())"), yaml("  - { id: plan, prefix: [document], prompt: Plan it. }\n\(fanOut())"),
        // It would be gone before.
        yaml("  - { id: plan, approve: { message: go? } }\n\(fanOut())", text: "x ${{ inputs.doc }} " + String(repeating: "document ", count: 1600)),
    ])
    func thereIsNoneWhereItIsNotWorthItOrMayNotBe(yaml: String) async throws {
        let test = Rig(rules: Self.rules.lasting([.seconds(300)]))
        let status = try await test.rig.run(yaml).status
        #expect((status == .succeeded || status == .waiting) && test.warmUps.isEmpty)
    }

    @Test func stepsThatBeginAlikeHaveOneTogether() async throws {
        let test = Rig()
        let steps = Self.plan + (0..<3).map { "\n  - { id: s\($0), needs: [plan], prefix: [document], prompt: \"question \($0)\" }" }.joined()
        #expect(try await test.rig.run(Self.yaml(steps)).status == .succeeded)
        #expect(test.warmUps.map(\.start.path) == ["s0"] && test.others.map(test.sent) == [5000, 5000, 5000])
        #expect(test.others.allSatisfy { ($0.end?.usage?.cacheRead ?? 0) > 3000 && $0.start.ordinal == 0 })
    }

    /// One that is not done yet is waited for as for a leader.
    @Test func itIsWaitedForWhereItTakesLonger() async throws {
        let test = Rig(upstream: 2000, warm: 2500)
        #expect(try await test.rig.run(Self.yaml()).status == .succeeded)
        #expect(test.others.map(test.sent) == [2500, 2500, 2500] && test.others.allSatisfy { $0.start.cache?.cached ?? 0 > 3000 })
        #expect(test.rig.written.payloads("prefix_released").map { $0["by"] } == Array(repeating: .string(test.warmUps[0].start.id.text), count: 3))
    }

    /// The first of the items leads then.
    @Test func itsFailureChangesNothing() async throws {
        let test = Rig(failing: ["warm"])
        #expect(try await test.rig.run(Self.yaml()).status == .succeeded)
        #expect(test.warmUps.count == 1 && test.warmUps[0].end?.failure?.kind == .badRequest && test.others.map(test.sent) == [5000, 5200, 5200])
        #expect(test.rig.written.nodes["work"]?.status == .succeeded)
    }

    /// What is left for the rest goes before, and that it was refused is told by nobody.
    @Test func itTakesNoMoneyThatTheStepsNeed() async throws {
        // It holds 0.022, and the cheapest rest of the run is 0.013.
        for (cap, isMade) in [("0.03", false), ("0.04", true)] {
            let test = Rig()
            #expect(try await test.rig.run(Self.yaml(top: "budget: { max_cost_usd: \(cap), admit: best }")).status == .succeeded, "\(cap)")
            #expect(test.warmUps.isEmpty != isMade && test.rig.written.payloads("call_refused").isEmpty, "\(cap)")
            #expect(test.rig.engine.services.leaders.isEmpty && test.rig.written.mostHeld <= usd(cap).picoDollars)
        }
    }

    /// A run that is over waits for none.
    @Test func aRunThatFailsStopsIt() async throws {
        let test = Rig(upstream: 500, failing: ["plan"])
        #expect(try await test.rig.run(Self.yaml()).status == .failed)
        #expect(test.warmUps.count == 1 && test.warmUps[0].end != nil && test.rig.clock.elapsed == .milliseconds(500) && test.rig.clock.sleepers == 0)
        #expect(test.rig.engine.services.leaders.isEmpty && test.rig.written.end?.status == .failed)
    }

    @Test(arguments: [Engine.Interruption.graceful, .immediate]) func aStopEndsIt(level: Engine.Interruption) async throws {
        let test = Rig()
        test.rig.clock.schedule(after: .milliseconds(50)) { test.rig.engine.interrupt(level) }
        #expect(try await test.rig.run(Self.yaml()).status == .interrupted)
        #expect(test.warmUps.count == 1 && test.warmUps[0].end != nil && test.others.isEmpty && test.rig.engine.services.leaders.isEmpty && test.rig.clock.sleepers == 0)
    }

    /// Wherever its process is gone, a run goes on, and makes no second one.
    @Test func aRunGoesOnFromAnywhere() async throws {
        let graph = try workflow(Self.yaml())
        let whole = Rig()
        #expect(try await whole.rig.run(graph).status == .succeeded)
        let run = whole.rig.written
        #expect(run.events.contains { $0.callStarted?.purpose == .warm })
        for count in 1..<run.events.count {
            let test = Rig(journal: whole.rig.journal.cut(run.start.id, afterEvents: count))
            #expect(try await test.rig.engine.resume(run.start.id, graph).status == .succeeded, "after \(count)")
            #expect(test.warmUps.count == 1 && test.rig.written.nodes["work"]?.status == .succeeded, "after \(count)")
            #expect(test.rig.engine.services.leaders.isEmpty)
        }
    }

    /// What it costs is the run's, and none of the step's own figures.
    @Test func itCountsForTheRunAlone() async throws {
        let test = Rig()
        let steps = Self.plan + (0..<2).map { "\n  - { id: s\($0), needs: [plan], prefix: [document], prompt: \"question \($0)\" }" }.joined()
        let result = try await test.rig.run(Self.yaml(steps, top: "outputs: { calls: \"${{ steps.s0.attempts }}\", tokens: \"${{ steps.s0.tokens }}\" }"))
        #expect(result.outputs?["calls"] == .int(1))
        let own = try #require(test.others.first { $0.start.path == "s0" }?.end?.usage?.total)
        #expect(result.outputs?["tokens"] == .int(Int64(own)))
        #expect(result.cost == MoneySum(test.calls.reduce(Money.zero) { $0 + ($1.end?.cost ?? .zero) }))
    }

    /// The items of a gate begin with its first tier.
    @Test func itIsOfAGatesFirstTier() async throws {
        let test = Rig()
        let gate = ", escalate: { tiers: [m, big], checks: { said: { expr: \"output == 'yes'\" } }, accept: checks.said.passed }"
        let graph = try workflow(Self.yaml("\(Self.plan)\n\(Self.fanOut(3, gate))"))
        #expect(try await test.rig.run(graph).status == .succeeded)
        #expect(test.warmUps.map(\.start.tier) == ["m"] && test.others.map(test.sent) == [5000, 5000, 5000])
        let builder = PlanBuilder(graph: graph, provider: test.rig.provider, prices: Self.prices, history: WorkflowHistory(), at: test.rig.clock.now())
        let worst = try #require(builder.plan(inputs: ["doc": "d"]).total.worst)
        #expect(test.rig.written.mostHeld <= worst.picoDollars)
    }

    /// A record with a second one for a step, or one of what is no model step of the workflow, is none that a program wrote.
    @Test func aRecordHasOneForAStepAtMost() async throws {
        let test = Rig()
        let graph = try workflow(Self.yaml())
        let result = try await test.rig.run(graph)
        let first = try #require(test.warmUps.first?.start)
        func state() throws -> RunState {
            let state = RunState(result.id, of: graph, inputs: ["doc": "d"], startedAt: result.startedAt)
            for fact in test.rig.written.events {
                _ = try state.apply(fact.event, at: fact.at)
                if fact.callStarted?.purpose == .warm { break }
            }
            return state
        }
        func warmUp(_ path: String, part: String = "warm", ordinal: Int = 0) -> RunEvent {
            .callStarted(
                CallStarted(
                    id: CallID(run: result.id, number: 50), path: path, tier: "m", part: part, model: first.model, purpose: .warm, ordinal: ordinal, request: first.request, held: .zero, retryOf: nil))
        }
        #expect(throws: Never.self) { _ = try state().apply(warmUp("plan"), at: result.endedAt) }
        for fact in [warmUp("work"), warmUp("nothing"), warmUp("work[0]"), warmUp("plan", part: ""), warmUp("plan", ordinal: 1)] {
            let state = try state()
            #expect(throws: IllegalFact.self) { _ = try state.apply(fact, at: result.endedAt) }
        }
    }

    // MARK: The plan

    @Test func aPlanCountsIt() throws {
        func plan(_ price: String) throws -> Plan {
            let rig = Rig().rig
            let builder = PlanBuilder(graph: try workflow(Self.yaml(price: price)), provider: rig.provider, prices: Self.prices, history: WorkflowHistory(), at: rig.clock.now())
            let plan = builder.plan(inputs: ["doc": "d"])
            return builder.withCaches(plan, inputs: ["doc": "d"])
        }
        let (with, without) = (try plan("0.001"), try plan("0"))
        #expect(with.steps[1].maxCalls == without.steps[1].maxCalls.map { $0 + 1 } && with.steps[0].maxCalls == without.steps[0].maxCalls)
        #expect(try #require(with.total.worst) > #require(without.total.worst) && with.total.best == without.total.best)
        #expect(with.steps[1].notes.count == without.steps[1].notes.count + 1)
        // Where the first of three would write it, all of them read it, and it is written all the same.
        let (warm, led) = (try #require(with.steps[1].caches.first), try #require(without.steps[1].caches.first))
        #expect(abs(warm.readShare * 2 - led.readShare * 3) < 0.001 && abs(warm.writtenShare - led.writtenShare) < 0.001 && led.writtenShare > 0.3)
        #expect(try #require(warm.cost) > #require(led.cost) && warm.costWithout == led.costWithout)
    }

    /// Random workflows: no run holds or costs more than the plan's worst, nor asks more often.
    @Test func noRunGoesBeyondItsPlan() async throws {
        var made = 0
        for seed in 0..<60 {
            var random = SeededGenerator(seed: UInt64(seed))
            func pick<T>(_ list: [T]) -> T { list.randomElement(using: &random)! }
            var steps = [Self.plan]
            for index in 0..<Int.random(in: 1...4, using: &random) {
                let items = Bool.random(using: &random)
                var keys = ["id: s\(index)", "model: \(pick(["m", "m", "big"]))", "needs: [\(pick(["plan", index > 0 ? "s\(index - 1)" : "plan"]))]", "prefix: [document]", "prompt: \"do \(index)\""]
                if items { keys.append("for_each: { items: \"[1, 2, 3]\", max_parallel: \(pick([1, 3])) }") }
                // So that no call is left over that a plan counts.
                keys.append("retry: { max_attempts: \(pick([1, 1, 1, 2])) }")
                if Int.random(in: 0..<4, using: &random) == 0 { keys.append("limits: { max_input_tokens: \(pick([500, 8000])) }") }
                if Int.random(in: 0..<4, using: &random) == 0 { keys.append("output: { schema: { type: string } }") }
                keys.append("on_error: { value: none }")
                steps.append("  - { \(keys.joined(separator: ", ")) }")
            }
            let yaml = Self.yaml(steps.joined(separator: "\n"), text: pick([String(repeating: "document ${{ inputs.doc }} ", count: 1600), String(repeating: "policy, ", count: 2000)]))
            let graph = try workflow(yaml)
            let test = Rig(upstream: pick([100, 5000]), warm: pick([100, 3000, 9000]), failing: pick([[], ["warm"]]))
            let builder = PlanBuilder(graph: graph, provider: test.rig.provider, prices: Self.prices, history: WorkflowHistory(), at: test.rig.clock.now())
            let plan = builder.plan(inputs: ["doc": "d"])
            let result = try await test.rig.run(graph)
            let worst = try #require(plan.total.worst, "\(yaml)")
            #expect(test.rig.written.mostHeld <= worst.picoDollars && result.cost <= MoneySum(worst), "seed \(seed)\n\(yaml)")
            for step in plan.steps {
                let asked = test.calls.count { NodePath.step($0.start.path).hasSameBytes(as: step.id) }
                #expect(asked <= step.maxCalls ?? .max, "seed \(seed), \(step.id)\n\(yaml)")
                let money = test.calls.filter { NodePath.step($0.start.path).hasSameBytes(as: step.id) }.reduce(Money.zero) { $0 + ($1.start.held ?? .zero) }
                #expect(money <= step.amounts.worst ?? .max, "seed \(seed), \(step.id)\n\(yaml)")
            }
            #expect(test.rig.engine.services.leaders.isEmpty && test.rig.clock.sleepers == 0)
            made += test.warmUps.count
        }
        #expect(made > 10, "\(made)")
    }

    // MARK: The decision

    /// 3.5 s are worth as much as a read of 4,000 tokens costs from 0.0004 / 3.5 dollars a second on.
    @Test(arguments: [(114_285_000, false), (114_286_000, true)]) func itIsWorthAReadOfItself(picoDollars: Int64, isWorth: Bool) {
        let warmUp = PrefixWarmUp(question: 0, blocks: 1, sharers: [0], start: 5)
        func plan(cached: Int = 0, lifetime: TimeSpan = .seconds(300), isHeldOut: Bool = false) -> CachePlan {
            CachePlan(
                rules: "anthropic", leastTokens: 100, space: 1, ends: [CachePlan.End(segment: 0, name: 1, tokens: 4000, stability: .execution, reads: [])], cached: cached,
                marks: [CachePlan.Mark(end: 0, lifetime: lifetime)], isHeldOut: isHeldOut)
        }
        func decide(_ plan: CachePlan, _ warmUp: PrefixWarmUp) -> Bool {
            warmUp.isWorth(plan, Self.rules, price: Money(picoDollars: 1_000_000), latencyPrice: Money(picoDollars: picoDollars), wait: .milliseconds(3500))
        }
        #expect(decide(plan(), warmUp) == isWorth)
        // There already; kept apart.
        #expect(!decide(plan(cached: 4000), warmUp) && !decide(plan(isHeldOut: true), warmUp))
        // What is needed before it is done is waited for: the time until then alone is saved.
        #expect(decide(plan(), PrefixWarmUp(question: 0, blocks: 1, sharers: [0], start: 3.5)) == isWorth && !decide(plan(), PrefixWarmUp(question: 0, blocks: 1, sharers: [0], start: 3.4)))
        // Gone before.
        #expect(!decide(plan(), PrefixWarmUp(question: 0, blocks: 1, sharers: [0], start: 301)))
        #expect(decide(plan(lifetime: .seconds(3600)), PrefixWarmUp(question: 0, blocks: 1, sharers: [0], start: 301)) == isWorth)
    }
}
