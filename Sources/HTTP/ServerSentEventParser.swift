/// Cuts a `text/event-stream` into events, from pieces of any size.
///
/// Follows the HTML standard, section "Interpreting an event stream": lines end with LF, CR or CRLF, a line that starts
/// with a colon is a comment, an event without data is none, a byte order mark at the start is skipped. The `retry` field
/// is ignored, as a model call is not resumed. Pieces may be cut anywhere, also inside a character.
///
/// With `keepsStrays` nothing that may be an answer is dropped: a line that is no field and has a brace in it, with all lines
/// behind it up to a blank one, becomes an event named ``strayName``; one of a field `error` an event named `error`; and a byte
/// order mark is skipped at the start of any line.
public struct ServerSentEventParser: Sendable {
    /// A longer line is an error.
    public let maxLineBytes: Int
    /// An event with more data is an error.
    public let maxEventBytes: Int
    /// Whether lines that the standard ignores are handed over.
    public let keepsStrays: Bool

    /// Bytes that were no frame and were not handed over: of lines of unknown fields, and what is long of comments, ids and names.
    public private(set) var ignoredBytes = 0
    /// A longer comment, id or name is none.
    private static let longestFrame = 256

    /// The name of an event of lines that are none of the format. No server can send it.
    public static let strayName = ""

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var stray: [UInt8] = []
    private var name = ""
    private var id: String?
    private var isFirstLine = true
    private var lastWasCarriageReturn = false

    public init(maxLineBytes: Int = 8 << 20, maxEventBytes: Int = 16 << 20, keepsStrays: Bool = false) {
        self.maxLineBytes = maxLineBytes
        self.maxEventBytes = maxEventBytes
        self.keepsStrays = keepsStrays
    }

    /// The events that `bytes` complete.
    ///
    /// - Throws: `ServerSentEventError` when a bound is passed. The parser is of no use afterwards.
    public mutating func push(_ bytes: UnsafeRawBufferPointer) throws(ServerSentEventError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var start = 0
        var index = 0
        if lastWasCarriageReturn, let first = bytes.first {
            lastWasCarriageReturn = false
            if first == UInt8(ascii: "\n") { start = 1; index = 1 }
        }
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
                index += 1
                continue
            }
            try append(bytes[start..<index])
            try endLine(&events)
            index += 1
            if byte == UInt8(ascii: "\r") {
                if index == bytes.count { lastWasCarriageReturn = true } else if bytes[index] == UInt8(ascii: "\n") { index += 1 }
            }
            start = index
        }
        try append(bytes[start...])
        return events
    }

    /// `push(_:)` of an array.
    public mutating func push(_ bytes: [UInt8]) throws(ServerSentEventError) -> [ServerSentEvent] {
        var result: Result<[ServerSentEvent], ServerSentEventError>!
        bytes.withUnsafeBytes { buffer in
            do throws(ServerSentEventError) { result = .success(try push(buffer)) } catch { result = .failure(error) }
        }
        return try result.get()
    }

    /// What the end of the stream left without its blank line, which the standard would drop and some servers omit.
    public mutating func finish() throws(ServerSentEventError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        if !line.isEmpty { try endLine(&events) }
        dispatch(&events)
        return events
    }

    private mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>) throws(ServerSentEventError) {
        if bytes.isEmpty { return }
        guard line.count + bytes.count <= maxLineBytes else {
            throw ServerSentEventError(description: "a line of the event stream is longer than \(maxLineBytes) bytes")
        }
        line.append(contentsOf: bytes)
    }

    private mutating func endLine(_ events: inout [ServerSentEvent]) throws(ServerSentEventError) {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine || keepsStrays {
            isFirstLine = false
            while line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        if line.isEmpty { return dispatch(&events) }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var valueStart = min(colon + 1, line.endIndex)
        if valueStart < line.endIndex, line[valueStart] == UInt8(ascii: " ") { valueStart += 1 }
        let field = line[..<colon]
        let value = line[valueStart...]
        if field.elementsEqual("data".utf8) {
            try check(data.count + value.count)
            if hasData { data.append(UInt8(ascii: "\n")) }
            data.append(contentsOf: value)
            hasData = true
        } else if field.isEmpty || field.elementsEqual("retry".utf8) {
            ignoredBytes += max(0, line.count - Self.longestFrame)
        } else if field.elementsEqual("event".utf8) {
            ignoredBytes += max(0, line.count - Self.longestFrame)
            name = String(decoding: value, as: UTF8.self)
        } else if field.elementsEqual("id".utf8) {
            ignoredBytes += max(0, line.count - Self.longestFrame)
            if !value.contains(0) { id = String(decoding: value, as: UTF8.self) }
        } else if keepsStrays {
            if field.elementsEqual("error".utf8) {
                events.append(ServerSentEvent(name: "error", data: Array(value), id: id))
            } else if !stray.isEmpty || line.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) {
                try check(stray.count + line.count)
                if !stray.isEmpty { stray.append(UInt8(ascii: "\n")) }
                stray.append(contentsOf: line)
            } else {
                ignoredBytes += line.count
            }
        } else {
            ignoredBytes += line.count
        }
    }

    private func check(_ bytes: Int) throws(ServerSentEventError) {
        guard bytes < maxEventBytes else {
            throw ServerSentEventError(description: "an event of the stream is longer than \(maxEventBytes) bytes")
        }
    }

    private mutating func dispatch(_ events: inout [ServerSentEvent]) {
        if hasData {
            events.append(ServerSentEvent(name: name.isEmpty ? "message" : name, data: data, id: id))
            data = []
            hasData = false
        }
        if !stray.isEmpty {
            events.append(ServerSentEvent(name: Self.strayName, data: stray, id: id))
            stray = []
        }
        name = ""
    }
}
