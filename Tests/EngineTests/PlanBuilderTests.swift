import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct PlanBuilderTests {
    private func plan(
        _ yaml: String, inputs: JSONObject? = [:], prices: PriceBook = .perToken(), history: WorkflowHistory = WorkflowHistory(),
        window: Int? = nil
    ) throws -> Plan {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock, profiles: ScriptedProvider.profile(contextWindow: window)) { _, _ in .text("x") }
        let builder = PlanBuilder(graph: try workflow(yaml), provider: provider, prices: prices, history: history, at: clock.now())
        let plan = builder.plan(inputs: inputs)
        // The short cut of a batch says what the whole plan says.
        if let inputs { #expect(builder.refusal(inputs: inputs) == plan.refusal) }
        return plan
    }

    /// "hello" is 5 bytes, 7 with its joiner: 2 tokens at best. At worst 64 + 12 for the template, 5 for the text and 2
    /// for the joiner, and 100 of output, three times.
    @Test func oneCallHasABestAndAWorst() throws {
        let plan = try plan(modelWorkflow("  - { id: a, prompt: hello }"))
        let step = try #require(plan.steps.first)
        #expect(step.amounts.best == usd("0.000004"))
        #expect(step.amounts.worst == usd("0.000849"))
        #expect(step.amounts.expected == nil)
        #expect(step.maxCalls == 3)
        #expect(step.promptTokens == 2)
        #expect(step.maxOutputTokens == 100)
        #expect(plan.total.worst == usd("0.000849"))
        #expect(plan.refusal == nil)
        #expect(plan.isBounded)
    }

    /// What is expected of a prompt goes by what was billed before; no amount does.
    @Test func promptsGoByWhatWasLearned() throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { _, _ in .text("x") }
        let graph = try workflow(modelWorkflow("  - { id: a, prompt: hello }"))
        let ratio = try #require(TokenRatio([(7, 7), (7, 7), (7, 7)].map { TokenRatio.Sample(bytes: $0.0, tokens: $0.1) }))
        func plan(_ ratios: [ModelReference: TokenRatio]) -> Plan {
            PlanBuilder(graph: graph, provider: provider, prices: .perToken(), history: WorkflowHistory(), ratios: ratios, at: clock.now()).plan(inputs: [:])
        }
        let (learned, plain) = (plan([ModelReference(text: "local/small")!: ratio]), plan([ModelReference(text: "local/other")!: ratio]))
        #expect(learned.steps[0].prompt == PromptTokens(7, .learned(ratio)) && plain.steps[0].prompt == PromptTokens(2, .estimate))
        #expect(learned.total.best == plain.total.best && learned.total.worst == plain.total.worst && learned.total.expected == nil)
    }

    @Test func retriesFallbacksAndRepairsAreCounted() throws {
        let plan = try plan(
            modelWorkflow(
                """
                  - { id: a, prompt: hello, retry: { max_attempts: 5 }, output: { schema: { type: object }, repair: 2 } }
                """, fallback: "[local/b, local/c]"))
        #expect(plan.steps[0].maxCalls == 5 + 2 + 2)
        #expect(plan.steps[0].model == "local/small | local/b | local/c")
    }

    /// The plan's worst case covers what a run can really hold.
    @Test func noRunHoldsMoreThanTheWorstCase() async throws {
        let yaml = modelWorkflow(
            """
              - { id: a, prompt: hello, output: { schema: { type: object } } }
              - { id: s, for_each: { items: "inputs.list" }, prompt: "item ${{ inputs.list }}" }
            """, top: "inputs: { list: { default: [1, 2] } }")
        let worst = try #require(try plan(yaml, inputs: ["list": [1, 2]]).total.worst)
        let rig = EngineRig { request, number in
            request.schemaName == "a" && number >= 2 ? .text("nonsense", input: 500, output: 100) : .failure(.timeout, billing: .unknown)
        }
        _ = try await rig.run(yaml, ["list": [1, 2]])
        #expect(rig.written.calls.count == 4 + 6)
        let held = rig.written.calls.reduce(Money.zero) { $0 + ($1.start.held ?? .zero) }
        #expect(held <= worst)
    }

    @Test func aConditionalStepCostsNothingAtBest() throws {
        let plan = try plan(
            modelWorkflow(
                """
                  - { id: a, when: "inputs.x", prompt: hello }
                  - { id: b, prompt: "${{ steps.a.output }}", limits: { max_input_tokens: 50 } }
                  - { id: c, prompt: "hello ${{ has(steps.a.output) ? 'x' : 'y' }}", limits: { max_input_tokens: 50 } }
                """, top: "inputs: { x: { type: boolean } }"))
        #expect(plan.steps.map(\.isConditional) == [true, true, false])
        #expect(plan.steps.map { $0.amounts.best == .zero } == [true, true, false])
        #expect(plan.steps.allSatisfy { $0.amounts.worst != nil })
        #expect(plan.steps[1].dependsOn == ["a"])
    }

    @Test func aPromptThatIsNotKnownIsUnboundedWithoutALimit() throws {
        let unbounded = try plan(
            modelWorkflow(
                """
                  - { id: a, run: [p] }
                  - { id: b, prompt: "${{ steps.a.output }}" }
                """))
        #expect(unbounded.total.worst == nil)
        #expect(!unbounded.isBounded)
        #expect(unbounded.steps[1].notes == ["unbounded: no limits.max_input_tokens, and the prompt is not known before the run"])
        let limited = try plan(
            modelWorkflow(
                """
                  - { id: a, run: [p] }
                  - { id: b, prompt: "${{ steps.a.output }}", limits: { max_input_tokens: 1000 } }
                """))
        // The limit is checked at four bytes a token and a reservation counts bytes: 4000, 76 for the template, 2 for the joiner.
        #expect(limited.steps[1].amounts.worst == usd("0.012834"))
        #expect(limited.steps[1].notes.isEmpty)
        let windowed = try plan(
            modelWorkflow(
                """
                  - { id: a, run: [p] }
                  - { id: b, prompt: "${{ steps.a.output }}" }
                """), window: 1000)
        #expect(windowed.steps[1].amounts.worst == usd("0.0036"))
    }

    @Test func listsCountByTheirItemsOrTheirLimit() throws {
        func step(_ keys: String, inputs: JSONObject?) throws -> Plan.Step {
            try plan(modelWorkflow("  - { id: s, for_each: { items: inputs.list \(keys) }, prompt: hello }", top: "inputs: { list: { type: array } }"), inputs: inputs).steps[0]
        }
        let known = try step("", inputs: ["list": [1, 2, 3]])
        #expect(known.amounts.best == usd("0.000012"))
        #expect(known.amounts.worst == usd("0.002547"))
        #expect(known.maxCalls == 9)
        let limited = try step(", max_items: 2", inputs: nil)
        #expect(limited.amounts.best == .zero)
        #expect(limited.amounts.worst == usd("0.001698"))
        let unlimited = try step("", inputs: nil)
        #expect(unlimited.amounts.worst == nil)
        #expect(unlimited.notes == ["unbounded: for_each without max_items"])
        #expect(unlimited.maxCalls == nil)
        let capped = try step(", max_cost_usd: 0.001", inputs: nil)
        #expect(capped.amounts.worst == usd("0.001"))
    }

    @Test func aStepsCapIsItsWorstCase() throws {
        #expect(try plan(modelWorkflow("  - { id: a, prompt: hello, limits: { max_cost_usd: 0.0005 } }")).steps[0].amounts.worst == usd("0.0005"))
    }

    @Test func historyGivesWhatIsExpected() throws {
        let calls = CallStatistics(
            provider: "local", model: "small", calls: 6, usage: TokenUsage(plainInput: 600, plainOutput: 60), milliseconds: 300)
        let plan = try plan(modelWorkflow("  - { id: a, prompt: hello }\n  - { id: b, prompt: hello }"), history: WorkflowHistory(runs: 4, steps: ["a": [calls]]))
        // 100 tokens in and 10 out are $0.00012, at 6 calls in 4 runs.
        #expect(plan.steps[0].amounts.expected == usd("0.00018"))
        // A step that is new cannot cost less than its cheapest call.
        #expect(plan.steps[1].amounts.expected == usd("0.000004"))
        #expect(plan.total.expected == usd("0.000184"))
        #expect(plan.historyRuns == 4)
    }

    // MARK: Steps of steps

    /// "hello" costs $0.000849 at worst in three calls.
    @Test func bodiesAreCountedForItemsAndPasses() throws {
        let plan = try plan(
            modelWorkflow(
                """
                  - id: g
                    for_each: { items: inputs.list, max_items: 20 }
                    steps:
                      - { id: a, prompt: hello }
                      - { id: l, loop: { max: 5, steps: [{ id: b, prompt: hello }] } }
                  - { id: z, when: "inputs.x", steps: [{ id: b, prompt: hello }] }
                """, top: "inputs: { list: { type: array }, x: { type: boolean } }\nfinally: [{ id: last, prompt: hello }]"), inputs: ["list": [1, 2], "x": true])
        #expect(plan.steps.map(\.id) == ["g", "g/a", "g/l", "g/l/b", "z", "z/b", "last"])
        #expect(plan.steps.map(\.maxCalls) == [0, 6, 0, 30, 0, 3, 3])
        #expect(plan.steps[0].items == Plan.Step.Items(least: 2, most: 2))
        #expect(plan.steps[2].passes == 5)
        // At best each loop runs once, and what has a condition not at all.
        #expect(plan.steps.map(\.amounts.best) == ["0.000016", "0.000008", "0.000008", "0.000008", "0", "0", "0.000004"].map(usd))
        #expect(plan.steps.map(\.amounts.worst) == ["0.010188", "0.001698", "0.00849", "0.00849", "0.000849", "0.000849", "0.000849"].map(usd))
        #expect(plan.total.worst == usd("0.011886"))
        #expect(plan.steps[3].dependsOn.isEmpty && plan.steps[1].dependsOn.isEmpty)
    }

    @Test func capsOfBodiesBoundTheWorstCase() throws {
        func worst(_ step: String, files: [String: String] = [:]) throws -> Money? {
            let clock = ManualClock()
            let provider = ScriptedProvider(clock: clock) { _, _ in .text("x") }
            let graph = try workflow(modelWorkflow(step, top: "inputs: { list: { default: [1, 2] } }"), files: files)
            let plan = PlanBuilder(graph: graph, provider: provider, prices: .perToken(), history: WorkflowHistory(), at: clock.now()).plan(inputs: ["list": [1, 2]])
            #expect(plan.total.worst == plan.steps[0].amounts.worst)
            return plan.steps[0].amounts.worst
        }
        let hello = "steps: [{ id: a, prompt: hello }]"
        #expect(try worst("  - { id: g, for_each: { items: inputs.list }, limits: { max_cost_usd: 0.0005 }, \(hello) }") == usd("0.001"))
        #expect(try worst("  - { id: g, for_each: { items: inputs.list, max_cost_usd: 0.0007 }, \(hello) }") == usd("0.0007"))
        #expect(try worst("  - { id: l, limits: { max_cost_usd: 0.002 }, loop: { max: 9, \(hello) } }") == usd("0.002"))
        #expect(try worst("  - { id: l, loop: { max: 2, steps: [{ id: a, limits: { max_cost_usd: 0.0005 }, prompt: hello }] } }") == usd("0.001"))
        let other = modelWorkflow("  - { id: a, prompt: hello }", top: "budget: { max_cost_usd: 0.0006 }\nfinally: [{ id: z, prompt: hello }]")
        #expect(try worst("  - { id: w, for_each: { items: inputs.list }, workflow: other.yaml }", files: ["other.yaml": other]) == usd("0.0012"))
    }

    @Test func historyIsKnownByThePathOfAStep() throws {
        let calls = CallStatistics(
            provider: "local", model: "small", calls: 6, usage: TokenUsage(plainInput: 600, plainOutput: 60), milliseconds: 300)
        let plan = try plan(
            modelWorkflow(
                """
                  - { id: g, steps: [{ id: a, prompt: hello }] }
                  - { id: h, steps: [{ id: a, prompt: hello }] }
                """), history: WorkflowHistory(runs: 4, steps: ["g/a": [calls]]))
        #expect(plan.steps.map(\.amounts.expected) == ["0.00018", "0.00018", "0.000004", "0.000004"].map(usd))
    }

    @Test func whatIsOptionalCostsNothingAtBest() throws {
        let plan = try plan(modelWorkflow("  - { id: a, optional: true, prompt: hello }\n  - { id: g, optional: true, steps: [{ id: b, prompt: hello }] }", top: "budget: { max_cost_usd: 0 }"))
        #expect(plan.total.best == .zero)
        #expect(plan.refusal == nil)
    }

    /// Whatever is nested in what: no run costs more than the worst case of its plan.
    @Test(arguments: 1...12 as ClosedRange<UInt64>) func noNestedRunCostsMoreThanTheWorstCase(seed: UInt64) async throws {
        var scopes = RandomScopes(seed: seed, hasTurns: false)
        let yaml = scopes.workflow("t", depth: 3, size: 4).yaml.replacing("limits: {", with: "limits: { max_input_tokens: 2000,")
        let files = scopes.files.mapValues { $0.replacing("limits: {", with: "limits: { max_input_tokens: 2000,") }
        let graph = try workflow(yaml, files: files)
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { request, _ in .text("x", input: RequestBound.inputTokens(request.segments, schemaBound: 0, support: .none)!, output: 100) }
        let rig = EngineRig(clock: clock, provider: provider)
        let plan = PlanBuilder(graph: graph, provider: provider, prices: .perToken(), history: WorkflowHistory(), at: clock.now()).plan(inputs: [:])
        let result = try await rig.run(graph)
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        let cost = rig.written.calls.reduce(Money.zero) { $0 + ($1.end?.cost ?? .zero) }
        let worst = try #require(plan.total.worst)
        #expect(plan.total.best <= cost && cost <= worst)
        #expect(rig.written.calls.count <= plan.steps.reduce(0) { $0 + ($1.maxCalls ?? 0) })
    }

    // MARK: Admission

    private func refusal(_ budget: String, _ history: WorkflowHistory = WorkflowHistory(), steps: String = "  - { id: a, prompt: hello }") throws -> StepFailure? {
        try plan(modelWorkflow(steps, top: "budget: \(budget)"), history: history).refusal
    }

    @Test func aRunStartsIfItsCheapestCompletionFits() throws {
        #expect(try refusal("{ max_cost_usd: 0.000004 }") == nil)
        let refused = try #require(try refusal("{ max_cost_usd: 0.000003 }"))
        #expect(refused.kind == .budget)
        #expect(refused.message == "the cheapest completion, $0.000004, does not fit the budget of $0.000003")
    }

    @Test func admissionByTheWorstCase() throws {
        #expect(try refusal("{ max_cost_usd: 0.000849, admit: worst }") == nil)
        #expect(try refusal("{ max_cost_usd: 0.000848, admit: worst }")?.message == "the worst case, $0.000849, does not fit the budget of $0.000848")
        #expect(
            try refusal("{ max_cost_usd: 1, admit: worst }", steps: "  - { id: r, run: [p] }\n  - { id: a, prompt: \"${{ steps.r.output }}\" }")?.message
                == "the worst case is not bounded, and budget.admit is worst")
    }

    @Test func admissionByWhatIsExpected() throws {
        let calls = CallStatistics(provider: "local", model: "small", calls: 1, usage: TokenUsage(plainInput: 100, plainOutput: 10), milliseconds: 5)
        let history = WorkflowHistory(runs: 1, steps: ["a": [calls]])
        #expect(try refusal("{ max_cost_usd: 0.00012, admit: expected }", history) == nil)
        #expect(try refusal("{ max_cost_usd: 0.00011, admit: expected }", history)?.message == "the expected cost, $0.00012, does not fit the budget of $0.00011")
        // Without history the cheapest completion has to do, or no first run would ever start.
        #expect(try refusal("{ max_cost_usd: 0.000004, admit: expected }") == nil)
    }

    @Test func anUnknownPriceRefusesUnderACapAndIsNamedWithout() throws {
        let free = try plan(modelWorkflow("  - { id: a, prompt: hello }"), prices: .empty)
        #expect(free.refusal == nil)
        #expect(free.unpriced == ["local/small"])
        #expect(free.total.worst == nil)
        #expect(free.steps[0].notes == ["no price for local/small"])
        for top in ["budget: { max_cost_usd: 1 }", "x-none: 1"] {
            let step = top.hasPrefix("x") ? "  - { id: a, prompt: hello, limits: { max_cost_usd: 1 } }" : "  - { id: a, prompt: hello }"
            #expect(try plan(modelWorkflow(step, top: top), prices: .empty).refusal?.kind == .unpriced)
        }
    }

    @Test func aProviderThatIsMissingRefuses() throws {
        let clock = ManualClock()
        let missing = StepFailure(.configuration, "there is no provider 'local'")
        let provider = ScriptedProvider(clock: clock, profiles: { _ in .failure(missing) }) { _, _ in .text("x") }
        let graph = try workflow(modelWorkflow("  - { id: a, prompt: hello }"))
        let plan = PlanBuilder(graph: graph, provider: provider, prices: .perToken(), history: WorkflowHistory(), at: clock.now()).plan(inputs: [:])
        #expect(plan.refusal == missing)
    }

    @Test func prefixesStandInWireOrder() throws {
        let plan = try plan(
            modelWorkflow(
                "  - { id: a, prefix: [ticket, policy], prompt: hello }",
                top: """
                    inputs: { t: { default: x } }
                    prefixes: { policy: { text: P }, ticket: { text: "${{ inputs.t }}" } }
                    """), inputs: ["t": "x"])
        #expect(plan.steps[0].prefixes == ["policy", "ticket"])
    }
}

