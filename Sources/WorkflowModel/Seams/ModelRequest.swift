import JSONSchema
import PromptCaching
import Values

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
    /// What it tells its server's prompt cache. It is no part of what is asked: not in the manifest, nor in what a memory goes by.
    public let cache: CacheInstructions?

    public init(
        id: CallID, model: ModelReference, segments: [PromptSegment], sampling: Sampling, maxOutputTokens: Int,
        schema: Schema?, schemaName: String, timeout: TimeSpan, site: CallSite? = nil, cache: CacheInstructions? = nil
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
        self.cache = cache
    }

    /// The same, with its answer in pieces. That is how an answer comes, not what is asked: whoever compares requests goes by the other one.
    public var streamed: ModelRequest {
        var streaming = sampling
        streaming.stream = true
        return ModelRequest(
            id: id, model: model, segments: segments, sampling: streaming, maxOutputTokens: maxOutputTokens, schema: schema, schemaName: schemaName, timeout: timeout,
            site: site, cache: cache)
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
