import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Whole runs of steps that have steps of their own: groups, loops, other workflows, `finally`.
@Suite struct ContainerTests {
    // MARK: Groups

    @Test func aGroupReadsWhatIsAroundItAndGivesItsOutputs() async throws {
        let rig = EngineRig { request, _ in .text(request.segments[0].text + "!") }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: names, value: "['a', 'b']" }
                  - id: g
                    for_each: { items: steps.names.output, as: name }
                    with: { greeting: "Hello ${{ name }}" }
                    steps:
                      - { id: say, with: { mark: "?" }, prompt: "${{ with.greeting }}${{ with.mark }} ${{ index }}" }
                      - { id: rest, when: "index > 0", value: "steps.say.output + name" }
                """, top: "outputs: { g: \"${{ steps.g.output }}\" }"))
        #expect(result.outputs == ["g": [["say": "Hello a? 0!"], ["say": "Hello b? 1!", "rest": "Hello b? 1!b"]]])
        #expect(rig.written.nodes["g[1]/rest"]?.step == "g/rest")
        #expect(Set(rig.written.calls.map(\.step)) == ["g/say"])
        #expect(rig.written.nodes["g[0]/rest"]?.reason == "when is false")
    }

    /// An inner item hides the outer one of its name, not `index` of the outer one elsewhere.
    @Test func itemsInsideOfItems() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let result = try await rig.run(
            """
            version: 1
            name: t
            steps:
              - id: g
                for_each: { items: "[[1, 2], [3]]", as: row }
                steps:
                  - { id: s, for_each: { items: row }, value: "string(item) + '/' + string(size(row)) + '/' + string(index)" }
                  - { id: i, value: index }
            outputs: { g: "${{ steps.g.output }}" }
            """)
        #expect(result.outputs == ["g": [["s": ["1/2/0", "2/2/1"], "i": 0], ["s": ["3/1/0"], "i": 1]]])
    }

    @Test(arguments: ["stop", "collect"]) func failedItemsOfAGroup(_ policy: String) async throws {
        let rig = EngineRig { request, _ in request.segments[0].text == "2" ? .failure(.badRequest, "no two") : .text("x") }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - id: g
                    for_each: { items: "[1, 2, 3]", max_parallel: 1, on_error: \(policy) }
                    steps: [{ id: a, prompt: "${{ item }}" }, { id: b, value: steps.a.output }]
                """, top: "outputs: { g: \"${{ steps.g.output }}\" }"))
        if policy == "stop" {
            #expect(result.failure?.message == "item 1 failed: g[1]/a: no two")
            #expect(rig.provider.requests.count == 2)
        } else {
            #expect(
                result.outputs?["g"] == [
                    ["ok": true, "output": ["a": "x", "b": "x"], "error": .null], ["ok": false, "output": .null, "error": "g[1]/a: no two"],
                    ["ok": true, "output": ["a": "x", "b": "x"], "error": .null],
                ])
        }
        #expect(rig.written.open == 0)
    }

    @Test func moreItemsThanAllowedFailAGroup() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let result = try await rig.run(
            """
            version: 1
            name: t
            steps: [{ id: g, for_each: { items: "[1, 2, 3]", max_items: 2 }, steps: [{ id: a, value: item }] }]
            """)
        #expect(result.failure?.kind == .items)
    }

    @Test func whatAGroupIsWorthInPlaceOfItsFailure() async throws {
        let rig = EngineRig { _, _ in .failure(.badRequest, "no") }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: g, on_error: { value: { a: none } }, steps: [{ id: a, prompt: hi }] }
                  - { id: b, value: steps.g.output.a }
                """, top: "outputs: { b: \"${{ steps.b.output }}\" }"))
        #expect(result.outputs == ["b": "none"])
        #expect(rig.written.nodes["g"]?.failure?.message == "g/a: no")
    }

    @Test func theFailureNamesTheStepInside() async throws {
        let rig = EngineRig { _, _ in .failure(.badRequest, "no") }
        let result = try await rig.run(modelWorkflow("  - { id: g, steps: [{ id: h, steps: [{ id: a, prompt: hi }] }] }"))
        #expect(result.failedStep == "g/h/a")
        #expect(result.failure?.kind == .badRequest)
    }

    // MARK: Loops

    private let polish = """
          - id: polish
            loop:
              max: 4
              until: steps.judge.output.score > 2
              steps:
                - { id: draft, prompt: "${{ pass.index }}: ${{ has(pass.previous) ? pass.previous.draft : 'new' }}" }
                - { id: judge, value: "{'score': size(steps.draft.output)}" }
        """

    @Test func aLoopEndsWhenItsConditionHolds() async throws {
        let rig = EngineRig { _, number in .text(String(repeating: "x", count: number + 1)) }
        let result = try await rig.run(modelWorkflow(polish, top: "outputs: { draft: \"${{ steps.polish.output.draft }}\", all: \"${{ steps.polish.output }}\" }"))
        #expect(result.outputs == ["draft": "xxx", "all": ["draft": "xxx", "judge": ["score": 3]]])
        #expect(rig.provider.requests.map { $0.segments[0].text } == ["0: new", "1: x", "2: xx"])
        #expect(rig.written.payloads("pass_ended").map { $0["verdict"] } == ["again", "again", "done"])
        #expect(rig.written.calls.map(\.start.path) == ["polish[0]/draft", "polish[1]/draft", "polish[2]/draft"])
        #expect(Set(rig.written.calls.map(\.step)) == ["polish/draft"])
    }

    @Test func aLoopEndsWithItsLastPass() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let result = try await rig.run(modelWorkflow(polish))
        #expect(result.status == .succeeded)
        #expect(rig.provider.requests.count == 4)
        #expect(rig.written.payloads("pass_ended").last?["verdict"] == "exhausted")
    }

    /// A call of `draft` holds at most $0.0003 (some 80 bytes in, 100 tokens out) and costs $0.00002. Room for the first
    /// pass and not for another one with its hold: it is not begun.
    @Test(arguments: ["run", "loop", "workflow", "group"]) func aLoopEndsWhenAnotherPassIsNotAffordable(_ cap: String) async throws {
        let limit = "limits: { max_cost_usd: 0.0003 }"
        let inner = polish.replacing("- id: polish", with: cap == "loop" ? "- id: polish\n    \(limit)" : "- id: polish")
        let steps: String
        var files: [String: String] = [:]
        switch cap {
        case "workflow":
            steps = "  - { id: w, workflow: other.yaml }"
            files["other.yaml"] = modelWorkflow(inner, top: "budget: { max_cost_usd: 0.0003 }")
        case "group":
            steps = "  - id: g\n    \(limit)\n    steps:\n" + inner.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        default: steps = inner
        }
        let rig = EngineRig { _, _ in .text("x", input: 10, output: 5) }
        let result = try await rig.run(modelWorkflow(steps, top: cap == "run" ? "budget: { max_cost_usd: 0.0003 }" : ""), files: files)
        #expect(result.status == .succeeded, "\(String(describing: result.failure))")
        let verdicts = rig.written.payloads("pass_ended").map { $0["verdict"] }
        #expect(verdicts.last == "unaffordable")
        #expect(verdicts.count == rig.provider.requests.count, "no call was refused")
        #expect((1...3).contains(verdicts.count))
    }

    /// Money that calls elsewhere hold for the moment ends no loop: a reservation waits for it.
    @Test func holdsElsewhereEndNoLoop() async throws {
        let rig = EngineRig { request, _ in .text("x", latency: .milliseconds(request.schemaName == "slow" ? 10_000 : 100)) }
        let result = try await rig.run(modelWorkflow(polish + "\n  - { id: slow, prompt: hi }", top: "budget: { max_cost_usd: 0.0006 }"))
        #expect(result.status == .succeeded)
        #expect(rig.written.payloads("pass_ended").last?["verdict"] == "exhausted")
    }

    /// What the budget stops in the middle of a pass leaves what the pass before gave.
    @Test func aPassThatTheBudgetBreaksOffLeavesTheOneBefore() async throws {
        let rig = EngineRig { request, number in
            request.schemaName == "draft" && number == 1 ? .text(String(repeating: "y", count: 400), input: 10, output: 100) : .text("x")
        }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - id: polish
                    limits: { max_cost_usd: 0.0007 }
                    loop:
                      max: 3
                      steps:
                        - { id: draft, prompt: "${{ pass.index }}" }
                        - { id: judge, prompt: "${{ steps.draft.output }}" }
                """, top: "outputs: { all: \"${{ steps.polish.output }}\" }"))
        #expect(result.outputs == ["all": ["draft": "x", "judge": "x"]])
        #expect(rig.written.nodes["polish[1]/draft"]?.status == .succeeded)
        #expect(rig.written.nodes["polish[1]/judge"]?.status == .failed)
        #expect(rig.written.payloads("pass_ended").last?["verdict"] == "unaffordable")
    }

    @Test func aConditionWithoutAValueFailsTheLoop() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let result = try await rig.run(
            """
            version: 1
            name: t
            steps: [{ id: l, loop: { max: 2, until: "steps.a.output > 0", steps: [{ id: a, when: "false", value: "1" }] } }]
            """)
        #expect(result.failure?.kind == .expression)
        #expect(result.failedStep == "l")
    }

    // MARK: Workflows

    private let letter = """
        version: 1
        name: letter
        models: { m: { use: local/other } }
        inputs: { topic: { type: string }, tone: { type: string, default: calm } }
        steps:
          - { id: write, model: m, prompt: "${{ inputs.topic }} ${{ inputs.tone }}", limits: { max_output_tokens: 100 } }
          - { id: note, when: "inputs.tone == 'loud'", value: "'!'" }
        outputs: { text: "${{ steps.write.output }}", note: "${{ steps.note.output }}" }
        """

    @Test func aWorkflowHasItsInputsTiersAndOutputs() async throws {
        let rig = EngineRig { request, _ in .text(request.segments[0].text.uppercased()) }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, workflow: letter.yaml, with: { topic: "rain" } }
                  - { id: b, workflow: letter.yaml, with: { topic: "${{ steps.a.output.text }}", tone: loud } }
                  - { id: c, value: "has(steps.a.output.note)" }
                """, top: "outputs: { a: \"${{ steps.a.output }}\", b: \"${{ steps.b.output }}\", c: \"${{ steps.c.output }}\" }"), files: ["letter.yaml": letter])
        #expect(result.outputs == ["a": ["text": "RAIN CALM"], "b": ["text": "RAIN CALM LOUD", "note": "!"], "c": false])
        #expect(rig.provider.requests.map(\.model.model) == ["other", "other"])
        #expect(rig.written.nodes["a/write"]?.step == "a/write")
    }

    @Test func inputsThatDoNotFitFailTheStepBeforeAnythingRuns() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, run: ["5"], output: { parse: json } }
                  - { id: w, workflow: letter.yaml, with: { topic: "${{ steps.a.output }}" } }
                """), files: ["letter.yaml": letter])
        #expect(result.failedStep == "w")
        #expect(result.failure?.message.contains("the inputs of letter do not fit") == true)
        #expect(result.failure?.details.first?.contains("'topic'") == true)
        #expect(rig.provider.requests.isEmpty)
    }

    /// Every call draws on the caps of all workflows around it, each of them counted by itself.
    @Test func budgetsOfWorkflowsInWorkflows() async throws {
        let inner = modelWorkflow("  - { id: a, prompt: hi }", top: "budget: { max_cost_usd: 0.0003 }")
        let middle = modelWorkflow("  - { id: w, for_each: { items: \"[1, 2]\" }, workflow: inner.yaml }", top: "budget: { max_cost_usd: 0.01 }")
        let rig = EngineRig { _, _ in .text("x", input: 10, output: 5) }
        let result = try await rig.run(modelWorkflow("  - { id: m, workflow: middle.yaml }", top: "budget: { max_cost_usd: 0.02 }"), files: ["inner.yaml": inner, "middle.yaml": middle])
        #expect(result.status == .succeeded)
        #expect(Set(rig.written.scopes.keys) == ["m", "m/w[0]", "m/w[1]"])
        #expect(rig.written.scopes["m"]?.held == usd("0.00004").picoDollars)
        #expect(rig.written.scopes["m/w[0]"]?.held == usd("0.00002").picoDollars)
        #expect(rig.written.held == usd("0.00004").picoDollars)
        #expect(rig.written.open == 0)
    }

    @Test func aWorkflowsOwnBudgetRefuses() async throws {
        let inner = modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, prompt: \"${{ steps.a.output }}\" }", top: "budget: { max_cost_usd: 0.0003 }")
        let rig = EngineRig { _, _ in .text("x", input: 10, output: 100) }
        let result = try await rig.run(modelWorkflow("  - { id: w, workflow: inner.yaml }\n  - { id: z, prompt: hi }", top: "budget: { max_cost_usd: 1 }"), files: ["inner.yaml": inner])
        #expect(result.failure?.kind == .budget)
        #expect(result.failedStep == "w/b")
        #expect(result.failure?.message.contains("the cap of w") == true)
        #expect(rig.written.nodes["z"]?.status == .succeeded)
    }

    @Test func aWorkflowsFinallyRunsAndReadsItsSteps() async throws {
        let rig = EngineRig { request, _ in request.schemaName == "write" ? .failure(.badRequest, "no") : .text("x") }
        let result = try await rig.run(
            modelWorkflow("  - { id: w, on_error: continue, workflow: letter.yaml, with: { topic: rain } }\n  - { id: z, needs: [w], value: \"1\" }"),
            files: ["letter.yaml": letter + "\nfinally: [{ id: tell, run: [tell, \"${{ steps.write.status }} ${{ inputs.topic }}\"] }]"])
        #expect(result.status == .succeeded)
        #expect(rig.tools.invocations.map(\.argv) == [["tell", "failed rain"]])
        #expect(rig.written.nodes["w/tell"]?.status == .succeeded)
        #expect(rig.written.nodes["w"]?.failure?.message == "w/write: no")
    }
}

