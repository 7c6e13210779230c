import Economics
import Reports
import TestSupport
import Testing
import Values
import WorkflowModel

/// A gate as `show` draws it.
@Suite struct GateReportTests {
    /// Every way to answer that would be taken, and no other.
    @Test(arguments: [
        (QuestionKind.gate, [["small", "large"]], "--yes|--pick small|--pick large|--value JSON|--no"), (.gate, [[]], "--value JSON|--no"),
        (.gate, [["small"], ["small", "large"]], "--yes|--pick small|--no"), (.gate, [["small"], []], "--no"), (.step, [[]], "--yes|--no"), (.band, [[], []], "--yes|--no"),
    ]) func waysToAnswer(kind: QuestionKind, choices: [[String]], ways: String) {
        #expect(ApprovalReport.way("r", "a", kind, choices: choices) == "agentctl approve r a \(ways)")
    }

    private static func trace() -> RunTrace {
        var run = RunRecord(id: "20261121-094815-k3f9q2ab", workflow: "gated", file: "w.yaml", status: .succeeded, startedAt: start)
        run.endedAt = after(4_000)
        func part(_ call: CallRecord, _ tier: String, _ part: String = "") -> CallRecord {
            (call.tier, call.part) = (tier, part)
            return call
        }
        let calls = [
            part(call("draft", 0, cost: "0.00001", tokens: (100, 20), at: 0, took: 500), "small"),
            part(call("draft", 0, model: "local/judge", cost: "0.00002", tokens: (200, 5), at: 600, took: 300, purpose: "judge"), "small", "judge"),
            part(call("draft", 0, model: "cloud/large", cost: "0.004", tokens: (100, 25), at: 1_000, took: 2_000), "large"),
        ]
        var trace = RunTrace(run: run, nodes: [node("draft", .succeeded, from: 0, to: 3_100)], calls: calls)
        trace.gateTiers = [
            GateTierRecord(path: "draft", step: "draft", tier: "small", verdict: .rejected, decidedBy: "judge", notRun: ["tests"], output: ContentHash(of: "a"), decidedAt: after(950)),
            GateTierRecord(
                path: "draft", step: "draft", tier: "large", verdict: .rejected, decidedBy: "short", output: ContentHash(of: "a"), decidedAt: after(3_050), isTaken: true,
                cause: "not_accepted", reason: "the last tier's was not accepted either"),
        ]
        trace.gateChecks = [
            GateCheckRecord(path: "draft", step: "draft", tier: "small", name: "short", kind: "expr", result: .passed, time: .milliseconds(0), endedAt: after(550)),
            GateCheckRecord(
                path: "draft", step: "draft", tier: "small", name: "judge", kind: "judge", result: .failed, score: 0.25, threshold: 0.5, cost: usd("0.00002"),
                time: .milliseconds(300), endedAt: after(900)),
            GateCheckRecord(path: "draft", step: "draft", tier: "large", name: "short", kind: "expr", result: .error, reason: "no such field", time: .milliseconds(0), endedAt: after(3_040)),
        ]
        return trace
    }

