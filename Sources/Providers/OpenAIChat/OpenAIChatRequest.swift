import JSONSchema
import PromptCaching
import Values
import WorkflowModel

/// A body of ``OpenAIChat``, written straight to bytes in a fixed order.
///
/// Source of the fields: OpenAI API reference, "Create chat completion".
struct OpenAIChatRequest {
    let request: ModelRequest
    let modelID: String
    let dialect: Dialect
    var cache: CacheSpeech?

    private var wire: WireRequest { WireRequest(request: request, modelID: modelID, dialect: dialect, cache: cache) }

    func body() -> [UInt8] { body(isPromptOnly: false) }

    /// What a template makes a prompt of, and nothing else.
    func promptBody() -> [UInt8] { body(isPromptOnly: true) }

    private func body(isPromptOnly: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(512 + request.segments.reduce(0) { $0 + $1.text.utf8.count + ($1.attachment.map { Base64.size(of: $0.bytes) + 256 } ?? 0) })
        func key(_ name: StaticString) {
            output.append(output.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            output.append(UInt8(ascii: "\""))
            output.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            output.append(contentsOf: "\":".utf8)
        }
        func value(_ json: JSONValue) { JSONEncoding.wire.write(json, to: &output) }

        key("model")
        JSONEncoding.write(modelID, to: &output)
        key("messages")
        output.append(UInt8(ascii: "["))
        let wire = wire
        if wire.splitsContent {
            write(PromptBlocks.messages(of: request.segments), marked: isPromptOnly ? nil : wire.instructions(.breakpoints), to: &output)
        } else {
            for (index, message) in PromptMessage.messages(of: request.segments).enumerated() {
                Self.begin(message.role, isFirst: index == 0, to: &output)
                if message.parts.isEmpty { JSONEncoding.write(message.text, to: &output) } else { Self.write(message.parts, to: &output) }
                output.append(UInt8(ascii: "}"))
            }
        }
        output.append(UInt8(ascii: "]"))
        if isPromptOnly {
            output.append(UInt8(ascii: "}"))
            return output
        }

        if dialect.maxTokensField == "max_completion_tokens" { key("max_completion_tokens") } else { key("max_tokens") }
        // There is no answer without a token.
        JSONEncoding.write(Int64(wire.isWarmUp ? 1 : request.maxOutputTokens), to: &output)
        let sampling = request.sampling
        if let temperature = sampling.temperature { key("temperature"); value(.double(temperature)) }
        if let topP = sampling.topP { key("top_p"); value(.double(topP)) }
        if let seed = sampling.seed { key("seed"); value(.int(Int64(seed))) }
        if let stop = sampling.stop { key("stop"); value(.array(stop.map(JSONValue.string))) }
        if let effort = sampling.reasoning { key("reasoning_effort"); value(.string(effort)) }
        if sampling.logprobs == true { key("logprobs"); value(true); key("top_logprobs"); value(5) }
        if let schema = request.schema {
            switch dialect.structuredOutput {
            case .jsonSchema:
                key("response_format")
                value(
                    .object([
                        "type": "json_schema",
                        "json_schema": .object([
                            "name": .string(wire.toolName), "strict": .bool(StrictSchema.accepts(schema.source)),
                            "schema": schema.source,
                        ]),
                    ]))
            case .jsonObject: key("response_format"); value(.object(["type": "json_object"]))
            case .tool, .none: break
            }
        }
        if request.cache != nil { for (name, option) in OpenAICacheOptions(wire).fields { key(name); value(option) } }
        // Said in any case: some servers stream unless they are told not to.
        key("stream"); value(.bool(wire.isStreaming))
        if wire.isStreaming {
            if dialect.streamUsage { key("stream_options"); value(.object(["include_usage": true])) }
        }
        output.append(UInt8(ascii: "}"))
        return output
    }

    private static func begin(_ role: MessageRole, isFirst: Bool, to output: inout [UInt8]) {
        output.append(contentsOf: (isFirst ? "{\"role\":\"" : ",{\"role\":\"").utf8)
        output.append(contentsOf: role.rawValue.utf8)
        output.append(contentsOf: "\",\"content\":".utf8)
    }

    /// Messages whose parts end where segments end. What the model said takes no marks. Source: `chat_completion_content_part_text_param.py` of OpenAI's Python client.
    private func write(_ messages: [PromptBlocks.Message], marked: (CacheInstructions, CacheRules)?, to output: inout [UInt8]) {
        let marks = OpenAICacheOptions.marks(of: messages, marked)
        for (index, message) in messages.enumerated() {
            Self.begin(message.role, isFirst: index == 0, to: &output)
            if message.role == .assistant || message.blocks.isEmpty {
                JSONEncoding.write(message.text, to: &output)
            } else {
                output.append(UInt8(ascii: "["))
                for (position, block) in message.blocks.enumerated() {
                    if position > 0 { output.append(UInt8(ascii: ",")) }
                    Self.write(block.attachment.map(PromptMessage.Part.attachment) ?? .text(block.text), marked: marks[block.segment], to: &output)
                }
                output.append(UInt8(ascii: "]"))
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// A content of parts. Images and files go as data URLs. Source: OpenAI, "Images and vision" and "File inputs".
    private static func write(_ parts: [PromptMessage.Part], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "["))
        for (index, part) in parts.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(part, marked: nil, to: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private static func write(_ part: PromptMessage.Part, marked lifetime: CacheRules.Lifetime?, to output: inout [UInt8]) {
        switch part {
        case .text(let text):
            output.append(contentsOf: "{\"type\":\"text\",\"text\":".utf8)
            JSONEncoding.write(text, to: &output)
        case .attachment(let attachment) where attachment.kind == .image:
            output.append(contentsOf: "{\"type\":\"image_url\",\"image_url\":{\"url\":".utf8)
            writeDataURL(of: attachment, to: &output)
            if let detail = attachment.detail {
                output.append(contentsOf: ",\"detail\":".utf8)
                JSONEncoding.write(detail.rawValue, to: &output)
            }
            output.append(UInt8(ascii: "}"))
        case .attachment(let attachment):
            output.append(contentsOf: "{\"type\":\"file\",\"file\":{\"filename\":".utf8)
            JSONEncoding.write(attachment.name, to: &output)
            output.append(contentsOf: ",\"file_data\":".utf8)
            writeDataURL(of: attachment, to: &output)
            output.append(UInt8(ascii: "}"))
        }
        if let lifetime {
            output.append(contentsOf: ",\"prompt_cache_breakpoint\":".utf8)
            JSONEncoding.wire.write(OpenAICacheOptions.breakpoint(lifetime), to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func writeDataURL(of attachment: PromptAttachment, to output: inout [UInt8]) {
        output.append(contentsOf: "\"data:".utf8)
        output.append(contentsOf: attachment.type.rawValue.utf8)
        output.append(contentsOf: ";base64,".utf8)
        Base64.write(attachment.bytes, to: &output)
        output.append(UInt8(ascii: "\""))
    }
}
