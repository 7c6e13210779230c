import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Further tiers that are asked for comparison: who is drawn, when they are asked, and that nothing of the run depends on them.
@Suite struct ShadowTests {
    /// Draws that are known; what else wants chance has it in between.
    private final class Draws: EntropySource {
        private let values: Mutex<[UInt64]>
        init(_ values: [UInt64]) { self.values = Mutex(values) }
        func next() -> UInt64 { values.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
    }

    /// No time is over at once, and any other never.
    private struct Standstill: EngineClock {
        let clock = ManualClock()
        func now() -> Timestamp { clock.now() }
        func sleep(for span: TimeSpan) async throws { if span.milliseconds > 0 { try await clock.sleep(for: span) } }
    }

    private static func gate(_ shadow: String, top: String = "", step: String = "", rest: String = "") -> String {
        """
        version: 1
        name: compared
        models: { small: { use: local/s }, mid: { use: local/m }, large: { use: local/l } }
        \(top)
        steps:
          - { id: a, prompt: hi there, retry: { max_attempts: 3 }\(step), escalate: { tiers: [small, mid, large], checks: { short: { expr: size(output) < 4 } }, shadow: \(shadow) } }
        \(rest)
        outputs: { answer: "${{ steps.a.output }}", cheap: "${{ steps.a.cost_usd < 0.000021 }}" }
        """
    }

    private static func rig(
        _ answers: [String: ScriptedProvider.Answer] = [:], entropy: any EntropySource = FixedEntropy(), journal: InMemoryJournal = InMemoryJournal()
    ) -> EngineRig {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock, latency: .milliseconds(100)) { request, _ in answers[request.site!.tier] ?? .text("abc") }
        return EngineRig(clock: clock, journal: journal, provider: provider, entropy: entropy)
    }

    /// Facts from the end of the gate on.
    private static func story(_ rig: EngineRig) -> [String] {
        rig.written.events.compactMap { fact in
            switch fact.event {
            case .callStarted(let call): "call \(call.tier)\(call.part.isEmpty ? "" : " \(call.part)") \(call.purpose.rawValue)"
            case .gateEnded(let gate): "takes \(gate.tier ?? "none")"
            case .shadowDrawn(let draw): "drawn for \(draw.tiers.joined(separator: " "))"
            case .shadowEnded(let shadow): "\(shadow.tier) \(shadow.result.rawValue)\(shadow.failure.map { " \($0.rawValue)" } ?? "")"
            case .nodeSucceeded(let path, _): "\(path) succeeded"
            case .runEnded(let end): "ended \(end.status.rawValue)"
            default: nil
            }
        }
    }

    /// Behind all steps, whose result is there before; what they cost is not the step's, nor the run's result.
    @Test func aDrawnExecutionAsksTheOthersLast() async throws {
        let rig = Self.rig(["large": .text("abcdef")])
        let result = try await rig.run(Self.gate("{ rate: 100%, tiers: all }", rest: "  - { id: b, value: \"1\", needs: [a] }"))
        #expect(result.status == .succeeded && result.spending.calls == 1 && result.outputs == ["answer": "abc", "cheap": true])
        await rig.engine.leave()
        #expect(Self.story(rig).prefix(5) == ["call small try", "takes small", "drawn for mid large", "a succeeded", "b succeeded"])
        #expect(Set(Self.story(rig).dropFirst(5).dropLast()) == ["call mid shadow shadow", "call large shadow shadow", "mid answered", "large answered"])
        #expect(Self.story(rig).last == "ended succeeded" && rig.written.end?.status == .succeeded)
        let shadow = try #require(rig.written.payloads("shadow_ended").first { $0["tier"] == "large" })
        #expect(shadow["signals"]?["bytes"] == 6 && shadow["signals"]?["finish"] == "stop" && shadow["output"] != nil)
        #expect(rig.written.payloads("shadow_drawn")[0]["input_bytes"] == 8 && rig.written.payloads("shadow_drawn")[0]["rate"] == "100%")
        #expect(rig.provider.requests.map(\.segments[0].text) == ["hi there", "hi there", "hi there"])
    }

