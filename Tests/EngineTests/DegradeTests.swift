import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// `on_exceeded: degrade`, optional steps, and room for the rest of the run.
@Suite struct DegradeTests {
    /// `s` at a tenth of what `m` takes: a call of "hi" holds $0.000028 there and $0.00028 here.
    private static let prices = PriceBook(
        overrides: [
            .test("local", "s", .input, "0.1"), .test("local", "s", .output, "0.2"), .test("local", "m", .input, "1"), .test("local", "m", .output, "2"),
            .test("local", "l", .input, "10"), .test("local", "l", .output, "20"),
        ], catalogue: .none)

    private static func rig(journal: InMemoryJournal = InMemoryJournal(), _ script: @escaping ScriptedProvider.Script = { _, _ in .text("x") }) -> EngineRig {
        let clock = ManualClock()
        return EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, script: script), prices: prices)
    }

    private static func refusals(_ run: InMemoryJournal.Run) -> Int { run.events.count { if case .callRefused = $0.event { true } else { false } } }

    @Test func cheaperTiersTakeOver() async throws {
        let rig = Self.rig()
        let result = try await rig.run(
            BandTests.flow("max_cost_usd: 0.0002, on_exceeded: degrade, degrade: [mid, small]", "  - { id: a, prompt: hi }")
                + "\noutputs: { tier: \"${{ steps.a.tier }}\" }")
        #expect(result.outputs == ["tier": "small"] && BandTests.asked(rig.written) == ["a s"])
        #expect(Self.refusals(rig.written) == 1)
        #expect(rig.written.calls[0].start.tier == "mid" && rig.written.calls[0].start.askedTier == "small")
    }

    /// Each is tried once; where none fits the step fails as under `stop`.
    @Test func whereNoneFitsTheStepFails() async throws {
        let rig = Self.rig()
        let result = try await rig.run(BandTests.flow("max_cost_usd: 0.00002, on_exceeded: degrade, degrade: [large, small]", "  - { id: a, prompt: hi }"))
        #expect(result.failure?.kind == .budget && rig.provider.requests.isEmpty && Self.refusals(rig.written) == 3)
    }

    /// A gate begins with who fits, its checks run, and a dearer tier that does not fit exhausts it.
    @Test func aGateDegradesItsFirstTierAndEndsAtARefusedOne() async throws {
        let rig = Self.rig { request, _ in .text(request.model.model == "s" ? "too long" : "x") }
        let result = try await rig.run(
            BandTests.flow(
                "max_cost_usd: 0.0002, on_exceeded: degrade, degrade: [small]",
                "  - { id: a, prompt: hi, escalate: { tiers: [mid, large], checks: { short: { expr: size(output) < 4 } } } }"
            ).replacing("model: mid, ", with: "") + "\noutputs: { out: \"${{ steps.a.output }}\", ok: \"${{ steps.a.accepted }}\", tier: \"${{ steps.a.tier }}\" }")
        #expect(result.outputs == ["out": "too long", "ok": false, "tier": "small"], "\(result.failure as Any)")
        #expect(BandTests.asked(rig.written) == ["a s"])
        let end = rig.written.events.compactMap { if case .gateEnded(let gate) = $0.event { gate } else { nil } }
        #expect(end.map(\.cause) == ["budget"] && end[0].tier == "mid")
    }

    /// What optional steps would take is for the others: they are skipped, and give their readers what any skipped step does.
    @Test func optionalStepsAreSkipped() async throws {
        let rig = Self.rig()
        let result = try await rig.run(
            BandTests.flow(
                "max_cost_usd: 0.0002, on_exceeded: degrade, degrade: [small]",
                """
                  - { id: a, prompt: hi, optional: true }
                  - { id: b, prompt: "${{ has(steps.a.output) ? steps.a.output : 'none' }}" }
                  - { id: c, value: "steps.a.output" }
                """))
        #expect(result.status == .succeeded && BandTests.asked(rig.written) == ["b s"])
        #expect(rig.written.nodes["a"]?.reason == "optional, and the budget is short" && rig.written.nodes["c"]?.reason == "upstream_skipped: a")
    }

    @Test func everyBeginningEndsAlike() async throws {
        let graph = try workflow(
            BandTests.flow(
                "max_cost_usd: 0.0004, on_exceeded: degrade, degrade: [small]",
                "  - { id: a, prompt: hi }\n  - { id: b, needs: [a], for_each: { items: \"[1, 2, 3]\", max_parallel: 1 }, prompt: \"a longer prompt ${{ item }} that takes more\" }\n  - { id: c, prompt: hi, needs: [b] }")
                + "\noutputs: { tiers: \"${{ steps.a.tier }} ${{ steps.c.tier }}\" }")
        let script: ScriptedProvider.Script = { _, _ in .text("x", input: 60, output: 40) }
        let rig = Self.rig(script)
        let whole = try await rig.run(graph)
        #expect(whole.status == .succeeded && BandTests.asked(rig.written).contains { $0.hasSuffix(" s") }, "\(whole.failure as Any)")
        for count in 1..<rig.written.events.count {
            let journal = rig.journal.cut(whole.id, afterEvents: count)
            if journal.run(whole.id)!.calls.contains(where: { $0.end == nil }) { continue }
            let again = Self.rig(journal: journal, script)
            let result = try await again.engine.resume(whole.id, graph)
            #expect(result.outputs == whole.outputs && BandTests.asked(again.written) == BandTests.asked(rig.written), "after \(count) events")
        }
    }

    // MARK: Room

    /// A retry has to leave what the steps behind it take at their cheapest: 9 tokens of "hi" and "hello there", one of answer each.
    @Test func aRetryLeavesRoomForTheRest() async throws {
        let script: ScriptedProvider.Script = { request, number in request.schemaName == "a" && number == 0 ? .failure(.timeout, billing: .unknown) : .text("x") }
        func flow(_ cap: String) -> String {
            BandTests.flow("max_cost_usd: \(cap)", "  - { id: a, prompt: hi, retry: { max_attempts: 2 } }\n  - { id: b, prompt: hi, needs: [a] }")
        }
        // Two calls of a, and the cheapest of b: an estimate of 1 token for three bytes, and 1 of output.
        let fits = Self.rig(script)
        _ = try await fits.run(flow("0.000563"))
        let room = try #require(fits.written.calls.last { $0.start.path == "a" }?.start.room)
        #expect(fits.written.calls[0].start.room == nil && room == usd("0.000003"))
        let short = Self.rig(script)
        let result = try await short.run(flow("0.000562"))
        #expect(
            result.failure?.message
                == "the worst case of the next call, $0.00028, with $0.000003 left for the rest of the run, does not fit the run's budget: $0.00028 of $0.000562 is spent or held")
        #expect(short.provider.requests.count == 1)
        let refused = short.written.events.compactMap { if case .callRefused(_, let refusal) = $0.event { refusal } else { nil } }
        #expect(refused.first?.money?.room == usd("0.000003"))
    }

    /// A first try needs none, whatever is left to do.
    @Test func aFirstTryMayTakeWhatIsLeft() async throws {
        let rig = Self.rig()
        let result = try await rig.run(BandTests.flow("max_cost_usd: 0.00028", "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi, needs: [a], optional: true }"))
        #expect(result.status == .succeeded && rig.written.calls[0].start.room == nil)
    }

    /// A dearer tier, and a check, leave room too: the gate is exhausted, the check is unknown.
    @Test func aDearerTierLeavesRoomForTheRest() async throws {
        func run(_ cap: String) async throws -> (RunResult, EngineRig) {
            let rig = Self.rig { request, _ in .text(request.schemaName == "a" ? "too long" : "x") }
            let steps = """
                  - { id: a, prompt: hi, escalate: { tiers: [small, mid], checks: { short: { expr: size(output) < 4 } } } }
                  - { id: b, needs: [a], for_each: { items: "[1, 2, 3, 4]" }, prompt: hi }
                finally:
                  - { id: z, prompt: hi }
                """.replacing("- { id: b,", with: "- { id: b, model: mid,").replacing("- { id: z,", with: "- { id: z, model: mid,")
            return (try await rig.run(BandTests.flow("max_cost_usd: \(cap)", steps).replacing("model: mid, limits", with: "limits")), rig)
        }
        // 0.000002 of the first tier, 0.00028 held by the second, and the cheapest of z; items of b are not known before they are there.
        let (_, fits) = try await run("0.001")
        #expect(fits.written.calls.first { $0.start.tier == "mid" && $0.start.path == "a" }?.start.room == usd("0.000015"))
        let (short, rig) = try await run("0.00029")
        let ends = rig.written.events.compactMap { if case .gateEnded(let gate) = $0.event { gate } else { nil } }
        #expect(ends.map(\.cause) == ["budget"] && ends[0].tier == "small", "\(short.failure as Any)")
    }

    /// Tokens leave room as money does.
    @Test func tokensLeaveRoom() async throws {
        let script: ScriptedProvider.Script = { request, number in request.schemaName == "a" && number == 0 ? .failure(.timeout, billing: .unknown) : .text("x") }
        let rig = Self.rig(script)
        let result = try await rig.run(
            BandTests.flow("max_tokens: 361", "  - { id: a, prompt: hi, retry: { max_attempts: 2 } }\n  - { id: b, prompt: hi, needs: [a] }"))
        #expect(
            result.failure?.message
                == "the worst case of the next call, 180 tokens, with 2 tokens left for the rest of the run, does not fit the run's budget of tokens: 180 tokens of 361 tokens is spent or held")
    }

    /// What is left goes down as steps begin, whatever they are in.
    @Test func roomGoesDownAsStepsBegin() async throws {
        let rig = Self.rig { request, number in number % 2 == 0 && request.schemaName != "z" ? .failure(.serverError, billing: .notBilled) : .text("x") }
        _ = try await rig.run(
            BandTests.flow(
                "max_cost_usd: 1",
                """
                  - { id: a, prompt: hi, retry: { max_attempts: 2 } }
                  - { id: g, needs: [a], for_each: { items: "[1, 2]", max_parallel: 1 }, steps: [{ id: x, prompt: hi, retry: { max_attempts: 2 } }, { id: y, prompt: hi, needs: [x], retry: { max_attempts: 2 } }] }
                  - { id: z, prompt: hi, needs: [g] }
                """))
        let rooms = rig.written.calls.filter { $0.start.room != nil }.map { "\($0.start.path) \($0.start.room!.picoDollars / 3_000_000)" }
        // Of the six calls of x, y and z; then y of this item, the next item's two and z.
        #expect(rooms == ["a 5", "g[0]/x 4", "g[0]/y 3", "g[1]/x 2", "g[1]/y 1"])
    }
}
