import JSONSchema
import PromptCaching
import Testing
import Values
import WorkflowModel

@testable import Providers

/// The bytes of a request: fixed order, nothing that was not asked for, the same every time.
@Suite struct RequestTests {
    private func body(_ request: ModelRequest, _ dialect: Dialect = Dialect()) -> String {
        let chat = OpenAIChatRequest(request: request, modelID: "m", dialect: dialect)
        let first = chat.body()
        #expect(OpenAIChatRequest(request: request, modelID: "m", dialect: dialect).body() == first)
        return String(decoding: first, as: UTF8.self)
    }

    @Test func theLeastThatIsSent() {
        #expect(body(.sample()) == #"{"model":"m","messages":[{"role":"user","content":"hello"}],"max_tokens":64,"stream":false}"#)
    }

    @Test func everythingThatCanBeSent() {
        let request = ModelRequest.sample(schema: #"{"type":"object","properties":{"b":{"type":"string"},"a":{}},"required":["b"]}"#) {
            $0.temperature = 0
            $0.topP = 0.9
            $0.seed = 42
            $0.stop = ["\n\n", "END"]
            $0.reasoning = "low"
            $0.logprobs = true
            $0.stream = true
        }
        #expect(
            body(request) == #"{"model":"m","messages":[{"role":"user","content":"hello"}],"max_tokens":64,"#
                + #""temperature":0.0,"top_p":0.9,"seed":42,"stop":["\n\n","END"],"reasoning_effort":"low","logprobs":true,"top_logprobs":5,"#
                + #""response_format":{"type":"json_schema","json_schema":{"name":"draft","strict":false,"schema":"#
                + #"{"type":"object","properties":{"b":{"type":"string"},"a":{}},"required":["b"]}}},"#
                + #""stream":true,"stream_options":{"include_usage":true}}"#)
    }

    @Test func attachmentsAreParts() {
        func attachment(_ kind: PromptAttachment.Kind, _ name: String, _ type: AttachmentType, _ detail: PromptAttachment.Detail? = nil) -> PromptSegment {
            let bytes = Array("\(name)!".utf8)
            let file = PromptAttachment(kind: kind, name: name, type: type, bytes: bytes, hash: ContentHash(of: bytes), size: nil, detail: detail)
            return PromptSegment(file, stability: .step, startsMessage: false, origin: name)
        }
        func text(_ role: MessageRole, _ text: String, starts: Bool = false) -> PromptSegment {
            PromptSegment(role: role, stability: .step, text: text, startsMessage: starts, origin: "t")
        }
        let sample = ModelRequest.sample()
        let request = ModelRequest(
            id: sample.id, model: sample.model,
            segments: [
                text(.system, "S", starts: true), text(.user, "P", starts: true), attachment(.image, "a", .png, .low), attachment(.image, "b", .jpeg),
                attachment(.file, "c\"d.pdf", .pdf), text(.user, "Q"), text(.user, "R"), text(.assistant, "A", starts: true),
            ], sampling: Sampling(), maxOutputTokens: 9, schema: nil, schemaName: "s", timeout: .seconds(1))
        #expect(
            body(request) == #"{"model":"m","messages":[{"role":"system","content":"S"},{"role":"user","content":["#
                + #"{"type":"text","text":"P"},{"type":"image_url","image_url":{"url":"data:image/png;base64,YSE=","detail":"low"}},"#
                + #"{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,YiE="}},"#
                + #"{"type":"file","file":{"filename":"c\"d.pdf","file_data":"data:application/pdf;base64,YyJkLnBkZiE="}},"#
                + #"{"type":"text","text":"Q\n\nR"}]},{"role":"assistant","content":"A"}],"max_tokens":9,"stream":false}"#)
    }

