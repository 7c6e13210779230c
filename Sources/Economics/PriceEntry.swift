import Values

/// An entry of a price list in JSON, the form in which lists are shipped and kept.
///
/// `{provider, models: [name, …] or model, from?, to?, source, checked_at, context_window?, image_tokens?: {base, tile} or {patches, per_mille},
/// per_mtok_usd: {input, cache_read, …}, above?: [{prompt_tokens, inclusive?, per_mtok_usd}], request_usd?, web_search_usd?, machine_hour_usd?,
/// services?: {flex: {per_mtok_usd?, above?, times?}}, windows?: [{name, hours, per_mtok_usd, above?}], regions?: {us: "1.1"}}`.
/// Prices are decimal strings. An entry is a whole price list: it replaces an earlier one, and so has both directions.
enum PriceEntry {
    /// - Parameter defaults: has `source` and `checked_at` for entries without their own.
    /// - Throws: `PriceError` naming the entry.
    static func read(_ entry: JSONValue, _ defaults: JSONValue = [:]) throws(PriceError) -> (provider: String, list: PriceList) {
        let names = entry["models"]?.arrayValue?.compactMap(\.stringValue) ?? entry["model"]?.stringValue.map { [$0] } ?? []
        func text(_ key: String) -> String? { entry[key]?.stringValue ?? defaults[key]?.stringValue }
        guard let provider = entry["provider"]?.stringValue, let model = names.first, let source = text("source"), let checkedAt = text("checked_at") else {
            throw PriceError("a price entry needs 'provider', 'model', 'source' and 'checked_at': \(entry.jsonText)")
        }
        let name = "\(provider)/\(model)"
        func moment(_ key: String) throws(PriceError) -> Timestamp? {
            guard let text = entry[key]?.stringValue else { return nil }
            guard let value = Timestamp(rfc3339: text) else { throw PriceError("\(name): '\(key)' is not a date: \(text)") }
            return value
        }
        try check(entry, keys, of: name)
        for pattern in names where pattern.dropLast().contains("*") {
            throw PriceError("\(name): '\(pattern)' is no name of a model: a * stands at the end of one, once")
        }
        let (from, to) = (try moment("from"), try moment("to"))
        if let from, let to, from >= to { throw PriceError("\(name): 'to' is not behind 'from'") }
        var rows: [PriceRow] = []

        func add(_ unit: PriceUnit, _ price: Money, above: Int? = nil, isInclusive: Bool = false, service: ServiceTier? = nil, window: PriceWindow? = nil) {
            let id = PriceRow.makeID(
                provider: provider, model: model, unit: unit, above: above, isInclusive: isInclusive, service: service, window: window?.name, from: from)
            rows.append(
                PriceRow(
                    id: id, provider: provider, model: model, unit: unit, price: price, abovePromptTokens: above, isInclusive: isInclusive, service: service,
                    window: window, alsoFor: Array(names.dropFirst()), effectiveFrom: from, effectiveTo: to, source: source, checkedAt: checkedAt))
        }
        func addTokens(_ prices: JSONValue?, above: Int? = nil, isInclusive: Bool = false, service: ServiceTier? = nil, window: PriceWindow? = nil) throws(PriceError) {
            for (key, value) in try object(prices, "per_mtok_usd", of: name) {
                guard let unit = PriceUnit(rawValue: key), unit.isToken else { throw PriceError("\(name): unknown token class '\(key)'") }
                let price = try PriceRow.perMillion(value.stringValue ?? value.jsonText, name: "\(name) \(key)")
                add(unit, price, above: above, isInclusive: isInclusive, service: service, window: window)
            }
        }
        func addTiers(_ tiers: JSONValue?, service: ServiceTier? = nil, window: PriceWindow? = nil) throws(PriceError) {
            for tier in try sequence(tiers, "above", of: name) {
                try check(tier, ["prompt_tokens", "inclusive", "per_mtok_usd"], of: "\(name) above")
                guard let above = tier["prompt_tokens"]?.intValue, above > 0 else { throw PriceError("\(name): a tier needs 'prompt_tokens'") }
                let isInclusive = tier["inclusive"]?.boolValue ?? false
                try addTokens(tier["per_mtok_usd"], above: Int(above), isInclusive: isInclusive, service: service, window: window)
            }
        }
        func addFee(_ unit: PriceUnit, _ key: String) throws(PriceError) {
            guard let value = entry[key] else { return }
            try PriceRow.checkSign(value.stringValue ?? value.jsonText, name: "\(name) \(key)")
            guard let price = value.stringValue.flatMap(Money.init(decimal:)) else { throw PriceError("\(name): '\(key)' is not an amount") }
            add(unit, price)
        }

        try addTokens(entry["per_mtok_usd"])
        try addFee(.request, "request_usd")
        try addFee(.webSearch, "web_search_usd")
        try addFee(.machineHour, "machine_hour_usd")
        let units = Set(rows.map(\.unit))
        guard units.contains(.machineHour) || units.isSuperset(of: [.input, .output]) else {
            throw PriceError("\(name): a price list needs input and output, or machine_hour_usd")
        }
        try addTiers(entry["above"])
        let standard = rows
        for window in try sequence(entry["windows"], "windows", of: name) {
            try check(window, ["name", "hours", "per_mtok_usd", "above"], of: "\(name) windows")
            guard let title = window["name"]?.stringValue, let hours = window["hours"]?.stringValue, let parsed = PriceWindow(name: title, hours: hours) else {
                throw PriceError("\(name): a window has a 'name' and 'hours' such as 1-5 09:00-17:00")
            }
            try addTokens(window["per_mtok_usd"], window: parsed)
            try addTiers(window["above"], window: parsed)
        }
        for (word, prices) in try object(entry["services"], "services", of: name) {
            try check(prices, ["per_mtok_usd", "above", "times"], of: "\(name) \(word)")
            guard let service = ServiceTier(rawValue: word) else { throw PriceError("\(name): unknown service tier '\(word)'") }
            if let times = prices["times"] {
                let factor = try PriceRegion.factor(times, name: "\(name) \(word)")
                for row in standard where row.unit.isToken {
                    guard let price = row.price.times(millionths: factor) else { throw PriceError("\(name): '\(word)' times \(row.id) is no whole number of pico-dollars") }
                    add(row.unit, price, above: row.abovePromptTokens, isInclusive: row.isInclusive, service: service)
                }
            }
            try addTokens(prices["per_mtok_usd"], service: service)
            try addTiers(prices["above"], service: service)
        }

        var list = PriceList(names: names, rows: rows)
        for (region, times) in try object(entry["regions"], "regions", of: name) {
            let region = PriceRegion(name: region, factor: try PriceRegion.factor(times, name: "\(name) \(region)"))
            for row in rows where row.unit.isToken && region.applied(to: row) == nil {
                throw PriceError("\(name): '\(region.name)' times \(row.id) is no whole number of pico-dollars")
            }
            list.regions.append(region)
        }
        list.contextWindow = entry["context_window"]?.intValue.map(Int.init)
        if let rule = entry["image_tokens"] {
            guard let tokens = ImageTokens(json: rule) else { throw PriceError("\(name): 'image_tokens' is {base, tile}, or {patches, per_mille}") }
            list.imageTokens = tokens
        }
        return (provider, list)
    }

