import WorkflowModel

/// Providers that need no entry in the project file: address, API and the variable that holds the key.
public enum WellKnownProviders {
    public static let all: [ProviderConfiguration] = [
        ProviderConfiguration(
            name: "openai", api: .openAIChat, baseURL: "https://api.openai.com/v1", apiKey: .environment("OPENAI_API_KEY"),
            dialect: Dialect(maxTokensField: "max_completion_tokens", cachedTokensOptional: false, images: true, files: true, servedNames: .known)),
        ProviderConfiguration(
            name: "openrouter", api: .openAIChat, baseURL: "https://openrouter.ai/api/v1", apiKey: .environment("OPENROUTER_API_KEY"),
            dialect: Dialect(images: true, files: true, servedNames: .known)),
        ProviderConfiguration(
            name: "groq", api: .openAIChat, baseURL: "https://api.groq.com/openai/v1", apiKey: .environment("GROQ_API_KEY"),
            dialect: Dialect(images: true, servedNames: .known)),
        ProviderConfiguration(
            name: "together", api: .openAIChat, baseURL: "https://api.together.xyz/v1", apiKey: .environment("TOGETHER_API_KEY"),
            dialect: Dialect(images: true, servedNames: .known)),
    ]
}
