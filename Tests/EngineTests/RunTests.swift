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
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: draft, prompt: "Answer ${{ inputs.name }}" }
                  - { id: length, value: "{'size': size(steps.draft.output), 'tier': steps.draft.tier}" }
                """,
                top: """
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
        _ = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: one }
                  - { id: b, prompt: "two ${{ steps.a.output }}" }
                  - { id: c, when: "false", value: "1" }
                """))
        let run = rig.written
        #expect(
            run.story == [
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
        _ = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: one, output: { schema: { type: object, required: [n] } } }
                  - { id: s, for_each: { items: "[1, 2]" }, prompt: "item ${{ item }}" }
                  - { id: c, run: [echo, hi] }
                """, top: "outputs: { a: \"${{ steps.a.output }}\" }"))
        var known: Set<String> = []
        for entry in rig.written.entries {
            known.formUnion(entry.blobs.map(\.hash.hex))
            for event in entry.facts {
                let payload = try JSONParser.parse(event.payload)
                for key in ["inputs", "outputs", "output", "items", "request", "response", "stdout"] {
                    if let hash = payload[key]?.stringValue { #expect(known.contains(hash), "\(event.kind) \(key)") }
                }
            }
        }
        for node in rig.written.nodes.values { if let output = node.output { #expect(known.contains(output.hex)) } }
        #expect(rig.written.end?.outputs.map { known.contains($0.hex) } == true)
    }

    @Test func anOutputThatReadsASkippedStepIsAbsent() async throws {
        let rig = EngineRig(answers: [:])
        let result = try await rig.run(
            """
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
        let result = try await rig.run(
            """
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
        let result = try await rig.run(
            """
            version: 1
            name: t
            outputs: { x: "${{ steps.a.output.b }}" }
            steps:
              - { id: a, value: "dyn({'c': 1})" }
            """)
        #expect(result.status == .failed)
        #expect(result.failedStep == "outputs")
        #expect(rig.written.end?.status == .failed)
    }

    // MARK: on_error

    @Test func onErrorValueStandsIn() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.badRequest, "no")]])
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi, on_error: { value: { text: "${{ inputs.fallback }}" } } }
                """, top: "inputs: { fallback: { default: none } }\noutputs: { a: \"${{ steps.a.output }}\" }"))
        #expect(result.outputs == ["a": ["text": "none"]])
        #expect(rig.written.story.contains("step_recovered a"))
        #expect(rig.written.nodes["a"]?.failure?.message == "no")
    }

    /// What it stands in for may be that `with` has no value.
    @Test func onErrorValueStandsInForABrokenWith() async throws {
        let rig = EngineRig(answers: [:])
        let result = try await rig.run(
            """
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
        let result = try await rig.run(
            """
            version: 1
            name: t
            steps:
              - { id: a, value: "1 / 0", on_error: { value: "${{ 2 / 0 }}" } }
            """)
        #expect(result.failure?.details.contains { $0.hasPrefix("on_error.value has no value: ") } == true)
    }

    @Test func onErrorContinueLeavesNoOutputAndNoFailure() async throws {
        let rig = EngineRig(answers: ["a": [.failure(.badRequest, "no")]])
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, prompt: hi, on_error: continue }
                  - { id: b, value: steps.a.status }
                """, top: "outputs: { a: \"${{ steps.a.output }}\", b: \"${{ steps.b.output }}\" }"))
        #expect(result.status == .succeeded)
        #expect(result.outputs == ["b": "failed"])
        #expect(result.failure == nil)
    }

    // MARK: for_each

    private func forEach(_ keys: String, items: String = "[1, 2, 3]", onError: String = "") -> String {
        modelWorkflow(
            """
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
        #expect(
            result.outputs == [
                "s": [
                    ["ok": true, "output": "ok", "error": nil], ["ok": false, "output": nil, "error": "no"], ["ok": true, "output": "ok", "error": nil],
                ]
            ])
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
        let result = try await rig.run(
            """
            version: 1
            name: t
            inputs: { n: { default: 1 } }
            steps:
              - { id: s, for_each: { items: "\(items)", max_items: 3 }, value: item }
            """)
        #expect(result.failure == StepFailure(.items, message))
    }

    // MARK: Determinism

    @Test func equalInputsGiveEqualRequestsAndEqualEvents() async throws {
        func once() async throws -> (requests: [[UInt8]], events: [[UInt8]]) {
            let rig = EngineRig(answers: ["a": [.failure(.timeout, "slow"), .text("{\"n\":1}")], "b": [.text("x")]])
            _ = try await rig.run(
                modelWorkflow(
                    """
                      - { id: a, prompt: "hi ${{ inputs.q }}", output: { schema: { type: object } }, temperature: 0.5, seed: 7, stop: [END] }
                      - { id: b, for_each: { items: "[3, 1, 2]" }, prompt: "${{ item }}: ${{ steps.a.output }}" }
                    """, top: "inputs: { q: { type: object } }"), ["q": ["z": 1, "a": [true, nil]]])
            var events = rig.written.events.map(\.payload)
            // Each is loaded from a folder of its own, and its name is told.
            var started = try #require(try JSONParser.parse(events[0]).objectValue)
            #expect(started["file"] != nil)
            started["file"] = nil
            events[0] = JSONEncoding.wire.bytes(.object(started))
            return (rig.provider.requests.map(\.manifest), events)
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
        let manifest = rig.provider.requests[0].manifest
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
