import Economics
import Values

/// llama.cpp's server: `/apply-template` makes of the very body of a chat completion the text that the model reads, and `/tokenize` cuts it as
/// a completion is cut. Tried: both together are the `prompt_tokens` of the same request.
///
/// Source: README of llama.cpp's server; an image has no place in the text.
struct LlamaCounter: TokenCounter {
    /// Whether its requests are chat completions; others are translated by the server, and not all of one can be told.
    let isExact: Bool

    private static let tokenize = "/tokenize"

    func basis(of request: WireRequest) -> Reservation.Basis? {
        if request.hasAttachments { return nil }
        return isExact ? .proved : .learned
    }

    func question(_ request: WireRequest) -> CountQuestion {
        let chat = OpenAIChatRequest(request: request.request, modelID: request.modelID, dialect: request.dialect)
        return CountQuestion(path: "/apply-template", place: .root, body: chat.body())
    }

    func read(_ answer: JSONValue, to question: CountQuestion) -> CountStep? {
        if question.path == Self.tokenize { return answer["tokens"]?.arrayValue.flatMap { $0.isEmpty ? nil : .tokens($0.count) } }
        guard let prompt = answer["prompt"]?.stringValue else { return nil }
        var body = BodyWriter(capacity: prompt.utf8.count + 128)
        body.key("content")
        body.value(prompt)
        // As the server does it with the prompt of a completion.
        body.key("add_special")
        body.value(true)
        body.key("parse_special")
        body.value(true)
        return .ask(CountQuestion(path: Self.tokenize, place: .root, body: body.finish()))
    }
}
