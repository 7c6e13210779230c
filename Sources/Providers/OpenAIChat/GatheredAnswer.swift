import Values
import WorkflowModel

/// An answer, from a whole document or from the chunks of a stream: the same fields, read by the same code.
struct GatheredAnswer {
    let provider: String
    private(set) var text = ""
    private(set) var refusal: String?
    private(set) var hasReasoning = false
    private var reasoning = ""
    private var sealed: [SealedReasoning] = []
    /// Those that were not asked for yet; `nil`: nobody takes them.
    private(set) var pieces: [AnswerPiece]?
    private(set) var modelServed: String?
    private(set) var otherModelsServed: [String] = []
    private(set) var usage = UsageReader()
    /// Of all that the model wrote.
    private(set) var outputBytes = 0
    /// Of what is no frame and may be anything: it counts for an estimate and judges no usage.
    private(set) var besideBytes = 0
    private var frame = AnswerFrame()
    /// Whether all of the body, or of an event, is here: then what stands behind a failure is counted as well, and otherwise how much of
    /// it came in is by chance.
    var isAllHere = false
    /// Whether the text came in one message.
    private var isTextWhole = false
    /// Of log-probabilities, which repeat the text at length.
    private var logprobBytes = 0
    private var bytesAtUsage = 0
    /// Of ``outputBytes``, what came behind the last counts; 0 where there are none.
    var bytesBehindUsage: Int { usage.told == 0 ? 0 : max(0, outputBytes - bytesAtUsage) }
    /// Whether a token has come, of the answer or of the reasoning before it.
    private(set) var hasBegun = false
    /// The server's own error, or what makes the answer unusable.
    private(set) var failure: CallFailure?
    private(set) var notes: [CallNote] = []
    /// Whether the server said that the answer is over: a finish reason with nothing behind it, or `[DONE]`.
    private(set) var isEndAnnounced = false
    private(set) var hasChoices = false
    /// Whether a message had anything that can be content.
    private(set) var hasContent = false
    private var isDone = false
    private var finish: String?
    /// Whether it says that the answer is not all that the model had to say.
    private var isShort = false
    private var faint: CallFailure?
    private var toolCalls: [Int: (id: String?, name: String, arguments: String)] = [:]
    private var chunkLogprobs: [JSONValue] = []
    private var logprobs: JSONValue?

    /// - Parameters:
    ///   - provider: to whom sealed reasoning belongs.
    ///   - recordsPieces: whether somebody takes what is written as it comes.
    init(provider: String = "", recordsPieces: Bool = false) {
        self.provider = provider
        pieces = recordsPieces ? [] : nil
    }

    mutating func takePieces() -> [AnswerPiece] {
        guard let taken = pieces, !taken.isEmpty else { return [] }
        pieces = []
        return taken
    }

    /// `[DONE]`. Behind it only counts are read.
    mutating func end() {
        guard failure == nil else { return }
        isDone = true
        isEndAnnounced = true
    }

    /// What came is not to be read any further, unless it is whole.
    mutating func fail(_ message: String) {
        if !isEndAnnounced { refuse(CallFailure(.malformedResponse, message)) }
    }

    /// It is no answer, whatever its end.
    mutating func refuse(_ reason: CallFailure) {
        if failure == nil { failure = reason }
    }

    /// Takes a document that broke off and was closed. What it says of an end is not the answer's; an end before it is.
    mutating func take(unfinished document: JSONValue) {
        let (wasAnnounced, before) = (isEndAnnounced, outputBytes)
        take(document)
        isEndAnnounced = isEndAnnounced && wasAnnounced && outputBytes == before
    }

    /// Counts bytes that came and could not be read: what they held was made, and is paid for.
    mutating func lose(_ count: Int) {
        if failure == nil || isAllHere { outputBytes += count }
    }

    /// Takes what can be read of counts in a text that is nothing else.
    mutating func take(countsOf document: JSONValue) {
        let toldBefore = usage.told
        usage.take(answer: document)
        if usage.told != toldBefore { bytesAtUsage = outputBytes }
    }

