import Economics
import Values

/// Takes OpenAI-shaped usage apart into disjoint classes.
///
/// `prompt_tokens` includes cache reads and writes, `completion_tokens` includes reasoning; a missing detail is unknown,
/// not zero. Sources: `completion_usage.py` of the OpenAI client; DeepSeek, vLLM and llama.cpp send the same shape with
/// details of their own. xAI alone counts reasoning beside the completion, which its total tells
/// (`fold_reasoning_tokens_into_completion` in LiteLLM's `llms/xai/chat/transformation.py`).
enum OpenAIUsage {
    /// - Parameters:
    ///   - usage: the `usage` object.
    ///   - timings: llama.cpp's, which count cached tokens on builds whose usage does not.
    ///   - missingIsUnknown: whether a server that names no cached tokens does not count them; otherwise it had none.
    /// - Returns: `nil` when the object does not count the prompt and the completion.
    static func normalise(_ usage: JSONValue?, timings: JSONValue?, missingIsUnknown: Bool) -> TokenUsage? {
        guard let usage, let prompt = count(usage["prompt_tokens"]), var completion = count(usage["completion_tokens"]) else { return nil }
        let details = usage["prompt_tokens_details"]
        let read = count(details?["cached_tokens"]) ?? count(usage["prompt_cache_hit_tokens"]) ?? count(timings?["cache_n"])
            ?? (missingIsUnknown ? nil : 0)
        let write = count(details?["cache_write_tokens"])
        let reasoning = count(usage["completion_tokens_details"]?["reasoning_tokens"])
        if let reasoning, reasoning > 0, count(usage["total_tokens"]) == prompt + completion + reasoning { completion += reasoning }
        // A server that counts more cached tokens than prompt tokens is wrong somewhere; never below zero.
        let cacheRead = read.map { min($0, prompt) }
        let cacheWrite = write.map { min($0, prompt - (cacheRead ?? 0)) }
        return TokenUsage(
            plainInput: prompt - (cacheRead ?? 0) - (cacheWrite ?? 0), cacheRead: cacheRead, cacheWrite: cacheWrite,
            plainOutput: completion - min(reasoning ?? 0, completion), reasoning: reasoning.map { min($0, completion) })
    }

    private static func count(_ value: JSONValue?) -> Int? {
        guard let number = value?.intValue, number >= 0, number < 1 << 40 else { return nil }
        return Int(number)
    }
}
