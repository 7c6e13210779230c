import Economics
import HTTP
import Values
import WorkflowModel

/// Gathers a streamed answer from its chunks.
///
/// The usage comes in an extra chunk with empty `choices` before `[DONE]`, or in the last chunk; the last one seen counts.
struct OpenAIChatStream {
    private var parser = ServerSentEventParser()
    private(set) var text = ""
    private(set) var finish: String?
    private(set) var refusal: String?
    private(set) var modelServed: String?
    private(set) var isDone = false
    private(set) var failure: CallFailure?
    private var usageObject: JSONValue?
    private var timings: JSONValue?
    private var logprobs: [JSONValue] = []
    /// More text than the token cap can make means that the server does not keep the cap.
    private let maxTextBytes: Int

    init(maxOutputTokens: Int) {
        // No vocabulary in use has a token of more than 128 bytes.
        maxTextBytes = 65_536 + maxOutputTokens * 128
    }

    var hasText: Bool { !text.isEmpty }
    var usageRaw: String? { usageObject?.jsonText }

    func usage(missingCacheIsUnknown: Bool) -> TokenUsage? {
        OpenAIUsage.normalise(usageObject, timings: timings, missingIsUnknown: missingCacheIsUnknown)
    }

    /// Takes a piece of the body. False when nothing more is wanted.
    mutating func push(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(ServerSentEventError) {
            for event in try parser.push(bytes) where !isDone && failure == nil { take(event) }
        } catch {
            failure = CallFailure(.malformedResponse, "the stream is not server-sent events: \(error)")
        }
        if text.utf8.count > maxTextBytes {
            failure = CallFailure(.malformedResponse, "the stream did not end at its cap of output tokens")
        }
        return !isDone && failure == nil
    }

    mutating func end() {
        if let event = try? parser.finish(), !isDone, failure == nil { take(event) }
    }

    private mutating func take(_ event: ServerSentEvent) {
        if event.data.elementsEqual("[DONE]".utf8) {
            isDone = true
            return
        }
        let chunk: JSONValue
        do throws(JSONParseError) {
            chunk = try JSONParser.parse(event.data)
        } catch {
            failure = CallFailure(.malformedResponse, "a chunk of the stream is not JSON: \(error)")
            return
        }
        if let error = chunk["error"], !error.isNull {
            failure = ErrorClassifier.inside(error)
            return
        }
        if let usage = chunk["usage"], !usage.isNull { usageObject = usage }
        if let value = chunk["timings"] { timings = value }
        if modelServed == nil { modelServed = chunk["model"]?.stringValue }
        guard let choice = chunk["choices"]?[0] else { return }
        if let piece = choice["delta"]?["content"]?.stringValue { text += piece }
        if let piece = choice["delta"]?["refusal"]?.stringValue { refusal = (refusal ?? "") + piece }
        if let reason = choice["finish_reason"]?.stringValue { finish = reason }
        if let content = choice["logprobs"]?["content"]?.arrayValue { logprobs += content }
    }

    var response: ModelResponse {
        ModelResponse(
            text: text, finishReason: OpenAIChatResponse.finishReason(finish), refusal: refusal,
            logprobs: logprobs.isEmpty ? nil : .object(["content": .array(logprobs)]))
    }
}
