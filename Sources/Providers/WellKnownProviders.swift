import Values
import WorkflowModel

/// Providers that need no entry in the project file: address, API and the variable that holds the key.
public enum WellKnownProviders {
    public static let all: [ProviderConfiguration] = [
        ProviderConfiguration(
            name: "openai", api: .openAIChat, baseURL: "https://api.openai.com/v1", apiKey: .environment("OPENAI_API_KEY"),
            dialect: ["max_tokens_field": "max_completion_tokens", "cached_tokens": "required", "images": true, "files": true, "served_model": "known"]),
        ProviderConfiguration(
            name: "anthropic", api: .anthropic, baseURL: "https://api.anthropic.com/v1", apiKey: .environment("ANTHROPIC_API_KEY"),
            dialect: ["cached_tokens": "required", "images": true, "files": true, "served_model": "known"]),
        ProviderConfiguration(
            name: "openrouter", api: .openAIChat, baseURL: "https://openrouter.ai/api/v1", apiKey: .environment("OPENROUTER_API_KEY"),
            dialect: ["images": true, "files": true, "served_model": "known"]),
        ProviderConfiguration(
            name: "groq", api: .openAIChat, baseURL: "https://api.groq.com/openai/v1", apiKey: .environment("GROQ_API_KEY"),
            dialect: ["images": true, "served_model": "known"]),
        ProviderConfiguration(
            name: "together", api: .openAIChat, baseURL: "https://api.together.xyz/v1", apiKey: .environment("TOGETHER_API_KEY"),
            dialect: ["images": true, "served_model": "known"]),
    ]

    // MARK: What is no entry

    /// Addresses at which vendors without an entry of their own speak chat completions, by the names that they go by.
    private static let addresses: [(names: [String], baseURL: String, variable: String)] = [
        (["gemini", "google", "google-ai", "googleai"], "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
        (["deepseek"], "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        (["mistral", "mistralai"], "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        (["xai", "x-ai", "grok"], "https://api.x.ai/v1", "XAI_API_KEY"),
        (["fireworks", "fireworks_ai"], "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
        (["cerebras"], "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
        (["azure", "azure-openai", "azure_openai"], "https://RESOURCE.openai.azure.com/openai/v1", "AZURE_OPENAI_API_KEY"),
        (["ollama"], "http://127.0.0.1:11434/v1", ""),
    ]
    private static let gatewaysOnly = ["bedrock", "aws", "amazon", "vertex", "vertex_ai", "vertexai"]

    /// What to write for a vendor that has no entry of its own; `nil` for a name that says nothing.
    static func entry(for name: String) -> String? {
        let lower = name.lowercased()
        if gatewaysOnly.contains(where: lower.hasSameBytes) {
            return "its own API is not spoken; its OpenAI-compatible address, or a gateway such as LiteLLM, is an entry of providers: in the project file"
        }
        guard let known = addresses.first(where: { $0.names.contains(where: lower.hasSameBytes) }) else { return nil }
        let key = known.variable.isEmpty ? "" : ", api_key: { env: \(known.variable) }"
        return "its OpenAI-compatible address is an entry of the project file: providers: { \(name): { api: openai-chat, base_url: \"\(known.baseURL)\"\(key) } }"
    }

    /// The provider of models of such a name, where it is another vendor than the one that is asked. Hosts of others' models are not judged.
    static func maker(of model: String, besides name: String) -> String? {
        let isClaude = model.startsWithBytes(of: "claude-")
        switch name {
        case "openai": return isClaude ? "anthropic" : model.startsWithBytes(of: "gemini-") ? "gemini" : nil
        case "anthropic": return ["gpt-", "o1", "o3", "o4-"].contains { model.startsWithBytes(of: $0) } ? "openai" : model.startsWithBytes(of: "gemini-") ? "gemini" : nil
        default: return nil
        }
    }
}
