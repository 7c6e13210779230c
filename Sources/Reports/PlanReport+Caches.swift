import Economics
import Values
import WorkflowModel

/// What `plan` says of prompt caches.
extension PlanReport {
    /// A row for each question of which something is known; empty without any.
    static func caches(_ plan: Plan, _ style: TextStyle) -> [String] {
        let rows = plan.steps.flatMap { step in step.caches.map { (step: step, cache: $0) } }
        guard !rows.isEmpty else { return [] }
        var table = Table([
            .init("prompt cache", floor: 10), .init("prompt", .trailing, expendable: 3), .init("found", .trailing), .init("written", .trailing, expendable: 2), .init("marks", floor: 8, expendable: 1),
            .init("input", .trailing, hidesWhenEmpty: true), .init("without", .trailing, expendable: 4, hidesWhenEmpty: true),
        ])
        for (step, cache) in rows {
            var name = step.id
            if step.caches.count > 1 { name += " " + cache.tier }
            if !cache.part.isEmpty { name += " " + cache.part }
            let isNothing = cache.readShare == 0 && cache.writtenShare == 0
            table.add([
                StyledText(name), StyledText((cache.isComplete ? "" : style.atLeast) + Figures.count(cache.promptTokens)), StyledText(percent(cache.readShare), cache.readShare > 0 ? .green : .dim),
                StyledText(percent(cache.writtenShare), cache.writtenShare > 0 ? nil : .dim), StyledText(marks(cache, style), isNothing ? .dim : nil), StyledText(cache.cost?.displayText ?? ""),
                StyledText(cache.costWithout?.displayText ?? "", .dim),
            ])
        }
        var lines = table.lines(style)
        func say(_ text: String) { lines += text.wrapped(to: style.width).map { StyledText($0, .dim).line(style) } }
        say("found and written are shares of the prompt, expected of a run by itself; best and worst count on nothing of it" + (rows.contains { !$0.cache.isComplete } ? ", and what inputs and steps add to a prompt is not in it" : ""))
        let apart = rows.map(\.cache.unmarkedShare).max() ?? 0
        if apart > 0, apart < 1, let share = Figures.percent(Int128((apart * 1_000_000).rounded()), of: 1_000_000) {
            say("\(share) of runs are kept from marks (prefix_cache: holdout): they are in what is found and written, with nothing")
        }
        return lines
    }

    private static func percent(_ share: Double) -> String { "\(Figures.count(Int((share * 100).rounded()))) %" }

    private static func marks(_ cache: PlannedCaching, _ style: TextStyle) -> String {
        // Whoever marks nothing has nothing to look for.
        if cache.unmarkedShare == 1 { return "off: no run marks anything (prefix_cache)" }
        var words = cache.marks.map { "\($0.end) \($0.lifetime.word)" }
        if cache.isTooShort { words.append("too short: \(Figures.count(cache.sharedTokens)) of \(Figures.count(cache.leastTokens)) tokens") }
        if let observed = cache.observed { words.append("\(percent(observed.share)) of what was expected came (n=\(Figures.count(observed.calls)))") }
        if words.isEmpty { words.append(cache.sharedTokens == 0 ? "nothing is read again" : cache.isSharedComplete ? style.dash : "what is shared is not known yet") }
        return words.joined(separator: ", ")
    }

    static func json(_ cache: PlannedCaching) -> JSONValue {
        [
            "tier": .string(cache.tier), "check": cache.part.isEmpty ? .null : .string(cache.part), "rules": .string(cache.rules), "least_tokens": .number(cache.leastTokens),
            "calls": .double(cache.calls), "prompt_tokens": .number(cache.promptTokens), "prompt_is_complete": .bool(cache.isComplete), "shared_tokens": .number(cache.sharedTokens), "shared_is_complete": .bool(cache.isSharedComplete),
            "is_too_short": .bool(cache.isTooShort), "read_share": .double(cache.readShare), "written_share": .double(cache.writtenShare),
            "unmarked_share": .double(cache.unmarkedShare),
            "marks": .array(cache.marks.map { ["end": .string($0.end), "lifetime_seconds": .int($0.lifetime.milliseconds / 1000)] }),
            "observed_share": cache.observed.map { .double($0.share) } ?? .null, "observed_calls": .number(cache.observed?.calls),
            "input_usd": .money(cache.cost), "input_without_usd": .money(cache.costWithout),
        ]
    }
}

extension TimeSpan {
    /// As an author writes it: `5m`, `1h`.
    fileprivate var word: String {
        if milliseconds.isMultiple(of: 3_600_000) { return "\(milliseconds / 3_600_000)h" }
        return milliseconds.isMultiple(of: 60_000) ? "\(milliseconds / 60_000)m" : description
    }
}
