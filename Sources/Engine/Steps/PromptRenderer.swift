import Expressions
import PromptCaching
import Values
import WorkflowModel

/// Renders a model step to segments: equal inputs give equal bytes, in any process.
///
/// Order on the wire: `system`, prefixes as the step names them within their classes, then the prompt or the messages
/// verbatim, what is attached before the last text of the user. Prefixes that hold for longer than one run belong to the system message, the others open the user's.
struct PromptRenderer {
    let graph: WorkflowGraph

    /// - Parameters:
    ///   - attached: what goes with the last message of the user, before its text.
    ///   - frame: what stands before the prompt, or the first message of the user.
    func segments(_ step: ModelStep, scope: RunScope, attached: [PromptSegment] = [], frame: String? = nil) throws(EvaluationError) -> [PromptSegment] {
        var segments = try beginning(step, scope: scope)
        func add(_ role: MessageRole, _ stability: StabilityClass, _ text: String, _ origin: String, opens: Bool = false) {
            Self.add(role, stability, text, origin, opens: opens, to: &segments)
        }
        /// Whether there was something to attach, which then has opened the message.
        func attach(opens: Bool = false) -> Bool {
            for (index, segment) in attached.enumerated() {
                segments.append(segment.startingMessage(index == 0 && opens || segments.last?.role != .user))
            }
            return !attached.isEmpty
        }
        switch step.body {
        case .prompt(let template):
            _ = attach()
            if let frame { add(.user, .attempt, frame, "what is judged") }
            add(.user, step.bodyStability, try template.render(scope), "prompt")
        case .messages(let messages):
            let last = messages.lastIndex { $0.role == .user }
            var isFramed = false
            for (index, message) in messages.enumerated() {
                var isOpen = index == last && attach(opens: index > 0)
                if let frame, !isFramed, message.role == .user {
                    add(.user, .attempt, frame, "what is judged", opens: index > 0 && !isOpen)
                    (isFramed, isOpen) = (true, true)
                }
                add(message.role, step.bodyStability, try message.text.render(scope), "messages[\(index)]", opens: index > 0 && !isOpen)
            }
        }
        return segments
    }

    /// `system` and prefixes alone.
    ///
    /// - Parameter most: no more segments than these; what stands behind them is not rendered.
    func beginning(_ step: ModelStep, scope: RunScope, most: Int = .max) throws(EvaluationError) -> [PromptSegment] {
        var segments: [PromptSegment] = []
        if let system = step.system { Self.add(.system, step.systemStability, try system.render(scope), "system", to: &segments) }
        for index in step.prefixes where segments.count < most {
            let prefix = graph.prefixes[index]
            let role: MessageRole = prefix.stability <= .tenant ? .system : .user
            Self.add(role, prefix.stability, try prefix.text.render(scope.shared), prefix.origin, to: &segments)
        }
        return segments
    }

    private static func add(_ role: MessageRole, _ stability: StabilityClass, _ text: String, _ origin: String, opens: Bool = false, to segments: inout [PromptSegment]) {
        let starts = opens || segments.last?.role != role
        segments.append(PromptSegment(role: role, stability: stability, text: text, startsMessage: starts, origin: origin))
    }

    /// What a judge is shown whose own prompt names neither.
    static func frame(question: String, answer: JSONValue) -> String {
        "This was asked:\n<question>\n\(question)\n</question>\n\nThis was answered:\n<answer>\n\(answer.stringValue ?? answer.jsonText)\n</answer>"
    }

    /// The question again with what there is of an answer that was cut.
    static func continuation(_ segments: [PromptSegment], answer: String) -> [PromptSegment] {
        let request = "Your answer was cut off at its length limit. Go on exactly where it stops, and repeat nothing of it."
        return segments + [
            PromptSegment(role: .assistant, stability: .attempt, text: answer, startsMessage: true, origin: "cut answer"),
            PromptSegment(role: .user, stability: .attempt, text: request, startsMessage: true, origin: "continue"),
        ]
    }

    /// The question again with the answer that broke its schema and what was wrong with it.
    static func repair(_ segments: [PromptSegment], answer: String, violations: [String]) -> [PromptSegment] {
        let list = violations.prefix(8).map { "- \($0)" }.joined(separator: "\n")
        let feedback = "That answer is not valid:\n\(list)\nAnswer again with corrected JSON only."
        return segments + [
            PromptSegment(role: .assistant, stability: .attempt, text: answer, startsMessage: true, origin: "rejected answer"),
            PromptSegment(role: .user, stability: .attempt, text: feedback, startsMessage: true, origin: "repair"),
        ]
    }
}
