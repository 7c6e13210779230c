import Economics
import WorkflowModel

/// What an answer that came is worth, decided before its `call_ended` and told by it.
enum AnswerVerdict {
    /// Of what a model says by declining: it stands in events and on terminals, and a server may send anything.
    private static let mostRefusalBytes = 4096

    /// - Parameter cap: the tokens that it was allowed.
    /// - Returns: why it is no answer to work with; `nil` when it is one.
    static func failure(
        of answer: ModelResponse, to purpose: CallPurpose, _ terms: Question.Terms, cap: Int
    ) -> CallFailure? {
        // Nobody wants an answer.
        if purpose == .warm { return nil }
        if let refused = answer.refusal { return CallFailure(.refusal, "the model declined: \(refused.beginning(bytes: mostRefusalBytes))\(refused.utf8.count > mostRefusalBytes ? "…" : "")") }
        // Then the finish reason alone tells, and no text is an answer.
        if terms.rules < Rules(version: 2) { return nil }
        switch answer.finishReason {
        case .contentFilter: return CallFailure(.refusal, "the model declined to answer")
        // Of nothing there is nothing to keep and no rest.
        case .length: return !isEmpty(answer) && (terms.onTruncation == .keep || terms.willContinue) ? nil : truncated(answer, terms.onTruncation, cap: cap)
        // A continuation that has nothing to add says that the answer was whole.
        case _ where isEmpty(answer) && !terms.allowsEmpty && purpose != .continuation: return CallFailure(.emptyAnswer, emptyText(answer))
        default: return nil
        }
    }

    /// White space is no text.
    private static func isEmpty(_ answer: ModelResponse) -> Bool { answer.text.allSatisfy(\.isWhitespace) }

    private static func emptyText(_ answer: ModelResponse) -> String {
        if !answer.toolCalls.isEmpty || answer.finishReason == .toolCalls {
            let names = answer.toolCalls.prefix(3).map { "'\($0.name)'" }.joined(separator: ", ") + (answer.toolCalls.count > 3 ? ", …" : "")
            return "the model answered without text: it asks for " + (names.isEmpty ? "a tool" : names) + ", and the step has no tools"
        }
        return answer.hasReasoning ? "the model answered without text: it wrote reasoning alone" : "the model answered without text"
    }

    private static func truncated(_ answer: ModelResponse, _ onTruncation: StepLimits.Truncation, cap: Int) -> CallFailure {
        let tokens = cap == 1 ? "token" : "tokens"
        if isEmpty(answer) {
            return CallFailure(.truncated, "the answer stopped at its cap of \(cap) output \(tokens) before it had any text; raise limits.max_output_tokens")
        }
        let way =
            onTruncation == .continue
            ? "it was continued \(TryMachine.mostContinuations) times and is still cut; raise limits.max_output_tokens"
            : "raise limits.max_output_tokens, or limits.on_truncation: keep or continue takes it"
        return CallFailure(.truncated, "the answer stopped at its cap of \(cap) output \(tokens); its text is kept (agentctl show RUN --prompts); \(way)")
    }
}
