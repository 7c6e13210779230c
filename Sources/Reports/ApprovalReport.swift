import Economics
import Values
import WorkflowModel

/// What runs ask people, and what they answered.
public enum ApprovalReport {
    public static func text(_ approvals: [ApprovalRecord], style: TextStyle, now: Timestamp) -> String {
        if approvals.isEmpty { return "nothing is asked\n" }
        var lines: [StyledText] = []
        for approval in approvals {
            var head = "\(approval.run)  \(approval.path)  \(approval.workflow)  asked \(now.elapsed(since: approval.requestedAt)) ago"
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
            lines += StyledText(head).wrapped(style)
            lines += question(approval.request, style).map { "  " + $0 }
            lines += facts(of: approval).flatMap { StyledText($0, .dim).wrapped(style) }.map { "  " + $0 }
        }
        return lines.map { $0.line(style) + "\n" }.joined()
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
            .with("decision", approval.decision.map(json) ?? .null)
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