    /// The other half of its last character did not come.
    mutating func endInsideCharacter(bytes: Int) {
        outputBytes += bytes
        if failure == nil { text += "\u{FFFD}" }
    }

    /// Counts bytes that may be anything.
    mutating func add(beside count: Int) {
        if failure == nil || isAllHere { besideBytes += count }
    }

    /// Counts at least so many bytes for a body in which no answer was found, unless it is an error.
    mutating func lose(whole count: Int) {
        if !isServersError || count > AnswerFrame.longestPage { outputBytes = max(outputBytes, count - besideBytes) }
    }

    /// Whether the failure is the server's own word.
    var isServersError: Bool { failure.map { $0.kind != .malformedResponse } ?? false }

    /// Takes a document or a chunk.
    ///
    /// - Parameter isError: whether it was announced as an error.
    mutating func take(_ document: JSONValue, isError: Bool = false) {
        let toldBefore = usage.told
        usage.take(answer: document)
        defer { if usage.told != toldBefore { bytesAtUsage = outputBytes } }
        guard failure == nil, !isDone else {
            if isDone, case .failure(let late)? = ErrorClassifier.told(by: document, isError: isError) { note(late: late) }
            if failure == nil || isAllHere { count(document) }
            return
        }
        let told = ErrorClassifier.told(by: document, isError: isError)
        // Azure's first chunk has an empty name.
        if let model = document["model"]?.stringValue, !model.isEmpty, modelServed?.hasSameBytes(as: model) != true { take(model: model.beginning(bytes: 256)) }
        let wasAnnounced = isEndAnnounced
        let choices = document["choices"]?.arrayValue ?? []
        for choice in choices {
            // One is asked for. What a server sends beside it was made and is paid for.
            if let index = choice["index"]?.intValue, index != 0 { count(choice: choice) } else { take(choice: choice) }
        }
        if !choices.isEmpty || Self.isNoError(told) { besideBytes += frame.bytes(beside: document) }
        switch told {
        case nil: break
        case .faint(let error): faint = faint ?? error
        case .failure(let error):
            if wasAnnounced { note(late: error) } else { failure = error }
        }
    }

    /// Gateways tell the model that answered late, behind an alias.
    private mutating func take(model name: String) {
        if modelServed == nil {
            modelServed = name
        } else if modelServed?.hasSameBytes(as: name) != true, otherModelsServed.count < 3, !otherModelsServed.contains(where: { $0.hasSameBytes(as: name) }) {
            otherModelsServed.append(name)
        }
    }

    private mutating func note(late error: CallFailure) {
        if notes.isEmpty { notes.append(CallNote(.lateError, "behind the end of its answer, \(error.message)")) }
    }

    private static func isNoError(_ told: ErrorClassifier.Told?) -> Bool { if case .failure? = told { false } else { true } }

    /// Takes a member whose place another one of the same key took: nobody reads it, and it came.
    mutating func take(replaced member: JSONParser.ReplacedMember) {
        let toldBefore = usage.told
        usage.take(replaced: member)
        add(beside: AnswerFrame.excess(member.value, over: 0))
        if usage.told != toldBefore { bytesAtUsage = outputBytes }
    }

    /// Counts what is not read any more.
    private mutating func count(_ document: JSONValue) {
        for choice in document["choices"]?.arrayValue ?? [] { count(choice: choice) }
        besideBytes += frame.bytes(beside: document)
    }

    private mutating func count(choice: JSONValue) {
        guard case .object(let fields) = choice else {
            outputBytes += AnswerFrame.excess(choice, over: 0)
            return
        }
        let (content, name, _) = Self.content(of: choice)
        if let content {
            outputBytes += content.bytes + content.strayBytes
            besideBytes += content.besideBytes
        }
        besideBytes += AnswerFrame.bytes(beside: name, of: fields)
    }