    @Test func segmentsJoinToMessages() {
        let sample = ModelRequest.sample()
        func segment(_ role: MessageRole, _ text: String, _ starts: Bool) -> PromptSegment {
            PromptSegment(role: role, stability: .step, text: text, startsMessage: starts, origin: "prompt")
        }
        let request = ModelRequest(
            id: sample.id, model: sample.model,
            segments: [
                segment(.system, "Rules \"of\" the\thouse", true), segment(.user, "Policy", true), segment(.user, "Grüße \u{1}🎈", false),
                segment(.assistant, "yes", true), segment(.user, "", true),
            ],
            sampling: Sampling(), maxOutputTokens: 1, schema: nil, schemaName: "s", timeout: .seconds(1))
        #expect(
            body(request) == #"{"model":"m","messages":[{"role":"system","content":"Rules \"of\" the\thouse"},"#
                + #"{"role":"user","content":"Policy\n\nGrüße \u0001🎈"},{"role":"assistant","content":"yes"},{"role":"user","content":""}],"max_tokens":1,"stream":false}"#)
    }

    @Test func dialects() {
        let schema = #"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#
        #expect(body(.sample(), Dialect(maxTokensField: "max_completion_tokens")).contains(#""max_completion_tokens":64"#))
        #expect(!body(.sample(), Dialect(maxTokensField: "max_completion_tokens")).contains(#""max_tokens""#))
        #expect(body(.sample(schema: schema), Dialect(structuredOutput: .jsonObject)).hasSuffix(#","response_format":{"type":"json_object"},"stream":false}"#))
        #expect(!body(.sample(schema: schema), Dialect(structuredOutput: .none)).contains("response_format"))
        #expect(body(.sample(), Dialect(stream: true)).hasSuffix(#","stream":true,"stream_options":{"include_usage":true}}"#))
        #expect(body(.sample(), Dialect(stream: true, streamUsage: false)).hasSuffix(#","stream":true}"#))
        // A step's word is stronger than the dialect's.
        #expect(body(.sample { $0.stream = false }, Dialect(stream: true)).hasSuffix(#","stream":false}"#))
    }

    @Test func aLongSchemaNameIsCut() {
        let sample = ModelRequest.sample(schema: "{}")
        let request = ModelRequest(
            id: sample.id, model: sample.model, segments: sample.segments, sampling: Sampling(), maxOutputTokens: 1, schema: sample.schema,
            schemaName: String(repeating: "n", count: 80), timeout: .seconds(1))
        #expect(json(body(request))["response_format"]?["json_schema"]?["name"] == .string(String(repeating: "n", count: 64)))
    }

    @Test(arguments: [
        #"{"type":"object","properties":{},"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"type":"string","enum":["x","y"]}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"type":["string","null"],"pattern":"^x"}},"required":["a"],"additionalProperties":false,"title":"t"}"#,
        #"{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer","minimum":0},"maxItems":3}},"required":["a"],"additionalProperties":false}"#,
        ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/n"}},"required":["a"],"additionalProperties":false,"$defs":{"n":{"type":"number"}}}"##,
        #"{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}},"required":["a"],"additionalProperties":false}"#,
        // A property may bear the name of a keyword, and data may look like a schema.
        #"{"type":"object","properties":{"properties":{"type":"string"},"allOf":{"const":{"not":1}}},"required":["properties","allOf"],"additionalProperties":false}"#,
    ])
    func strictSchemas(schema: String) {
        #expect(StrictSchema.accepts(json(schema)))
    }

    @Test(arguments: [
        "{}", "true", #"{"type":"string"}"#, #"{"type":"array","items":{"type":"string"}}"#, #"{"type":"object"}"#,
        #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
        #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":true}"#,
        #"{"type":"object","properties":{"a":{"type":"string"},"b":{}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"type":"object"}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"type":["object","null"],"properties":{}}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"type":"string","minLength":1}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"oneOf":[{"type":"string"}]}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"type":"string","default":"x"}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"type":"array"}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{}}}},"required":["a"],"additionalProperties":false}"#,
        #"{"type":"object","properties":{},"additionalProperties":false,"allOf":[]}"#,
        #"{"type":"object","properties":{},"additionalProperties":false,"anyOf":[{"type":"object"}]}"#,
        #"{"type":"object","properties":{"a":true},"required":["a"],"additionalProperties":false}"#,
    ])
    func schemasThatStrictModeWouldRefuse(schema: String) {
        #expect(!StrictSchema.accepts(json(schema)))
    }
}