/// A11: a value that is too large fails its step and nothing else.
@Suite struct LargeValueTests {
    private func rig() -> EngineRig {
        let clock = ManualClock()
        return EngineRig(clock: clock, provider: ScriptedProvider(clock: clock) { _, _ in .text(String(repeating: "x", count: 100)) }) {
            $0.mostValueBytes = 250
        }
    }

    @Test func aListThatIsTooLargeFailsItsStep() async throws {
        let rig = rig()
        let result = try await rig.run(
            modelWorkflow(
                """
                  - { id: a, for_each: { items: "[1, 2, 3]" }, prompt: "${{ item }}", on_error: continue }
                  - { id: b, for_each: { items: "[1, 2]" }, prompt: "${{ item }}" }
                """, top: "outputs: { b: \"${{ steps.b.output }}\" }"))
        #expect(result.status == .succeeded)
        let failure = try #require(rig.written.payloads("step_failed").first?["failure"])
        #expect(failure["kind"] == "items" && failure["message"]?.stringValue?.hasPrefix("the list of its results has 310 bytes as JSON") == true, "\(failure)")
        // The items have their outputs.
        #expect(rig.written.nodes["a[2]"]?.status == .succeeded && rig.written.nodes["a"]?.status == .failed)
    }

    @Test func whatARunReturnsMayBeTooLarge() async throws {
        let rig = rig()
        let result = try await rig.run(
            modelWorkflow(
                "  - { id: a, prompt: hi }", top: "outputs: { one: \"${{ steps.a.output }}\", two: \"${{ steps.a.output }}\", three: \"${{ steps.a.output }}\" }"))
        #expect(result.status == .failed && result.failure?.kind == .expression && result.failedStep == "outputs")
        #expect(rig.written.end?.status == .failed)
    }

    @Test func aValueThatIsTooLargeFailsItsStep() async throws {
        let result = try await rig().run(
            modelWorkflow(
                "  - { id: a, prompt: hi }\n  - { id: b, value: { x: \"${{ steps.a.output }}\", y: \"${{ steps.a.output }}\", z: \"${{ steps.a.output }}\" } }"))
        #expect(result.failure?.kind == .expression && result.failedStep == "b")
    }
}
