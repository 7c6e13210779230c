import Economics
import Values
import WorkflowModel

/// What runs ask people, and what they answered.
public enum ApprovalReport {
    /// What several items of one step ask stands together, and can be answered together.
    public static func text(_ approvals: [ApprovalRecord], style: TextStyle, now: Timestamp) -> String {
        if approvals.isEmpty { return "nothing is asked\n" }
        var lines: [StyledText] = []
        var order: [String] = []
        var groups: TextTable<[ApprovalRecord]> = [:]
        for approval in approvals {
            let step = NodePath.stepOfItem(approval.path)
            let key = step.map { "\(approval.run) \($0) \(approval.request.kind.rawValue)" } ?? "\(approval.run) \(approval.path) \(approval.request.number) "
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(approval)
        }
        for key in order {
            let asks = groups[key]!
            let isGroup = asks.count > 1
            if isGroup, let step = NodePath.stepOfItem(asks[0].path) {
                let open = asks.filter { $0.decision == nil }
                var head = "\(asks[0].run)  \(step)  \(asks[0].workflow)  \(Figures.counted(asks.count, "item")) asked"
                if open.count > 1 {
                    let way = way(asks[0].run, step, asks[0].request.kind, choices: open.map(\.choices))
                    head += "; \(open.count == asks.count ? "all" : "the \(open.count) open ones") at once: \(way)"
                }
                lines += StyledText(head).wrapped(style)
            }
            for ask in asks { lines += self.lines(of: ask, style, now: now, isOfMany: isGroup).map { isGroup ? "  " + $0 : $0 } }
        }
        return lines.map { $0.line(style) + "\n" }.joined()
    }

    private static func lines(of approval: ApprovalRecord, _ style: TextStyle, now: Timestamp, isOfMany: Bool) -> [StyledText] {
        var head = isOfMany ? approval.path : "\(approval.run)  \(approval.path)  \(approval.workflow)"
        head += "  asked \(now.elapsed(since: approval.requestedAt)) ago"
        if let decision = approval.decision {
            head += ", \(decision.sentence)"
        } else if let until = approval.request.until {
            let left = until.since(now)
            let answer =
                switch approval.request.onTimeout {
                case .fail: "fails"
                case .approve: "is approved"
                case .reject: "is rejected"
                case .best: "takes the best answer"
                }
            head += left.milliseconds > 0 ? ", \(answer) in \(left)" : ", \(answer) with the next command that writes"
        }
        var lines = StyledText(head).wrapped(style)
        lines += question(approval.request, style).map { "  " + $0 }
        lines += choices(of: approval, style).map { "  " + $0 }
        lines += facts(of: approval).flatMap { StyledText($0, .dim).wrapped(style) }.map { "  " + $0 }
        return lines
    }

    // MARK: Choices

    /// Of an answer no more is shown: what it is in whole is in the JSON.
    private static let mostOfAnswer = 2000

    /// What a gate leaves to choose from: why it asks, each tier's answer, and what each check said of it.
    public static func choiceLines(_ approval: ApprovalRecord, style: TextStyle) -> [String] { choices(of: approval, style).map { $0.line(style) } }

    static func choices(of approval: ApprovalRecord, _ style: TextStyle) -> [StyledText] {
        guard approval.request.kind == .gate else { return [] }
        var lines: [StyledText] = []
        if let reason = approval.request.reason { lines += StyledText("no answer was accepted: \(reason)", .dim).wrapped(style) }
        for candidate in approval.candidates {
            let tier = candidate.tier
            lines.append(StyledText(GateWords.tier(tier) + ": ") + StyledText(GateWords.verdict(tier.verdict, failure: tier.failure, decidedBy: tier.decidedBy), tier.output == nil ? .red : .yellow))
            if let answer = candidate.answer {
                let text = answer.stringValue ?? answer.jsonText
                let shown = text.utf8.count > mostOfAnswer ? text.beginning(bytes: mostOfAnswer) + " …" : text
                lines += shown.wrapped(to: style.width.map { max(8, $0 - 4) }).map { "  " + StyledText($0) }
            } else if tier.output != nil {
                lines.append(StyledText("  (its text is not in the ledger)", .dim))
            }
            for check in candidate.checks {
                let found = GateWords.finding(check)
                lines += StyledText("  \(check.name): \(found)", .dim).wrapped(style)
            }
            if let reason = tier.reason { lines += StyledText("  \(reason)", .dim).wrapped(style) }
            if !tier.notRun.isEmpty, tier.verdict != .failed { lines += StyledText("  not run: \(tier.notRun.joined(separator: ", "))", .dim).wrapped(style) }
        }
        if approval.decision == nil, !approval.candidates.contains(where: \.canBePicked) { lines.append(StyledText("no tier has an answer that can be picked", .yellow)) }
        return lines
    }

