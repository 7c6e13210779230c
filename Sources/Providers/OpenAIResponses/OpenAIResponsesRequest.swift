import JSONSchema
import PromptCaching
import Values
import WorkflowModel

/// A body of ``OpenAIResponses``, written straight to bytes in a fixed order.
///
/// Source of the fields: `response_create_params.py` of OpenAI's Python client.
struct OpenAIResponsesRequest {
    let wire: WireRequest

    func body() -> [UInt8] { body(isForCount: false) }

    /// What counts as input, and nothing else.
    func countBody() -> [UInt8] { body(isForCount: true) }

    private func body(isForCount: Bool) -> [UInt8] {
        let request = wire.request
        var body = BodyWriter(capacity: BodyWriter.capacity(for: request))
        body.key("model")
        body.value(wire.modelID)
        if wire.splitsContent {
            // Instructions take no marks: all that the system says is a message.
            body.key("input")
            let messages = PromptBlocks.messages(of: request.segments)
            let marks = OpenAICacheOptions.marks(of: messages, isForCount ? nil : wire.instructions(.breakpoints))
            body.list(messages) { message, body in Self.write(message, marks, to: &body) }
        } else {
            var messages = PromptMessage.messages(of: request.segments)[...]
            // What stands in front of everything is the system's word; further ones stay where they are.
            let isFirst = messages.first?.role == .system
            if isFirst, let first = messages.popFirst() {
                body.key("instructions")
                body.value(first.text)
            }
            body.key("input")
            body.list(messages) { message, body in Self.write(message, to: &body) }
        }
        let sampling = request.sampling
        if !isForCount {
            body.key("max_output_tokens")
            // The least that the API takes, where it has no way to make none.
            body.value(wire.isWarmUp && wire.cache?.rules.canWarmUp != true ? 16 : request.maxOutputTokens)
            if let temperature = sampling.temperature { body.key("temperature"); body.value(.double(temperature)) }
            if let topP = sampling.topP { body.key("top_p"); body.value(.double(topP)) }
        }
        if let effort = sampling.reasoning { body.key("reasoning"); body.value(["effort": .string(effort)]) }
        if sampling.logprobs == true, !isForCount {
            body.key("include"); body.value(["message.output_text.logprobs"])
            body.key("top_logprobs"); body.value(5)
        }
        if let schema = request.schema {
            switch wire.dialect.structuredOutput {
            case .jsonSchema:
                body.key("text")
                body.value([
                    "format": [
                        "type": "json_schema", "name": .string(wire.toolName), "strict": .bool(StrictSchema.accepts(schema.source)), "schema": schema.source,
                    ]
                ])
            case .jsonObject: body.key("text"); body.value(["format": ["type": "json_object"]])
            case .tool, .none: break
            }
        }
        if isForCount { return body.finish() }
        if request.cache != nil { for (name, option) in OpenAICacheOptions(wire).fields { body.key(name); body.value(option) } }
        // The ledger keeps what there is to keep.
        body.key("store")
        body.value(false)
        body.key("stream")
        body.value(.bool(wire.isStreaming))
        return body.finish()
    }

    /// Source: `prompt_cache_breakpoint` of `response_input_text_param.py` and its like. What the model said takes none.
    private static func write(_ message: PromptBlocks.Message, _ marks: CacheMarks, to body: inout BodyWriter) {
        begin(message.role, to: &body)
        if message.role == .assistant || message.blocks.isEmpty {
            body.value(message.text)
        } else {
            body.list(message.blocks) { block, body in
                write(block.attachment.map(PromptMessage.Part.attachment) ?? .text(block.text), marked: marks[block.segment], to: &body)
            }
        }
        body.close()
    }

    private static func begin(_ role: MessageRole, to body: inout BodyWriter) {
        body.open()
        // Said in full, as llama.cpp's server does not know what else an item of the model's is.
        body.key("type")
        body.value("message")
        body.key("role")
        body.value(role.rawValue)
        body.key("content")
    }

    private static func write(_ message: PromptMessage, to body: inout BodyWriter) {
        begin(message.role, to: &body)
        if message.parts.isEmpty { body.value(message.text) } else { body.list(message.parts) { part, body in write(part, marked: nil, to: &body) } }
        body.close()
    }

    /// Source: `response_input_image_param.py`, `response_input_file_param.py`.
    private static func write(_ part: PromptMessage.Part, marked lifetime: CacheRules.Lifetime?, to body: inout BodyWriter) {
        body.open()
        body.key("type")
        switch part {
        case .text(let text):
            body.value("input_text")
            body.key("text")
            body.value(text)
        case .attachment(let attachment) where attachment.kind == .image:
            body.value("input_image")
            body.key("detail")
            body.value((attachment.detail ?? .auto).rawValue)
            body.key("image_url")
            body.value(dataURL: attachment)
        case .attachment(let attachment):
            body.value("input_file")
            body.key("filename")
            body.value(attachment.name)
            body.key("file_data")
            body.value(dataURL: attachment)
        }
        if let lifetime {
            body.key("prompt_cache_breakpoint")
            body.value(OpenAICacheOptions.breakpoint(lifetime))
        }
        body.close()
    }
}
