import Economics
import JSONSchema
import PromptCaching
import Values

/// Where the engine meets model APIs. One call is one HTTP attempt: providers never retry, they classify.
public protocol ModelProvider: Sendable {
    /// What is known of a model before it is asked: whether it exists, has a key, how it is priced.
    ///
    /// - Throws: `StepFailure` of kind `configuration` that says what is missing and how to add it.
    func profile(of model: ModelReference) throws(StepFailure) -> ModelProfile

    /// Makes the model reachable, for example by starting its server. Nothing may be billed by it.
    func prepare(_ model: ModelReference) async throws(StepFailure)

    /// Asks once. A failure is a result; cancellation of the task aborts the transfer and is a result too.
    func call(_ request: ModelRequest) async -> ModelCallResult

    /// Whether what `prepare` made of a model still holds, as far as is known; otherwise it is prepared again before the next
    /// call. Quick; does not look.
    func isReady(_ model: ModelReference) -> Bool
}

extension ModelProvider {
    public func isReady(_ model: ModelReference) -> Bool { true }
}

/// What the engine has to know of a model to price and bound a call.
public struct ModelProfile: Sendable, Hashable {
    public let reference: ModelReference
    /// The id on the wire, which is the one that prices go by.
    public let servedID: String
    /// In tokens, where known.
    public let contextWindow: Int?
    /// How many requests the provider's entry allows at once.
    public let maxConcurrency: Int?
    public let attachments: AttachmentSupport
    /// Names the server that it is asked at: models of one server are reached, or not, together.
    public let server: String
    /// What the name of the model that answered is worth.
    public let servedNames: Dialect.ServedNames

    /// - Parameter server: `nil`: one for the whole provider.
    public init(
        reference: ModelReference, servedID: String, contextWindow: Int?, maxConcurrency: Int?, server: String? = nil,
        attachments: AttachmentSupport = .none, servedNames: Dialect.ServedNames = .any
    ) {
        self.reference = reference
        self.servedID = servedID
        self.contextWindow = contextWindow
        self.maxConcurrency = maxConcurrency
        self.attachments = attachments
        self.servedNames = servedNames
        self.server = server ?? reference.provider
    }
}

/// What a model takes beside text. Texts go to every model: they are part of the prompt.
public struct AttachmentSupport: Sendable, Hashable {
    public var images: Bool
    /// PDF.
    public var files: Bool
    /// `nil`: what an image is billed as is not known.
    public var imageTokens: ImageTokens?

    public init(images: Bool, files: Bool, imageTokens: ImageTokens? = nil) {
        self.images = images
        self.files = files
        self.imageTokens = imageTokens
    }

    public static let none = AttachmentSupport(images: false, files: false)
}

/// One request, free of any provider's wire format.
public final class ModelRequest: Sendable {
    public let id: CallID
    /// Where in its run it is asked, which is how a recorded answer to it is found; `nil` outside of runs.
    public let site: CallSite?
    public let model: ModelReference
    public let segments: [PromptSegment]
    public let sampling: Sampling
    public let maxOutputTokens: Int
    public let schema: Schema?
    /// Names the schema on the wire.
    public let schemaName: String
    public let timeout: TimeSpan

    public init(
        id: CallID, model: ModelReference, segments: [PromptSegment], sampling: Sampling, maxOutputTokens: Int,
        schema: Schema?, schemaName: String, timeout: TimeSpan, site: CallSite? = nil
    ) {
        self.id = id
        self.site = site
        self.model = model
        self.segments = segments
        self.sampling = sampling
        self.maxOutputTokens = maxOutputTokens
        self.schema = schema
        self.schemaName = schemaName
        self.timeout = timeout
    }

    /// Of ``manifest``: the version of the form in which requests are stored and compared.
    public static let encoderVersion = 1

    /// The request as it is stored, a JSON object: settings, and segments by hash.
    public var manifest: [UInt8] {
        var json = JSONObjectWriter(capacity: 256 + segments.count * 192)
        json.put("model", model.description)
        json.put("segments", segments) { segment, json in
            json.put("hash", segment.hash)
            json.put("role", segment.role.rawValue)
            json.put("class", segment.stability.name)
            json.put("origin", segment.origin)
            json.put("starts_message", segment.startsMessage)
            guard let attachment = segment.attachment else { return }
            json.put("name", attachment.name)
            json.put("media_type", attachment.type.rawValue)
            json.put("bytes", attachment.bytes.count)
            json.put("detail", attachment.detail?.rawValue)
        }
        json.put("max_output_tokens", maxOutputTokens)
        json.put("temperature", sampling.temperature.map(JSONValue.double))
        json.put("top_p", sampling.topP.map(JSONValue.double))
        json.put("seed", sampling.seed)
        json.put("stop", sampling.stop.map { JSONValue.array($0.map(JSONValue.string)) })
        json.put("reasoning", sampling.reasoning)
        json.put("stream", sampling.stream)
        json.put("logprobs", sampling.logprobs)
        json.put("schema", schema?.source)
        return json.finish()
    }
}

