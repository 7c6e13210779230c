import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Engine

/// What `agree` asks together with the first try, and samples that are asked together.
@Suite struct EarlyAgreementTests {
    /// What is answered to each question, by tier and part, and after how long.
    private static func rig(_ answers: [String: (text: String, after: Int64)]) -> EngineRig {
        EngineRig { request, _ in
            let site = request.site!
            let key = site.part.isEmpty ? site.tier : "\(site.tier) \(site.part)"
            guard let (text, after) = answers[key] else { return .failure(.badRequest, "nothing is scripted for '\(key)'") }
            return text == "away" ? .failure(.serverError, latency: .milliseconds(after)) : .text(text, latency: .milliseconds(after))
        }
    }

    private static func gate(_ escalate: String, retry: Int = 1, top: String = "") -> String {
        """
        version: 1
        name: gated
        models: { small: { use: local/s }, mid: { use: local/m }, helper: { use: local/h } }
        \(top)
        steps:
          - { id: a, prompt: hi, retry: { max_attempts: \(retry) }, escalate: { \(escalate) } }
        outputs: { answer: "${{ steps.a.output }}", tier: "${{ steps.a.tier }}", accepted: "${{ steps.a.accepted }}", attempts: "${{ steps.a.attempts }}" }
        """
    }

    /// What was decided, without when.
    private static func decisions(_ rig: EngineRig) -> [String] {
        rig.written.events.compactMap { fact in
            switch fact.event {
            case .checkEnded(let check): "\(check.check) \(check.result.rawValue)"
            case .tierDecided(let tier): "\(tier.tier) \(tier.verdict.rawValue) \(tier.decidedBy ?? "")"
            case .gateEnded(let gate): "takes \(gate.tier ?? "none")"
            default: nil
            }
        }
    }

    private static func parts(_ rig: EngineRig) -> [String] { rig.provider.requests.map { "\($0.site!.tier) \($0.site!.part)" }.sorted() }

    /// One check alone decides: it is asked at once, and what is decided does not hang on who answers first.
    @Test(arguments: [(100, 300), (300, 100)] as [(Int64, Int64)]) func theHelperAnswersBeforeOrAfterTheFirstTry(first: Int64, helper: Int64) async throws {
        let gate = Self.gate("tiers: [small, mid], checks: { same: { agree: { model: helper } } }")
        let agreed = Self.rig(["small": ("abc", first), "small same": ("abc", helper)])
        #expect(try await agreed.run(gate).outputs == ["answer": "abc", "tier": "small", "accepted": true, "attempts": 1])
        #expect(agreed.provider.mostInFlight == 2 && Self.decisions(agreed) == ["same passed", "small accepted same", "takes small"])
        let other = Self.rig(["small": ("abc", first), "small same": ("xyz", helper), "mid": ("xyz", 100)])
        #expect(try await other.run(gate).outputs == ["answer": "xyz", "tier": "mid", "accepted": true, "attempts": 2])
        #expect(other.provider.requests.count == 3)
        #expect(Self.decisions(other) == ["same failed", "small rejected same", "same passed", "mid accepted same", "takes mid"])
    }

    /// The other checks may decide: it waits for its turn, unless it says otherwise.
    @Test func itIsAskedEarlyOnlyWhereItDecidesOrSaysSo() async throws {
        func asked(_ escalate: String, top: String = "") async throws -> Int {
            let rig = Self.rig(["small": ("abc", 100), "small same": ("abc", 100)])
            #expect(try await rig.run(Self.gate(escalate, top: top)).outputs?["tier"] == "small")
            return rig.provider.requests.count * 10 + rig.provider.mostInFlight
        }
        let short = "short: { expr: size(output) < 4 }"
        #expect(try await asked("tiers: [small, mid], checks: { \(short), same: { agree: { model: helper } } }, accept: \"checks.short.passed || checks.same.passed\"") == 11)
        #expect(try await asked("tiers: [small, mid], checks: { \(short), same: { agree: { model: helper, start: early } } }, accept: \"checks.short.passed || checks.same.passed\"") == 22)
        #expect(try await asked("tiers: [small, mid], checks: { same: { agree: { model: helper } } }, accept: \"size(output) < 4 || checks.same.passed\"") == 11)
        #expect(try await asked("tiers: [small, mid], checks: { same: { agree: { model: helper } } }, accept: \"tier == 'mid' || checks.same.passed\"") == 22)
        // Of the last tier, whose answer is taken in any case.
        #expect(try await asked("tiers: [small], checks: { same: { agree: { model: helper, start: early } } }") == 22)
        // A person may have to grant the first try.
        #expect(try await asked("tiers: [small, mid], checks: { same: { agree: { model: helper } } }", top: "budget: { max_cost_usd: 1, on_exceeded: ask }") == 21)
    }

