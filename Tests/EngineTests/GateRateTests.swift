import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// `max_rate`: how many executions of a gate go on to a further tier is counted over runs and processes, and trips.
@Suite struct GateRateTests {
    /// Items whose number says whether the first tier does: those of `inputs.bad` do not.
    private static func graph(_ gate: String = "", rate: String = "30%/1h", name: String = "rated") throws -> WorkflowGraph {
        try workflow(
            """
            version: 1
            name: \(name)
            inputs: { items: { type: array, items: { type: integer } } }
            models: { small: { use: local/s }, mid: { use: local/m }, large: { use: local/l } }
            concurrency: 1
            steps:
              - id: each
                for_each: { items: inputs.items, on_error: collect }
                prompt: "item ${{ item }}"
                retry: { max_attempts: 1 }
                escalate: { tiers: [small, mid, large], checks: { good: { expr: "item > 0" } }, max_rate: \(rate)\(gate) }
            outputs: { tiers: "${{ steps.each.output.map(e, e.ok ? e.tier : 'none') }}", accepted: "${{ steps.each.output.map(e, e.accepted) }}" }
            """)
    }

    private static func rig(_ journal: InMemoryJournal = InMemoryJournal(), clock: ManualClock = ManualClock(), seed: UInt64 = 1) -> EngineRig {
        let provider = ScriptedProvider(clock: clock) { request, _ in
            if request.segments.last!.text.hasSuffix("-9"), request.site?.tier == "small" { return .failure(.connection) }
            if request.segments.last!.text.hasSuffix("-8"), request.site?.tier == "small" { return .text("") }
            return .text(request.site!.tier)
        }
        return EngineRig(clock: clock, journal: journal, provider: provider, entropy: FixedEntropy(seed: seed))
    }

    private static func inputs(_ items: [Int]) -> JSONObject { ["items": .array(items.map { .int(Int64($0)) })] }

    private static func counts(_ rig: EngineRig) -> [RateCounted] { rig.written.events.compactMap { if case .rateCounted(let rate) = $0.event { rate } else { nil } } }

    /// 30 % of 20 are six: the seventh trips, and with it all that come until there are more that did.
    @Test func tooManyGoOn() async throws {
        let rig = Self.rig()
        let result = try await rig.run(Self.graph(), Self.inputs(Array(repeating: 1, count: 15) + [0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0]))
        let counts = Self.counts(rig)
        // Below 20 executions nothing trips; behind, one of 24 is too many where seven are there, and of 27 eight.
        #expect(counts.map(\.answered) == [16, 17, 18, 19, 20, 21, 22, 25, 26])
        #expect(counts.map(\.escalated) == [0, 1, 2, 3, 4, 5, 6, 6, 7])
        #expect(counts.map(\.isTripped) == [false, false, false, false, false, false, true, false, true])
        // What is asked behind the second tier is not counted again.
        #expect(result.outputs?["tiers"]?.arrayValue?.suffix(5) == ["small", "small", "small", "large", "small"])
        let ends = rig.written.payloads("gate_ended").filter { $0["cause"] == "max_rate" }
        #expect(ends.map { $0["step"] } == ["each[21]", "each[25]"] && ends[0]["reason"] == "6 of 22 executions in 1h 00m went on to a further tier, and max_rate is 30%")
        #expect(rig.written.payloads("rate_counted").map { $0["tripped"] == true } == counts.map(\.isTripped))
        // It is counted in one entry with the call that goes on.
        for entry in rig.written.entries {
            let kinds = entry.facts.map(\.kind)
            guard let place = kinds.firstIndex(of: "rate_counted"), entry.facts[place].event.isPassed else { continue }
            #expect(kinds[place + 1] == "call_started")
        }
    }

    /// Over runs and processes, of one workflow, as long as the gate says the same, in the window.
    @Test func whatCountsTogether() async throws {
        let clock = ManualClock()
        let journal = InMemoryJournal()
        func run(_ graph: WorkflowGraph, _ items: [Int]) async throws -> [RateCounted] {
            let rig = Self.rig(journal, clock: clock, seed: UInt64(journal.runs.count + 1))
            _ = try await rig.run(graph, Self.inputs(items))
            return Self.counts(rig)
        }
        let graph = try Self.graph(rate: "10%/1h")
        #expect(try await run(graph, Array(repeating: 1, count: 19) + [0, 0]).map(\.isTripped) == [false, false])
        #expect(try await run(graph, [0]).map { [$0.answered, $0.escalated] } == [[22, 2]])
        #expect(try await run(graph, [0]).map(\.isTripped) == [true])
        // Another limit is another gate, another workflow another window.
        #expect(try await run(Self.graph(rate: "11%/1h"), [0]).map { [$0.answered, $0.escalated] } == [[1, 0]])
        #expect(try await run(Self.graph(rate: "10%/1h", name: "other"), [0]).map(\.answered) == [1])
        // An hour later all begins anew.
        clock.advance(by: .seconds(3700))
        #expect(try await run(graph, [0]).map { [$0.answered, $0.escalated] } == [[1, 0]])
    }

