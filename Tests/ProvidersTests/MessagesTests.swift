import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import HTTP
@testable import Providers

/// Answers of Anthropic's Messages API, whole and streamed, as its documentation and its client's types have them.
@Suite(.timeLimit(.minutes(5))) struct MessagesTests {
    private func read(_ body: String, isCut: Bool = false, tool: String? = nil, step: Int = .max) -> MessagesReader {
        MessagesReader.reading(bytes(body), ExpectedAnswer(maxOutputTokens: 4096, provider: "anthropic", answerTool: tool), isCut: isCut, step: step)
    }

    private static let usage =
        #"{"input_tokens":12,"cache_creation_input_tokens":30,"cache_read_input_tokens":8,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":40,"output_tokens_details":{"thinking_tokens":9},"service_tier":"standard"}"#

    private static func message(_ content: String, stop: String = "end_turn", details: String = "null") -> String {
        #"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[\#(content)],"stop_reason":"\#(stop)","stop_sequence":null,"stop_details":\#(details),"usage":\#(usage)}"#
    }

    @Test(arguments: [
        ("end_turn", FinishReason.stop), ("max_tokens", .length), ("stop_sequence", .stop), ("tool_use", .toolCalls), ("pause_turn", .stop), ("refusal", .contentFilter),
        ("model_context_window_exceeded", .length),
    ])
    func everyStopReasonMeansSomething(word: String, reason: FinishReason) {
        let reader = read(Self.message(#"{"type":"text","text":"Hi"}"#, stop: word))
        #expect(reader.answer.response.finishReason == reason && reader.answer.response.finishWord == nil && reader.isWhole)
        #expect(reader.answer.response.text == "Hi" && reader.answer.modelServed == "claude-x")
        let stream = read(Self.stream([Self.text(0, "Hi")], stop: word))
        #expect(stream.answer.response.finishReason == reason && stream.isWhole && stream.answer.response.parts == reader.answer.response.parts)
    }

    @Test func usageComesInClasses() {
        let (counts, isFinal) = read(Self.message(#"{"type":"text","text":"Hi"}"#)).counts(promptBytes: 40)
        #expect(isFinal)
        #expect(counts == TokenCounts(input: 50, cacheRead: 8, cacheWrite: 30, cacheWriteLong: 20, output: 40, reasoning: 9))
    }

    @Test func aRefusalSaysWhy() {
        let reader = read(Self.message("", stop: "refusal", details: #"{"type":"refusal","category":"cyber","explanation":"This looks like an exploit."}"#))
        #expect(reader.answer.response.refusal == "This looks like an exploit." && reader.answer.response.finishReason == .contentFilter)
        #expect(reader.answer.failure == nil)
    }

    // MARK: Blocks

    private static let blocks = [
        #"{"type":"thinking","thinking":"Let me see.","signature":"c2ln"}"#, #"{"type":"redacted_thinking","data":"ZGF0YQ=="}"#,
        #"{"type":"text","text":"It is \"4\".","citations":null}"#, #"{"type":"tool_use","id":"toolu_1","name":"sum","input":{"a":2,"b":[2,"é"]}}"#,
        #"{"type":"tool_use","id":"toolu_2","name":"now","input":{}}"#,
    ]

    private static var streamedBlocks: [[String]] {
        [
            [
                #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
                #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me"}}"#,
                #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" see."}}"#,
                #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#, #"{"type":"content_block_stop","index":0}"#,
            ], [#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"ZGF0YQ=="}}"#, #"{"type":"content_block_stop","index":1}"#],
            text(2, "It is", " \\\"4", "\\\"."),
            [
                #"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"sum","input":{}}}"#,
                #"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}"#,
                #"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"a\":2,\"b\":["}}"#,
                #"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"2,\"é\"]}"}}"#, #"{"type":"content_block_stop","index":3}"#,
            ],
            [#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}}"#, #"{"type":"content_block_stop","index":4}"#],
        ]
    }

    private static func text(_ index: Int, _ pieces: String...) -> [String] {
        [#"{"type":"content_block_start","index":\#(index),"content_block":{"type":"text","text":""}}"#]
            + pieces.map { #"{"type":"content_block_delta","index":\#(index),"delta":{"type":"text_delta","text":"\#($0)"}}"# } + [#"{"type":"content_block_stop","index":\#(index)}"#]
    }

    /// As the API sends it: each event has its type as its name.
    private static func stream(_ blocks: [[String]], stop: String = "tool_use", output: Int = 40) -> String {
        let start =
            #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":30,"cache_read_input_tokens":8,"output_tokens":1}}}"#
        let delta =
            #"{"type":"message_delta","delta":{"stop_reason":"\#(stop)","stop_sequence":null},"usage":{"input_tokens":12,"cache_creation_input_tokens":30,"cache_read_input_tokens":8,"output_tokens":\#(output),"output_tokens_details":{"thinking_tokens":9}}}"#
        let events = [start, #"{"type": "ping"}"#] + blocks.flatMap { $0 } + [delta, #"{"type":"message_stop"}"#]
        return events.map { "event: \(json($0)["type"]!.stringValue!)\ndata: \($0)\n\n" }.joined()
    }

    private static let parts: [ModelResponse.Part] = [
        .reasoning("Let me see."), .text("It is \"4\"."), .toolCall(ToolCall(id: "toolu_1", name: "sum", arguments: #"{"a":2,"b":[2,"é"]}"#)),
        .toolCall(ToolCall(id: "toolu_2", name: "now", arguments: "{}")),
        .verbatim(
            VerbatimBlock(
                provider: "anthropic", field: "content",
                content: [
                    ["type": "thinking", "thinking": "Let me see.", "signature": "c2ln"], ["type": "redacted_thinking", "data": "ZGF0YQ=="], ["type": "text", "text": "It is \"4\"."],
                    ["type": "tool_use", "id": "toolu_1", "name": "sum", "input": ["a": 2, "b": [2, "é"]]], ["type": "tool_use", "id": "toolu_2", "name": "now", "input": [:]],
                ])),
    ]

    @Test func blocksAreParts() {
        #expect(read(Self.message(Self.blocks.joined(separator: ","), stop: "tool_use")).answer.response.parts == Self.parts)
        for step in [Int.max, 1, 7, 64] { #expect(read(Self.stream(Self.streamedBlocks), step: step).answer.response.parts == Self.parts) }
        // Text and calls alone are sent back from what is kept of them.
        let plain = read(Self.message(Self.blocks[2...].joined(separator: ","), stop: "tool_use")).answer.response
        #expect(plain.parts.count == 3 && !plain.hasReasoning)
    }

    /// What llama.cpp sends by this API where its first token is half a character: no first event, and no count of the prompt. The text is an answer, the count settles nothing.
    @Test func aStreamWithoutItsFirstEventIsAnEstimate() {
        let events = [
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#, #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"🌱"}}"#,
            #"{"type":"content_block_stop","index":0}"#, #"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}"#, #"{"type":"message_stop"}"#,
        ]
        let reader = read(events.map { "event: \(json($0)["type"]!.stringValue!)\ndata: \($0)\n\n" }.joined())
        #expect(reader.answer.response.text == "🌱" && reader.answer.response.finishReason == .stop && reader.isWhole)
        let (counts, isFinal) = reader.counts(promptBytes: 40)
        #expect(!isFinal && counts.input == nil && counts.output == 3)
    }

    @Test func piecesAreHandedOnAsTheyCome() {
        var reader = MessagesReader(maxOutputTokens: 4096, recordsPieces: true)
        var pieces: [AnswerPiece] = []
        for byte in bytes(Self.stream(Self.streamedBlocks)) {
            _ = [byte].withUnsafeBytes { reader.push($0) }
            pieces += reader.takePieces()
        }
        #expect(pieces == [.reasoning("Let me"), .reasoning(" see."), .text("It is"), .text(" \"4"), .text("\".")])
    }

    /// A cut stream settles nothing, and what came of it is not free.
    @Test func cutAtEveryByteItNeverSettles() {
        let stream = bytes(Self.stream(Self.streamedBlocks))
        let whole = "It is \"4\"."
        var hadText = false
        for length in 0..<(stream.count - 2) {
            let reader = MessagesReader.reading(Array(stream[..<length]), ExpectedAnswer(maxOutputTokens: 4096, provider: "anthropic"), isCut: true)
            let (counts, isFinal) = reader.counts(promptBytes: 40)
            #expect(!isFinal, "\(length)")
            #expect(whole.utf8.starts(with: (reader.partialText ?? "").utf8))
            if reader.partialText != nil { hadText = true }
            #expect(reader.outputBytes >= (reader.partialText ?? "").utf8.count)
            #expect(!hadText || counts.input == 50)
            if case .success(let response) = reader.outcome(after: CallFailure(.connection, "cut")) { #expect(response.parts == Self.parts) }
        }
        #expect(read(Self.stream(Self.streamedBlocks)).counts(promptBytes: 40).isFinal)
    }

    /// The reason came and the last event did not: the text is whole, and its counts are a floor.
    @Test func withoutItsLastEventAnAnswerIsAnAnswer() {
        let stream = Self.stream([Self.text(0, "Hi")], stop: "end_turn")
        let reader = read(String(stream.prefix { _ in true }.dropLast("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".count)), isCut: true)
        #expect(reader.outcome(after: CallFailure(.connection, "cut")).map(\.text) == .success("Hi"))
        #expect(!reader.isWhole)
    }

    // MARK: A schema as a tool

    @Test func theInputOfTheAnswersToolIsTheAnswer() {
        let whole = read(Self.message(#"{"type":"tool_use","id":"t","name":"draft","input":{"a":[1,{"b":"é"}]}}"#, stop: "tool_use"), tool: "draft").answer.response
        #expect(whole.text == #"{"a":[1,{"b":"é"}]}"# && whole.toolCalls.isEmpty && whole.finishReason == .stop)
        let events = [
            #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"draft","input":{}}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
        ]
        let streamed = read(Self.stream([events]), tool: "draft").answer.response
        #expect(streamed.text == #"{"a":1}"# && streamed.finishReason == .stop)
        #expect(read(Self.stream([Array(events.prefix(1))]), tool: "draft").answer.response.text == "{}")
        // Cut, it is a beginning.
        #expect(read(Self.stream([events], stop: "max_tokens"), tool: "draft").answer.response.finishReason == .length)
        // Another tool is a call.
        #expect(read(Self.message(#"{"type":"tool_use","id":"t","name":"other","input":{}}"#, stop: "tool_use"), tool: "draft").answer.response.finishReason == .toolCalls)
    }

    // MARK: Errors

    @Test func anErrorInAStreamIsTheServers() {
        let begun = String(Self.stream([Self.text(0, "Hello")]).components("event: message_delta")[0])
        let reader = read(begun + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n")
        #expect(reader.answer.failure?.kind == .serverError && reader.answer.failure?.message.contains("Overloaded") == true)
        #expect(reader.partialText == "Hello" && !reader.isWhole)
    }

    @Test(arguments: [
        (400, "invalid_request_error", "max_tokens: too large", FailureKind.badRequest, ""),
        (400, "invalid_request_error", "anthropic-version: \"2026-10-21\" is not a valid version", .badRequest, "api_version"),
        (400, "invalid_request_error", "output_config.format: this model does not support it", .badRequest, "structured_output: tool"),
        (400, "invalid_request_error", "adaptive thinking is not supported on this model", .badRequest, "reasoning: 4096"), (401, "authentication_error", "invalid x-api-key", .authentication, ""),
        (402, "billing_error", "no credit", .quota, ""), (403, "permission_error", "your key has no access", .authentication, ""),
        (404, "not_found_error", "model: claude-9", .modelNotFound, ""), (404, "not_found_error", "Not Found", .modelNotFound, "api: openai-chat"),
        (413, "request_too_large", "Request exceeds the maximum size", .contextLength, ""), (429, "rate_limit_error", "too many tokens", .rateLimit, ""),
        (500, "api_error", "internal", .serverError, ""), (504, "timeout_error", "timed out", .timeout, ""), (529, "overloaded_error", "Overloaded", .serverError, ""),
    ])
    func everyErrorHasAKindAndAWayOut(status: Int, type: String, message: String, kind: FailureKind, hint: String) {
        let body = JSONValue.object(["type": "error", "error": .object(["type": .string(type), "message": .string(message)]), "request_id": "req_011"]).jsonText
        var headers = HTTPHeaders()
        headers.lines += bytes("request-id: req_011\r\n")
        let (failure, billing) = AnthropicMessages(version: "2026-10-21").classify(status: status, headers: headers, body: bytes(body))
        #expect(failure.kind == kind && failure.message.contains(message) && failure.message.hasSuffix("(request req_011)"))
        #expect(hint.isEmpty || failure.message.contains(hint))
        #expect(billing == (status == 504 ? .unknown : .notBilled))
    }

    @Test func anAnswerOfAnotherAPISaysSo() {
        let chat = read(#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#)
        #expect(chat.answer.failure?.message == "the answer is no message; it is one of another API: api: openai-chat in the provider's entry reads it")
        let other = AnswerReader.reading(bytes(Self.message(#"{"type":"text","text":"Hi"}"#)), ExpectedAnswer(maxOutputTokens: 64))
        #expect(other.answer.failure?.message.contains("api: anthropic") == true)
    }

    // MARK: What is not understood

    private static let long = String(repeating: "x", count: 100_000)

    @Test(arguments: [
        message(#"{"type":"text","text":"\#(long)"}"#), message(#"{"type":"odd","stuff":"\#(long)"}"#), message(#""\#(long)""#), message(#"{"type":"redacted_thinking","data":"\#(long)"}"#),
        message(#"{"type":"tool_use","name":"t","input":{"a":"\#(long)"}}"#), message(#"{"type":"text","text":"a","more":"\#(long)"}"#),
        stream([[#"{"type":"content_block_delta","index":0,"delta":{"type":"odd_delta","text":"\#(long)"}}"#]]), stream([[#"{"type":"odd","text":"\#(long)"}"#]]),
        stream([[#"{"type":"content_block_delta","index":9,"delta":{"type":"text_delta","text":"\#(long)"}}"#]]), #"{"content":"\#(long)"}"#,
        stream([[#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"\#(long)"}}"#]]),
    ])
    func `A1 no byte of what cannot be read is free`(body: String) {
        #expect(read(body).outputBytes >= 100_000)
        #expect(read(body, isCut: true).outputBytes >= 100_000)
    }

    @Test func eventsThatAreNotKnownArePassedOver() {
        let odd = [#"{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#, #"{"type":"news"}"#]
        let response = read(Self.stream([Self.text(0, "Hi"), odd], stop: "end_turn")).answer.response
        #expect(response.text == "Hi" && response.toolCalls.isEmpty && response.finishReason == .stop)
    }
}

extension BodyReader {
    static func reading(_ body: [UInt8], _ expected: ExpectedAnswer, isCut: Bool = false, step: Int = .max) -> BodyReader {
        var reader = BodyReader(expected)
        var start = 0
        while start < body.count {
            let end = step < body.count - start ? start + step : body.count
            let goesOn = Array(body[start..<end]).withUnsafeBytes { reader.push($0) }
            if !goesOn { break }
            start = end
        }
        reader.end(isCut: isCut)
        return reader
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [Substring] { split(separator: separator, omittingEmptySubsequences: false) }
}
