import HTTP
import Values
import WorkflowModel

/// `POST /responses` of OpenAI, and of servers that speak it.
///
/// Source: OpenAI API reference, "Responses"; the types of its Python client, release 3.57.0.
struct OpenAIResponses: WireFormat {
    func path(of request: WireRequest) -> String { "/responses" }

    func encode(_ request: WireRequest) -> [UInt8] { OpenAIResponsesRequest(wire: request).body() }

    func reader(_ answer: ExpectedAnswer) -> any WireReader { ResponsesReader(answer) }

    func mostBytes(of answer: ExpectedAnswer) -> Int {
        // A stream tells each text four times: in pieces, as a part, as an item, and in the whole response.
        4 * ResponsesReader.mostBytes(maxOutputTokens: min(answer.maxOutputTokens, 1 << 24), hasLogprobs: answer.hasLogprobs)
    }

    func unsent(of request: WireRequest) -> [String] { request.request.sampling.seed == nil ? [] : ["seed"] }

    func check(_ request: WireRequest) throws(StepFailure) {
        if request.request.sampling.stop?.isEmpty == false {
            throw StepFailure(.configuration, "\(request.request.model): the Responses API has no stop sequences", details: ["take stop out, or use the model by api: openai-chat"])
        }
        if let budget = request.request.sampling.reasoning.flatMap(Int.init) {
            throw StepFailure(
                .configuration, "\(request.request.model): the Responses API takes an effort, no budget of \(budget) tokens", details: ["write a word: reasoning: low"])
        }
    }

    func classify(status: Int, headers: HTTPHeaders, body: [UInt8]) -> (CallFailure, BillingEvidence) {
        let (failure, billing) = ErrorClassifier.classify(status: status, headers: headers, body: body)
        var hint = ""
        if failure.kind == .modelNotFound, !["model", "deployment"].contains(where: failure.message.contains) { hint = "; does the server speak the Responses API? chat completions are api: openai-chat" }
        return (failure.saying(hint).naming(request: headers), billing)
    }
}
