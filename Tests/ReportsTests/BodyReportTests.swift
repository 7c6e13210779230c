import Economics
import Reports
import TestSupport
import Testing
import Values
import WorkflowModel

/// Steps that have steps of their own, in every report.
@Suite struct BodyReportTests {
    private let yaml = """
        version: 1
        name: review
        inputs: { clauses: { type: array } }
        models: { m: { use: local/s } }
        defaults: { model: m }
        steps:
          - id: clauses
            for_each: { items: inputs.clauses, as: clause, max_items: 20 }
            steps:
              - { id: risk, prompt: "${{ clause }}" }
              - { id: advice, when: steps.risk.output == 'high', prompt: "${{ steps.risk.output }}" }
          - id: memo
            when: size(steps.clauses.output) > 0
            loop:
              max: 3
              until: steps.judge.output == 'good'
              steps:
                - { id: draft, prompt: "${{ has(pass.previous) ? pass.previous.draft : 'new' }}" }
                - { id: deep, steps: [{ id: one, prompt: "${{ steps.draft.output }}" }, { id: two, needs: [one], value: "1" }] }
                - { id: judge, needs: [deep], prompt: "${{ steps.draft.output }}" }
          - { id: letter, optional: true, workflow: letter.yaml, with: { memo: "${{ has(steps.memo.output) ? steps.memo.output : {} }}" } }
        finally:
          - { id: tell, run: [tell, "${{ steps.letter.status }}"] }
        """
    private var graph: WorkflowGraph {
        get throws {
            try workflow(
                yaml,
                files: [
                    "letter.yaml": """
                    version: 1
                    name: summary-letter
                    inputs: { memo: {} }
                    steps: [{ id: write, value: inputs.memo }]
                    """
                ])
        }
    }

    // MARK: graph

