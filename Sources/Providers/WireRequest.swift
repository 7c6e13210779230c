import PromptCaching
import WorkflowModel

/// What a format makes a body of: a request, and what the provider's entry says of its model.
struct WireRequest {
    let request: ModelRequest
    /// The model's name on the wire.
    let modelID: String
    let dialect: Dialect
    /// The model's cache, where it is known how it is spoken to.
    var cache: CacheSpeech?

    /// By which a schema, or the tool that takes it, is named. It stands before the prompt, so that a cache which is spoken to would keep what steps of one schema share apart by their names: there all have one.
    var toolName: String {
        switch cache?.rules.control {
        case .cacheControl, .cachePoint, .cachedContent, .key, .breakpoints: "answer"
        // Nothing stands before the prompt there but what the server makes of it.
        case .order, .slots, nil: String(request.schemaName.prefix(64))
        }
    }

    /// Whether the parts of a content are sent one by one, so that marks can stand between them: always for such a model, as marked and unmarked requests have to have the same parts.
    var splitsContent: Bool { cache?.rules.control == .breakpoints }

    /// What it tells the cache, where that is spoken to in this way.
    func instructions(_ control: CacheControl) -> (CacheInstructions, CacheRules)? {
        guard let asked = request.cache, let cache, cache.rules.control == control else { return nil }
        return (asked, cache.rules)
    }

    /// Whether it only writes its prompt to a cache.
    var isWarmUp: Bool { request.cache?.isWarmUp == true }

    var hasAttachments: Bool { request.segments.contains { $0.attachment != nil } }

    var isStreaming: Bool { (request.sampling.stream ?? dialect.stream) && !isWarmUp }

    var expected: ExpectedAnswer {
        ExpectedAnswer(maxOutputTokens: request.maxOutputTokens, hasLogprobs: request.sampling.logprobs == true, provider: request.model.provider, usage: dialect.usage)
    }
}

/// What is known of an answer before it comes.
package struct ExpectedAnswer {
    let maxOutputTokens: Int
    var hasLogprobs = false
    /// By the name of its entry: the only one to whom sealed blocks may be sent back.
    var provider = ""
    /// How the server counts.
    var usage = UsageConvention.unknown
    /// The tool whose input is the answer, where a schema went out as one.
    var answerTool: String?
    /// Whether somebody takes the pieces as they come.
    var recordsPieces = false
}