    /// What is not needed is paid and recorded, ends before its step does, and is not tried again.
    @Test func anAnswerThatIsNotNeededIsPaid() async throws {
        let gate = Self.gate(
            "tiers: [small, mid], checks: { short: { expr: size(output) < 4 }, same: { agree: { model: helper, start: early } } }, accept: \"checks.short.passed || checks.same.passed\"",
            retry: 3)
        let rig = Self.rig(["small": ("abc", 100), "small same": ("xyz", 5_000)])
        let result = try await rig.run(gate)
        #expect(result.outputs?["accepted"] == true && result.calls == 2 && rig.clock.now().since(rig.written.events[0].at) >= .seconds(5))
        #expect(Self.decisions(rig) == ["short passed", "small accepted short", "takes small"])
        #expect(rig.written.calls.allSatisfy { $0.end?.failure == nil } && rig.provider.cancelled == [])
        let ends = rig.written.events.compactMap { fact in
            switch fact.event {
            case .callEnded: "call"
            case .nodeSucceeded: "step"
            default: nil
            }
        }
        #expect(ends == ["call", "call", "step"])
        // One that fails meanwhile, and one that waits to be tried again.
        for after in [50, 5_000] as [Int64] {
            let away = Self.rig(["small": ("abc", 100), "small same": ("away", after)])
            #expect(try await away.run(gate).calls == 2 && away.provider.requests.count == 2, "\(after)")
        }
    }

    /// As many as have to be asked in any case are asked together, the first with the first try.
    @Test func samplesGoInWavesThatCouldDecide() async throws {
        var answers: [String: (text: String, after: Int64)] = ["small": ("a", 100)]
        for (index, text) in ["b", "a", "b", "a"].enumerated() { answers["small vote#\(index + 1)"] = (text, Int64(100 * (5 - index))) }
        let rig = Self.rig(answers)
        let result = try await rig.run(Self.gate("tiers: [small, mid], checks: { vote: { agree: { samples: 4 } } }"))
        // Of five three are needed: two more at first, then one, which differs, then the last.
        #expect(result.outputs?["accepted"] == true && rig.provider.mostInFlight == 3)
        #expect(Self.parts(rig) == ["small ", "small vote#1", "small vote#2", "small vote#3", "small vote#4"])
        #expect(Self.decisions(rig) == ["vote passed", "small accepted vote", "takes small"])
    }

    /// Waves ask what would be asked one after the other, whatever comes.
    @Test(arguments: 1...6) func wavesAskNothingInVain(samples: Int) throws {
        for share in [nil, 0.2, 0.5, 0.6, 0.8, 1.0] as [Double?] {
            let agree = AgreementCheck(asked: .samples(samples), prompt: nil, temperature: nil, on: nil, minShare: share, startsEarly: false)
            let scope = GateScope(base: UnknownNames(), tier: "small", checks: .unknown, output: .unknown)
            for course in 0..<Int((0..<samples).reduce(1.0) { count, _ in count * 3 }) {
                func take(_ sample: Int, _ ballot: inout Ballot) {
                    var rest = course
                    for _ in 1..<sample { rest /= 3 }
                    switch rest % 3 {
                    case 0: ballot.take("equal")
                    case 1: ballot.take("other")
                    default: ballot.take(.lost("away"))
                    }
                }
                var (one, waves) = (try Ballot(agree, of: "equal", scope), try Ballot(agree, of: "equal", scope))
                var (asked, together, isFirst) = (0, 0, true)
                while let sample = one.next {
                    asked += 1
                    take(sample, &one)
                }
                while case let wave = waves.wave, !wave.isEmpty {
                    if isFirst { #expect(wave.count == agree.firstWave) }
                    isFirst = false
                    together += wave.count
                    for sample in wave { take(sample, &waves) }
                }
                #expect(asked == together && one.outcome == waves.outcome, "\(samples) \(String(describing: share)) \(course)")
            }
        }
    }

    /// A stop that leaves calls their time lets both end, and then there is nothing left to ask; one that does not aborts both, and the run goes on to the same end.
    @Test(arguments: [Engine.Interruption.graceful, .immediate]) func aStopEndsBoth(_ level: Engine.Interruption) async throws {
        let rig = Self.rig(["small": ("abc", 300), "small same": ("abc", 500)])
        let graph = try workflow(Self.gate("tiers: [small, mid], checks: { same: { agree: { model: helper } } }"))
        rig.clock.schedule(after: .milliseconds(100)) { rig.engine.interrupt(level) }
        var result = try await rig.run(graph)
        #expect(rig.written.calls.count == 2 && rig.written.calls.allSatisfy { $0.end != nil })
        if level == .immediate {
            #expect(result.status == .interrupted && rig.provider.cancelled.count == 2)
            let again = EngineRig(clock: rig.clock, journal: rig.journal, provider: rig.provider)
            result = try await again.engine.resume(result.id, graph)
        }
        #expect(result.outputs?["accepted"] == true && rig.provider.requests.count == (level == .immediate ? 4 : 2))
        #expect(Self.decisions(rig) == ["same passed", "small accepted same", "takes small"])
    }

    @Test func whatIsAskedEarlyIsInTheBestCaseOfThePlan() throws {
        func best(_ escalate: String) throws -> Money {
            let rig = Self.rig([:])
            return PlanBuilder(graph: try workflow(Self.gate(escalate)), provider: rig.provider, prices: .perToken(), history: WorkflowHistory(), at: rig.clock.now())
                .plan(inputs: [:]).total.best
        }
        let short = "checks: { short: { expr: size(output) < 4 }, same: { agree: { model: helper"
        let accept = "} } }, accept: \"checks.short.passed || checks.same.passed\""
        let alone = try best("tiers: [small, mid], \(short) \(accept)")
        #expect(try best("tiers: [small, mid], \(short), start: early \(accept)") == alone * 2)
        // Of three asked again two decide, at the best.
        #expect(try best("tiers: [small, mid], checks: { vote: { agree: { samples: 3 } } }, on_exhausted: fail") == alone * 3)
    }
}
