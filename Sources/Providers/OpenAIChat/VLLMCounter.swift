import Economics
import Values

/// `POST /tokenize` of vLLM's server, which applies the model's template to messages by the same code as a chat completion.
///
/// Source: vLLM, "OpenAI-compatible server", Tokenizer API; `TokenizeChatRequest` of its protocol. Not tried against a server.
struct VLLMCounter: TokenCounter {
    /// Whether its requests are chat completions.
    let isExact: Bool

    func basis(of request: WireRequest) -> Reservation.Basis? {
        if request.hasAttachments { return nil }
        // A template may be told of an effort, which it has no word for here.
        return isExact && request.request.sampling.reasoning == nil ? .proved : .learned
    }

    func question(_ request: WireRequest) -> CountQuestion {
        let chat = OpenAIChatRequest(request: request.request, modelID: request.modelID, dialect: request.dialect)
        return CountQuestion(path: "/tokenize", place: .root, body: chat.promptBody())
    }

    func read(_ answer: JSONValue, to question: CountQuestion) -> CountStep? { answer["count"]?.tokenCount.map { .tokens($0) } }
}
