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
        // Source: `message_create_params.py`: 0 populates the prompt cache without generating a response.
        body.value(wire.isWarmUp ? 0 : request.maxOutputTokens)
        let prompt = prompt(isMarked: true)
        write(prompt, to: &body)
        let sampling = request.sampling
        if hasSampling {
            if let temperature = sampling.temperature { body.key("temperature"); body.value(.double(temperature)) }
            if let topP = sampling.topP { body.key("top_p"); body.value(.double(topP)) }
        }
        if let stop = sampling.stop { body.key("stop_sequences"); body.value(.array(stop.map(JSONValue.string))) }
        writeOutput(marked: prompt.marks[CacheInstructions.Mark.tools], to: &body)
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
        write(prompt(isMarked: false), to: &body)
        writeOutput(marked: nil, to: &body)
        return body.finish()
    }

    // MARK: The prompt

    /// The prompt as blocks, and the marks of the cache behind them.
    private struct Prompt {
        let system: [PromptBlocks.Block]
        let turns: [PromptBlocks.Message]
        var marks = CacheMarks.none

        init(_ segments: [PromptSegment]) {
            system = PromptBlocks.system(of: segments)
            turns = PromptBlocks.turns(of: segments)
        }

        /// - Parameter tools: the bytes of what stands before the system's words; `nil` where there are no tools.
        mutating func mark(_ asked: [CacheInstructions.Mark], _ rules: CacheRules, tools: Int?) {
            var bytes = tools ?? 0
            var places = tools.map { [(segment: CacheInstructions.Mark.tools, bytes: $0)] } ?? []
            places += PromptBlocks.places(in: system, after: &bytes)
            for turn in turns { places += PromptBlocks.places(in: turn.blocks, after: &bytes) }
            marks = CacheMarks(asked, rules, at: places)
        }
    }

    private func prompt(isMarked: Bool) -> Prompt {
        var prompt = Prompt(wire.request.segments)
        guard isMarked, let (asked, rules) = wire.instructions(.cacheControl), !asked.marks.isEmpty else { return prompt }
        // How long the tools are decides nothing but which of too many marks is left out.
        prompt.mark(asked.marks, rules, tools: Schema(of: wire).isTool ? 0 : nil)
        return prompt
    }

    /// A block for each segment, as marks of a cache stand at the end of one. What they come to is the same text as in other APIs.
    private func write(_ prompt: Prompt, to body: inout BodyWriter) {
        if !prompt.system.isEmpty {
            body.key("system")
            body.list(prompt.system) { block, body in Self.write(block, marked: prompt.marks[block.segment], to: &body) }
        }
        body.key("messages")
        body.list(prompt.turns) { turn, body in
            body.open()
            body.key("role")
            body.value(turn.role.rawValue)
            body.key("content")
            // A text alone is a block, too; only such a block can be marked.
            if turn.blocks.count <= 1, turn.blocks.first?.attachment == nil, turn.blocks.first.map({ prompt.marks[$0.segment] == nil }) ?? true {
                body.value(turn.blocks.first?.text ?? "")
            } else {
                body.list(turn.blocks) { block, body in Self.write(block, marked: prompt.marks[block.segment], to: &body) }
            }
            body.close()
        }
    }

    private static func write(_ block: PromptBlocks.Block, marked lifetime: CacheRules.Lifetime?, to body: inout BodyWriter) {
        body.open()
        body.key("type")
        if let attachment = block.attachment {
            write(attachment, to: &body)
        } else {
            body.value("text")
            body.key("text")
            body.value(block.text)
        }
        if let lifetime { mark(lifetime, to: &body) }
        body.close()
    }

    /// Source: `cache_control_ephemeral_param.py`.
    private static func mark(_ lifetime: CacheRules.Lifetime, to body: inout BodyWriter) {
        body.key("cache_control")
        body.value(markJSON(lifetime))
    }

    private static func markJSON(_ lifetime: CacheRules.Lifetime) -> JSONValue { ["type": "ephemeral", "ttl": .string(lifetime.word)] }

    /// The rest of a block behind its type. Source: `image_block_param.py`, `document_block_param.py`.
    private static func write(_ attachment: PromptAttachment, to body: inout BodyWriter) {
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
    }

    // MARK: The answer

    /// - Parameter lifetime: of a mark behind the tools.
    private func writeOutput(marked lifetime: CacheRules.Lifetime?, to body: inout BodyWriter) {
        let schema = Schema(of: wire)
        var output: JSONObject = [:]
        switch AnthropicMessages.Thinking(wire.request.sampling.reasoning) {
        // Without an answer there is nothing to think, and the API refuses to. An effort stays what it is.
        case .effort(let word)? where wire.isWarmUp: output["effort"] = .string(word)
        case .budget? where wire.isWarmUp: break
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
        var tool: JSONObject = ["name": .string(wire.toolName), "description": "Takes the answer.", "input_schema": source]
        if let lifetime { tool["cache_control"] = Self.markJSON(lifetime) }
        body.value([.object(tool)])
        body.key("tool_choice")
        // A call cannot be forced where there is no answer.
        body.value(schema == .tool && !wire.isWarmUp ? ["type": "tool", "name": .string(wire.toolName), "disable_parallel_tool_use": true] : ["type": "auto", "disable_parallel_tool_use": true])
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
