import JSONSchema
import PromptCaching
import Values
import WorkflowModel

/// A body of ``AnthropicMessages``, written straight to bytes in a fixed order.
///
/// Source of the fields: `message_create_params.py` of Anthropic's Python client.
struct AnthropicMessagesRequest {
    /// How a schema goes out.
    enum Schema: Equatable {
        case none
        /// As the format of the text.
        case format
        /// As the input of a tool that has to be called.
        case tool
        /// The same where thinking forbids that a tool has to be called.
        case offeredTool

        var isTool: Bool { self == .tool || self == .offeredTool }

        init(of wire: WireRequest) {
            guard let schema = wire.request.schema else {
                self = .none
                return
            }
            let isThinking: Bool =
                switch AnthropicMessages.Thinking(wire.request.sampling.reasoning) {
                case nil, .off?: false
                default: true
                }
            switch wire.dialect.structuredOutput {
            case .jsonSchema where AnthropicSchema.accepts(schema.source): self = .format
            case .jsonSchema, .tool: self = isThinking ? .offeredTool : .tool
            case .jsonObject, .none: self = .none
            }
        }
    }

    private let wire: WireRequest
    private let hasSampling: Bool

    init(_ wire: WireRequest, hasSampling: Bool) {
        self.wire = wire
        self.hasSampling = hasSampling
    }

    func body() -> [UInt8] {
        let request = wire.request
        var body = BodyWriter(capacity: BodyWriter.capacity(for: request))
        body.key("model")
        body.value(wire.modelID)
        body.key("max_tokens")
        body.value(request.maxOutputTokens)
        writeSystem(to: &body)
        body.key("messages")
        writeMessages(to: &body)
        let sampling = request.sampling
        if hasSampling {
            if let temperature = sampling.temperature { body.key("temperature"); body.value(.double(temperature)) }
            if let topP = sampling.topP { body.key("top_p"); body.value(.double(topP)) }
        }
        if let stop = sampling.stop { body.key("stop_sequences"); body.value(.array(stop.map(JSONValue.string))) }
        writeOutput(to: &body)
        // Said in any case: some servers stream unless they are told not to.
        body.key("stream")
        body.value(.bool(wire.isStreaming))
        return body.finish()
    }

    /// What counts as input, and nothing else.
    ///
    /// Source: `message_count_tokens_params.py` of Anthropic's Python client.
    func countBody() -> [UInt8] {
        var body = BodyWriter(capacity: BodyWriter.capacity(for: wire.request))
        body.key("model")
        body.value(wire.modelID)
        writeSystem(to: &body)
        body.key("messages")
        writeMessages(to: &body)
        writeOutput(to: &body)
        return body.finish()
    }

    // MARK: The prompt

    /// A block for each segment, as marks of a cache stand at the end of one. What they come to is the same text as in other APIs.
    private func writeSystem(to body: inout BodyWriter) {
        let segments = wire.request.segments.filter { $0.role == .system && !$0.text.isEmpty }
        guard !segments.isEmpty else { return }
        body.key("system")
        body.list(segments.enumerated()) { item, body in Self.write(text: item.offset == 0 ? item.element.text : PromptSegment.joiner + item.element.text, to: &body) }
    }

    /// What the user and the model say in turn: neighbours of one role are one message.
    private func writeMessages(to body: inout BodyWriter) {
        var turns: [(role: MessageRole, parts: [PromptMessage.Part])] = []
        for message in PromptMessage.messages(of: wire.request.segments.filter { $0.role != .system }) {
            let parts = message.parts.isEmpty ? (message.text.isEmpty ? [] : [.text(message.text)]) : message.parts
            if turns.last?.role == message.role { turns[turns.count - 1].parts += parts } else { turns.append((message.role, parts)) }
        }
        body.list(turns) { turn, body in
            body.open()
            body.key("role")
            body.value(turn.role.rawValue)
            body.key("content")
            if turn.parts.count <= 1, case .text(let text) = turn.parts.first ?? .text("") {
                body.value(text)
            } else {
                body.list(turn.parts) { part, body in Self.write(part, to: &body) }
            }
            body.close()
        }
    }

    private static func write(text: String, to body: inout BodyWriter) {
        body.open()
        body.key("type")
        body.value("text")
        body.key("text")
        body.value(text)
        body.close()
    }

    /// Source: `image_block_param.py`, `document_block_param.py`.
    private static func write(_ part: PromptMessage.Part, to body: inout BodyWriter) {
        guard case .attachment(let attachment) = part else {
            if case .text(let text) = part { write(text: text, to: &body) }
            return
        }
        body.open()
        body.key("type")
        body.value(attachment.kind == .image ? "image" : "document")
        body.key("source")
        body.open()
        body.key("type")
        body.value("base64")
        body.key("media_type")
        body.value(attachment.type.rawValue)
        body.key("data")
        body.value(base64: attachment.bytes)
        body.close()
        if attachment.kind == .file {
            body.key("title")
            body.value(attachment.name)
        }
        body.close()
    }

