import Values

/// The price list that ships in the binary: data with a version, a date and a source for each row.
public struct PriceCatalogue: Sendable {
    public let version: String
    public let rows: [PriceRow]
    /// Context windows in tokens by `provider/model`, where known: no prompt is counted longer than that.
    public let contextWindows: TextTable<Int>
    /// What images are billed as, by `provider/model`, where the vendor documents it.
    public let imageTokens: TextTable<ImageTokens>

    /// The catalogue of this build. It is parsed on first use.
    public static let shipped: PriceCatalogue = {
        // The data is part of the binary and a test reads it: failing here means a broken build.
        do { return try PriceCatalogue(json: JSONParser.parse(PackageResources.prices_json)) } catch {
            preconditionFailure("the shipped price catalogue is unreadable: \(error)")
        }
    }()

    /// Reads our schema: `{version, entries: [{provider, model, from, source, checked_at, context_window?,
    /// image_tokens?: {base, tile} or {patches, per_mille}, per_mtok_usd: {input, cache_read, …}, above: [{prompt_tokens, per_mtok_usd}], request_usd?, machine_hour_usd?}]}`.
    /// Prices are decimal strings. An entry is a whole price list: it replaces an earlier one, and so has both directions.
    ///
    /// - Throws: `PriceError` naming the entry.
    public init(json: JSONValue) throws(PriceError) {
        guard let version = json["version"]?.stringValue, let entries = json["entries"]?.arrayValue else {
            throw PriceError("a price catalogue needs 'version' and 'entries'")
        }
        var rows: [PriceRow] = []
        var ids: TextSet = []
        var windows: TextTable<Int> = [:]
        var images: TextTable<ImageTokens> = [:]
        for entry in entries {
            guard let provider = entry["provider"]?.stringValue, let model = entry["model"]?.stringValue,
                let source = entry["source"]?.stringValue, let checkedAt = entry["checked_at"]?.stringValue
            else { throw PriceError("a price entry needs 'provider', 'model', 'source' and 'checked_at': \(entry.jsonText)") }
            let name = "\(provider)/\(model)"
            func moment(_ key: String) throws(PriceError) -> Timestamp? {
                guard let text = entry[key]?.stringValue else { return nil }
                guard let value = Timestamp(rfc3339: text) else { throw PriceError("\(name): '\(key)' is not a date: \(text)") }
                return value
            }
            let from = try moment("from")
            let to = try moment("to")
            let first = rows.count
            func add(_ unit: PriceUnit, _ price: Money, above: Int? = nil) throws(PriceError) {
                let id = PriceRow.makeID(provider: provider, model: model, unit: unit, above: above, from: from)
                guard ids.insert(id).inserted else { throw PriceError("\(name): two entries start on the same day") }
                rows.append(
                    PriceRow(
                        id: id, provider: provider, model: model, unit: unit, price: price, abovePromptTokens: above, effectiveFrom: from,
                        effectiveTo: to, source: source, checkedAt: checkedAt))
            }
            func addTokens(_ prices: JSONValue?, above: Int? = nil) throws(PriceError) {
                for (key, value) in prices?.objectValue ?? [:] {
                    guard let unit = PriceUnit(rawValue: key), unit.isToken else { throw PriceError("\(name): unknown token class '\(key)'") }
                    try add(unit, try PriceRow.perMillion(value.stringValue ?? value.jsonText, name: "\(name) \(key)"), above: above)
                }
            }
            func addFee(_ unit: PriceUnit, _ key: String) throws(PriceError) {
                guard let value = entry[key] else { return }
                guard let price = value.stringValue.flatMap(Money.init(decimal:)) else { throw PriceError("\(name): '\(key)' is not an amount") }
                try add(unit, price)
            }
            try addTokens(entry["per_mtok_usd"])
            try addFee(.request, "request_usd")
            try addFee(.machineHour, "machine_hour_usd")
            let units = Set(rows[first...].map(\.unit))
            guard units.contains(.machineHour) || units.isSuperset(of: [.input, .output]) else {
                throw PriceError("\(name): a price list needs input and output, or machine_hour_usd")
            }
            for tier in entry["above"]?.arrayValue ?? [] {
                guard let above = tier["prompt_tokens"]?.intValue, above > 0 else { throw PriceError("\(name): a tier needs 'prompt_tokens'") }
                try addTokens(tier["per_mtok_usd"], above: Int(above))
            }
            if let window = entry["context_window"]?.intValue { windows[name] = Int(window) }
            if let rule = entry["image_tokens"] {
                guard let tokens = ImageTokens(json: rule) else {
                    throw PriceError("\(name): 'image_tokens' is {base, tile}, or {patches, per_mille}")
                }
                images[name] = tokens
            }
        }
        self.version = version
        self.rows = rows
        self.contextWindows = windows
        imageTokens = images
    }
}

extension PriceRow {
    static func makeID(provider: String, model: String, unit: PriceUnit, above: Int?, from: Timestamp?) -> String {
        "\(provider)/\(model)/\(unit.rawValue)" + (above.map { ">\($0)" } ?? "") + (from.map { "@" + $0.dateText } ?? "")
    }

    /// Dollars per million tokens, as vendors print it, to the price of a token.
    ///
    /// - Throws: `PriceError` for a negative or over-precise figure, and for one that can only be a mistake of units: above
    ///   $10,000 per million (dollars per thousand, or cents; a price a thousand times too high locks its user out), and
    ///   below $0.0005 but not 0 (dollars per token; a cap would never be reached). In LiteLLM's map of 4,553 models the
    ///   dearest chat token costs $9,710 a million and the cheapest $0.001.
    public static func perMillion(_ text: String, name: String) throws(PriceError) -> Money {
        guard let pico = Money.scaledDecimal(text, decimals: 6) else {
            throw PriceError("\(name): '\(text)' is not a price in dollars per million tokens with at most 6 decimals")
        }
        guard pico <= 10_000_000_000 else {
            throw PriceError("\(name): $\(text) per million tokens is beyond any known price; is the figure per thousand, or in cents?")
        }
        guard pico == 0 || pico >= 500 else {
            throw PriceError("\(name): $\(text) per million tokens is below any known price; is the figure per token?")
        }
        return Money(picoDollars: pico)
    }
}

/// A price that cannot be read.
public struct PriceError: Error, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
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