    /// A server that was away is no execution; an empty answer is one.
    @Test func whatIsAnExecution() async throws {
        let rig = Self.rig()
        _ = try await rig.run(Self.graph(), Self.inputs([-9, -9, -8, 0]))
        #expect(Self.counts(rig).map(\.answered) == [1, 2])
        #expect(rig.written.payloads("tier_decided").map { $0["window"] != nil } == [false, false, true, false, false, true, false, false])
    }

    @Test(arguments: ["best", "fail", "{ ask: { message: which? } }"]) func aTripEndsAsTheGateSays(_ word: String) async throws {
        let graph = try Self.graph(", on_exhausted: \(word)", rate: "0%/1h")
        let rig = Self.rig()
        let result = try await rig.run(graph, Self.inputs(Array(repeating: 1, count: 20) + [0, -8]))
        switch word {
        case "best":
            // Without a candidate it fails as its tier did.
            #expect(result.outputs?["tiers"]?.arrayValue?.suffix(2) == ["small", "none"] && result.outputs?["accepted"]?.arrayValue?.suffix(2) == [false, false])
            #expect(rig.written.payloads("step_failed").map { $0["failure"]?["kind"] } == ["empty_answer"])
        case "fail": #expect(rig.written.payloads("step_failed").map { $0["failure"]?["kind"] } == ["not_accepted", "empty_answer"])
        default: #expect(result.waitsFor.map(\.question.cause) == ["max_rate", "max_rate"])
        }
        #expect(rig.written.calls.allSatisfy { $0.start.tier == "small" } && Self.counts(rig).map(\.isTripped) == [true, true])
    }

    /// What was counted is taken from the record: whoever goes on counts nothing again, though far more went on since, or fewer.
    @Test func noVerdictIsGivenTwice() async throws {
        let graph = try Self.graph(rate: "10%/1h")
        let rig = Self.rig()
        let whole = try await rig.run(graph, Self.inputs(Array(repeating: 1, count: 18) + [0, 0, 0, 0]))
        #expect(Self.counts(rig).map(\.isTripped) == [false, false, true, true])
        for facts in 1..<rig.written.events.count {
            let journal = rig.journal.cut(whole.id, afterEvents: facts)
            let known = try #require(journal.run(whole.id)).payloads("rate_counted")
            if journal.run(whole.id)?.end != nil { continue }
            let again = Self.rig(journal)
            let result = try await again.engine.resume(whole.id, graph)
            #expect(result.outputs == whole.outputs, "after \(facts) facts")
            #expect(Array(again.written.payloads("rate_counted").prefix(known.count)) == known && again.written.payloads("rate_counted").count == 4, "after \(facts) facts")
        }
    }

    /// A record in which a tier is asked behind a rate that is passed cannot be.
    @Test func whatCannotFollow() async throws {
        let graph = try Self.graph(rate: "0%/1h")
        let rig = Self.rig()
        let whole = try await rig.run(graph, Self.inputs(Array(repeating: 1, count: 20) + [0]))
        let events = rig.written.events.map(\.event)
        let trip = try #require(events.firstIndex { if case .rateCounted = $0 { true } else { false } })
        func state(_ facts: [RunEvent]) throws -> RunState {
            var state = RunState(whole.id, of: graph, inputs: Self.inputs(Array(repeating: 1, count: 20) + [0]), startedAt: ManualClock.epoch)
            let records = facts.enumerated().map { index, fact in
                EventRecord(sequence: index + 1, kind: fact.kind, payload: (try? JSONParser.parse(fact.payload)) ?? .null, at: ManualClock.epoch, hash: ContentHash(of: "x"))
            }
            var documents: [ContentHash: [UInt8]] = [:]
            for entry in rig.written.entries { for blob in entry.blobs { documents[blob.hash] = blob.bytes } }
            try RunRecording(whole.id, records, documents: documents).fold(into: &state)
            return state
        }
        _ = try state(Array(events[...trip]))
        // Twice, before the first tier is decided, and a call of the next tier behind it.
        let first = try #require(events.first { if case .callStarted = $0 { true } else { false } })
        guard case .callStarted(let call) = first else { return }
        let next = RunEvent.callStarted(
            CallStarted(id: CallID(run: whole.id, number: 99), path: "each[20]", tier: "mid", model: call.model, purpose: .try, ordinal: 0, request: call.request, held: nil, retryOf: nil))
        for (facts, reason) in [(Array(events[...trip]) + [events[trip]], "nothing was to be counted"), (Array(events[..<(trip - 1)]) + [events[trip]], "nothing was to be counted"), (Array(events[...trip]) + [next], "too many go on")] {
            let error = #expect(throws: JournalError.self) { _ = try state(facts) }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }
}

extension RunEvent {
    fileprivate var isPassed: Bool { if case .rateCounted(let rate) = self { !rate.isTripped } else { false } }
}