    /// Who was asked by the gate is not asked again, and the default is its last tier.
    @Test func onlyWhoWasNotAsked() async throws {
        let rig = Self.rig(["small": .text("long"), "mid": .text("longer"), "large": .text("longest")])
        _ = try await rig.run(Self.gate("{ rate: 100% }"))
        await rig.engine.leave()
        #expect(Self.story(rig).suffix(4) == ["takes large", "drawn for ", "a succeeded", "ended succeeded"])
        let other = Self.rig()
        _ = try await other.run(Self.gate("{ rate: 100% }"))
        await other.engine.leave()
        #expect(Self.story(other).suffix(3) == ["call large shadow shadow", "large answered", "ended succeeded"])
    }

    /// One number of 53 bits an execution, also of one that is not chosen: any rate is decided of it.
    @Test(
        arguments: [
            (0, "0%", false), (0, "0.0001%", true), (450_359_962_737_049, "5%", true), (450_359_962_737_050, "5%", false), ((1 << 53) - 1, "100%", true),
            ((1 << 53) - 1, "99.9999%", false),
        ] as [(UInt64, String, Bool)])
    func aDraw(_ draw: UInt64, _ rate: String, _ isChosen: Bool) async throws {
        let rig = Self.rig(entropy: Draws([7, draw << 11]))
        _ = try await rig.run(Self.gate("{ rate: \(rate) }"))
        await rig.engine.leave()
        let drawn = try #require(rig.written.payloads("shadow_drawn").first)
        #expect(drawn["draw"] == .int(Int64(draw)) && (drawn["tiers"] != nil) == isChosen)
        #expect(rig.provider.requests.count == (isChosen ? 2 : 1))
        #expect(ShadowDrawn.isChosen(Int64(draw), at: Share(text: rate)!) == isChosen && ShadowDrawn.isChosen(Int64(draw), at: Share(text: "100%")!))
    }

    /// What caps have no room for is not asked, is recorded with the size of its input, and fails nothing. There is one try.
    @Test func capsAndFailures() async throws {
        let capped = Self.rig()
        let result = try await capped.run(Self.gate("{ rate: 100%, tiers: all }", step: ", limits: { max_output_tokens: 10, max_cost_usd: 0.00016 }"))
        await capped.engine.leave()
        #expect(result.status == .succeeded)
        let refused = capped.written.payloads("shadow_ended").filter { $0["result"] == "refused" }
        #expect(!refused.isEmpty && refused.allSatisfy { $0["failure_kind"] == "budget" && $0["reason"] != nil }, "\(Self.story(capped))")
        #expect(capped.written.payloads("call_refused").isEmpty && capped.written.end?.status == .succeeded)

        let away = Self.rig(["large": .failure(.serverError)])
        #expect(try await away.run(Self.gate("{ rate: 100% }")).status == .succeeded)
        await away.engine.leave()
        #expect(Self.story(away).suffix(3) == ["call large shadow shadow", "large failed server_error", "ended succeeded"])
        let schema = Self.rig(["small": .text("{\"n\": 1}"), "large": .text("no")])
        let output = ", output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] }, repair: 0 }"
        _ = try await schema.run(Self.gate("{ rate: 100% }", step: output).replacing("checks: { short: { expr: size(output) < 4 } }", with: "checks: { n: { expr: output.n > 0 } }"))
        await schema.engine.leave()
        #expect(Self.story(schema).suffix(2) == ["large failed output_invalid", "ended succeeded"])
        #expect(schema.written.payloads("shadow_ended")[0]["signals"]?["schema"] == false)
    }

    /// A process waits ten seconds at its end, then what is not there is not known.
    @Test func tenSecondsAreWaited() async throws {
        // Time goes on for the engine alone: an answer that takes any never comes.
        let provider = ScriptedProvider(clock: Standstill(), latency: .milliseconds(0)) { request, _ in
            request.site?.tier == "large" ? .text("late", latency: .seconds(60)) : .text("abc")
        }
        let rig = EngineRig(provider: provider)
        let began = rig.clock.now()
        let result = try await rig.run(Self.gate("{ rate: 100%, tiers: all }"))
        #expect(result.status == .succeeded && result.endedAt == began && rig.written.end == nil)
        await rig.engine.leave()
        #expect(rig.clock.now().since(began) == .seconds(10))
        #expect(Self.story(rig).contains("mid answered") && Self.story(rig).suffix(2) == ["large unknown", "ended succeeded"], "\(Self.story(rig))")
        #expect(rig.clock.sleepers == 0)
    }

