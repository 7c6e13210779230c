import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What a server says of a call, on its way into the record.
@Suite struct ServerWordTests {
    private typealias Answer = ScriptedProvider.Answer

    private static func cut(_ kind: FailureKind, after text: String) -> Answer {
        var answer = Answer.failure(kind, "cut", billing: .unknown)
        answer.partialText = text
        return answer
    }

    @Test func `item 5 what came of a broken answer is kept with its call`() async throws {
        let rig = EngineRig(answers: ["a": [Self.cut(.connection, after: "half an ans"), .text("an answer")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: "budget: { max_cost_usd: 1 }"))
        #expect(result.status == .succeeded)
        let calls = rig.written.calls
        #expect(calls.map(\.state) == [.estimated, .settled])
        let kept = try await rig.journal.documents(calls.compactMap { $0.end?.response })
        #expect(kept[calls[0].end!.response!] == Array(#""half an ans""#.utf8))
        #expect(kept[calls[1].end!.response!] == Array(#""an answer""#.utf8))
        // Its text is no answer to anybody.
        #expect(rig.written.payloads("step_succeeded").first?["output"] == .string(calls[1].end!.response!.hex))
        // Three tokens by its bytes, at $2 a million, and one of the prompt.
        #expect(calls[0].end?.cost == usd("0.000007"))
    }

    @Test func `A1 a broken answer beyond its reservation blocks the cap`() async throws {
        let rig = EngineRig(answers: ["a": [Self.cut(.connection, after: String(repeating: "x", count: 4_000_000))]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi, retry: { max_attempts: 5 } }", top: "budget: { max_cost_usd: 1 }"))
        #expect(result.failure?.kind == .budget)
        #expect(rig.written.calls.map(\.state) == [.overrun])
        #expect(rig.written.held == usd("2.000001").picoDollars)
    }

    @Test func `W15 a server that is coming up is waited for though it never answered`() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { _, number in
            if number >= 12 { return .text("x") }
            var answer = Answer.failure(.serverError, "the server answered 503: Loading model")
            answer.isComingUp = true
            return answer
        }
        let rig = EngineRig(clock: clock, provider: provider)
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: "budget: { max_cost_usd: 0.001 }"))
        #expect(result.status == .succeeded)
        #expect(rig.written.calls.map(\.state) == [CallState](repeating: .void, count: 12) + [.settled])
        #expect(rig.written.payloads("call_ended").prefix(12).allSatisfy { $0["outage"] == true })
        #expect(clock.elapsed > .seconds(60))
    }

    @Test func `W14 the prices of another model come with the end of its call`() async throws {
        let prices = PriceBook(
            overrides: PriceBook.perToken(model: "small").overrides + PriceBook.perToken(input: "10", output: "20", model: "dear").overrides, catalogue: .none)
        var answer = Answer.text("x")
        answer.modelServed = "dear"
        let rig = EngineRig(answers: ["a": [answer]], prices: prices)
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: "budget: { max_cost_usd: 1 }"))
        let end = try #require(rig.written.calls.first?.end)
        #expect(end.cost == usd("0.0002"))
        #expect(end.priceRows == end.newPriceRows.map(\.id))
        #expect(rig.written.payloads("call_ended").first?["notes"]?[0]?["code"] == "served_model")
    }

    @Test func `a cap that keeps more than a call cost keeps it after a resume`() async throws {
        let prices = PriceBook(
            overrides: PriceBook.perToken(input: "10", output: "20", model: "small").overrides + PriceBook.perToken(model: "cheap").overrides, catalogue: .none)
        var answer = Answer.text("x", input: 1000, output: 10)
        answer.modelServed = "cheap"
        let rig = EngineRig(answers: ["a": [answer], "b": [answer]], prices: prices)
        let graph = try workflow(modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, prompt: hi, needs: [a] }", top: "budget: { max_cost_usd: 1 }"))
        let result = try await rig.run(graph)
        let run = rig.written
        #expect(run.calls.map { $0.end?.cost } == [usd("0.00102"), usd("0.00102")])
        #expect(run.held == usd("0.0204").picoDollars)
        #expect(run.payloads("call_ended").map { $0["held_usd"] } == ["0.0102", "0.0102"])
        // Every beginning of the journal goes on to the same sums.
        for count in 1..<run.entries.count {
            let journal = rig.journal.cut(result.id, after: count)
            let clock = ManualClock()
            let other = EngineRig(
                clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, answers: ["a": [answer], "b": [answer]]), prices: prices)
            guard journal.run(result.id)?.end == nil else { continue }
            #expect(try await other.engine.resume(result.id, graph).status == .succeeded)
            #expect(other.written.calls.filter { $0.end != nil }.allSatisfy { $0.held == usd("0.0102") })
        }
    }

    @Test func `W8 words, notes and what is kept are read as they were written`() throws {
        let end = CallEnded(
            id: CallID(run: RunID("r"), number: 1), path: "a", state: .estimated, cost: usd("0.1"), usage: nil, finishReason: .other, finishWord: "Sleepy",
            response: nil, failure: nil, jitter: 0, kept: usd("0.2"), notes: [CallNote(.finishReason, "m"), CallNote(CallNote.Code(rawValue: "new"), "n")])
        let event = RunEvent.callEnded(end)
        guard case .callEnded(let read) = try RunEvent(kind: event.kind, payload: JSONParser.parse(event.payload), run: RunID("r")) else {
            Issue.record("another event")
            return
        }
        #expect(read.finishReason == .other && read.finishWord == "Sleepy")
        #expect(read.kept == usd("0.2"))
        #expect(read.notes == end.notes)
        #expect(RunEvent.callEnded(read).payload == event.payload)
        // An older record has the plain word.
        let old = try JSONParser.parse(#"{"call":1,"step":"a","state":"settled","cost_usd":"0.1","finish_reason":"other"}"#)
        guard case .callEnded(let before) = try RunEvent(kind: "call_ended", payload: old, run: RunID("r")) else { return }
        #expect(before.finishReason == .other && before.finishWord == nil && before.notes.isEmpty && before.kept == nil)
    }
}
