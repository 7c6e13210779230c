import Values
import WorkflowModel

/// Answers of chat completions: choices with a message, or with pieces of one; the same fields, read by the same code.
package struct ChatForm: AnswerForm {
    private var sealed: [SealedReasoning] = []
    /// Whether the text came in one message.
    private var isTextWhole = false
    /// Of log-probabilities, which repeat the text at length.
    private var logprobBytes = 0
    private var chunkLogprobs: [JSONValue] = []
    private var logprobs: JSONValue?

    package init(_ expected: ExpectedAnswer) {}

    package static let mark = "\"choices\""
    package static let hasLastEvent = false
    package static let noContent = "the answer's message has no text"

    package static func isOfAnswer(_ document: JSONValue) -> Bool { document["choices"] != nil }

    package static func isWhole(_ document: JSONValue) -> Bool { document["choices"]?[0] != nil && !isPiece(document) }

    package static func isPiece(_ document: JSONValue) -> Bool {
        guard let choice = document["choices"]?[0], choice["message"]?.objectValue == nil else { return false }
        return choice["delta"]?.objectValue != nil
    }

    package static func noAnswer(_ document: JSONValue) -> String { "the answer has no choices" + ModelAPI.openAIChat.hint(where: document) }

    package mutating func take(_ document: JSONValue, isError: Bool, into answer: inout GatheredAnswer) {
        answer.take(model: document["model"]?.stringValue)
        let choices = document["choices"]?.arrayValue ?? []
        for choice in choices {
            // One is asked for. What a server sends beside it was made and is paid for.
            if let index = choice["index"]?.intValue, index != 0 { Self.count(choice: choice, into: &answer) } else { take(choice: choice, into: &answer) }
        }
        if !choices.isEmpty || !isError { answer.besideBytes += answer.frame.bytes(beside: document) }
    }

    package mutating func count(_ document: JSONValue, into answer: inout GatheredAnswer) {
        for choice in document["choices"]?.arrayValue ?? [] { Self.count(choice: choice, into: &answer) }
        answer.besideBytes += answer.frame.bytes(beside: document)
    }

    package mutating func close(_ answer: inout GatheredAnswer) {
        answer.besideBytes += max(0, logprobBytes - AnswerFrame.mostLogprobBytes * (answer.text.utf8.count + 8))
        // Spelled out, as `nil` beside a JSON value is JSON's null.
        let gathered: JSONValue? = if chunkLogprobs.isEmpty { Optional.none } else { .object(["content": .array(chunkLogprobs)]) }
        answer.logprobs = logprobs ?? gathered
        answer.verbatim = sealed.map { VerbatimBlock(provider: answer.provider, field: $0.field, content: $0.content) }
    }

    private static func count(choice: JSONValue, into answer: inout GatheredAnswer) {
        guard case .object(let fields) = choice else {
            answer.outputBytes += AnswerFrame.excess(choice, over: 0)
            return
        }
        let (content, name, _) = Self.content(of: choice)
        if let content {
            answer.outputBytes += content.bytes + content.strayBytes
            answer.besideBytes += content.besideBytes
        }
        answer.besideBytes += AnswerFrame.bytes(beside: name, of: fields)
    }

    /// What is read of a choice, the field where it stands, and whether that is a message and not a piece of one.
    private static func content(of choice: JSONValue) -> (AnswerContent?, name: String?, isWhole: Bool) {
        if let delta = choice["delta"], case .object = delta { return (AnswerContent(delta), "delta", false) }
        if let message = choice["message"], case .object = message { return (AnswerContent(message), "message", true) }
        if let text = choice["text"]?.stringValue { return (AnswerContent(text: text), "text", false) }
        return (nil, nil, false)
    }

    private mutating func take(choice: JSONValue, into answer: inout GatheredAnswer) {
        answer.hasAnswer = answer.hasAnswer || choice["delta"] != nil || choice["message"] != nil || choice["text"] != nil || choice["finish_reason"] != nil
        let (content, name, isWhole) = Self.content(of: choice)
        if let content {
            take(content, isWhole: isWhole, into: &answer)
            if case .object(let fields) = choice { Self.takeBeside(name, content, of: fields, into: &answer) }
        } else if choice["finish_reason"] == nil || [choice["delta"], choice["message"], choice["text"]].contains(where: { $0?.isNull == false }) {
            // Of a shape that is not known.
            answer.lose(choice.jsonText.utf8.count)
        } else if case .object(let fields) = choice {
            answer.besideBytes += AnswerFrame.bytes(beside: nil, of: fields)
        }
        if let document = choice["logprobs"], !document.isNull {
            logprobBytes += AnswerFrame.excess(document, over: 0)
            if choice["delta"] == nil { logprobs = document } else { chunkLogprobs += document["content"]?.arrayValue ?? [] }
        }
        if let told = choice["error"], case .failure(let error)? = ErrorClassifier.told(by: .object(["error": told])) {
            answer.failure = error
            return
        }
        guard let word = Self.finishWord(of: choice), !word.isEmpty, word != "null" else { return }
        // OpenRouter's, of the server behind it.
        answer.take(end: word, native: choice["native_finish_reason"]?.stringValue)
    }

    private static func takeBeside(_ name: String?, _ content: AnswerContent, of choice: JSONObject, into answer: inout GatheredAnswer) {
        var rest = choice
        for other in ["message", "text"] where other != name {
            guard let value = rest[other] else { continue }
            let words = value.stringValue ?? value["content"]?.stringValue
            // Together's servers send a piece under two names; others send the whole message with each piece.
            guard let words, words.hasSameBytes(as: content.text) || words.hasSameBytes(as: answer.text) else { continue }
            if AnswerFrame.excess(value, over: words.utf8.count + AnswerFrame.longestObject) == 0 { rest[other] = nil }
        }
        answer.besideBytes += AnswerFrame.bytes(beside: name, of: rest)
    }

    private static func finishWord(of choice: JSONValue) -> String? {
        guard let value = choice["finish_reason"] ?? choice["finishReason"] else { return nil }
        return value.stringValue ?? value["type"]?.stringValue ?? value["reason"]?.stringValue
    }

    private mutating func take(_ content: AnswerContent, isWhole: Bool, into answer: inout GatheredAnswer) {
        if content.isContent { answer.hasContent = true }
        // It may be anything, and does not make an answer go on.
        defer {
            answer.outputBytes += content.strayBytes
            answer.besideBytes += content.besideBytes
        }
        if isWhole, isTextWhole, answer.isEndAnnounced, !content.text.hasSameBytes(as: answer.text) {
            // Another answer behind the end of this one.
            answer.outputBytes += content.bytes
            return
        }
        if !content.text.isEmpty { isTextWhole = isWhole }
        if isWhole, !answer.text.isEmpty, !content.text.isEmpty {
            // Some streams close with the whole message that their pieces made.
            answer.outputBytes += max(0, content.bytes - answer.outputBytes)
            // What was handed on cannot be taken back: only more of it is news.
            if answer.pieces != nil, content.text.utf8.starts(with: answer.text.utf8) {
                let news = String(decoding: content.text.utf8.dropFirst(answer.text.utf8.count), as: UTF8.self)
                answer.record(news.isEmpty ? nil : .text(news))
            }
            answer.text = content.text
        } else {
            answer.outputBytes += content.bytes
            answer.text += content.text
            if let words = content.refusal { answer.refusal = (answer.refusal ?? "") + words }
            answer.reasoning += content.reasoning
            for block in content.sealed { take(sealed: block.content, in: block.field) }
            for call in content.toolCalls { answer.take(call: call) }
            if answer.pieces != nil {
                answer.record(content.reasoning.isEmpty ? nil : .reasoning(content.reasoning))
                answer.record(content.text.isEmpty ? nil : .text(content.text))
                answer.record(content.refusal.map(AnswerPiece.refusal))
            }
            if content.bytes > 0 { answer.goOn() }
        }
        answer.hasReasoning = answer.hasReasoning || content.hasReasoning
        if content.bytes > 0 { answer.hasBegun = true }
    }

    private mutating func take(sealed content: JSONValue, in field: String) {
        if let place = sealed.firstIndex(where: { $0.field == field }) {
            sealed[place].take(content)
        } else {
            sealed.append(SealedReasoning(field: field, content))
        }
    }
}
