import Economics
import Values
import WorkflowModel

/// What `plan` prints, and the line that `run` prints first.
public enum PlanReport {
    /// `plan support-triage: 4 steps, at most 9 calls, $0.0011 to $0.0123; worst case $0.0123 of budget $0.25: fits`
    public static func line(_ plan: Plan) -> String {
        let calls = maxCalls(plan).map { "at most \(Figures.counted($0, "call"))" } ?? "calls unbounded"
        let head = "plan \(plan.workflow): \(Figures.counted(plan.steps.count, "step")), \(calls), "
        var cost = plan.total.best.displayText
        if let worst = plan.total.worst, worst != plan.total.best { cost += " to \(worst)" }
        if let expected = plan.total.expected { cost += ", expected \(expected) (n=\(Figures.count(plan.historyRuns)))" }
        if isUnpriced(plan) { cost = "cost unpriced (\(plan.unpriced.joined(separator: ", ")))" }
        // Why it is refused is told by the error that follows.
        var end = verdict(plan).text
        if let tokens = tokenVerdict(plan) { end += "; " + tokens.text }
        if let refusal = plan.refusal { end = "refused (\(refusal.kind.rawValue))" }
        return (head + cost + "; " + end).harmless
    }

    /// The steps with their three prices, the verdict, notes, and how prompts share their beginnings.
    public static func text(_ plan: Plan, style: TextStyle) -> String {
        var lines = stepTable(plan, style).lines(style)
        func say(_ text: String, _ tint: Tint? = nil, indent: Int = 0) {
            let limit = style.width.map { max(8, $0 - indent) }
            lines += text.wrapped(to: limit).map { StyledText(String(repeating: " ", count: indent) + $0, tint).line(style) }
        }
        lines.append("")
        let verdict = verdict(plan)
        say(verdict.text, verdict.isGood ? .green : verdict.isRefusal ? .red : .yellow)
        for detail in plan.refusal?.details ?? [] { say(detail, .dim, indent: 2) }
        if let tokens = tokenVerdict(plan) { say(tokens.text, tokens.isGood ? .green : .yellow) }
        switch (plan.total.expected, plan.historyRuns) {
        case (nil, _): say("no expectation yet: it comes from the history of runs that succeeded", .dim)
        case (_, let runs): say("expected rests on \(Figures.counted(runs, "run")) that succeeded", .dim)
        }
        let notes = notes(plan)
        if !notes.isEmpty {
            lines.append("")
            say("notes", .bold)
            for note in notes { say(note, indent: 2) }
        }
        let prefixes = prefixes(plan)
        if !prefixes.isEmpty {
            lines.append("")
            var table = Table([.init("prefix", floor: 8), .init("shared", .trailing, expendable: 1), .init("steps", floor: 10)])
            let taken = (prefixes.map(\.name.terminalWidth).max() ?? 0) + 12
            for (name, steps) in prefixes {
                // Which steps share it is the point of this section: a long list goes on below rather than being cut.
                for (index, part) in steps.joined(separator: ", ").wrapped(to: style.width.map { max(10, $0 - taken) }).enumerated() {
                    let isFirst = index == 0
                    table.add([
                        isFirst ? StyledText(name) : "",
                        isFirst ? StyledText(steps.count > 1 ? "by \(steps.count)" : style.dash, steps.count > 1 ? .green : .dim) : "",
                        StyledText(part),
                    ])
                }
            }
            lines += table.lines(style)
        }
        let caches = caches(plan, style)
        if !caches.isEmpty { lines += [""] + caches }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func stepTable(_ plan: Plan, _ style: TextStyle) -> Table {
        var table = Table(
            [
                .init("step", floor: 10),
                .init("model", floor: 8, expendable: 2),
                .init("calls", .trailing, expendable: 4),
                .init("prompt tokens", .trailing, expendable: 5, hidesWhenEmpty: true),
                .init("output cap", .trailing, expendable: 6, hidesWhenEmpty: true),
                .init("best", .trailing, expendable: 1),
                .init("expected", .trailing, expendable: 3, hidesWhenEmpty: true),
                .init("worst", .trailing),
                .init("worst tokens", .trailing, expendable: 7, hidesWhenEmpty: true),
            ], emptyText: "the workflow has no steps")
        for (index, step) in plan.steps.enumerated() {
            let isModel = step.model != nil
            let isUnpriced = step.isUnpriced
            let cap = step.maxOutputTokens.map(Figures.count) ?? (isModel ? "none" : "")
            // They stand right behind it.
            let prefix = step.id + "/"
            let inner = Array(plan.steps[(index + 1)...].prefix { $0.id.hasPrefix(prefix) })
            // What stands inside of a step adds up in its row, which is not added once more.
            let tint: Tint? = inner.isEmpty ? nil : .dim
            let isPriced = isModel || !inner.isEmpty
            let calls = inner.isEmpty ? step.maxCalls : maxCalls(inner)
            let indent = String(repeating: "  ", count: step.id.utf8.count { $0 == UInt8(ascii: "/") })
            table.add([
                StyledText(indent + NodePath.name(step.id)) + (step.isConditional ? StyledText(" if", .dim) : ""),
                StyledText(step.model ?? step.tier ?? step.kind, isModel ? nil : .dim) + repeats(step, style),
                isPriced ? StyledText(calls.map { Figures.count($0) } ?? "unbounded", calls == nil ? .yellow : tint) : "",
                StyledText(step.promptTokens.map(Figures.count) ?? ""),
                StyledText(cap),
                isPriced ? StyledText(isUnpriced ? "unpriced" : step.amounts.best.displayText, tint) : "",
                isPriced && !isUnpriced ? StyledText(step.amounts.expected?.displayText ?? "", tint) : "",
                isPriced ? worst(step.amounts.worst, isUnpriced: isUnpriced || (step.amounts.worst == nil && inner.contains(where: \.isUnpriced))) : "",
                isPriced && capsTokens(plan) ? tokens(step.amounts.worstTokens, tint) : "",
            ])
        }
        let atLeast = isUnpriced(plan) ? style.atLeast : ""
        table.footer = [
            StyledText("total", .bold), "",
            StyledText(maxCalls(plan).map { Figures.count($0) } ?? "unbounded"), "", "",
            StyledText(atLeast + plan.total.best.displayText),
            StyledText(plan.total.expected.map { atLeast + $0.displayText } ?? ""),
            plan.total.worst.map { StyledText(atLeast + $0.displayText, .bold) } ?? worst(nil, isUnpriced: false),
            capsTokens(plan) ? tokens(plan.total.worstTokens, .bold) : "",
        ]
        return table
    }

    /// `, ≤ 40 items`, `, ≤ 3 passes`.
    private static func repeats(_ step: Plan.Step, _ style: TextStyle) -> StyledText {
        var parts: [String] = []
        if let items = step.items {
            parts.append(items.most.map { (items.least == $0 ? "" : style.atMost) + Figures.counted($0, "item") } ?? "any number of items")
        }
        if let passes = step.passes { parts.append(style.atMost + (passes == 1 ? "1 pass" : "\(Figures.count(passes)) passes")) }
        return StyledText(parts.map { ", " + $0 }.joined(), .dim)
    }

    private static func worst(_ amount: Money?, isUnpriced: Bool) -> StyledText {
        if isUnpriced { return StyledText("unpriced", .yellow) }
        return amount.map { StyledText($0.displayText) } ?? StyledText("unbounded", .yellow)
    }

    /// Whether anything of it has a cap on tokens.
    private static func capsTokens(_ plan: Plan) -> Bool { plan.budgetTokens != nil || plan.steps.contains(where: \.hasTokenCap) }

    private static func tokens(_ count: Int?, _ tint: Tint?) -> StyledText {
        count.map { StyledText(Figures.count($0), tint) } ?? StyledText("unbounded", .yellow)
    }

    /// Of the run's cap on tokens; `nil`: it has none, or the run is refused.
    private static func tokenVerdict(_ plan: Plan) -> (text: String, isGood: Bool)? {
        guard let budget = plan.budgetTokens, plan.refusal == nil else { return nil }
        let cap = "budget " + Figures.counted(budget, "token")
        guard let worst = plan.total.worstTokens else { return ("tokens unbounded, \(cap): calls that could pass it are refused", false) }
        if worst <= budget { return ("at most \(Figures.counted(worst, "token")) of \(cap): fits", true) }
        return ("at most \(Figures.counted(worst, "token")), which passes \(cap): calls that could pass it are refused", false)
    }

    private static func verdict(_ plan: Plan) -> (text: String, isGood: Bool, isRefusal: Bool) {
        if let refusal = plan.refusal { return ("refused (\(refusal.kind.rawValue)): \(refusal.message)", false, true) }
        let models = Figures.counted(plan.unpriced.count, "model")
        guard let budget = plan.budget else {
            if isUnpriced(plan) { return ("no budget, \(models) unpriced", false, false) }
            return (plan.total.worst.map { "no budget, worst case \($0)" } ?? "no budget, worst case unbounded", false, false)
        }
        if isUnpriced(plan) { return ("\(models) unpriced under budget \(budget)", false, false) }
        guard let worst = plan.total.worst else {
            return ("worst case unbounded, budget \(budget): calls that could pass it are refused", false, false)
        }
        if worst <= budget { return ("worst case \(worst) of budget \(budget): fits", true, false) }
        return ("worst case \(worst) passes budget \(budget): admitted by its \(plan.admission) case, calls that could pass it are refused", false, false)
    }

    private static func notes(_ plan: Plan) -> [String] {
        noted(plan.steps) + plan.unpriced.map { "\($0): no price is known; add one under prices: in agentctl.yaml" }
    }

    /// What is said of several steps is said once, with the first of them.
    private static func noted(_ steps: [Plan.Step]) -> [String] {
        var order: [String] = []
        var names: [String: [String]] = [:]
        for step in steps {
            for note in step.notes + way(of: step) {
                if names[note] == nil { order.append(note) }
                names[note, default: []].append(step.id)
            }
        }
        return order.map { note in
            let all = names[note]!
            let more = all.count > 4 ? " and \(Figures.count(all.count - 3)) more" : ""
            return (more.isEmpty ? all : Array(all.prefix(3))).joined(separator: ", ") + more + ": " + note
        }
    }

    /// How the tokens of its prompt are known, where that is better than by the bytes.
    private static func way(of step: Plan.Step) -> [String] {
        switch step.prompt?.way {
        case .learned?, .counted?: [step.prompt!.way.name + " prompt tokens: " + step.prompt!.way.explanation]
        case .estimate?, nil: []
        }
    }

    private static func isUnpriced(_ plan: Plan) -> Bool { !plan.unpriced.isEmpty }

    private static func maxCalls(_ plan: Plan) -> Int? { maxCalls(plan.steps) }

    private static func maxCalls(_ steps: [Plan.Step]) -> Int? {
        steps.reduce(0) { total, step in
            guard let total, let calls = step.maxCalls else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(calls)
            return overflow ? nil : sum
        }
    }

    /// Each prefix, by first use, with the steps that begin with it.
    private static func prefixes(_ plan: Plan) -> [(name: String, steps: [String])] {
        var order: [String] = []
        var steps: [String: [String]] = [:]
        for step in plan.steps {
            for prefix in step.prefixes {
                if steps[prefix] == nil { order.append(prefix) }
                if steps[prefix]?.last != step.id { steps[prefix, default: []].append(step.id) }
            }
        }
        return order.map { ($0, steps[$0] ?? []) }
    }

    private static func gate(_ gate: Plan.Gate) -> JSONValue {
        [
            "tiers": .array(
                gate.tiers.map { tier in
                    [
                        "tier": .string(tier.name), "asked": .number(tier.asked), "accepted": .number(tier.accepted), "decided": .number(tier.decided),
                        "cost_usd": .money(tier.cost), "cached_share": tier.cachedShare.map(JSONValue.double) ?? .null, "replaced": .number(tier.replaced),
                    ]
                }),
            "expected_usd": gate.expected.json, "per_accepted_usd": gate.perAccepted.json, "per_correct_usd": .money(gate.perCorrect), "judged": .number(gate.judged),
            "correct": .number(gate.correct),
            "escalation_rate": gate.rate.map { rate in
                ["share": .double(rate.share), "low": .double(rate.low), "high": .double(rate.high), "n": .number(rate.count)]
            } ?? .null,
            "break_even_rate": gate.breakEven.map(JSONValue.double) ?? .null, "last_tier_direct_usd": .money(gate.direct), "last_tier_second_usd": .money(gate.second),
            "loses_money": .bool(gate.losesMoney),
            "cheaper": gate.cheaper.map { ["tier": .string($0.tier), "cost_usd": $0.cost.json] } ?? .null,
            "fail_at_every_tier": .array(gate.hopeless.map(\.json)),
        ]
    }

    /// The plan as data. An unpriced step's amounts are `null`; totals then are lower bounds.
    public static func json(_ plan: Plan) -> JSONValue {
        func amounts(_ amounts: Plan.Amounts, isUnpriced: Bool = false) -> JSONValue {
            [
                "best_usd": isUnpriced ? .null : amounts.best.json,
                "expected_usd": isUnpriced ? .null : .money(amounts.expected),
                "worst_usd": isUnpriced ? .null : .money(amounts.worst),
            ]
        }
        return [
            "workflow": .string(plan.workflow), "admitted": .bool(plan.refusal == nil), "admission": .string(plan.admission),
            "refusal": plan.refusal?.json ?? .null, "budget_usd": .money(plan.budget), "budget_tokens": .number(plan.budgetTokens), "is_bounded": .bool(plan.isBounded),
            "total": amounts(plan.total), "best_tokens": .number(plan.total.bestTokens), "worst_tokens": .number(plan.total.worstTokens), "total_is_lower_bound": .bool(isUnpriced(plan)),
            "max_calls": .number(maxCalls(plan)), "unpriced": .array(plan.unpriced.map(JSONValue.string)),
            "history_runs": .number(plan.historyRuns),
            "steps": .array(
                plan.steps.map { step in
                    [
                        "id": .string(step.id), "kind": .string(step.kind), "tier": .text(step.tier), "model": .text(step.model),
                        "is_conditional": .bool(step.isConditional), "max_calls": .number(step.maxCalls),
                        "prompt_tokens": .number(step.promptTokens), "prompt_tokens_known_by": step.prompt?.way.json ?? .null, "max_input_tokens": .number(step.maxInputTokens),
                        "max_output_tokens": .number(step.maxOutputTokens),
                        "amounts": amounts(step.amounts, isUnpriced: step.isUnpriced),
                        "best_tokens": .number(step.amounts.bestTokens), "worst_tokens": .number(step.amounts.worstTokens),
                        "notes": .array(step.notes.map(JSONValue.string)), "prefixes": .array(step.prefixes.map(JSONValue.string)),
                        "depends_on": .array(step.dependsOn.map(JSONValue.string)),
                        "items_at_least": .number(step.items?.least), "items_at_most": .number(step.items?.most), "passes_at_most": .number(step.passes),
                        "gate": step.gate.map(gate) ?? .null, "caches": .array(step.caches.map(json)),
                    ]
                }),
            "prefixes": .array(prefixes(plan).map { ["name": .string($0.name), "steps": .array($0.steps.map(JSONValue.string))] }),
        ]
    }
}
