import Values

/// The price list that ships in the binary: data with a version, a date and a source for each row.
public struct PriceCatalogue: Sendable {
    public let version: String
    public let rows: [PriceRow]
    /// Context windows in tokens by `provider/model`, where known: no prompt is counted longer than that.
    public let contextWindows: [String: Int]

    /// The catalogue of this build. It is parsed on first use.
    public static let shipped: PriceCatalogue = {
        // The data is part of the binary and a test reads it: failing here means a broken build.
        do { return try PriceCatalogue(json: JSONParser.parse(PackageResources.prices_json)) } catch {
            preconditionFailure("the shipped price catalogue is unreadable: \(error)")
        }
    }()

    /// Reads our schema: `{version, entries: [{provider, model, from, source, checked_at, context_window?,
    /// per_mtok_usd: {input, cache_read, …}, above: [{prompt_tokens, per_mtok_usd}], request_usd?}]}`. Prices are decimal strings.
    ///
    /// - Throws: `PriceError` naming the entry.
    public init(json: JSONValue) throws(PriceError) {
        guard let version = json["version"]?.stringValue, let entries = json["entries"]?.arrayValue else {
            throw PriceError("a price catalogue needs 'version' and 'entries'")
        }
        var rows: [PriceRow] = []
        var windows: [String: Int] = [:]
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
            func add(_ prices: JSONValue?, above: Int?) throws(PriceError) {
                for (key, value) in prices?.objectValue ?? [:] {
                    guard let unit = PriceUnit(rawValue: key) else { throw PriceError("\(name): unknown unit '\(key)'") }
                    rows.append(PriceRow(
                        id: PriceRow.makeID(provider: provider, model: model, unit: unit, above: above, from: from),
                        provider: provider, model: model, unit: unit,
                        price: try PriceRow.perMillion(value.stringValue ?? "", name: "\(name) \(key)"),
                        abovePromptTokens: above, effectiveFrom: from, effectiveTo: to, source: source, checkedAt: checkedAt))
                }
            }
            try add(entry["per_mtok_usd"], above: nil)
            for tier in entry["above"]?.arrayValue ?? [] {
                try add(tier["per_mtok_usd"], above: tier["prompt_tokens"]?.intValue.map { Int($0) })
            }
            if let window = entry["context_window"]?.intValue { windows[name] = Int(window) }
        }
        self.version = version
        self.rows = rows
        self.contextWindows = windows
    }
}

extension PriceRow {
    static func makeID(provider: String, model: String, unit: PriceUnit, above: Int?, from: Timestamp?) -> String {
        "\(provider)/\(model)/\(unit.rawValue)" + (above.map { ">\($0)" } ?? "") + (from.map { "@" + $0.dateText } ?? "")
    }

    /// Dollars per million tokens, as vendors print it, to the price of a token.
    ///
    /// - Throws: `PriceError` for a negative or over-precise figure, and above $10,000 per million: that is a unit mistake
    ///   (dollars per thousand, or cents), and a price a thousand times too high locks its user out.
    public static func perMillion(_ text: String, name: String) throws(PriceError) -> Money {
        guard let pico = Money.scaledDecimal(text, decimals: 6) else {
            throw PriceError("\(name): '\(text)' is not a price in dollars per million tokens with at most 6 decimals")
        }
        guard pico <= 10_000_000_000 else {
            throw PriceError("\(name): $\(text) per million tokens is beyond any known price; is the figure per thousand, or in cents?")
        }
        return Money(picoDollars: pico)
    }
}

/// A price that cannot be read.
public struct PriceError: Error, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
