import Economics
import HTTP
import Values
import WorkflowModel

/// Reads the body of a success, whatever it is: a document or server-sent events, by what its first bytes are and not by what was
/// asked for or what its head says. Pieces may be cut anywhere.
///
/// The answer is whole if its end was announced. Otherwise it is the server's own error, or a failure with the text that came.
public struct AnswerReader: WireReader {
    private enum Form { case undecided, document, events }

    private var form = Form.undecided
    /// A document's bytes, or the first ones of what is not known yet.
    private var buffer: [UInt8] = []
    private var parser = ServerSentEventParser(keepsStrays: true)
    private(set) var answer: GatheredAnswer
    /// More text than the token cap can make means that the server does not keep the cap.
    private let maxTextBytes: Int
    private var isEnded = false
    /// Of events before the first one with choices.
    private var unreadBytes = 0
    /// Whether it was one document, and all of it came.
    private(set) var isWholeDocument = false

    /// - Parameter recordsPieces: whether ``takePieces()`` will be asked.
    public init(maxOutputTokens: Int, recordsPieces: Bool = false) {
        self.init(ExpectedAnswer(maxOutputTokens: maxOutputTokens, recordsPieces: recordsPieces))
    }

    init(_ expected: ExpectedAnswer) {
        maxTextBytes = 65_536 + min(expected.maxOutputTokens, 1 << 32) * UsageReader.longestToken
        answer = GatheredAnswer(provider: expected.provider, recordsPieces: expected.recordsPieces)
    }

    /// A reader of events with the bounds of another.
    private init(eventsOf other: AnswerReader) {
        maxTextBytes = other.maxTextBytes
        answer = GatheredAnswer(provider: other.answer.provider, recordsPieces: other.answer.pieces != nil)
        form = .events
    }

    /// The longest body that an answer of so many tokens can have, with all that servers send around each: its own event with names and
    /// times, log-probabilities of the five likeliest tokens.
    public static func mostBytes(maxOutputTokens: Int, hasLogprobs: Bool) -> Int {
        (4 << 20) + min(maxOutputTokens, 1 << 24) * (hasLogprobs ? 8192 : 2048)
    }

    /// What it all comes to, once the body is over.
    ///
    /// - Parameter transport: what ended the transfer, unless it ended by itself.
    public func outcome(after transport: CallFailure? = nil) -> Result<ModelResponse, CallFailure> {
        if let failure = answer.failure { return .failure(failure) }
        if answer.isEndAnnounced { return .success(answer.response) }
        return .failure(transport ?? CallFailure(.malformedResponse, "the stream ended before its end was announced"))
    }

    /// Whether the counts in it can be final: those of an answer whose end was announced, or of an error that is all of a document.
    public var isWhole: Bool { isWholeDocument || (answer.isEndAnnounced && answer.failure == nil) }

    /// Of all that the model wrote.
    public var outputBytes: Int { answer.outputBytes }

    var hasBegun: Bool { answer.hasBegun }

    public mutating func takePieces() -> [AnswerPiece] { answer.takePieces() }

    func told(after transport: CallFailure?) -> WireAnswer {
        let outcome = outcome(after: transport)
        let hasFailed = if case .failure = outcome { true } else { false }
        return WireAnswer(
            outcome: outcome, isWhole: isWhole, usage: answer.usage, outputBytes: answer.outputBytes, bytesBehindUsage: answer.bytesBehindUsage,
            modelServed: answer.modelServed, otherModelsServed: answer.otherModelsServed, notes: answer.notes, partialText: hasFailed ? partialText : nil)
    }

    /// The counts that it told, and whether they are final.
    ///
    /// - Parameter promptBytes: of the text of the prompt.
    public func counts(promptBytes: Int) -> (TokenCounts, isFinal: Bool) {
        let reading = answer.usage.reading(promptBytes: promptBytes, outputBytes: outputBytes, bytesBehind: answer.bytesBehindUsage, missingCacheIsUnknown: true)
        return (reading.counts, reading.isFinal && isWhole)
    }

    /// What came of the text, within the bounds of one; `nil`: none.
    public var partialText: String? {
        if answer.text.isEmpty { return nil }
        return answer.text.utf8.count <= maxTextBytes ? answer.text : String(decoding: answer.text.utf8.prefix(maxTextBytes), as: UTF8.self)
    }

