import Economics
import Values

/// `POST /responses/input_tokens` of OpenAI. An entry that asks by chat completions is counted by it too, as both are the same models.
///
/// Source: OpenAI API reference, "Get input token counts"; `input_token_count_params.py` of its Python client. Nothing in it says that the
/// count is what will be billed, so that it is taken for an estimate.
struct ResponsesCounter: TokenCounter {
    func basis(of request: WireRequest) -> Reservation.Basis? { .learned }

    func question(_ request: WireRequest) -> CountQuestion {
        CountQuestion(path: "/responses/input_tokens", body: OpenAIResponsesRequest(wire: request).countBody())
    }

    func read(_ answer: JSONValue, to question: CountQuestion) -> CountStep? { answer["input_tokens"]?.tokenCount.map { .tokens($0) } }
}
