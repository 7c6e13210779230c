import Economics
import Engine
import TestSupport
import Testing
import Values
import WorkflowModel

/// Servers that charge for more than was asked, or say nothing of it: what counts against caps is the larger of what was held
/// and of what it cost, and an exceeded cap is closed.
@Suite struct OverrunTests {
    /// A whole answer without a word on usage.
    private static func long(_ characters: Int) -> ScriptedProvider.Answer {
        ScriptedProvider.Answer(
            outcome: .success(ModelResponse(text: String(repeating: "x", count: characters), finishReason: .stop)), billing: .unknown, usage: nil, latency: nil)
    }

    /// A stream with a chunk of usage, cut behind it.
    private static func cut(input: Int, output: Int) -> ScriptedProvider.Answer {
        ScriptedProvider.Answer(
            outcome: .failure(CallFailure(.connection, "the connection was closed")), billing: .unknown,
            usage: TokenUsage(plainInput: input, plainOutput: output), latency: nil)
    }

    private static let prices = PriceBook.perToken(input: "1", output: "10")

    @Test func `A1 a million characters without usage close the cap`() async throws {
        let rig = EngineRig(prices: Self.prices) { _, _ in Self.long(1_000_000) }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, for_each: { items: "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]", max_parallel: 1 }, prompt: "item ${{ item }}", limits: { max_output_tokens: 50 } }
                """, top: "budget: { max_cost_usd: 1 }"))
        #expect(result.failure?.kind == .budget)
        #expect(result.failure?.message.contains("is exceeded") == true)
        let call = try #require(rig.written.calls.first?.end)
        #expect(rig.provider.requests.count == 1)
        #expect(call.state == .overrun && rig.written.calls[0].held == call.cost)
        // 250,000 tokens of output, and what the prompt is estimated at.
        #expect(try #require(call.cost) >= usd("2.5"))
        #expect(result.cost == MoneySum(call.cost!))
        #expect(rig.written.capFaults == [])
    }

    @Test func `A1 a cut stream with usage closes the cap for its retries`() async throws {
        let rig = EngineRig(prices: Self.prices) { _, _ in Self.cut(input: 1_000_000, output: 1_000_000) }
        let result = try await rig.run(
            modelWorkflow(
                "  - { id: a, prompt: hi, stream: true, retry: { max_attempts: 5 } }", top: "budget: { max_cost_usd: 1 }"))
        #expect(result.failure?.kind == .budget)
        #expect(rig.provider.requests.count == 1)
        #expect(rig.written.calls.map(\.state) == [.overrun])
        #expect(result.cost == MoneySum(usd("11")))
        #expect(rig.written.capFaults == [])
    }

    @Test(arguments: [
        "budget: { max_cost_usd: 1 }|prompt: hi",
        "|prompt: hi, limits: { max_cost_usd: 1 }",
        "|for_each: { items: '[1]', max_cost_usd: 1 }, prompt: hi",
        "|steps: [{ id: x, prompt: hi }], limits: { max_cost_usd: 1 }",
        "|workflow: inner.yaml",
    ])
    func everyCapIsClosed(text: String) async throws {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        let rig = EngineRig(prices: Self.prices) { _, _ in Self.cut(input: 1_000_000, output: 1_000_000) }
        let inner = """
            version: 1
            name: inner
            models: { m: { use: local/small } }
            budget: { max_cost_usd: 1 }
            steps: [{ id: x, model: m, prompt: hi }]
            """
        let result = try await rig.run(modelWorkflow("  - { id: a, \(parts[1]) }", top: String(parts[0])), files: ["inner.yaml": inner])
        #expect(result.failure?.kind == .budget, "\(String(describing: result.failure))")
        #expect(rig.provider.requests.count == 1)
        #expect(rig.written.capFaults == [])
    }

    /// Steps without calls go on behind it, those of `finally` too; its model steps are calls, and refused.
    @Test func whatMakesNoCallGoesOn() async throws {
        let rig = EngineRig(prices: Self.prices) { _, _ in Self.long(1_000_000) }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi }
                  - { id: b, needs: [a], value: "1" }
                  - { id: c, needs: [b], run: [p] }
                """,
                top: """
                    budget: { max_cost_usd: 1 }
                    finally: [{ id: told, value: "2" }, { id: asked, prompt: hi }]
                    """))
        #expect(result.failure?.kind == .budget && result.failedStep == "asked")
        #expect(rig.written.nodes.mapValues(\.status) == ["a": .succeeded, "b": .succeeded, "c": .succeeded, "told": .succeeded, "asked": .failed])
        #expect(rig.provider.requests.count == 1)
    }

    @Test func aPersonMayRaiseTheCap() async throws {
        let rig = EngineRig(prices: Self.prices) { request, _ in request.schemaName == "a" ? Self.long(1_000_000) : .text("x") }
        let text = modelWorkflow(
            "  - { id: a, prompt: hi }\n  - { id: b, needs: [a], prompt: hi }", top: "budget: { max_cost_usd: 1, on_exceeded: ask }")
        let graph = try workflow(text)
        let first = try await rig.run(graph)
        #expect(first.status == .waiting && first.waitsFor.map(\.step) == ["b"])
        rig.journal.leave(.decided(first.id, path: "b", ApprovalDecision(isApproved: true, by: "ada", note: nil, at: rig.clock.now())))
        let again = EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider, prices: Self.prices)
        let result = try await again.engine.resume(first.id, graph)
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        #expect(rig.written.capFaults == [])
    }

    /// The bound of a model that did not hold is raised, by a fact, for the calls behind it and for whoever goes on.
    @Test func anOverrunBelowTheCapRaisesTheBound() async throws {
        @Sendable func script(_ request: ModelRequest, _: Int) -> ScriptedProvider.Answer {
            request.schemaName == "a" ? .text("x", input: 2000, output: 100) : .text("x")
        }
        let text = modelWorkflow(
            """
              - { id: a, prompt: hi }
              - { id: b, needs: [a], prompt: hi }
              - { id: c, needs: [b], prompt: hi }
            """, top: "budget: { max_cost_usd: 1 }")
        let graph = try workflow(text)
        let rig = EngineRig(prices: Self.prices, script: script)
        let whole = try await rig.run(graph)
        #expect(whole.status == .succeeded)
        let calls = rig.written.calls
        #expect(calls.map(\.state) == [.overrun, .settled, .settled])
        // 2000 tokens at $1 and 100 at $10 a million, where $0.00108 was held.
        #expect(calls.map(\.start.held) == [usd("0.00108"), usd("0.003"), usd("0.003")])
        #expect(rig.written.payloads("call_started").map { $0["bound_usd"] } == [nil, "0.00108", "0.00108"])
        let place = try #require(rig.written.entries.firstIndex { $0.facts.contains { $0.callStarted?.path == "b" } })
        let journal = rig.journal.cut(whole.id, after: place)
        let clock = ManualClock()
        let again = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, script: script), prices: Self.prices)
        #expect(try await again.engine.resume(whole.id, graph).status == .succeeded)
        #expect(again.written.calls.map(\.start.held) == calls.map(\.start.held))
    }

    /// An overrun is spent for whoever goes on, and the cap stays closed.
    @Test func anExceededCapStaysClosedForWhoeverGoesOn() async throws {
        let text = modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, needs: [a], prompt: hi }", top: "budget: { max_cost_usd: 1 }")
        let graph = try workflow(text)
        let rig = EngineRig(prices: Self.prices) { _, _ in Self.long(1_000_000) }
        let whole = try await rig.run(graph)
        for count in 2..<rig.written.entries.count {
            let journal = rig.journal.cut(whole.id, after: count)
            guard journal.run(whole.id)?.end == nil else { continue }
            let clock = ManualClock()
            let again = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock) { _, _ in Self.long(1_000_000) }, prices: Self.prices)
            let result = try await again.engine.resume(whole.id, graph)
            #expect(result.failure?.kind == .budget, "after \(count)")
            #expect(again.written.capFaults == [], "after \(count)")
            #expect(again.written.calls.count { $0.start.path == "b" } == 0)
        }
    }

    /// A18: amounts beyond what 64 bits hold are bounded: no trap, and a failure that says so.
    @Test(arguments: ["", "budget: { max_cost_usd: 100 }"]) func amountsBeyondAllMeasureAreNamed(top: String) async throws {
        let rig = EngineRig(prices: .perToken(input: "10000", output: "10000")) { _, _ in
            .text("x", input: 1 << 40, output: 1 << 40)
        }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, for_each: { items: "[1, 2, 3, 4, 5, 6]", max_parallel: 3, on_error: collect }, prompt: hi }
                  - { id: b, needs: [a], prompt: hi }
                """, top: top))
        #expect(result.failure?.kind == .budget && result.failedStep == "b")
        #expect(result.failure?.message.contains(top.isEmpty ? "more than a run can count" : "is exceeded") == true, "\(result.failure?.message ?? "")")
        #expect(rig.provider.requests.count <= 3)
        #expect(rig.written.calls.allSatisfy { $0.state == .overrun })
        #expect(rig.written.capFaults == [])
    }

    @Test func aWorstCaseBeyondAllMeasureIsRefused() async throws {
        let rig = EngineRig(prices: .perToken(input: "10000", output: "10000")) { _, _ in .text("x") }
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi, limits: { max_output_tokens: 10000000, max_cost_usd: 9000000 } }"))
        #expect(result.status == .succeeded || result.failure?.kind == .budget)
    }

    // MARK: Random

    /// Servers that lie about usage, leave it out, charge for far more, cut what they send and say nothing, under caps at every
    /// place: the law of caps holds at every commit, and no run hangs.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func hostileServersPassNoCapUnseen(seed: UInt64) async throws {
        let clock = ManualClock()
        let random = FixedEntropy(seed: seed)
        let journal = InMemoryJournal(clock: clock, latency: .milliseconds(Int64(seed % 4)))
        let provider = ScriptedProvider(clock: clock) { _, _ in
            let latency = TimeSpan.milliseconds(Int64(random.next() % 400))
            func answer(_ text: String, _ billing: BillingEvidence, _ usage: TokenUsage?) -> ScriptedProvider.Answer {
                .init(outcome: .success(ModelResponse(text: text, finishReason: .stop)), billing: billing, usage: usage, latency: latency)
            }
            func failure(_ kind: FailureKind, _ usage: TokenUsage?) -> ScriptedProvider.Answer {
                .init(outcome: .failure(CallFailure(kind, "cut")), billing: .unknown, usage: usage, latency: latency)
            }
            let size = Int(random.next() % 200)
            switch random.next() % 14 {
            case 0: return answer("x", .unknown, nil)
            case 1: return answer(String(repeating: "long ", count: size * Int(random.next() % 20)) + "x", .unknown, nil)
            case 2: return answer("x", .reported, TokenUsage(plainInput: 80 + size, plainOutput: size * 2))
            case 3: return answer("x", .unknown, TokenUsage(plainInput: size * 5, plainOutput: size * 5))
            case 4: return failure(.connection, TokenUsage(plainInput: size * 3, plainOutput: size))
            case 5: return failure(.malformedResponse, nil)
            case 6: return failure(.timeout, nil)
            case 7: return answer("", .reported, TokenUsage(plainInput: size, plainOutput: size))
            case 8 where seed % 5 == 0: return answer("x", .reported, TokenUsage(plainInput: 1 << 40, plainOutput: 1 << 40))
            case 9: return .failure(.serverError, billing: .notBilled, latency: latency)
            default: return .text("x", input: size / 4, output: size / 4, latency: latency)
            }
        }
        let rig = EngineRig(clock: clock, journal: journal, provider: provider)
        let items = (0..<30).map { _ in "'" + String(repeating: "x", count: Int(random.next() % 150)) + "'" }.joined(separator: ",")
        let inner = """
            version: 1
            name: inner
            models: { m: { use: local/small } }
            defaults: { model: m, limits: { max_output_tokens: 60 } }
            budget: { max_cost_usd: 0.0008 }
            steps: [{ id: p, prompt: hi, on_error: continue }, { id: q, needs: [p], prompt: hi, on_error: continue }]
            """
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: s, for_each: { items: "[\(items)]", on_error: collect, max_cost_usd: 0.004 }, prompt: "${{ item }}", limits: { max_cost_usd: 0.0009, max_output_tokens: 60 } }
                  - { id: g, limits: { max_cost_usd: 0.001 }, on_error: continue, steps: [{ id: x, prompt: hi }, { id: y, needs: [x], prompt: hi }] }
                  - { id: l, on_error: continue, loop: { max: 4, steps: [{ id: z, prompt: "pass ${{ pass.index }}" }] }, limits: { max_cost_usd: 0.001 } }
                  - { id: w, workflow: inner.yaml, on_error: continue }
                  - { id: c, prompt: "${{ steps.s.status }}", on_error: continue }
                """, top: "budget: { max_cost_usd: 0.006 }\nconcurrency: \(4 + seed % 20)\nfinally: [{ id: f, prompt: bye, on_error: continue }]"), files: ["inner.yaml": inner])
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        let run = rig.written
        #expect(run.capFaults == [])
        #expect(run.open == 0)
        #expect(run.calls.allSatisfy { $0.end != nil && ($0.held ?? .zero) >= ($0.end!.cost ?? .zero) })
        #expect(run.calls.count == provider.requests.count)
        let overruns = run.calls.filter { $0.state == .overrun }
        if overruns.isEmpty {
            #expect(run.mostHeld <= usd("0.006").picoDollars)
            for scope in run.scopes.values { #expect(scope.mostHeld <= scope.cap) }
        }
        expectStoryInOrder(run)
    }
}

extension InMemoryJournal.Run {
    /// Where the law of caps was broken, by the run's facts alone.
    var capFaults: [String] {
        var replay = RunReplay(run: start.id)
        for (index, event) in events.enumerated() {
            replay.take(index + 1, kind: event.kind, payload: (try? JSONParser.parse(event.payload)) ?? .null, at: event.at)
        }
        return replay.faults
    }
}
