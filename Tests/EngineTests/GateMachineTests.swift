import Expressions
import Testing
import Values
import WorkflowModel

@testable import Engine

@Suite struct GateMachineTests {
    private typealias Check = GateTerms.Check

    private static func condition(_ source: String) -> Expression {
        try! Expression(parsing: source, at: SourceLocation(file: "t", line: 1, column: 1))
    }

    private static let free = Check(name: "shape", kind: .expression)
    private static let judge = Check(name: "judge", kind: .judge)

    private func terms(
        _ tiers: [String], _ checks: [Check], accept: String? = nil, exhausted: GateTerms.Exhausted = .best,
        refusals: Bool = false, readsVerdict: Bool = true
    ) -> GateTerms {
        GateTerms(
            tiers: tiers, checks: checks, accept: accept.map(Self.condition), onExhausted: exhausted, escalatesRefusals: refusals, readsVerdict: readsVerdict)
    }

    private func terms(_ checks: [Check], accept: String? = nil, exhausted: GateTerms.Exhausted = .best) -> GateTerms {
        terms(["small", "mid", "large"], checks, accept: accept, exhausted: exhausted)
    }

    private func machine(_ terms: GateTerms, start: Int = 0) -> GateMachine { GateMachine(terms, start: start, scope: DictionaryBindings()) }

    private static let yes = GateMachine.Event.checked(CheckOutcome(passed: true))
    private static let no = GateMachine.Event.checked(CheckOutcome(passed: false))
    private static let answer = GateMachine.Event.answered("x")

    @Test func theFirstTierIsAccepted() {
        var gate = machine(terms([Self.judge, Self.free]))
        #expect(gate.apply(.started) == .ask(tier: 0))
        // What is computed goes before what is paid, wherever it stands.
        #expect(gate.apply(Self.answer) == .check(1))
        #expect(gate.apply(Self.yes) == .check(0))
        #expect(gate.apply(Self.yes) == .end(.accepted(tier: 0)))
        #expect(gate.decisions == [TierDecision(tier: 0, verdict: .accepted, decidedBy: "judge", notRun: [])])
    }

    @Test func aCheckThatCanChangeNothingIsNotRun() {
        var gate = machine(terms([Self.free, Self.judge]))
        _ = gate.apply(.started)
        #expect(gate.apply(Self.answer) == .check(0))
        #expect(gate.apply(Self.no) == .ask(tier: 1))
        #expect(gate.decisions == [TierDecision(tier: 0, verdict: .rejected, decidedBy: "shape", notRun: ["judge"])])
        #expect(gate.apply(Self.answer) == .check(0))
        #expect(gate.apply(Self.yes) == .check(1))
        #expect(gate.apply(Self.yes) == .end(.accepted(tier: 1)))
    }

    @Test func acceptReadsTheAnswerTheTierAndScores() {
        var gate = machine(terms([Self.judge], accept: "tier == 'large' || size(output) > 3 || checks.judge.score >= 0.8"))
        _ = gate.apply(.started)
        #expect(gate.apply(.answered("long enough")) == .end(.accepted(tier: 0)))
        #expect(gate.decisions == [TierDecision(tier: 0, verdict: .accepted, decidedBy: nil, notRun: ["judge"])])

        gate = machine(terms([Self.judge], accept: "tier == 'large' || size(output) > 3 || checks.judge.score >= 0.8"))
        _ = gate.apply(.started)
        #expect(gate.apply(Self.answer) == .check(0))
        #expect(gate.apply(.checked(CheckOutcome(passed: nil, score: 0.79))) == .ask(tier: 1))
        #expect(gate.apply(Self.answer) == .check(0))
        // Neither an error nor an outcome without a score is one.
        #expect(gate.apply(.checked(.error("it is not JSON"))) == .ask(tier: 2))
        #expect(gate.apply(Self.answer) == .end(.accepted(tier: 2)))
    }

    @Test func exhaustionByEachPolicy() {
        func end(_ policy: GateTerms.Exhausted) -> GateMachine.Command {
            var gate = machine(terms(["small", "large"], [Self.free], exhausted: policy))
            _ = gate.apply(.started)
            _ = gate.apply(Self.answer)
            #expect(gate.apply(Self.no) == .ask(tier: 1))
            _ = gate.apply(Self.answer)
            return gate.apply(Self.no)
        }
        #expect(end(.best) == .end(.best(tier: 1, cause: .notAccepted)))
        #expect(end(.fail) == .end(.failed(StepFailure(.notAccepted, "no tier's answer was accepted: the last tier's was not accepted either"))))
        #expect(end(.ask) == .end(.ask(best: 1, cause: .notAccepted)))
    }

