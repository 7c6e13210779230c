import Economics
import Foundation
import Testing
import Values
import WorkflowModel

@testable import Providers

/// `Tests/Conformance/usage.json`: 12 styles of usage objects times 13 objects, and the mixtures of the issue, with what they come to
/// worked out by hand; whole and streamed, in any order of chunks.
@Suite struct UsageTableTests {
    struct Entry: Sendable, CustomTestStringConvertible {
        let row: JSONValue

        var testDescription: String { "\(row["style"]?.stringValue ?? ""), \(row["object"]?.stringValue ?? "")" }
        var chunks: [JSONValue] { row["chunks"]?.arrayValue ?? [] }
        var isFinal: Bool { row["verdict"] == "final" }

        func count(_ name: String) -> Int? { row["counts"]?[name]?.intValue.map { Int($0) } }
    }

    static let entries: [Entry] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Conformance/usage.json")
        let table = try! JSONParser.parse(Array(Data(contentsOf: file)))
        return table["rows"]!.arrayValue!.map(Entry.init)
    }()

    @Test func `there are 12 styles and 13 objects of each`() {
        let styles = Dictionary(grouping: Self.entries) { $0.row["style"]!.stringValue! }.filter { $0.key != "mixed" }
        #expect(styles.count == 12)
        #expect(styles.allSatisfy { $0.value.count == 13 })
    }

    private func check(_ reading: UsageReading, _ entry: Entry, _ how: String) {
        let counts = reading.counts
        #expect(counts.input == entry.count("input"), "\(how)")
        #expect(counts.cacheRead == entry.count("cache_read"), "\(how)")
        #expect(counts.cacheWrite == entry.count("cache_write"), "\(how)")
        #expect(counts.output == entry.count("output"), "\(how)")
        #expect(counts.reasoning == entry.count("reasoning"), "\(how)")
        #expect(reading.isFinal == entry.isFinal, "\(how): \(String(describing: reading.note))")
        if let says = entry.row["says"]?.stringValue { #expect(reading.note?.message.contains(says) == true, "\(how): \(reading.note?.message ?? "no note")") }
        // Nothing is lost and nothing stands twice.
        if let usage = counts.usage {
            #expect(usage.totalInput == counts.input && usage.totalOutput == counts.output)
            #expect(counts.estimate(input: 25, output: 25, isWhole: true).unexplained == Int(entry.row["unexplained"]?.intValue ?? 0))
        }
    }

    private static func orders(_ chunks: [JSONValue]) -> [[JSONValue]] {
        guard chunks.count > 1 else { return [chunks] }
        return chunks.indices.flatMap { first in
            var rest = chunks
            let chunk = rest.remove(at: first)
            return orders(rest).map { [chunk] + $0 }
        }
    }

    @Test(arguments: entries) func anyOrderReadsTheSame(_ entry: Entry) {
        for chunks in Self.orders(entry.chunks) {
            var reader = UsageReader()
            for chunk in chunks { reader.take(answer: chunk) }
            check(reader.reading(promptBytes: 100, outputBytes: 100, missingCacheIsUnknown: true), entry, "\(chunks.map(\.jsonText))")
        }
    }

    private static let text = String(repeating: "x", count: 100)

    private func read(_ body: String, _ entry: Entry, _ how: String) {
        var reader = AnswerReader(maxOutputTokens: 4096)
        bytes(body).withUnsafeBytes { _ = reader.push($0) }
        reader.end(isCut: false)
        #expect(reader.answer.failure == nil, "\(how)")
        #expect(reader.answer.text == Self.text, "\(how)")
        check(
            reader.answer.usage.reading(promptBytes: 100, outputBytes: reader.answer.outputBytes, missingCacheIsUnknown: true), entry, how)
    }

    @Test(arguments: entries) func streamedItReadsTheSame(_ entry: Entry) {
        func event(_ data: String) -> String { "data: \(data)\n\n" }
        let piece = event(#"{"choices":[{"index":0,"delta":{"content":"\#(Self.text)"}}]}"#)
        let finish = event(#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
        for chunks in Self.orders(entry.chunks) {
            let usage = chunks.map { event($0.jsonText) }.joined()
            read(piece + finish + usage + "data: [DONE]\n\n", entry, "before [DONE]")
            read(piece + finish + "data: [DONE]\n\n" + usage, entry, "W10 behind [DONE]")
            read(usage + piece + finish, entry, "in front of the answer")
        }
    }

    @Test(arguments: entries.filter { $0.chunks.count == 1 && $0.chunks[0]["choices"] == nil }) func wholeItReadsTheSame(_ entry: Entry) {
        var document: JSONObject = ["choices": [["message": ["content": .string(Self.text)], "finish_reason": "stop"]]]
        for (key, value) in entry.chunks[0].objectValue ?? [:] { document[key] = value }
        read(JSONValue.object(document).jsonText, entry, "whole")
    }

    /// The same objects in the events of the APIs that have formats of their own.
    @Test(arguments: entries.filter { $0.row["style"] == "anthropic" }) func inMessagesItReadsTheSame(_ entry: Entry) {
        func event(_ data: String) -> String { "event: x\ndata: \(data)\n\n" }
        func check(_ body: String, _ how: String) {
            let reader = MessagesReader.reading(bytes(body), ExpectedAnswer(maxOutputTokens: 4096))
            #expect(reader.answer.failure == nil && reader.answer.text == Self.text && reader.isWhole, "\(how)")
            self.check(reader.answer.usage.reading(promptBytes: 100, outputBytes: reader.answer.outputBytes, missingCacheIsUnknown: true), entry, how)
        }
        let block = #"{"type":"text","text":"\#(Self.text)"}"#
        if entry.chunks.count == 1, let usage = entry.chunks[0]["usage"] {
            check(#"{"type":"message","role":"assistant","content":[\#(block)],"stop_reason":"end_turn","usage":\#(usage.jsonText)}"#, "whole")
        }
        let start = event(#"{"type":"content_block_start","index":0,"content_block":\#(block)}"#)
        let end = event(#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#) + event(#"{"type":"message_stop"}"#)
        for chunks in Self.orders(entry.chunks) {
            let usage = chunks.map { chunk in
                var document = chunk.objectValue ?? [:]
                document["type"] = chunk["type"] ?? "message_delta"
                return event(JSONValue.object(document).jsonText)
            }.joined()
            check(start + usage + end, "in front of the end")
            check(start + end + usage, "behind the end")
        }
    }

    /// Chat completions' objects under the names that responses have for them.
    @Test(arguments: entries.filter { $0.row["style"] == "openai" && $0.chunks.allSatisfy { $0["usage"] != nil } }) func inResponsesItReadsTheSame(_ entry: Entry) {
        func renamed(_ value: JSONValue) -> JSONValue {
            guard case .object(let fields) = value else { return value }
            var object: JSONObject = [:]
            fields.forEachPair { object[$0.replacing("prompt_", with: "input_").replacing("completion_", with: "output_")] = renamed($1) }
            return .object(object)
        }
        let item = #"{"type":"message","content":[{"type":"output_text","text":"\#(Self.text)"}]}"#
        func response(_ usage: JSONValue) -> String { #"{"object":"response","status":"completed","output":[\#(item)],"usage":\#(usage.jsonText)}"# }
        func check(_ body: String, _ how: String) {
            let reader = ResponsesReader.reading(bytes(body), ExpectedAnswer(maxOutputTokens: 4096))
            #expect(reader.answer.failure == nil && reader.answer.text == Self.text && reader.isWhole, "\(how)")
            self.check(reader.answer.usage.reading(promptBytes: 100, outputBytes: reader.answer.outputBytes, missingCacheIsUnknown: true), entry, how)
        }
        for chunks in Self.orders(entry.chunks) {
            let usages = chunks.map { renamed($0["usage"]!) }
            if usages.count == 1 { check(response(usages[0]), "whole") }
            let running = usages.dropLast().map { #"data: {"type":"response.in_progress","response":{"usage":\#($0.jsonText)}}"# + "\n\n" }.joined()
            check(running + #"data: {"type":"response.completed","response":\#(response(usages.last!))}"# + "\n\n", "streamed")
        }
    }

    @Test func `counts are checked against the bytes that were sent and received`() {
        func reading(_ usage: String, prompt: Int, output: Int) -> UsageReading {
            var reader = UsageReader()
            reader.take(json(usage))
            return reader.reading(promptBytes: prompt, outputBytes: output, missingCacheIsUnknown: true)
        }
        // No token is longer than 128 bytes.
        #expect(reading(#"{"prompt_tokens":10,"completion_tokens":1}"#, prompt: 100, output: 1_000_000).isFinal == false)
        #expect(reading(#"{"prompt_tokens":10,"completion_tokens":1}"#, prompt: 100, output: 1_000_000).counts.output == nil)
        #expect(reading(#"{"prompt_tokens":1,"completion_tokens":10}"#, prompt: 10_000, output: 40).counts.input == nil)
        #expect(reading(#"{"prompt_tokens":10,"completion_tokens":10}"#, prompt: 1280, output: 1280).isFinal)
        #expect(reading(#"{"prompt_tokens":1e12,"completion_tokens":99999999999999999999}"#, prompt: 40, output: 40).note?.message.contains("cannot be one") == true)
        // An answer of nothing has no tokens; a prompt always has.
        #expect(reading(#"{"prompt_tokens":10,"completion_tokens":0}"#, prompt: 40, output: 0).isFinal)
        #expect(!reading(#"{"prompt_tokens":0,"completion_tokens":0}"#, prompt: 40, output: 0).isFinal)
    }

    @Test func `what is kept of usage is what told something`() {
        var reader = UsageReader()
        #expect(reader.raw == nil)
        reader.take(json(#"{"prompt_tokens":0,"completion_tokens":0}"#))
        #expect(reader.raw == #"{"prompt_tokens":0,"completion_tokens":0}"#)
        for count in 1...1000 { reader.take(json(#"{"prompt_tokens":7,"completion_tokens":\#(count)}"#)) }
        #expect(reader.raw == #"{"prompt_tokens":7,"completion_tokens":1000}"#)
        reader.take(json(#"{"prompt_tokens":7,"completion_tokens":3,"prompt_cache_hit_tokens":4}"#))
        #expect(reader.raw == #"[{"prompt_tokens":7,"completion_tokens":1000},{"prompt_tokens":7,"completion_tokens":3,"prompt_cache_hit_tokens":4}]"#)
    }
}
