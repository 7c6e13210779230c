import Values
import WorkflowModel

/// `POST /chat/completions` and what a hundred servers make of it.
///
/// Source: OpenAI API reference, "Chat Completions".
struct OpenAIChat: WireFormat {
    func path(of request: WireRequest) -> String { "/chat/completions" }

    func encode(_ request: WireRequest) -> [UInt8] {
        OpenAIChatRequest(request: request.request, modelID: request.modelID, dialect: request.dialect).body()
    }

    func reader(_ answer: ExpectedAnswer) -> any WireReader { AnswerReader(answer) }

    func mostBytes(of answer: ExpectedAnswer) -> Int { AnswerReader.mostBytes(maxOutputTokens: answer.maxOutputTokens, hasLogprobs: answer.hasLogprobs) }
}
