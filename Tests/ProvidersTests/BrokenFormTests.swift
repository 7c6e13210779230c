import Economics
import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// W9, W6, A1: faults of form. What cannot be read takes nothing from what stands beside it: an answer is whole only if its end was
/// announced, told counts are a floor, and no byte that came is free.
@Suite struct BrokenFormTests {
    private func read(_ body: [UInt8], isCut: Bool = false) -> AnswerReader {
        var reader = AnswerReader(maxOutputTokens: 1 << 16)
        body.withUnsafeBytes { _ = reader.push($0) }
        reader.end(isCut: isCut)
        return reader
    }

    private func read(_ body: String, isCut: Bool = false) -> AnswerReader { read(bytes(body), isCut: isCut) }

    private static func chunk(_ text: String, finish: String? = nil, more: String = "") -> String {
        #"{"choices":[{"index":0,"delta":{"content":"\#(text)"},"finish_reason":\#(finish.map { "\"\($0)\"" } ?? "null")}]\#(more)}"#
    }

    private static func event(_ text: String) -> String { "data: " + text + "\n\n" }
    private static let huge = #"{"choices":[],"usage":{"prompt_tokens":1000000,"completion_tokens":1000000}}"#
    private static let error = #"{"error":{"message":"overloaded","code":529}}"#
    private static func document(_ text: String, finish: String? = "stop", more: String = "") -> String {
        #"{"choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":\#(finish.map { "\"\($0)\"" } ?? "null")}]\#(more)}"#
    }

    // MARK: Ends

