import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// A fork takes what came before as it was recorded, and pays for the rest alone.
@Suite struct ForkTests {
    /// A minute later, so that what is begun has another id.
    private static var later: ManualClock { ManualClock(startingAt: ManualClock.epoch.adding(.seconds(60))) }

    /// What a fork of a run keeps.
    private static func fork(
        _ run: RunID, _ rig: EngineRig, _ graph: WorkflowGraph, from point: ForkOrigin.Point, was: WorkflowGraph? = nil, inputs: JSONObject
    ) async throws -> RunFork {
        let events = try await InMemoryArchive(rig.journal).events(run: run.text, filter: EventFilter(limit: .max))
        let kept = try await KeptNodes(of: run, events, inputs: inputs, was: was ?? graph, from: point, in: graph) { hashes throws(JournalError) in
            try await rig.journal.documents(hashes)
        }
        return RunFork(of: run, point, kept: kept)
    }

    private static func forked(
        _ parent: RunID, _ rig: EngineRig, _ graph: WorkflowGraph, from point: ForkOrigin.Point, was: WorkflowGraph? = nil, inputs: JSONObject = [:]
    ) async throws -> RunResult {
        let bound = try InputBinding.bind(inputs, to: graph)
        let fork = try await fork(parent, rig, graph, from: point, was: was, inputs: bound)
        return try await rig.engine.run(graph, inputs: bound, fork: fork)
    }

    /// What calls of a run cost, by the paths of the nodes that made them.
    private static func costs(_ run: InMemoryJournal.Run) -> [(path: String, cost: Int64)] {
        run.calls.map { ($0.start.path, $0.end?.cost?.picoDollars ?? 0) }
    }

    /// The steps at the top behind one, itself among them.
    private static func behind(_ step: Int, _ body: StepGraph) -> Set<String> {
        var found: Set<Int> = [step]
        var queue = [step]
        while let next = queue.popLast() { for dependent in body.dependents[next] where found.insert(dependent).inserted { queue.append(dependent) } }
        return Set(found.map { body.steps[$0].id })
    }

    @Test(arguments: ResumeTests.Sample.allCases) func aForkFromEachStepCostsWhatIsBehindIt(sample: ResumeTests.Sample) async throws {
        let graph = try sample.graph()
        let rig = ResumeTests.rig()
        let parent = try await rig.run(graph, sample.inputs)
        let before = rig.written
        for (index, step) in graph.body.steps.enumerated() {
            let again = ResumeTests.rig(clock: Self.later, journal: rig.journal.cut(parent.id, after: before.entries.count))
            let result = try await Self.forked(parent.id, again, graph, from: .step(step.id), inputs: sample.inputs)
            #expect(result.status == .succeeded, "from \(step.id): \(String(describing: result.failure))")
            #expect(result.outputs == parent.outputs, "from \(step.id)")
            let live = Self.behind(index, graph.body)
            func top(_ path: String) -> String { String(NodePath.step(path).prefix { $0 != "/" }) }
            let expected = Self.costs(before).filter { live.contains(top($0.path)) || graph.finally?.index(of: top($0.path)) != nil }
            // What was kept for the same question before is in the memory now, as it is for every run: it costs nothing.
            let remembered = Set(again.written.taken.map(\.path))
            #expect(Self.costs(again.written).map(\.cost).reduce(0, +) == expected.filter { !remembered.contains($0.path) }.map(\.cost).reduce(0, +), "from \(step.id)")
            #expect(again.written.started?.parent == parent.id.text)
            #expect(again.written.started?.kind == .fork && again.written.started?.purpose == .fork)
        }
    }

    /// Whoever goes on with a fork needs nothing but its own record, wherever its process died.
    @Test(arguments: ["polish", "each[1]", "group[0]/b", "polish[1]/judge", "inner/y"]) func everyBeginningOfAForkEndsAlike(step: String) async throws {
        let sample = ResumeTests.Sample.scopes
        let graph = try sample.graph()
        let rig = ResumeTests.rig()
        let parent = try await rig.run(graph, sample.inputs)
        let whole = try await Self.forked(parent.id, rig, graph, from: .step(step), inputs: sample.inputs)
        #expect(whole.status == .succeeded && whole.outputs == parent.outputs)
        let written = rig.written
        let asked = written.calls.count
        for count in 1...written.events.count where count < written.events.count {
            let journal = rig.journal.cut(whole.id, afterEvents: count)
            // Documents of the parent are in the same ledger.
            for entry in rig.journal.run(parent.id)!.entries { for blob in entry.blobs { journal.leave(.cancel(RunID("none"), by: ""), document: blob) } }
            let before = try #require(journal.run(whole.id))
            if before.end != nil { continue }
            let again = ResumeTests.rig(journal: journal)
            let result = try await again.engine.resume(whole.id, graph)
            #expect(result.status == .succeeded, "after \(count) events: \(String(describing: result.failure))")
            #expect(result.outputs == whole.outputs, "after \(count) events")
            let answered = before.calls.count { $0.end != nil }
            #expect(again.provider.requests.count == asked - answered, "after \(count) events")
        }
    }