    /// How a question is answered on the command line, by every way that would be taken: `agentctl approve ID sort --yes|--pick small|--value JSON|--no`.
    ///
    /// - Parameter choices: where a gate asks, the tiers whose answers can be taken, of each question that is answered at once.
    public static func way(_ run: String, _ path: String, _ kind: QuestionKind, choices: [[String]]) -> String {
        var ways = choices.contains(where: \.isEmpty) && kind == .gate ? [] : ["--yes"]
        if kind == .gate, let first = choices.first {
            ways += first.filter { tier in choices.allSatisfy { $0.contains(tier) } }.map { "--pick \($0)" }
            if choices.count == 1 { ways.append("--value JSON") }
        }
        return "agentctl approve \(run) \(path) \((ways + ["--no"]).joined(separator: "|"))"
    }

    /// The text that was asked, in lines that fit.
    public static func lines(_ request: ApprovalRequest, style: TextStyle) -> [String] { question(request, style).map { $0.line(style) } }

    /// The text that was asked, in lines.
    static func question(_ request: ApprovalRequest, _ style: TextStyle, indent: Int = 2) -> [StyledText] {
        let text = request.text ?? "(its text is not in the ledger)"
        return text.wrapped(to: style.width.map { max(8, $0 - indent) }).map { StyledText($0) }
    }

    /// Who answered by the word of the operating system, when, and what of money was at stake.
    static func facts(of approval: ApprovalRecord) -> [String] {
        var lines: [String] = []
        let request = approval.request
        if let cap = request.cap { lines.append("asks for a cap of \(cap)" + (request.asked.map { ", for a call that holds \($0)" } ?? "")) }
        guard let decision = approval.decision else {
            lines.append(money(approval.spent, approval.held) + " so far")
            return lines
        }
        if let cap = decision.cap { lines.append("granted a cap of \(cap)") }
        var line = "\(decision.verdict) \(decision.at.shortText) UTC"
        if let system = decision.system { line += " by \(system.description)" }
        if let spent = decision.spent { line += "; " + money(spent, decision.held ?? spent) + " by then" }
        return lines + [line]
    }

    private static func money(_ spent: Money, _ held: Money) -> String {
        "\(spent) spent" + (held > spent ? ", \(held - spent) held beyond it" : "")
    }

    public static func json(_ approvals: [ApprovalRecord]) -> JSONValue { .array(approvals.map { .object(json($0)) }) }

    /// With `decision`, `null` where nobody has answered.
    static func json(_ approval: ApprovalRecord) -> JSONObject {
        json(approval.request, step: approval.path, into: ["run": .string(approval.run), "workflow": .string(approval.workflow)])
            .with("requested_at", .string(approval.requestedAt.rfc3339))
            .with("spent_usd", approval.spent.json).with("held_usd", approval.held.json)
            .with("candidates", approval.request.kind == .gate ? .array(approval.candidates.map(json)) : .null)
            .with("decision", approval.decision.map(json) ?? .null)
    }

    /// `answer` is `null` where there is none that passed what is always checked; then it cannot be picked.
    private static func json(_ candidate: GateCandidate) -> JSONValue {
        [
            "tier": .string(candidate.tier.tier), "asked_tier": .text(candidate.tier.askedTier), "can_be_picked": .bool(candidate.canBePicked), "answer": candidate.answer ?? .null,
            "decision": .object(TraceReport.json(candidate.tier)), "checks": .array(candidate.checks.map(TraceReport.json)),
        ]
    }

    /// A question alone, as it stands in the result of a run that waits.
    public static func json(_ request: ApprovalRequest, step: String, into object: JSONObject = [:]) -> JSONObject {
        object.with("step", .string(step)).with("number", .number(request.number)).with("kind", .string(request.kind.rawValue))
            .with("message", .text(request.text)).with("message_hash", .string(request.message.hex))
            .with("until", .time(request.until)).with("on_timeout", .string(request.onTimeout.rawValue))
            .with("cap_usd", .money(request.cap)).with("asked_usd", .money(request.asked))
            .with("cause", .text(request.cause)).with("reason", .text(request.reason))
    }

    static func json(_ decision: ApprovalDecision) -> JSONValue {
        [
            "choice": .string(decision.choice.word), "tier": .text(decision.choice.tier), "value_hash": .text(decision.choice.value?.hex), "approved": .bool(decision.isApproved), "timed_out": .bool(decision.isTimeout),
            "by": .string(decision.by), "as": decision.system?.json ?? .null, "note": .text(decision.note), "at": .string(decision.at.rfc3339),
            "granted_cap_usd": .money(decision.cap), "spent_usd": .money(decision.spent), "held_usd": .money(decision.held),
        ]
    }
}

extension ApprovalRecord {
    /// The tiers whose answers can be taken.
    var choices: [String] { candidates.filter(\.canBePicked).map(\.tier.tier) }
}
