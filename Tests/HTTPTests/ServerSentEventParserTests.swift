import HTTP
import Testing

struct ServerSentEventParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let stream: String
        let events: [ServerSentEvent]
        var testDescription: String { name }
    }

    private static func event(_ text: String, name: String = "message", id: String? = nil) -> ServerSentEvent {
        ServerSentEvent(name: name, data: Array(text.utf8), id: id)
    }

    static let cases = [
        Case(name: "line feeds", stream: "data: a\n\ndata: b\n\n", events: [event("a"), event("b")]),
        Case(name: "carriage returns", stream: "data: a\r\rdata: b\r\r", events: [event("a"), event("b")]),
        Case(name: "both", stream: "data: a\r\n\r\ndata: b\r\n\r\n", events: [event("a"), event("b")]),
        Case(name: "mixed", stream: "data: a\r\n\ndata: b\r\r\ndata: c\n\r\n", events: [event("a"), event("b"), event("c")]),
        Case(name: "several data lines", stream: "data: a\ndata:b\ndata:  c\n\n", events: [event("a\nb\n c")]),
        Case(name: "empty data lines", stream: "data\ndata:\ndata: \n\n", events: [event("\n\n")]),
        Case(name: "comments", stream: ": hello\n:\n\ndata: a\n: between\ndata: b\n\n: ping\n\n", events: [event("a\nb")]),
        Case(
            name: "names and ids", stream: "event: delta\nid: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
            events: [event("a", name: "delta", id: "1"), event("b", id: "1"), event("c", id: "")]),
        Case(name: "no data, no event", stream: "event: ping\n\ndata: a\n\n", events: [event("a")]),
        Case(name: "unknown fields", stream: "retry: 10\nfoo: bar\ndataset: x\ndata: a\n\n", events: [event("a")]),
        Case(name: "colons in the value", stream: "data: {\"a\": 1}\n\n", events: [event("{\"a\": 1}")]),
        Case(name: "byte order mark", stream: "\u{FEFF}data: a\n\n", events: [event("a")]),
        Case(name: "characters of all lengths", stream: "data: aé€😀\n\n", events: [event("aé€😀")]),
        Case(name: "the end of a chat", stream: "data: {}\n\ndata: [DONE]\n\n", events: [event("{}"), event("[DONE]")]),
    ]

    @Test(arguments: cases)
    func anySplitGivesTheSameEvents(_ testCase: Case) throws {
        let bytes = Array(testCase.stream.utf8)
        for size in [1, 2, 3, 5, 7, bytes.count] {
            var parser = ServerSentEventParser()
            var events: [ServerSentEvent] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                events += try parser.push(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(events == testCase.events, "in pieces of \(size)")
            #expect(try parser.finish() == [])
        }
    }

    @Test(arguments: ["data: a", "data: a\n", "data: a\r\n"])
    func streamWithoutItsLastBlankLine(stream: String) throws {
        var parser = ServerSentEventParser()
        #expect(try parser.push(Array(stream.utf8)) == [])
        #expect(try parser.finish() == [Self.event("a")])
        #expect(try parser.finish() == [])
    }

    @Test(arguments: [
        ("{\"error\":{\"message\":\"m\"}}\n\n", [event("{\"error\":{\"message\":\"m\"}}", name: "")]),
        ("data: a\n{\n  \"error\": 1\n}\n\ndata: b\n\n", [event("a"), event("{\n  \"error\": 1\n}", name: ""), event("b")]),
        ("error: {\"code\":400}\n\ndata: a\n\n", [event("{\"code\":400}", name: "error"), event("a")]),
        ("data: a\n\n\u{FEFF}data: b\n\n\u{FEFF}\u{FEFF}\n", [event("a"), event("b")]),
        ("retry: 10\nfoo: bar\n:{}\n\n", []),
        ("da: x\n\nta: {\"a\":1}\n\n", [event("ta: {\"a\":1}", name: "")]),
    ])
    func `W9 lines that may be an answer are kept where that is asked for`(stream: String, expected: [ServerSentEvent]) throws {
        for size in [1, 2, 3, 100] {
            var parser = ServerSentEventParser(keepsStrays: true)
            var events: [ServerSentEvent] = []
            let bytes = Array(stream.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) { events += try parser.push(Array(bytes[start..<min(start + size, bytes.count)])) }
            #expect(try events + parser.finish() == expected)
        }
    }

    @Test func boundsHold() throws {
        var lines = ServerSentEventParser(maxLineBytes: 100, maxEventBytes: 1000)
        #expect(throws: ServerSentEventError.self) { try lines.push(Array(repeating: 0x61, count: 101)) }
        var slow = ServerSentEventParser(maxLineBytes: 100, maxEventBytes: 1000)
        #expect(throws: ServerSentEventError.self) { while true { _ = try slow.push([0x61]) } }
        var events = ServerSentEventParser(maxLineBytes: 100, maxEventBytes: 1000)
        #expect(throws: ServerSentEventError.self) { while true { _ = try events.push(Array("data: 0123456789\n".utf8)) } }
    }

    /// A1: what is dropped is counted, but for frame.
    @Test func droppedBytesAreCounted() throws {
        let long = String(repeating: "x", count: 1000)
        for (text, expected) in [("foo: \(long)\n\n", 1005), (": \(long)\n", 1002 - 256), ("id: \(long)\n", 1004 - 256), ("event: \(long)\n", 1007 - 256), (": ping\nid: 1\nevent: e\nretry: 5\ndata: \(long)\n\n", 0)] {
            for keepsStrays in [false, true] {
                var parser = ServerSentEventParser(keepsStrays: keepsStrays)
                _ = try parser.push(Array(text.utf8))
                #expect(parser.ignoredBytes == expected, "\(text.prefix(8))")
            }
        }
    }
}
