import Economics
import HTTP
import Values
import WorkflowModel

/// Gathers a streamed answer from its chunks.
///
/// The usage comes in an extra chunk with empty `choices` before `[DONE]`, or in the last chunk; the last one seen counts,
/// as running counts are cumulative.
struct OpenAIChatStream {
    private var parser = ServerSentEventParser()
    private(set) var text = ""
    private(set) var finish: String?
    private(set) var refusal: String?
    private(set) var modelServed: String?
    /// Whether a token has come, of the answer or of the reasoning before it.
    private(set) var hasBegun = false
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

    var usageRaw: String? { usageObject?.jsonText }

    func usage(missingCacheIsUnknown: Bool) -> TokenUsage? {
        OpenAIUsage.normalise(usageObject, timings: timings, missingIsUnknown: missingCacheIsUnknown)
    }

    /// Takes a piece of the body. False when nothing more is wanted.
    ///
    /// After `[DONE]` the rest is read and ignored: who hangs up costs a connection, and looks to a gateway like a client
    /// that left before the end.
    mutating func push(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(ServerSentEventError) {
            for event in try parser.push(bytes) { take(event) }
        } catch {
            fail(.malformedResponse, "the stream is not server-sent events: \(error)")
        }
        if text.utf8.count > maxTextBytes { fail(.malformedResponse, "the stream did not end at its cap of output tokens") }
        return failure == nil
    }

    /// The body is over.
    mutating func end() {
        if let event = try? parser.finish() { take(event) }
    }

    private mutating func fail(_ kind: FailureKind, _ message: String) {
        if failure == nil, !isDone { failure = CallFailure(kind, message) }
    }

    private mutating func take(_ event: ServerSentEvent) {
        guard !isDone, failure == nil else { return }
        if event.data.elementsEqual("[DONE]".utf8) {
            isDone = true
            return
        }
        let chunk: JSONValue
        do throws(JSONParseError) {
            chunk = try JSONParser.parse(event.data)
        } catch {
            fail(.malformedResponse, "a chunk of the stream is not JSON: \(error)")
            return
        }
        // Groq repeats the usage in an object of its own, and sends only that one where it was not asked for any.
        if let usage = [chunk["usage"], chunk["x_groq"]?["usage"]].lazy.compactMap(\.self).first(where: { !$0.isNull }) { usageObject = usage }
        if let value = chunk["timings"] { timings = value }
        // Azure's first chunk has an empty name.
        if modelServed == nil, let model = chunk["model"]?.stringValue, !model.isEmpty { modelServed = model }
        if let error = chunk["error"], !error.isNull {
            failure = ErrorClassifier.inside(error)
            return
        }
        guard let choice = chunk["choices"]?[0] else { return }
        if let delta = choice["delta"] {
            if let piece = delta["content"]?.stringValue { text += piece }
            if let piece = delta["refusal"]?.stringValue { refusal = (refusal ?? "") + piece }
            if !hasBegun {
                hasBegun = ["content", "refusal", "reasoning_content", "reasoning"].contains { delta[$0]?.stringValue?.isEmpty == false }
            }
        }
        if let content = choice["logprobs"]?["content"]?.arrayValue { logprobs += content }
        if let reason = choice["finish_reason"]?.stringValue { finish = reason }
        failure = OpenAIChatResponse.brokenOff(choice)
    }

    var response: ModelResponse {
        ModelResponse(
            text: text, finishReason: OpenAIChatResponse.finishReason(finish), refusal: refusal,
            logprobs: logprobs.isEmpty ? nil : .object(["content": .array(logprobs)]))
    }
}
