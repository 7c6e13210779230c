import Economics
import Reports
import Testing
import Values
import WorkflowModel

@Suite struct PlanReportTests {
    @Test func tableVerdictNotesAndPrefixes() {
        #expect(
            PlanReport.text(supportPlan(), style: style(100)) == """
                step         model          calls  prompt tokens  output cap       best   expected    worst
                classify     local/small        3            412         120   $0.00001  $0.000013  $0.0002
                retrieve if  run
                draft        openai/gpt-4o      6          1,200         700     $0.001    $0.0012   $0.012
                compliance   local/small        2                         64  $0.000009             $0.0001
                ───────────────────────────────────────────────────────────────────────────────────────────
                total                          11                              $0.00102   $0.00121  $0.0123

                worst case $0.0123 of budget $0.25: fits
                expected rests on 12 runs that succeeded

                notes
                  draft: the worst case is learned: the overhead of the chat template

                prefix  shared  steps
                policy    by 3  classify, draft, compliance
                ticket    by 2  classify, draft
                """ + "\n")
    }

    /// What is expected of caches stands below the prefixes; without anything known there is no such table.
    @Test func cachesAreATableOfTheirOwn() throws {
        var plan = supportPlan()
        plan.steps[0].caches = [
            PlannedCaching(
                tier: "small", part: "", rules: "anthropic", leastTokens: 1024, calls: 1, promptTokens: 412, isComplete: false, sharedTokens: 300, readShare: 0, writtenShare: 0, marks: [])
        ]
        plan.steps[2].caches = [
            PlannedCaching(
                tier: "small", part: "", rules: "anthropic", leastTokens: 1024, calls: 8, promptTokens: 2400, isComplete: true, sharedTokens: 2000, readShare: 0.729, writtenShare: 0.104,
                marks: [.init(end: "prefix policy", lifetime: .seconds(3600)), .init(end: "prefix ticket", lifetime: .seconds(300))], observed: .init(share: 0.9, calls: 12),
                cost: Money(decimal: "0.0012"), costWithout: Money(decimal: "0.004"))
        ]
        let text = PlanReport.text(plan, style: style(220))
        #expect(text.contains("classify  ") && text.contains("too short: 300 of 1,024 tokens"), "\(text)")
        #expect(text.contains("73 %") && text.contains("10 %") && text.contains("prefix policy 1h, prefix ticket 5m, 90 % of what was expected came (n=12)") && text.contains("$0.0012"), "\(text)")
        #expect(text.contains("best and worst count on nothing of it, and what inputs and steps add to a prompt is not in it"), "\(text)")
        #expect(!PlanReport.text(supportPlan(), style: style(160)).contains("prompt cache"))
        let json = try #require(PlanReport.json(plan).objectValue?["steps"]?.arrayValue)
        #expect(json[1].objectValue?["caches"] == [])
        let cache = try #require(json[2].objectValue?["caches"]?.arrayValue?.first?.objectValue)
        #expect(cache["read_share"] == 0.729 && cache["observed_calls"] == 12 && cache["input_usd"] == "0.0012" && cache["is_too_short"] == false, "\(cache)")
        #expect(cache["marks"] == [["end": "prefix policy", "lifetime_seconds": 3600], ["end": "prefix ticket", "lifetime_seconds": 300]])
    }

    /// Caching that is off is told as that, and runs that mark nothing are told of.
    @Test func cachingThatIsOffIsSaid() throws {
        var plan = supportPlan()
        var cache = PlannedCaching(
            tier: "small", part: "", rules: "anthropic", leastTokens: 100, calls: 8, promptTokens: 2400, isComplete: true, sharedTokens: 0, readShare: 0, writtenShare: 0, marks: [])
        cache.unmarkedShare = 1
        plan.steps[0].caches = [cache]
        let off = PlanReport.text(plan, style: style(200))
        #expect(off.contains("off: no run marks anything (prefix_cache)") && !off.contains("nothing is read again") && !off.contains("holdout"), "\(off)")
        (cache.unmarkedShare, cache.readShare) = (0.05, 0.5)
        plan.steps[0].caches = [cache]
        #expect(PlanReport.text(plan, style: style(200)).contains("5.0 % of runs are kept from marks (prefix_cache: holdout)"))
        #expect(PlanReport.json(plan)["steps"]?[0]?["caches"]?[0]?["unmarked_share"] == 0.05)
    }

    @Test func line() {
        #expect(
            PlanReport.line(supportPlan()) == """
                plan support-triage: 4 steps, at most 11 calls, $0.00102 to $0.0123, expected $0.00121 (n=12); worst case $0.0123 of budget $0.25: fits
                """)
    }

    @Test func verdicts() {
        func verdict(_ change: (inout Plan) -> Void) -> String {
            var plan = supportPlan()
            change(&plan)
            return String(PlanReport.line(plan).split(separator: "; ").last!)
        }
        #expect(
            verdict { $0.budget = usd("0.01") }
                == "worst case $0.0123 passes budget $0.01: admitted by its best case, calls that could pass it are refused")
        #expect(verdict { $0.budget = nil } == "no budget, worst case $0.0123")
        #expect(verdict { $0.total.worst = nil } == "worst case unbounded, budget $0.25: calls that could pass it are refused")
        #expect(
            verdict { $0.refusal = StepFailure(.budget, "the best case, $0.30, does not fit $0.25") }
                == "refused (budget)")
        #expect(
            verdict {
                $0.unpriced = ["openai/gpt-4o"]; $0.budget = nil
            } == "no budget, 1 model unpriced")
    }

    /// S3: a note of a hundred steps is one line.
    @Test func whatIsNotedOfManyStepsIsSaidOnce() {
        var plan = supportPlan()
        let first = plan.steps[0]
        plan.steps = (0..<100).map { index in
            var step = first
            step.id = "s\(index)"
            step.notes = ["learned, not proved"] + (index < 2 ? ["long"] : [])
            return step
        }
        let lines = PlanReport.text(plan, style: style()).split(separator: "\n").filter { $0.contains("learned, not proved") || $0.hasSuffix(": long") }
        #expect(lines == ["  s0, s1, s2 and 97 more: learned, not proved", "  s0, s1: long"])
    }

    @Test func unboundedAndUnpricedAreSaid() {
        var plan = supportPlan()
        plan.unpriced = ["openai/gpt-4o"]
        plan.steps[2].isUnpriced = true
        plan.steps[3].maxCalls = nil
        plan.steps[3].amounts.worst = nil
        plan.total.worst = nil
        let text = PlanReport.text(plan, style: style())
        #expect(text.contains("draft        openai/gpt-4o          6          1,200         700    unpriced               unpriced"))
        #expect(text.contains("unbounded                             ≥ $0.00102  ≥ $0.00121  unbounded"))
        #expect(text.contains("openai/gpt-4o: no price is known; add one under prices: in agentctl.yaml"))
        let json = PlanReport.json(plan)
        #expect(json["steps"]?[2]?["amounts"] == ["best_usd": nil, "expected_usd": nil, "worst_usd": nil])
        #expect(json["max_calls"] == .null)
        #expect(json["total_is_lower_bound"] == true)
        #expect(json["prefixes"]?[0] == ["name": "policy", "steps": ["classify", "draft", "compliance"]])
    }
}
