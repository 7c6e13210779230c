import Economics
import Foundation
import PromptCaching
import Testing
import Values
import WorkflowModel

@testable import Reports

@Suite struct TraceReportTests {
    @Test func treeAtEightyColumns() {
        #expect(
            TraceReport.text(supportTriage(), style: style(80)) == """
                run 20261121-094815-k3f9q2ab   support-triage   ✗ failed
                started 2026-11-21 09:48:15 UTC   took 6.2s
                cost ≥ $0.000169 (1 call of unknown end)   6 calls
                tokens 2,854 (380 cached)→277
                budget $0.25: $0.00137 used (0.5 %), $0.0012 of it held
                1 call of unknown end: $0.0012 stays held, as it may be billed
                decision T-1042: pending
                tags   feature=support   customer=acme

                step             status, model              time     tokens  cached         cost
                ✓ classify       local/small                1.2s     412→18     380    $0.000013
                ✓ draft          local/small                  3s  1,200→210            $0.000101
                ├─ #0 try        rate_limit · HTTP 429 ·…   80ms                           $0.00
                │     rate_limit: Too many requests, slow down
                └─ #1 try        local/small                  2s  1,200→210            $0.000101
                ✗ claims         1 of 2 items failed · l…   1.6s   1,242→49          ≥ $0.000055
                │  items: 1 of 2 items failed
                ├─ ✓ [0]         local/small               790ms     600→20             $0.00002
                └─ ✗ [1]         failed · local/small       1.6s     642→29          ≥ $0.000035
                   │  output_invalid: the answer does not follow its schema after one repair
                   │    /verdict: expected one of pass, fail
                   │    /score: missing
                   ├─ #0 try     local/small               800ms     642→29            $0.000035
                   └─ #1 repair  timeout · unknown · loc…                                unknown
                         held $0.0012, end unknown
                         timeout: no answer within 45s
                – retrieve       skipped: when is false
                · compliance     pending
                column hidden: first token (a wider terminal or --json shows it)
                """ + "\n")
    }

    /// A cache that had less than was expected is told of with its cause, also where the call is its step's only one.
    @Test func whatACacheWasExpectedToHave() {
        let trace = supportTriage()
        let classify = trace.calls[0]
        classify.predictedCacheTokens = 2500
        #expect(!TraceReport.text(trace, style: style()).contains("2,500 tokens expected"))
        classify.missed("expired")
        #expect(TraceReport.text(trace, style: style()).contains("cache: 2,500 tokens expected, 380 read: its entry had not been used for as long as it lives"))
        let json = TraceReport.json(trace)["calls"]?.arrayValue?.first { $0["path"] == "classify" }
        #expect(json?["cache_predicted_tokens"] == 2500 && json?["cache_miss"] == "expired")
        trace.calls[2].predictedCacheTokens = 1000
        #expect(TraceReport.text(trace, style: style()).contains("cache: 1,000 tokens expected"))
        for cause in CacheMiss.allCases { #expect(!CacheWords.reason(cause).isEmpty && CacheMiss(rawValue: cause.rawValue) == cause) }
    }

    @Test func treeWithoutATerminal() {
        #expect(
            TraceReport.text(supportTriage(), style: style()) == """
                run 20261121-094815-k3f9q2ab   support-triage   ✗ failed
                started 2026-11-21 09:48:15 UTC   took 6.2s
                cost ≥ $0.000169 (1 call of unknown end)   6 calls   tokens 2,854 (380 cached)→277
                budget $0.25: $0.00137 used (0.5 %), $0.0012 of it held
                1 call of unknown end: $0.0012 stays held, as it may be billed
                decision T-1042: pending
                tags   feature=support   customer=acme

                step             status, model                               first token   time     tokens  cached         cost
                ✓ classify       local/small                                       300ms   1.2s     412→18     380    $0.000013
                ✓ draft          local/small                                                 3s  1,200→210            $0.000101
                ├─ #0 try        rate_limit · HTTP 429 · void · local/small                80ms                           $0.00
                │     rate_limit: Too many requests, slow down
                └─ #1 try        local/small                                       500ms     2s  1,200→210            $0.000101
                ✗ claims         1 of 2 items failed · local/small                         1.6s   1,242→49          ≥ $0.000055
                │  items: 1 of 2 items failed
                ├─ ✓ [0]         local/small                                       197ms  790ms     600→20             $0.00002
                └─ ✗ [1]         failed · local/small                                      1.6s     642→29          ≥ $0.000035
                   │  output_invalid: the answer does not follow its schema after one repair
                   │    /verdict: expected one of pass, fail
                   │    /score: missing
                   ├─ #0 try     local/small                                       200ms  800ms     642→29            $0.000035
                   └─ #1 repair  timeout · unknown · local/small                                                        unknown
                         held $0.0012, end unknown
                         timeout: no answer within 45s
                – retrieve       skipped: when is false
                · compliance     pending
                """ + "\n")
    }

    @Test func treeOnANarrowTerminalInASCII() {
        #expect(
            TraceReport.text(supportTriage(), style: style(40, unicode: false)) == """
                run 20261121-094815-k3f9q2ab
                support-triage   x failed
                started 2026-11-21 09:48:15 UTC
                took 6.2s
                cost >= $0.000169 (1 call of unknown
                end)   6 calls
                tokens 2,854 (380 cached)->277
                budget $0.25: $0.00137 used (0.5 %),
                $0.0012 of it held
                1 call of unknown end: $0.0012 stays
                held, as it may be billed
                decision T-1042: pending
                tags   feature=support   customer=acme

                step              time          cost
                + classify        1.2s     $0.000013
                + draft             3s     $0.000101
                |- #0 try         80ms         $0.00
                |     rate_limit: Too many requests,
                |     slow down
                `- #1 try           2s     $0.000101
                x claims          1.6s  >= $0.000055
                |  items: 1 of 2 items failed
                |- + [0]         790ms      $0.00002
                `- x [1]          1.6s  >= $0.000035
                   |  output_invalid: the answer does
                   |  not follow its schema after one
                   |  repair
                   |    /verdict: expected one of pass,
                   |    fail
                   |    /score: missing
                   |- #0 try     800ms     $0.000035
                   `- #1 repair              unknown
                         held $0.0012, end unknown
                         timeout: no answer within 45s
                - retrieve
                . compliance
                columns hidden: status, model, first
                token, tokens, cached (a wider terminal
                or --json shows them)
                """ + "\n")
    }

    /// Two hundred items: three failed, the others took as many milliseconds as their number.
    private var longList: RunTrace {
        var trace = RunTrace(run: RunRecord(id: "r", workflow: "w", file: "w.yaml", status: .failed, startedAt: start), nodes: [], calls: [])
        trace.nodes = [node("sum", .failed, from: 0, to: 900, failure: StepFailure(.items, "3 of 200 items failed"))]
        for item in 0..<200 {
            let failed = item % 70 == 7
            trace.nodes.append(
                node(
                    "sum", item: item, failed ? .failed : .succeeded, from: 0, to: Int64(item),
                    failure: failed ? StepFailure(.refusal, "the model refused") : nil))
        }
        return trace
    }

    @Test func longListsShowFailedAndSlowestItems() {
        let lines = TraceReport.text(longList, style: style()).split(separator: "\n")
        let shown = lines.compactMap { $0.firstMatch(of: /\[(\d+)\]/).map { Int($0.1)! } }
        #expect(shown == [7, 77, 147, 199, 198, 197, 196, 195])
        #expect(lines.last == "└─ … 192 more succeeded; the slowest are shown")
    }

    @Test func promptsListEveryCallWithWhatWasSaid() {
        var trace = supportTriage()
        trace.nodes = [trace.nodes[0]]
        trace.calls = [trace.calls[0]]
        let request = ContentHash(of: "q")
        trace.calls[0].request = request
        trace.calls[0].response = ContentHash(of: "a")
        let text = TraceReport.text(trace, style: style(60), options: .init(prompts: { $0 == request ? "First line\nsecond line" : nil }))
        #expect(
            text.split(separator: "\n").suffix(8) == [
                "└─ #0 try   local/small    1.2s  412→18     380  $0.000013",
                "      request 8e35c2cd3bf6",
                "        First line",
                "        second line",
                "      response ca978112ca1b",
                "        (its text is not in the ledger)",
                "column hidden: first token (a wider terminal or --json shows",
                "it)",
            ])
    }

    /// S4: what every try met stands once, with how many there were; what one of them met beside it stands at that one.
    @Test func theSameFailureOfSeveralTriesIsToldOnce() {
        var trace = RunTrace(run: RunRecord(id: "r", workflow: "w", file: "w.yaml", status: .failed, startedAt: start), nodes: [], calls: [])
        trace.nodes = [node("a", .failed, from: 0, to: 9, failure: StepFailure(.serverError, "the server answered 500: boom (after 4 tries)"))]
        let boom = CallFailure(.serverError, "the server answered 500: boom")
        trace.calls = [
            call("a", 0, state: .void, http: 500, failure: boom), call("a", 1, state: .void, http: 429, failure: CallFailure(.rateLimit, "slow down"), at: 1),
            call("a", 2, state: .void, http: 429, failure: CallFailure(.rateLimit, "slow down"), at: 2), call("a", 3, state: .void, http: 500, failure: boom, at: 3),
        ]
        let text = TraceReport.text(trace, style: style())
        #expect(text.components(separatedBy: "boom").count - 1 == 1 && text.contains("boom (after 4 tries)"))
        #expect(text.components(separatedBy: "slow down").count - 1 == 1)
        #expect(text.components(separatedBy: "HTTP 500").count - 1 == 2)
    }

    /// S2: of a trace that is higher than the terminal, what failed stands at its end too.
    @Test func whatFailedStandsAtTheEndOfALongTrace() {
        var trace = RunTrace(run: RunRecord(id: "r", workflow: "w", file: "w.yaml", status: .failed, startedAt: start), nodes: [], calls: [])
        trace.nodes = (0..<60).map { index in
            index % 20 == 7 ? node("s\(index)", .failed, from: Int64(index), to: 99, failure: StepFailure(.refusal, "not \(index)")) : node("s\(index)", .succeeded, from: Int64(index), to: 99)
        }
        func last(_ height: Int?, _ count: Int) -> [Substring] { TraceReport.text(trace, style: style(80), options: .init(height: height)).split(separator: "\n").suffix(count) }
        #expect(last(24, 4) == ["what failed", "✗ s7  refusal: not 7", "✗ s27  refusal: not 27", "✗ s47  refusal: not 47"])
        #expect(last(8, 4) == ["what failed", "✗ s7  refusal: not 7", "✗ s27  refusal: not 27", "… 1 more failed"])
        for height in [nil, 100] { #expect(last(height, 1) == ["✓ s59  succeeded      40ms"]) }
    }

    @Test func unpricedIsNeverZero() {
        var trace = RunTrace(run: RunRecord(id: "r", workflow: "w", file: "w.yaml", status: .succeeded, startedAt: start), nodes: [], calls: [])
        trace.nodes = [node("a", .succeeded, from: 0, to: 5), node("b", .succeeded, from: 5, to: 9)]
        trace.calls = [call("a", tokens: (10, 2)), call("b", 0, cost: "0.0000001", tokens: (10, 2)), call("b", 1, tokens: (9, 1), at: 6)]
        trace.run.spending = spending(of: trace.calls)
        let text = TraceReport.text(trace, style: style())
        #expect(text.contains("cost ≥ $0.0000001 (2 calls unpriced)   3 calls"))
        #expect(text.contains("10→2      unpriced"))
        #expect(text.contains("19→3  ≥ $0.0000001"))
        #expect(TraceReport.json(trace)["calls"]?[0]?["cost_usd"] == .null)
        #expect(TraceReport.json(trace)["calls"]?[0]?["is_unpriced"] == true)
        #expect(TraceReport.json(trace)["run"]?["cost_is_lower_bound"] == true)
    }

    @Test func aRunThatNeverGotToItsStepsSaysWhy() {
        var trace = RunTrace(run: RunRecord(id: "r", workflow: "w", file: "w.yaml", status: .running, startedAt: start), nodes: [], calls: [])
        trace.run.failure = StepFailure(.budget, "the worst case does not fit").json
        #expect(
            TraceReport.text(trace, style: style(), options: .init(now: after(2_500))) == """
                run r   w   ▸ running
                started 2026-11-21 09:48:15 UTC   for 2.5s so far
                cost $0.00   0 calls
                budget: the worst case does not fit

                no step was started

                """)
    }

    @Test func jsonIsCompleteAndExact() {
        let json = TraceReport.json(supportTriage())
        #expect(
            json["run"]?.jsonText == """
                {"id":"20261121-094815-k3f9q2ab","workflow":"support-triage","file":"Workflows/support-triage.yaml","status":"failed","started_at":"2026-11-21T09:48:15.000000Z","ended_at":"2026-11-21T09:48:21.240000Z","duration_ms":6240,"cost_usd":"0.000169","cost_is_lower_bound":true,"known_usd":"0.000169","estimated_usd":"0","held_usd":"0.001369","held_open_usd":"0.0012","list_usd":"0.000169","reported_usd":null,"reported_calls":0,"reported_off_calls":0,"calls":6,"estimated_calls":0,"unpriced_calls":0,"unknown_calls":1,"open_calls":0,"max_cost_usd":"0.25","input_tokens":2854,"output_tokens":277,"tags":{"feature":"support","customer":"acme"},"owner":{},"version":null,"commit":null,"release":null,"decision_id":"T-1042","outcome":null,"batch":null,"inputs_hash":null,"outputs_hash":null,"failure":null,"kind":"workflow","purpose":"production","parent":null,"resumable":false,"process_gone":false,"pruned_at":null}
                """)
        #expect(
            json["nodes"]?[5]?.jsonText == """
                {"path":"claims[1]","step":"claims","item":1,"status":"failed","started_at":"2026-11-21T09:48:19.311000Z","ended_at":"2026-11-21T09:48:21.000000Z","duration_ms":1689,"reason":null,"output_hash":null,"failure":{"kind":"output_invalid","message":"the answer does not follow its schema after one repair","details":["/verdict: expected one of pass, fail","/score: missing"]},"inherited_from":null,"model_asked":"local/small","answered_by":"local/small","decision":null}
                """)
        #expect(
            json["calls"]?[0]?.jsonText == """
                {"id":"r.classify.0","path":"classify","step":"classify","tier":"small","asked_tier":null,"purpose":"try","part":"","ordinal":0,"retry_of":null,"provider":"local","model_asked":"small","model_served":null,"state":"settled","is_unpriced":false,"cost_usd":"0.000013","held_usd":null,"input_tokens":412,"cache_read_tokens":380,"cache_write_tokens":null,"output_tokens":18,"reasoning_tokens":null,"usage_raw":null,"price_rows":[],"request_hash":null,"response_hash":null,"http_status":200,"finish_reason":null,"failure":null,"ttft_ms":300,"total_ms":1200,"started_at":"2026-11-21T09:48:15.002000Z","ended_at":"2026-11-21T09:48:16.202000Z","tags":{},"trimmed":[],"notes":[],"cost_basis":"priced","reported_usd":null,"priced_usd":null,"list_usd":null,"service_tier":null,"tier_source":null,"cache_predicted_tokens":null,"cache_miss":null,"waited_for":null,"waited_ms":null}
                """)
        #expect(json["calls"]?.arrayValue?.count == 6)
    }

    @Test func aStepThatWasAnsweredFromMemorySaysSo() {
        var trace = supportTriage()
        trace.calls = []
        trace.nodes = [trace.nodes[0]]
        trace.memoHits = [
            MemoHitRecord(
                path: trace.nodes[0].path, step: trace.nodes[0].step, tier: "small", provider: "local", modelAsked: "small", call: "20261120-090000-aaaaaaaa.3",
                saved: Money(decimal: "0.0123"), at: trace.run.startedAt)
        ]
        let text = TraceReport.text(trace, style: style())
        #expect(text.contains("memo: answered at no cost by call 20261120-090000-aaaaaaaa.3 to local/small, which had cost $0.0123"))
        #expect(text.split(separator: "\n").contains { $0.hasPrefix("✓ classify") && $0.hasSuffix("$0.00") }, "\(text)")
        #expect(TraceReport.json(trace)["memo_hits"]?[0]?["saved_usd"] == "0.0123" && TraceReport.json(trace)["memo_hits"]?[0]?["how"] == "memo")
        trace.memoHits[0].how = .flight
        #expect(TraceReport.text(trace, style: style()).contains("deduped: asked at the same time, answered at no cost by call 20261120-090000-aaaaaaaa.3 to local/small, which cost $0.0123"))
    }

    @Test func aCallThatWaitedSaysForWhich() {
        let trace = supportTriage()
        trace.calls[0].waitedFor = "20261121-094815-k3f9q2ab.1"
        trace.calls[0].waited = .milliseconds(1200)
        #expect(TraceReport.text(trace, style: style()).contains("waited 1.2s for call 20261121-094815-k3f9q2ab.1, which has the same beginning"))
    }

    @Test func runList() {
        var other = supportTriage().run
        other.status = .running
        other.endedAt = nil
        other.outcome = nil
        other.decisionID = nil
        #expect(
            RunListReport.text([supportTriage().run, other], style: style(), now: after(90_000)) == """
                run                       workflow        status     started (UTC)          took         cost     held  calls  decision
                20261121-094815-k3f9q2ab  support-triage  ✗ failed   2026-11-21 09:48:15    6.2s  ≥ $0.000169  $0.0012      6  T-1042: pending
                20261121-094815-k3f9q2ab  support-triage  ▸ running  2026-11-21 09:48:15  1m 30s  ≥ $0.000169  $0.0012      6
                """ + "\n")
        #expect(RunListReport.text([], style: style()) == "no runs recorded; start one: agentctl run FILE\n")
        #expect(RunListReport.json([other])["runs"]?[0]?["ended_at"] == .null)
    }
}
