import Values
import WorkflowModel

/// An answer as it comes together, from a whole document or from the events of a stream. What is read of them is the business of an
/// ``AnswerForm``; what it means for the answer, its end and its cost is the same for every API.
package struct GatheredAnswer {
    let provider: String
    var text = ""
    var refusal: String?
    var hasReasoning = false
    var reasoning = ""
    var verbatim: [VerbatimBlock] = []
    var logprobs: JSONValue?
    /// Those that were not asked for yet; `nil`: nobody takes them.
    private(set) var pieces: [AnswerPiece]?
    private(set) var modelServed: String?
    private(set) var otherModelsServed: [String] = []
    private(set) var usage: UsageReader
    /// Of all that the model wrote.
    var outputBytes = 0
    /// Of what is no frame and may be anything: it counts for an estimate and judges no usage.
    var besideBytes = 0
    var frame = AnswerFrame()
    /// Whether all of the body, or of an event, is here: then what stands behind a failure is counted as well, and otherwise how much of
    /// it came in is by chance.
    var isAllHere = false
    private var bytesAtUsage = 0
    /// Of ``outputBytes``, what came behind the last counts; 0 where there are none.
    var bytesBehindUsage: Int { usage.told == 0 ? 0 : max(0, outputBytes - bytesAtUsage) }
    /// Whether a token has come, of the answer or of the reasoning before it.
    var hasBegun = false
    /// The server's own error, or what makes the answer unusable.
    var failure: CallFailure?
    private(set) var notes: [CallNote] = []
    /// Whether the server said that the answer is over: a finish reason with nothing behind it, or the last event of a stream.
    private(set) var isEndAnnounced = false
    /// Whether there was anything of an answer.
    var hasAnswer = false
    /// Whether it had anything that can be content, be it empty.
    var hasContent = false
    /// Whether the last event of the stream came. Behind it only counts are read.
    private(set) var isDone = false
    private var finish: String?
    /// Whether it says that the answer is not all that the model had to say.
    private var isShort = false
    private var faint: CallFailure?
    private var toolCalls: [Int: (id: String?, name: String, arguments: String)] = [:]

    /// - Parameters:
    ///   - provider: to whom sealed reasoning belongs.
    ///   - recordsPieces: whether somebody takes what is written as it comes.
    ///   - usage: how the server counts.
    init(provider: String = "", recordsPieces: Bool = false, usage: UsageConvention = .unknown) {
        self.provider = provider
        self.usage = UsageReader(usage)
        pieces = recordsPieces ? [] : nil
    }

    mutating func takePieces() -> [AnswerPiece] {
        guard let taken = pieces, !taken.isEmpty else { return [] }
        pieces = []
        return taken
    }

    /// The last event. Behind it only counts are read.
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
    mutating func take(unfinished document: JSONValue, as form: inout some AnswerForm) {
        let (wasAnnounced, wasDone, before) = (isEndAnnounced, isDone, outputBytes)
        take(document, as: &form)
        isEndAnnounced = isEndAnnounced && wasAnnounced && outputBytes == before
        isDone = isDone && wasDone
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

    /// Takes a document or an event.
    ///
    /// - Parameter isError: whether it was announced as an error.
    mutating func take(_ document: JSONValue, isError: Bool = false, as form: inout some AnswerForm) {
        let toldBefore = usage.told
        usage.take(answer: document)
        defer { if usage.told != toldBefore { bytesAtUsage = outputBytes } }
        guard failure == nil, !isDone else {
            if isDone, case .failure(let late)? = ErrorClassifier.told(by: document, isError: isError) { note(late: late) }
            if failure == nil || isAllHere { form.count(document, into: &self) }
            return
        }
        let told = ErrorClassifier.told(by: document, isError: isError)
        let wasAnnounced = isEndAnnounced
        form.take(document, isError: Self.isError(told), into: &self)
        switch told {
        case nil: break
        case .faint(let error): faint = faint ?? error
        case .failure(let error):
            if wasAnnounced { note(late: error) } else { failure = error }
        }
    }

    /// Gateways tell the model that answered late, behind an alias.
    mutating func take(model name: String?) {
        // Azure's first chunk has an empty name.
        guard let name, !name.isEmpty, modelServed?.hasSameBytes(as: name) != true else { return }
        let short = name.beginning(bytes: 256)
        if modelServed == nil {
            modelServed = short
        } else if modelServed?.hasSameBytes(as: short) != true, otherModelsServed.count < 3, !otherModelsServed.contains(where: { $0.hasSameBytes(as: short) }) {
            otherModelsServed.append(short)
        }
    }

    private mutating func note(late error: CallFailure) {
        if notes.isEmpty { notes.append(CallNote(.lateError, "behind the end of its answer, \(error.message)")) }
    }

    private static func isError(_ told: ErrorClassifier.Told?) -> Bool { if case .failure? = told { true } else { false } }

    /// Takes a member whose place another one of the same key took: nobody reads it, and it came.
    mutating func take(replaced member: JSONParser.ReplacedMember) {
        let toldBefore = usage.told
        usage.take(replaced: member)
        add(beside: AnswerFrame.excess(member.value, over: 0))
        if usage.told != toldBefore { bytesAtUsage = outputBytes }
    }

    // MARK: What is written

    /// Takes a piece of what the model writes.
    mutating func write(_ piece: AnswerPiece) {
        let count: Int
        switch piece {
        case .text(let words):
            count = words.utf8.count
            if count > 0 { text += words }
        case .refusal(let words):
            count = words.utf8.count
            refusal = (refusal ?? "") + words
        case .reasoning(let words):
            count = words.utf8.count
            hasReasoning = hasReasoning || count > 0
            if count > 0 { reasoning += words }
        }
        guard count > 0 else { return }
        wrote(bytes: count)
        record(piece)
    }

    /// Counts what the model wrote, and what goes on after its end was not at its end.
    mutating func wrote(bytes: Int) {
        guard bytes > 0 else { return }
        outputBytes += bytes
        hasBegun = true
        goOn()
    }

    /// What goes on after its end was not at its end.
    mutating func goOn() {
        if isEndAnnounced, !isDone { isEndAnnounced = false }
    }

    mutating func record(_ piece: AnswerPiece?) {
        if let piece { pieces?.append(piece) }
    }

    /// A stream names a call once and sends its arguments in pieces. No answer has more calls than this.
    ///
    /// - Parameter isWhole: whether these are all of its arguments.
    mutating func take(call: (index: Int, id: String?, name: String, arguments: String), isWhole: Bool = false) {
        guard toolCalls.count < 256 || toolCalls[call.index] != nil else { return }
        var known = toolCalls[call.index] ?? (nil, "", "")
        if let id = call.id, !id.isEmpty { known.id = id.beginning(bytes: 128) }
        if !call.name.isEmpty { known.name = call.name.beginning(bytes: 128) }
        if isWhole { known.arguments = call.arguments } else { known.arguments += call.arguments }
        toolCalls[call.index] = known
    }

    /// The bytes of a call's arguments that have come; 0 for a call that is not known.
    func argumentBytes(ofCall index: Int) -> Int { toolCalls[index]?.arguments.utf8.count ?? 0 }

    var hasToolCalls: Bool { !toolCalls.isEmpty }

    // MARK: Its end

    /// Takes the word by which the server says why the answer ended. What a cut or a filter was, no later word and no translation of a
    /// gateway's takes back.
    ///
    /// - Parameter native: the word of a server behind a gateway.
    mutating func take(end word: String, native: String? = nil) {
        switch FinishReasons.meaning(word) {
        case .brokenOff?: failure = CallFailure(.serverError, "the server broke the answer off: \(word.beginning(bytes: 64))")
        case .failed(let kind)?: failure = CallFailure(kind, "the server broke the answer off: \(word.beginning(bytes: 64))")
        case .end(let reason)?: take(end: word, reason, native)
        case nil: take(end: word, nil, native)
        }
    }

    private mutating func take(end word: String, _ reason: FinishReason?, _ native: String?) {
        isEndAnnounced = true
        if isShort { return }
        (finish, isShort) = (word, reason == .length || reason == .contentFilter)
        if !isShort, let native, case .end(let own)? = FinishReasons.meaning(native), own == .length || own == .contentFilter { (finish, isShort) = (native, true) }
    }

    /// After the last document: an error that was only hinted at is one where there is no answer.
    mutating func close() {
        if failure == nil, !(isEndAnnounced && outputBytes > 0) { failure = faint }
    }

    var response: ModelResponse {
        var reason = FinishReason.other
        if let finish, case .end(let known)? = FinishReasons.meaning(finish) { reason = known }
        let isKnown = finish == nil || reason != .other
        return ModelResponse(parts: parts, finishReason: reason, finishWord: isKnown ? nil : finish.map { $0.beginning(bytes: 64) }, logprobs: logprobs)
    }

    private var parts: [ModelResponse.Part] {
        let calls = toolCalls.isEmpty ? [] : toolCalls.sorted { $0.key < $1.key }.map(\.value).filter { !$0.name.isEmpty }
        var parts: [ModelResponse.Part] = []
        parts.reserveCapacity((hasReasoning ? 1 : 0) + (text.isEmpty ? 0 : 1) + (refusal == nil ? 0 : 1) + calls.count + verbatim.count)
        if hasReasoning { parts.append(.reasoning(reasoning)) }
        if !text.isEmpty { parts.append(.text(text)) }
        if let refusal { parts.append(.refusal(refusal)) }
        for call in calls { parts.append(.toolCall(ToolCall(id: call.id, name: call.name, arguments: call.arguments))) }
        for block in verbatim { parts.append(.verbatim(block)) }
        return parts
    }
}