    @Test func graphAsText() throws {
        try expectReport(
            GraphReport.text(try graph, style: .plain),
            #"""
            layer  step          kind      model             waits for     runs
                1  clauses each  group                                     for each clause of inputs.clauses, at most 20
                1    risk        model     m → local/s
                2    advice if   model     m → local/s       risk          when steps.risk.output == 'high'
                2  memo if       loop                        clauses       when size(steps.clauses.output) > 0; until steps.judge.output == 'good', at most 3 passes
                1    draft       model     m → local/s
                2    deep        group                       draft
                1      one       model     m → local/s
                2      two       value                       ~one
                3    judge       model     m → local/s       draft, ~deep
                3  letter        workflow  → summary-letter  memo?         optional
            finally
                1  tell          run

            review: 3 steps with 7 inside of them in 3 layers, the widest of 1; 1 step in finally
            x? is read behind has(): the step runs also when x was skipped
            ~x is order alone (needs): nothing of x is read
            """#)
    }

    @Test func graphOnANarrowTerminal() throws {
        try expectReport(
            GraphReport.text(try graph, style: style(40, unicode: false)),
            #"""
            layer  step          waits for
                1  clauses each
                1    risk
                2    advice if   risk
                2  memo if       clauses
                1    draft
                2    deep        draft
                1      one
                2      two       ~one
                3    judge       draft, ~deep
                3  letter        memo?
            finally
                1  tell
            columns hidden: kind, model, runs (a
            wider terminal or | cat shows them)

            review: 3 steps with 7 inside of them in
            3 layers, the widest of 1; 1 step in
            finally
            x? is read behind has(): the step runs
            also when x was skipped
            ~x is order alone (needs): nothing of x
            is read
            """#)
    }

    @Test func graphForMermaid() throws {
        try expectReport(
            GraphReport.mermaid(try graph),
            #"""
            ---
            title: "review"
            ---
            flowchart TD
                subgraph s_clauses["clauses<br/>group<br/>for each clause of inputs.clauses, at most 20"]
                    s_clauses_IN_risk("risk<br/>model m: local/s")
                    s_clauses_IN_advice("advice<br/>model m: local/s<br/>when steps.risk.output == 'high'")
                end
                subgraph s_memo["memo<br/>loop<br/>when size(steps.clauses.output) #62; 0<br/>until steps.judge.output == 'good', at most 3 passes"]
                    s_memo_IN_draft("draft<br/>model m: local/s")
                    subgraph s_memo_IN_deep["deep<br/>group"]
                        s_memo_IN_deep_IN_one("one<br/>model m: local/s")
                        s_memo_IN_deep_IN_two["two<br/>value"]
                    end
                    s_memo_IN_judge("judge<br/>model m: local/s")
                end
                s_letter[/"letter<br/>workflow summary-letter<br/>optional"/]
                subgraph FINALLY["finally"]
                    s_tell[["tell<br/>run"]]
                end
                s_clauses_IN_risk --> s_clauses_IN_advice
                s_memo_IN_deep_IN_one -.->|"order only"| s_memo_IN_deep_IN_two
                s_memo_IN_draft --> s_memo_IN_deep
                s_memo_IN_draft --> s_memo_IN_judge
                s_memo_IN_deep -.->|"order only"| s_memo_IN_judge
                s_clauses --> s_memo
                s_memo -.->|"if not skipped"| s_letter
            """#)
    }

    @Test func graphForGraphviz() throws {
        try expectReport(
            GraphReport.dot(try graph),
            #"""
            digraph "review" {
                node [shape=box, fontname="Helvetica"];
                edge [fontname="Helvetica", fontsize=10];
                subgraph "cluster_clauses" {
                    style=rounded; label="";
                    "clauses" [label="clauses\ngroup\nfor each clause of inputs.clauses, at most 20", shape=folder];
                    "clauses/risk" [label="risk\nmodel m: local/s", style=rounded];
                    "clauses/advice" [label="advice\nmodel m: local/s\nwhen steps.risk.output == 'high'", style=rounded];
                }
                subgraph "cluster_memo" {
                    style=rounded; label="";
                    "memo" [label="memo\nloop\nwhen size(steps.clauses.output) > 0\nuntil steps.judge.output == 'good', at most 3 passes", shape=folder];
                    "memo/draft" [label="draft\nmodel m: local/s", style=rounded];
                    subgraph "cluster_memo/deep" {
                        style=rounded; label="";
                        "memo/deep" [label="deep\ngroup", shape=folder];
                        "memo/deep/one" [label="one\nmodel m: local/s", style=rounded];
                        "memo/deep/two" [label="two\nvalue"];
                    }
                    "memo/judge" [label="judge\nmodel m: local/s", style=rounded];
                }
                "letter" [label="letter\nworkflow summary-letter\noptional", shape=folder];
                subgraph "cluster_FINALLY" {
                    style=dashed;
                    label="finally";
                    "tell" [label="tell\nrun", peripheries=2];
                }
                "clauses/risk" -> "clauses/advice";
                "memo/deep/one" -> "memo/deep/two" [style=dashed, label="order only"];
                "memo/draft" -> "memo/deep";
                "memo/draft" -> "memo/judge";
                "memo/deep" -> "memo/judge" [style=dashed, label="order only"];
                "clauses" -> "memo";
                "memo" -> "letter" [style=dashed, label="if not skipped"];
            }
            """#)
    }

    // MARK: plan

    private var plan: Plan {
        func amounts(_ best: String, _ worst: String?) -> Plan.Amounts { .init(best: usd(best), expected: nil, worst: worst.map(usd)) }
        func model(_ id: String, calls: Int, _ best: String, _ worst: String, isConditional: Bool = false) -> Plan.Step {
            .init(id: id, kind: "model", tier: "m", model: "local/s", maxCalls: calls, isConditional: isConditional, prompt: PromptTokens(40, .estimate), maxOutputTokens: 100, amounts: amounts(best, worst))
        }
        return Plan(
            workflow: "review",
            steps: [
                .init(id: "clauses", kind: "group", amounts: amounts("0.0001", "0.04"), items: .init(least: 0, most: 20)),
                model("clauses/risk", calls: 60, "0.0001", "0.02"), model("clauses/advice", calls: 60, "0", "0.02", isConditional: true),
                .init(id: "memo", kind: "loop", isConditional: true, amounts: amounts("0", "0.006"), dependsOn: ["clauses"], passes: 3),
                model("memo/draft", calls: 9, "0", "0.003"),
                .init(id: "memo/deep", kind: "group", amounts: amounts("0", "0.003"), dependsOn: ["memo/draft"]),
                model("memo/deep/one", calls: 9, "0", "0.003"),
                .init(id: "letter", kind: "workflow", amounts: amounts("0", "0"), items: .init(least: 2, most: 2)),
                .init(id: "letter/write", kind: "value", amounts: amounts("0", "0")),
                .init(id: "tell", kind: "run", amounts: amounts("0", "0")),
            ],
            total: amounts("0.0001", "0.046"), budget: usd("0.25"), admission: "best", unpriced: [], refusal: nil, historyRuns: 0)
    }

    @Test func planAtEightyColumns() throws {
        try expectReport(
            PlanReport.text(plan, style: style(80)),
            #"""
            step         model             calls  prompt tokens  output cap     best   worst
            clauses      group, ≤ 20 ite…    120                             $0.0001   $0.04
              risk       local/s              60             40         100  $0.0001   $0.02
              advice if  local/s              60             40         100    $0.00   $0.02
            memo if      loop, ≤ 3 passes     18                               $0.00  $0.006
              draft      local/s               9             40         100    $0.00  $0.003
              deep       group                 9                               $0.00  $0.003
                one      local/s               9             40         100    $0.00  $0.003
            letter       workflow, 2 ite…      0                               $0.00   $0.00
              write      value
            tell         run
            ────────────────────────────────────────────────────────────────────────────────
            total                            138                             $0.0001  $0.046

            worst case $0.046 of budget $0.25: fits
            no expectation yet: it comes from the history of runs that succeeded
            """#)
    }

    @Test func planOnANarrowTerminal() throws {
        try expectReport(
            PlanReport.text(plan, style: style(40, unicode: false)),
            #"""
            step        model           best   worst
            clauses     group, <...  $0.0001   $0.04
              risk      local/s      $0.0001   $0.02
              advic...  local/s        $0.00   $0.02
            memo if     loop, <=...    $0.00  $0.006
              draft     local/s        $0.00  $0.003
              deep      group          $0.00  $0.003
                one     local/s        $0.00  $0.003
            letter      workflow...    $0.00   $0.00
              write     value
            tell        run
            ----------------------------------------
            total                    $0.0001  $0.046
            columns hidden: calls, prompt tokens,
            output cap (a wider terminal or --json
            shows them)

            worst case $0.046 of budget $0.25: fits
            no expectation yet: it comes from the
            history of runs that succeeded
            """#)
    }

    @Test func planAsJSON() throws {
        let steps = try #require(PlanReport.json(plan)["steps"]?.arrayValue)
        #expect(steps[0]["items_at_most"] == 20 && steps[0]["items_at_least"] == 0 && steps[0]["passes_at_most"] == .null)
        #expect(steps[3]["passes_at_most"] == 3 && steps[5]["id"] == "memo/deep")
        #expect(PlanReport.json(plan)["max_calls"] == 138)
    }

    // MARK: show

    private func row(_ path: String, _ status: NodeStatus, from: Int64? = nil, to: Int64? = nil, reason: String? = nil, failure: String? = nil) -> NodeRecord {
        let node = NodeRecord(path: path, step: NodePath.step(path), item: NodePath.index(path), status: status)
        node.startedAt = from.map(after)
        node.endedAt = to.map(after)
        node.reason = reason
        node.failure = failure.map { StepFailure(.badRequest, $0).json }
        return node
    }

    private var trace: RunTrace {
        var run = RunRecord(id: "r", workflow: "review", file: "review.yaml", status: .failed, startedAt: start)
        run.endedAt = after(900)
        var nodes = [
            row("clauses", .failed, from: 0, to: 400, failure: "item 1 failed: clauses[1]/risk: no such model"),
            row("clauses[0]", .succeeded, from: 0, to: 300), row("clauses[0]/risk", .succeeded, from: 1, to: 100),
            row("clauses[0]/advice", .skipped, to: 101, reason: "when is false"),
            row("clauses[1]", .failed, from: 0, to: 400, failure: "clauses[1]/risk: no such model"),
            row("clauses[1]/risk", .failed, from: 1, to: 400, failure: "no such model"),
            row("clauses[1]/advice", .skipped, to: 401, reason: "upstream_failed: risk"),
            row("memo", .succeeded, from: 400, to: 800, reason: "2 passes, until holds"),
            row("letter", .skipped, to: 810, reason: "optional, and the budget is short"), row("tell", .running, from: 810),
        ]
        for pass in 0..<2 {
            let at = Int64(400 + pass * 200)
            nodes += [
                row("memo[\(pass)]/draft", .succeeded, from: at, to: at + 100), row("memo[\(pass)]/deep", .succeeded, from: at + 100, to: at + 150),
                row("memo[\(pass)]/deep/one", .succeeded, from: at + 100, to: at + 150), row("memo[\(pass)]/judge", .succeeded, from: at + 150, to: at + 200),
            ]
        }
        let paths = ["clauses[0]/risk", "memo[0]/draft", "memo[0]/deep/one", "memo[0]/judge", "memo[1]/draft", "memo[1]/deep/one", "memo[1]/judge"]
        return RunTrace(run: run, nodes: nodes, calls: paths.map { call($0, cost: "0.00001", tokens: (10, 5), took: 90) })
    }

    @Test func traceAtEightyColumns() throws {
        try expectReport(
            TraceReport.text(trace, style: style(80), options: .init(now: after(1_000))),
            #"""
            run r   review   ✗ failed
            started 2026-11-21 09:48:15 UTC   took 900ms
            cost $0.00   0 calls

            step            status, model               first token   time  tokens      cost
            ✗ clauses       1 of 2 items failed · loc…               400ms    10→5  $0.00001
            ├─ ✓ [0]        local/small                              300ms    10→5  $0.00001
            │  ├─ ✓ risk    local/small                        22ms   99ms    10→5  $0.00001
            │  └─ – advice  skipped: when is false
            └─ ✗ [1]        failed                                   400ms
               ├─ ✗ risk    failed                                   399ms
               │    bad_request: no such model
               └─ – advice  skipped: upstream_failed:…
            ✓ memo          2 passes, until holds · l…               400ms   60→30  $0.00006
            ├─ ✓ [0]        pass · local/small                       200ms   30→15  $0.00003
            │  ├─ ✓ draft   local/small                        22ms  100ms    10→5  $0.00001
            │  ├─ ✓ deep    local/small                               50ms    10→5  $0.00001
            │  │  └─ ✓ one  local/small                        22ms   50ms    10→5  $0.00001
            │  └─ ✓ judge   local/small                        22ms   50ms    10→5  $0.00001
            └─ ✓ [1]        pass · local/small                       200ms   30→15  $0.00003
               ├─ ✓ draft   local/small                        22ms  100ms    10→5  $0.00001
               ├─ ✓ deep    local/small                               50ms    10→5  $0.00001
               │  └─ ✓ one  local/small                        22ms   50ms    10→5  $0.00001
               └─ ✓ judge   local/small                        22ms   50ms    10→5  $0.00001
            ▸ tell          running                                  190ms
            – letter        skipped: optional, and th…
            """#)
    }

    @Test func traceOnANarrowTerminal() throws {
        try expectReport(
            TraceReport.text(trace, style: style(40, unicode: false), options: .init(now: after(1_000))),
            #"""
            run r   review   x failed
            started 2026-11-21 09:48:15 UTC
            took 900ms
            cost $0.00   0 calls

            step             time      cost
            x clauses       400ms  $0.00001
            |- + [0]        300ms  $0.00001
            |  |- + risk     99ms  $0.00001
            |  `- - advice
            `- x [1]        400ms
               |- x risk    399ms
               |    bad_request: no such model
               `- - advice
            + memo          400ms  $0.00006
            |- + [0]        200ms  $0.00003
            |  |- + draft   100ms  $0.00001
            |  |- + deep     50ms  $0.00001
            |  |  `- + one   50ms  $0.00001
            |  `- + judge    50ms  $0.00001
            `- + [1]        200ms  $0.00003
               |- + draft   100ms  $0.00001
               |- + deep     50ms  $0.00001
               |  `- + one   50ms  $0.00001
               `- + judge    50ms  $0.00001
            * tell          190ms
            - letter
            columns hidden: status, model, first
            token, tokens (a wider terminal or
            --json shows them)
            """#)
    }

    @Test func promptsStandAtTheStepInside() throws {
        var trace = trace
        trace.calls = trace.calls.map {
            let call = $0
            call.request = ContentHash(of: call.path)
            return call
        }
        let text = TraceReport.text(trace, style: style(80), options: .init(prompts: { _ in "what was asked" }, now: after(1_000)))
        let lines = text.split(separator: "\n")
        #expect(lines.count { $0.hasSuffix("what was asked") } == 7)
        let index = try #require(lines.firstIndex { $0.contains("deep") })
        #expect(lines[index + 1].contains("one") && lines[index + 2].contains("#0 try") && lines[index + 3].contains("request "))
    }

    /// Many passes or items inside of a step are chosen from as those of a step are.
    @Test func oneHundredPasses() throws {
        var trace = trace
        trace.nodes = [row("memo", .running, from: 0)] + (0..<100).map { row("memo[\($0)]/draft", $0 == 70 ? .failed : .succeeded, from: Int64($0), to: Int64($0) + 1) }
        trace.calls = []
        let lines = TraceReport.text(trace, style: style(80)).split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.contains("✗ [70]") })
        #expect(lines.last == "└─ … 94 more succeeded; the slowest are shown")
    }
}
