import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// The bands of a budget: when a run comes to one, what changes from then on, and that it is the same after a kill. A call of "hi" holds
/// $0.00028 and costs $0.00002, as it has 10 tokens of input and 5 of output.
@Suite struct BandTests {
    static func flow(_ budget: String, _ steps: String, top: String = "") -> String {
        """
        version: 1
        name: banded
        models: { small: { use: local/s }, mid: { use: local/m }, large: { use: local/l } }
        defaults: { model: mid, limits: { max_output_tokens: 100 }, retry: { max_attempts: 1 } }
        budget: { \(budget) }
        \(top)
        steps:
        \(steps)
        """
    }

    /// By the step; `long` answers are not accepted where they have to be short.
    static func rig(journal: InMemoryJournal = InMemoryJournal(), _ texts: [String: String] = [:]) -> EngineRig {
        let clock = ManualClock()
        return EngineRig(
            clock: clock, journal: journal,
            provider: ScriptedProvider(clock: clock) { request, _ in .text(texts["\(request.schemaName) \(request.model.model)"] ?? "x") })
    }

    static func bands(_ run: InMemoryJournal.Run) -> [BandEntered] { run.events.compactMap { if case .bandEntered(let band) = $0.event { band } else { nil } } }
    static func asked(_ run: InMemoryJournal.Run) -> [String] { run.calls.map { "\($0.start.path) \($0.start.model.model)" } }

    static let chain = "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi, needs: [a] }\n  - { id: c, prompt: hi, needs: [b] }"