/// Whatever the history says: best <= expected <= worst (M2).
@Suite struct PlanOrderTests {
    /// A small random number generator: the same seed, the same cases.
    private struct Dice {
        var state: UInt64
        mutating func roll(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
    }

    private func isOrdered(_ amounts: Plan.Amounts) -> Bool {
        guard let expected = amounts.expected else { return amounts.worst.map { amounts.best <= $0 } ?? true }
        return amounts.best <= expected && amounts.worst.map { expected <= $0 } ?? true
    }

    private func plan(_ yaml: String, _ history: WorkflowHistory, prices: PriceBook, inputs: JSONObject? = ["list": [1, 2, 3]]) throws -> Plan {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { _, _ in .text("x") }
        return PlanBuilder(graph: try workflow(yaml), provider: provider, prices: prices, history: history, at: clock.now()).plan(inputs: inputs)
    }

    private let yaml = """
        version: 1
        name: t
        inputs: { list: { type: array } }
        models: { small: { use: local/small, fallback: [local/dear] }, gone: { use: local/new } }
        defaults: { model: small, limits: { max_input_tokens: 500, max_output_tokens: 100 } }
        steps:
          - { id: a, prompt: hello }
          - { id: b, for_each: { items: inputs.list, max_cost_usd: 0.000002 }, prompt: "about ${{ item }}" }
          - { id: c, model: gone, limits: { max_input_tokens: 500, max_output_tokens: 10, max_cost_usd: 0.000001 }, prompt: "hello and goodbye" }
          - { id: g, limits: { max_cost_usd: 0.00001 }, for_each: { items: inputs.list }, steps: [{ id: d, prompt: hello }] }
          - { id: l, when: "size(inputs.list) > 0", loop: { max: 3, steps: [{ id: e, prompt: hello }] } }
        """

