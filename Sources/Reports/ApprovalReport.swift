import Values
import WorkflowModel

/// What runs ask people.
public enum ApprovalReport {
    /// - Parameter messages: of the approvals, in their order.
    public static func text(_ approvals: [ApprovalRecord], _ messages: [String], style: TextStyle, now: Timestamp) -> String {
        if approvals.isEmpty { return "nothing is asked\n" }
        var text = ""
        for (approval, message) in zip(approvals, messages) {
            var head = "\(approval.run)  \(approval.path)  \(approval.workflow)  asked \(now.since(approval.requestedAt)) ago"
            if let until = approval.until {
                let left = until.since(now)
                let answer = switch approval.onTimeout {
                case .fail: "fails"
                case .approve: "is approved"
                case .reject: "is rejected"
                }
                head += left.milliseconds > 0 ? ", \(answer) in \(left)" : ", \(answer) with the next command that writes"
            }
            text += head.harmless + "\n"
            for line in message.split(separator: "\n", omittingEmptySubsequences: false) { text += "  \(String(line).harmless)\n" }
        }
        return text
    }

    public static func json(_ approvals: [ApprovalRecord], _ messages: [String]) -> JSONValue {
        .array(zip(approvals, messages).map { approval, message in
            .object(
                JSONObject().with("run", .string(approval.run)).with("workflow", .string(approval.workflow)).with("step", .string(approval.path))
                    .with("message", .string(message)).with("requested_at", .string(approval.requestedAt.rfc3339))
                    .with("until", approval.until.map { .string($0.rfc3339) }).with("on_timeout", .string(approval.onTimeout.rawValue))
                    .with("cap_usd", approval.cap.map { .string($0.decimalText) }))
        })
    }
}