    // MARK: The answer

    private func writeOutput(to body: inout BodyWriter) {
        let schema = Schema(of: wire)
        var output: JSONObject = [:]
        switch AnthropicMessages.Thinking(wire.request.sampling.reasoning) {
        case .effort(let word)?:
            body.key("thinking")
            body.value(["type": "adaptive"])
            output["effort"] = .string(word)
        case .budget(let tokens)?:
            body.key("thinking")
            body.value(["type": "enabled", "budget_tokens": .int(Int64(tokens))])
        case .off?:
            body.key("thinking")
            body.value(["type": "disabled"])
        case nil: break
        }
        if schema == .format, let source = wire.request.schema?.source { output["format"] = ["type": "json_schema", "schema": source] }
        if !output.isEmpty { body.key("output_config"); body.value(.object(output)) }
        guard schema.isTool, let source = wire.request.schema?.source else { return }
        body.key("tools")
        body.value([["name": .string(wire.toolName), "description": "Takes the answer.", "input_schema": source]])
        body.key("tool_choice")
        body.value(schema == .tool ? ["type": "tool", "name": .string(wire.toolName), "disable_parallel_tool_use": true] : ["type": "auto", "disable_parallel_tool_use": true])
    }
}

/// The part of JSON Schema that Anthropic takes as the format of a text. A schema outside it goes out as the input of a tool.
///
/// Source: Anthropic, "Structured outputs", section "JSON Schema limitations": every object closed; no recursion, no bounds of numbers, texts
/// and objects, of lists no more than `minItems` of 0 or 1; at most 24 properties that may be missing.
enum AnthropicSchema {
    private static let keywords: Set<String> = [
        "$schema", "$defs", "definitions", "$ref", "title", "description", "default", "type", "enum", "const", "anyOf", "allOf", "properties", "required",
        "additionalProperties", "items", "minItems", "format",
    ]
    private static let formats: Set<String> = ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"]

    static func accepts(_ schema: JSONValue) -> Bool {
        var optional = 0
        guard schema["type"] == "object", isSupported(schema, depth: 0, &optional), optional <= 24 else { return false }
        return !isRecursive(schema)
    }

    private static func isSupported(_ schema: JSONValue, depth: Int, _ optional: inout Int) -> Bool {
        guard depth < 64, let object = schema.objectValue, object.keys.allSatisfy(keywords.contains) else { return false }
        func hasType(_ name: JSONValue) -> Bool { object["type"] == name || object["type"]?.arrayValue?.contains(name) == true }
        if hasType("object") || object.contains("properties") {
            guard object["additionalProperties"] == false else { return false }
            optional += max(0, (object["properties"]?.objectValue?.count ?? 0) - (object["required"]?.arrayValue?.count ?? 0))
        }
        if let least = object["minItems"], least != 0, least != 1 { return false }
        if let format = object["format"], !formats.contains(format.stringValue ?? "") { return false }
        if let place = object["$ref"], place.stringValue?.hasPrefix("#/") != true { return false }
        // Enumerations of plain values only.
        if object["enum"]?.arrayValue?.contains(where: { $0.objectValue != nil || $0.arrayValue != nil }) == true { return false }
        let inner =
            ["properties", "$defs", "definitions"].flatMap { object[$0]?.objectValue.map { Array($0.values) } ?? [] }
            + (object["anyOf"]?.arrayValue ?? []) + (object["allOf"]?.arrayValue ?? []) + (object["items"].map { [$0] } ?? [])
        for schema in inner where !isSupported(schema, depth: depth + 1, &optional) { return false }
        return true
    }

    /// Whether a definition leads back to itself, or the root is meant.
    private static func isRecursive(_ root: JSONValue) -> Bool {
        func places(in schema: JSONValue) -> [String] {
            switch schema {
            case .object(let fields): (fields["$ref"]?.stringValue.map { [$0] } ?? []) + fields.values.flatMap(places)
            case .array(let list): list.flatMap(places)
            default: []
            }
        }
        func definition(_ place: String) -> JSONValue? {
            place.dropFirst(2).parts(at: UInt8(ascii: "/")).reduce(root as JSONValue?) { schema, name in schema?[String(name)] }
        }
        func leadsBack(_ place: String, _ way: [String]) -> Bool {
            guard !way.contains(place), way.count < 64, let schema = definition(place) else { return true }
            return places(in: schema).contains { leadsBack($0, way + [place]) }
        }
        return places(in: root).contains { leadsBack($0, []) }
    }
}