    /// What is read of a choice, the field where it stands, and whether that is a message and not a piece of one.
    private static func content(of choice: JSONValue) -> (AnswerContent?, name: String?, isWhole: Bool) {
        if let delta = choice["delta"], case .object = delta { return (AnswerContent(delta), "delta", false) }
        if let message = choice["message"], case .object = message { return (AnswerContent(message), "message", true) }
        if let text = choice["text"]?.stringValue { return (AnswerContent(text: text), "text", false) }
        return (nil, nil, false)
    }

    private mutating func take(choice: JSONValue) {
        hasChoices = hasChoices || choice["delta"] != nil || choice["message"] != nil || choice["text"] != nil || choice["finish_reason"] != nil
        let (content, name, isWhole) = Self.content(of: choice)
        if let content {
            take(content, isWhole: isWhole)
            if case .object(let fields) = choice { takeBeside(name, content, of: fields) }
        } else if choice["finish_reason"] == nil || [choice["delta"], choice["message"], choice["text"]].contains(where: { $0?.isNull == false }) {
            // Of a shape that is not known.
            lose(choice.jsonText.utf8.count)
        } else if case .object(let fields) = choice {
            besideBytes += AnswerFrame.bytes(beside: nil, of: fields)
        }
        if let document = choice["logprobs"], !document.isNull {
            logprobBytes += AnswerFrame.excess(document, over: 0)
            if choice["delta"] == nil { logprobs = document } else { chunkLogprobs += document["content"]?.arrayValue ?? [] }
        }
        if let told = choice["error"], case .failure(let error)? = ErrorClassifier.told(by: .object(["error": told])) {
            failure = error
            return
        }
        guard let word = Self.finishWord(of: choice), !word.isEmpty, word != "null" else { return }
        switch FinishReasons.meaning(word) {
        case .brokenOff?: failure = CallFailure(.serverError, "the server broke the answer off: \(word.beginning(bytes: 64))")
        case .failed(let kind)?: failure = CallFailure(kind, "the server broke the answer off: \(word.beginning(bytes: 64))")
        case .end(let reason)?: take(end: word, reason, of: choice)
        case nil: take(end: word, nil, of: choice)
        }
    }

    private mutating func takeBeside(_ name: String?, _ content: AnswerContent, of choice: JSONObject) {
        var rest = choice
        for other in ["message", "text"] where other != name {
            guard let value = rest[other] else { continue }
            let words = value.stringValue ?? value["content"]?.stringValue
            // Together's servers send a piece under two names; others send the whole message with each piece.
            guard let words, words.hasSameBytes(as: content.text) || words.hasSameBytes(as: text) else { continue }
            if AnswerFrame.excess(value, over: words.utf8.count + AnswerFrame.longestObject) == 0 { rest[other] = nil }
        }
        besideBytes += AnswerFrame.bytes(beside: name, of: rest)
    }

    private static func finishWord(of choice: JSONValue) -> String? {
        guard let value = choice["finish_reason"] ?? choice["finishReason"] else { return nil }
        return value.stringValue ?? value["type"]?.stringValue ?? value["reason"]?.stringValue
    }

    /// What a cut or a filter was, no later word and no translation of a gateway's takes back.
    private mutating func take(end word: String, _ reason: FinishReason?, of choice: JSONValue) {
        isEndAnnounced = true
        if isShort { return }
        (finish, isShort) = (word, reason == .length || reason == .contentFilter)
        // OpenRouter's, of the server behind it.
        if !isShort, let native = choice["native_finish_reason"]?.stringValue, case .end(let own)? = FinishReasons.meaning(native), own == .length || own == .contentFilter {
            (finish, isShort) = (native, true)
        }
    }

