import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// A1: bytes that came and could not be read were made, and cost what they can have cost.
@Suite struct LostBytesTests {
    private func read(_ body: [UInt8], isCut: Bool = false) -> AnswerReader {
        var reader = AnswerReader(maxOutputTokens: 1 << 16)
        body.withUnsafeBytes { _ = reader.push($0) }
        reader.end(isCut: isCut)
        return reader
    }

    private static let size = 100_000
    private static let long = String(repeating: "x", count: size)

    private static func document(_ text: String, more: String = "") -> String { #"{"choices":[{"message":{"content":"\#(text)"},"finish_reason":"stop"}]\#(more)}"# }
    private static func event(_ text: String, more: String = "") -> String { #"data: {"choices":[{"delta":{"content":"\#(text)"}}]\#(more)}"# + "\n\n" }

    @Test(arguments: [
        long, #"{"data":{"choices":[{"message":{"content":"\#(long)"}}]}}"#, #"["\#(long)"]"#, #"{"choices":["\#(long)"]}"#, #"{"choices":[{"output":"\#(long)"}]}"#,
        #"{"choices":[{"message":"\#(long)"}]}"#, #"{"choices":[{"message":{"output":"\#(long)"}}]}"#, #"{"choices":[{"message":{"content":null,"reasoning_details":[{"text":"\#(long)"}]}}]}"#,
        #"{"message":{"content":"\#(long)"},"done":true}"#, #"{"choices":[{"message":{"content":"\#(long)"}}],,}"#,
        event("a") + #"data: {"choices":[{"delta":{"content":"\#(long)"}},]}"# + "\n\n", event("a") + "data: \(long)\n\n",
        #"data: {"choices":[{"delta":{"reasoning_details":[{"text":"\#(long)"}]}}]}"# + "\n\n", #"data: {"data":{"choices":[{"delta":{"content":"\#(long)"}}]}}"# + "\n\ndata: [DONE]\n\n",
        String(event(long).dropLast(3)), String(document(long).dropLast(20)), event("a") + #"data: {"choices":[{"delta":"\#(long)"}]}"# + "\n\n",
    ])
    func `A1 no byte of what cannot be read is free`(body: String) {
        for isCut in [false, true] {
            let bytes = read(bytes(body), isCut: isCut).outputBytes
            #expect(bytes >= Self.size && bytes < Self.size + 300, "\(bytes) of \(body.prefix(60))")
        }
    }

    @Test(arguments: [
        ("a\nb\u{1}", "", "a\nb\u{1}"), ("a", #","logprobs":NaN,"x":[-Infinity,Infinity]"#, "a"), (#"it\'s \u12g"#, "", #"it\'s \u12g"#), ("a \\u00e9", #","x":nan"#, "a é"),
    ])
    func `A1 faults that have one meaning lose neither text nor usage`(text: String, more: String, expected: String) {
        let usage = #","usage":{"prompt_tokens":7,"completion_tokens":5}"#
        let body = bytes(Self.document(text, more: more + usage))
        for behind in [[], [0], bytes("\n}"), bytes("<!-- x -->")] as [[UInt8]] {
            let reader = read(body + behind)
            #expect(reader.answer.failure == nil)
            #expect(reader.answer.text == expected)
            #expect(reader.counts(promptBytes: 40).isFinal && reader.counts(promptBytes: 40).0.output == 5)
        }
        // Cut, it keeps what came.
        #expect(read(Array(body.dropLast(usage.utf8.count + more.utf8.count + 1)), isCut: true).partialText == expected)
        if more.isEmpty { return }
        let stream = read(bytes(Self.event(text, more: more) + "data: [DONE]\n\n"))
        #expect(stream.answer.failure == nil && stream.answer.text == expected)
    }

    @Test func `A1 a byte that is not UTF-8 becomes the sign for it`() {
        let body = bytes(#"{"choices":[{"message":{"content":"a"#) + [0xFF] + bytes(#"b"},"finish_reason":"stop"}]}"#)
        #expect(read(body).answer.response.text == "a\u{FFFD}b")
        #expect(read(body).answer.failure == nil)
    }

    @Test func `A1 what stands behind an answer counts, and a long one is no honest usage`() {
        let reader = read(bytes(Self.document("a", more: #","usage":{"prompt_tokens":7,"completion_tokens":5}"#) + Self.document(Self.long)))
        #expect(reader.outputBytes > Self.size)
        #expect(!reader.counts(promptBytes: 40).isFinal)
    }

    @Test func `a page and an error cost nothing`() {
        for body in ["<html>\(Self.long)</html>", #"{"error":{"message":"\#(Self.long)","code":500}}"#, #"data: {"error":{"message":"\#(Self.long)"}}"# + "\n\n", #"{"detail":"\#(Self.long)"}"#] {
            #expect(read(bytes(body)).outputBytes == 0)
        }
    }

    @Test func `item 5 the last event of a cut stream keeps its text, and an end before it`() {
        let cut = read(bytes(Self.event("Hello") + String(Self.event(" world").dropLast(8))), isCut: true)
        #expect(cut.partialText == "Hello worl")
        #expect(!cut.answer.isEndAnnounced)
        let end = #"data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}"# + "\n\n"
        let usage = #"data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"tot"#
        #expect(read(bytes(end + usage), isCut: true).outcome(after: CallFailure(.connection, "cut")).map(\.text) == .success("Hi"))
        // What went on behind its end was not at its end.
        #expect(!read(bytes(end + String(Self.event("more").dropLast(8))), isCut: true).answer.isEndAnnounced)
    }

    @Test func `fields of nobody's do not make an answer go on`() {
        let end = #"data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}"# + "\n\n"
        #expect(read(bytes(end + #"data: {"choices":[{"delta":{"sources":["x"],"content":""}}]}"# + "\n\n")).answer.isEndAnnounced)
    }
}
