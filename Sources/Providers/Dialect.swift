import PromptCaching
import Values
import WorkflowModel

/// How a server departs from the API that it speaks, as an entry's `dialect` says it.
struct Dialect: Sendable, Hashable {
    enum StructuredOutput: String, Sendable, Hashable, CaseIterable {
        case jsonSchema = "json_schema"
        case jsonObject = "json_object"
        /// As the input of a tool, where the API has no other form.
        case tool
        case none
    }

    /// Whether requests are streamed unless a tier or step says otherwise.
    var stream: Bool
    /// Whether a stream may ask for its usage in `stream_options`.
    var streamUsage: Bool
    var structuredOutput: StructuredOutput
    /// `max_tokens` or `max_completion_tokens`.
    var maxTokensField: String
    /// The header that carries the call's id; `nil` sends none.
    var callIDHeader: String?
    /// Whether an absent count of cached tokens means that the server does not tell, rather than none.
    var cachedTokensOptional: Bool
    /// Whether its models take images, as data URLs.
    var images: Bool
    /// Whether they take PDF files, as data URLs.
    var files: Bool
    var servedNames: ServedNames
    /// How its counts include each other.
    var usage: UsageConvention
    /// Whether it keeps the cap of output that it is sent.
    var keepsOutputCap: Bool
    /// Whether the server's own figure for the cost of a call is the cost; otherwise it stands beside ours.
    var trustsReportedCost: Bool
    /// What its word on the service tier is worth.
    var servedTier: ServedTierTrust
    /// What Anthropic's API is to answer by.
    var apiVersion: String
    /// How it says how many tokens a prompt has.
    var counting: TokenCounting
    /// Which prompt cache it has.
    var promptCache: CacheKind
    /// Whether what a total tells beyond its parts is reasoning, as Gemini counts it behind OpenAI's format; otherwise nobody explained it.
    var restIsReasoning: Bool

    init(
        stream: Bool = false, streamUsage: Bool = true, structuredOutput: StructuredOutput = .jsonSchema,
        maxTokensField: String = "max_tokens", callIDHeader: String? = "x-agentctl-call-id", cachedTokensOptional: Bool = true,
        images: Bool = false, files: Bool = false, servedNames: ServedNames = .any, restIsReasoning: Bool = false,
        usage: UsageConvention = .unknown, keepsOutputCap: Bool = true, trustsReportedCost: Bool = false,
        servedTier: ServedTierTrust = .trusted, apiVersion: String = "2026-10-21", counting: TokenCounting = .none,
        promptCache: CacheKind = .auto
    ) {
        self.stream = stream
        self.streamUsage = streamUsage
        self.structuredOutput = structuredOutput
        self.maxTokensField = maxTokensField
        self.callIDHeader = callIDHeader
        self.cachedTokensOptional = cachedTokensOptional
        self.images = images
        self.files = files
        self.servedNames = servedNames
        self.restIsReasoning = restIsReasoning
        self.apiVersion = apiVersion
        self.counting = counting
        self.promptCache = promptCache
        self.usage = usage
        self.keepsOutputCap = keepsOutputCap
        self.trustsReportedCost = trustsReportedCost
        self.servedTier = servedTier
    }

    /// The meaning of settings that the loader has checked; what they do not say is as in `Dialect()`.
    init(_ settings: DialectSettings) {
        self.init()
        let values = settings.values
        func isTrue(_ key: String, _ standard: Bool) -> Bool { values[key].map { $0 == true } ?? standard }
        func says(_ key: String, _ word: JSONValue, _ standard: Bool) -> Bool { values[key].map { $0 == word } ?? standard }
        func word<Word: RawRepresentable>(_ key: String, _ standard: Word) -> Word where Word.RawValue == String {
            values[key]?.stringValue.flatMap(Word.init) ?? standard
        }
        stream = isTrue("stream", stream)
        streamUsage = isTrue("stream_usage", streamUsage)
        structuredOutput = word("structured_output", structuredOutput)
        maxTokensField = values["max_tokens_field"]?.stringValue ?? maxTokensField
        if let name = values["call_id_header"] { callIDHeader = name.stringValue }
        cachedTokensOptional = says("cached_tokens", "optional", cachedTokensOptional)
        images = isTrue("images", images)
        files = isTrue("files", files)
        servedNames = word("served_model", servedNames)
        apiVersion = values["api_version"]?.stringValue ?? apiVersion
        usage.cachedInput = word("cached_input", usage.cachedInput)
        usage.reasoning = word("reasoning_output", usage.reasoning)
        keepsOutputCap = says("output_cap", "kept", keepsOutputCap)
        trustsReportedCost = says("reported_cost", "trusted", trustsReportedCost)
        servedTier = word("served_tier", servedTier)
        counting = word("count_tokens", counting)
        promptCache = word("prompt_cache", promptCache)
        restIsReasoning = says("rest_of_total", "reasoning", restIsReasoning)
    }
}
