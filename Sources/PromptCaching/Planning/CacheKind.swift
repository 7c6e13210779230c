/// The prompt caches that are known, by the words of a project file.
public enum CacheKind: String, Sendable, Hashable, CaseIterable {
    /// As its address says, or the way in which it counts tokens; where neither does, nothing is known of one.
    case auto
    /// No cache, or none that is to be spoken to.
    case none
    case anthropic
    /// OpenAI's, of the two that it has the one of the model.
    case openai
    /// OpenAI's from GPT-5.6 on, whatever the model is called.
    case openaiBreakpoints = "openai-breakpoints"
    case gemini, deepseek, vllm, sglang
    case llamaCpp = "llama.cpp"
}

/// How a request speaks to a prompt cache.
public enum CacheControl: String, Sendable, Hashable, CaseIterable {
    /// `cache_control` at blocks of the prompt: Anthropic.
    case cacheControl = "cache_control"
    /// `prompt_cache_key`, and `prompt_cache_retention` for a longer life: OpenAI up to GPT-5.5.
    case key = "prompt_cache_key"
    /// `prompt_cache_breakpoint` at parts of a content, and `prompt_cache_options`: OpenAI from GPT-5.6 on.
    case breakpoints = "prompt_cache_breakpoint"
    /// `cache_prompt` and `id_slot`: llama.cpp's server.
    case slots
    /// Not at all: what begins alike is found.
    case order
    /// `cachePoint` blocks: Bedrock, whose API is not spoken here.
    case cachePoint = "cache_point"
    /// Documents that are kept under a name: Gemini's explicit caches, which are not spoken here.
    case cachedContent = "cached_content"
}