    @Test func tierByTier() {
        let text = TraceReport.text(Self.trace(), style: style())
        let tree = text.components(separatedBy: "\n\n").last ?? ""
        #expect(
            tree == """
                step            status, model                               first token   time  tokens      cost
                ✓ draft         cloud/large (asked local/small)                           3.1s  400→50  $0.00403
                ├─ small        not accepted, by judge                                          300→25  $0.00003
                │  ├─ #0 try    local/small                                       125ms  500ms  100→20  $0.00001
                │  ├─ #0 judge  local/judge                                        75ms  300ms   200→5  $0.00002
                │  short: passed
                │  judge: failed, 0.25 of at least 0.5 (0.25 short)
                │  not run: tests; they could change nothing
                │  $0.00003 so far
                └─ large        not accepted, by short, same answer, taken                      100→25    $0.004
                   ├─ #0 try    cloud/large                                       500ms     2s  100→25    $0.004
                   short: could not be told: no such field
                   taken though it was not accepted: the last tier's was not accepted either
                   $0.00403 so far
                """ + "\n", "\(text)")
    }

    /// What was asked for comparison is told below the gate, and is no cost of the step.
    @Test func comparisonIsNoCostOfTheStep() {
        var trace = Self.trace()
        let shadow = call("draft", 0, model: "cloud/huge", cost: "1", tokens: (900, 90), at: 3_200, took: 500, purpose: "shadow")
        (shadow.tier, shadow.part) = ("huge", "shadow")
        trace.calls.append(shadow)
        trace.gateShadows = [GateShadowRecord(path: "draft", step: "draft", tier: "huge", result: .answered, endedAt: after(3_700))]
        let lines = TraceReport.text(trace, style: style()).split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("✓ draft") && $0.hasSuffix("400→50  $0.00403") }, "\(lines)")
        #expect(lines.contains { $0.contains("huge") && $0.contains("for comparison: answered") && $0.hasSuffix("$1.00") }, "\(lines)")
    }

    /// A tier that failed and behind which `max_rate` let none be asked says so.
    @Test func whatTheRateLeftOut() {
        var trace = Self.trace()
        trace.gateTiers = [GateTierRecord(path: "draft", step: "draft", tier: "small", verdict: .failed, failure: .emptyAnswer, decidedAt: after(950))]
        trace.gateTiers[0].rate = GateTierRecord.CountedRate(wentOn: false, answered: 22, escalated: 6)
        #expect(TraceReport.text(trace, style: style()).contains("max_rate left the next tier out: 6 of 22 executions had gone on"))
        trace.gateTiers[0].rate?.wentOn = true
        #expect(!TraceReport.text(trace, style: style()).contains("max_rate"))
    }

    @Test func whyItCouldNotBeTold() {
        var trace = Self.trace()
        trace.gateTiers[0].reason = "accept has no value: division by zero"
        let text = TraceReport.text(trace, style: style())
        #expect(text.contains("│  accept has no value: division by zero\n") && !text.contains("accepted: accept has"))
        let decided = TierDecided(path: "draft", tier: "small", gate: ContentHash(of: "g"), verdict: .rejected, reason: "accept has no value: division by zero")
        guard case .reason(_, let line) = RunNarration.updates(.tierDecided(decided), run: RunID("r"), graph: nil).first else { Issue.record("nothing is told"); return }
        #expect(line == "small: not accepted: accept has no value: division by zero")
    }

    /// Of a value, its threshold, how far it is from that and where it stands; of an answer, how it differs from the one below.
    @Test func valuesAndAnswersAreCompared() {
        var trace = Self.trace()
        trace.gateChecks[1].place = CheckPlace(below: 31, of: 480)
        trace.gateTiers[1].output = ContentHash(of: "b")
        var options = TraceReport.Options()
        let small: JSONValue = ["kind": "order", "total": 3, "note": "x"]
        options.answers = { $0 == ContentHash(of: "a") ? small : ["kind": "order", "total": 4, "by": "ann"] }
        let text = TraceReport.text(trace, style: style(), options: options)
        #expect(text.contains("judge: failed, 0.25 of at least 0.5 (0.25 short; above 31 of the last 480)"), "\(text)")
        #expect(text.contains("another answer, in total, by, note, taken"), "\(text)")
        options.answers = { .string($0 == ContentHash(of: "a") ? "four" : "seventy") }
        #expect(TraceReport.text(trace, style: style(), options: options).contains("another answer, of 7 characters for 4"))
        let json = TraceReport.json(trace)
        #expect(json["gate_tiers"]?[0]?["same_answer"] == .null && json["gate_tiers"]?[1]?["same_answer"] == false)
        #expect(json["gate_tiers"]?[0]?["cost_so_far_usd"] == "0.00003" && json["gate_tiers"]?[1]?["cost_so_far_usd"] == "0.00403")
        #expect(json["gate_checks"]?[1]?["distance"] == -0.25 && json["gate_checks"]?[1]?["place"] == ["below": 31, "of": 480])
    }

    /// Who is asked first is named as the step starts; where an expression says who, nobody is.
    @Test(arguments: [("start: mid", "local/b"), ("on_refusal: stop", "local/a"), ("start: \"${{ inputs.t }}\"", nil)] as [(String, String?)])
    func whoIsAskedFirst(_ key: String, _ model: String?) throws {
        let graph = try workflow(
            """
            version: 1
            name: t
            inputs: { t: { type: string } }
            models: { small: { use: local/a }, mid: { use: local/b } }
            steps:
              - { id: g, prompt: hi, escalate: { tiers: [small, mid], \(key) } }
            """)
        guard case .stepState(_, .running, let first, _) = RunNarration.updates(.nodeStarted("g"), run: RunID("r"), graph: graph).first else { Issue.record("nothing is told"); return }
        #expect(first == model)
    }

    @Test func jsonHasTiersAndChecks() {
        let json = TraceReport.json(Self.trace())
        #expect(json["gate_tiers"]?[1]?["taken"] == true && json["gate_tiers"]?[0]?["not_run"] == ["tests"])
        #expect(json["gate_checks"]?[1]?["score"] == 0.25 && json["gate_checks"]?[1]?["cost_usd"] == "0.00002")
        #expect(json["nodes"]?[0]?["answered_by"] == "cloud/large")
    }
}
