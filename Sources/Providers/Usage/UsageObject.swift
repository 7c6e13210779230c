import Economics
import Values

/// One usage object of any spelling, read as whole counts with their parts.
///
/// The spellings, and whether a count includes another:
/// - OpenAI, and with it Azure, DeepSeek, OpenRouter, LiteLLM, Ollama, vLLM, SGLang, Groq, Mistral: `prompt_tokens` includes cache
///   reads and writes, `completion_tokens` includes reasoning (`completion_usage.py` of the OpenAI client; `response_usage.py` for the
///   names of the Responses API).
/// - Anthropic, Bedrock: `input_tokens` excludes both cache counters (`usage.py` of the Anthropic client).
/// - Gemini: `promptTokenCount` includes the cached ones; thoughts and the prompts of tools stand beside (`types.py` of google-genai).
/// - xAI counts reasoning beside the completion, which its total tells (LiteLLM, `llms/xai/chat/transformation.py`).
/// - Gateways mix them: Anthropic's counters stand in OpenAI's objects, and then mostly inside `prompt_tokens`.
/// A total decides where both readings are possible.
struct UsageObject: Hashable {
    private(set) var counts = TokenCounts()
    /// What cannot be true of it.
    private(set) var doubt: String?

    /// - Returns: `nil`: it counts nothing.
    init?(_ object: JSONValue) {
        guard case .object = object else { return nil }
        let fields = Fields(object)
        let cacheRead = fields.cacheRead
        let cacheWrite = fields.cacheWrite
        let reasoning = fields.reasoning
        counts.total = fields.most(["total_tokens", "totalTokenCount", "total_token_count", "totalTokens"])
        if fields.hasAbsurd { doubt = "a count of it cannot be one" }

        // The prompt
        var prompt = fields.most(Self.inclusive) ?? fields.most(Self.ambiguous)
        if let (hit, miss) = fields.hitAndMiss {
            // DeepSeek: prompt = hit + miss.
            if let told = prompt, told != 0, told != hit + miss, hit + miss != 0 { doubt = doubt ?? "its hits and misses are not its prompt" }
            prompt = max(prompt ?? 0, hit + miss)
        }
        let cached = (cacheRead ?? 0) + (cacheWrite ?? 0)
        let completion = fields.most(Self.output)
        let thoughts = fields.most(["thoughtsTokenCount", "thoughts_token_count", "total_thought_tokens"])
        var output = completion ?? thoughts.map { _ in 0 }
        if let told = output, let thoughts { output = told + thoughts }
        if let tools = fields.most(["toolUsePromptTokenCount", "tool_use_prompt_token_count", "total_tool_use_tokens"]) { prompt = prompt.map { $0 + tools } }

        if let told = prompt, cached > 0 {
            if Self.isExclusive(fields, prompt: told, cached: cached, output: output ?? 0, reasoning: reasoning ?? 0, total: counts.total) {
                prompt = told + cached
            } else if cached > told {
                // Whatever it means, this many were counted.
                prompt = told + cached
                doubt = doubt ?? "it counts \(cached) cached tokens of a prompt of \(told)"
            }
        } else if prompt == nil, cached > 0 {
            prompt = fields.isAnthropic ? nil : cached
        }

        // The answer
        if let told = output, thoughts == nil, let reasoning, reasoning > 0 {
            let isBeside = prompt != nil && counts.total == prompt! + told + reasoning
            if isBeside {
                output = told + reasoning
            } else if reasoning > told {
                output = told + reasoning
                doubt = doubt ?? "it counts \(reasoning) reasoning tokens of an answer of \(told)"
            }
        }
        counts.input = prompt
        counts.cacheRead = cacheRead
        counts.cacheWrite = cacheWrite
        counts.output = output
        counts.reasoning = thoughts.map { max($0, reasoning ?? 0) } ?? reasoning
        if let total = counts.total, total > 0, let prompt, let output, total < prompt + output {
            doubt = doubt ?? "its total of \(total) is less than its parts, \(prompt) and \(output)"
        }
        if counts == .none, doubt == nil { return nil }
    }

    /// llama.cpp's `timings`, which count what is newly processed apart from what was cached.
    init?(timings: JSONValue) {
        let fields = Fields(timings)
        counts.cacheRead = fields.most(["cache_n"])
        counts.input = fields.most(["prompt_n"]).map { $0 + (counts.cacheRead ?? 0) }
        counts.output = fields.most(["predicted_n"])
        if counts == .none { return nil }
    }

    /// Whether it is all zeros, which is no count of a call that was made.
    var isEmpty: Bool { counts.list.allSatisfy { ($0 ?? 0) == 0 } }

    /// Whether it says all that another says, and no less of anything.
    func covers(_ other: UsageObject) -> Bool {
        zip(counts.list, other.counts.list).allSatisfy { own, theirs in theirs.map { $0 <= own ?? -1 } ?? true }
    }

    /// Whether one of the two must be wrong: running counts grow, and none of them shrinks while another grows.
    func contradicts(_ other: UsageObject) -> Bool {
        var (isMore, isLess) = (false, false)
        for (index, pair) in zip(counts.list, other.counts.list).enumerated() {
            guard let own = pair.0, let theirs = pair.1 else { continue }
            // Of the whole counts, zero is none.
            if own == 0 || theirs == 0, index < TokenCounts.wholeCounts { continue }
            if own > theirs { isMore = true } else if own < theirs { isLess = true }
        }
        return isMore && isLess
    }

    // MARK: Names