    @Test(arguments: [FailureKind.outputInvalid, .truncated, .emptyAnswer])
    func whatTellsOfTheAnswerGoesUp(_ kind: FailureKind) {
        var gate = machine(terms(["small", "large"], [Self.free]))
        _ = gate.apply(.started)
        #expect(gate.apply(.failed(StepFailure(kind, "no"))) == .ask(tier: 1))
        #expect(gate.apply(.failed(StepFailure(kind, "again"))) == .end(.failed(StepFailure(kind, "again"))))
        #expect(gate.decisions.map(\.verdict) == [.failed(kind), .failed(kind)])
    }

    @Test(arguments: [FailureKind.rateLimit, .timeout, .serverError, .connection, .quota, .budget, .configuration])
    func anOutageDoesNotGoUp(_ kind: FailureKind) {
        var gate = machine(terms(["small", "large"], [Self.free]))
        _ = gate.apply(.started)
        #expect(gate.apply(.failed(StepFailure(kind, "away"))) == .end(.failed(StepFailure(kind, "away"))))
        // Of a further tier it leaves the answer that there is.
        gate = machine(terms([Self.free]))
        _ = gate.apply(.started)
        _ = gate.apply(Self.answer)
        #expect(gate.apply(Self.no) == .ask(tier: 1))
        #expect(gate.apply(.failed(StepFailure(kind, "away"))) == .end(.best(tier: 0, cause: .tierFailed(StepFailure(kind, "away")))))
    }

    @Test func refusalsByTheirPolicy() {
        let refusal = StepFailure(.refusal, "the model declined to answer")
        var gate = machine(terms([Self.free]))
        _ = gate.apply(.started)
        #expect(gate.apply(.failed(refusal)) == .end(.failed(refusal)))
        gate = machine(terms(["small", "large"], [Self.free], refusals: true))
        _ = gate.apply(.started)
        #expect(gate.apply(.failed(refusal)) == .ask(tier: 1))
        #expect(gate.apply(.failed(refusal)) == .end(.failed(refusal)))
    }

    @Test func aTierThatMayNotBeAskedEndsTheGate() {
        let refused = GateCause.refused(StepFailure(.budget, "it does not fit"))
        for (policy, expected) in [
            (GateTerms.Exhausted.best, GateEnd.best(tier: 0, cause: refused)),
            (.fail, .failed(StepFailure(.notAccepted, "no tier's answer was accepted: it does not fit"))),
        ] {
            var gate = machine(terms([Self.free], exhausted: policy))
            _ = gate.apply(.started)
            _ = gate.apply(Self.answer)
            #expect(gate.apply(Self.no) == .ask(tier: 1))
            #expect(gate.apply(.refused(refused)) == .end(expected))
        }
        var gate = machine(terms([Self.free]))
        _ = gate.apply(.started)
        #expect(gate.apply(.refused(refused)) == .end(.failed(StepFailure(.budget, "it does not fit"))))
    }

    @Test func aLostCheckIsUnknownForGood() {
        let lost = GateMachine.Event.checked(.lost("the judge was not reached"))
        // Where it decides, the gate ends, and no further tier is asked.
        var gate = machine(terms([Self.free, Self.judge]))
        _ = gate.apply(.started)
        _ = gate.apply(Self.answer)
        _ = gate.apply(Self.yes)
        #expect(gate.apply(lost) == .end(.best(tier: 0, cause: .checkUnavailable(check: "judge", reason: "the judge was not reached"))))
        #expect(gate.decisions.map(\.verdict) == [.unavailable])
        // Where another check decides, it is not missed.
        gate = machine(terms([Check(name: "agree", kind: .agree), Self.judge], accept: "checks.agree.passed || checks.judge.passed"))
        _ = gate.apply(.started)
        _ = gate.apply(Self.answer)
        #expect(gate.apply(lost) == .check(1))
        #expect(gate.apply(Self.yes) == .end(.accepted(tier: 0)))
    }

    @Test func atTheLastTierPaidChecksAreRunWhereTheyAreRead() {
        var gate = machine(terms(["only"], [Self.free, Self.judge], readsVerdict: false))
        _ = gate.apply(.started)
        #expect(gate.apply(Self.answer) == .check(0))
        #expect(gate.apply(Self.yes) == .end(.best(tier: 0, cause: nil)))
        #expect(gate.decisions == [TierDecision(tier: 0, verdict: .undecided, decidedBy: "shape", notRun: ["judge"])])
        gate = machine(terms(["only"], [Self.judge], exhausted: .fail, readsVerdict: false))
        _ = gate.apply(.started)
        #expect(gate.apply(Self.answer) == .check(0))
    }