    /// Of a step that is forked in the middle only that is asked which stands behind it.
    @Test(arguments: [
        ("each[1]", ["each[1]", "last"]), ("group[2]/b", ["group[2]/b", "last"]), ("group/b", ["group[0]/b", "group[1]/b", "group[2]/b", "last"]),
        ("inner/y", ["inner/y", "last"]), ("polish[1]", ["polish[1]/draft", "polish[1]/judge", "last"]), ("polish[1]/judge", ["polish[1]/judge", "last"]),
        ("polish/judge", ["polish[0]/judge", "polish[1]/draft", "polish[1]/judge", "last"]), ("end", []),
    ]) func whatIsAsked(step: String, asked: [String]) async throws {
        let sample = ResumeTests.Sample.scopes
        let graph = try sample.graph()
        let rig = ResumeTests.rig()
        let parent = try await rig.run(graph, sample.inputs)
        let result = try await Self.forked(parent.id, rig, graph, from: .step(step), inputs: sample.inputs)
        #expect(result.outputs == parent.outputs)
        #expect(Set(rig.written.calls.map(\.start.path)) == Set(asked.filter { $0 != "last" || step != "each[1]" }), "from \(step)")
    }

    /// A fork of a fork keeps what that one kept, and names the run that ran it.
    @Test func aForkOfAFork() async throws {
        let sample = ResumeTests.Sample.scopes
        let graph = try sample.graph()
        let rig = ResumeTests.rig()
        let first = try await rig.run(graph, sample.inputs)
        let second = try await Self.forked(first.id, rig, graph, from: .step("polish"), inputs: sample.inputs)
        let third = try await Self.forked(second.id, rig, graph, from: .step("last"), inputs: sample.inputs)
        #expect(third.outputs == first.outputs)
        #expect(rig.written.calls.map(\.start.path) == ["last"])
        let from = Dictionary(
            rig.written.events.compactMap { fact in if case .nodeInherited(let kept) = fact.event { (kept.path, kept.from) } else { nil } }, uniquingKeysWith: { first, _ in first })
        #expect(from["first"] == first.id.text && from["polish"] == second.id.text)
        #expect(rig.written.started?.parent == second.id.text)
    }

    private static let items = """
        version: 1
        name: items
        inputs: { words: { type: array, items: { type: string } } }
        models: { m: { use: local/a } }
        defaults: { model: m, retry: { max_attempts: 1 } }
        steps:
          - { id: first, prompt: "first" }
          - { id: each, for_each: { items: inputs.words, as: word }, prompt: "${{ steps.first.output }} ${{ word }}" }
          - { id: apart, prompt: "apart" }
          - { id: told, when: "steps.each.status == 'failed'", needs: [], value: "'never'" }
          - { id: last, prompt: "${{ steps.each.output.join(' ') }} ${{ steps.apart.output }}" }
        finally: [{ id: end, prompt: "the end" }]
        outputs: { last: "${{ steps.last.output }}" }
        """

