import Economics
import Values
import WorkflowModel

/// What a usage object says, read as the usage of any answer is: for prices that are tried by hand.
public struct RawUsage: Sendable {
    /// At least so much; what a total tells beyond its parts is output at the dearest class.
    public let estimate: TokenCounts.Estimate
    /// Why a call with this usage would be an estimate; `nil`: it would settle.
    public let doubt: String?
    /// The model that the answer around it names.
    public let model: String?
    /// What the models did of it, where several worked on the answer.
    public let shares: [UsageShare]
    /// What the server says that the call cost.
    public let reported: ReportedCost?

    /// The APIs by the names that people know; every spelling of usage is read, whichever it is.
    public static let apis = [
        "openai-chat", "openai-responses", "anthropic", "gemini", "bedrock", "ollama", "openai", "responses", "anthropic-messages", "google", "deepseek",
        "mistral", "xai", "groq", "together", "openrouter", "azure", "llama.cpp", "vllm",
    ]

    /// Counts that no call has are read here all the same, so that they can be priced.
    private static let limit: Int64 = 1 << 53

    /// - Parameter document: the object itself, or an answer or an event of a stream that has one.
    /// - Returns: `nil`: nothing in it counts tokens.
    public init?(_ document: JSONValue, _ settings: DialectSettings = .none) {
        let dialect = Dialect(settings)
        var reader = UsageReader(dialect.usage, limit: Self.limit)
        reader.take(answer: document)
        if reader.told == 0 { reader.take(document, service: document["service_tier"]?.stringValue) }
        let reading = reader.reading(
            promptBytes: 0, outputBytes: 0, missingCacheIsUnknown: dialect.cachedTokensOptional, restIsReasoning: dialect.restIsReasoning)
        // Zeros count, too.
        let object = document["usage"] ?? document["usageMetadata"] ?? document
        shares = reading.shares
        reported = reading.reported
        guard reader.told > 0 || UsageObject(object, dialect.usage, limit: Self.limit) != nil else { return nil }
        estimate = reading.counts.estimate(input: 0, output: 0, isWhole: true)
        let most = max(estimate.usage.totalInput, estimate.usage.totalOutput)
        doubt = reading.note?.message ?? (most >= UsageFields.usualLimit ? "the usage is not taken as final: a count of it cannot be one" : nil)
        model = document["model"]?.stringValue ?? document["modelVersion"]?.stringValue
    }
}
