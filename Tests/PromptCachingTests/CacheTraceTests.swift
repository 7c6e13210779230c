import Testing
import Values

@testable import PromptCaching

/// Logs of requests in their forms.
@Suite struct CacheTraceTests {
    private func requests(_ lines: String...) throws -> [CacheRequest] {
        var trace = CacheTrace()
        return try lines.map { try trace.request(JSONParser.parse($0)) }
    }

    @Test func blocks() throws {
        let read = try requests(
            #"{"id": "s", "t": 1.5, "m": "x", "in": 200, "h": [[1, 2], [9, 1]]}"#, #"{"timestamp": 3500, "input_length": 1100, "hash_ids": [4, 5, 8]}"#,
            #"{"id": "s", "t": 2, "h": [[1, 2]]}"#)
        #expect(read[0].time == 1.5 && read[0].tokens == 200 && read[0].pieces == [.init(name: 1, blocks: 2, tokens: 64), .init(name: 9, blocks: 1, tokens: 64)])
        // The last block is not full.
        #expect(read[1].time == 3.5 && read[1].tokens == 1100 && read[1].pieces == [.init(name: 4, blocks: 2, tokens: 512)])
        #expect(read[0].space == read[2].space && read[0].space != read[1].space && read[2].tokens == 128)
    }

    @Test func segmentsAreNamedByAllBeforeThem() throws {
        let read = try requests(
            #"{"t": 1, "prefix": [["a", 700], ["b", 200]]}"#, #"{"t": 2, "prefix": [["a", 700], ["b", 200], ["c", 10]]}"#, #"{"t": 3, "prefix": [["b", 200]]}"#)
        #expect(Array(read[1].pieces.prefix(2)) == read[0].pieces && read[2].pieces[0].name != read[0].pieces[1].name && read[1].tokens == 910)
    }

    /// What stands before a message is the same prefix, in whichever API; marks and the time are no part of it.
    @Test func bodies() throws {
        let read = try requests(
            #"{"t": "2026-11-30T09:00:00Z", "body": {"model": "m", "system": [{"type": "text", "text": "rules", "cache_control": {"type": "ephemeral"}}], "messages": [{"role": "user", "content": "one"}]}}"#,
            #"{"t": "2026-11-30T09:00:01Z", "body": {"model": "m", "system": [{"type": "text", "text": "rules"}], "messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]}}"#,
            #"{"time": 3, "model": "m", "messages": [{"role": "user", "content": "one"}], "tools": [{"type": "function"}]}"#,
            #"{"time": 3, "request": {"model": "n", "instructions": "x", "input": "hello"}}"#)
        #expect(read[1].time - read[0].time == 1 && read[1].space == read[0].space && read[2].space == read[0].space && read[3].space != read[0].space)
        #expect(Array(read[1].pieces.prefix(2)) == read[0].pieces && read[1].pieces.count == 3)
        #expect(read[2].pieces.count == 2 && read[3].pieces.count == 2 && read[3].tokens == read[3].pieces.reduce(0) { $0 + $1.tokens })
    }

    @Test(arguments: [
        ("[]", "object"), ("{}", "no time"), (#"{"t": 1}"#, "neither"), (#"{"t": "soon", "h": [[1, 1]]}"#, "RFC 3339"), (#"{"t": 1, "h": [[1]]}"#, "[first name, number]"),
        (#"{"t": 1, "h": [[1, -1]]}"#, "[first name, number]"), (#"{"t": 1, "h": [[1, 9223372036854775807]]}"#, "[first name, number]"),
        (#"{"t": 1, "in": -5, "h": [[1, 1]]}"#, "in is"), (#"{"t": 1, "in": "64", "h": [[1, 1]]}"#, "in is"), (#"{"t": 1, "in": 64.5, "h": [[1, 1]]}"#, "in is"),
        (#"{"t": 1, "in": 5, "prefix": [["a", 3000]]}"#, "have 3000 tokens"), (#"{"t": 1, "in": 60, "h": [[1, 2]]}"#, "have 128 tokens"), (#"{"t": 1, "hash_ids": ["a"]}"#, "numbers"), (#"{"t": 1, "prefix": [["a", 0]]}"#, "segments"),
        (#"{"t": 1, "body": {"messages": []}}"#, "no prompt"), (#"{"t": 1, "h": 7}"#, "list"),
    ]) func mistakes(line: String, words: String) throws {
        var trace = CacheTrace()
        let row = try JSONParser.parse(line)
        do throws(CacheTraceError) {
            _ = try trace.request(row)
            #expect(Bool(false), "it was taken")
        } catch { #expect(error.description.contains(words), "\(error)") }
    }
}
