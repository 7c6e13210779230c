import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// Gates that are stopped in the middle of each of their phases: while a tier is asked, a helper, samples, a program or a judge. Resumed, they come to what
/// they would have come to.
@Suite struct GateStopTests {
    private static let yaml = """
        version: 1
        name: phases
        models: { small: { use: local/s }, mid: { use: local/m }, large: { use: local/l }, helper: { use: local/h } }
        budget: { max_cost_usd: 5 }
        steps:
          - id: a
            prompt: hi
            escalate:
              tiers: [small, mid, large]
              checks:
                same: { agree: { model: helper, start: early } }
                vote: { agree: { samples: 3 } }
                tests: { run: [./verify], with: { text: "${{ output }}" } }
                judge: { model: helper, prompt: "good?", output: { schema: { type: object, properties: { passed: { type: boolean } }, required: [passed] } } }
              accept: "(checks.same.passed || checks.vote.passed) && checks.tests.passed && checks.judge.passed"
        outputs: { answer: "${{ steps.a.output }}", tier: "${{ steps.a.tier }}", accepted: "${{ steps.a.accepted }}", asked: "${{ steps.a.tiers_asked }}" }
        """

    /// Of the first tier the vote fails, of the second the judge, and the third is accepted.
    private static func rig(_ clock: ManualClock = ManualClock(), _ journal: InMemoryJournal = InMemoryJournal()) -> EngineRig {
        let provider = ScriptedProvider(clock: clock) { request, _ in
            let site = request.site!
            switch (site.part, site.tier) {
            case ("judge", let tier): return .text("{\"passed\": \(tier == "large")}")
            case ("same", _): return .text("large")
            case ("", let tier): return .text(tier)
            case (let part, "small"): return .text(part)
            case (_, let tier): return .text(tier)
            }
        }
        return EngineRig(clock: clock, journal: journal, provider: provider, tools: ScriptedTools(clock: clock) { _ in .exited(code: 0, stdout: [], stderr: "") })
    }

    private static func decisions(_ rig: EngineRig) -> [String] {
        rig.written.events.compactMap { fact in
            switch fact.event {
            case .checkEnded(let check): "\(check.tier) \(check.check) \(check.result.rawValue)"
            case .tierDecided(let tier): "\(tier.tier) \(tier.verdict.rawValue)"
            case .gateEnded(let gate): "takes \(gate.tier ?? "none")"
            default: nil
            }
        }
    }

    private static let whole: JSONObject = ["answer": "large", "tier": "large", "accepted": true, "asked": 3]

    @Test(arguments: [Engine.Interruption.graceful, .immediate]) func aStopAtAnyMomentChangesNothingOfTheEnd(_ level: Engine.Interruption) async throws {
        let graph = try workflow(Self.yaml)
        let straight = Self.rig()
        #expect(try await straight.run(graph).outputs == Self.whole)
        let story = Self.decisions(straight)
        #expect(story.count == 13 && straight.clock.elapsed >= .milliseconds(600))
        var stops = 0
        for moment in stride(from: 5 as Int64, to: straight.clock.elapsed.milliseconds, by: 45) {
            let rig = Self.rig()
            rig.clock.schedule(after: .milliseconds(moment)) { rig.engine.interrupt(level) }
            var result = try await rig.run(graph)
            if result.status == .interrupted {
                stops += 1
                #expect(rig.written.calls.allSatisfy { $0.end != nil }, "\(moment)")
                let again = Self.rig(rig.clock, rig.journal)
                result = try await again.engine.resume(result.id, graph)
            }
            #expect(result.outputs == Self.whole && Self.decisions(rig) == story, "\(level) after \(moment) ms")
        }
        #expect(stops > 10)
    }
}