    private mutating func take(_ content: AnswerContent, isWhole: Bool) {
        if content.isContent { hasContent = true }
        // It may be anything, and does not make an answer go on.
        defer {
            outputBytes += content.strayBytes
            besideBytes += content.besideBytes
        }
        if isWhole, isTextWhole, isEndAnnounced, !content.text.hasSameBytes(as: text) {
            // Another answer behind the end of this one.
            outputBytes += content.bytes
            return
        }
        if !content.text.isEmpty { isTextWhole = isWhole }
        if isWhole, !text.isEmpty, !content.text.isEmpty {
            // Some streams close with the whole message that their pieces made.
            outputBytes += max(0, content.bytes - outputBytes)
            // What was handed on cannot be taken back: only more of it is news.
            if pieces != nil, content.text.utf8.starts(with: text.utf8) {
                record(content.text.utf8.count > text.utf8.count ? .text(String(decoding: content.text.utf8.dropFirst(text.utf8.count), as: UTF8.self)) : nil)
            }
            text = content.text
        } else {
            outputBytes += content.bytes
            text += content.text
            if let words = content.refusal { refusal = (refusal ?? "") + words }
            reasoning += content.reasoning
            for block in content.sealed { take(sealed: block.content, in: block.field) }
            for call in content.toolCalls where toolCalls.count < 256 || toolCalls[call.index] != nil { take(call: call) }
            if pieces != nil {
                record(content.reasoning.isEmpty ? nil : .reasoning(content.reasoning))
                record(content.text.isEmpty ? nil : .text(content.text))
                record(content.refusal.map(AnswerPiece.refusal))
            }
            // What goes on after its end was not at its end.
            if content.bytes > 0, isEndAnnounced, !isDone { isEndAnnounced = false }
        }
        hasReasoning = hasReasoning || content.hasReasoning
        if content.bytes > 0 { hasBegun = true }
    }

    private mutating func record(_ piece: AnswerPiece?) {
        if let piece { pieces?.append(piece) }
    }

    /// A stream names a call once and sends its arguments in pieces.
    private mutating func take(call: (index: Int, id: String?, name: String, arguments: String)) {
        var known = toolCalls[call.index] ?? (nil, "", "")
        if let id = call.id, !id.isEmpty { known.id = id.beginning(bytes: 128) }
        if !call.name.isEmpty { known.name = call.name.beginning(bytes: 128) }
        known.arguments += call.arguments
        toolCalls[call.index] = known
    }

    private mutating func take(sealed content: JSONValue, in field: String) {
        if let place = sealed.firstIndex(where: { $0.field == field }) {
            sealed[place].take(content)
        } else {
            sealed.append(SealedReasoning(field: field, content))
        }
    }

    /// After the last document: an error that was only hinted at is one where there is no answer.
    mutating func close() {
        besideBytes += max(0, logprobBytes - AnswerReader.mostLogprobBytes * (text.utf8.count + 8))
        if failure == nil, !(isEndAnnounced && outputBytes > 0) { failure = faint }
    }

    var response: ModelResponse {
        var reason = FinishReason.other
        if let finish, case .end(let known)? = FinishReasons.meaning(finish) { reason = known }
        let isKnown = finish == nil || reason != .other
        // Spelled out, as `nil` beside a JSON value is JSON's null.
        let gathered: JSONValue? = if chunkLogprobs.isEmpty { Optional.none } else { .object(["content": .array(chunkLogprobs)]) }
        return ModelResponse(
            parts: parts, finishReason: reason, finishWord: isKnown ? nil : finish.map { $0.beginning(bytes: 64) }, logprobs: logprobs ?? gathered)
    }

    private var parts: [ModelResponse.Part] {
        let calls = toolCalls.isEmpty ? [] : toolCalls.sorted { $0.key < $1.key }.map(\.value).filter { !$0.name.isEmpty }
        var parts: [ModelResponse.Part] = []
        parts.reserveCapacity((hasReasoning ? 1 : 0) + (text.isEmpty ? 0 : 1) + (refusal == nil ? 0 : 1) + calls.count + sealed.count)
        if hasReasoning { parts.append(.reasoning(reasoning)) }
        if !text.isEmpty { parts.append(.text(text)) }
        if let refusal { parts.append(.refusal(refusal)) }
        for call in calls { parts.append(.toolCall(ToolCall(id: call.id, name: call.name, arguments: call.arguments))) }
        for block in sealed { parts.append(.verbatim(VerbatimBlock(provider: provider, field: block.field, content: block.content))) }
        return parts
    }
}
