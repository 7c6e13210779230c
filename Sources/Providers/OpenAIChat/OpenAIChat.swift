import HTTP
import Values
import WorkflowModel

/// `POST /chat/completions` and what a hundred servers make of it.
///
/// Source: OpenAI API reference, "Chat Completions".
struct OpenAIChat: WireFormat {
    func path(of request: WireRequest) -> String { "/chat/completions" }

    func encode(_ request: WireRequest) -> [UInt8] {
        OpenAIChatRequest(request: request.request, modelID: request.modelID, dialect: request.dialect, cache: request.cache).body()
    }

    func reader(_ answer: ExpectedAnswer) -> any WireReader { AnswerReader(answer) }

    func classify(status: Int, headers: HTTPHeaders, body: [UInt8]) -> (CallFailure, BillingEvidence) {
        let (failure, billing) = ErrorClassifier.classify(status: status, headers: headers, body: body)
        var hint = ""
        if failure.message.contains("v1/responses") {
            hint = "; api: openai-responses in the model's entry asks it that way"
        } else if failure.message.contains("max_completion_tokens") {
            hint = "; dialect: { max_tokens_field: max_completion_tokens } names the cap so"
        }
        return (failure.saying(hint), billing)
    }

    func mostBytes(of answer: ExpectedAnswer) -> Int { AnswerReader.mostBytes(maxOutputTokens: answer.maxOutputTokens, hasLogprobs: answer.hasLogprobs) }
}
