import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import HTTP
@testable import Providers

/// What servers say in other words than OpenAI's, of ends, errors, names and counts.
@Suite struct WireWordTests {
    private func read(_ body: String) -> AnswerReader {
        var reader = AnswerReader(maxOutputTokens: 1 << 16)
        bytes(body).withUnsafeBytes { _ = reader.push($0) }
        reader.end(isCut: false)
        return reader
    }

    private func event(_ choice: String, more: String = "") -> String { #"data: {"choices":[\#(choice)]\#(more)}"# + "\n\n" }
    private func piece(_ text: String, _ end: String = #""finish_reason":null"#, more: String = "") -> String {
        event(#"{"delta":{"content":"\#(text)"},\#(end)}"#, more: more)
    }
    private let done = "data: [DONE]\n\n"

    // MARK: Ends

    @Test(arguments: [
        (#""finish_reason":"FinishReason.MAX_TOKENS""#, FinishReason.length), (#""finish_reason":"maxTokens""#, .length), (#""finish_reason":"MAX-TOKENS""#, .length),
        (#""finishReason":"MAX_TOKENS""#, .length), (#""finish_reason":{"type":"length"}"#, .length), (#""finish_reason":"endTurn""#, .stop),
        (#""finish_reason":"stop","native_finish_reason":"MAX_TOKENS""#, .length), (#""finish_reason":"stop","native_finish_reason":"SAFETY""#, .contentFilter),
        (#""finish_reason":"stop","native_finish_reason":"completed""#, .stop), (#""finish_reason":"length","native_finish_reason":"STOP""#, .length),
    ])
    func `W8 a cut is a cut in any spelling`(end: String, expected: FinishReason) {
        for body in [piece("Hi", end) + done, #"{"choices":[{"message":{"content":"Hi"},\#(end)}]}"#] {
            #expect(read(body).answer.response.finishReason == expected)
            #expect(read(body).answer.failure == nil && read(body).answer.isEndAnnounced)
        }
    }

    @Test func `W8 no later word takes a cut back`() {
        for first in ["length", "content_filter"] {
            for second in ["stop", "strange"] {
                let response = read(piece("Hi", #""finish_reason":"\#(first)""#) + event(#"{"delta":{},"finish_reason":"\#(second)"}"#) + done).answer.response
                #expect(response.finishReason.rawValue == first && response.finishWord == nil)
            }
        }
        #expect(read(piece("Hi", #""finish_reason":"stop""#) + event(#"{"delta":{},"finish_reason":"length"}"#)).answer.response.finishReason == .length)
    }

    @Test(arguments: ["data: ping\n\n", "data: [done]\n\n", "data: keep-alive\n\n"])
    func `W10 words for nothing end no good stream`(word: String) {
        let reader = read(piece("Hi") + word + (word.contains("done") ? "" : piece(" you", #""finish_reason":"stop""#)))
        #expect(reader.answer.failure == nil && reader.answer.isEndAnnounced)
        #expect(reader.answer.text == (word.contains("done") ? "Hi" : "Hi you"))
    }

    @Test(arguments: ["[null]", "[{}]", #""no error""#, #"["none"]"#, "[0]"])
    func `W12 lists and words of nothing are no errors`(error: String) {
        #expect(read(#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"error":\#(error)}"#).answer.failure == nil)
        #expect(read(#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"error":[\#(error),{"message":"broken"}]}"#).answer.failure != nil)
    }

    @Test(arguments: ["Model not ready, please retry", "server is starting up"])
    func `W15 a server that starts is coming up`(message: String) {
        #expect(ErrorClassifier.isComingUp(status: 503, body: bytes(#"{"error":{"message":"\#(message)"}}"#)))
    }

    // MARK: Names

    @Test func `W14 a name that comes late is told too, four at most`() {
        func chunk(_ model: String) -> String { piece("a", more: #","model":"\#(model)""#) }
        let answer = read(chunk("alias") + chunk("dear") + chunk("alias") + chunk("dear") + chunk("c") + chunk("d") + chunk("e")).answer
        #expect(answer.modelServed == "alias")
        #expect(answer.otherModelsServed == ["dear", "c", "d"])
    }

    @Test func `texts are bounded by bytes and cut between scalars`() {
        let character = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(character.count == 1)
        #expect(character.beginning(bytes: 64).utf8.count == 63)
        #expect("añb".beginning(bytes: 2) == "a" && "añb".beginning(bytes: 3) == "añ" && "añb".beginning(bytes: 4) == "añb" && "ñ".beginning(bytes: 0) == "")
        let answer = read(#"{"model":"\#(character)","choices":[{"message":{"content":"x","tool_calls":[{"function":{"name":"\#(character)"}}]},"finish_reason":"\#(character)"}]}"#).answer
        #expect(answer.modelServed.map { $0.utf8.count <= 256 } == true)
        #expect(answer.response.finishWord.map { $0.utf8.count <= 64 } == true)
        #expect(answer.response.toolCalls.allSatisfy { $0.name.utf8.count <= 128 })
        let error = read(#"{"error":{"message":"\#(character)","code":500}}"#).answer.failure
        #expect(error.map { $0.message.utf8.count < 1300 } == true)
        #expect(ErrorClassifier.classify(status: 400, headers: HTTPHeaders(), body: bytes(character)).0.message.utf8.count < 1300)
    }

    // MARK: Counts

    private func counts(_ usage: String, timings: String? = nil, outputBytes: Int = 8) -> UsageReading {
        var reader = UsageReader()
        reader.take(answer: json(#"{"usage":\#(usage)\#(timings.map { #","timings":\#($0)"# } ?? "")}"#))
        return reader.reading(promptBytes: 40, outputBytes: outputBytes, missingCacheIsUnknown: true)
    }

    @Test(arguments: [
        (#"{"prompt_tokens":1,"input_tokens":50000,"completion_tokens":3}"#, 50000, false), (#"{"prompt_tokens":0,"input_tokens":500,"completion_tokens":3}"#, 500, true),
        (#"{"prompt_tokens":500,"input_tokens":0,"completion_tokens":3}"#, 500, true), (#"{"prompt_tokens":500,"input_tokens":500,"completion_tokens":3}"#, 500, true),
        (#"{"prompt_tokens":0,"input_tokens":500,"cache_read_input_tokens":100,"completion_tokens":3}"#, 600, true),
        (#"{"prompt_tokens":1100,"input_tokens":100,"cache_read_input_tokens":1000,"completion_tokens":3}"#, 1100, true),
    ])
    func `W2 of two prompts the larger counts`(usage: String, input: Int, isFinal: Bool) {
        #expect(counts(usage).counts.input == input)
        #expect(counts(usage).isFinal == isFinal)
    }

    @Test(arguments: [
        (#""predicted_n":900"#, 3, 900, false), (#""predicted_n":900"#, 0, 900, true), (#""predicted_n":3"#, 3, 3, true), (#""predicted_n":0"#, 3, 3, true),
        (#""predicted_n":3,"prompt_n":4"#, 3, 3, true), (#""predicted_n":3,"prompt_n":4,"cache_n":3"#, 3, 3, true), (#""predicted_n":3,"prompt_n":400,"cache_n":3"#, 3, 3, false),
        (#""predicted_n":3,"prompt_n":400"#, 3, 3, false),
    ])
    func `W3 timings and usage of llama.cpp complete each other or contradict`(timings: String, told: Int, output: Int, isFinal: Bool) {
        let reading = counts(#"{"prompt_tokens":7,"completion_tokens":\#(told)}"#, timings: "{\(timings)}")
        #expect(reading.counts.output == output)
        #expect(reading.isFinal == isFinal)
    }

    @Test(arguments: [
        #""total_tokens":"90000""#, #""total_tokens":90000.5"#, #""total_tokens":"many""#, #""cached_tokens":2147483648"#, #""reasoning_tokens":2147483648"#,
        #""thoughtsTokenCount":2147483648"#, #""cache_creation_input_tokens":2147483648"#, #""cached_tokens":-2"#, #""prompt_tokens_details":{"cached_tokens":2147483648}"#,
        #""completion_tokens_details":{"audio_tokens":7000}"#, #""completion_tokens_details":{"rejected_prediction_tokens":5000}"#, #""prompt_tokens_details":{"audio_tokens":7000}"#,
    ])
    func `W1 a count that cannot be true never settles`(field: String) {
        #expect(!counts(#"{"prompt_tokens":100,"completion_tokens":30,\#(field)}"#).isFinal)
    }

    @Test(arguments: [
        #""total_tokens":"130""#, #""total_tokens":130.0"#, #""total_tokens":null"#, #""cached_tokens":"""#, #""cost":0.25"#, #""completion_tokens_details":{"audio_tokens":30,"share":0.5}"#,
        #""prompt_tokens_details":{"cached_tokens":"40"}"#,
    ])
    func `W1 a count in another form is one`(field: String) {
        #expect(counts(#"{"prompt_tokens":100,"completion_tokens":30,\#(field)}"#).isFinal)
    }

    @Test func `W1 a running count in front of the text does not settle it`() {
        let usage = #","usage":{"prompt_tokens":20,"completion_tokens":10}"#
        func isFinal(_ body: String) -> Bool { read(body).counts(promptBytes: 40).isFinal }
        let text = String(repeating: "x", count: 1100)
        #expect(!isFinal(piece("", more: usage) + piece(text, #""finish_reason":"stop""#) + done))
        #expect(isFinal(piece("", more: usage) + piece("Hi you", #""finish_reason":"stop""#) + done))
        #expect(isFinal(piece(text, more: usage) + event(#"{"delta":{},"finish_reason":"stop"}"#) + done))
    }

    // MARK: Refusals

    @Test(arguments: [
        "\u{FEFF}" + #"{"error":{"message":"no"},"usage":{"prompt_tokens":700,"completion_tokens":5}}"#,
        #"data: {"error":{"message":"no"},"usage":{"prompt_tokens":700,"completion_tokens":5}}"# + "\n\n",
        #"{"error":{"message":"no","usage":{"prompt_tokens":700,"completion_tokens":5}}}"#,
        #"{"error":{"message":"no"},"usage":{"prompt_tokens":700,"completion_tokens":5}"#,
        #"data: {"error":{"message":"no"},"usage":{"prompt_tokens":700,"completion_tokens":5}"#,
    ])
    func `W4 a refusal that counts tokens keeps its hold, however it is sent`(body: String) async throws {
        try await withStub(script: { _ in StubResponse(status: 500, contentType: "application/json", body: .bytes(bytes(body))) }) { registry, _ in
            let result = await registry.call(.sample())
            #expect(result.failure?.message.contains("no") == true)
            #expect(result.billing != .notBilled)
            #expect(result.counts.input == 700)
        }
    }
}