extension ModelRequest {
    /// Names what is asked, and of whom: equal questions have equal names, in any run and of any workflow. How the answer
    /// is to be sent, and where the pieces came from, is not part of it.
    public static func question(
        to model: ModelProfile, segments: [PromptSegment], sampling: Sampling, maxOutputTokens: Int, schema: Schema?
    ) -> ContentHash {
        var question: JSONObject = [
            "form": .int(Int64(encoderVersion)), "model": .string(model.reference.description), "served": .string(model.servedID),
            "max_output_tokens": .int(Int64(maxOutputTokens)),
            "segments": .array(segments.map { segment in
                var part: JSONObject = [
                    "hash": .string(segment.hash.hex), "role": .string(segment.role.rawValue), "starts_message": .bool(segment.startsMessage),
                ]
                if let attachment = segment.attachment {
                    part["media_type"] = .string(attachment.type.rawValue)
                    part["name"] = .string(attachment.name)
                    part["detail"] = attachment.detail.map { .string($0.rawValue) }
                }
                return .object(part)
            }),
        ]
        question["temperature"] = sampling.temperature.map(JSONValue.double)
        question["top_p"] = sampling.topP.map(JSONValue.double)
        question["seed"] = sampling.seed.map { .int(Int64($0)) }
        question["stop"] = sampling.stop.map { .array($0.map(JSONValue.string)) }
        question["reasoning"] = sampling.reasoning.map(JSONValue.string)
        // By its bytes: models write properties in the order of the schema.
        question["schema"] = schema.map { .string(ContentHash(of: $0.source.jsonText).hex) }
        return ContentHash(of: JSONEncoding.canonical.bytes(.object(question)))
    }
}

/// Why an answer ended.
public enum FinishReason: String, Sendable, Hashable {
    case stop
    /// At the token cap: not a success.
    case length
    case contentFilter = "content_filter"
    case toolCalls = "tool_calls"
    /// A word that is not known, or none.
    case other
}

/// An answer.
public struct ModelResponse: Sendable {
    /// Empty where the model wrote nothing that is text for its reader: reasoning and tool calls are not.
    public let text: String
    public let finishReason: FinishReason
    /// The server's own word where it is none of the known ones.
    public let finishWord: String?
    /// Set when the model declined in the API's own field for it.
    public let refusal: String?
    /// The names of the tools that it wants called, in order.
    public let toolCalls: [String]
    /// Whether it wrote reasoning beside the text.
    public let hasReasoning: Bool
    /// As the server sent them.
    public let logprobs: JSONValue?

    public init(
        text: String, finishReason: FinishReason, finishWord: String? = nil, refusal: String? = nil, toolCalls: [String] = [],
        hasReasoning: Bool = false, logprobs: JSONValue? = nil
    ) {
        self.text = text
        self.finishReason = finishReason
        self.finishWord = finishWord
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.hasReasoning = hasReasoning
        self.logprobs = logprobs
    }
}

/// Whether a call may have been billed.
public enum BillingEvidence: Sendable, Hashable {
    /// Final usage was reported: a count that can be true, of an answer whose end was announced.
    case reported
    /// It did not reach the server, or the server refused it before any work.
    case notBilled
    /// It may have been billed and nobody said how much, or what was said is no more than a lower bound.
    case unknown
}

/// Everything that one HTTP attempt told.
public final class ModelCallResult: Sendable {
    public let outcome: Result<ModelResponse, CallFailure>
    public let billing: BillingEvidence
    /// What the server told of its tokens. Final if `billing` is `reported`, else at least that.
    public let counts: TokenCounts
    /// The server's usage object, verbatim.
    public let usageRaw: String?
    public let modelServed: String?
    /// Names that the server gave beside the first one; mostly none.
    public let otherModelsServed: [String]
    public let httpStatus: Int?
    /// To the first token of a stream.
    public let timeToFirstToken: TimeSpan?
    public let total: TimeSpan
    /// What came of an answer before it failed. It was paid for.
    public let partialText: String?
    /// Bytes of all that the model wrote and that was received: text, refusal, reasoning, tool calls.
    public let outputBytes: Int
    /// Whether the answer came to its announced end.
    public let isWhole: Bool
    /// The server is there and says that it is coming up; nothing was done.
    public let isComingUp: Bool
    /// What is to be said of the call beside its outcome.
    public let notes: [CallNote]

    /// `counts` in disjoint classes, where both directions were told.
    public var usage: TokenUsage? { counts.usage }

    public init(
        outcome: Result<ModelResponse, CallFailure>, billing: BillingEvidence, counts: TokenCounts = .none, usageRaw: String? = nil,
        modelServed: String? = nil, httpStatus: Int? = nil, timeToFirstToken: TimeSpan? = nil, total: TimeSpan,
        partialText: String? = nil, outputBytes: Int? = nil, isWhole: Bool? = nil, isComingUp: Bool = false, notes: [CallNote] = [],
        otherModelsServed: [String] = []
    ) {
        self.outcome = outcome
        self.billing = billing
        self.counts = counts
        self.usageRaw = usageRaw
        self.modelServed = modelServed
        self.otherModelsServed = otherModelsServed
        self.httpStatus = httpStatus
        self.timeToFirstToken = timeToFirstToken
        self.total = total
        self.partialText = partialText
        let answer = if case .success(let response) = outcome { response } else { ModelResponse?.none }
        self.outputBytes = outputBytes ?? answer.map { $0.text.utf8.count + ($0.refusal?.utf8.count ?? 0) } ?? partialText?.utf8.count ?? 0
        self.isWhole = isWhole ?? (answer != nil)
        self.isComingUp = isComingUp
        self.notes = notes
    }

    /// With the usage in classes; `nil`: none was told.
    public convenience init(
        outcome: Result<ModelResponse, CallFailure>, billing: BillingEvidence, usage: TokenUsage?, usageRaw: String? = nil,
        modelServed: String? = nil, httpStatus: Int? = nil, total: TimeSpan, partialText: String? = nil
    ) {
        self.init(
            outcome: outcome, billing: billing, counts: usage.map(TokenCounts.init) ?? .none, usageRaw: usageRaw, modelServed: modelServed,
            httpStatus: httpStatus, total: total, partialText: partialText)
    }

    /// Nothing was sent: the server was not there, or the network was not.
    public var isUnreached: Bool {
        guard case .failure(let failure) = outcome, httpStatus == nil, billing == .notBilled else { return false }
        return [.connection, .timeout].contains(failure.kind)
    }
}
