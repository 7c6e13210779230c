import Economics
import HTTP
import Values
import WorkflowModel

/// Reads the body of a success, whatever it is: a document or server-sent events, by what its first bytes are and not by what was
/// asked for or what its head says. Pieces may be cut anywhere.
///
/// The answer is whole if its end was announced. Otherwise it is the server's own error, or a failure with the text that came. What the
/// documents mean is the business of an ``AnswerForm``: bytes are broken in the same ways by servers of every API.
package struct BodyReader<Form: AnswerForm>: WireReader {
    private enum Shape { case undecided, document, events }

    private var shape = Shape.undecided
    /// A document's bytes, or the first ones of what is not known yet.
    private var buffer: [UInt8] = []
    private var parser = ServerSentEventParser(keepsStrays: true)
    private(set) var answer: GatheredAnswer
    private var documents: Form
    /// More text than the token cap can make means that the server does not keep the cap.
    private let maxTextBytes: Int
    private let expected: ExpectedAnswer
    private var isEnded = false
    /// Of events before the first one of an answer.
    private var unreadBytes = 0
    private var character = CutCharacter()
    /// The last keep-alive of one word.
    private var lastWord: ArraySlice<UInt8> = []
    /// Whether it was one document, and all of it came.
    private(set) var isWholeDocument = false

    /// - Parameter recordsPieces: whether ``takePieces()`` will be asked.
    package init(maxOutputTokens: Int, recordsPieces: Bool = false) {
        self.init(ExpectedAnswer(maxOutputTokens: maxOutputTokens, recordsPieces: recordsPieces))
    }

    init(_ expected: ExpectedAnswer) {
        maxTextBytes = 65_536 + min(expected.maxOutputTokens, 1 << 32) * UsageReader.longestToken
        answer = GatheredAnswer(provider: expected.provider, recordsPieces: expected.recordsPieces, usage: expected.usage)
        documents = Form(expected)
        self.expected = expected
    }

    /// A reader of events with the bounds of another.
    private init(eventsOf other: BodyReader) {
        self.init(other.expected)
        shape = .events
    }

    /// The longest body that an answer of so many tokens can have, with all that servers send around each: its own event with names and
    /// times, log-probabilities of the five likeliest tokens.
    package static func mostBytes(maxOutputTokens: Int, hasLogprobs: Bool) -> Int {
        (4 << 20) + min(maxOutputTokens, 1 << 24) * (hasLogprobs ? AnswerFrame.mostLogprobBytes : 2048)
    }

    /// What it all comes to, once the body is over.
    ///
    /// - Parameter transport: what ended the transfer, unless it ended by itself.
    package func outcome(after transport: CallFailure? = nil) -> Result<ModelResponse, CallFailure> {
        if let failure = answer.failure { return .failure(failure) }
        if answer.isEndAnnounced { return .success(answer.response) }
        return .failure(transport ?? CallFailure(.malformedResponse, "the stream ended before its end was announced"))
    }

    /// Whether the counts in it can be final: those of an answer whose end was announced, or of an error that is all of a document.
    package var isWhole: Bool { isWholeDocument || (answer.isEndAnnounced && answer.failure == nil && (answer.isDone || !Form.hasLastEvent)) }

    /// Of all that the model can have written: whatever came and is no frame.
    package var outputBytes: Int { answer.outputBytes + answer.besideBytes }

    package var hasBegun: Bool { answer.hasBegun }

    package mutating func takePieces() -> [AnswerPiece] { answer.takePieces() }

    package func told(after transport: CallFailure?) -> WireAnswer {
        WireAnswer(
            outcome: outcome(after: transport), isWhole: isWhole, usage: answer.usage, outputBytes: answer.outputBytes, receivedBytes: outputBytes, bytesBehindUsage: answer.bytesBehindUsage,
            modelServed: answer.modelServed, otherModelsServed: answer.otherModelsServed, notes: answer.notes, hasAnswer: answer.hasAnswer, partialText: partialText)
    }

    /// The counts that it told, and whether they are final.
    ///
    /// - Parameter promptBytes: of the text of the prompt.
    package func counts(promptBytes: Int) -> (TokenCounts, isFinal: Bool) {
        let reading = answer.usage.reading(promptBytes: promptBytes, outputBytes: answer.outputBytes, bytesBehind: answer.bytesBehindUsage, missingCacheIsUnknown: true)
        return (reading.counts, reading.isFinal && isWhole)
    }

    /// What came of the text, within the bounds of one; `nil`: none.
    package var partialText: String? {
        if answer.text.isEmpty { return nil }
        return answer.text.utf8.count <= maxTextBytes ? answer.text : String(decoding: answer.text.utf8.prefix(maxTextBytes), as: UTF8.self)
    }

    /// Takes a piece of the body. False when nothing more is wanted.
    ///
    /// Behind the end of an answer the rest is read: counts may follow, and who hangs up costs a connection and looks to a gateway like a
    /// client that left before the end.
    package mutating func push(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch shape {
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
    package mutating func end(isCut: Bool) {
        guard !isEnded else { return }
        isEnded = true
        if shape == .events { finishEvents() } else { readDocument(isCut: isCut) }
        if answer.isEndAnnounced, !character.pending.isEmpty { answer.endInsideCharacter(bytes: character.pending.count) }
        documents.close(&answer)
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

    private mutating func become(_ shape: Shape) {
        self.shape = shape
        guard shape == .events else { return }
        let begun = buffer
        buffer = []
        begun.withUnsafeBytes { take(events: $0) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    // MARK: A document

    private mutating func readDocument(isCut: Bool) {
        var body = buffer[...]
        buffer = []
        while let first = body.first, Self.isBlank(first) || body.starts(with: [0xEF, 0xBB, 0xBF]) { body = body.dropFirst(Self.isBlank(first) ? 1 : 3) }
        answer.isAllHere = true
        var replaced: [JSONParser.ReplacedMember] = []
        do throws(JSONParseError) {
            let document = try Self.parse(body, &replaced)
            for member in replaced { answer.take(replaced: member) }
            guard case .array(let list) = document, list.contains(where: { Form.isOfAnswer($0) || $0["error"] != nil }) else {
                return take(whole: document, size: body.count)
            }
            if list.count == 1 { return take(whole: list[0], size: body.count) }
            for element in list { take(element) }
        } catch {
            readNoDocument(body, error, isCut: isCut)
        }
    }

    /// Lines of JSON, documents with something around them or with faults, a field that nobody knows, a page.
    private mutating func readNoDocument(_ body: ArraySlice<UInt8>, _ error: JSONParseError, isCut: Bool) {
        if Self.isPage(body) { return answer.refuse(ErrorClassifier.notJSON(Array(body), error)) }
        if Self.hasLineOfEvents(body), readsAsEvents(body) { return }
        let items = JSONSequence(body, allowsBreaks: true).items
        let objects = items.compactMap { item -> ArraySlice<UInt8>? in if case .object(let raw) = item { raw } else { nil } }
        let junk = items.compactMap { item -> ArraySlice<UInt8>? in if case .junk(let raw) = item { raw } else { nil } }
        // One answer, with what a proxy puts around it.
        if objects.count == 1, objects.count + junk.count == items.count {
            var replaced: [JSONParser.ReplacedMember] = []
            if let document = Self.read(objects[0], allowsBreaks: true, &replaced), Form.isWhole(document) {
                for member in replaced { answer.take(replaced: member) }
                for raw in junk { answer.lose(raw.count { $0 > 0x20 }) }
                return take(whole: document, size: body.count)
            }
        }
        // Something in front of it all. A chunk that cannot be read is lost, and then the rest is no beginning.
        var hasPreface = false
        for item in items {
            switch item {
            case .done: answer.end()
            case .begun(let raw): take(unfinished: raw, isEvent: false)
            case .object(let raw):
                do throws(JSONParseError) { try take(chunk: raw, allowsBreaks: true) } catch {
                    lose(raw)
                    answer.fail("a line of the answer is not JSON")
                }
            case .junk(let raw):
                lose(raw)
                if answer.hasAnswer || raw.first == UInt8(ascii: "{") { answer.fail("a line of the answer is not JSON") } else { hasPreface = true }
            }
        }
        if !answer.hasAnswer { answer.lose(whole: body.count) }
        let isBroken = hasPreface || !answer.hasAnswer || (!answer.isEndAnnounced && objects.count < 2)
        if isBroken, !isCut || hasPreface { answer.refuse(ErrorClassifier.notJSON(Array(body), error)) }
    }

    /// The beginning of a document that broke off.
    private mutating func take(unfinished raw: ArraySlice<UInt8>, isEvent: Bool) {
        // Of an event something may be missing inside, too, and what seems its fault is the beginning of something else.
        let repaired = isEvent ? nil : RepairedJSON(raw)?.text
        // As it came, where its end is its only fault: a character may be cut.
        for text in [Array(raw), repaired].lazy.compactMap({ $0 }) {
            guard let begun = UnfinishedJSON.closed(text), let document = try? JSONParser.parse(begun) else { continue }
            return answer.take(unfinished: document, as: &documents)
        }
        answer.lose(raw.count)
    }

    /// Counts what cannot be read, but for its counts.
    private mutating func lose(_ raw: ArraySlice<UInt8>) {
        answer.lose(raw.count)
        guard raw.first == UInt8(ascii: "{") else { return }
        let text = RepairedJSON(raw)?.text ?? Array(raw)
        if let document = (try? JSONParser.parse(text)) ?? UnfinishedJSON.closed(text).flatMap({ try? JSONParser.parse($0) }) { answer.take(countsOf: document) }
    }

    private mutating func take(whole document: JSONValue, size: Int) {
        take(document)
        // A piece of a stream is no more whole by being alone.
        if Form.isPiece(document) { return }
        // Counts alone may be the first of many.
        isWholeDocument = answer.hasAnswer || answer.isServersError
        if answer.failure != nil { return }
        if !answer.hasAnswer {
            if case .failure(let error)? = ErrorClassifier.told(by: document, isError: document["message"]?.stringValue != nil) {
                answer.refuse(error)
                isWholeDocument = true
            } else {
                answer.lose(whole: size)
                answer.refuse(CallFailure(.malformedResponse, Form.noAnswer(document)))
            }
        } else if !answer.hasContent {
            answer.lose(whole: size)
            answer.refuse(CallFailure(.malformedResponse, Form.noContent))
        } else {
            // It is complete, be its finish reason null.
            answer.end()
        }
    }

    private mutating func take(_ document: JSONValue, isError: Bool = false) { answer.take(document, isError: isError, as: &documents) }

    /// A page of the web, which no model wrote: short enough to be one, and without an answer in it.
    private static func isPage(_ body: ArraySlice<UInt8>) -> Bool {
        guard body.first == UInt8(ascii: "<"), body.count <= AnswerFrame.longestPage else { return false }
        let start = String(decoding: body.prefix(16), as: UTF8.self).lowercased()
        guard ["<!", "<?xml", "<html", "<head", "<body", "<title", "<center", "<h1"].contains(where: start.hasPrefix) else { return false }
        return !String(decoding: body, as: UTF8.self).contains(Form.mark)
    }

    private static func hasLineOfEvents(_ body: ArraySlice<UInt8>) -> Bool {
        body.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).contains { line in ["data:", "event:"].contains { line.starts(with: $0.utf8) } }
    }

    /// Whether the lines were anything of an answer.
    private mutating func readsAsEvents(_ body: ArraySlice<UInt8>) -> Bool {
        var other = BodyReader(eventsOf: self)
        body.withUnsafeBytes { other.take(events: $0) }
        other.finishEvents()
        guard other.answer.hasAnswer || other.answer.isServersError else { return false }
        answer = other.answer
        documents = other.documents
        character = other.character
        shape = .events
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
        if answer.failure == nil { answer.add(beside: parser.ignoredBytes) }
        if !answer.hasAnswer { answer.lose(whole: unreadBytes) }
        if answer.failure == nil, answer.isEndAnnounced, !answer.hasAnswer { answer.refuse(CallFailure(.malformedResponse, Form.noAnswer(.null))) }
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
            try take(chunk: data, isError: isError, allowsBreaks: false)
        } catch {
            if isError { return take(errorEvent: data) }
            // Keep-alives of one word.
            if data.count <= 32, data.allSatisfy({ 0x61...0x7A ~= $0 | 0x20 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }) {
                if data != lastWord { answer.add(beside: data.count) }
                lastWord = data
                return
            }
            let isStray = event.name == ServerSentEventParser.strayName
            take(faulty: data, isStray ? "a line of the stream is not server-sent events" : "a chunk of the stream is not JSON: \(error)", isLast: isLast)
        }
    }

    /// Takes the data of an event that is no document: several of them, of which some servers make one event, or one with faults.
    private mutating func take(faulty data: ArraySlice<UInt8>, _ fault: String, isLast: Bool) {
        // What comes behind a failure of an event before this one depends on how the bytes came.
        answer.isAllHere = answer.failure == nil
        defer { answer.isAllHere = false }
        let items = JSONSequence(data, allowsBreaks: false).items
        if items.isEmpty {
            answer.lose(data.count)
            if !isLast { answer.fail(fault) }
        }
        for (place, item) in items.enumerated() {
            // What has no end may be cut.
            let isCut = isLast && place == items.count - 1
            switch item {
            case .done: answer.end()
            case .object(let raw):
                do throws(JSONParseError) { try take(chunk: raw, allowsBreaks: false) } catch {
                    lose(raw)
                    answer.fail(fault)
                }
            case .begun(let raw) where isCut:
                take(unfinished: raw, isEvent: true)
                if answer.failure == nil, !answer.hasAnswer { unreadBytes += raw.count }
            case .begun(let raw), .junk(let raw):
                lose(raw)
                if !isCut { answer.fail(fault) }
            }
        }
    }

    /// An error in several lines, or in words.
    private mutating func take(errorEvent data: ArraySlice<UInt8>) {
        let lines = data.split(separator: UInt8(ascii: "\n")).map { try? Self.parse($0) }
        if lines.count > 1, lines.allSatisfy({ $0 != nil }) {
            for case let document? in lines { take(document, isError: true) }
        } else {
            take(.string(String(decoding: data.prefix(2000), as: UTF8.self)), isError: true)
        }
    }

    /// Takes a document or a chunk as it was sent.
    private mutating func take(chunk raw: ArraySlice<UInt8>, isError: Bool = false, allowsBreaks: Bool) throws(JSONParseError) {
        var replaced: [JSONParser.ReplacedMember] = []
        let joined = character.joined(raw)
        var document: JSONValue
        do throws(JSONParseError) { document = try Self.parse(joined, &replaced) } catch {
            replaced = []
            let cut = character.pending.isEmpty ? character.joined(joined, isFaulty: true) : joined
            guard let read = Self.read(cut, allowsBreaks: allowsBreaks, &replaced) else { throw error }
            document = read
        }
        for member in replaced { answer.take(replaced: member) }
        take(document, isError: isError)
        if answer.failure == nil, !answer.hasAnswer { unreadBytes += raw.count }
    }

    /// Of what is no document, the one that it is but for faults that have one meaning.
    private static func read(_ raw: ArraySlice<UInt8>, allowsBreaks: Bool, _ replaced: inout [JSONParser.ReplacedMember]) -> JSONValue? {
        if let document = try? parse(raw, &replaced) { return document }
        replaced = []
        // Between lines something may be missing.
        guard allowsBreaks || !raw.contains(UInt8(ascii: "\n")), let repaired = RepairedJSON(raw), repaired.isClosed, repaired.behind == 0 else { return nil }
        return try? parse(repaired.text[...], &replaced)
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONParseError) -> JSONValue {
        var replaced: [JSONParser.ReplacedMember] = []
        return try parse(bytes, &replaced)
    }

    private static func parse(_ bytes: ArraySlice<UInt8>, _ replaced: inout [JSONParser.ReplacedMember]) throws(JSONParseError) -> JSONValue {
        var result: Result<JSONValue, JSONParseError>!
        var members: [JSONParser.ReplacedMember] = []
        bytes.withUnsafeBufferPointer { bytes in
            do throws(JSONParseError) { result = .success(try JSONParser.parse(bytes, replaced: &members)) } catch { result = .failure(error) }
        }
        replaced = members
        return try result.get()
    }
}
