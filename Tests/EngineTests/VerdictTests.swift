import Economics
import Engine
import TestSupport
import Testing
import Values
import WorkflowModel

/// What an answer is worth.
@Suite struct VerdictTests {
    private func answer(_ text: String, _ finish: FinishReason = .stop, tools: [String] = [], hasReasoning: Bool = false) -> ScriptedProvider.Answer {
        ScriptedProvider.Answer(
            outcome: .success(ModelResponse(text: text, finishReason: finish, toolCalls: tools.map { ToolCall(name: $0) }, hasReasoning: hasReasoning)), billing: .reported,
            usage: TokenUsage(plainInput: 10, plainOutput: 5), latency: nil)
    }

    // MARK: W7

    @Test(arguments: [("", FinishReason.stop), ("", .other), (" \n\t", .stop), ("", .toolCalls)])
    func anAnswerWithoutTextIsAFailure(text: String, finish: FinishReason) async throws {
        let rig = EngineRig(answers: ["a": [answer(text, finish), .text("later")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", fallback: "[local/other]"))
        #expect(result.failure?.kind == .emptyAnswer)
        // Neither tried again nor put to another model, and paid for.
        #expect(rig.provider.requests.count == 1)
        let end = try #require(rig.written.calls.first?.end)
        #expect(end.state == .settled && end.failure?.kind == .emptyAnswer && end.response != nil)
        // Told by the end of the call, before anything follows from it.
        #expect(rig.written.payloads("call_ended").first?["failure"]?["kind"] == "empty_answer")
    }

    @Test func whatCameInsteadOfTextIsNamed() async throws {
        for (given, words) in [
            (answer("", .toolCalls, tools: ["search", "browse"]), "it asks for 'search', 'browse'"),
            (answer("", hasReasoning: true), "it wrote reasoning alone"),
        ] {
            let rig = EngineRig(answers: ["a": [given]])
            #expect(try await rig.run(modelWorkflow("  - { id: a, prompt: hi }")).failure?.message.contains(words) == true)
        }
    }

    @Test func anEmptyAnswerIsTriedAgainWhereTheWorkflowNamesIt() async throws {
        let rig = EngineRig(answers: ["a": [answer(""), .text("later")]])
        let result = try await rig.run(
            modelWorkflow(
                "  - { id: a, prompt: hi, retry: { on: [empty_answer] } }", top: "outputs: { a: \"${{ steps.a.output }}\" }"))
        #expect(result.outputs == ["a": "later"])
        #expect(rig.provider.requests.count == 2)
    }

    @Test func anEmptyAnswerIsNotRepaired() async throws {
        let rig = EngineRig(answers: ["a": [answer(""), .text("{}")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi, output: { schema: { type: object } } }"))
        #expect(result.failure?.kind == .emptyAnswer)
        #expect(rig.provider.requests.count == 1)
    }

    @Test func aWorkflowMayTakeAnEmptyAnswer() async throws {
        let rig = EngineRig(answers: ["a": [answer("")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi, output: { empty: allow } }", top: "outputs: { a: \"<${{ steps.a.output }}>\" }"))
        #expect(result.outputs == ["a": "<>"])
    }

    @Test func whoDeclinesOrIsFilteredHasNoEmptyAnswer() async throws {
        let rig = EngineRig(answers: ["a": [.text("", refusal: "no")], "b": [answer("", .contentFilter)], "c": [answer("", .length)]])
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi, on_error: continue }
                  - { id: b, prompt: hi, on_error: continue }
                  - { id: c, prompt: hi, on_error: continue, limits: { on_truncation: keep } }
                """))
        #expect(result.status == .succeeded)
        let failures = Dictionary(rig.written.calls.map { ($0.start.path, $0.end?.failure?.kind) }, uniquingKeysWith: { first, _ in first })
        #expect(failures == ["a": .refusal, "b": .refusal, "c": .truncated])
    }

    // MARK: R5

    private let cap = "limits: { max_output_tokens: 4 }"

    @Test func aCutAnswerFailsAndItsTextIsKept() async throws {
        let rig = EngineRig(answers: ["a": [answer("half an", .length)]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi, \(cap) }"))
        #expect(result.failure?.kind == .truncated)
        #expect(result.failure?.message.hasPrefix("the answer stopped at its cap of 4 output tokens; its text is kept (agentctl show RUN --prompts); raise") == true)
        let kept = try #require(rig.written.calls.first?.end?.response)
        #expect(rig.written.entries.flatMap(\.blobs).first { $0.hash == kept }?.bytes == Array(#""half an""#.utf8))
    }

    @Test func aCutAnswerIsKeptAsTheOutput() async throws {
        let rig = EngineRig(answers: ["a": [answer("half an", .length)], "b": [answer("{", .length), .text("{}")]])
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi, limits: { max_output_tokens: 4, on_truncation: keep } }
                  - { id: b, prompt: hi, limits: { max_output_tokens: 4, on_truncation: keep }, output: { schema: { type: object } } }
                """, top: "outputs: { a: \"${{ steps.a.output }}\", b: \"${{ steps.b.output }}\" }"))
        #expect(result.outputs == ["a": "half an", "b": [:]])
        // Under a schema it is an answer as any other: it breaks it, and is sent back.
        #expect(rig.written.calls.filter { $0.start.path == "b" }.map(\.start.purpose) == [.try, .repair])
    }

    @Test func aCutAnswerIsContinued() async throws {
        let rig = EngineRig(answers: ["a": [answer("one, tw", .length), .failure(.serverError), answer("o, thr", .length), answer("ee")]])
        let result = try await rig.run(
            modelWorkflow(
                "  - { id: a, prompt: count, limits: { max_output_tokens: 4, on_truncation: continue } }",
                top: "budget: { max_cost_usd: 1 }\noutputs: { a: \"${{ steps.a.output }}\", n: \"${{ steps.a.attempts }}\" }"))
        #expect(result.outputs == ["a": "one, two, three", "n": 4])
        #expect(rig.written.calls.map(\.start.purpose) == [.try, .continuation, .continuation, .continuation])
        #expect(rig.provider.requests.last?.segments.map(\.text).prefix(2) == ["count", "one, two, thr"])
        #expect(rig.provider.requests.last?.segments.map(\.origin) == ["prompt", "cut answer", "continue"])
        #expect(result.cost == rig.written.calls.reduce(into: .zero) { $0.add($1.end?.cost ?? .zero) })
    }

    @Test func aContinuationWithNothingToAddIsTheEnd() async throws {
        let rig = EngineRig(answers: ["a": [answer("all", .length), answer("")]])
        let result = try await rig.run(
            modelWorkflow(
                "  - { id: a, prompt: hi, limits: { on_truncation: continue } }", top: "outputs: { a: \"${{ steps.a.output }}\" }"))
        #expect(result.outputs == ["a": "all"])
    }

    @Test func aContinuedAnswerIsRepairedAsAWhole() async throws {
        let rig = EngineRig(answers: ["a": [answer("{\"n\"", .length), answer(": \"x\"}"), answer("{\"n\"", .length), answer(": 1}")]])
        let result = try await rig.run(
            modelWorkflow(
                """
                  - id: a
                    prompt: hi
                    limits: { on_truncation: continue }
                    output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] } }
                """, top: "outputs: { n: \"${{ steps.a.output.n }}\" }"))
        #expect(result.outputs == ["n": 1])
        #expect(rig.written.calls.map(\.start.purpose) == [.try, .continuation, .repair, .continuation])
        let last = rig.provider.requests[3].segments
        #expect(last.map(\.origin) == ["prompt", "rejected answer", "repair", "cut answer", "continue"])
        #expect(last[1].text == "{\"n\": \"x\"}" && last[3].text == "{\"n\"")
    }

    @Test func whatIsStillCutAfterThreeContinuationsFails() async throws {
        let rig = EngineRig(answers: ["a": [answer("on", .length)]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi, limits: { on_truncation: continue } }"))
        #expect(result.failure?.kind == .truncated)
        #expect(result.failure?.message.contains("continued 3 times") == true)
        #expect(rig.provider.requests.count == 4)
    }

    /// A process may die behind each entry: the pieces are put together as they were.
    @Test func continuationsAndVerdictsSurviveTheirProcess() async throws {
        let text = """
            version: 1
            name: t
            models: { m: { use: local/a } }
            defaults: { model: m, limits: { max_output_tokens: 20, on_truncation: continue }, on_error: continue }
            steps:
              - { id: long, prompt: one }
              - { id: empty, prompt: two }
              - { id: taken, prompt: three, output: { empty: allow } }
              - { id: cut, prompt: four, limits: { on_truncation: fail } }
              - { id: kept, prompt: five, limits: { on_truncation: keep } }
              - { id: no, prompt: six }
            outputs: { long: "${{ steps.long.output }}", taken: "${{ steps.taken.output }}", kept: "${{ steps.kept.output }}", failed: "${{ [steps.empty.status, steps.cut.status, steps.no.status] }}" }
            """
        @Sendable func script(_ request: ModelRequest, _: Int) -> ScriptedProvider.Answer {
            switch request.schemaName {
            case "long":
                let pieces = request.segments.count == 1 ? 0 : request.segments[1].text.count
                return answer(["a", "b", "c", "d"][pieces], pieces < 3 ? .length : .stop)
            case "cut", "kept": return answer("half", .length)
            case "no": return .text("", refusal: "no")
            default: return answer("")
            }
        }
        let graph = try workflow(text)
        let rig = EngineRig(script: script)
        let whole = try await rig.run(graph)
        #expect(whole.outputs == ["long": "abcd", "taken": "", "kept": "half", "failed": ["failed", "failed", "failed"]])
        let entries = rig.written.entries.count
        for count in 1..<entries {
            let journal = rig.journal.cut(whole.id, after: count)
            guard try #require(journal.run(whole.id)).end == nil else { continue }
            let clock = ManualClock()
            let again = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, script: script))
            #expect(try await again.engine.resume(whole.id, graph).outputs == whole.outputs, "after \(count) entries")
        }
        // An entry often has what follows from a call with the call's end. Cut behind each fact, it is decided anew, and alike.
        let events = rig.written.events
        for count in 1..<events.count where events[count - 1].kind == "call_ended" {
            let journal = rig.journal.cut(whole.id, afterEvents: count)
            let clock = ManualClock()
            let again = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, script: script))
            #expect(try await again.engine.resume(whole.id, graph).outputs == whole.outputs, "after \(count) events")
        }
    }
}
