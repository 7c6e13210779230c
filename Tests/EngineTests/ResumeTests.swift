import Economics
import Engine
import TestSupport
import Testing
import Values
import WorkflowModel

/// A run whose process dies goes on in another: at every point of its journal, to the same outputs, without asking again
/// what was answered.
@Suite struct ResumeTests {
    /// What models answer depends on what they are asked alone, as an answer by chance would differ after each crash.
    private static func answer(_ request: ModelRequest, _: Int) -> ScriptedProvider.Answer {
        let text = request.segments.map(\.text).joined(separator: "|")
        if request.schemaName == "judge" {
            let isRepair = request.segments.count > 1
            return .text(isRepair ? #"{"score": \#(text.contains("pass 1") ? 9 : 2)}"# : "no JSON")
        }
        return .text("(\(request.schemaName): \(ContentHash(of: text).hex.prefix(8)))")
    }

    private static let outer = """
        version: 1
        name: all
        inputs: { words: { type: array, items: { type: string } } }
        models: { m: { use: local/a, fallback: local/b } }
        budget: { max_cost_usd: 5 }
        defaults: { model: m }
        concurrency: 3
        steps:
          - { id: first, prompt: "one ${{ inputs.words[0] }}" }
          - { id: never, when: "false", prompt: "never" }
          - { id: reads, value: "has(steps.never.output) ? 1 : 2" }
          - { id: each, for_each: { items: inputs.words, as: word, max_parallel: 2 }, prompt: "about ${{ word }}, ${{ steps.first.output }}" }
          - id: group
            for_each: { items: inputs.words, as: word }
            steps:
              - { id: a, prompt: "a ${{ word }}" }
              - { id: b, prompt: "b ${{ steps.a.output }}" }
              - { id: c, value: "word + steps.b.output" }
          - id: polish
            needs: [first]
            loop:
              max: 4
              until: steps.judge.output.score > 5
              steps:
                - { id: draft, prompt: "draft pass ${{ pass.index }} ${{ has(pass.previous) ? pass.previous.draft : '' }}" }
                - id: judge
                  prompt: "judge pass ${{ pass.index }} ${{ steps.draft.output }}"
                  output: { schema: { type: object, properties: { score: { type: integer } }, required: [score] }, repair: 1 }
          - { id: inner, workflow: inner.yaml, with: { word: "${{ inputs.words[1] }}" } }
          - { id: broken, value: "inputs.words[9]", on_error: continue }
          - { id: mended, value: "inputs.words[9]", on_error: { value: "mended" } }
          - { id: last, prompt: "${{ steps.polish.output.judge.score }} ${{ steps.inner.output.said }} ${{ steps.group.output[0].c }}" }
        finally:
          - { id: end, value: "steps.last.status" }
        outputs:
          last: ${{ steps.last.output }}
          each: ${{ steps.each.output }}
          group: ${{ steps.group.output }}
          polish: ${{ steps.polish.output }}
          inner: ${{ steps.inner.output }}
          reads: ${{ steps.reads.output }}
          mended: ${{ steps.mended.output }}
          status: "${{ steps.broken.status }} ${{ steps.never.status }}"
        """

    private static let inner = """
        version: 1
        name: inner
        inputs: { word: { type: string } }
        models: { m: { use: local/a } }
        defaults: { model: m }
        steps:
          - { id: x, prompt: "x ${{ inputs.word }}" }
          - { id: y, prompt: "y ${{ steps.x.output }}" }
        outputs: { said: "${{ steps.y.output }}" }
        """

    private static let inputs: JSONObject = ["words": ["ape", "bee", "cat"]]

    @Test func everyBeginningOfAJournalEndsAlike() async throws {
        let graph = try workflow(Self.outer, files: ["inner.yaml": Self.inner])
        let rig = EngineRig(script: Self.answer)
        let whole = try await rig.run(graph, Self.inputs)
        #expect(whole.status == .succeeded, "\(whole.failure as Any)")
        let entries = rig.written.entries.count
        #expect(entries > 20)
        for count in 1...entries {
            let journal = rig.journal.cut(whole.id, after: count)
            let before = try #require(journal.run(whole.id))
            if before.end != nil { continue }
            let clock = ManualClock()
            let again = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, script: Self.answer))
            let result = try await again.engine.resume(whole.id, graph)
            #expect(result.status == .succeeded, "after \(count) entries: \(result.failure as Any)")
            #expect(result.outputs == whole.outputs, "after \(count) entries")
            // What had its answer is not asked again; what was under way is.
            let answered = before.calls.count { $0.end != nil }
            let lost = before.calls.count - answered
            #expect(again.provider.requests.count == rig.provider.requests.count - answered, "after \(count) entries, \(lost) of them lost")
            let after = try #require(journal.run(whole.id))
            #expect(after.calls.count == rig.provider.requests.count + lost)
            #expect(after.calls.filter { $0.end == nil }.count == lost)
            #expect(after.mostHeld <= usd("5").picoDollars)
        }
    }

    /// Each process dies after a few entries of its own, and the next goes on.
    @Test(arguments: [7, 8, 9, 10, 13]) func manyProcessesEndIt(lifespan: Int) async throws {
        let graph = try workflow(Self.outer, files: ["inner.yaml": Self.inner])
        let rig = EngineRig(script: Self.answer)
        let whole = try await rig.run(graph, Self.inputs)
        var journal = rig.journal.cut(whole.id, after: 2)
        var processes = 1
        while processes < 100 {
            let clock = ManualClock()
            let had = journal.run(whole.id)!.entries.count
            let again = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, script: Self.answer))
            let result = try await again.engine.resume(whole.id, graph)
            #expect(result.outputs == whole.outputs)
            processes += 1
            guard had + lifespan < journal.run(whole.id)!.entries.count else { break }
            journal = journal.cut(whole.id, after: had + lifespan)
            if journal.run(whole.id)!.end != nil { break }
        }
        #expect((4..<100).contains(processes))
    }

    @Test func anInterruptedRunGoesOn() async throws {
        let graph = try workflow(Self.outer, files: ["inner.yaml": Self.inner])
        let whole = try await EngineRig(script: Self.answer).run(graph, Self.inputs)
        // In the middle of each call: some end within the grace, some are aborted.
        for (moment, level) in [(50, Engine.Interruption.graceful), (150, .immediate), (250, .graceful), (320, .immediate), (470, .graceful), (610, .immediate)] {
            let clock = ManualClock()
            let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, script: Self.answer))
            clock.schedule(after: .milliseconds(Int64(moment))) { rig.engine.interrupt(level) }
            let first = try await rig.run(graph, Self.inputs)
            #expect(first.status == .interrupted, "\(moment)")
            let again = EngineRig(clock: clock, journal: rig.journal, provider: ScriptedProvider(clock: clock, script: Self.answer))
            let result = try await again.engine.resume(first.id, graph)
            #expect(result.status == .succeeded, "\(moment): \(result.failure as Any)")
            #expect(result.outputs == whole.outputs, "\(moment)")
        }
    }

    // MARK: Calls

    /// The retry, the fallback and the repair after a lost call are those that the calls before it lead to.
    @Test func triesGoOnWhereTheyEnded() async throws {
        let text = """
            version: 1
            name: tries
            models: { m: { use: local/a, fallback: local/b } }
            defaults: { model: m, retry: { max_attempts: 3 } }
            steps:
              - id: only
                prompt: hi
                output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] }, repair: 1 }
            outputs: { n: "${{ steps.only.output.n }}", attempts: "${{ steps.only.attempts }}" }
            """
        let answers: [ScriptedProvider.Answer] = [
            .failure(.serverError), .failure(.rateLimit, retryAfter: .seconds(3)), .failure(.quota), .text("no JSON"), .text(#"{"n": 7}"#),
        ]
        let graph = try workflow(text)
        let rig = EngineRig(answers: ["only": answers])
        let whole = try await rig.run(graph)
        #expect(whole.outputs == ["n": 7, "attempts": 5])
        let models = rig.provider.requests.map(\.model.model)
        #expect(models == ["a", "a", "a", "b", "b"])
        for count in 1..<rig.written.entries.count {
            let journal = rig.journal.cut(whole.id, after: count)
            let before = try #require(journal.run(whole.id))
            let made = before.calls.count { $0.end != nil }
            let clock = ManualClock()
            let again = EngineRig(
                clock: clock, journal: journal, provider: ScriptedProvider(clock: clock, answers: ["only": Array(answers.dropFirst(made))]))
            let result = try await again.engine.resume(whole.id, graph)
            #expect(result.outputs == whole.outputs, "after \(count) entries")
            #expect(again.provider.requests.map(\.model.model) == Array(models.dropFirst(made)), "after \(count) entries")
            // A lost call is named by the one that takes its place.
            let after = try #require(journal.run(whole.id))
            if let lost = before.calls.first(where: { $0.end == nil }) {
                #expect(after.calls[before.calls.count].start.retryOf == lost.start.id.text)
            }
        }
    }

    @Test func whatALostCallHeldStaysHeld() async throws {
        // One call fits the cap, not two.
        let graph = try workflow("""
            version: 1
            name: capped
            models: { m: { use: local/a } }
            budget: { max_cost_usd: 0.0004 }
            steps: [{ id: only, model: m, prompt: hi, limits: { max_output_tokens: 100 } }]
            """)
        let rig = EngineRig { _, _ in .text("x") }
        let whole = try await rig.run(graph)
        #expect(whole.status == .succeeded)
        let place = try #require(rig.written.entries.firstIndex { $0.callStart != nil })
        let journal = rig.journal.cut(whole.id, after: place + 1)
        let clock = ManualClock()
        let again = EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock) { _, _ in .text("x") })
        let result = try await again.engine.resume(whole.id, graph)
        #expect(result.failure?.kind == .budget)
        #expect(again.provider.requests.isEmpty)
    }

    @Test func anotherWorkflowIsRefused() async throws {
        let rig = EngineRig { _, _ in .text("x") }
        let whole = try await rig.run(workflow("version: 1\nname: a\nsteps: [{ id: s, value: \"1\" }]"))
        let journal = rig.journal.cut(whole.id, after: 1)
        let again = EngineRig(journal: journal, provider: rig.provider)
        await #expect(throws: JournalError.self) {
            try await again.engine.resume(whole.id, workflow("version: 1\nname: a\nsteps: [{ id: s, value: \"2\" }]"))
        }
        // What has ended has ended.
        await #expect(throws: JournalError.self) {
            try await rig.engine.resume(whole.id, workflow("version: 1\nname: a\nsteps: [{ id: s, value: \"1\" }]"))
        }
    }
}