    /// Of a process that is gone nothing is asked again, and the run comes to the same end.
    @Test func afterAKillNothingIsAsked() async throws {
        let graph = try workflow(Self.gate("{ rate: 100%, tiers: all }", rest: "  - { id: b, prompt: more, model: small, needs: [a] }"))
        let rig = Self.rig()
        let whole = try await rig.run(graph)
        await rig.engine.leave()
        var (unknown, answered) = (0, 0)
        for count in 1..<rig.written.entries.count {
            let journal = rig.journal.cut(whole.id, after: count)
            let before = try #require(journal.run(whole.id))
            if before.end != nil { continue }
            let again = Self.rig(journal: journal)
            let result = try await again.engine.resume(whole.id, graph)
            await again.engine.leave()
            #expect(result.status == .succeeded && result.outputs == whole.outputs, "after \(count) entries")
            let after = try #require(journal.run(whole.id))
            let shadows = after.payloads("shadow_ended")
            #expect(shadows.count == 2 && after.end?.status == .succeeded, "after \(count) entries")
            // Those that were drawn by the process that is gone.
            if !before.payloads("shadow_drawn").isEmpty { #expect(again.provider.requests.allSatisfy { $0.site?.part != "shadow" }) }
            unknown += shadows.count { $0["result"] == "unknown" }
            answered += shadows.count { $0["result"] == "answered" }
            // The facts fold to the rows, and to the same state.
            var replay = RunReplay(run: whole.id)
            for event in after.events.enumerated() { replay.take(event.offset + 1, kind: event.element.kind, payload: try JSONParser.parse(event.element.payload), at: event.element.at) }
            #expect(replay.faults.isEmpty, "\(replay.faults)")
        }
        #expect(unknown > 0 && answered > 0)
    }

    /// A run that stops asks nobody, and one that waits neither.
    @Test func whatStopsAsksNobody() async throws {
        let rig = Self.rig()
        let waiting = try await rig.run(Self.gate("{ rate: 100% }", rest: "  - { id: ok, approve: { message: go? }, needs: [a] }"))
        await rig.engine.leave()
        #expect(waiting.status == .waiting && Self.story(rig).suffix(2) == ["large unknown", "ended waiting"])
    }

    /// Another rate is the same gate: its history goes on.
    @Test func theRateIsNoPartOfTheGate() throws {
        func hash(_ shadow: String) throws -> ContentHash { try #require(try workflow(Self.gate(shadow)).steps[0].modelStep?.escalation?.hash) }
        #expect(try hash("{ rate: 1% }") == hash("{ rate: 2%, tiers: all }"))
        let without = Self.gate("{ rate: 1% }").replacing(", shadow: { rate: 1% }", with: "")
        #expect(try workflow(without).steps[0].modelStep?.escalation?.hash == hash("{ rate: 1% }"))
        #expect(try workflow(without.replacing("< 4", with: "< 5")).steps[0].modelStep?.escalation?.hash != hash("{ rate: 1% }"))
    }

    /// A shadow of a step that has not ended, one that was not drawn, and a second one are no facts.
    @Test func whatCannotBe() async throws {
        let rig = Self.rig()
        let graph = try workflow(Self.gate("{ rate: 100% }"))
        let result = try await rig.run(graph)
        await rig.engine.leave()
        let facts = rig.written.events.map(\.event)
        let drawn = try #require(facts.firstIndex { if case .shadowDrawn = $0 { true } else { false } })
        let ended = try #require(facts.firstIndex { if case .shadowEnded = $0 { true } else { false } })
        let named = rig.written.events.flatMap { (try? JSONParser.parse($0.payload)).map(RunEvent.documents) ?? [] }.map(\.hash)
        let bytes = try await rig.journal.documents(named)
        func fold(_ facts: [RunEvent]) -> Bool {
            let documents = FactDocuments.journal { hash in bytes[hash].flatMap { try? JSONParser.parse($0) } }
            let state = RunState(result.id, of: graph, inputs: [:], startedAt: result.startedAt)
            do {
                for fact in facts { _ = try state.apply(fact, at: result.startedAt, documents) }
                return true
            } catch { return false }
        }
        #expect(fold(facts))
        var twice = facts
        twice.insert(facts[ended], at: ended)
        #expect(!fold(twice))
        var early = facts
        early.insert(facts[ended], at: drawn + 1)
        #expect(!fold(early))
        var undrawn = facts
        undrawn.remove(at: drawn)
        #expect(!fold(undrawn))
    }
}