    @Test func whatIsRecordedIsRunBehindTheDecision() {
        let checks = [Self.free, Check(name: "second", kind: .judge, isRecorded: true), Self.judge]
        var gate = machine(terms(["small", "large"], checks, accept: "checks.shape.passed"))
        _ = gate.apply(.started)
        #expect(gate.apply(Self.answer) == .check(0))
        #expect(gate.apply(Self.no) == .check(1))
        // What came of it changes nothing.
        #expect(gate.apply(Self.yes) == .ask(tier: 1))
        #expect(gate.apply(Self.answer) == .check(0))
        #expect(gate.apply(Self.yes) == .check(1))
        #expect(gate.apply(.checked(.lost("away"))) == .end(.accepted(tier: 1)))
        #expect(gate.decisions.map(\.notRun) == [["judge"], ["judge"]])
    }

    @Test func aCheckWaitsForThoseThatItReads() {
        let checks = [Check(name: "both", kind: .expression, reads: ["judge"]), Self.judge]
        var gate = machine(terms(["small", "large"], checks, accept: "checks.both.passed"))
        _ = gate.apply(.started)
        #expect(gate.apply(Self.answer) == .check(1))
        #expect(gate.apply(Self.yes) == .check(0))
        #expect(gate.apply(Self.yes) == .end(.accepted(tier: 0)))
    }

    @Test func laterTiersBeginWhereTheGateStarts() {
        var gate = machine(terms([Self.free]), start: 1)
        #expect(gate.apply(.started) == .ask(tier: 1))
        _ = gate.apply(Self.answer)
        #expect(gate.apply(Self.no) == .ask(tier: 2))
    }

    // MARK: The most calls

    private struct Gate: Sendable, CustomTestStringConvertible {
        let accept: String?
        var checks: [Check] = ["a", "b", "c", "d"].enumerated().map { Check(name: $1, kind: [.expression, .logprob, .run, .judge][$0]) }
        var readsVerdict = true
        var tiers = 3
        var testDescription: String { "\(accept ?? "all") \(tiers) \(readsVerdict)" }
    }

    private static let gates: [Gate] = [
        Gate(accept: nil), Gate(accept: "checks.a.passed && checks.b.passed"), Gate(accept: "checks.a.passed || checks.d.passed"),
        Gate(accept: "checks.a.passed && (checks.c.passed || checks.d.passed)"), Gate(accept: "(checks.a.passed || checks.b.passed) && (checks.c.passed || checks.d.passed)"),
        Gate(accept: "!(checks.a.passed && checks.b.passed) || checks.d.passed"), Gate(accept: "size(output) > 1 && checks.d.passed"),
        Gate(accept: "tier == 't1' ? checks.a.passed : checks.b.passed && checks.d.passed"), Gate(accept: nil, readsVerdict: false),
        Gate(accept: "checks.a.passed", checks: [Check(name: "a", kind: .judge), Check(name: "r", kind: .judge, isRecorded: true)], readsVerdict: false),
        Gate(accept: "checks.a.passed || checks.b.passed", checks: [Check(name: "a", kind: .agree, isAskedOnce: true), Check(name: "b", kind: .judge)]),
        Gate(accept: "checks.e.passed", checks: [Check(name: "e", kind: .expression, reads: ["j"]), Check(name: "j", kind: .judge)], tiers: 2),
    ]

    /// Every sequence of events, each question counted with calls of its own: none makes more than `mostCalls`, and one makes as many.
    @Test(arguments: gates) private func noPathMakesMoreCallsAndOneMakesAsMany(_ gate: Gate) {
        let tiers = (1...gate.tiers).map { "t\($0)" }
        let terms = GateTerms(
            tiers: tiers, checks: gate.checks, accept: gate.accept.map(Self.condition), escalatesRefusals: true, readsVerdict: gate.readsVerdict)
        func tierCalls(_ tier: Int) -> Int { 1_000 * (tier + 1) }
        func checkCalls(_ check: Int) -> Int { 1 << check }
        let most = terms.mostCalls(tierCalls: tiers.indices.map(tierCalls), checkCalls: { checkCalls($1) })
        var longest = 0
        func walk(_ machine: GateMachine, _ event: GateMachine.Event, _ calls: Int, _ asked: Set<Int> = []) {
            var (machine, asked) = (machine, asked)
            switch machine.apply(event) {
            case .end: longest = max(longest, calls)
            case .ask(let tier):
                let calls = calls + tierCalls(tier)
                for event in [GateMachine.Event.answered("x"), .answered("long"), .failed(StepFailure(.truncated, "cut")), .failed(StepFailure(.connection, "away"))] {
                    walk(machine, event, calls, asked)
                }
            case .check(let check):
                let isAskedAgain = !asked.insert(check).inserted && terms.checks[check].isAskedOnce
                for outcome in [CheckOutcome(passed: true), CheckOutcome(passed: false), .lost("away")] {
                    walk(machine, .checked(outcome), calls + (isAskedAgain ? 0 : checkCalls(check)), asked)
                }
            }
        }
        walk(machine(terms), .started, 0)
        #expect(longest == most)
    }
}
