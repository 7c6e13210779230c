import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// A workflow of model steps: its head, then its steps.
func modelWorkflow(_ steps: String, top: String = "", fallback: String = "[]") -> String {
    """
    version: 1
    name: t
    models: { m: { use: local/small, fallback: \(fallback) } }
    defaults: { model: m, limits: { max_output_tokens: 100 } }
    \(top)
    steps:
    \(steps)
    """
}

@Suite struct RunTests {
    // MARK: Values

    @Test func outputsFlowFromStepToStep() async throws {
        let rig = EngineRig(answers: ["draft": [.text("a reply")]])
        let result = try await rig.run(modelWorkflow("""
              - { id: draft, prompt: "Answer ${{ inputs.name }}" }
              - { id: length, value: "{'size': size(steps.draft.output), 'tier': steps.draft.tier}" }
            """, top: """
            inputs: { name: { type: string } }
            outputs: { reply: "${{ steps.draft.output }}", length: "${{ steps.length.output }}" }
            """), ["name": "Ada"])
        #expect(result.status == .succeeded)
        #expect(result.outputs == ["reply": "a reply", "length": ["size": 7, "tier": "m"]])
        #expect(rig.provider.requests.map { $0.segments.map(\.text) } == [["Answer Ada"]])
        #expect(result.calls == 1)
        #expect(result.failure == nil)
    }

