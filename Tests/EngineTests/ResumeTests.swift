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
        if request.schemaName.hasPrefix("gate") { return gated(request, text) }
        if request.schemaName.hasPrefix("judge") {
            let isRepair = request.segments.count > 1
            return .text(isRepair ? #"{"score": \#(text.contains("pass 1") ? 9 : 2)}"# : "no JSON")
        }
        return .text("(\(request.schemaName): \(ContentHash(of: text).hex.prefix(8)))")
    }

    /// Of steps with `escalate`: the first tier is short and unsure, and a judge does not like it.
    private static func gated(_ request: ModelRequest, _ text: String) -> ScriptedProvider.Answer {
        let site = request.site!
        if site.part == "judge" { return .text(#"{"score": \#(site.tier == "small" ? 0.25 : 0.75)}"#) }
        if site.part.isEmpty, site.tier == "small", request.schemaName == "gate_cut" { return .text("half", finish: .length) }
        let answer = site.part.isEmpty && site.tier == "small" ? "short" : "long \(ContentHash(of: text).hex.prefix(8))"
        let token = JSONValue.object(["token": .string(answer), "logprob": .double(site.tier == "small" ? -3 : -0.25)])
        var full = ScriptedProvider.Answer.text(answer)
        full.outcome = .success(ModelResponse(text: answer, finishReason: .stop, logprobs: request.sampling.logprobs == true ? ["content": [token]] : nil))
        return full
    }

    private static let gates = """
        version: 1
        name: gates
        inputs: { words: { type: array, items: { type: string } } }
        models: { small: { use: local/a, fallback: local/b }, mid: { use: local/m }, large: { use: local/l }, helper: { use: local/h } }
        budget: { max_cost_usd: 5 }
        concurrency: 3
        steps:
          - id: gate_judge
            prompt: "judged ${{ inputs.words[0] }}"
            escalate:
              tiers: [small, mid, large]
              checks:
                judge: { model: helper, prompt: "how good?", output: { schema: { type: object, properties: { score: { type: number } }, required: [score] } }, min: 0.5 }
                seen: { expr: "size(output) > 1", record: true }
              accept: checks.judge.passed
          - { id: gate_same, for_each: { items: inputs.words, as: word, max_parallel: 2 }, prompt: "about ${{ word }}", escalate: { tiers: [small, mid, large], checks: { same: { agree: { model: helper } } } } }
          - { id: gate_sure, prompt: "sure?", escalate: { tiers: [small, mid], checks: { sure: { logprob: { min_prob: 0.5 } }, tests: { run: [./verify], with: { text: "${{ output }}" } } } } }
          - { id: gate_vote, prompt: "vote ${{ steps.gate_judge.output }}", escalate: { tiers: [small, mid], checks: { vote: { agree: { samples: 3 } } }, on_exhausted: best } }
          - { id: gate_early, prompt: "early", escalate: { tiers: [small, mid], checks: { long: { expr: "size(output) > 5" }, same: { agree: { model: helper, start: early } }, vote: { agree: { samples: 3, start: early } } }, accept: "checks.long.passed || checks.same.passed || checks.vote.passed" } }
          - { id: gate_idle, prompt: "idle", escalate: { tiers: [small, mid], checks: { short: { expr: "size(output) > 2" }, same: { agree: { model: helper, start: early } } }, accept: "checks.short.passed || checks.same.passed" } }
          - { id: gate_cut, prompt: "cut", escalate: { tiers: [small, large] } }
          - { id: gate_none, prompt: "none", escalate: { tiers: [small, large], checks: { never: { expr: "size(output) < 3" } }, on_exhausted: fail }, on_error: { value: "nothing" } }
          - id: group
            for_each: { items: inputs.words, as: word }
            steps:
              - { id: gate_in, prompt: "in ${{ word }}", escalate: { tiers: [small, mid], checks: { long: { expr: "size(output) > 5" } } } }
              - { id: b, value: "steps.gate_in.tier + steps.gate_in.output" }
        outputs:
          judged: "${{ steps.gate_judge.output }} ${{ steps.gate_judge.tier }} ${{ steps.gate_judge.attempts }} ${{ steps.gate_judge.accepted }}"
          same: ["${{ steps.gate_same.output }}", "${{ steps.gate_same.tier }}", "${{ steps.gate_same.accepted }}", "${{ steps.gate_same.attempts }}"]
          sure: "${{ steps.gate_sure.output }} ${{ steps.gate_sure.tier }} ${{ steps.gate_sure.accepted }} ${{ string(steps.gate_sure.cost_usd) }}"
          vote: "${{ steps.gate_vote.output }} ${{ steps.gate_vote.tier }} ${{ steps.gate_vote.accepted }}"
          early: "${{ steps.gate_early.output }} ${{ steps.gate_early.tier }} ${{ steps.gate_early.attempts }} ${{ steps.gate_idle.tier }}"
          cut: "${{ steps.gate_cut.tier }}"
          none: ${{ steps.gate_none.output }}
          group: ${{ steps.group.output }}
        """

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

    /// What calls are noted with, what prompts are cut to, what goes with them, and what is answered without one.
    private static let noted = """
        version: 1
        name: noted
        inputs: { words: { type: array, items: { type: string } }, photo: { default: a.png }, long: { default: "" } }
        models: { m: { use: local/a, fallback: local/b } }
        budget: { max_cost_usd: 5 }
        defaults: { model: m }
        concurrency: 3
        steps:
          - { id: known, prompt: "known ${{ inputs.words[0] }}", memo: { max_age: 1h }, tags: { part: known } }
          - { id: taken, needs: [known], prompt: "known ${{ inputs.words[0] }}", memo: { max_age: 1h }, tags: { part: "${{ inputs.words[1] }}" } }
          - { id: reads, value: "steps.taken.tier + string(steps.taken.attempts) + string(steps.taken.tokens) + string(steps.taken.cost_usd)" }
          - { id: cut, with: { text: "${{ inputs.long }}", words: "${{ inputs.words }}" }, prompt: "${{ with.text }} ${{ with.words.join(' ') }}", limits: { max_input_tokens: 50, overflow: trim, trim: [text] } }
          - id: judge
            with: { text: "${{ inputs.long }}" }
            prompt: "pass 1 ${{ with.text }}"
            memo: { max_age: 1h }
            limits: { max_input_tokens: 100, overflow: trim, trim: [text] }
            output: { schema: { type: object, properties: { score: { type: integer } }, required: [score] }, repair: 1 }
          - id: judge_again
            with: { text: "${{ inputs.long }}" }
            prompt: "pass 1 again ${{ with.text }}"
            limits: { max_input_tokens: 100, overflow: trim, trim: [text] }
            output: { schema: { type: object, properties: { score: { type: integer } }, required: [score] }, repair: 1 }
          - id: group
            for_each: { items: inputs.words, as: word }
            tags: { word: "${{ word }}" }
            steps:
              - { id: a, prompt: "a ${{ word }}", attach: ["${{ inputs.photo }}", { file: "${{ word }}.txt" }], memo: { max_age: 1h } }
              - { id: b, prompt: "b ${{ steps.a.output }}", tags: { part: b } }
          - { id: again, needs: [group], for_each: { items: inputs.words, as: word }, prompt: "a ${{ word }}", attach: ["${{ inputs.photo }}", { file: "${{ word }}.txt" }], memo: { max_age: 1h } }
        outputs:
          all: ["${{ steps.known.output }}", "${{ steps.taken.output }}", "${{ steps.reads.output }}", "${{ steps.cut.output }}", "${{ steps.judge.output }}"]
          group: ${{ steps.group.output }}
          again: ${{ steps.again.output }}
        """

    private static let words: JSONValue = ["ape", "bee", "cat"]

    static func rig(clock: ManualClock = ManualClock(), journal: InMemoryJournal = InMemoryJournal()) -> EngineRig {
        let provider = ScriptedProvider(
            clock: clock,
            profiles: {
                .success(
                    ModelProfile(
                        reference: $0, servedID: $0.model, contextWindow: nil, maxConcurrency: nil,
                        attachments: AttachmentSupport(images: true, files: true, imageTokens: .atMost(1000))))
            }, script: answer)
        return EngineRig(clock: clock, journal: journal, provider: provider) {
            $0.attachments = ScriptedFiles(["a.png": SampleFiles.png(), "ape.txt": Array("an ape".utf8), "bee.txt": Array("a bee".utf8), "cat.txt": Array("a cat".utf8)])
        }
    }

    enum Sample: CaseIterable {
        case scopes, notes, gates

        var inputs: JSONObject {
            self != .notes ? ["words": ResumeTests.words] : ["words": ResumeTests.words, "long": .string(String(repeating: "A long text. ", count: 90))]
        }

        func graph() throws -> WorkflowGraph {
            switch self {
            case .scopes: try workflow(ResumeTests.outer, files: ["inner.yaml": ResumeTests.inner])
            case .notes: try workflow(ResumeTests.noted)
            case .gates: try workflow(ResumeTests.gates)
            }
        }
    }

    @Test(arguments: Sample.allCases) func everyBeginningOfAJournalEndsAlike(sample: Sample) async throws {
        let graph = try sample.graph()
        let rig = Self.rig()
        let whole = try await rig.run(graph, sample.inputs)
        #expect(whole.status == .succeeded, "\(whole.failure as Any)")
        let entries = rig.written.entries.count
        #expect(entries > 20)
        for count in 1...entries {
            let journal = rig.journal.cut(whole.id, after: count)
            let before = try #require(journal.run(whole.id))
            if before.end != nil { continue }
            let again = Self.rig(journal: journal)
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
            #expect(after.notes == rig.written.notes, "after \(count) entries")
            await again.expectReplay(whole.id, graph, "after \(count) entries")
        }
    }

    /// A gate tells the same however often its process died: each check and each tier once.
    @Test func theGatesOfEveryBeginningTellTheSame() async throws {
        let graph = try Sample.gates.graph()
        let rig = Self.rig()
        let whole = try await rig.run(graph, Sample.gates.inputs)
        func gates(_ run: InMemoryJournal.Run) -> Set<String> {
            Set(
                run.events.compactMap { fact in
                    switch fact.event {
                    case .checkEnded(let check): "\(check.path) \(check.tier) \(check.check) \(check.result) \(check.score ?? -1)"
                    case .tierDecided(let tier): "\(tier.path) \(tier.tier) \(tier.verdict) \(tier.decidedBy ?? "") \(tier.notRun) \(tier.output?.hex ?? "")"
                    case .gateEnded(let gate): "\(gate.path) takes \(gate.tier ?? "") \(gate.isAccepted) \(gate.cause ?? "")"
                    default: nil
                    }
                })
        }
        let all = gates(rig.written)
        #expect(all.count > 40)
        #expect(Set(rig.written.events.compactMap { if case .checkEnded(let check) = $0.event { check.kind } else { nil } }) == ["expr", "logprob", "agree", "run", "judge"])
        for count in 1...rig.written.entries.count {
            let journal = rig.journal.cut(whole.id, after: count)
            if try #require(journal.run(whole.id)).end != nil { continue }
            let again = Self.rig(journal: journal)
            _ = try await again.engine.resume(whole.id, graph)
            #expect(gates(again.written).symmetricDifference(all) == [], "after \(count) entries")
            await again.expectReplay(whole.id, graph, "after \(count) entries")
        }
    }

    /// Stopped at any moment and gone on with, it ends as if nobody had.
    @Test(arguments: stride(from: 25, through: 1_000, by: 75).map { $0 }) func aGateIsStoppedAnywhere(milliseconds: Int) async throws {
        let graph = try Sample.gates.graph()
        let whole = try await Self.rig().run(graph, Sample.gates.inputs)
        for level in [Engine.Interruption.graceful, .immediate] {
            let rig = Self.rig()
            rig.clock.schedule(after: .milliseconds(Int64(milliseconds))) { rig.engine.interrupt(level) }
            let stopped = try await rig.run(graph, Sample.gates.inputs)
            guard stopped.status == .interrupted else { continue }
            #expect(rig.clock.sleepers == 0)
            let again = Self.rig(journal: rig.journal)
            let result = try await again.engine.resume(stopped.id, graph)
            // Calls that were stopped are tries, and may have cost something.
            for key in ["vote", "cut", "none", "group"] { #expect(result.outputs?[key] == whole.outputs?[key], "\(level) after \(milliseconds) ms: \(String(describing: result.failure))") }
        }
    }

    /// What the workflow above is there for.
    @Test func theNotesAreThere() async throws {
        let rig = Self.rig()
        let result = try await rig.run(Sample.notes.graph(), Sample.notes.inputs)
        #expect(result.outputs?["all"]?[2] == "m000")
        #expect(result.outputs?["again"] == .array(try #require(result.outputs?["group"]?.arrayValue).compactMap { $0["a"] }))
        // The first try of the judge and its repair, which has more to say.
        #expect(rig.written.payloads("input_trimmed").count { $0["step"] == "judge" } == 2)
        #expect(rig.written.payloads("input_trimmed").count { $0["step"] == "cut" } == 1)
        #expect(rig.written.payloads("memo_hit").compactMap { $0["step"]?.stringValue }.sorted() == ["again[0]", "again[1]", "again[2]", "taken"])
        #expect(Set(rig.written.calls.compactMap(\.start.tags)) == [["part": "known"], ["word": "ape"], ["word": "bee"], ["word": "cat"], ["word": "ape", "part": "b"], ["word": "bee", "part": "b"], ["word": "cat", "part": "b"]])
    }

    /// An answer that came before is not kept as one to what is attached now.
    @Test func aChangedAttachmentIsAnotherQuestion() async throws {
        let text = """
            version: 1
            name: changed
            inputs: { path: { default: n.txt } }
            models: { m: { use: local/a } }
            steps: [{ id: a, model: m, prompt: hi, attach: ["${{ inputs.path }}"], memo: { max_age: 1h } }]
            """
        let graph = try workflow(text)
        func rig(_ content: String, _ journal: InMemoryJournal = InMemoryJournal()) -> EngineRig {
            let clock = ManualClock()
            return EngineRig(clock: clock, journal: journal, provider: ScriptedProvider(clock: clock) { _, _ in .text(content) }) {
                $0.attachments = ScriptedFiles(["n.txt": Array(content.utf8)])
            }
        }
        let first = rig("old")
        let whole = try await first.run(graph)
        let place = try #require(first.written.entries.firstIndex { $0.facts.contains { $0.callEnded != nil } })
        // The answer came, and the process died before the step had it.
        let ended = JournalEntry(run: whole.id)
        ended.facts = first.written.entries[place].facts.filter { $0.kind == "call_ended" }
        ended.blobs = first.written.entries[place].blobs
        for (content, kept) in [("old", 1), ("new", 0)] {
            let journal = first.journal.cut(whole.id, after: place)
            journal.post(ended)
            let again = rig(content, journal)
            #expect(try await again.engine.resume(whole.id, graph).status == .succeeded)
            #expect(again.provider.requests.isEmpty)
            #expect(again.written.kept.count == kept, "\(content)")
        }
    }

    /// Each process dies after a few entries of its own, and the next goes on.
    @Test(arguments: [7, 8, 9, 10, 13]) func manyProcessesEndIt(lifespan: Int) async throws {
        let graph = try Sample.scopes.graph()
        let rig = EngineRig(script: Self.answer)
        let whole = try await rig.run(graph, Sample.scopes.inputs)
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
        await EngineRig(journal: journal, provider: rig.provider).expectReplay(whole.id, graph, "\(processes) processes")
    }

    @Test func anInterruptedRunGoesOn() async throws {
        let graph = try Sample.scopes.graph()
        let whole = try await EngineRig(script: Self.answer).run(graph, Sample.scopes.inputs)
        // In the middle of each call: some end within the grace, some are aborted.
        for (moment, level) in [(50, Engine.Interruption.graceful), (150, .immediate), (250, .graceful), (320, .immediate), (470, .graceful), (610, .immediate)] {
            let clock = ManualClock()
            let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, script: Self.answer))
            clock.schedule(after: .milliseconds(Int64(moment))) { rig.engine.interrupt(level) }
            let first = try await rig.run(graph, Sample.scopes.inputs)
            #expect(first.status == .interrupted, "\(moment)")
            let again = EngineRig(clock: clock, journal: rig.journal, provider: ScriptedProvider(clock: clock, script: Self.answer))
            let result = try await again.engine.resume(first.id, graph)
            #expect(result.status == .succeeded, "\(moment): \(result.failure as Any)")
            #expect(result.outputs == whole.outputs, "\(moment)")
            await again.expectReplay(first.id, graph, "\(moment)")
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
                #expect(after.calls[before.calls.count].start.retryOf == lost.start.id.number)
            }
        }
    }

    @Test func whatALostCallHeldStaysHeld() async throws {
        // One call fits the cap, not two.
        let graph = try workflow(
            """
            version: 1
            name: capped
            models: { m: { use: local/a } }
            budget: { max_cost_usd: 0.0004 }
            steps: [{ id: only, model: m, prompt: hi, limits: { max_output_tokens: 100 } }]
            """)
        let rig = EngineRig { _, _ in .text("x") }
        let whole = try await rig.run(graph)
        #expect(whole.status == .succeeded)
        let place = try #require(rig.written.entries.firstIndex { $0.facts.contains { $0.callStarted != nil } })
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

extension InMemoryJournal.Run {
    /// What is kept of prompts beside their calls' ends: which requests were made, their tags and cuts, the answers that were kept
    /// and taken. A lost call and the one in its place count once.
    fileprivate var notes: Set<String> {
        var notes: [String] = calls.map { call in
            let start = call.start
            return "\(start.path) \(start.purpose) \(start.request) \(JSONValue.object(start.tags ?? [:]).jsonText) \(TrimmedValue.json(start.trimmed).jsonText)"
        }
        for entry in kept { notes.append("kept \(entry.question) \(entry.output) \(entry.cost as Any)") }
        for hit in taken { notes.append("taken \(hit.path) \(hit.saved as Any) \(JSONValue.object(hit.tags ?? [:]).jsonText)") }
        // Each cut is told once.
        let cuts = payloads("input_trimmed").map(\.jsonText)
        notes += cuts + ["\(cuts.count) cuts"]
        return Set(notes)
    }
}
