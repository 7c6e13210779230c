import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// What bodies mean, whatever they are and however they are cut.
@Suite struct AnswerTests {
    private func read(_ body: String, isCut: Bool = false, cap: Int = 64) -> AnswerReader {
        var reader = AnswerReader(maxOutputTokens: cap)
        bytes(body).withUnsafeBytes { _ = reader.push($0) }
        reader.end(isCut: isCut)
        return reader
    }

    private func whole(_ message: String, finish: String? = "stop", more: String = "") -> String {
        #"{"choices":[{"index":0,"message":\#(message),"finish_reason":\#(finish.map { "\"\($0)\"" } ?? "null")}]\#(more)}"#
    }

    private func event(_ data: String) -> String { "data: \(data)\n\n" }

    private func piece(_ text: String, finish: String? = nil) -> String {
        event(#"{"choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(finish.map { "\"\($0)\"" } ?? "null")}]}"#)
    }

    private let done = "data: [DONE]\n\n"

    // MARK: Content

    @Test(arguments: [
        (#"{"content":[{"type":"text","text":"Hi"},{"type":"output_text","text":" you"}]}"#, "Hi you", false),
        (#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]},{"type":"text","text":"Hi"}]}"#, "Hi", true),
        (#"{"content":[{"type":"reasoning","text":"Hm."},"Hi"]}"#, "Hi", true),
        (#"{"content":{"type":"text","text":"Hi"}}"#, "Hi", false),
        (#"{"content":null,"reasoning_content":"Hm."}"#, "", true),
        (#"{"reasoning_content":"","reasoning":"Hm."}"#, "", true),
        (#"{"content":""}"#, "", false),
        (#"{"content":null}"#, "", false),
        (#"{"content":[]}"#, "", false),
        (#"{"content":[{"type":"image_url","image_url":{"url":"x"}}]}"#, "", false),
    ])
    func `W7 parts are read, and reasoning is none of the text`(message: String, text: String, hasReasoning: Bool) {
        let bodies = [
            whole(message), event(#"{"choices":[{"delta":\#(message),"finish_reason":"stop"}]}"#) + done,
            event(#"{"choices":[{"message":\#(message),"finish_reason":"stop"}]}"#),
        ]
        for body in bodies {
            let answer = read(body).answer
            #expect(answer.failure == nil)
            #expect(answer.response.text == text)
            #expect(answer.response.hasReasoning == hasReasoning)
            #expect(answer.response.logprobs == nil)
            #expect(answer.response.finishReason == .stop)
        }
    }

    @Test func `W7 the tools that a model wants called are named`() {
        let calls = #""tool_calls":[{"id":"1","type":"function","function":{"name":"look","arguments":"{\"at\":1}"}},{"function":{"name":"touch","arguments":""}}]"#
        let answer = read(whole(#"{"content":null,\#(calls)}"#, finish: "tool_calls")).answer
        #expect(answer.response.text.isEmpty)
        #expect(answer.response.toolCalls == [ToolCall(id: "1", name: "look", arguments: #"{"at":1}"#), ToolCall(name: "touch")])
        #expect(answer.outputBytes == 4 + 8 + 5)
        let streamed = read(
            event(#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"look","arguments":""}}]}}]}"#)
                + event(#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#)
        ).answer
        #expect(streamed.response.toolCalls == [ToolCall(name: "look", arguments: "{}")])
        #expect(streamed.response.finishReason == .toolCalls)
    }

    @Test func `all that a model wrote is counted`() {
        #expect(read(whole(#"{"content":"abc","reasoning_content":"defg","refusal":"hi"}"#)).answer.outputBytes == 9)
        #expect(read(piece("abc") + piece("de", finish: "stop")).answer.outputBytes == 5)
        // Another choice than the one that was asked for was paid for as well.
        let two = read(#"{"choices":[{"index":0,"message":{"content":"abc"},"finish_reason":"stop"},{"index":1,"message":{"content":"defg"}}]}"#).answer
        #expect(two.outputBytes == 7)
        #expect(two.response.text == "abc")
    }

    @Test func `a stream that closes with the whole message has it once`() {
        let answer = read(piece("ab") + piece("cd") + event(#"{"choices":[{"message":{"content":"abcd"},"finish_reason":"stop"}]}"#)).answer
        #expect(answer.response.text == "abcd")
        #expect(answer.outputBytes == 4)
    }

    // MARK: Ends

    @Test(arguments: [
        ("stop", FinishReason.stop), ("STOP", .stop), ("end_turn", .stop), ("eos", .stop), ("EOS_TOKEN", .stop), ("COMPLETE", .stop), ("stop_sequence", .stop),
        ("length", .length), ("MAX_TOKENS", .length), ("max_tokens", .length), ("model_length", .length), ("limit", .length),
        ("model_context_window_exceeded", .length), ("max_output_tokens", .length),
        ("content_filter", .contentFilter), ("safety", .contentFilter), ("SAFETY", .contentFilter), ("RECITATION", .contentFilter),
        ("PROHIBITED_CONTENT", .contentFilter), ("guardrail_intervened", .contentFilter), ("refusal", .contentFilter), ("sensitive", .contentFilter),
        ("tool_calls", .toolCalls), ("tool_use", .toolCalls), ("function_call", .toolCalls), ("TOOL_CALL", .toolCalls),
    ])
    func `W8 every spelling of an end`(word: String, reason: FinishReason) {
        for body in [whole(#"{"content":"x"}"#, finish: word), piece("x", finish: word)] {
            let response = read(body).answer.response
            #expect(response.finishReason == reason)
            #expect(response.finishWord == nil)
        }
    }

    @Test func `W8 a word that is not known is kept as it was sent`() {
        let response = read(whole(#"{"content":"x"}"#, finish: "Gave_Up-politely")).answer.response
        #expect(response.finishReason == .other)
        #expect(response.finishWord == "Gave_Up-politely")
        #expect(read(whole(#"{"content":"x"}"#, finish: nil)).answer.response.finishWord == nil)
    }

    @Test func `W8 the server's own giving up is no answer`() {
        for (word, kind) in [("error", FailureKind.serverError), ("MALFORMED_FUNCTION_CALL", .serverError), ("TIMEOUT", .timeout), ("ERROR", .serverError)] {
            #expect(read(whole(#"{"content":"x"}"#, finish: word)).answer.failure?.kind == kind)
        }
    }

    @Test func `an end is announced by a finish reason or by DONE`() {
        #expect(read(piece("x", finish: "stop")).answer.isEndAnnounced)
        #expect(read(piece("x") + done).answer.isEndAnnounced)
        #expect(!read(piece("x")).answer.isEndAnnounced)
        // What goes on was not at its end, and an empty reason is none.
        #expect(!read(piece("x", finish: "stop") + piece("y")).answer.isEndAnnounced)
        #expect(!read(piece("x", finish: "")).answer.isEndAnnounced)
        #expect(read(done).answer.failure?.message == "the answer has no choices")
    }

    // MARK: Errors

    @Test(arguments: [
        (#"error: {"code":400,"message":"too long"}"#, "too long", FailureKind.badRequest),
        (#"{"error":{"message":"too busy","code":429}}"#, "too busy", .rateLimit),
        ("{\n  \"error\": {\n    \"message\": \"too busy\",\n    \"code\": 429\n  }\n}", "too busy", .rateLimit),
        ("event: error\ndata: {\"message\":\"overloaded\",\"code\":529}", "overloaded", .serverError),
        ("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slower\"}}", "slower", .rateLimit),
        ("event: error\ndata: upstream is gone", "upstream is gone", .serverError),
        (#"data: {"object":"error","message":"out of memory","code":500}"#, "out of memory", .serverError),
        (#"data: {"detail":"no slot"}"#, "no slot", .serverError),
        (#"data: {"detail":[{"loc":["body"],"msg":"Field required"}]}"#, "Field required", .serverError),
        (#"data: {"message":"no such model","code":404}"#, "no such model", .modelNotFound),
        (#"data: {"error":"just words"}"#, "just words", .serverError),
        (#"data: {"success":false,"errors":[{"code":7003,"message":"no route"}]}"#, "no route", .serverError),
        (#"data: {"x_groq":{"id":"req_1","error":"over capacity"},"choices":[]}"#, "over capacity", .serverError),
        (#"data: {"error":{"message":"n/a","type":"invalid_request_error"}}"#, "n/a", .badRequest),
        (#"data: {"error":{"message":"spent","type":"budget_exceeded","code":"400"}}"#, "spent", .budget),
    ])
    func `W9 the server's own word is heard wherever it stands`(error: String, says: String, kind: FailureKind) {
        for (body, text) in [(piece("ab") + error + "\n\n" + piece("c", finish: "stop"), "ab"), (error + "\n\n", ""), (piece("ab") + error, "ab")] {
            let reader = read(body)
            #expect(reader.answer.failure?.message.contains(says) == true, "\(body): \(String(describing: reader.answer.failure))")
            #expect(reader.answer.failure?.kind == kind, "\(body)")
            #expect((reader.partialText ?? "") == text, "\(body)")
        }
        // Behind its end an answer is whole, and paid for.
        let late = read(piece("ab", finish: "stop") + error + "\n\n" + done)
        #expect(late.answer.failure == nil)
        #expect(late.answer.notes.map(\.code) == [.lateError])
    }

    @Test(arguments: [
        "null", #""""#, #"" ""#, #""none""#, "{}", "[]", "false", "0", #"{"message":null}"#, #"{"message":"","type":"","param":null,"code":""}"#,
        #"{"message":"","code":0}"#, #"{"message":null,"type":"none","code":"success"}"#, #"{"message":"","code":500}"#,
    ])
    func `W12 an error without a word beside a good answer is none`(error: String) {
        let more = #","error":\#(error)"#
        #expect(read(whole(#"{"content":"good"}"#, more: more)).answer.failure == nil)
        let chunk = #"{"choices":[{"delta":{"content":"good"},"finish_reason":"stop"}],"error":\#(error)}"#
        #expect(read(event(chunk) + done).answer.failure == nil)
        #expect(read(event(chunk)).answer.response.text == "good")
        // Without an answer it is a failure in any case.
        #expect(read(#"{"error":\#(error)}"#).answer.failure != nil)
    }

    @Test func `W12 an error with a word is one, whatever stands beside it`() {
        for error in [#"{"message":"gone"}"#, #""gone""#, #"{"code":502,"detail":"gone"}"#, #"{"odd":1}"#, "true"] {
            let reader = read(whole(#"{"content":"half"}"#, more: #","error":\#(error)"#))
            #expect(reader.answer.failure != nil, "\(error)")
            #expect(reader.partialText == "half")
        }
    }

    // MARK: Forms

    @Test func `W10 keep-alives and blanks are harmless`() {
        let answer = read("data:\n\ndata: \n\n:\n\nevent: ping\n\n" + piece("ab") + "data:\n\n" + piece("c", finish: "stop") + "data: [DONE] \n\n").answer
        #expect(answer.failure == nil)
        #expect(answer.response.text == "abc")
        #expect(answer.isEndAnnounced)
    }

    @Test func `W11 a body is read by what it is`() {
        let text = "Grüße"
        let stream = piece(text) + piece("", finish: "stop") + done
        let bodies = [
            stream, "\u{FEFF}" + stream, ": hello\n\n" + stream, "\n\n" + stream, stream.replacing("\n", with: "\r"), stream.replacing("\n", with: "\r\n"),
            "event: message\n" + stream, "retry: 3000\n\n" + stream, "id: 1\n" + stream,
            whole(#"{"content":"\#(text)"}"#), "\u{FEFF}\r\n " + whole(#"{"content":"\#(text)"}"#) + "\n",
            // Lines of JSON, and events that a single newline parts.
            stream.replacing("data: ", with: "").replacing("\n\n[DONE]\n\n", with: "\n"), stream.replacing("\n\n", with: "\n"),
        ]
        for body in bodies {
            for size in [1, 3, 1000] {
                var reader = AnswerReader(maxOutputTokens: 64)
                let body = bytes(body)
                for start in stride(from: 0, to: body.count, by: size) {
                    Array(body[start..<min(start + size, body.count)]).withUnsafeBytes { _ = reader.push($0) }
                }
                reader.end(isCut: false)
                #expect(reader.answer.failure == nil, "\(String(decoding: body, as: UTF8.self))")
                #expect(reader.answer.response.text == text)
                #expect(reader.answer.isEndAnnounced)
            }
        }
    }

    @Test func `a document that broke off leaves what came of it`() {
        let document = whole(#"{"role":"assistant","content":"Grüße \"an\" \u00e9 alle"}"#, more: #","usage":{"prompt_tokens":9,"completion_tokens":7}"#)
        let all = bytes(document)
        for count in all.indices {
            var reader = AnswerReader(maxOutputTokens: 64)
            Array(all[..<count]).withUnsafeBytes { _ = reader.push($0) }
            reader.end(isCut: true)
            #expect(!reader.answer.isEndAnnounced && !reader.isWholeDocument, "\(count)")
            #expect("Grüße \"an\" é alle".hasPrefix(reader.partialText ?? ""), "\(count): \(reader.partialText ?? "")")
        }
        #expect(read(String(document.prefix(80)), isCut: true).partialText?.hasPrefix("Grüße") == true)
        #expect(read(String(document.dropLast(1)), isCut: true).answer.usage.raw != nil)
        // Not cut by the network, and not JSON all the same.
        let ended = read(String(document.prefix(80)))
        #expect(ended.answer.failure?.kind == .malformedResponse)
        #expect(ended.partialText?.hasPrefix("Grüße") == true)
    }

    @Test func `A18 an answer is bounded by its cap of output tokens`() {
        #expect(AnswerReader.mostBytes(maxOutputTokens: 64, hasLogprobs: false) < 5 << 20)
        #expect(AnswerReader.mostBytes(maxOutputTokens: .max, hasLogprobs: true) > 0)
        // What is kept of a longer one is what its cap could have been.
        let long = read(whole(#"{"content":"\#(String(repeating: "x", count: 200_000))"}"#, more: #","error":"late""#))
        #expect(long.partialText?.utf8.count == 65_536 + 64 * 128)
        #expect(long.answer.outputBytes == 200_000)
    }

    @Test func `names and usage of any length are bounded`() {
        let long = String(repeating: "n", count: 100_000)
        let answer = read(#"{"model":"\#(long)","choices":[{"message":{"content":"x"},"finish_reason":"\#(long)"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"x":"\#(long)"}}"#).answer
        #expect(answer.modelServed?.utf8.count == 256)
        #expect(answer.response.finishWord?.utf8.count == 64)
        #expect(answer.usage.raw.map { $0.utf8.count < 2000 } == true)
    }

    // MARK: Over the wire

    @Test(arguments: ["Text/Event-Stream", "text/plain", "", "application/json"])
    func `W11 content types are not believed`(type: String) async throws {
        for (isStream, body) in [(false, piece("ok", finish: "stop") + done), (true, whole(#"{"content":"ok"}"#)), (true, piece("ok", finish: "stop"))] as [(Bool, String)] {
            try await withStub(script: { _ in StubResponse(contentType: type, body: .bytes(bytes(body))) }) { registry, server in
                let result = await registry.call(.sample { $0.stream = isStream })
                #expect(result.text == "ok")
                #expect(json(String(decoding: server.requests[0].body, as: UTF8.self))["stream"] == .bool(isStream))
            }
        }
    }

    @Test func `item 5 a cut stream keeps its text, its usage as a floor, and says what ended it`() async throws {
        let usage = event(#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":900}}"#)
        let body = bytes(usage + piece("half an answer"))
        for (ending, kind) in [(StubResponse.Ending.complete, FailureKind.malformedResponse), (.cut(afterBytes: 0), .connection)] {
            try await withStub(script: { _ in StubResponse(contentType: "text/event-stream", body: .chunks([body]), ending: ending) }) { registry, _ in
                let result = await registry.call(.sample { $0.stream = true })
                #expect(result.failure?.kind == kind)
                #expect(result.partialText == "half an answer")
                #expect(result.billing == .unknown && !result.isWhole)
                #expect(result.usage == TokenUsage(plainInput: 7, plainOutput: 900))
                #expect(result.outputBytes == 14)
            }
        }
    }

    @Test func `W1 W2 usage that cannot be true is not final and says why`() async throws {
        for (usage, says) in [
            (#"{"prompt_tokens":20,"completion_tokens":198,"total_tokens":623}"#, "405 tokens more"),
            (#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#, "does not count the prompt and the answer"),
            ("{}", "does not count"), ("null", "did not say"), (#"{"prompt_tokens":1000000000,"completion_tokens":5}"#, "cannot be: it has"),
        ] {
            try await withStub(script: { _ in .json(json(#"{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}],"usage":\#(usage)}"#)) }) { registry, _ in
                let result = await registry.call(.sample())
                #expect(result.text == "ok")
                #expect(result.billing == .unknown)
                #expect(result.isWhole)
                #expect(result.notes.first?.message.contains(says) == true, "\(result.notes)")
            }
        }
    }

    @Test func `W1 a dialect can say what a total tells beyond its parts`() async throws {
        let answer = json(#"{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":198,"total_tokens":623}}"#)
        try await withStub(dialect: ["rest_of_total": "reasoning"], script: { _ in .json(answer) }) { registry, _ in
            let result = await registry.call(.sample())
            #expect(result.billing == .reported)
            #expect(result.usage == TokenUsage(plainInput: 20, plainOutput: 198, reasoning: 405))
        }
    }

    @Test func `a refusal that counts tokens owes them`() async throws {
        for (usage, billing) in [(#"{"prompt_tokens":20,"completion_tokens":5}"#, BillingEvidence.reported), (#"{"completion_tokens":5}"#, .unknown), (#"{"prompt_tokens":0,"completion_tokens":0}"#, .notBilled)] {
            let body = #"{"error":{"message":"gave up","code":500},"usage":\#(usage)}"#
            try await withStub(script: { _ in StubResponse(status: 500, body: .bytes(bytes(body))) }) { registry, _ in
                let result = await registry.call(.sample())
                #expect(result.failure?.kind == .serverError)
                #expect(result.billing == billing)
            }
        }
    }

    @Test func `W8 an unknown end is told with the call`() async throws {
        try await withStub(script: { _ in .json(json(#"{"choices":[{"message":{"content":"ok"},"finish_reason":"sleepy"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#)) }) { registry, _ in
            let result = await registry.call(.sample())
            #expect(result.notes == [CallNote(.finishReason, "the server says that the answer ended by 'sleepy', which is not known")])
        }
    }

    @Test(arguments: [
        ("http://h/v1", "http://h/v1/x"), ("http://h/v1/", "http://h/v1/x"), ("http://h/v1?api-version=2", "http://h/v1/x?api-version=2"),
        ("http://h/v1/?a=b&c=/d", "http://h/v1/x?a=b&c=/d"), ("http://h", "http://h/x"), ("http://h/v1#top", "http://h/v1/x"), ("http://h?a", "http://h/x?a"),
    ])
    func `W13 the query of an address stays behind its path`(base: String, expected: String) {
        #expect(EndpointURL.joined(base, "/x") == expected)
    }

    @Test func `W15 a server that loads its model is coming up`() async throws {
        for (status, body, expected) in [
            (503, #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, true),
            (503, #"{"error":"Model org/m is currently loading","estimated_time":20.0}"#, true),
            (503, #"{"error":{"message":"overloaded"}}"#, false), (500, #"{"error":{"message":"Loading model"}}"#, false),
        ] {
            try await withStub(script: { _ in StubResponse(status: status, body: .bytes(bytes(body))) }) { registry, _ in
                let result = await registry.call(.sample())
                #expect(result.isComingUp == expected)
                #expect(result.failure?.kind == .serverError)
                #expect(result.billing == .notBilled)
            }
        }
    }

    @Test func `another governor's cap is a budget's failure and is not tried again`() async throws {
        for code in ["agentctl_cap", "budget_exceeded"] {
            try await withStub(script: { _ in
                StubResponse(status: 429, headers: [("x-should-retry", "true")], body: .bytes(bytes(#"{"error":{"message":"the cap is reached","code":"\#(code)"}}"#)))
            }) { registry, _ in
                let failure = try #require(await registry.call(.sample()).failure)
                #expect(failure.kind == .budget)
                #expect(failure.shouldRetry == false)
            }
        }
    }
}
