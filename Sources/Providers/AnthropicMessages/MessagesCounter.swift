import Economics
import Values

/// `POST /messages/count_tokens` of Anthropic, with pictures, documents, tools and thinking. It is free, has rate limits of its own, and
/// does not cache.
///
/// Source: Anthropic, "Token counting": the count "should be considered an estimate"; `message_count_tokens_params.py` of its Python client.
struct MessagesCounter: TokenCounter {
    func basis(of request: WireRequest) -> Reservation.Basis? { .learned }

    func question(_ request: WireRequest) -> CountQuestion {
        CountQuestion(path: "/messages/count_tokens", body: AnthropicMessagesRequest(request, hasSampling: false).countBody())
    }

    func read(_ answer: JSONValue, to question: CountQuestion) -> CountStep? { answer["input_tokens"]?.tokenCount.map { .tokens($0) } }
}
