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
    /// Whether llama.cpp told what of the prompt it had cached, so that its count is of the whole.
    private(set) var isOfWholePrompt = false
    /// What the models did of it, where several worked on the answer; empty: one did all of it.
    private(set) var shares: [UsageShare] = []
    /// What the server says that the call cost.
    private(set) var reported: ReportedCost?

    /// - Parameters:
    ///   - service: what the answer around it says of its service tier.
    ///   - limit: no call has as many tokens.
    /// - Returns: `nil`: it counts nothing.
    init?(_ object: JSONValue, _ convention: UsageConvention = .unknown, service: String? = nil, limit: Int64 = UsageFields.usualLimit) {
        guard case .object = object else { return nil }
        let fields = UsageFields(object, limit: limit)
        let (cacheRead, cacheWrite, reasoning) = (fields[.cacheRead], fields[.cacheWrite], fields[.reasoning])
        counts.total = fields[.total]
        if fields.hasAbsurd { doubt = "a count of it cannot be one" }
        if fields.hasTexts { doubt = doubt ?? "it counts in texts, not in numbers" }

        // The prompt
        let cached = (cacheRead ?? 0) + (cacheWrite ?? 0)
        var prompt = fields[.prompt] ?? fields[.input]
        if let named = fields[.prompt], let other = fields[.input], named != other {
            // Beside Anthropic's counters both can be true: with what was cached, and without. A zero is a field that is not filled in.
            prompt = max(named, other)
            if min(named, other) > 0, max(named, other) != min(named, other) + cached { doubt = doubt ?? "it counts two prompts, of \(named) and \(other) tokens" }
        }
        if let hit = fields[.hit], let miss = fields[.miss] {
            // DeepSeek: prompt = hit + miss.
            if let told = prompt, told != 0, told != hit + miss, hit + miss != 0 { doubt = doubt ?? "its hits and misses are not its prompt" }
            prompt = max(prompt ?? 0, hit + miss)
        }
        let completion = fields[.output]
        let thoughts = fields[.thoughts]
        var output = completion ?? thoughts.map { _ in 0 }
        if let told = output, let thoughts { output = told + thoughts }
        if let tools = fields[.toolPrompt] { prompt = prompt.map { $0 + tools } }

        if let told = prompt, cached > 0 {
            if Self.isExclusive(fields, convention.cachedInput, prompt: told, cached: cached, output: output ?? 0, reasoning: reasoning ?? 0, total: counts.total) {
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
            let isBeside =
                switch convention.reasoning {
                case .unknown: prompt != nil && counts.total == prompt! + told + reasoning
                case .included: false
                case .excluded: true
                }
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
        counts.cacheWriteLong = fields.positive(.cacheWriteLong)
        counts.audioInput = fields.positive(.audioInput)
        counts.output = output
        counts.audioOutput = fields.positive(.audioOutput)
        counts.searches = fields.positive(.searches)
        counts.reasoning = thoughts.map { max($0, reasoning ?? 0) } ?? reasoning
        if let total = counts.total, total > 0, let prompt, let output, total < prompt + output {
            doubt = doubt ?? "its total of \(total) is less than its parts, \(prompt) and \(output)"
        }
        // What the details tell was counted, whatever the whole says.
        if let prompt, fields.mostOfPrompt > Int64(prompt) {
            counts.input = Int(fields.mostOfPrompt)
            doubt = doubt ?? "it tells \(fields.mostOfPrompt) tokens of a prompt of \(prompt)"
        }
        if fields.mostOfOutput > Int64(output ?? 0) {
            counts.output = Int(fields.mostOfOutput)
            doubt = doubt ?? "it tells \(fields.mostOfOutput) tokens of an answer of \(output ?? 0)"
        }
        reported = fields.reported
        if !fields.iterations.isEmpty, let iterations = UsageIterations(fields.iterations, limit: limit) { take(iterations) }
        if counts == .none, doubt == nil, reported == nil { return nil }
        // What was asked may be told with the answer, and how it was served in the object itself: that goes before.
        if service != nil || !fields.services.isEmpty || fields.region != nil {
            counts.terms = ServedTerms(service: fields.services + [service].compactMap(\.self), region: fields.region)
            for index in shares.indices { shares[index].usage.terms = counts.terms }
        }
        if !shares.isEmpty { shares[shares.count - 1].usage.searches = counts.searches }
    }

    /// Takes what several models did of it. All that is billed counts, and what the whole tells beyond it is not free.
    private mutating func take(_ iterations: UsageIterations) {
        let (input, output) = (counts.input ?? 0, counts.output ?? 0)
        if input > iterations.inside.input || output > iterations.inside.output {
            doubt = doubt ?? iterations.doubt ?? "its iterations count fewer tokens than the whole"
            counts.input = max(input, iterations.inside.input) + iterations.beside.input
            counts.output = max(output, iterations.inside.output) + iterations.beside.output
            return
        }
        let charged = iterations.charged
        doubt = doubt ?? iterations.doubt
        (counts.input, counts.output) = (charged.input, charged.output)
        (counts.cacheRead, counts.cacheWrite) = (charged.cacheRead, charged.cacheWrite)
        counts.cacheWriteLong = charged.cacheWriteLong
        counts.reasoning = counts.reasoning.map { min($0, charged.output) }
        shares = iterations.shares
    }

    /// llama.cpp's `timings`, which count what is newly processed apart from what was cached.
    init?(timings: JSONValue) {
        let fields = UsageFields(timings)
        counts.cacheRead = fields[.cachedByServer]
        counts.input = fields[.newByServer].map { $0 + (counts.cacheRead ?? 0) }
        counts.output = fields[.writtenByServer]
        isOfWholePrompt = counts.cacheRead != nil
        if fields.hasAbsurd { doubt = "a count of it cannot be one" }
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

    /// Whether the prompt's count leaves the cached tokens out.
    private static func isExclusive(_ fields: UsageFields, _ place: UsageConvention.Place, prompt: Int, cached: Int, output: Int, reasoning: Int, total: Int?) -> Bool {
        if place != .unknown { return place == .excluded }
        if let total {
            let isInside = total == prompt + output || total == prompt + output + reasoning
            let isBeside = total == prompt + cached + output || total == prompt + cached + output + reasoning
            if isInside != isBeside { return isBeside }
        }
        if fields[.prompt] == nil || (fields[.prompt] == 0 && fields[.input] != nil) { return fields.isAnthropic }
        // Anthropic's counters beside a smaller `prompt_tokens` can only be counted as Anthropic counts them.
        return fields.isAnthropic && cached > prompt && (fields[.cachedInDetails] ?? 0) <= prompt
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
            cacheWriteLong: most(cacheWriteLong, other.cacheWriteLong), audioInput: most(audioInput, other.audioInput),
            output: most(output, other.output), reasoning: most(reasoning, other.reasoning), audioOutput: most(audioOutput, other.audioOutput),
            searches: most(searches, other.searches), terms: terms.map { $0.joined(other.terms) } ?? other.terms, total: most(total, other.total))
    }
}