    @Test func aRunIsRecordedFromStartToEnd() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")], "b": [.text("y")]])
        _ = try await rig.run(modelWorkflow("""
              - { id: a, prompt: one }
              - { id: b, prompt: "two ${{ steps.a.output }}" }
              - { id: c, when: "false", value: "1" }
            """))
        let run = rig.written
        #expect(run.story == [
            "run_started", "condition_evaluated c", "step_skipped c", "step_started a", "call_started a", "call_ended a", "step_succeeded a",
            "step_started b", "call_started b", "call_ended b", "step_succeeded b", "run_ended succeeded",
        ])
        #expect(run.nodes.mapValues(\.status) == ["a": .succeeded, "b": .succeeded, "c": .skipped])
        #expect(run.nodes["c"]?.reason == "when is false")
        #expect(run.calls.map(\.state) == [.settled, .settled])
        #expect(run.end?.status == .succeeded)
    }

    /// Whatever refers to a document by its hash finds it in the journal, no later than the reference.
    @Test func everyHashIsBehindItsDocument() async throws {
        let rig = EngineRig(answers: ["a": [.text("{}"), .text("{\"n\": 1}")], "s": [.text("x")]])
        _ = try await rig.run(modelWorkflow("""
              - { id: a, prompt: one, output: { schema: { type: object, required: [n] } } }
              - { id: s, for_each: { items: "[1, 2]" }, prompt: "item ${{ item }}" }
              - { id: c, run: [echo, hi] }
            """, top: "outputs: { a: \"${{ steps.a.output }}\" }"))
        var known: Set<String> = []
        for entry in rig.written.entries {
            known.formUnion(entry.blobs.map(\.hash.hex))
            for event in entry.events {
                let payload = try JSONParser.parse(event.payload)
                for key in ["inputs", "outputs", "output", "items", "request", "response", "stdout"] {
                    if let hash = payload[key]?.stringValue { #expect(known.contains(hash), "\(event.kind) \(key)") }
                }
            }
            for node in entry.nodes { if let output = node.output { #expect(known.contains(output.hex)) } }
        }
        #expect(rig.written.end?.outputs.map { known.contains($0.hex) } == true)
    }

    @Test func anOutputThatReadsASkippedStepIsAbsent() async throws {
        let rig = EngineRig(answers: [:])
        let result = try await rig.run("""
            version: 1
            name: t
            outputs: { a: "${{ steps.a.output }}", b: "${{ steps.b.output }}", c: "${{ has(steps.a.output) ? 1 : 2 }}", d: "${{ steps.a.status }}" }
            steps:
              - { id: a, when: "false", value: "1" }
              - { id: b, value: "'x'" }
            """)
        #expect(result.outputs == ["b": "x", "c": 2, "d": "skipped"])
    }

    @Test func aFailedExpressionFailsItsStepWithItsPlace() async throws {
        let rig = EngineRig(answers: [:])
        let result = try await rig.run("""
            version: 1
            name: t
            inputs: { n: { type: integer } }
            steps:
              - { id: a, value: "1 / inputs.n" }
            """, ["n": 0])
        #expect(result.status == .failed)
        #expect(result.failedStep == "a")
        #expect(result.failure?.kind == .expression)
        #expect(result.failure?.details.first?.hasSuffix("w.yaml:5:22") == true, "\(result.failure!.details)")
    }

    @Test func aFailedOutputFailsTheRun() async throws {
        let rig = EngineRig(answers: [:])
        let result = try await rig.run("""
            version: 1
            name: t
            outputs: { x: "${{ steps.a.output.b }}" }
            steps:
              - { id: a, value: "{'c': 1}" }
            """)
        #expect(result.status == .failed)
        #expect(result.failedStep == "outputs")
        #expect(rig.written.end?.status == .failed)
    }

    // MARK: Commands

    @Test func aCommandGetsItsWithAsJSONAndItsOutputIsParsed() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array("{\"docs\": [1]}\n".utf8), stderr: "") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools)
        let result = try await rig.run("""
            version: 1
            name: t
            inputs: { q: { type: string } }
            outputs: { docs: "${{ steps.a.output.docs }}", code: "${{ steps.a.exit_code }}" }
            steps:
              - { id: a, run: [search, --for, "${{ inputs.q }}"], with: { query: "${{ inputs.q }}" }, output: { parse: json } }
            """, ["q": "x y"])
        #expect(result.outputs == ["docs": [1], "code": 0])
        let invocation = try #require(tools.invocations.first)
        #expect(invocation.argv == ["search", "--for", "x y"])
        #expect(String(decoding: invocation.stdin, as: UTF8.self) == #"{"query":"x y"}"#)
        #expect(rig.written.story == ["run_started", "step_started a", "command_ended a", "step_succeeded a", "run_ended succeeded"])
    }

    @Test(arguments: [
        ("text", "a\nb\n\n", JSONValue.string("a\nb")), ("text", "a\r\n", JSONValue.string("a")),
        ("jsonl", "{\"t\":\"a\u{2028}b\"}\n\n2\r\n", JSONValue.array([["t": "a\u{2028}b"], 2])), ("json", " [1] ", JSONValue.array([1])),
    ])
    func outputsOfPrograms(parse: String, stdout: String, value: JSONValue) async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array(stdout.utf8), stderr: "") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools)
        let result = try await rig.run("""
            version: 1
            name: t
            outputs: { a: "${{ steps.a.output }}" }
            steps:
              - { id: a, run: [p], output: { parse: \(parse) } }
            """)
        #expect(result.outputs == ["a": value])
    }

    @Test(arguments: [
        (CommandResult.exited(code: 3, stdout: [], stderr: "one\ntwo\n"), FailureKind.command, "the program ended with exit code 3", ["stderr: one", "stderr: two"]),
        (.signalled(9, stderr: ""), .command, "the program was ended by signal 9", []),
        (.exited(code: 0, stdout: Array("no".utf8), stderr: ""), .command, "the program's output is not JSON: expected a value at line 1, column 1", []),
        (.exited(code: 0, stdout: [0xFF], stderr: ""), .command, "the program's output is not UTF-8 text", []),
        (.failed(StepFailure(.commandNotFound, "there is no program 'p'")), .commandNotFound, "there is no program 'p'", []),
    ])
    func failuresOfPrograms(result: CommandResult, kind: FailureKind, message: String, details: [String]) async throws {
        let clock = ManualClock()
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: ScriptedTools(clock: clock) { _ in result })
        let run = try await rig.run("version: 1\nname: t\nsteps:\n  - { id: a, run: [p], output: { parse: json } }")
        #expect(run.failure == StepFailure(kind, message, details: details))
    }

    @Test func anExitCodeThatIsAllowedIsAResult() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .exited(code: 1, stdout: Array("none".utf8), stderr: "") }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools)
        let result = try await rig.run("""
            version: 1
            name: t
            outputs: { a: "${{ steps.a.output }}", code: "${{ steps.a.exit_code }}" }
            steps:
              - { id: a, run: [grep, x], ok_exit: [0, 1] }
            """)
        #expect(result.outputs == ["a": "none", "code": 1])
    }

    @Test func aProgramThatRanOutOfTimeIsTriedAgain() async throws {
        let clock = ManualClock()
        let tools = ScriptedTools(clock: clock) { _ in .failed(StepFailure(.timeout, "too slow")) }
        let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, answers: [:]), tools: tools)
        let result = try await rig.run("version: 1\nname: t\nsteps:\n  - { id: a, run: [p], retry: { max_attempts: 2 } }")
        #expect(result.failure?.kind == .timeout)
        #expect(tools.invocations.count == 2)
    }

    // MARK: on_error

    @Test func onErrorValueStandsIn() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.badRequest, "no")]])
        let result = try await rig.run(modelWorkflow("""
              - { id: a, prompt: hi, on_error: { value: { text: "${{ inputs.fallback }}" } } }
            """, top: "inputs: { fallback: { default: none } }\noutputs: { a: \"${{ steps.a.output }}\" }"))
        #expect(result.outputs == ["a": ["text": "none"]])
        #expect(rig.written.story.contains("step_recovered a"))
        #expect(rig.written.nodes["a"]?.failure?.message == "no")
    }

    /// What it stands in for may be that `with` has no value.
    @Test func onErrorValueStandsInForABrokenWith() async throws {
        let rig = EngineRig(answers: [:])
        let result = try await rig.run("""
            version: 1
            name: t
            outputs: { a: "${{ steps.b.output }}" }
            steps:
              - { id: a, value: "{}" }
              - { id: b, with: { x: "${{ steps.a.output.missing }}" }, value: with.x, on_error: { value: 5 } }
            """)
        #expect(result.outputs == ["a": 5])
    }

    @Test func aBrokenFallbackIsSaid() async throws {
        let rig = EngineRig(answers: [:])
        let result = try await rig.run("""
            version: 1
            name: t
            steps:
              - { id: a, value: "1 / 0", on_error: { value: "${{ 2 / 0 }}" } }
            """)
        #expect(result.failure?.details.contains { $0.hasPrefix("on_error.value has no value: ") } == true)
    }

    @Test func onErrorContinueLeavesNoOutputAndNoFailure() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.badRequest, "no")]])
        let result = try await rig.run(modelWorkflow("""
              - { id: a, prompt: hi, on_error: continue }
              - { id: b, value: steps.a.status }
            """, top: "outputs: { a: \"${{ steps.a.output }}\", b: \"${{ steps.b.output }}\" }"))
        #expect(result.status == .succeeded)
        #expect(result.outputs == ["b": "failed"])
        #expect(result.failure == nil)
    }

    // MARK: for_each

    private func forEach(_ keys: String, items: String = "[1, 2, 3]", onError: String = "") -> String {
        modelWorkflow("""
              - { id: s, for_each: { items: "\(items)", as: n \(keys) }, prompt: "item ${{ n }} at ${{ index }}"\(onError) }
            """, top: "outputs: { s: \"${{ steps.s.output }}\" }")
    }

    @Test func itemsComeInInputOrderHoweverLongTheyTake() async throws {
        let rig = EngineRig { request, _ in
            let text = request.segments[0].text
            return .text(text, latency: text.contains("item 1") ? .seconds(3) : text.contains("item 2") ? .seconds(2) : .seconds(1))
        }
        let result = try await rig.run(forEach(""))
        #expect(result.outputs == ["s": ["item 1 at 0", "item 2 at 1", "item 3 at 2"]])
        #expect(rig.clock.elapsed == .seconds(3))
        #expect(rig.written.nodes.keys.sorted() == ["s", "s[0]", "s[1]", "s[2]"])
    }

    @Test func noItemsGiveAnEmptyList() async throws {
        let rig = EngineRig(answers: [:])
        #expect(try await rig.run(forEach("", items: "[]")).outputs == ["s": []])
    }

    private static let secondFails: ScriptedProvider.Script = { request, _ in
        request.segments[0].text.contains("item 2") ? .failure(.badRequest, "no") : .text("ok")
    }

    @Test func stopFailsTheStep() async throws {
        let rig = EngineRig(script: Self.secondFails)
        let result = try await rig.run(forEach(", max_parallel: 1"))
        #expect(result.status == .failed)
        #expect(result.failure == StepFailure(.badRequest, "item 1 failed: no"))
        #expect(rig.provider.requests.count == 2)
    }

    @Test func collectListsWhatBecameOfEach() async throws {
        let rig = EngineRig(script: Self.secondFails)
        let result = try await rig.run(forEach(", on_error: collect"))
        #expect(result.outputs == ["s": [
            ["ok": true, "output": "ok", "error": nil], ["ok": false, "output": nil, "error": "no"], ["ok": true, "output": "ok", "error": nil],
        ]])
    }

    @Test(arguments: [(", on_error: { value: \"none for ${{ n }}\" }", JSONValue.string("none for 2")), (", on_error: continue", .null)])
    func theStepsOwnOnErrorHoldsForEachItem(onError: String, second: JSONValue) async throws {
        let rig = EngineRig(script: Self.secondFails)
        let result = try await rig.run(forEach(", max_parallel: 1", onError: onError))
        #expect(result.status == .succeeded)
        #expect(result.outputs == ["s": ["ok", second, "ok"]])
        #expect(result.failure == nil)
    }

    @Test(arguments: [("inputs.n", "for_each.items must be a list, found integer"), ("[1, 2, 3, 4]", "for_each has 4 items, max_items is 3")])
    func itemsHaveToBeAListThatFits(items: String, message: String) async throws {
        let rig = EngineRig(answers: [:])
        let result = try await rig.run("""
            version: 1
            name: t
            inputs: { n: { default: 1 } }
            steps:
              - { id: s, for_each: { items: "\(items)", max_items: 3 }, value: item }
            """)
        #expect(result.failure == StepFailure(.items, message))
    }

    // MARK: Models

    @Test func aFailedCallIsARowAndIsTriedAgain() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.rateLimit, "slow", retryAfter: .seconds(2)), .text("x")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", top: "outputs: { n: \"${{ steps.a.attempts }}\" }"))
        #expect(result.outputs == ["n": 2])
        #expect(rig.clock.elapsed == .milliseconds(2200))
        let calls = rig.written.calls
        #expect(calls.map(\.state) == [.void, .settled])
        #expect(calls[1].start.retryOf == calls[0].start.id.text)
        #expect(calls.map(\.start.ordinal) == [0, 1])
        // Nothing is owed for a call that was turned away.
        #expect(calls[0].end?.held == .zero)
    }

    @Test func anAnswerThatBreaksItsSchemaIsRepaired() async throws {
        let rig = EngineRig(answers: ["a": [.text("{\"n\": \"x\"}"), .text("```json\n{\"n\": 1}\n```")]])
        let result = try await rig.run(modelWorkflow("""
              - { id: a, prompt: hi, output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] } } }
            """, top: "outputs: { n: \"${{ steps.a.output.n }}\" }"))
        #expect(result.outputs == ["n": 1])
        let repair = rig.provider.requests[1].segments
        #expect(repair.map(\.origin) == ["prompt", "rejected answer", "repair"])
        #expect(repair[1].text == "{\"n\": \"x\"}")
        #expect(repair[2].text.contains("That answer is not valid:\n- "))
        #expect(rig.written.calls.map(\.start.purpose) == [.try, .repair])
        #expect(rig.written.payloads("output_rejected").count == 1)
    }

    /// The model that repairs is told which answer it repairs, also when it is not the one that gave it.
    @Test func aRepairThatFallsBackKeepsTheAnswer() async throws {
        let rig = EngineRig(answers: ["a": [.text("nonsense"), .failure(.quota, "no money"), .text("{}")]])
        let result = try await rig.run(modelWorkflow("""
              - { id: a, prompt: hi, output: { schema: { type: object } } }
            """, fallback: "[local/other]"))
        #expect(result.status == .succeeded)
        #expect(rig.provider.requests.map(\.model.model) == ["small", "small", "other"])
        #expect(rig.provider.requests[2].segments[1].text == "nonsense")
    }

    @Test func aRefusalIsNoAnswer() async throws {
        let rig = EngineRig(answers: ["a": [.text("", refusal: "I cannot help with that")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(result.failure == StepFailure(.refusal, "the model declined: I cannot help with that"))
        #expect(rig.written.calls.map(\.state) == [.settled])
    }

    @Test func aTruncatedAnswerFailsAndIsPaid() async throws {
        let rig = EngineRig(answers: ["a": [.text("half a", finish: .length, input: 10, output: 100)]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(result.failure?.kind == .truncated)
        #expect(result.cost == MoneySum(usd("0.00021")))
    }

    @Test func inputLimitsAreCheckedBeforeACall() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        let result = try await rig.run(modelWorkflow("  - { id: a, prompt: 0123456789, limits: { max_input_tokens: 2 } }"))
        #expect(result.failure == StepFailure(.inputLimit, "the prompt has about 3 tokens, limits.max_input_tokens is 2"))
        #expect(result.calls == 0)
        #expect(rig.written.story == ["run_started", "step_started a", "step_failed a", "run_ended failed"])
    }

    @Test func prefixesThatOutliveARunAreTheSystemsPart() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        _ = try await rig.run(modelWorkflow("""
              - { id: a, system: Be brief., prefix: [ticket, policy], prompt: "Now ${{ steps.b.output }}" }
              - { id: b, value: "1" }
            """, top: """
            inputs: { t: { default: T1 } }
            prefixes: { policy: { text: The policy. }, ticket: { text: "Ticket ${{ inputs.t }}" } }
            """))
        let segments = rig.provider.requests[0].segments
        #expect(segments.map(\.origin) == ["system", "prefix policy", "prefix ticket", "prompt"])
        #expect(segments.map(\.role) == [.system, .system, .user, .user])
        #expect(segments.map(\.startsMessage) == [true, false, true, false])
        #expect(segments.map(\.stability) == [.workflow, .workflow, .execution, .step])
    }

    @Test func aModelThatDoesNotStartFallsBackOrFails() async throws {
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock, preparing: { model in
            model.model == "small" ? .failure(StepFailure(.configuration, "the server of small did not start")) : .success(())
        }, script: { _, _ in .text("x") })
        let rig = EngineRig(clock: clock, provider: provider)
        #expect(try await rig.run(modelWorkflow("  - { id: a, prompt: hi }", fallback: "[local/other]")).status == .succeeded)
        #expect(provider.requests.map(\.model.model) == ["other"])
        let failed = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        #expect(failed.failure == StepFailure(.configuration, "the server of small did not start"))
        #expect(rig.written.story == ["run_started", "step_started a", "step_failed a", "run_ended failed"])
    }

    // MARK: Determinism

    @Test func equalInputsGiveEqualRequestsAndEqualEvents() async throws {
        func once() async throws -> (requests: [String], events: [[UInt8]]) {
            let rig = EngineRig(answers: ["a": [.failure(.timeout, "slow"), .text("{\"n\":1}")], "b": [.text("x")]])
            _ = try await rig.run(modelWorkflow("""
                  - { id: a, prompt: "hi ${{ inputs.q }}", output: { schema: { type: object } }, temperature: 0.5, seed: 7, stop: [END] }
                  - { id: b, for_each: { items: "[3, 1, 2]" }, prompt: "${{ item }}: ${{ steps.a.output }}" }
                """, top: "inputs: { q: { type: object } }"), ["q": ["z": 1, "a": [true, nil]]])
            return (rig.provider.requests.map { $0.manifest.jsonText }, rig.written.events.map(\.payload))
        }
        let first = try await once()
        let second = try await once()
        #expect(first.requests.count == 5)
        #expect(first.requests == second.requests)
        #expect(first.events == second.events)
    }

    @Test func whatIsAskedIsWhatIsRecorded() async throws {
        let rig = EngineRig(answers: ["a": [.text("x")]])
        _ = try await rig.run(modelWorkflow("  - { id: a, prompt: hi }"))
        let manifest = JSONEncoding.wire.bytes(rig.provider.requests[0].manifest)
        #expect(rig.written.calls[0].start.request == ContentHash(of: manifest))
        #expect(rig.written.entries.flatMap(\.blobs).contains { $0.bytes == manifest })
        #expect(rig.written.entries.flatMap(\.blobs).contains { $0.bytes == Array("hi".utf8) })
    }

    @Test func theObserverSeesWhatTheJournalHolds() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.timeout), .text("x")]])
        let observer = RecordingObserver()
        _ = try await rig.run(workflow(modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, value: steps.a.output }")), observer: observer)
        #expect(observer.kinds == rig.written.events.map(\.kind))
    }
}