    private static let keys = [
        "provider", "model", "models", "from", "to", "source", "checked_at", "context_window", "image_tokens", "per_mtok_usd", "above", "request_usd",
        "web_search_usd", "machine_hour_usd", "services", "windows", "regions",
    ]

    /// What is not understood would be a price that nobody charges.
    private static func check(_ value: JSONValue, _ keys: [String], of name: String) throws(PriceError) {
        guard let object = value.objectValue else { throw PriceError("\(name): found \(value.jsonText.beginning(bytes: 40)) where an object has to stand") }
        for (key, _) in object where !keys.contains(where: key.hasSameBytes) {
            throw PriceError("\(name): there is no key '\(key)'; \(Suggestion.hint(for: key, in: keys) ?? "there are \(keys.joined(separator: ", "))")")
        }
    }

    private static func object(_ value: JSONValue?, _ key: String, of name: String) throws(PriceError) -> JSONObject {
        guard let value, !value.isNull else { return [:] }
        guard let object = value.objectValue else { throw PriceError("\(name): '\(key)' is an object, found \(value.jsonText.beginning(bytes: 40))") }
        return object
    }

    private static func sequence(_ value: JSONValue?, _ key: String, of name: String) throws(PriceError) -> [JSONValue] {
        guard let value, !value.isNull else { return [] }
        guard let list = value.arrayValue else { throw PriceError("\(name): '\(key)' is a list, found \(value.jsonText.beginning(bytes: 40))") }
        return list
    }
}

extension PriceRegion {
    fileprivate static func factor(_ value: JSONValue, name: String) throws(PriceError) -> Int64 {
        guard let factor = Money.scaledDecimal(value.stringValue ?? value.jsonText, decimals: 6), factor > 0, factor <= 100_000_000 else {
            throw PriceError("\(name): '\(value.stringValue ?? value.jsonText)' is not a factor such as 1.1")
        }
        return factor
    }
}

extension Money {
    /// `nil` where the product is no whole number of pico-dollars.
    func times(millionths factor: Int64) -> Money? {
        let (product, overflow) = picoDollars.multipliedReportingOverflow(by: factor)
        guard !overflow, product % 1_000_000 == 0 else { return nil }
        return Money(picoDollars: product / 1_000_000)
    }
}

extension ImageTokens {
    fileprivate init?(json: JSONValue) {
        func count(_ key: String) -> Int? { json[key]?.intValue.flatMap { $0 >= 0 && $0 < 1_000_000 ? Int($0) : nil } }
        if let base = count("base"), let tile = count("tile") {
            self = .tiles(base: base, tile: tile)
        } else if let most = count("patches"), let perMille = count("per_mille") {
            self = .patches(most: most, perMille: perMille)
        } else {
            return nil
        }
    }
}