    @Test(arguments: 1...200 as ClosedRange<UInt64>) func bestIsBelowExpectedIsBelowWorst(seed: UInt64) throws {
        var dice = Dice(state: seed)
        var history = WorkflowHistory(runs: 1 + dice.roll(200))
        for step in ["a", "b", "c", "g/d", "l/e", "unheard-of"] where dice.roll(4) > 0 {
            for model in ["small", "dear", "renamed"] where dice.roll(3) > 0 {
                let calls = dice.roll(3) == 0 ? 0 : dice.roll(2_000)
                let size = [1, 100, 1_000_000][dice.roll(3)]
                history.steps[step, default: []].append(
                    CallStatistics(
                        provider: "local", model: model, calls: calls,
                        usage: TokenUsage(
                            plainInput: calls * dice.roll(size), cacheRead: calls * dice.roll(size), cacheWrite: nil, plainOutput: calls * dice.roll(size),
                            reasoning: calls * dice.roll(size)),
                        milliseconds: Int64(calls * dice.roll(90_000)), callsWithoutUsage: dice.roll(5),
                        costWithoutUsage: Money(picoDollars: dice.roll(3) == 0 ? .max : Int64(dice.roll(1 << 30)))))
            }
        }
        let prices = PriceBook(
            overrides: [.test("local", "*", .input, "1"), .test("local", "*", .output, "2"), .test("local", "dear", .input, "9"), .test("local", "dear", .output, "40")],
            catalogue: .none)
        for inputs in [nil, ["list": []], ["list": [1, 2, 3]]] as [JSONObject?] {
            let plan = try plan(yaml, history, prices: prices, inputs: inputs)
            for step in plan.steps { #expect(isOrdered(step.amounts), "\(step.id): \(step.amounts)") }
            #expect(isOrdered(plan.total), "\(plan.total)")
            #expect(plan.historyRuns == history.runs)
        }
    }

    /// What a cap admits bounds what is expected; the note says that it admits nothing.
    @Test func aCapBelowTheCheapestCallIsSaid() throws {
        let plan = try plan(yaml, WorkflowHistory(), prices: .perToken())
        #expect(plan.steps[2].amounts.best == usd("0.000001") && plan.steps[2].amounts.worst == usd("0.000001"))
        #expect(plan.steps[2].notes.contains { $0.hasPrefix("limits.max_cost_usd is less than its cheapest call, $0.0000") })
    }

    /// A fallback that answered is priced as itself, and the cheapest completion is by the cheapest model.
    @Test func eachModelIsExpectedAtItsOwnPrice() throws {
        let prices = PriceBook(
            overrides: [.test("local", "small", .input, "1"), .test("local", "small", .output, "2"), .test("local", "dear", .input, "10"), .test("local", "dear", .output, "20")],
            catalogue: .none)
        func calls(_ model: String, _ count: Int) -> CallStatistics {
            CallStatistics(provider: "local", model: model, calls: count, usage: TokenUsage(plainInput: 100 * count, plainOutput: 10 * count), milliseconds: 0)
        }
        let yaml = """
            version: 1
            name: t
            models: { m: { use: local/dear, fallback: [local/small] } }
            defaults: { model: m, limits: { max_output_tokens: 100 } }
            steps: [{ id: a, prompt: hello }]
            """
        let history = WorkflowHistory(runs: 2, steps: ["a": [calls("dear", 1), calls("small", 1)]])
        let plan = try plan(yaml, history, prices: prices, inputs: [:])
        // (0.0012 + 0.00012) / 2, and "hello" to the cheaper one.
        #expect(plan.steps[0].amounts.expected == usd("0.00066"))
        #expect(plan.steps[0].amounts.best == usd("0.000004"))
    }

    /// The key of its provider is not there: the figures are those with it. Of a model that there is not, nothing bounds them.
    @Test func withoutAKeyTheFiguresAreTheSame() throws {
        func plan(_ known: Bool?) throws -> Plan {
            let clock = ManualClock()
            let profile: @Sendable (ModelReference) -> ModelProfile = {
                ModelProfile(reference: $0, servedID: $0.model, contextWindow: 20_000, maxConcurrency: nil, keepsOutputCap: false, schemaOverhead: 1024)
            }
            struct Keyless: ModelProvider {
                let known: ModelProfile?
                func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile { throw StepFailure(.configuration, "no key") }
                func knownProfile(of model: ModelReference) -> ModelProfile? { known }
                func prepare(_ model: ModelReference) async throws(StepFailure) {}
                func call(_ request: ModelRequest) async -> ModelCallResult { preconditionFailure("a plan asks nobody") }
            }
            let provider: any ModelProvider =
                switch known {
                case nil: ScriptedProvider(clock: clock, profiles: { .success(profile($0)) }) { _, _ in .text("x") }
                case true?: Keyless(known: profile(ModelReference(text: "local/small")!))
                case false?: Keyless(known: nil)
                }
            let graph = try workflow(modelWorkflow("  - { id: a, prompt: hello, output: { schema: { type: object } } }"))
            return PlanBuilder(graph: graph, provider: provider, prices: .perToken(), history: WorkflowHistory(), at: clock.now()).plan(inputs: [:])
        }
        let (keyed, keyless, unknown) = (try plan(nil), try plan(true), try plan(false))
        #expect(keyed.total.worst != nil && keyless.total.worst == keyed.total.worst && keyless.steps[0].notes == keyed.steps[0].notes)
        #expect(keyless.refusal?.message == "no key" && keyed.refusal == nil)
        #expect(unknown.total.worst == nil && unknown.steps[0].notes.contains("unbounded: nothing is known of local/small"))
    }
}
