/// The wire formats that a provider can speak.
public enum ModelAPI: String, Sendable, Hashable, CaseIterable {
    case openAIChat = "openai-chat"
    case openAIResponses = "openai-responses"
    case anthropic
}
