import Economics
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
        /// Of `cacheWrite` for the longer life time; of prompt and answer sound.
        case cacheWriteLong, audioInput, audioOutput
        case searches
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
    /// Words on the conditions of the call: its service tier, its speed, what kind of traffic it was.
    private(set) var services: [String] = []
    private(set) var region: String?
    /// What a model did of an answer that several worked on.
    private(set) var iterations: [JSONValue] = []
    // What the server says of the cost, in its own figures.
    private var cost: JSONValue?
    private var ticks: JSONValue?
    private var upstreamCost: JSONValue?
    private var isOnOwnKey = false
    private var currency: String?

    /// What the server says that the call cost.
    var reported: ReportedCost? {
        guard cost != nil || ticks != nil else { return nil }
        // At a gateway with a key of one's own the server behind it sends its bill itself.
        return ReportedCost(cost: cost, ticks: ticks, upstream: isOnOwnKey ? upstreamCost : nil, currency: currency)
    }
    private var values = [Int](repeating: -1, count: Count.allCases.count)
    private let limit: Int64

    /// - Parameter limit: no call has as many tokens.
    init(_ object: JSONValue, limit: Int64 = Self.usualLimit) {
        self.limit = limit
        guard case .object(let fields) = object else { return }
        fields.forEachPair { name, value in
            guard let meaning = Self.meanings[name] else { return }
            switch meaning {
            case .count(let counts, let isAnthropic):
                if isAnthropic { self.isAnthropic = true }
                for count in counts { take(value, as: count) }
            case .details(let names, let isOfPrompt):
                guard case .object(let details) = value else { return takeModalities(value, isOfPrompt: isOfPrompt) }
                details.forEachPair { name, value in
                    for count in names[name] ?? [] { take(value, as: count) }
                    if isOfPrompt, case .object(let lives) = value { takeLives(lives) }
                    guard let number = value.intValue, number > 0, name.hasSuffix("tokens") else { return }
                    guard number < limit else {
                        hasAbsurd = true
                        return
                    }
                    if isOfPrompt { mostOfPrompt = max(mostOfPrompt, number) } else { mostOfOutput = max(mostOfOutput, number) }
                }
            case .lives:
                if case .object(let lives) = value { takeLives(lives) }
            case .fees:
                if case .object(let fees) = value, let searches = fees["web_search_requests"] { take(searches, as: .searches) }
            case .service:
                if let word = value.stringValue, !Self.usualServices.contains(word) { services.append(word) }
            case .region: region = value.stringValue
            case .iterations:
                iterations = value.arrayValue ?? []
                if value.arrayValue == nil, value != .null { hasAbsurd = true }
            case .cost: cost = value
            case .ticks: ticks = value
            case .costDetails: upstreamCost = value["upstream_inference_cost"]
            case .ownKey: isOnOwnKey = value == true
            case .currency: if let word = value.stringValue, currency?.lowercased() ?? "usd" == "usd" { currency = word }
            }
        }
    }

    /// What was written to a cache, by its time to live. What the sum lacks of the whole was written all the same.
    private mutating func takeLives(_ lives: JSONObject) {
        take(.int(Int64(lives.reduce(0) { $0 + (count($1.value) ?? 0) })), as: .cacheWrite)
        if lives.contains(where: { count($0.value) == nil && !Self.isNone($0.value) }) { hasAbsurd = true }
        for (name, value) in lives where name.contains("1h") || name.contains("12h") { take(value, as: .cacheWriteLong) }
    }

    /// Gemini's details: a list, of what kind and how many.
    private mutating func takeModalities(_ value: JSONValue, isOfPrompt: Bool) {
        for entry in value.arrayValue ?? [] where entry["modality"]?.stringValue == "AUDIO" {
            if let count = entry["tokenCount"] ?? entry["token_count"] { take(count, as: isOfPrompt ? .audioInput : .audioOutput) }
        }
    }

    /// A count that says nothing by being zero.
    func positive(_ count: Count) -> Int? { self[count].flatMap { $0 > 0 ? $0 : nil } }

    subscript(count: Count) -> Int? {
        let value = values[count.rawValue]
        return value < 0 ? nil : value
    }

    /// Of several spellings of one count the largest: a zero beside a number is a field that is not filled in.
    private mutating func take(_ value: JSONValue, as count: Count) {
        if case .string = value, count == .prompt || count == .input || count == .output {
            guard self.count(value) != nil else { return }
            hasTexts = true
        }
        guard let number = self.count(value) else {
            if !Self.isNone(value) { hasAbsurd = true }
            return
        }
        values[count.rawValue] = max(values[count.rawValue], number)
    }

    /// No call has counts beyond this, and sums of a few stay far from overflowing.
    static let usualLimit: Int64 = 1 << 31

    private func count(_ value: JSONValue) -> Int? {
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
        /// Tools that the server ran.
        case fees
        case service, region, iterations
        case cost, ticks, costDetails, ownKey, currency
    }

    /// Words for the conditions that every call has.
    private static let usualServices: Set<String> = ["default", "standard", "auto", "ON_DEMAND", ""]

    private static let meanings: [String: Meaning] = {
        var meanings: [String: Meaning] = [
            "cache_creation": .lives, "server_tool_use": .fees, "service_tier": .service, "speed": .service, "trafficType": .service, "inference_geo": .region,
            "iterations": .iterations, "cost": .cost, "cost_in_usd_ticks": .ticks, "cost_details": .costDetails, "is_byok": .ownKey, "currency": .currency, "cost_currency": .currency,
        ]
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
            "cache_creation_input_tokens": [.cacheWrite], "audio_tokens": [.audioInput],
        ]
        for name in ["prompt_tokens_details", "prompt_token_details", "input_tokens_details", "promptTokensDetails"] { meanings[name] = .details(ofPrompt, isOfPrompt: true) }
        let ofOutput: [String: [Count]] = ["reasoning_tokens": [.reasoning], "thinking_tokens": [.reasoning], "audio_tokens": [.audioOutput]]
        for name in ["completion_tokens_details", "output_tokens_details", "candidatesTokensDetails"] { meanings[name] = .details(ofOutput, isOfPrompt: false) }
        return meanings
    }()
}
