import WorkflowModel

/// Providers that need no entry in the project file: address, API and the variable that holds the key.
public enum WellKnownProviders {
    public static let all: [ProviderConfiguration] = [
        ProviderConfiguration(
            name: "openai", api: .openAIChat, baseURL: "https://api.openai.com/v1", apiKey: .environment("OPENAI_API_KEY"),
            dialect: ["max_tokens_field": "max_completion_tokens", "cached_tokens": "required", "images": true, "files": true, "served_model": "known", "count_tokens": "api"]),
        ProviderConfiguration(
            name: "anthropic", api: .anthropic, baseURL: "https://api.anthropic.com/v1", apiKey: .environment("ANTHROPIC_API_KEY"),
            dialect: ["cached_tokens": "required", "images": true, "files": true, "served_model": "known", "count_tokens": "api"]),
        ProviderConfiguration(
            name: "openrouter", api: .openAIChat, baseURL: "https://openrouter.ai/api/v1", apiKey: .environment("OPENROUTER_API_KEY"),
            dialect: ["images": true, "files": true, "served_model": "known", "reported_cost": "trusted"]),
        ProviderConfiguration(
            name: "groq", api: .openAIChat, baseURL: "https://api.groq.com/openai/v1", apiKey: .environment("GROQ_API_KEY"),
            dialect: ["images": true, "served_model": "known"]),
        ProviderConfiguration(
            name: "together", api: .openAIChat, baseURL: "https://api.together.xyz/v1", apiKey: .environment("TOGETHER_API_KEY"),
            dialect: ["images": true, "served_model": "known"]),
    ]
}
