import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// A record that was changed ends in an error that names the fact, or in a state that a process can go on with. Nothing traps.
///
/// `AGENTCTL_JOURNAL_MUTATIONS=100000 swift test --filter JournalFuzzTests` tries more of them, `AGENTCTL_JOURNAL_SEED` others.
@Suite struct JournalFuzzTests {
    private static func number(_ variable: String, else standard: Int) -> Int { ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? standard }

    /// Random nested steps, with conditions, failures and calls that fail; steps of every kind; and the records of the program before.
    static func histories() async throws -> [RecordedHistory] {
        var histories: [RecordedHistory] = []
        for seed in 1...8 as ClosedRange<UInt64> {
            var scopes = RandomScopes(seed: seed, hasTurns: true)
            let (yaml, _) = scopes.workflow("t", depth: 2, size: 4, top: "concurrency: 3\nbudget: { max_cost_usd: 5 }")
            let graph = try workflow(yaml, files: scopes.files)
            let answer: ScriptedProvider.Script = { request, number in
                let draw = ContentHash(of: "\(seed) \(request.schemaName) \(number)").hex.utf8.first! % 8
                return draw == 0 ? .failure(.serverError) : draw == 1 ? .failure(.authentication) : .text("(\(request.schemaName))")
            }
            let clock = ManualClock()
            let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, script: answer))
            // Some are interrupted on their way, and one in two of them goes on.
            if seed % 2 == 0 { clock.schedule(after: .milliseconds(Int64(150 * seed))) { rig.engine.interrupt(seed % 4 == 0 ? .immediate : .graceful) } }
            let first = try await rig.run(graph)
            if first.status == .interrupted, seed % 4 == 0 {
                _ = try await EngineRig(clock: clock, journal: rig.journal, provider: ScriptedProvider(clock: clock, script: answer)).engine.resume(first.id, graph)
            }
            histories.append(RecordedHistory("scopes \(seed)", rig.written, of: graph, inputs: [:], answer: answer))
        }
        let kinds = """
            version: 1
            name: kinds
            models: { m: { use: local/a, fallback: local/b } }
            defaults: { model: m }
            budget: { max_cost_usd: 0.002, on_exceeded: ask }
            steps:
              - { id: program, run: [tool], retry: { max_attempts: 2, on: [timeout] } }
              - { id: asked, approve: { message: "go on?" } }
              - { id: sees, prompt: "see ${{ steps.program.output }}", output: { schema: { type: object, properties: { n: { type: integer } }, required: [n] }, repair: 1 } }
              - { id: known, prompt: "again", memo: { max_age: 1h } }
              - { id: taken, needs: [known], prompt: "again", memo: { max_age: 1h } }
              - { id: late, deadline: 50ms, on_error: { value: none }, steps: [{ id: slow, prompt: slow }] }
              - { id: long, needs: [late], prompt: "${{ steps.asked.output.approved }}", limits: { max_output_tokens: 900 } }
            finally: [{ id: last, value: "1" }]
            """
        let answer: ScriptedProvider.Script = { request, _ in
            request.schemaName == "sees" ? .text(request.segments.count > 1 ? #"{"n": 1}"# : "no JSON") : .text("x", input: 100, output: 100)
        }
        let graph = try workflow(kinds)
        let clock = ManualClock()
        let rig = EngineRig(
            clock: clock, provider: ScriptedProvider(clock: clock, script: answer),
            tools: ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: Array("done\n".utf8), stderr: "") })
        let first = try await rig.run(graph)
        #expect(first.status == .waiting, "\(first.failure as Any)")
        for question in first.waitsFor {
            rig.journal.leave(.decided(first.id, path: question.step, ApprovalDecision(isApproved: true, by: "ann", note: nil, at: clock.now(), cap: usd("1"))))
        }
        _ = try await rig.engine.resume(first.id, graph)
        histories.append(RecordedHistory("kinds", rig.written, of: graph, inputs: [:], answer: answer))
        // Gates of which people choose, and one whose rate is passed.
        let gates = """
            version: 1
            name: gates
            models: { small: { use: local/s }, mid: { use: local/m } }
            concurrency: 2
            steps:
              - id: each
                for_each: { items: "[0, 1, 2]", on_error: collect }
                prompt: "item ${{ item }}"
                escalate: { tiers: [small, mid], checks: { never: { expr: "item < 0" } }, on_exhausted: { ask: { message: "which of ${{ item }}?", timeout: 1h, on_timeout: best } } }
              - { id: many, for_each: { items: "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]" }, prompt: "${{ item }}", escalate: { tiers: [small, mid], checks: { odd: { expr: "item != 9 && item != 21" } }, max_rate: 5%/1h } }
            outputs: { tiers: "${{ steps.many.tier }}" }
            """
        let gated = try workflow(gates)
        let gateRig = EngineRig { request, _ in .text(request.site!.tier) }
        let asked = try await gateRig.run(gated)
        #expect(asked.waitsFor.count == 3 && gateRig.written.payloads("rate_counted").count == 2, "\(asked.failure as Any)")
        let mine = Blob(Array("\"mine\"".utf8))
        for (question, choice) in zip(asked.waitsFor, [ApprovalChoice.pick(tier: "small"), .value(mine.hash), .reject]) {
            gateRig.journal.leave(.decided(asked.id, path: question.step, ApprovalDecision(choice, by: "ann", note: nil, at: gateRig.clock.now())), document: mine)
        }
        _ = try await EngineRig(clock: gateRig.clock, journal: gateRig.journal, provider: gateRig.provider).engine.resume(asked.id, gated)
        histories.append(RecordedHistory("gates", gateRig.written, of: gated, inputs: [:]) { request, _ in .text(request.site!.tier) })
        // In bands, under caps on tokens, and where cheaper tiers take over.
        for (name, budget) in [
            ("bands", "max_cost_usd: 0.01, max_tokens: 4000, yellow: { at: 0.00003, escalate: never }, red: { at: 2%, models: [small], finish_current: true }"),
            ("degrade", "max_tokens: 400, on_exceeded: degrade, degrade: [small]"), ("band asks", "max_tokens: 4000, yellow: { at: 1%, ask: true }"),
        ] {
            let graph = try workflow(
                BandTests.flow(
                    budget,
                    "  - { id: a, prompt: hi, model: mid }\n  - { id: b, needs: [a], for_each: { items: \"[1, 2]\", on_error: collect }, prompt: hi, escalate: { tiers: [small, mid], checks: { short: { expr: size(output) < 4 } } } }\n  - { id: c, model: mid, prompt: hi, needs: [b], optional: true }"
                ).replacing("model: mid, limits", with: "limits"))
            let answer: ScriptedProvider.Script = { request, _ in .text(request.schemaName == "b" ? "too long" : "x", input: 60, output: 40) }
            let rig = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, script: answer))
            let first = try await rig.run(graph)
            for question in first.waitsFor {
                rig.journal.leave(.decided(first.id, path: question.step, ApprovalDecision(isApproved: true, by: "ann", note: nil, at: clock.now())))
            }
            if first.status == .waiting { _ = try await rig.engine.resume(first.id, graph) }
            #expect(name == "degrade" || rig.written.events.contains { $0.kind == "band_entered" })
            histories.append(RecordedHistory(name, rig.written, of: graph, inputs: [:], answer: answer))
        }
        // Gates that ask for comparison behind the run's steps.
        let compared = try workflow(
            """
            version: 1
            name: compared
            models: { small: { use: local/a }, mid: { use: local/b }, large: { use: local/c } }
            budget: { max_cost_usd: 0.01 }
            steps:
              - { id: g, for_each: { items: "[1, 2, 3]" }, prompt: "${{ item }}", escalate: { tiers: [small, mid, large], checks: { odd: { expr: item % 2 == 1 } }, shadow: { rate: 100%, tiers: all } } }
              - { id: after, needs: [g], model: small, prompt: after }
            """)
        let comparing: ScriptedProvider.Script = { request, _ in request.site?.tier == "large" ? .failure(.serverError) : .text("abc") }
        let comparison = EngineRig(clock: clock, provider: ScriptedProvider(clock: clock, script: comparing))
        _ = try await comparison.run(compared)
        await comparison.engine.leave()
        histories.append(RecordedHistory("compared", comparison.written, of: compared, inputs: [:], answer: comparing))
        // One that could be counted, and one that could not.
        for (name, isCounted) in [("counts", true), ("no counts", false)] {
            let graph = try CountingCallTests.graph("0.000677", ", retry: { max_attempts: 2 }")
            let rig = CountingCallTests.rig { _ in
                isCounted ? .success(TokenCount(tokens: 80, basis: .proved)) : .failure(CallFailure(.serverError, "no"))
            } script: { _, number in
                number == 0 ? .failure(.serverError) : .text("x")
            }
            _ = try await rig.run(graph)
            histories.append(RecordedHistory(name, rig.written, of: graph, inputs: [:]) { _, _ in .text("x") })
        }
        for record in RulesTests.Record.all + RulesTests.Record.former {
            let graph = try workflow(record.json["workflow"]!.stringValue!)
            let written = try #require(record.journal(events: record.events.count, of: graph).run(record.run))
            #expect(written.events.count == record.events.count, "\(record.name)")
            histories.append(RecordedHistory(record.name, written, of: graph, inputs: record.inputs) { request, _ in .text(request.segments[0].text) })
        }
        return histories
    }

    /// What is kept of a run while it happens is what follows from its record.
    @Test func aRecordFoldsToWhatHappened() async throws {
        for sample in ResumeTests.Sample.allCases {
            let graph = try sample.graph()
            let rig = ResumeTests.rig()
            let result = try await rig.run(graph, sample.inputs)
            let outcome = try RecordedHistory("\(sample)", rig.written, of: graph, inputs: sample.inputs, answer: { _, _ in .text("") }).folded()
            #expect(outcome.course == .ended(.succeeded))
            #expect(outcome.outputs == result.outputs)
            #expect(outcome.spending == result.spending)
            #expect(outcome.isEmpty)
        }
        let failing = try workflow(
            modelWorkflow(
                """
                  - { id: a, prompt: hi }
                  - { id: g, needs: [a], for_each: { items: "[1, 2]", on_error: collect }, steps: [{ id: b, run: [tool], on_error: continue }, { id: c, needs: [b], prompt: "${{ steps.b.exit_code }}" }] }
                  - { id: h, steps: [{ id: d, prompt: no }] }
                """))
        let clock = ManualClock()
        let rig = EngineRig(
            clock: clock, provider: ScriptedProvider(clock: clock) { request, _ in request.schemaName == "d" ? .failure(.authentication) : .text("x") },
            tools: ScriptedTools(clock: clock) { _ in .exited(code: 3, stdout: [], stderr: "") })
        let result = try await rig.run(failing)
        let outcome = try RecordedHistory("fails", rig.written, of: failing, inputs: [:], answer: { _, _ in .text("") }).folded()
        #expect(result.status == .failed && outcome.course == .ended(.failed))
        #expect(result.failedStep == "h/d" && outcome.failedStep == "h/d")
        #expect(outcome.spending == result.spending)
        // What a program came to is known of one that failed, too.
        #expect(rig.provider.requests.filter { $0.schemaName == "c" }.map { $0.segments[0].text } == ["3", "3"])
    }

    @Test func changedRecordsEndInAnErrorOrGoOn() async throws {
        let histories = try await Self.histories()
        for history in histories { #expect(throws: Never.self, "\(history.name)") { try history.folded() } }
        let others = histories.flatMap(\.events)
        let seed = Self.number("AGENTCTL_JOURNAL_SEED", else: 1)
        let count = Self.number("AGENTCTL_JOURNAL_MUTATIONS", else: 2_000)
        var refused = 0
        for trial in 0..<count {
            var mutator = JournalMutator(random: SeededGenerator(seed: UInt64(seed) << 32 | UInt64(trial)), others: others)
            var history = histories[trial % histories.count]
            history.events = mutator.mutate(history.events)
            do {
                switch try history.folded().course {
                case .new, .ended: break
                case .running, .draining, .ending, .suspended: _ = try await history.resumed()
                }
            } catch let error as JournalError {
                refused += 1
                #expect(error.description.contains(": event ") || error.code == .tooNew, "trial \(trial) of \(history.name): \(error)")
            }
        }
        // A check that finds nothing would pass as well.
        #expect(refused * 2 > count, "\(refused) of \(count) were refused")
    }

    /// What a fact cannot be is said of it, with its number.
    @Test(arguments: [
        ("a second start of the run", [1, 1], "event 2, run_started: the run has started already"),
        ("a step that starts twice", [1, 2, 2], "event 3, step_started: 'a' was started before"),
        ("a call of a step that has not started", [1, 3], "event 2, call_started: 'a' has not started"),
        ("a call that begins twice", [1, 2, 3, 3], "event 4, call_started: call RUN.1 of 'a' is under way"),
        ("an end without a call", [1, 2, 4], "event 3, call_ended: call RUN.1 is not under way"),
        ("a call that ends twice", [1, 2, 3, 4, 4], "event 5, call_ended: call RUN.1 is not under way"),
        ("an output before the call's end", [1, 2, 3, 5], "event 4, step_succeeded: 'a' has a call under way"),
        ("an end of the run before its step's", [1, 2, 3, 4, 6], "event 5, run_ended: the run cannot have ended succeeded: there is something left to do"),
        ("a fact behind the end", [1, 2, 3, 4, 5, 6, 5], "event 7, step_succeeded: the run has ended, succeeded"),
        ("no start of the run", [2], "event 1, step_started: the run has not started"),
    ]) func illegalFactsAreNamed(name: String, order: [Int], message: String) async throws {
        let graph = try workflow(modelWorkflow("  - { id: a, prompt: hi }"))
        let rig = EngineRig { _, _ in .text("x") }
        _ = try await rig.run(graph)
        var history = RecordedHistory("one call", rig.written, of: graph, inputs: [:], answer: { _, _ in .text("x") })
        #expect(history.events.map(\.kind) == ["run_started", "step_started", "call_started", "call_ended", "step_succeeded", "run_ended"])
        history.events = order.enumerated().map { history.events[$1 - 1].with(sequence: $0 + 1) }
        let error = #expect(throws: JournalError.self) { try history.folded() }
        #expect(error?.description.hasSuffix(message.replacing("RUN", with: history.run.text)) == true, "\(error?.description as Any)")
    }
}