    /// Takes a piece of the body. False when nothing more is wanted.
    ///
    /// Behind the end of an answer the rest is read: counts may follow, and who hangs up costs a connection and looks to a gateway like a
    /// client that left before the end.
    public mutating func push(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch form {
        case .events: take(events: bytes)
        case .document: buffer.append(contentsOf: bytes)
        case .undecided:
            buffer.append(contentsOf: bytes)
            decide()
        }
        return answer.failure == nil
    }

    /// The body is over.
    ///
    /// - Parameter isCut: whether it broke off.
    public mutating func end(isCut: Bool) {
        guard !isEnded else { return }
        isEnded = true
        if form == .events { finishEvents() } else { readDocument(isCut: isCut) }
        answer.close()
    }

    // MARK: What it is

    private mutating func decide() {
        var index = 0
        while index < buffer.count {
            if Self.isBlank(buffer[index]) { index += 1 } else if buffer[index...].starts(with: [0xEF, 0xBB, 0xBF]) { index += 3 } else { break }
        }
        // A byte order mark may be cut.
        if index == buffer.count || (buffer[index] == 0xEF && buffer.count - index < 3) { return }
        let start = buffer[index...]
        if start.first == UInt8(ascii: ":") { return become(.events) }
        let letters = start.prefix { 0x61...0x7A ~= $0 }
        // The longest field is `event`, or `error`.
        if letters.count > 5 || letters.isEmpty { return become(.document) }
        guard letters.endIndex < start.endIndex else { return }
        let isField = start[letters.endIndex] == UInt8(ascii: ":") && ["data", "event", "id", "retry", "error"].contains { letters.elementsEqual($0.utf8) }
        become(isField ? .events : .document)
    }