    @Test func itIsAFactBehindTheCallThatReachesIt() async throws {
        let rig = Self.rig()
        let result = try await rig.run(Self.flow("max_cost_usd: 0.001, yellow: { at: 3%, models: [small] }, red: { at: 0.00006, models: [large] }", Self.chain))
        #expect(result.status == .succeeded)
        #expect(
            Self.bands(rig.written) == [
                BandEntered(.yellow, .money(counted: usd("0.00004"), at: usd("0.00003"))), BandEntered(.red, .money(counted: usd("0.00006"), at: usd("0.00006"))),
            ])
        #expect(Self.asked(rig.written) == ["a m", "b m", "c s"])
        let story = rig.written.events.map(\.kind)
        #expect(story.firstIndex(of: "band_entered")! == story.indices.filter { story[$0] == "call_ended" }[1] + 1)
    }

    @Test func whatIsHeldForGoodCounts() async throws {
        let clock = ManualClock()
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock) { request, _ in request.schemaName == "a" ? .failure(.timeout, billing: .unknown) : .text("x") })
        _ = try await rig.run(
            Self.flow("max_cost_usd: 0.001, yellow: { at: 28%, models: [small] }", "  - { id: a, prompt: hi, on_error: continue }\n  - { id: b, prompt: hi, needs: [a] }"))
        #expect(Self.bands(rig.written) == [BandEntered(.yellow, .money(counted: usd("0.00028"), at: usd("0.00028")))])
        #expect(Self.asked(rig.written) == ["a m", "b s"])
    }

    @Test func tokensReachABandToo() async throws {
        let rig = Self.rig()
        _ = try await rig.run(Self.flow("max_tokens: 1000, yellow: { at: 3%, models: [small] }", Self.chain))
        #expect(Self.bands(rig.written) == [BandEntered(.yellow, .tokens(counted: 30, at: 30))])
        #expect(Self.asked(rig.written) == ["a m", "b m", "c s"])
    }

    /// At nothing it holds from the first step on.
    @Test func itMayHoldFromTheBeginning() async throws {
        let rig = Self.rig()
        let result = try await rig.run(
            Self.flow("max_cost_usd: 1, yellow: { at: 0%, models: [small] }", "  - { id: a, prompt: hi }") + "\noutputs: { tier: \"${{ steps.a.tier }}\" }")
        #expect(Self.asked(rig.written) == ["a s"] && result.outputs == ["tier": "small"])
        let call = try #require(rig.written.calls.first?.start)
        #expect(call.tier == "mid" && call.askedTier == "small")
        #expect(rig.written.events.prefix(2).map(\.kind) == ["run_started", "band_entered"])
    }

    private static let short = "checks: { short: { expr: size(output) < 4 } }"

    /// The band turns in the middle of a gate: the answer that there is is taken, and the cause is said.
    @Test func noGateGoesUpAnyMore() async throws {
        let rig = Self.rig(["a s": "too long", "b s": "too long", "a m": "ok"])
        let steps = """
              - { id: a, prompt: hi, model: small, escalate: { tiers: [small, mid], \(Self.short) } }
              - { id: b, prompt: hi, needs: [a], escalate: { tiers: [small, mid], \(Self.short) } }
            """.replacing("model: small, ", with: "")
        let result = try await rig.run(
            Self.flow("max_cost_usd: 0.001, yellow: { at: 0.00006, escalate: never }", steps).replacing("model: mid, ", with: "")
                + "\noutputs: { a: \"${{ steps.a.tier }}\", b: \"${{ steps.b.tier }}\", ok: \"${{ steps.b.accepted }}\" }")
        #expect(result.outputs == ["a": "mid", "b": "small", "ok": false], "\(result.failure as Any)")
        #expect(Self.asked(rig.written) == ["a s", "a m", "b s"])
        let ends = rig.written.events.compactMap { if case .gateEnded(let gate) = $0.event { gate } else { nil } }
        #expect(ends.map(\.cause) == [nil, "band"])
        #expect(ends[1].reason?.hasPrefix("the budget is in its yellow band, in which no step goes on to a further tier") == true)
    }

    /// Without an answer the step fails as its last tier did.
    @Test func aGateWithoutAnAnswerFailsAsItsLastTierDid() async throws {
        let rig = Self.rig(["a s": ""])
        let result = try await rig.run(
            Self.flow("max_cost_usd: 0.001, yellow: { at: 1%, escalate: never }", "  - { id: a, prompt: hi, escalate: { tiers: [small, mid] } }").replacing("model: mid, ", with: ""))
        #expect(result.failure?.kind == .emptyAnswer && Self.asked(rig.written) == ["a s"])
    }

    /// A gate begins with the first of its tiers that is left, and else with the first that is left at all; a judge that is not left is lost.
    @Test(arguments: [
        ("[mid]", ["a m"], "mid", true), ("[large]", ["a l"], "mid", true), ("[small, mid]", ["a s", "a m"], "mid", true),
    ])
    func gatesAskWhatIsLeft(models: String, asked: [String], tier: String, accepted: Bool) async throws {
        let rig = Self.rig(["a s": "too long"])
        let tiers = models == "[large]" ? "[mid, small]" : "[small, mid]"
        let result = try await rig.run(
            Self.flow("max_cost_usd: 1, yellow: { at: 0%, models: \(models) }", "  - { id: a, prompt: hi, escalate: { tiers: \(tiers), \(Self.short) } }").replacing("model: mid, ", with: "")
                + "\noutputs: { tier: \"${{ steps.a.tier }}\", ok: \"${{ steps.a.accepted }}\" }")
        #expect(Self.asked(rig.written) == asked)
        #expect(result.outputs?["ok"] == .bool(accepted) && result.outputs?["tier"] == .string(models == "[large]" ? "large" : tier), "\(result.outputs as Any)")
    }

    @Test func aJudgeThatIsNotLeftIsLost() async throws {
        let rig = Self.rig()
        _ = try await rig.run(
            Self.flow(
                "max_cost_usd: 1, yellow: { at: 0%, models: [small] }",
                "  - { id: a, prompt: hi, escalate: { tiers: [small, mid], checks: { judge: { model: large, prompt: \"good?\", output: { schema: { type: object, properties: { score: { type: number } }, required: [score] } }, min: 0.5 } } } }"
            ).replacing("model: mid, ", with: ""))
        let checks = rig.written.events.compactMap { if case .checkEnded(let check) = $0.event { check } else { nil } }
        #expect(checks.map(\.result) == [.lost] && checks[0].reason == "the budget is in its yellow band, in which small alone is asked")
        #expect(Self.asked(rig.written) == ["a s"])
    }

    @Test func whatHasBegunEndsAndNothingNewStarts() async throws {
        let rig = Self.rig()
        let steps = """
              - { id: a, prompt: hi }
              - { id: b, prompt: hi, needs: [a] }
              - { id: c, value: "1", needs: [a] }
              - { id: d, value: "steps.b.output" }
              - { id: e, needs: [a], for_each: { items: "[1, 2]" }, prompt: hi }
            """
        let result = try await rig.run(Self.flow("max_cost_usd: 0.001, red: { at: 2%, finish_current: true }", steps) + "\noutputs: { a: \"${{ steps.a.output }}\", b: \"${{ steps.b.output }}\" }")
        #expect(result.status == .failed && result.failedStep == "e" && result.outputs == ["a": "x"])
        #expect(result.failure == StepFailure(.budget, "it did not begin: the budget is in its red band, in which nothing new starts"))
        #expect(Self.asked(rig.written) == ["a m"])
        #expect(rig.written.nodes.mapValues(\.status) == ["a": .succeeded, "b": .skipped, "c": .succeeded, "d": .skipped, "e": .skipped])
        #expect(rig.written.nodes["b"]?.reason == "the budget is in its red band, in which nothing new starts")
    }

    /// In the middle of a `for_each`, items that have not begun fail; what is collected says so.
    @Test func itemsThatHaveNotBegunFail() async throws {
        let rig = Self.rig()
        let result = try await rig.run(
            Self.flow(
                "max_cost_usd: 0.001, red: { at: 4%, finish_current: true }",
                "  - { id: a, for_each: { items: \"[1, 2, 3, 4]\", max_parallel: 1, on_error: collect }, prompt: hi }") + "\noutputs: { a: \"${{ steps.a.output }}\" }")
        #expect(result.status == .succeeded && Self.asked(rig.written) == ["a[0] m", "a[1] m"])
        #expect(result.outputs?["a"]?.arrayValue?.map { $0["ok"] } == [true, true, false, false])
    }

    /// Whoever goes on decides as the first did, wherever it was cut: also between the call that reached the band and the fact.
    @Test(arguments: ["models: [small]", "escalate: never", "finish_current: true"]) func everyBeginningEndsAlike(action: String) async throws {
        let steps = """
              - { id: a, prompt: hi }
              - { id: b, needs: [a], for_each: { items: "[1, 2, 3]", max_parallel: 1, on_error: collect }, prompt: "${{ item }}", escalate: { tiers: [small, mid], \(Self.short) } }
              - { id: c, prompt: hi, needs: [b] }
            """.replacing("- { id: a,", with: "- { id: a, model: mid,").replacing("- { id: c,", with: "- { id: c, model: mid,")
        let yaml =
            Self.flow("max_cost_usd: 0.01, yellow: { at: 0.00006, \(action) }", steps).replacing("model: mid, limits", with: "limits")
            + "\noutputs: { b: \"${{ steps.b.output }}\", c: \"${{ has(steps.c.output) ? steps.c.tier : '-' }}\" }"
        let graph = try workflow(yaml)
        let texts = ["b s": "too long"]
        let rig = Self.rig(texts)
        let whole = try await rig.run(graph)
        for count in 1..<rig.written.events.count {
            let journal = rig.journal.cut(whole.id, afterEvents: count)
            let before = try #require(journal.run(whole.id))
            let again = Self.rig(journal: journal, texts)
            let result = try await again.engine.resume(whole.id, graph)
            // What a lost call holds may reach the band before it was reached.
            if before.calls.contains(where: { $0.end == nil }) {
                #expect(Self.bands(again.written).count == 1)
                continue
            }
            #expect(result.status == whole.status && result.outputs == whole.outputs, "after \(count) events")
            #expect(Self.bands(again.written) == Self.bands(rig.written), "after \(count) events")
            #expect(Self.asked(again.written) == Self.asked(rig.written), "after \(count) events")
        }
    }

    /// Two branches at once: both come to their end, and what follows either is under the band.
    @Test func branchesAreUnderItTogether() async throws {
        let rig = Self.rig()
        _ = try await rig.run(
            Self.flow(
                "max_cost_usd: 0.01, yellow: { at: 0.00002, models: [small] }",
                "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi }\n  - { id: c, prompt: hi, needs: [a] }\n  - { id: d, prompt: hi, needs: [b] }"))
        #expect(Set(Self.asked(rig.written)) == ["a m", "b m", "c s", "d s"] && Self.bands(rig.written).count == 1)
    }

    // MARK: People

    @Test(arguments: [true, false]) func aPersonSaysWhetherTheRunGoesOn(isYes: Bool) async throws {
        let rig = Self.rig()
        let graph = try workflow(
            Self.flow(
                "max_cost_usd: 0.001, yellow: { at: 2%, ask: true }",
                "  - { id: a, prompt: hi }\n  - { id: b, prompt: hi, needs: [a] }\n  - { id: c, prompt: hi, needs: [a] }\n  - { id: d, prompt: hi, needs: [b, c] }"))
        let waits = try await rig.run(graph)
        #expect(waits.status == .waiting && waits.waitsFor.map(\.step) == ["b", "c"])
        #expect(waits.waitsFor[0].question.kind == .band && waits.waitsFor[0].question.cause == "yellow")
        rig.journal.leave(.decided(waits.id, path: "c", ApprovalDecision(isApproved: isYes, by: "ann", note: nil, at: rig.clock.now())))
        let result = try await rig.engine.resume(waits.id, graph)
        // One answer is for both, and for what comes later.
        if isYes {
            #expect(result.status == .succeeded && Self.asked(rig.written).count == 4)
        } else {
            #expect(result.failure == StepFailure(.budget, "ann did not let the run go on") && Self.asked(rig.written) == ["a m"])
        }
        #expect(rig.written.events.count { if case .approvalDecided = $0.event { true } else { false } } == 2)
    }

    /// Whoever answered first, whatever the others said of the same band, and in whatever order it is heard: all of it stands in the record.
    @Test(arguments: [true, false], [["b", "c", "d"], ["d", "c", "b"]]) func theFirstAnswerToABandCounts(isYes: Bool, heard: [String]) async throws {
        let rig = Self.rig()
        let graph = try workflow(Self.flow("max_cost_usd: 0.01, red: { at: 0.00001, ask: true }", Self.asking))
        let waits = try await rig.run(graph)
        #expect(waits.waitsFor.map(\.step) == ["b", "c", "d", "e[0]", "e[1]"])
        let said = ["d": ("ann", isYes, 0), "b": ("bob", !isYes, 1), "c": ("cy", !isYes, 2)]
        for path in heard {
            let (by, isYes, later) = said[path]!
            let at = Timestamp(microseconds: rig.clock.now().microseconds + Int64(later))
            rig.journal.leave(.decided(waits.id, path: path, ApprovalDecision(isApproved: isYes, by: by, note: nil, at: at)))
        }
        let result = try await rig.engine.resume(waits.id, graph)
        if isYes {
            #expect(result.status == .succeeded && Self.asked(rig.written).count == 6, "\(result.failure as Any)")
        } else {
            #expect(result.failure == StepFailure(.budget, "ann did not let the run go on") && Self.asked(rig.written) == ["a m"])
        }
        #expect(Self.answers(rig.written) == ["d ann \(isYes)", "b bob \(!isYes)", "c cy \(!isYes)", "e[0] ann \(isYes)", "e[1] ann \(isYes)"])
    }

    private static let asking = """
          - { id: a, prompt: hi }
          - { id: b, prompt: hi, needs: [a] }
          - { id: c, prompt: hi, needs: [a] }
          - { id: d, prompt: hi, needs: [a] }
          - { id: e, needs: [a], for_each: { items: "[1, 2]" }, prompt: hi }
        """

    private static func answers(_ run: InMemoryJournal.Run) -> [String] {
        run.events.compactMap { if case .approvalDecided(let path, let decision) = $0.event { "\(path) \(decision.by) \(decision.isApproved)" } else { nil } }
    }

    /// A process that died between the first of these facts and the others: whoever goes on asks nobody again.
    @Test(arguments: [true, false]) func oneAnswerIsForAllWhereverItWasCut(isYes: Bool) async throws {
        let rig = Self.rig()
        let graph = try workflow(Self.flow("max_cost_usd: 0.01, red: { at: 0.00001, ask: true }", Self.asking))
        let waits = try await rig.run(graph)
        rig.journal.leave(.decided(waits.id, path: "c", ApprovalDecision(isApproved: isYes, by: "ann", note: nil, at: rig.clock.now())))
        let whole = try await rig.engine.resume(waits.id, graph)
        let first = try #require(rig.written.events.firstIndex { $0.event.kind == "approval_decided" })
        for count in first + 1...first + 5 {
            let again = Self.rig(journal: rig.journal.cut(waits.id, afterEvents: count))
            let result = try await again.engine.resume(waits.id, graph)
            #expect(result.status == whole.status && result.failure == whole.failure, "after \(count) events")
            #expect(Self.answers(again.written) == Self.answers(rig.written), "after \(count) events")
        }
    }

    /// What is asked names the measure that brought the run there.
    @Test(arguments: [
        ("max_tokens: 1000, red: { at: 3%, ask: true }", "30 tokens are used or held for good, it begins at 30"),
        ("max_cost_usd: 1, max_tokens: 1000, red: { at: 3%, ask: true }", "30 tokens are used or held for good, it begins at 30"),
        ("max_cost_usd: 0.001, red: { at: 3%, ask: true }", "$0.00004 is spent or held for good, it begins at $0.00003"),
    ]) func aQuestionNamesItsMeasure(budget: String, text: String) async throws {
        let waits = try await Self.rig().run(Self.flow(budget, Self.chain))
        #expect(waits.waitsFor.map(\.question.text) == ["the budget is in its red band: \(text); shall the run go on?"])
    }

    // MARK: The plan

    /// Whoever may be asked in place of a tier is in its worst case.
    @Test func thePlanHasWhoMayBeAskedInstead() throws {
        let clock = ManualClock()
        let prices = PriceBook(
            overrides: [
                .test("local", "s", .input, "1"), .test("local", "s", .output, "2"), .test("local", "m", .input, "1"), .test("local", "m", .output, "2"),
                .test("local", "l", .input, "10"), .test("local", "l", .output, "20"),
            ], catalogue: .none)
        let provider = ScriptedProvider(clock: clock, answers: [:])
        func plan(_ budget: String) throws -> Plan {
            PlanBuilder(graph: try workflow(Self.flow(budget, "  - { id: a, prompt: hi }")), provider: provider, prices: prices, history: WorkflowHistory(), at: clock.now())
                .plan(inputs: [:])
        }
        #expect(try plan("max_cost_usd: 1").total.worst == usd("0.00028"))
        #expect(try plan("max_cost_usd: 1, yellow: { at: 50%, models: [large] }").total.worst == usd("0.0028"))
        #expect(try plan("max_cost_usd: 1, yellow: { at: 50%, models: [mid] }").total.worst == usd("0.00028"))
        #expect(try plan("max_cost_usd: 1, on_exceeded: degrade, degrade: [large]").total.worst == usd("0.0028"))
    }
}
