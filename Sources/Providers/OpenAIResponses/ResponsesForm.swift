import Values
import WorkflowModel

/// Reads the body of an answer of OpenAI's Responses API.
package typealias ResponsesReader = BodyReader<ResponsesForm>

/// Answers of OpenAI's Responses API: a response with items of output, or the events in which they come. Most events are followed by one
/// that tells the same as a whole, and the last one has the whole response: of each text only what is new is taken.
///
/// Source: the types of OpenAI's Python client (`response.py`, `response_stream_event.py`, `response_output_item.py`), and its API reference,
/// "Streaming events".
package struct ResponsesForm: AnswerForm {
    /// Where a text stands: in an item, in one of its lists, at a place.
    private struct Place: Hashable {
        enum List { case content, summary }

        let item: Int
        let list: List
        let index: Int
    }

    /// What has come of each text.
    private var received: [Place: String] = [:]
    /// As they were closed. Of a stream the last event has all of them again.
    private var items: [Int: JSONValue] = [:]
    private var calls: Set<Int> = []
    private var deltaLogprobs: [JSONValue] = []
    private var logprobs: [JSONValue] = []
    private static let mostItems = 4096

    package init(_ expected: ExpectedAnswer) {}

    package static let mark = "\"output\""
    package static let hasLastEvent = true
    package static let noContent = "the answer has no output"

    package static func isOfAnswer(_ document: JSONValue) -> Bool { isPiece(document) || hasOutput(document) }

    package static func isWhole(_ document: JSONValue) -> Bool { hasOutput(document) && !isPiece(document) }

    package static func isPiece(_ document: JSONValue) -> Bool { document["type"]?.stringValue?.hasPrefix("response.") == true }

    package static func noAnswer(_ document: JSONValue) -> String { "the answer is no response" + ModelAPI.openAIResponses.hint(where: document) }

    private static func hasOutput(_ document: JSONValue) -> Bool {
        document["output"]?.arrayValue != nil && (document["object"] == "response" || document["status"] != nil || document["id"] != nil)
    }

    // MARK: Documents

    package mutating func take(_ document: JSONValue, isError: Bool, into answer: inout GatheredAnswer) {
        guard let type = document["type"]?.stringValue, type.hasPrefix("response.") else {
            if Self.hasOutput(document) {
                answer.hasAnswer = true
                answer.hasContent = true
                take(response: document, status: nil, into: &answer)
            } else if !isError {
                answer.besideBytes += answer.frame.bytes(beside: document)
            }
            return
        }
        answer.hasAnswer = true
        let item = document["output_index"]?.intValue.map { Int(clamping: $0) } ?? 0
        func place(_ list: Place.List = .content) -> Place {
            Place(item: item, list: list, index: (document["content_index"] ?? document["summary_index"])?.intValue.map { Int(clamping: $0) } ?? 0)
        }
        var read: [String] = []
        switch type {
        case "response.output_text.delta":
            read = ["delta", "logprobs", "item_id"]
            add(document["delta"], at: place(), into: &answer) { .text($0) }
            if let list = document["logprobs"]?.arrayValue, !list.isEmpty { deltaLogprobs += list }
        case "response.output_text.done":
            read = ["text", "logprobs", "item_id"]
            take(whole: document["text"], at: place(), into: &answer) { .text($0) }
        case "response.refusal.delta":
            read = ["delta", "item_id"]
            add(document["delta"], at: place(), into: &answer) { .refusal($0) }
        case "response.refusal.done":
            read = ["refusal", "item_id"]
            take(whole: document["refusal"], at: place(), into: &answer) { .refusal($0) }
        case "response.reasoning_text.delta", "response.reasoning_summary_text.delta":
            read = ["delta", "item_id"]
            add(document["delta"], at: place(type.contains("summary") ? .summary : .content), into: &answer) { .reasoning($0) }
        case "response.reasoning_text.done", "response.reasoning_summary_text.done":
            read = ["text", "item_id"]
            take(whole: document["text"], at: place(type.contains("summary") ? .summary : .content), into: &answer) { .reasoning($0) }
        case "response.content_part.added", "response.content_part.done":
            read = ["part", "item_id"]
            if let part = document["part"] { take(part: part, at: place(), into: &answer) }
        case "response.reasoning_summary_part.added", "response.reasoning_summary_part.done":
            read = ["part", "item_id"]
            if let part = document["part"] { take(part: part, at: place(.summary), into: &answer) }
        case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
            read = ["delta", "item_id"]
            if let words = document["delta"]?.stringValue { take(call: item, arguments: words, isWhole: false, into: &answer) }
        case "response.function_call_arguments.done", "response.custom_tool_call_input.done":
            read = ["arguments", "input", "item_id", "name"]
            if let words = (document["arguments"] ?? document["input"])?.stringValue { take(call: item, arguments: words, isWhole: true, into: &answer) }
        case "response.output_item.added", "response.output_item.done":
            read = ["item"]
            if let document = document["item"] { take(item: document, at: item, isClosed: type.hasSuffix("done"), into: &answer) }
        case "response.created", "response.queued", "response.in_progress":
            read = ["response"]
            if let response = document["response"] { takeFrame(of: response, into: &answer) }
        case "response.completed", "response.incomplete", "response.failed", "response.cancelled":
            read = ["response"]
            take(response: document["response"] ?? .null, status: String(type.dropFirst("response.".count)), into: &answer)
            answer.end()
        case "response.output_text.annotation.added":
            read = ["annotation", "item_id"]
            answer.besideBytes += AnswerFrame.excess(document["annotation"] ?? .null, over: AnswerFrame.longestSources)
        // Of tools that the server calls by itself, and of kinds that are not known.
        default: break
        }
        if let id = document["item_id"] { answer.besideBytes += AnswerFrame.excess(id, over: AnswerFrame.longestName) }
        answer.besideBytes += answer.frame.bytes(beside: document, read: read)
    }

    package mutating func count(_ document: JSONValue, into answer: inout GatheredAnswer) {
        answer.besideBytes += answer.frame.bytes(beside: document, read: ["response"])
        if let response = document["response"] { takeFrame(of: response, into: &answer) }
    }

    /// What a response says of itself: it repeats much of the request.
    private func takeFrame(of response: JSONValue, into answer: inout GatheredAnswer) {
        answer.take(model: response["model"]?.stringValue)
        answer.besideBytes += answer.frame.bytes(beside: response, read: Self.echoed)
        for name in Self.echoed where name != "output" { answer.besideBytes += AnswerFrame.excess(response[name] ?? .null, over: AnswerFrame.longestSources) }
    }

    private static let echoed = [
        "output", "model", "instructions", "input", "tools", "tool_choice", "text", "reasoning", "metadata", "prompt", "status", "incomplete_details", "truncation", "user",
        "safety_identifier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "prompt_cache_diagnostics", "previous_response_id", "conversation",
        "billing", "moderation", "access_programs", "image", "input_transformations", "tool_usage",
    ]

    /// - Parameter status: by the name of the event; `nil`: of a document.
    private mutating func take(response: JSONValue, status: String?, into answer: inout GatheredAnswer) {
        takeFrame(of: response, into: &answer)
        let output = response["output"]?.arrayValue ?? []
        for (index, item) in output.enumerated() { take(item: item, at: index, isClosed: true, into: &answer) }
        switch response["status"]?.stringValue ?? status {
        case "completed"?: answer.take(end: calls.isEmpty ? "completed" : "tool_calls")
        case "incomplete"?: answer.take(end: response["incomplete_details"]?["reason"]?.stringValue ?? "incomplete")
        case "failed"?:
            if case .failure(let error)? = ErrorClassifier.told(by: .object(["error": response["error"] ?? .null])) {
                answer.refuse(error)
            } else {
                answer.refuse(CallFailure(.serverError, "the server says that the response failed"))
            }
        case let word?: answer.refuse(CallFailure(.serverError, "the server broke the answer off: \(word.beginning(bytes: 64))"))
        case nil: break
        }
    }

    // MARK: Items

    private mutating func take(item: JSONValue, at index: Int, isClosed: Bool, into answer: inout GatheredAnswer) {
        guard case .object(let fields) = item, items.count < Self.mostItems || items[index] != nil else { return answer.lose(AnswerFrame.excess(item, over: 0)) }
        answer.hasContent = true
        // The same again counts once.
        let isNew = items[index] != item
        if isClosed { items[index] = item }
        var read = ["type", "id", "status", "role", "call_id", "phase", "caller"]
        switch fields["type"]?.stringValue {
        case "message":
            read.append("content")
            take(parts: fields["content"], of: index, .content, into: &answer)
        case "reasoning":
            read += ["content", "summary", "encrypted_content"]
            answer.hasReasoning = true
            take(parts: fields["summary"], of: index, .summary, into: &answer)
            take(parts: fields["content"], of: index, .content, into: &answer)
            // What is sealed may be anything.
            if isNew, isClosed { answer.besideBytes += AnswerFrame.excess(fields["encrypted_content"] ?? .null, over: 0) }
        case "function_call", "custom_tool_call":
            read += ["name", "arguments", "input", "namespace"]
            if calls.insert(index).inserted { answer.wrote(bytes: fields["name"]?.stringValue?.utf8.count ?? 0) }
            answer.take(call: (index, fields["call_id"]?.stringValue ?? fields["id"]?.stringValue, fields["name"]?.stringValue ?? "", ""))
            if let words = (fields["arguments"] ?? fields["input"])?.stringValue, !words.isEmpty { take(call: index, arguments: words, isWhole: true, into: &answer) }
        default: break
        }
        guard isNew else { return }
        fields.forEachPair { name, value in if !read.contains(name) { answer.besideBytes += AnswerFrame.excess(ofName: name) + AnswerFrame.excess(value, over: 0) } }
    }

    private mutating func take(parts: JSONValue?, of item: Int, _ list: Place.List, into answer: inout GatheredAnswer) {
        guard let parts = parts?.arrayValue else {
            if let text = parts?.stringValue { take(whole: .string(text), at: Place(item: item, list: list, index: 0), into: &answer) { .text($0) } }
            return
        }
        for (index, part) in parts.enumerated() { take(part: part, at: Place(item: item, list: list, index: index), into: &answer) }
    }

    private mutating func take(part: JSONValue, at place: Place, into answer: inout GatheredAnswer) {
        switch part["type"]?.stringValue {
        case "output_text", "text":
            take(whole: part["text"], at: place, into: &answer) { .text($0) }
            answer.besideBytes += AnswerFrame.excess(part["annotations"] ?? .null, over: AnswerFrame.longestSources)
            if let list = part["logprobs"]?.arrayValue, !list.isEmpty { logprobs = place.index == 0 && place.item == 0 ? list : merged(list) }
        case "refusal": take(whole: part["refusal"], at: place, into: &answer) { .refusal($0) }
        case "reasoning_text", "summary_text": take(whole: part["text"], at: place, into: &answer) { .reasoning($0) }
        default: answer.besideBytes += AnswerFrame.excess(part, over: 0)
        }
    }

    /// The tokens of one part, which a closed item and the last event tell again.
    private func merged(_ list: [JSONValue]) -> [JSONValue] { logprobs.count >= list.count && Array(logprobs.suffix(list.count)) == list ? logprobs : logprobs + list }

    // MARK: Texts

    private mutating func add(_ words: JSONValue?, at place: Place, into answer: inout GatheredAnswer, _ kind: (String) -> AnswerPiece) {
        guard let words = words?.stringValue else { return }
        answer.hasContent = true
        guard !words.isEmpty, room(for: place, &answer, words) else { return }
        received[place, default: ""] += words
        answer.write(kind(words))
    }

    private mutating func take(whole words: JSONValue?, at place: Place, into answer: inout GatheredAnswer, _ kind: (String) -> AnswerPiece) {
        guard let words = words?.stringValue else { return }
        answer.hasContent = true
        let known = received[place] ?? ""
        guard !words.hasSameBytes(as: known), room(for: place, &answer, words) else { return }
        if words.utf8.starts(with: known.utf8) {
            received[place] = words
            answer.write(kind(known.isEmpty ? words : String(decoding: words.utf8.dropFirst(known.utf8.count), as: UTF8.self)))
        } else if case .text = kind(""), answer.text.hasSameBytes(as: known), !known.utf8.starts(with: words.utf8) {
            // Servers that mend at the end what they sent in pieces. A beginning of it is a whole that broke off.
            received[place] = words
            answer.outputBytes += max(0, words.utf8.count - known.utf8.count)
            answer.text = words
        }
    }

    private func room(for place: Place, _ answer: inout GatheredAnswer, _ words: String) -> Bool {
        if received.count < Self.mostItems || received[place] != nil { return true }
        answer.lose(words.utf8.count)
        return false
    }

    private mutating func take(call index: Int, arguments: String, isWhole: Bool, into answer: inout GatheredAnswer) {
        answer.hasContent = true
        calls.insert(index)
        let known = answer.argumentBytes(ofCall: index)
        answer.take(call: (index, nil, "", arguments), isWhole: isWhole)
        answer.wrote(bytes: isWhole ? max(0, arguments.utf8.count - known) : arguments.utf8.count)
    }

    // MARK: The end

    package mutating func close(_ answer: inout GatheredAnswer) {
        let tokens = logprobs.isEmpty ? deltaLogprobs : logprobs
        if !tokens.isEmpty {
            answer.logprobs = .object(["content": .array(tokens)])
            answer.besideBytes += max(0, AnswerFrame.excess(.array(tokens), over: AnswerFrame.mostLogprobBytes * (answer.text.utf8.count + 8)))
        }
        // Reasoning that is sealed goes back as it came and where it stood.
        guard items.values.contains(where: { $0["type"] == "reasoning" && $0["encrypted_content"]?.stringValue != nil }) else { return }
        let output = items.sorted { $0.key < $1.key }.map(\.value)
        answer.verbatim = [VerbatimBlock(provider: answer.provider, field: "output", content: .array(output))]
    }
}