    private mutating func become(_ form: Form) {
        self.form = form
        guard form == .events else { return }
        let begun = buffer
        buffer = []
        begun.withUnsafeBytes { take(events: $0) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    // MARK: A document

    private mutating func readDocument(isCut: Bool) {
        var bytes = buffer[...]
        buffer = []
        while let first = bytes.first, Self.isBlank(first) || bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(Self.isBlank(first) ? 1 : 3) }
        let body = Array(bytes)
        do throws(JSONParseError) {
            let document = try JSONParser.parse(body)
            isWholeDocument = true
            take(document: document, size: body.count)
        } catch {
            // Lines of JSON, an error in front of a stream, a field that nobody knows.
            if body.contains(UInt8(ascii: "\n")) || body.contains(UInt8(ascii: "\r")), body.first != UInt8(ascii: "<"), readsAsEvents(body) { return }
            let isPage = body.first == UInt8(ascii: "<")
            if !isPage, takeRepaired(body) { return }
            if !isPage, !answer.hasChoices { answer.lose(whole: body.count) }
            if !isCut || isPage { answer.refuse(ErrorClassifier.notJSON(body, error)) }
        }
    }

    /// - Returns: whether it was whole but for its faults. Otherwise what came of it was taken.
    private mutating func takeRepaired(_ body: [UInt8]) -> Bool {
        guard let repaired = RepairedJSON(body) else { return false }
        if repaired.isClosed {
            guard let document = try? JSONParser.parse(repaired.text) else { return false }
            isWholeDocument = true
            answer.lose(repaired.behind)
            take(document: document, size: body.count)
            return true
        }
        // As it came, where its end is its only fault: a character may be cut.
        for text in [body, repaired.text] {
            guard let begun = UnfinishedJSON.closed(text), let document = try? JSONParser.parse(begun) else { continue }
            answer.take(unfinished: document)
            break
        }
        return false
    }

    private mutating func take(document: JSONValue, size: Int) {
        answer.take(document)
        if answer.failure != nil { return }
        if !answer.hasChoices {
            if case .failure(let error)? = ErrorClassifier.told(by: document, isError: document["message"]?.stringValue != nil) {
                answer.refuse(error)
            } else {
                answer.lose(whole: size)
                answer.refuse(CallFailure(.malformedResponse, "the answer has no choices"))
            }
        } else if !answer.hasContent {
            answer.lose(whole: size)
            answer.refuse(CallFailure(.malformedResponse, "the answer's message has no text"))
        } else {
            // It is complete, be its finish reason null.
            answer.end()
        }
    }

    /// Whether the lines were anything of an answer.
    private mutating func readsAsEvents(_ body: [UInt8]) -> Bool {
        var other = AnswerReader(eventsOf: self)
        body.withUnsafeBytes { other.take(events: $0) }
        other.finishEvents()
        guard other.answer.hasChoices || other.answer.isServersError else { return false }
        answer = other.answer
        form = .events
        return true
    }

    // MARK: Events

    private mutating func take(events bytes: UnsafeRawBufferPointer) {
        do throws(ServerSentEventError) {
            for event in try parser.push(bytes) {
                take(event, isLast: false)
                if answer.text.utf8.count > maxTextBytes { answer.fail("the stream did not end at its cap of output tokens") }
            }
        } catch {
            answer.lose(parser.maxLineBytes)
            answer.fail("the stream is not server-sent events: \(error)")
        }
    }

    private mutating func finishEvents() {
        for event in (try? parser.finish()) ?? [] { take(event, isLast: true) }
        if !answer.hasChoices { answer.lose(whole: unreadBytes) }
        if answer.failure == nil, answer.isEndAnnounced, !answer.hasChoices { answer.refuse(CallFailure(.malformedResponse, "the answer has no choices")) }
    }

    /// - Parameter isLast: whether its end is missing: what cannot be read of it may be cut.
    private mutating func take(_ event: ServerSentEvent, isLast: Bool) {
        var data = event.data[...]
        while let first = data.first, Self.isBlank(first) { data = data.dropFirst() }
        while let last = data.last, Self.isBlank(last) { data = data.dropLast() }
        // Keep-alives without data.
        if data.isEmpty { return }
        if data.elementsEqual("[DONE]".utf8) { return answer.end() }
        let isError = event.name == "error"
        do throws(JSONParseError) {
            answer.take(try Self.parse(data), isError: isError)
            if answer.failure == nil, !answer.hasChoices { unreadBytes += data.count }
        } catch {
            // Lines that a single newline parts are events of their own to some servers.
            if data.contains(UInt8(ascii: "\n")) {
                let lines = data.split(separator: UInt8(ascii: "\n"))
                let documents = lines.compactMap { $0.elementsEqual("[DONE]".utf8) ? JSONValue.string("[DONE]") : try? Self.parse($0) }
                if documents.count == lines.count {
                    for document in documents { if document == "[DONE]" { answer.end() } else { answer.take(document, isError: isError) } }
                    return
                }
            }
            if data.count == 6, String(decoding: data, as: UTF8.self).uppercased() == "[DONE]" { return answer.end() }
            // Keep-alives of one word.
            if !isError, data.count <= 32, data.allSatisfy({ 0x61...0x7A ~= $0 | 0x20 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }) { return }
            if isError { return answer.take(.string(String(decoding: data.prefix(2000), as: UTF8.self)), isError: true) }
            if take(broken: data, of: event, isLast: isLast) || isLast { return }
            answer.lose(data.count)
            let what = event.name == ServerSentEventParser.strayName ? "a line of the stream is not server-sent events" : "a chunk of the stream is not JSON: \(error)"
            answer.fail(what)
        }
    }

    /// Takes what can be read of an event that is not JSON: all of it but its faults, or the beginning of the last one.
    ///
    /// - Returns: whether it was whole.
    private mutating func take(broken data: ArraySlice<UInt8>, of event: ServerSentEvent, isLast: Bool) -> Bool {
        // Between lines something may be missing.
        if event.name != ServerSentEventParser.strayName, !data.contains(UInt8(ascii: "\n")), let repaired = RepairedJSON(data), repaired.isClosed,
            repaired.behind == 0, let document = try? JSONParser.parse(repaired.text)
        {
            answer.take(document)
            return true
        }
        guard isLast else { return false }
        if event.name != ServerSentEventParser.strayName, let begun = UnfinishedJSON.closed(Array(data)), let document = try? JSONParser.parse(begun) {
            answer.take(unfinished: document)
            if answer.failure == nil, !answer.hasChoices { unreadBytes += data.count }
        } else {
            answer.lose(data.count)
        }
        return false
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONParseError) -> JSONValue {
        var result: Result<JSONValue, JSONParseError>!
        bytes.withUnsafeBufferPointer { bytes in
            do throws(JSONParseError) { result = .success(try JSONParser.parse(bytes)) } catch { result = .failure(error) }
        }
        return try result.get()
    }
}
