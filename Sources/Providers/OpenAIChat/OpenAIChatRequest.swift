import JSONSchema
import PromptCaching
import Values
import WorkflowModel

/// The body of `POST /chat/completions`, written straight to bytes in a fixed order.
///
/// Source of the fields: OpenAI API reference, "Create chat completion".
struct OpenAIChatRequest {
    let request: ModelRequest
    let modelID: String
    let dialect: Dialect

    var isStreaming: Bool { request.sampling.stream ?? dialect.stream }

    func body() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(512 + request.segments.reduce(0) { $0 + $1.text.utf8.count })
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
        for (index, message) in PromptMessage.messages(of: request.segments).enumerated() {
            output.append(contentsOf: (index == 0 ? "{\"role\":\"" : ",{\"role\":\"").utf8)
            output.append(contentsOf: message.role.rawValue.utf8)
            output.append(contentsOf: "\",\"content\":".utf8)
            JSONEncoding.write(message.text, to: &output)
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: "]"))

        if dialect.maxTokensField == "max_completion_tokens" { key("max_completion_tokens") } else { key("max_tokens") }
        JSONEncoding.write(Int64(request.maxOutputTokens), to: &output)
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
                value(.object([
                    "type": "json_schema",
                    "json_schema": .object([
                        "name": .string(String(request.schemaName.prefix(64))), "strict": .bool(StrictSchema.accepts(schema.source)),
                        "schema": schema.source,
                    ]),
                ]))
            case .jsonObject: key("response_format"); value(.object(["type": "json_object"]))
            case .none: break
            }
        }
        if isStreaming {
            key("stream"); value(true)
            if dialect.streamUsage { key("stream_options"); value(.object(["include_usage": true])) }
        }
        output.append(UInt8(ascii: "}"))
        return output
    }
}
