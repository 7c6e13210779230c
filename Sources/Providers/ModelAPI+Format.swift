import WorkflowModel

extension ModelAPI {
    /// The code that speaks it.
    func format(_ dialect: Dialect) -> any WireFormat {
        switch self {
        case .openAIChat: OpenAIChat()
        case .openAIResponses: OpenAIResponses()
        case .anthropic: AnthropicMessages(version: dialect.apiVersion)
        }
    }
}
