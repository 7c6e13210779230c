import Economics
import PromptCaching
import Values

/// What is known of a model, as it is kept with a run; what is absent is the usual.
extension ModelProfile {
    var json: JSONValue {
        var object: JSONObject = ["model": .string(reference.description), "served": .string(servedID)]
        object["context_window"] = contextWindow.map { .int(Int64($0)) }
        object["max_concurrency"] = maxConcurrency.map { .int(Int64($0)) }
        if attachments != .none { object["attachments"] = attachments.json }
        if servedNames != .any { object["served_names"] = .string(servedNames.rawValue) }
        if !keepsOutputCap { object["keeps_output_cap"] = false }
        if let word = counting.word { object["counting"] = .string(word) }
        if trustsReportedCost { object["trusts_reported_cost"] = true }
        if servedTier != .trusted { object["served_tier"] = .string(servedTier.rawValue) }
        if schemaOverhead != 0 { object["schema_overhead"] = .int(Int64(schemaOverhead)) }
        if logprobs != .unknown { object["logprobs"] = ["when": .string(logprobs.condition.rawValue), "source": .string(logprobs.source), "checked_at": .string(logprobs.checkedAt)] }
        if !mayStream { object["may_stream"] = false }
        object["cache"] = cache?.json
        return .object(object)
    }

    init?(json: JSONValue) {
        guard let reference = json["model"]?.stringValue.flatMap(ModelReference.init(text:)), let served = json["served"]?.stringValue else { return nil }
        let names = json["served_names"]?.stringValue
        let (attachments, counting) = (json["attachments"], json["counting"]?.stringValue)
        let (tier, logprobs, cache) = (json["served_tier"]?.stringValue, json["logprobs"], json["cache"])
        let support = attachments.map { AttachmentSupport(json: $0) } ?? AttachmentSupport.none
        let rule = logprobs.map { LogprobRule(json: $0) } ?? .unknown
        let rules = cache.map { CacheRules(json: $0) }
        guard let support, let rule, rules == nil || rules! != nil, let names = names.map({ ServedNames(rawValue: $0) }) ?? .any,
            let tier = tier.map({ ServedTierTrust(rawValue: $0) }) ?? .trusted, let counting = Counting(word: counting)
        else { return nil }
        self.init(
            reference: reference, servedID: served, contextWindow: json["context_window"]?.intValue.map(Int.init), maxConcurrency: json["max_concurrency"]?.intValue.map(Int.init),
            server: json["server"]?.stringValue, attachments: support, servedNames: names, keepsOutputCap: json["keeps_output_cap"] != false,
            trustsReportedCost: json["trusts_reported_cost"] == true, servedTier: tier, schemaOverhead: json["schema_overhead"]?.intValue.map(Int.init) ?? 0,
            counting: counting, logprobs: rule, cache: rules ?? nil, mayStream: json["may_stream"] != false)
    }
}

extension ModelProfile.Counting {
    /// `nil`: it does not count.
    fileprivate var word: String? {
        switch self {
        case .no: nil
        case .text: "text"
        case .everything: "everything"
        }
    }

    fileprivate init?(word: String?) {
        switch word {
        case nil: self = .no
        case "text": self = .text
        case "everything": self = .everything
        default: return nil
        }
    }
}

extension LogprobRule {
    fileprivate init?(json: JSONValue) {
        guard let condition = json["when"]?.stringValue.flatMap(Condition.init(rawValue:)) else { return nil }
        self.init(condition, source: json["source"]?.stringValue ?? "", checkedAt: json["checked_at"]?.stringValue ?? "")
    }
}

extension AttachmentSupport {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["images": .bool(images), "files": .bool(files)]
        switch imageTokens {
        case nil: break
        case .tiles(let base, let tile)?: object["image_tokens"] = ["base": .int(Int64(base)), "tile": .int(Int64(tile))]
        case .patches(let most, let perMille)?: object["image_tokens"] = ["patches": .int(Int64(most)), "per_mille": .int(Int64(perMille))]
        case .atMost(let tokens)?: object["image_tokens"] = .int(Int64(tokens))
        }
        return .object(object)
    }

    fileprivate init?(json: JSONValue) {
        guard let images = json["images"]?.boolValue, let files = json["files"]?.boolValue else { return nil }
        self.init(images: images, files: files)
        guard let tokens = json["image_tokens"] else { return }
        if let most = tokens.intValue {
            imageTokens = .atMost(Int(most))
        } else if let base = tokens["base"]?.intValue, let tile = tokens["tile"]?.intValue {
            imageTokens = .tiles(base: Int(base), tile: Int(tile))
        } else if let most = tokens["patches"]?.intValue, let perMille = tokens["per_mille"]?.intValue {
            imageTokens = .patches(most: Int(most), perMille: Int(perMille))
        } else {
            return nil
        }
    }
}
