import Values
import WorkflowModel

/// The answer of `POST /chat/completions`, whole.
enum OpenAIChatResponse {
    /// - Throws: `CallFailure` when the document is an error, or is not what the API promises.
    static func read(_ document: JSONValue) throws(CallFailure) -> ModelResponse {
        if let error = document["error"], !error.isNull { throw ErrorClassifier.inside(error) }
        guard let choice = document["choices"]?[0], let message = choice["message"] else {
            throw CallFailure(.malformedResponse, "the answer has no choices")
        }
        if let failure = brokenOff(choice) { throw failure }
        let refusal = message["refusal"]?.stringValue
        guard let text = message["content"]?.stringValue ?? (refusal != nil || message["content"]?.isNull == true ? "" : nil) else {
            throw CallFailure(.malformedResponse, "the answer's message has no text")
        }
        return ModelResponse(
            text: text, finishReason: finishReason(choice["finish_reason"]?.stringValue), refusal: refusal,
            logprobs: choice["logprobs"].flatMap { $0.isNull ? nil : $0 })
    }

    static func finishReason(_ text: String?) -> FinishReason {
        switch text {
        case "stop", "eos", "eos_token", "stop_sequence": return .stop
        case "length", "max_tokens": return .length
        case "content_filter": return .contentFilter
        case "tool_calls", "function_call": return .toolCalls
        default: return .other
        }
    }

    /// The failure of a choice that the server itself gave up on: what it says so far is no answer.
    ///
    /// Sources: OpenRouter "Errors" (`finish_reason: error`, an `error` in the choice), DeepSeek "Create chat completion"
    /// (`insufficient_system_resource`), vLLM and SGLang (`abort`).
    static func brokenOff(_ choice: JSONValue) -> CallFailure? {
        if let error = choice["error"], !error.isNull { return ErrorClassifier.inside(error) }
        switch choice["finish_reason"]?.stringValue {
        case "error"?, "insufficient_system_resource"?, "abort"?:
            return CallFailure(.serverError, "the server broke the answer off: \(choice["finish_reason"]!.stringValue!)")
        default: return nil
        }
    }
}
