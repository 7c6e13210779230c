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

    /// How its servers count the tokens of a prompt; `nil`: they do not.
    func counter(_ dialect: Dialect) -> (any TokenCounter)? {
        switch (dialect.counting, self) {
        case (.none, _): nil
        case (.api, .anthropic): MessagesCounter()
        case (.api, .openAIChat), (.api, .openAIResponses): ResponsesCounter()
        case (.llamaCpp, _): LlamaCounter(isExact: self == .openAIChat)
        case (.vllm, _): VLLMCounter(isExact: self == .openAIChat)
        case (.gemini, _): GeminiCounter()
        }
    }
}
