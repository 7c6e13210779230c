import Values
import WorkflowModel

/// Reads the body of an answer of Anthropic's Messages API.
package typealias MessagesReader = BodyReader<MessagesForm>

/// Answers of Anthropic's Messages API: a message with blocks of content, or the events in which they come.
///
/// Source: the types of Anthropic's Python client (`message.py`, `raw_message_stream_event.py`, `content_block.py`,
/// `raw_content_block_delta.py`), "Streaming messages" of its documentation.
package struct MessagesForm: AnswerForm {
    /// A block of content, as far as it came.
    private struct Block {
        /// As it began. Of those that are not known, all that is kept.
        let begun: JSONObject
        var kind: Kind
        /// The text, the thinking, or the input of a tool as JSON.
        var words = ""
        var signature = ""

        enum Kind { case text, thinking, redacted, call, answer, other }
    }

    private var blocks: [Int: Block] = [:]
    /// The tool whose input is the answer.
    private let answerTool: String?
    private static let mostBlocks = 4096

    package init(_ expected: ExpectedAnswer) { answerTool = expected.answerTool }

    package static let mark = "\"content\""
    package static let hasLastEvent = true
    package static let noContent = "the answer has no content"

    package static func isOfAnswer(_ document: JSONValue) -> Bool { isPiece(document) || hasContent(document) }

    package static func isWhole(_ document: JSONValue) -> Bool { hasContent(document) && !isPiece(document) }

    package static func isPiece(_ document: JSONValue) -> Bool {
        guard let type = document["type"]?.stringValue else { return false }
        return events.contains(type)
    }

    package static func noAnswer(_ document: JSONValue) -> String { "the answer is no message" + ModelAPI.anthropic.hint(where: document) }

    private static let events: Set<String> = [
        "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "ping",
    ]

    private static func hasContent(_ document: JSONValue) -> Bool {
        guard document["type"] == "message" || document["role"] == "assistant" else { return false }
        return document["content"]?.arrayValue != nil || document["content"]?.stringValue != nil
    }

    // MARK: Documents

    package mutating func take(_ document: JSONValue, isError: Bool, into answer: inout GatheredAnswer) {
        switch document["type"]?.stringValue {
        case "content_block_delta":
            answer.hasAnswer = true
            if let delta = document["delta"] { take(delta: delta, at: index(of: document), into: &answer) }
            answer.besideBytes += answer.frame.bytes(beside: document, read: ["delta"])
        case "content_block_start":
            answer.hasAnswer = true
            if let block = document["content_block"] { begin(block, at: index(of: document), into: &answer) }
            answer.besideBytes += answer.frame.bytes(beside: document, read: ["content_block"])
        case "message_start":
            answer.hasAnswer = true
            if let message = document["message"] { take(message: message, into: &answer) }
            answer.besideBytes += answer.frame.bytes(beside: document, read: ["message"])
        case "message_delta":
            answer.hasAnswer = true
            if let delta = document["delta"] { take(end: delta, into: &answer) }
            answer.besideBytes += answer.frame.bytes(beside: document, read: ["delta"])
        case "message_stop":
            answer.besideBytes += answer.frame.bytes(beside: document)
            // Of a stream without a beginning it ends nothing.
            if answer.hasAnswer { answer.end() }
        case _ where Self.hasContent(document):
            answer.hasAnswer = true
            answer.hasContent = true
            take(message: document, into: &answer)
        default:
            // Also pings, and events that are not known, which its documentation asks to pass over.
            if !isError { answer.besideBytes += answer.frame.bytes(beside: document) }
        }
    }

    package mutating func count(_ document: JSONValue, into answer: inout GatheredAnswer) {
        answer.besideBytes += answer.frame.bytes(beside: document, read: ["message"])
        if let message = document["message"] { answer.besideBytes += answer.frame.bytes(beside: message) }
    }

    private func index(of document: JSONValue) -> Int { document["index"]?.intValue.map { Int(clamping: $0) } ?? 0 }

    /// A whole message, or the beginning of one.
    private mutating func take(message: JSONValue, into answer: inout GatheredAnswer) {
        answer.take(model: message["model"]?.stringValue)
        switch message["content"] {
        case .string(let text)?: answer.write(.text(text))
        case .array(let blocks)?: for (index, block) in blocks.enumerated() { begin(block, at: index, into: &answer) }
        default: break
        }
        take(end: message, into: &answer, read: ["content", "model"])
    }

    /// - Parameter read: fields beside those of the end that were read.
    private func take(end fields: JSONValue, into answer: inout GatheredAnswer, read: [String] = []) {
        answer.besideBytes += answer.frame.bytes(beside: fields, read: read + ["stop_reason", "stop_sequence", "stop_details", "role", "container", "diagnostics"])
        for name in ["stop_reason", "stop_sequence", "role"] { answer.besideBytes += AnswerFrame.excess(fields[name] ?? .null, over: AnswerFrame.longestName) }
        for name in ["stop_details", "container", "diagnostics"] { answer.besideBytes += AnswerFrame.excess(fields[name] ?? .null, over: AnswerFrame.longestObject) }
        guard let word = fields["stop_reason"]?.stringValue, !word.isEmpty else { return }
        // The server's words for it, which no model wrote.
        if word == "refusal", answer.refusal == nil, let words = fields["stop_details"]?["explanation"]?.stringValue, !words.isEmpty { answer.refusal = words }
        let isAnswer = word == "tool_use" && !answer.hasToolCalls && blocks.values.contains { $0.kind == .answer }
        answer.take(end: isAnswer ? "end_turn" : word)
    }

    // MARK: Blocks

    private mutating func begin(_ block: JSONValue, at index: Int, into answer: inout GatheredAnswer) {
        guard case .object(let fields) = block, blocks.count < Self.mostBlocks || blocks[index] != nil else { return answer.lose(AnswerFrame.excess(block, over: 0)) }
        answer.hasContent = true
        var begun = Block(begun: fields, kind: .other)
        var read: [String] = []
        switch fields["type"]?.stringValue {
        case "text":
            begun.kind = .text
            read = ["text", "citations"]
            answer.besideBytes += AnswerFrame.excess(fields["citations"] ?? .null, over: AnswerFrame.longestSources)
            blocks[index] = begun
            write(fields["text"]?.stringValue ?? "", at: index, into: &answer)
        case "thinking":
            begun.kind = .thinking
            begun.signature = fields["signature"]?.stringValue ?? ""
            answer.besideBytes += begun.signature.utf8.count
            answer.hasReasoning = true
            read = ["thinking", "signature"]
            blocks[index] = begun
            write(fields["thinking"]?.stringValue ?? "", at: index, into: &answer)
        case "redacted_thinking":
            begun.kind = .redacted
            answer.hasReasoning = true
            blocks[index] = begun
        case "tool_use":
            let name = fields["name"]?.stringValue ?? ""
            begun.kind = name == answerTool && !blocks.values.contains { $0.kind == .answer } ? .answer : .call
            read = ["name", "input"]
            if begun.kind == .call {
                answer.take(call: (index, fields["id"]?.stringValue, name, ""))
                answer.wrote(bytes: name.utf8.count)
            }
            blocks[index] = begun
            // A stream begins with an empty one, and sends it in pieces.
            if let input = fields["input"], !input.isNull, input.objectValue?.isEmpty != true { write(input.jsonText, at: index, into: &answer) }
        default: blocks[index] = begun
        }
        var rest = fields
        for name in read { rest[name] = nil }
        // What is sealed, and what nobody knows, may be anything.
        rest.forEachPair { name, value in
            let isFrame = ["type", "id", "name", "caller", "tool_use_id"].contains(name)
            answer.besideBytes += AnswerFrame.excess(ofName: name) + AnswerFrame.excess(value, over: isFrame ? AnswerFrame.longestName : 0)
        }
    }

    private mutating func take(delta: JSONValue, at index: Int, into answer: inout GatheredAnswer) {
        guard case .object(let fields) = delta else { return answer.lose(AnswerFrame.excess(delta, over: 0)) }
        var read = ""
        switch fields["type"]?.stringValue {
        case "text_delta": read = take("text", of: fields, at: index, .text, into: &answer)
        case "thinking_delta":
            read = take("thinking", of: fields, at: index, .thinking, into: &answer)
            answer.hasReasoning = true
        case "input_json_delta": read = take("partial_json", of: fields, at: index, .call, into: &answer)
        case "signature_delta":
            read = "signature"
            let words = fields[read]?.stringValue ?? ""
            answer.besideBytes += words.utf8.count
            blocks[index]?.signature += words
        case "citations_delta":
            read = "citation"
            answer.besideBytes += AnswerFrame.excess(fields[read] ?? .null, over: AnswerFrame.longestSources)
        default: break
        }
        fields.forEachPair { name, value in
            if name != read { answer.besideBytes += AnswerFrame.excess(ofName: name) + AnswerFrame.excess(value, over: name == "type" ? AnswerFrame.longestName : 0) }
        }
    }

    /// - Parameter kind: of a block whose beginning did not come.
    /// - Returns: the field that was read.
    private mutating func take(_ name: String, of fields: JSONObject, at index: Int, _ kind: Block.Kind, into answer: inout GatheredAnswer) -> String {
        guard let words = fields[name]?.stringValue else { return "" }
        answer.hasContent = true
        if blocks[index] == nil {
            guard blocks.count < Self.mostBlocks else { return "" }
            blocks[index] = Block(begun: [:], kind: kind)
        }
        write(words, at: index, into: &answer)
        return name
    }

    private mutating func write(_ words: String, at index: Int, into answer: inout GatheredAnswer) {
        guard !words.isEmpty, let kind = blocks[index]?.kind else { return }
        blocks[index]?.words += words
        switch kind {
        case .text, .answer: answer.write(.text(words))
        case .thinking: answer.write(.reasoning(words))
        case .call:
            answer.take(call: (index, nil, "", words))
            answer.wrote(bytes: words.utf8.count)
        // Of tools that the server calls by itself.
        case .redacted, .other: answer.besideBytes += words.utf8.count
        }
    }

    // MARK: The end

    package mutating func close(_ answer: inout GatheredAnswer) {
        for (index, block) in blocks where block.kind == .call && block.words.isEmpty { answer.take(call: (index, nil, "", "{}"), isWhole: true) }
        // An object without fields.
        if answer.text.isEmpty, let block = blocks.values.first(where: { $0.kind == .answer }), block.words.isEmpty, answer.isEndAnnounced { answer.text = "{}" }
        // Thinking goes back as it came and where it stood.
        let isSealed = blocks.values.contains { [.thinking, .redacted, .other].contains($0.kind) }
        guard isSealed else { return }
        let content = blocks.sorted { $0.key < $1.key }.map { Self.sentBack($0.value) }
        answer.verbatim = [VerbatimBlock(provider: answer.provider, field: "content", content: .array(content))]
    }

    private static func sentBack(_ block: Block) -> JSONValue {
        switch block.kind {
        case .text: return ["type": "text", "text": .string(block.words)]
        case .thinking: return ["type": "thinking", "thinking": .string(block.words), "signature": .string(block.signature)]
        case .redacted: return .object(block.begun)
        case .call, .answer, .other:
            var fields = block.begun
            if !block.words.isEmpty, let input = try? JSONParser.parse(block.words) { fields["input"] = input }
            return .object(fields)
        }
    }
}
