import Values

/// Answers in the forms of OpenAI's Responses and of Anthropic's Messages, whole and streamed: the last user message, or the text of the options. No failures can be asked for.
///
/// Tokens are counted as ``StubCompletion`` counts them.
struct StubOtherAPIs {
    enum API { case responses, messages }

    let api: API
    let request: JSONValue
    let number: Int
    /// What a cache had of the prompt, which counts it then.
    var cache: StubCacheUse?

    /// What the client asks, in the API's own field.
    private var asked: [JSONValue] {
        guard api == .responses else { return request["messages"]?.arrayValue ?? [] }
        return request["input"]?.arrayValue ?? request["input"].map { [["role": "user", "content": $0]] } ?? []
    }

    /// The last user message.
    var echo: String { asked.last { $0["role"] == "user" }.map(StubCompletion.text) ?? "" }

    func response(saying said: String) -> StubResponse {
        let text = cache?.isWarmUp == true ? "" : said
        let tokens = (asked.reduce(0) { $0 + StubCompletion.text(of: $1).utf8.count } + 3) / 4
        let (input, output) = (JSONValue.int(Int64(tokens)), JSONValue.int(Int64(StubCompletion.tokens(text))))
        var document = api == .messages ? message(text, input, output) : answer(text, input, output)
        if cache?.isWarmUp == true, var empty = document.objectValue {
            if api == .messages { (empty["content"], empty["stop_reason"]) = ([], "max_tokens") } else { empty["output"] = [] }
            document = .object(empty)
        }
        guard request["stream"]?.boolValue == true else { return .json(document) }
        let events = api == .messages ? messageEvents(document, text, output) : responseEvents(document, text)
        let chunks = events.map { event in Array("event: \(event["type"]?.stringValue ?? "")\ndata: ".utf8) + JSONEncoding.wire.bytes(event) + Array("\n\n".utf8) }
        return StubResponse(contentType: "text/event-stream", body: .chunks(chunks))
    }

    private func message(_ text: String, _ input: JSONValue, _ output: JSONValue) -> JSONValue {
        [
            "id": .string("msg_\(number)"), "type": "message", "role": "assistant", "model": request["model"] ?? "", "content": [["type": "text", "text": .string(text)]],
            "stop_reason": "end_turn", "stop_sequence": nil,
            "usage": cache?.messages(output: output) ?? ["input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": output],
        ]
    }

    private func answer(_ text: String, _ input: JSONValue, _ output: JSONValue) -> JSONValue {
        let total = JSONValue.int((input.intValue ?? 0) + (output.intValue ?? 0))
        let content: JSONValue = [["type": "output_text", "text": .string(text), "annotations": []]]
        return [
            "id": .string("resp_\(number)"), "object": "response", "created_at": 1_700_000_000, "status": "completed", "model": request["model"] ?? "", "error": nil, "incomplete_details": nil,
            "output": [["id": .string("msg_\(number)"), "type": "message", "role": "assistant", "status": "completed", "content": content]],
            "usage": cache?.responses(output: output.intValue ?? 0) ?? [
                "input_tokens": input, "input_tokens_details": ["cached_tokens": 0], "output_tokens": output, "output_tokens_details": ["reasoning_tokens": 0], "total_tokens": total,
            ],
        ]
    }

    private func messageEvents(_ document: JSONValue, _ text: String, _ output: JSONValue) -> [JSONValue] {
        var begun = document.objectValue ?? [:]
        begun["content"] = []
        begun["stop_reason"] = .null
        return [
            ["type": "message_start", "message": .object(begun)], ["type": "content_block_start", "index": 0, "content_block": ["type": "text", "text": ""]],
            ["type": "content_block_delta", "index": 0, "delta": ["type": "text_delta", "text": .string(text)]], ["type": "content_block_stop", "index": 0],
            ["type": "message_delta", "delta": ["stop_reason": "end_turn", "stop_sequence": nil], "usage": ["output_tokens": output]], ["type": "message_stop"],
        ]
    }

    private func responseEvents(_ document: JSONValue, _ text: String) -> [JSONValue] {
        let place: JSONObject = ["item_id": .string("msg_\(number)"), "output_index": 0, "content_index": 0]
        func event(_ type: String, _ key: String) -> JSONValue { .object(place.with("type", .string(type)).with(key, .string(text))) }
        return [
            event("response.output_text.delta", "delta"), event("response.output_text.done", "text"), ["type": "response.completed", "sequence_number": 3, "response": document],
        ]
    }
}
