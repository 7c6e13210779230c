import Economics
import PromptCaching
import Values

/// `POST /models/MODEL:countTokens` of Google's Gemini API, beside the address at which it speaks chat completions.
///
/// Source: `_CountTokensParameters_to_mldev` and `CountTokensResponse` of the Python client google-genai 3.6.1, which refuses a system instruction and tools in a
/// count of this API: what stands in messages of the system is counted as one of the user's. Nothing in it says that the count is what will be billed. Not tried
/// against Google's servers.
struct GeminiCounter: TokenCounter {
    func basis(of request: WireRequest) -> Reservation.Basis? { request.hasAttachments ? nil : .learned }

    func question(_ request: WireRequest) -> CountQuestion {
        let messages = PromptMessage.messages(of: request.request.segments)
        let contents = messages.map { message -> JSONValue in
            ["role": message.role == .assistant ? "model" : "user", "parts": [["text": .string(message.text)]]]
        }
        // Names of models are plain; one that is not is the server's to refuse.
        return CountQuestion(
            path: "/models/\(request.modelID):countTokens", place: .besideOpenAI, body: Array(JSONEncoding.wire.string(["contents": .array(contents)]).utf8),
            keyHeader: "x-goog-api-key")
    }

    func read(_ answer: JSONValue, to question: CountQuestion) -> CountStep? { answer["totalTokens"]?.tokenCount.map { .tokens($0) } }
}