    /// The whole prompt.
    private static let inclusive = ["prompt_tokens", "promptTokenCount", "prompt_token_count", "prompt_eval_count", "total_input_tokens"]
    /// The whole prompt, or what of it no cache had to do with.
    private static let ambiguous = ["input_tokens", "inputTokens"]
    private static let output = [
        "completion_tokens", "output_tokens", "candidatesTokenCount", "candidates_token_count", "eval_count", "total_output_tokens", "outputTokens",
    ]

    /// Whether the prompt's count leaves the cached tokens out.
    private static func isExclusive(_ fields: Fields, prompt: Int, cached: Int, output: Int, reasoning: Int, total: Int?) -> Bool {
        if let total {
            let isInside = total == prompt + output || total == prompt + output + reasoning
            let isBeside = total == prompt + cached + output || total == prompt + cached + output + reasoning
            if isInside != isBeside { return isBeside }
        }
        if fields.most(inclusive) == nil { return fields.isAnthropic }
        // Anthropic's counters beside a smaller `prompt_tokens` can only be counted as Anthropic counts them.
        return fields.isAnthropic && cached > prompt && fields.cachedInDetails <= prompt
    }

    /// The numbers of an object and of the objects of details in it.
    private struct Fields {
        private let object: JSONValue
        private let details: [JSONValue]
        private let outputDetails: [JSONValue]

        init(_ object: JSONValue) {
            self.object = object
            details = ["prompt_tokens_details", "prompt_token_details", "input_tokens_details"].compactMap { object[$0] }
            outputDetails = ["completion_tokens_details", "output_tokens_details"].compactMap { object[$0] }
        }

        /// The largest of several names of one count: a zero beside a number is a field that is not filled in.
        func most(_ names: [String]) -> Int? { Self.most(names, in: object) }

        private static func most(_ names: [String], in object: JSONValue) -> Int? {
            names.reduce(nil) { most, name in
                guard let value = object[name], let count = count(value) else { return most }
                return max(most ?? 0, count)
            }
        }

        private static func most(_ names: [String], in objects: [JSONValue]) -> Int? {
            objects.reduce(nil) { most, object in
                guard let count = self.most(names, in: object) else { return most }
                return max(most ?? 0, count)
            }
        }

        /// No call has counts beyond this, and sums of a few stay far from overflowing.
        private static let limit: Int64 = 1 << 31

        private static func count(_ value: JSONValue) -> Int? {
            guard let number = value.intValue, number >= 0, number < limit else { return nil }
            return Int(number)
        }

        /// Whether a count of tokens is a number and cannot be a count: beyond all measure.
        var hasAbsurd: Bool {
            let names = UsageObject.inclusive + UsageObject.ambiguous + UsageObject.output + ["total_tokens"]
            return names.contains { name in
                switch object[name] {
                case .bigInt?: return true
                case let value?: return value.doubleValue.map { $0 >= Double(Self.limit) } ?? false
                case nil: return false
                }
            }
        }

        var cachedInDetails: Int { Self.most(["cached_tokens", "cache_read_tokens"], in: details) ?? 0 }

        var cacheRead: Int? {
            let own = most([
                "cache_read_input_tokens", "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cachedContentTokenCount",
                "cached_content_token_count", "total_cached_tokens", "prompt_eval_cached_count", "cacheReadInputTokens", "cache_read_tokens",
            ])
            let detailed = Self.most(["cached_tokens", "cache_read_tokens", "cache_read_input_tokens"], in: details)
            return [own, detailed].compactMap(\.self).max()
        }

        var cacheWrite: Int? {
            let own = most(["cache_creation_input_tokens", "cache_write_tokens", "cache_creation_tokens", "cache_write_input_tokens", "cacheWriteInputTokens"])
            let detailed = Self.most(["cache_write_tokens", "cache_creation_tokens", "created_cache_tokens", "cache_creation_input_tokens"], in: details)
            // By time to live. What the sum lacks of the whole was written all the same.
            let lives = object["cache_creation"]?.objectValue.map { lives in lives.reduce(0) { $0 + (Self.count($1.value) ?? 0) } }
            return [own, detailed, lives].compactMap(\.self).max()
        }

        var reasoning: Int? {
            let own = most(["reasoning_tokens"])
            let detailed = Self.most(["reasoning_tokens", "thinking_tokens"], in: outputDetails)
            return [own, detailed].compactMap(\.self).max()
        }

        var hitAndMiss: (Int, Int)? {
            guard let hit = most(["prompt_cache_hit_tokens"]), let miss = most(["prompt_cache_miss_tokens"]) else { return nil }
            return (hit, miss)
        }

        /// Whether it has the counters of Anthropic or Bedrock, which stand beside the prompt.
        var isAnthropic: Bool {
            ["cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens"].contains { object[$0] != nil }
        }
    }
}

extension TokenCounts {
    fileprivate static let wholeCounts = 3

    /// The whole counts first.
    fileprivate var list: [Int?] { [input, output, total, cacheRead, cacheWrite, reasoning] }

    /// Of each count the larger.
    func joined(_ other: TokenCounts) -> TokenCounts {
        func most(_ a: Int?, _ b: Int?) -> Int? { if let a, let b { max(a, b) } else { a ?? b } }
        return TokenCounts(
            input: most(input, other.input), cacheRead: most(cacheRead, other.cacheRead), cacheWrite: most(cacheWrite, other.cacheWrite),
            output: most(output, other.output), reasoning: most(reasoning, other.reasoning), total: most(total, other.total))
    }
}