    private static let unended: [(String, String)] = {
        var list: [(String, String)] = []
        list.append((chunk("The answer is NOT ") + "\n" + chunk("safe, do not ") + "\n" + String(chunk("deploy").dropLast(30)), "The answer is NOT safe, do not de"))
        list.append((chunk("Delete ") + "\n", "Delete "))
        list.append((chunk("Delete "), "Delete "))
        list.append((chunk("Delete ") + "\nbye\n", "Delete "))
        list.append((chunk("Delete ") + "\n{bad}\n" + chunk("all"), "Delete "))
        list.append((chunk("Delete ") + chunk("nothing"), "Delete nothing"))
        list.append(("[" + chunk("Delete ") + ",\n" + chunk("nothing") + "]", "Delete nothing"))
        list.append((chunk("Delete ", more: #","usage":{"prompt_tokens":10,"completion_tokens":1}"#) + "\n" + String(chunk("nothing", more: #","usage":{"prompt_tokens":10,"completion_tokens":1000000}"#).dropLast(4)), "Delete nothing"))
        return list
    }()

    @Test(arguments: unended)
    func `W9 an answer in lines that no end was announced of is no success`(body: String, text: String) {
        for isCut in [false, true] {
            let reader = read(body, isCut: isCut)
            let outcome = reader.outcome(after: isCut ? CallFailure(.connection, "cut") : nil)
            #expect(throws: CallFailure.self, "\(body)") { try outcome.get() }
            #expect(reader.partialText == text, "\(body)")
            #expect(!reader.isWhole && !reader.counts(promptBytes: 40).isFinal, "\(body)")
        }
    }

    private static let errors: [String] = {
        var list: [String] = []
        list.append(chunk("Delete ") + "\n" + error + "\nbye\n")
        list.append(chunk("Delete ") + error)
        list.append(document("Delete ", finish: nil) + error)
        list.append(chunk("Delete ") + "\n" + error)
        list.append("[" + chunk("Delete ") + "," + error + "]")
        list.append(event(chunk("Delete ") + error))
        return list
    }()

    @Test(arguments: errors)
    func `W9 the server's own error behind a chunk is heard`(body: String) {
        let reader = read(body)
        #expect(reader.answer.failure?.message.contains("overloaded") == true, "\(body): \(String(describing: reader.answer.failure))")
        #expect(reader.partialText == "Delete ")
    }

    private static let ended: [(String, String, FinishReason)] = {
        var list: [(String, String, FinishReason)] = []
        list.append((chunk("all ") + "\n" + chunk("of it", finish: "length") + "\nbye\n", "all of it", FinishReason.length))
        list.append((chunk("all ") + chunk("of it", finish: "stop") + "[DONE]", "all of it", .stop))
        list.append((chunk("all ") + "\n" + chunk("of it") + "\n[DONE]\n", "all of it", .other))
        list.append(("[" + document("all of it") + "]", "all of it", .stop))
        list.append((document("all of it").replacing("}]", with: ",},]"), "all of it", .stop))
        list.append(("WARNING: slow\n" + document("all of it"), "all of it", .stop))
        list.append((document("all of it") + document("more of it"), "all of it", .stop))
        list.append(("\u{1E}" + chunk("all ") + "\n\u{1E}" + chunk("of it", finish: "stop") + "\n", "all of it", .stop))
        return list
    }()

    @Test(arguments: ended)
    func `W11 an answer whose end was announced is whole, whatever its form`(body: String, text: String, finish: FinishReason) {
        let reader = read(body)
        #expect(reader.answer.failure == nil, "\(body): \(String(describing: reader.answer.failure))")
        #expect(reader.answer.response.text == text, "\(body)")
        #expect(reader.answer.response.finishReason == finish, "\(body)")
        #expect(reader.answer.isEndAnnounced, "\(body)")
    }

    @Test func `item 5 what a line end parts is not put together, as something may be missing there`() {
        let reader = read(Self.event(Self.chunk("Hello")) + #"data: {"choices":[{"delta":{"content":" worl"# + "event: error\ndata: the server is out of every", isCut: true)
        #expect(reader.partialText == "Hello")
        // Nor what another text cut off.
        #expect(read(Self.event(Self.chunk("Hello")) + #"data: {"choices":[{"delta":{"content":" erro{"error":{"message":"the "#, isCut: true).partialText == "Hello")
    }

    @Test(arguments: [#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":1}}"#, "foo: bar\rdata:" + #"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":1}}"# + "\r\rdat"])
    func `W9 counts alone are those of no whole answer`(body: String) {
        for isCut in [false, true] { #expect(!read(body, isCut: isCut).counts(promptBytes: 40).isFinal) }
    }

    // MARK: Counts

    private static let told: [String] = {
        var list: [String] = []
        list.append("data: " + chunk("paid ") + "\ndata: " + huge + "\ndata: " + String(chunk("three").dropLast(20)))
        list.append("data: " + chunk("paid ") + "\ndata: {bad\ndata: " + chunk("two", finish: "stop") + "\ndata: " + huge + "\n")
        list.append(event(chunk("paid ")) + event(huge.replacing("}}", with: "},}")))
        list.append(document("paid ").replacing("}]}", with: #"}],"usage":{"prompt_tokens":1000000,"completion_tokens":1000000},}"#))
        list.append("[" + document("paid ", more: #","usage":{"prompt_tokens":1000000,"completion_tokens":1000000}"#) + "]")
        list.append(event(chunk("paid ", finish: "stop")) + "data: " + huge + "data: [DONE]\n\n")
        list.append(event(chunk("paid ", finish: "stop")) + "data: " + huge + "[DONE]\n\n")
        list.append(event(chunk("paid ", finish: "stop")) + " data: " + huge + "\n\ndata: [DONE]\n\n")
        list.append(document("paid ", more: #","usage":{"prompt_tokens":1000000,"completion_tokens":1000000},"usage":{"prompt_tokens":10,"completion_tokens":5}"#))
        list.append(document("paid ", more: #","usage":{"prompt_tokens":1000000,"completion_tokens":1000000,"prompt_tokens":10,"completion_tokens":5}"#))
        list.append(
            #"{"choices":[{"index":0,"message":{"content":"paid "},"finish_reason":"stop"},{"index":1,"message":{"content":"b"},"usage":{"prompt_tokens":1000000,"completion_tokens":1000000}}],"usage":{"prompt_tokens":10,"completion_tokens":5}}"#
        )
        list.append(#"{"choices":[{"index":0,"message":{"content":"paid ","usage":{"prompt_tokens":1000000,"completion_tokens":1000000}},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5}}"#)
        list.append(chunk("paid ") + "\n" + huge + "\n" + String(chunk("three").dropLast(20)))
        list.append(chunk("paid ") + "\n{bad}\n" + huge + "\n")
        list.append(chunk("paid ") + "\n" + String(huge.dropLast(1)) + "\n" + chunk("b") + "\n")
        list.append("WARNING: slow\n" + chunk("paid ", finish: "stop") + "\n" + huge)
        return list
    }()

    @Test(arguments: told)
    func `W6 counts that were told are a floor, whatever fault of form stands beside them`(body: String) {
        let reader = read(body, isCut: !body.hasSuffix("\n") && !body.hasSuffix("}") && !body.hasSuffix("]"))
        let counts = reader.counts(promptBytes: 40).0
        #expect(counts.input == 1_000_000 && counts.output == 1_000_000, "\(counts) of \(body)")
        #expect((reader.answer.text + "x").hasPrefix("paid "), "\(reader.answer.text) of \(body)")
    }

    // MARK: Bytes

    private static let size = 1_000_000
    private static let long = String(repeating: "y", count: size)
    private static func message(_ fields: String, _ more: String = "") -> String { #"{"choices":[{"index":0,"message":{\#(fields)},"finish_reason":"stop"\#(more)}]}"# }
    private static let parts = [
        #"{"type":"reasoning","content":"\#(long)"}"#, #"{"type":"reasoning","summary":"\#(long)"}"#, #"{"type":"reasoning","encrypted_content":"\#(long)"}"#, #"{"type":"redacted_thinking","data":"\#(long)"}"#,
        #"{"type":"thinking","thinking":["\#(long)"]}"#, #"[{"type":"text","text":"\#(long)"}]"#, #"{"type":"text","text":"","more":"\#(long)"}"#,
    ]

    private static let places: [String] = {
        var list: [String] = []
        list.append(message(#""content":"hi""#, #","delta":{"content":"ho"},"message":{"content":"\#(long)"}"#))
        list.append(message(#""content":"hi""#, #","text":"\#(long)""#))
        list.append(message(#""content":"hi","\#(long)":1"#))
        list.append(message(#""content":"hi""#, #","\#(long)":null"#))
        list.append(#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"\#(long)":true}"#)
        list.append(message(#""content":"\#(long)","content":"hi""#))
        list.append(#"{"choices":[{"message":{"content":"\#(long)"}}],"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#)
        list.append(message(#""content":"hi","tool_calls":[{"id":"c","type":"custom","custom":{"name":"f","input":"\#(long)"}}]"#))
        list.append(message(#""content":"hi","tool_calls":["\#(long)"]"#))
        list.append(message(#""content":"hi","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}","input":"\#(long)"}}]"#))
        list.append(message(#""content":"hi","tool_calls":[{"id":"c","type":"function","more":"\#(long)","function":{"name":"f","arguments":"{}"}}]"#))
        list.append(message(#""content":"hi","refusal":{"text":"\#(long)"}"#))
        list.append(message(#""content":"hi""#, #","reasoning_content":"\#(long)""#))
        list.append(message(#""content":"hi","annotations":[{"text":"\#(long)"}]"#))
        list.append(#"{"choices":[{"index":1,"foo":"\#(long)"},{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}"#)
        list.append(#"{"choices":[{"index":0,"foo":"\#(long)","finish_reason":"stop"},{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}"#)
        list.append(#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"output_text":"\#(long)"}"#)
        list.append(#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"id":"\#(long)"}"#)
        list.append(message(#""content":"hi""#, #","logprobs":{"content":[{"token":"\#(long)"}]}"#))
        list.append("<answer>" + document(long) + "</answer>")
        list.append("<x>" + long)
        list.append("<html>" + document(long))
        list.append(event(chunk("x", finish: "stop")) + "data: [DONE]\n\n" + event(chunk(long)))
        list.append(event(chunk("x")) + "foo: " + long + "\n\n" + event(chunk("y", finish: "stop")))
        list.append(event(chunk("x")) + ": " + long + "\n\n" + event(chunk("y", finish: "stop")))
        list.append(event(chunk("x", finish: "stop")) + "data: [DONE]\n\ndata: " + long + "\n\n")
        list.append(document("hi") + document(long))
        list.append(chunk("a") + "\n{bad}\n" + chunk(long) + "\n")
        for part in parts { list.append(message(#""content":[\#(part),{"type":"text","text":"hi"}]"#)) }
        return list
    }()

    @Test(arguments: places)
    func `A1 no byte that came is free, wherever it stands`(body: String) {
        let bytes = read(body).outputBytes
        // What a field has as frame is free; nothing counts twice.
        #expect(bytes >= Self.size - 90_000 && bytes < Self.size + 400, "\(bytes) of \(body.prefix(120))")
    }

    @Test func `A1 the frame of honest answers is free`() {
        let frame =
            #","id":"chatcmpl-9","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini-2024-07-18","system_fingerprint":"fp_1","service_tier":"default","obfuscation":"a8f","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}],"region":"eu","usage":null"#
        let piece =
            #"{"choices":[{"index":0,"delta":{"role":"assistant","content":"ab"},"text":"ab","logprobs":{"content":[{"token":"ab","logprob":-0.1,"top_logprobs":[]}]},"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},"finish_reason":null}]\#(frame)}"#
        let reader = read((0..<50).map { _ in Self.event(piece) }.joined() + ": ping\n\nid: 7\nevent: message\n" + Self.event(Self.chunk("", finish: "stop")))
        // The field that nobody knows counts once.
        #expect(reader.outputBytes == 100 + 2)
        // A whole message beside each piece is a repetition.
        let running = ["a", "ab", "abc"].map { #"{"choices":[{"index":0,"delta":{"content":"\#($0.suffix(1))"},"message":{"role":"assistant","content":"\#($0)"}}]}"# }
        #expect(read(running.map(Self.event).joined()).outputBytes == 3)
    }

    @Test func `A1 fields of nobody's judge no usage`() {
        let reader = read(Self.document("hi", more: #","audio":"\#(Self.long)","usage":{"prompt_tokens":10,"completion_tokens":5}"#))
        #expect(reader.counts(promptBytes: 40).isFinal)
    }

    // MARK: Characters

    @Test(arguments: [[#"\ud83d"#, #"\ude00"#], [#"a\uD83D"#, "", #"\uDE00b"#], [#"\\ud83d"#, "x"], [#"\ud83d"#, "x"], [#"\ud83d\ude00\ud83d"#, #"\ude00"#]])
    func `item 5 halves of a character are joined`(pieces: [String]) {
        let joined = pieces.joined()
        let expected = json("\"\(joined)\"").stringValue
        let sse = pieces.map { Self.event(Self.chunk($0)) }.joined() + Self.event(Self.chunk("", finish: "stop"))
        let lines = pieces.map { Self.chunk($0) + "\n" }.joined() + Self.chunk("", finish: "stop")
        for body in [sse, lines] {
            let reader = read(body)
            #expect(reader.answer.failure == nil)
            #expect(reader.answer.response.text == expected, "\(body)")
        }
    }

    @Test func `item 5 the bytes of a character are joined, and a half without the other is the sign for it`() {
        for cut in 1..<4 {
            let character = bytes("😀")
            func event(_ text: [UInt8]) -> [UInt8] { bytes(#"data: {"choices":[{"delta":{"content":""#) + text + bytes(#""}}]}"# + "\n\n") }
            let end = bytes(Self.event(Self.chunk("", finish: "stop")))
            let all = event(bytes("a") + character[..<cut]) + event(character[cut...] + bytes("b"))
            #expect(read(all + end).answer.response.text == "a😀b")
            #expect(read(event(bytes("a") + character[..<cut]) + bytes("data: [DONE]\n\n")).answer.response.text == "a\u{FFFD}")
            // Cut, only what is whole is kept.
            #expect(read(event(bytes("a") + character[..<cut]), isCut: true).partialText == "a")
        }
    }

    // MARK: Refusals

    private static let refusals: [(Int, String)] = {
        var list: [(Int, String)] = []
        list.append((500, document(long)))
        list.append((500, String(document(long).dropLast(50))))
        list.append((500, event(chunk(long)) + event(error)))
        list.append((302, document(long)))
        list.append((429, event(chunk(long)) + "data: [DONE]\n\n"))
        list.append((400, #"{"error":{"message":"no"},"choices":[{"message":{"content":"\#(long)"}}]}"#))
        return list
    }()

    @Test(arguments: refusals)
    func `A1 a refusal that brought text is no refusal before any work`(status: Int, body: String) async throws {
        try await withStub(script: { _ in StubResponse(status: status, body: .bytes(bytes(body))) }) { registry, _ in
            let result = await registry.call(.sample())
            #expect(result.failure != nil)
            #expect(result.billing == .unknown)
            #expect(result.outputBytes >= Self.size - 100 && result.partialText?.hasPrefix("yyy") == true)
        }
    }

    @Test(arguments: [429, 500, 400]) func `A1 a refusal counts what it told behind any number of chunks`(status: Int) async throws {
        let body = (0..<40).map { _ in Self.event(Self.chunk(String(repeating: "y", count: 4000))) }.joined() + Self.event(Self.huge) + "data: [DONE]\n\n"
        try await withStub(script: { _ in StubResponse(status: status, body: .bytes(bytes(body))) }) { registry, _ in
            let result = await registry.call(.sample())
            #expect(result.billing != .notBilled && result.counts.input == 1_000_000 && result.counts.output == 1_000_000)
        }
    }

    @Test func `a refusal in words or with an empty choice owes nothing`() async throws {
        for body in [Self.error, #"{"error":{"message":"\#(String(repeating: "no ", count: 5000))"}}"#, #"{"choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"message":"no","code":429}}"#, "<html>\(Self.long)</html>"] {
            try await withStub(script: { _ in StubResponse(status: 500, body: .bytes(bytes(body))) }) { registry, _ in
                let result = await registry.call(.sample())
                #expect(result.billing == .notBilled && result.outputBytes == 0)
            }
        }
    }
}
