import Values

/// The price map that LiteLLM keeps, `model_prices_and_context_window.json`: an object of models, each an object of dollars a token.
///
/// What is read of it: models of text (`mode` chat, responses or completion) with a price of input and of output by the token; their classes
/// of caching, reasoning and sound, context tiers (`_above_200k_tokens`, and `tiered_pricing` by ranges), service tiers (`_batches`, `_flex`,
/// `_priority`, …), hours (`off_peak_pricing`), regions and speed, and the fee of a search. A price of zero in both directions is no price:
/// the map does not tell what is free from what is unknown. Source: the map of the package litellm 1.109.1, and what its
/// `llm_cost_calc/utils.py` makes of the names.
public struct CommunityMap: Sendable {
    /// What it has, as entries of our own form; in the order of the map.
    public private(set) var entries: [PriceListEntry] = []
    /// Keys that say something of a price and are not understood, and in how many of the models that were read.
    public private(set) var unknownKeys: [(key: String, models: Int)] = []
    /// Models that were not read, with the reason.
    public private(set) var leftOut: [(model: String, reason: String)] = []

    private static let modes: Set<String> = ["chat", "responses", "completion"]
    /// The names of providers whose models LiteLLM begins with another word.
    private static let providers = [
        "gemini": "google", "together_ai": "together", "fireworks_ai": "fireworks", "cohere_chat": "cohere", "text-completion-openai": "openai",
        "bedrock_converse": "bedrock",
    ]
    /// At those a tier begins with its bound.
    private static let inclusive: Set<String> = ["xai"]
    private static let classes = [
        "input_cost_per_token": PriceUnit.input, "output_cost_per_token": .output, "cache_read_input_token_cost": .cacheRead,
        "cache_creation_input_token_cost": .cacheWrite, "output_cost_per_reasoning_token": .reasoning, "input_cost_per_audio_token": .audioInput,
        "output_cost_per_audio_token": .audioOutput,
    ]
    private static let services = [
        "batches": ServiceTier.batch, "flex": .flex, "priority": .priority, "ultrafast": .ultrafast, "balanced": .balanced, "decisions": .decisions,
    ]
    /// They say of a price what an entry says already.
    private static let repeated: Set<String> = ["input_cost_per_token_cache_hit"]

    /// - Returns: `nil`: this is no such map.
    public init?(_ map: JSONValue) {
        guard case .object(let models) = map, models.contains(where: { $0.value["litellm_provider"] != nil }) else { return nil }
        var unknown: TextTable<Int> = [:]
        var seen: TextSet = []
        for (key, value) in models where value["mode"]?.stringValue.map(Self.modes.contains) == true {
            let listed = value["litellm_provider"]?.stringValue ?? ""
            let provider = Self.providers[listed] ?? (listed.hasPrefix("vertex_ai") ? "vertex_ai" : listed)
            // The same model stands there with its provider before it and without.
            let name = [listed, provider].map { "\($0)/" }.first(where: key.startsWithBytes).map { String(Substring(key.utf8.dropFirst($0.utf8.count))) } ?? key
            do throws(PriceError) {
                let read = try Self.read(value, provider: provider, model: name)
                for key in read.unknown { unknown[key, default: 0] += 1 }
                if seen.insert("\(provider)/\(name)").inserted { entries.append(read.entry) }
            } catch {
                leftOut.append((key, error.description))
            }
        }
        unknownKeys = unknown.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    }

    private static func read(_ value: JSONValue, provider: String, model: String) throws(PriceError) -> (entry: PriceListEntry, unknown: [String]) {
        guard !provider.isEmpty, !model.isEmpty, !(provider + model).unicodeScalars.contains(where: { $0.properties.isWhitespace || "\"\\*#".unicodeScalars.contains($0) }) else {
            throw PriceError("its name cannot be one of a price list")
        }
        var table = PriceTable()
        var unknown: [String] = []
        for (key, price) in value.objectValue ?? [:] where price != .null {
            if let place = place(of: key) {
                table.put(try perMillion(price, key), at: place.0, place.1)
            } else if key.contains("cost"), !repeated.contains(key), key != "search_context_cost_per_query" {
                unknown.append(key)
            }
        }
        var entry = JSONObject()
        entry["context_window"] = value["max_input_tokens"]?.intValue.map(JSONValue.int)
        if case .array(let ranges)? = value["tiered_pricing"] { try addRanges(ranges, to: &table) }
        guard table.isComplete else { throw PriceError("no price by the token for both directions") }
        guard table.hasPrice else { throw PriceError("a price of zero, which cannot be told from an unknown one") }

        table.write(to: &entry, isInclusive: inclusive.contains(provider))
        if let off = value["off_peak_pricing"] { entry["windows"] = [try window(off)] }
        let searches = value["search_context_cost_per_query"]?.objectValue?.values ?? []
        if let first = searches.first, searches.allSatisfy({ $0 == first }), let fee = Money(decimal: text(first)) {
            entry["web_search_usd"] = fee.json
        } else if !searches.isEmpty {
            unknown.append("search_context_cost_per_query")
        }
        let special = value["provider_specific_entry"]?.objectValue ?? [:]
        if let fast = special["fast"] {
            var services = entry["services"]?.objectValue ?? [:]
            services["fast"] = ["times": .string(text(fast))]
            entry["services"] = .object(services)
        }
        var regions = JSONObject()
        for region in ["eu", "us"] {
            if let times = value["regional_processing_uplift_multiplier_\(region)"] ?? special[region] { regions[region] = .string(text(times)) }
        }
        if !regions.isEmpty { entry["regions"] = .object(regions) }
        return (PriceListEntry(provider: provider, names: [model], entry), unknown)
    }