    /// `resume --failed`: one item of many failed, and one item is asked.
    @Test func aFailedItemIsAskedAlone() async throws {
        let graph = try workflow(Self.items)
        let isDown = Mutex(true)
        let clock = ManualClock()
        let provider = ScriptedProvider(clock: clock) { request, _ in
            let text = request.segments.map(\.text).joined()
            return isDown.withLock { $0 } && text.hasSuffix(" w7") ? .failure(.serverError) : .text("(\(text))")
        }
        let rig = EngineRig(clock: clock, provider: provider)
        let inputs: JSONObject = ["words": .array((0..<20).map { .string("w\($0)") })]
        let failed = try await rig.run(graph, inputs)
        #expect(failed.status == .failed)
        isDown.withLock { $0 = false }
        let retried = try await Self.forked(failed.id, rig, graph, from: .failed, inputs: inputs)
        #expect(retried.status == .succeeded, "\(String(describing: retried.failure))")
        #expect(rig.written.calls.map(\.start.path).sorted() == ["each[7]", "end", "last"])
        let whole = try await rig.run(graph, inputs)
        #expect(whole.outputs == retried.outputs)
        // An item of another list is another item.
        let other: JSONObject = ["words": .array((0..<20).map { .string($0 == 3 ? "new" : "w\($0)") })]
        let bound = try InputBinding.bind(other, to: graph)
        let fork = try await Self.fork(failed.id, rig, graph, from: .failed, inputs: try InputBinding.bind(inputs, to: graph))
        #expect(try await rig.engine.run(graph, inputs: bound, fork: fork).status == .succeeded)
        #expect(rig.written.calls.count { $0.step == "each" } == 20)
        #expect(!rig.written.calls.contains { $0.step == "first" || $0.step == "apart" })
    }

    /// A loop whose third pass failed goes on with that pass, and another file with the step that failed.
    @Test(arguments: ["loop", "inner"]) func whatFailedInsideIsRunAlone(kind: String) async throws {
        let steps = """
            - { id: a, prompt: "a ${{ KEY }}" }
            - { id: b, prompt: "b ${{ steps.a.output }}" }
            """
        let inside = steps.split(separator: "\n").map { "        " + $0 }.joined(separator: "\n")
        let loop = "  - id: work\n    loop:\n      max: 5\n      until: pass.index == 3\n      steps:\n" + inside.replacing("KEY", with: "pass.index")
        let yaml = """
            version: 1
            name: t
            models: { m: { use: local/a } }
            defaults: { model: m, retry: { max_attempts: 1 } }
            steps:
              - { id: first, prompt: "first" }
            \(kind == "loop" ? loop : "  - { id: work, workflow: inner.yaml, with: { word: w } }")
            outputs: { all: "${{ steps.work.output }}", first: "${{ steps.first.output }}" }
            """
        let inner =
            "version: 1\nname: inner\ninputs: { word: { type: string } }\nmodels: { m: { use: local/a } }\ndefaults: { model: m, retry: { max_attempts: 1 } }\nsteps:\n\(steps.replacing("KEY", with: "inputs.word"))\noutputs: { b: \"${{ steps.b.output }}\" }\n"
        let graph = try workflow(yaml, files: ["inner.yaml": inner])
        let isDown = Mutex(true)
        let clock = ManualClock()
        let bad = kind == "loop" ? "b (a 2)" : "b (a w)"
        let provider = ScriptedProvider(clock: clock) { request, _ in
            let text = request.segments.map(\.text).joined()
            return isDown.withLock { $0 } && text == bad ? .failure(.serverError) : .text("(\(text))")
        }
        let rig = EngineRig(clock: clock, provider: provider)
        let failed = try await rig.run(graph)
        #expect(failed.status == .failed)
        isDown.withLock { $0 = false }
        let retried = try await Self.forked(failed.id, rig, graph, from: .failed)
        #expect(retried.status == .succeeded, "\(String(describing: retried.failure))")
        #expect(rig.written.calls.map(\.start.path) == (kind == "loop" ? ["work[2]/b", "work[3]/a", "work[3]/b"] : ["work/b"]))
        #expect(try await rig.run(graph).outputs == retried.outputs)
    }

    /// What it returns could not be computed: nothing is asked again but what it does at its end.
    @Test func anOutputThatFailed() async throws {
        let text = modelWorkflow("  - { id: a, prompt: hi }") + "\noutputs: { x: \"${{ [1][size(steps.a.output)] }}\" }\n"
        let rig = EngineRig { _, _ in .text("x") }
        let failed = try await rig.run(text)
        #expect(failed.status == .failed)
        let mended = try workflow(text.replacing("[1][size(steps.a.output)]", with: "steps.a.output"))
        let retried = try await Self.forked(failed.id, rig, mended, from: .failed, was: try workflow(text))
        #expect(retried.status == .succeeded && rig.written.calls.isEmpty)
    }

