import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Providers

/// An answer is a list of parts; what was one field each is read from them.
@Suite struct ResponsePartTests {
    private static let key = "sk-canary-0123456789abcdefXYZ"
    private let redactor = Redactor([Secret(name: "the key", value: key)])

    private func response(_ body: String) -> ModelResponse {
        var reader = AnswerReader(ExpectedAnswer(maxOutputTokens: 64, provider: "router"))
        bytes(body).withUnsafeBytes { _ = reader.push($0) }
        reader.end(isCut: false)
        return reader.answer.response
    }

    @Test func fieldsAreReadFromParts() {
        let response = ModelResponse(
            parts: [.text("a"), .reasoning("r"), .toolCall(ToolCall(id: "1", name: "t", arguments: "{}")), .text("bc"), .refusal("no"), .refusal("!")], finishReason: .stop)
        #expect(response.text == "abc" && response.refusal == "no!" && response.hasReasoning && response.toolCalls.map(\.name) == ["t"])
        #expect(response.bytes == 3 + 1 + 3 + 3)
        let empty = ModelResponse(parts: [], finishReason: .stop)
        #expect(empty.text.isEmpty && empty.refusal == nil && !empty.hasReasoning && empty.toolCalls.isEmpty && empty.bytes == 0)
        #expect(ModelResponse(text: "", finishReason: .stop).parts.isEmpty)
        #expect(ModelResponse(text: "x", finishReason: .stop, refusal: "", hasReasoning: true).parts == [.reasoning(""), .text("x"), .refusal("")])
    }

    @Test func everyPartIsCleared() {
        let block = VerbatimBlock(provider: "p", field: Self.key, content: ["a": [.string(Self.key), 1], "b": .object([Self.key: 2])])
        let response = ModelResponse(
            parts: [.text("t \(Self.key)"), .refusal(Self.key), .reasoning(Self.key), .toolCall(ToolCall(id: Self.key, name: Self.key, arguments: #"{"k":"\#(Self.key)"}"#)), .verbatim(block)],
            finishReason: .other, finishWord: Self.key, logprobs: ["content": [["token": .string(Self.key)]]])
        let clean = response.redacted(by: redactor)
        #expect(!String(reflecting: clean).contains("canary"))
        #expect(clean.parts.count == 5 && clean.text == "t ***" && clean.toolCalls == [ToolCall(id: "***", name: "***", arguments: #"{"k":"***"}"#)])
        #expect(response.redacted(by: .none).parts == response.parts)
    }

    /// Neither part holds it, and both together do.
    @Test func aSecretThatGoesOverTwoPartsIsCleared() {
        let kinds: [(String) -> ModelResponse.Part] = [{ .text($0) }, { .refusal($0) }, { .reasoning($0) }]
        for kind in kinds {
            let parts = [kind("it is sk-can"), .toolCall(ToolCall(name: "t")), kind("ary-012345"), kind("6789abcdefXYZ.")]
            let clean = ModelResponse(parts: parts, finishReason: .stop).redacted(by: redactor)
            #expect(clean.parts == [kind("it is ***."), .toolCall(ToolCall(name: "t"))])
        }
        let plain: [ModelResponse.Part] = [.text("one"), .text("two")]
        #expect(ModelResponse(parts: plain, finishReason: .stop).redacted(by: redactor).parts == plain)
    }

    @Test func reasoningThatIsSentBackIsKeptAsItCame() {
        let details = #"[{"type":"reasoning.text","text":"Hm.","signature":"s","index":0},{"type":"reasoning.encrypted","data":"ab==","index":1}]"#
        let whole = response(#"{"choices":[{"message":{"content":"hi","reasoning":"Hm.","reasoning_details":\#(details)},"finish_reason":"stop"}]}"#)
        let block = VerbatimBlock(provider: "router", field: "reasoning_details", content: json(details))
        #expect(whole.parts == [.reasoning("Hm."), .text("hi"), .verbatim(block)])
        func chunk(_ delta: String, _ end: String = "null") -> String { #"data: {"choices":[{"delta":\#(delta),"finish_reason":\#(end)}]}"# + "\n\n" }
        let streamed = response(
            chunk(#"{"reasoning":"H","reasoning_details":[{"type":"reasoning.text","text":"H","index":0}]}"#)
                + chunk(#"{"reasoning":"m.","reasoning_details":[{"type":"reasoning.text","text":"m.","signature":null,"index":0}]}"#)
                + chunk(#"{"reasoning_details":[{"type":"reasoning.text","signature":"s","index":0}]}"#) + chunk(#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"ab==","index":1}]}"#)
                + chunk(#"{"content":"hi"}"#, "\"stop\""))
        #expect(streamed.parts == whole.parts)
    }
}
