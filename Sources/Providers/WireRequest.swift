import WorkflowModel

/// What a format makes a body of: a request, and what the provider's entry says of its model.
struct WireRequest {
    let request: ModelRequest
    /// The model's name on the wire.
    let modelID: String
    let dialect: Dialect

    /// By which a schema, or the tool that takes it, is named.
    var toolName: String { String(request.schemaName.prefix(64)) }

    var hasAttachments: Bool { request.segments.contains { $0.attachment != nil } }

    var isStreaming: Bool { request.sampling.stream ?? dialect.stream }

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