    /// Whatever is nested in what, a fork from anywhere ends as its parent did, and asks nothing that stands before.
    @Test(arguments: 1...60 as ClosedRange<UInt64>) func aForkFromAnywhere(seed: UInt64) async throws {
        var scopes = RandomScopes(seed: seed, hasTurns: true)
        let (yaml, _) = scopes.workflow("t", depth: 3, size: 5, top: "concurrency: \(1 + seed % 5)\nbudget: { max_cost_usd: 1000 }")
        let graph = try workflow(yaml, files: scopes.files)
        func rig(_ clock: ManualClock = ManualClock(), _ journal: InMemoryJournal = InMemoryJournal()) -> EngineRig {
            return EngineRig(
                clock: clock, journal: journal,
                provider: ScriptedProvider(clock: clock) { request, _ in .text("(\(ContentHash(of: request.segments.map(\.text).joined()).hex.prefix(8)))") })
        }
        let first = rig()
        let parent = try await first.run(graph)
        let before = first.written
        var random = SeededGenerator(seed: seed)
        let paths = before.nodes.keys.sorted().filter { !$0.isEmpty }
        for _ in 0..<4 {
            let step = try #require(paths.randomElement(using: &random))
            let again = rig(Self.later, first.journal.cut(parent.id, after: before.entries.count))
            let result = try await Self.forked(parent.id, again, graph, from: .step(step))
            #expect(result.status == parent.status && result.outputs == parent.outputs, "from \(step)")
            // The same statuses and outputs, whoever ran them.
            let (now, then) = (again.written.nodes, before.nodes)
            for (path, node) in now { #expect(node.status == then[path]?.status && node.output == then[path]?.output, "\(path), from \(step)") }
            let asked = Set(again.written.calls.map(\.start.path))
            let kept = Set(again.written.events.compactMap { if case .nodeInherited(let kept) = $0.event { kept.path } else { nil } })
            #expect(asked.isDisjoint(with: kept))
            #expect(asked.isSubset(of: before.calls.map(\.start.path)))
            if before.calls.contains(where: { $0.start.path == step }) { #expect(asked.contains(step), "from \(step)") }
        }
    }

    /// A run that is under way is forked as it stands: what has ended is kept.
    @Test func aRunThatHasNotEnded() async throws {
        let sample = ResumeTests.Sample.scopes
        let graph = try sample.graph()
        let rig = ResumeTests.rig()
        let parent = try await rig.run(graph, sample.inputs)
        let events = rig.written.events.count
        for count in stride(from: 1, to: events, by: 7) {
            let journal = rig.journal.cut(parent.id, afterEvents: count)
            let before = journal.run(parent.id)!.calls.count { $0.end != nil }
            let again = ResumeTests.rig(clock: Self.later, journal: journal)
            let result = try await Self.forked(parent.id, again, graph, from: .failed, inputs: sample.inputs)
            #expect(result.outputs == parent.outputs, "after \(count) events")
            #expect(again.written.calls.count >= rig.written.calls.count - before && again.written.calls.count <= rig.written.calls.count)
        }
    }

    /// What is to be kept and is not there is said before anything is asked.
    @Test func aMissingOutputIsSaid() async throws {
        let graph = try workflow(modelWorkflow("  - { id: a, prompt: hi }\n  - { id: b, prompt: \"${{ steps.a.output }}\" }"))
        let rig = EngineRig { _, _ in .text("x") }
        let parent = try await rig.run(graph)
        let fork = try await Self.fork(parent.id, rig, graph, from: .step("b"), inputs: [:])
        let elsewhere = EngineRig { _, _ in .text("x") }
        do {
            _ = try await elsewhere.engine.run(graph, inputs: [:], fork: fork)
            Issue.record("it ran")
        } catch {
            #expect(error.description.contains("the output of 'a' that is to be kept of run \(parent.id) is not in the ledger any more"))
        }
        #expect(elsewhere.journal.runs.isEmpty && elsewhere.provider.requests.isEmpty)
    }

    /// A fact of another run's in a run that is no fork is a record that was changed.
    @Test func onlyAForkInherits() throws {
        let graph = try workflow(modelWorkflow("  - { id: a, prompt: hi }"))
        let state = RunState(RunID("r"), of: graph, inputs: [:], startedAt: .now())
        let hash = ContentHash(of: "")
        _ = try state.apply(.runStarted(RunStarted(workflow: "t", graph: hash, sources: hash, inputs: hash, maxCost: nil, encoder: 1, program: "p")), at: .now())
        #expect(throws: IllegalFact("the run is no fork: it has nothing of another")) {
            try state.apply(.nodeInherited(NodeInherited(path: "a", from: "x", status: .succeeded, output: hash)), at: .now(), .value("x"))
        }
    }
}