    /// `cache_creation_input_token_cost_above_1hr_above_200k_tokens_batches`.
    private static func place(of key: String) -> (PriceTable.Place, PriceUnit)? {
        guard let (name, unit) = classes.filter({ key.startsWithBytes(of: $0.key) }).max(by: { $0.key.count < $1.key.count }) else { return nil }
        var place = PriceTable.Place()
        var kind = unit
        var words = Substring(key.utf8.dropFirst(name.utf8.count)).parts(at: UInt8(ascii: "_"), omittingEmptyParts: false).dropFirst()
        if words.isEmpty, key != name { return nil }
        while let word = words.popFirst() {
            if let service = services[String(word)], place.service == nil {
                place.service = service
            } else if word == "above", let bound = words.popFirst() {
                if bound == "1hr" || bound == "12hr", kind == .cacheWrite {
                    kind = .cacheWriteLong
                } else if bound.hasSuffix("k"), let thousands = Int(bound.dropLast()), place.above == 0, words.popFirst() == "tokens" {
                    place.above = thousands * 1000
                } else {
                    return nil
                }
            } else {
                return nil
            }
        }
        return (place, kind)
    }

    /// Ranges of the prompt, each with prices of its own.
    private static func addRanges(_ ranges: [JSONValue], to table: inout PriceTable) throws(PriceError) {
        for range in ranges {
            guard let start = range["range"]?[0]?.intValue, start >= 0 else { throw PriceError("tiered_pricing without ranges of the prompt") }
            for (key, price) in range.objectValue ?? [:] {
                guard let unit = classes[key] else { continue }
                table.put(try perMillion(price, key), at: PriceTable.Place(above: Int(start)), unit)
            }
        }
    }

    private static func window(_ off: JSONValue) throws(PriceError) -> JSONValue {
        func spans(_ value: JSONValue?) -> [String] {
            (value?.arrayValue?.compactMap(\.stringValue) ?? [value?.stringValue].compactMap(\.self)).flatMap { span -> [String] in
                let ends = span.parts(at: UInt8(ascii: "-")).map { $0.filter { $0 != " " } }
                guard ends.count == 2 else { return [span] }
                let end = ends[1] == "00:00" ? "24:00" : ends[1]
                return ends[0] < end ? ["\(ends[0])-\(end)"] : ["00:00-\(end)", "\(ends[0])-24:00"]
            }.sorted()
        }
        var parts: [String] = []
        if let hours = off["hours_utc"] { parts.append("1-7 " + spans(hours).joined(separator: " ")) }
        for rule in off["windows"]?.arrayValue ?? [] {
            let days = rule["weekdays"]?.arrayValue?.compactMap { $0.intValue } ?? Array(1...7)
            for day in days { parts.append("\(day) " + spans(rule["hours_utc"]).joined(separator: " ")) }
        }
        guard off["weekday_timezone"] == nil, PriceWindow(name: "off_peak", hours: parts.joined(separator: "; ")) != nil else {
            throw PriceError("off_peak_pricing at hours that are not understood")
        }
        var prices = JSONObject()
        for (key, price) in off.objectValue ?? [:] {
            if let unit = classes[key] { prices[unit.rawValue] = .string(try perMillion(price, key)) }
        }
        return ["name": "off_peak", "hours": .string(parts.joined(separator: "; ")), "per_mtok_usd": .object(prices)]
    }

    private static func text(_ value: JSONValue) -> String { value.stringValue ?? value.jsonText }

    /// Dollars a token, in the shortest digits that mean the number of the map, to dollars per million.
    private static func perMillion(_ value: JSONValue, _ key: String) throws(PriceError) -> String {
        try PriceRow.checkSign(text(value), name: key)
        guard let pico = Money.scaledDecimal(text(value), decimals: 12) else {
            throw PriceError("\(key) of \(text(value)) is no whole number of pico-dollars")
        }
        let price = Money(picoDollars: pico) * 1_000_000
        _ = try PriceRow.perMillion(price.decimalText, name: key)
        return price.decimalText
    }
}
