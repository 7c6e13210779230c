import Economics
import Foundation
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// Answers of OpenAI's Responses API, whole and streamed, as its client's types have them.
@Suite(.timeLimit(.minutes(5))) struct ResponsesTests {
    private func read(_ body: String, isCut: Bool = false, step: Int = .max) -> ResponsesReader {
        ResponsesReader.reading(bytes(body), ExpectedAnswer(maxOutputTokens: 4096, provider: "openai"), isCut: isCut, step: step)
    }

    private static let usage = #"{"input_tokens":50,"input_tokens_details":{"cached_tokens":8,"cache_write_tokens":30},"output_tokens":40,"output_tokens_details":{"reasoning_tokens":9},"total_tokens":90}"#

    private static func response(_ output: String, status: String = "completed", more: String = #""error":null,"incomplete_details":null"#, usage: String = usage) -> String {
        #"{"id":"resp_1","object":"response","created_at":1.0,"model":"gpt-x","status":"\#(status)",\#(more),"instructions":null,"output":[\#(output)],"parallel_tool_calls":true,"tools":[],"tool_choice":"auto","usage":\#(usage)}"#
    }

    private static func message(_ text: String) -> String {
        #"{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"\#(text)","annotations":[],"logprobs":[]}]}"#
    }

    private static let reasoning = #"{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Let me see."}],"encrypted_content":"ZGF0YQ==","status":"completed"}"#
    private static let call = #"{"type":"function_call","id":"fc_1","call_id":"call_1","name":"sum","arguments":"{\"a\":2}","status":"completed"}"#

    @Test(arguments: [
        ("completed", #""incomplete_details":null"#, FinishReason.stop), ("incomplete", #""incomplete_details":{"reason":"max_output_tokens"}"#, .length),
        ("incomplete", #""incomplete_details":{"reason":"content_filter"}"#, .contentFilter), ("incomplete", #""incomplete_details":{"reason":"steered"}"#, .other),
        ("incomplete", #""incomplete_details":null"#, .length),
    ])
    func everyStatusMeansSomething(status: String, details: String, reason: FinishReason) {
        let whole = Self.response(Self.message("Hi"), status: status, more: details)
        let reader = read(whole)
        #expect(reader.answer.response.finishReason == reason && reader.answer.response.text == "Hi" && reader.isWhole && reader.answer.modelServed == "gpt-x")
        let stream = read(Self.event(#"{"type":"response.\#(status)","sequence_number":9,"response":\#(whole)}"#))
        #expect(stream.answer.response.finishReason == reason && stream.answer.response.text == "Hi" && stream.isWhole)
    }

    @Test(arguments: [
        ("failed", #""error":{"code":"server_error","message":"it broke"}"#, FailureKind.serverError, "it broke"), ("failed", #""error":{"code":"rate_limit_exceeded","message":"slow"}"#, .rateLimit, "slow"),
        ("failed", #""error":{"code":"invalid_prompt","message":"bad words"}"#, .badRequest, "bad words"), ("failed", #""error":null"#, .serverError, "failed"),
        ("failed", #""error":{"code":"image_too_large","message":"big"}"#, .badRequest, "big"), ("failed", #""error":{"code":"bio_policy","message":"no"}"#, .refusal, "no"),
        ("cancelled", #""error":null"#, .serverError, "cancelled"), ("in_progress", #""error":null"#, .serverError, "in_progress"),
    ])
    func whatFailedIsAFailure(status: String, error: String, kind: FailureKind, word: String) {
        let whole = Self.response("", status: status, more: error)
        for reader in [read(whole), read(Self.event(#"{"type":"response.failed","sequence_number":9,"response":\#(whole)}"#))] {
            guard case .failure(let failure) = reader.outcome() else {
                Issue.record("\(status) is an answer")
                continue
            }
            #expect(failure.kind == kind && failure.message.contains(word))
        }
    }

    @Test func usageComesInClasses() {
        let (counts, isFinal) = read(Self.response(Self.message("Hi"))).counts(promptBytes: 40)
        #expect(isFinal && counts == TokenCounts(input: 50, cacheRead: 8, cacheWrite: 30, output: 40, reasoning: 9, total: 90))
    }

    private static func event(_ data: String) -> String { "event: \(json(data)["type"]!.stringValue!)\ndata: \(data)\n\n" }

    private static var stream: String {
        let created = response("", status: "in_progress", more: #""error":null"#, usage: "null")
        let output = [reasoning, message("It is \\\"4\\\"."), call].joined(separator: ",")
        return [
            #"{"type":"response.created","sequence_number":0,"response":\#(created)}"#, #"{"type":"response.in_progress","sequence_number":1,"response":\#(created)}"#,
            #"{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}"#,
            #"{"type":"response.reasoning_summary_part.added","sequence_number":3,"item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}"#,
            #"{"type":"response.reasoning_summary_text.delta","sequence_number":4,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"Let me"}"#,
            #"{"type":"response.reasoning_summary_text.delta","sequence_number":5,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":" see."}"#,
            #"{"type":"response.reasoning_summary_text.done","sequence_number":6,"item_id":"rs_1","output_index":0,"summary_index":0,"text":"Let me see."}"#,
            #"{"type":"response.reasoning_summary_part.done","sequence_number":7,"item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"Let me see."}}"#,
            #"{"type":"response.output_item.done","sequence_number":8,"output_index":0,"item":\#(reasoning)}"#,
            #"{"type":"response.output_item.added","sequence_number":9,"output_index":1,"item":{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}}"#,
            #"{"type":"response.content_part.added","sequence_number":10,"item_id":"msg_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}"#,
            #"{"type":"response.output_text.delta","sequence_number":11,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"It is","logprobs":[]}"#,
            #"{"type":"response.output_text.delta","sequence_number":12,"item_id":"msg_1","output_index":1,"content_index":0,"delta":" \"4\".","logprobs":[]}"#,
            #"{"type":"response.output_text.done","sequence_number":13,"item_id":"msg_1","output_index":1,"content_index":0,"text":"It is \"4\".","logprobs":[]}"#,
            #"{"type":"response.content_part.done","sequence_number":14,"item_id":"msg_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"It is \"4\".","annotations":[]}}"#,
            #"{"type":"response.output_item.done","sequence_number":15,"output_index":1,"item":\#(message("It is \\\"4\\\"."))}"#,
            #"{"type":"response.output_item.added","sequence_number":16,"output_index":2,"item":{"type":"function_call","id":"fc_1","call_id":"call_1","name":"sum","arguments":"","status":"in_progress"}}"#,
            #"{"type":"response.function_call_arguments.delta","sequence_number":17,"item_id":"fc_1","output_index":2,"delta":"{\"a\""}"#,
            #"{"type":"response.function_call_arguments.delta","sequence_number":18,"item_id":"fc_1","output_index":2,"delta":":2}"}"#,
            #"{"type":"response.function_call_arguments.done","sequence_number":19,"item_id":"fc_1","output_index":2,"name":"sum","arguments":"{\"a\":2}"}"#,
            #"{"type":"response.output_item.done","sequence_number":20,"output_index":2,"item":\#(call)}"#,
            #"{"type":"response.completed","sequence_number":21,"response":\#(response(output))}"#,
        ].map(event).joined()
    }

    private static let parts: [ModelResponse.Part] = [
        .reasoning("Let me see."), .text("It is \"4\"."), .toolCall(ToolCall(id: "call_1", name: "sum", arguments: #"{"a":2}"#)),
        .verbatim(VerbatimBlock(provider: "openai", field: "output", content: .array([json(reasoning), json(message("It is \\\"4\\\".")), json(call)]))),
    ]

    @Test func itemsAreParts() {
        let whole = read(Self.response([Self.reasoning, Self.message("It is \\\"4\\\"."), Self.call].joined(separator: ",")))
        #expect(whole.answer.response.parts == Self.parts && whole.answer.response.finishReason == .toolCalls)
        for step in [Int.max, 1, 7, 64] {
            let reader = read(Self.stream, step: step)
            #expect(reader.answer.response.parts == Self.parts && reader.answer.response.finishReason == .toolCalls && reader.isWhole)
            // Each text counts once, however often it is told.
            #expect(reader.answer.outputBytes == "Let me see.It is \"4\".sum{\"a\":2}".utf8.count)
        }
    }

    @Test func whatOneEventLacksAnotherTells() {
        let events = Self.stream.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        // Without any of its kinds of events but the last, without its deltas, and with an empty list in its last.
        let last = events.last! + "\n\n"
        #expect(read(last).answer.response.parts == Self.parts)
        let noDeltas = events.filter { !$0.contains(".delta") }.joined(separator: "\n\n") + "\n\n"
        #expect(read(noDeltas).answer.response.parts == Self.parts)
        let empty = events.dropLast().joined(separator: "\n\n") + "\n\n" + Self.event(#"{"type":"response.completed","sequence_number":21,"response":\#(Self.response(""))}"#)
        #expect(read(empty).answer.response.parts == Self.parts)
    }

    @Test func piecesAreHandedOnAsTheyCome() {
        var reader = ResponsesReader(maxOutputTokens: 4096, recordsPieces: true)
        var pieces: [AnswerPiece] = []
        for byte in bytes(Self.stream) {
            _ = [byte].withUnsafeBytes { reader.push($0) }
            pieces += reader.takePieces()
        }
        #expect(pieces == [.reasoning("Let me"), .reasoning(" see."), .text("It is"), .text(" \"4\".")])
    }

    @Test func cutAtEveryByteItNeverSettles() {
        let stream = bytes(Self.stream)
        let end = stream.count - 2
        for length in stride(from: 0, to: end, by: 1) {
            let reader = ResponsesReader.reading(Array(stream[..<length]), ExpectedAnswer(maxOutputTokens: 4096), isCut: true, step: 4096)
            #expect(!reader.counts(promptBytes: 40).isFinal, "\(length)")
            #expect("It is \"4\".".utf8.starts(with: (reader.partialText ?? "").utf8))
            #expect(reader.outputBytes >= (reader.partialText ?? "").utf8.count)
            guard case .failure = reader.outcome(after: CallFailure(.connection, "cut")) else {
                Issue.record("cut at \(length) it is an answer")
                continue
            }
        }
        #expect(read(Self.stream).counts(promptBytes: 40).isFinal)
    }

    @Test func refusalsAndLogprobsAreRead() {
        let refusal = read(Self.response(#"{"type":"message","id":"m","role":"assistant","status":"completed","content":[{"type":"refusal","refusal":"I won't."}]}"#))
        #expect(refusal.answer.response.refusal == "I won't." && refusal.answer.failure == nil)
        let stream = read(
            Self.event(#"{"type":"response.refusal.delta","item_id":"m","output_index":0,"content_index":0,"delta":"I ","sequence_number":1}"#)
                + Self.event(#"{"type":"response.refusal.done","item_id":"m","output_index":0,"content_index":0,"refusal":"I won't.","sequence_number":2}"#)
                + Self.event(#"{"type":"response.completed","sequence_number":3,"response":\#(Self.response(""))}"#))
        #expect(stream.answer.response.refusal == "I won't.")
        let tokens = #"[{"token":"Hi","bytes":[72,105],"logprob":-0.1,"top_logprobs":[]}]"#
        let item = #"{"type":"message","id":"m","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi","annotations":[],"logprobs":\#(tokens)}]}"#
        let expected = JSONValue.object(["content": json(tokens)])
        #expect(read(Self.response(item)).answer.response.logprobs == expected)
        let delta = Self.event(#"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"Hi","logprobs":[{"token":"Hi","logprob":-0.1}],"sequence_number":1}"#)
        let closed = Self.event(#"{"type":"response.output_item.done","output_index":0,"sequence_number":2,"item":\#(item)}"#)
        let end = Self.event(#"{"type":"response.completed","sequence_number":3,"response":\#(Self.response(item))}"#)
        #expect(read(delta + closed + end).answer.response.logprobs == expected)
    }

    @Test func anErrorEventIsTheServers() {
        let reader = read(
            Self.event(#"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"Hi","logprobs":[],"sequence_number":1}"#)
                + Self.event(#"{"type":"error","code":"server_error","message":"it broke","param":null,"sequence_number":2}"#))
        #expect(reader.answer.failure?.kind == .serverError && reader.answer.failure?.message.contains("it broke") == true && reader.partialText == "Hi")
    }

    private static let long = String(repeating: "x", count: 100_000)

    @Test(arguments: [
        response(message(long)), response(#"{"type":"odd","stuff":"\#(long)"}"#), response(#""\#(long)""#), response(#"{"type":"reasoning","summary":[],"encrypted_content":"\#(long)"}"#),
        response(#"{"type":"function_call","name":"t","arguments":"\#(long)"}"#), event(#"{"type":"response.odd.delta","delta":"\#(long)"}"#),
        event(#"{"type":"response.output_text.delta","delta":"\#(long)"}"#), event(#"{"type":"response.output_item.done","output_index":3,"item":{"type":"odd","x":"\#(long)"}}"#),
        #"{"output":"\#(long)"}"#,
    ])
    func `A1 no byte of what cannot be read is free`(body: String) {
        #expect(read(body).outputBytes >= 100_000)
        #expect(read(body, isCut: true).outputBytes >= 100_000)
    }

    @Test func anAnswerOfAnotherAPISaysSo() {
        #expect(read(#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#).answer.failure?.message.contains("api: openai-chat") == true)
    }
}
