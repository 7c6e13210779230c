import Economics
import Values
import WorkflowModel

/// The answer of `POST /chat/completions`, whole.
struct OpenAIChatResponse {
    let response: ModelResponse
    let usage: TokenUsage?
    let usageRaw: String?
    let modelServed: String?

    /// - Throws: `CallFailure` when the document is an error, or is not what the API promises.
    init(_ document: JSONValue, missingCacheIsUnknown: Bool) throws(CallFailure) {
        if let error = document["error"], !error.isNull { throw ErrorClassifier.inside(error) }
        guard let choice = document["choices"]?[0], let message = choice["message"] else {
            throw CallFailure(.malformedResponse, "the answer has no choices")
        }
        let usageObject = document["usage"].flatMap { $0.isNull ? nil : $0 }
        usage = OpenAIUsage.normalise(usageObject, timings: document["timings"], missingIsUnknown: missingCacheIsUnknown)
        usageRaw = usageObject?.jsonText
        modelServed = document["model"]?.stringValue
        let refusal = message["refusal"]?.stringValue
        guard let text = message["content"]?.stringValue ?? (refusal != nil || message["content"]?.isNull == true ? "" : nil) else {
            throw CallFailure(.malformedResponse, "the answer's message has no text")
        }
        response = ModelResponse(
            text: text, finishReason: Self.finishReason(choice["finish_reason"]?.stringValue), refusal: refusal,
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
}
