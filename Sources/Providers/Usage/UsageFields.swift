import Values

/// The numbers of a usage object and of the objects of details in it, under one name for all spellings.
///
/// Read in one pass over what is there: an answer is read for each call, and there are sixty spellings.
struct UsageFields {
    enum Count: Int, CaseIterable {
        /// The whole prompt.
        case prompt
        /// The whole prompt, or what of it no cache had to do with.
        case input
        case output, total, thoughts, toolPrompt, cacheRead, cacheWrite, reasoning
        /// DeepSeek's halves of a prompt.
        case hit, miss
        /// Of `cacheRead`, what the details of the prompt tell.
        case cachedInDetails
        // llama.cpp's timings.
        case cachedByServer, newByServer, writtenByServer
    }

    /// Whether it has the counters of Anthropic or Bedrock, which stand beside the prompt.
    private(set) var isAnthropic = false
    /// Whether a count cannot be one: beyond all measure, below zero, a fraction, a word.
    private(set) var hasAbsurd = false
    /// Whether a whole count is written as a text: it is a floor, and no count that settles.
    private(set) var hasTexts = false
    /// The largest count of tokens in the details of the prompt and of the answer, under whatever name.
    private(set) var mostOfPrompt: Int64 = -1
    private(set) var mostOfOutput: Int64 = -1
    private var values = [Int](repeating: -1, count: Count.allCases.count)

    init(_ object: JSONValue) {
        guard case .object(let fields) = object else { return }
        fields.forEachPair { name, value in
            guard let meaning = Self.meanings[name] else { return }
            switch meaning {
            case .count(let counts, let isAnthropic):
                if isAnthropic { self.isAnthropic = true }
                for count in counts { take(value, as: count) }
            case .details(let names, let isOfPrompt):
                guard case .object(let details) = value else { return }
                details.forEachPair { name, value in
                    for count in names[name] ?? [] { take(value, as: count) }
                    guard let number = value.intValue, number > 0, name.hasSuffix("tokens") else { return }
                    guard number < Self.limit else {
                        hasAbsurd = true
                        return
                    }
                    if isOfPrompt { mostOfPrompt = max(mostOfPrompt, number) } else { mostOfOutput = max(mostOfOutput, number) }
                }
            case .lives:
                // By time to live. What the sum lacks of the whole was written all the same.
                guard case .object(let lives) = value else { return }
                take(.int(Int64(lives.reduce(0) { $0 + (Self.count($1.value) ?? 0) })), as: .cacheWrite)
            }
        }
    }

    subscript(count: Count) -> Int? {
        let value = values[count.rawValue]
        return value < 0 ? nil : value
    }

    /// Of several spellings of one count the largest: a zero beside a number is a field that is not filled in.
    private mutating func take(_ value: JSONValue, as count: Count) {
        if case .string = value, count == .prompt || count == .input || count == .output {
            guard Self.count(value) != nil else { return }
            hasTexts = true
        }
        guard let number = Self.count(value) else {
            if !Self.isNone(value) { hasAbsurd = true }
            return
        }
        values[count.rawValue] = max(values[count.rawValue], number)
    }

    /// No call has counts beyond this, and sums of a few stay far from overflowing.
    private static let limit: Int64 = 1 << 31

    private static func count(_ value: JSONValue) -> Int? {
        // Some write them as texts.
        guard let number = value.intValue ?? value.stringValue.flatMap({ Int64($0) }), number >= 0, number < limit else { return nil }
        return Int(number)
    }

    /// Whether a field says nothing.
    private static func isNone(_ value: JSONValue) -> Bool {
        switch value {
        // By -1 some say that they do not know.
        case .int(let number): number == -1
        case .bigInt, .double: false
        case .string(let text): text.isEmpty
        default: true
        }
    }

    // MARK: Names

    private enum Meaning {
        case count([Count], isAnthropic: Bool)
        /// An object with counts of its own.
        case details([String: [Count]], isOfPrompt: Bool)
        case lives
    }

    private static let meanings: [String: Meaning] = {
        var meanings: [String: Meaning] = ["cache_creation": .lives]
        func add(_ names: [String], _ counts: Count..., isAnthropic: Bool = false) {
            for name in names { meanings[name] = .count(counts, isAnthropic: isAnthropic) }
        }
        add(["prompt_tokens", "promptTokenCount", "prompt_token_count", "prompt_eval_count", "total_input_tokens"], .prompt)
        add(["input_tokens", "inputTokens"], .input)
        add(
            ["completion_tokens", "output_tokens", "candidatesTokenCount", "candidates_token_count", "eval_count", "total_output_tokens", "outputTokens"],
            .output)
        add(["total_tokens", "totalTokenCount", "total_token_count", "totalTokens"], .total)
        add(["thoughtsTokenCount", "thoughts_token_count", "total_thought_tokens"], .thoughts)
        add(["toolUsePromptTokenCount", "tool_use_prompt_token_count", "total_tool_use_tokens"], .toolPrompt)
        add(
            [
                "cached_tokens", "num_cached_tokens", "cachedContentTokenCount", "cached_content_token_count", "total_cached_tokens",
                "prompt_eval_cached_count", "cache_read_tokens",
            ],
            .cacheRead)
        add(["cache_read_input_tokens", "cacheReadInputTokens"], .cacheRead, isAnthropic: true)
        add(["prompt_cache_hit_tokens"], .cacheRead, .hit)
        add(["prompt_cache_miss_tokens"], .miss)
        add(["cache_write_tokens", "cache_creation_tokens", "cache_write_input_tokens"], .cacheWrite)
        add(["cache_creation_input_tokens", "cacheWriteInputTokens"], .cacheWrite, isAnthropic: true)
        add(["reasoning_tokens"], .reasoning)
        add(["cache_n"], .cachedByServer)
        add(["prompt_n"], .newByServer)
        add(["predicted_n"], .writtenByServer)

        let ofPrompt: [String: [Count]] = [
            "cached_tokens": [.cacheRead, .cachedInDetails], "cache_read_tokens": [.cacheRead, .cachedInDetails], "cache_read_input_tokens": [.cacheRead],
            "cache_write_tokens": [.cacheWrite], "cache_creation_tokens": [.cacheWrite], "created_cache_tokens": [.cacheWrite],
            "cache_creation_input_tokens": [.cacheWrite],
        ]
        for name in ["prompt_tokens_details", "prompt_token_details", "input_tokens_details"] { meanings[name] = .details(ofPrompt, isOfPrompt: true) }
        let ofOutput: [String: [Count]] = ["reasoning_tokens": [.reasoning], "thinking_tokens": [.reasoning]]
        for name in ["completion_tokens_details", "output_tokens_details"] { meanings[name] = .details(ofOutput, isOfPrompt: false) }
        return meanings
    }()
}
