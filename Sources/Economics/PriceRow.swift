import Values

/// One dated price: what a unit of a model's work costs, from when to when, and who says so.
public struct PriceRow: Sendable, Hashable {
    /// Stable, stored with every call that used the row: `openai/gpt-4o/input@2024-08-06`.
    public let id: String
    public let provider: String
    /// A model id, or a prefix of ids when it ends in `*`.
    public let model: String
    public let unit: PriceUnit
    /// For each token, request or machine hour.
    public let price: Money
    /// Charged for the whole request when its prompt, cache included, is longer than this.
    public let abovePromptTokens: Int?
    /// Whether also when it is exactly so long.
    public let isInclusive: Bool
    /// Charged where the server treated the call so; `nil`: where it did not say, or has no price of its own for it.
    public let service: ServiceTier?
    /// Charged where the data stayed there.
    public let region: String?
    /// Charged at these hours alone.
    public let window: PriceWindow?
    /// Further ids that the vendor serves as the same model at the same price, such as the one with its date. `#` is any digit.
    public let alsoFor: [String]
    public let effectiveFrom: Timestamp?
    /// Exclusive.
    public let effectiveTo: Timestamp?
    /// Where the figure was read.
    public let source: String
    /// The day on which it was read there.
    public let checkedAt: String
    /// Of a row that a contract changed, the price of the list, and what the contract is called.
    public let listPrice: Money?
    public let agreement: String?

    public init(
        id: String, provider: String, model: String, unit: PriceUnit, price: Money, abovePromptTokens: Int? = nil, isInclusive: Bool = false,
        service: ServiceTier? = nil, region: String? = nil, window: PriceWindow? = nil, alsoFor: [String] = [], effectiveFrom: Timestamp? = nil,
        effectiveTo: Timestamp? = nil, source: String, checkedAt: String, listPrice: Money? = nil, agreement: String? = nil
    ) {
        self.id = id
        self.provider = provider
        self.model = model
        self.unit = unit
        self.price = price
        self.abovePromptTokens = abovePromptTokens
        self.isInclusive = isInclusive
        self.service = service
        self.region = region
        self.window = window
        self.alsoFor = alsoFor
        self.effectiveFrom = effectiveFrom
        self.effectiveTo = effectiveTo
        self.source = source
        self.checkedAt = checkedAt
        self.listPrice = listPrice
        self.agreement = agreement
    }

    /// Whether it holds at that moment, whatever the hour.
    func isInForce(at moment: Timestamp) -> Bool {
        if let from = effectiveFrom, moment < from { return false }
        if let to = effectiveTo, moment >= to { return false }
        return true
    }

    /// Whether a prompt of that size is charged by it.
    func holds(promptTokens: Int) -> Bool {
        guard let bound = abovePromptTokens else { return true }
        return promptTokens > bound || (isInclusive && promptTokens == bound)
    }

    /// The fewest prompt tokens that are charged by it.
    var leastPrompt: Int { abovePromptTokens.map { isInclusive ? $0 : $0 + 1 } ?? 0 }
}

extension PriceRow {
    /// The row as the ledger keeps it, so that a cost can be derived again.
    public var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "provider": .string(provider), "model": .string(model), "unit": .string(unit.rawValue),
            "price_pico_usd": .int(price.picoDollars), "source": .string(source), "checked_at": .string(checkedAt),
        ]
        object["above_prompt_tokens"] = abovePromptTokens.map { .int(Int64($0)) }
        // What is absent is the usual: rows of before have the same bytes.
        if isInclusive { object["inclusive"] = true }
        object["service"] = service.map { .string($0.rawValue) }
        object["region"] = region.map(JSONValue.string)
        object["window"] = window.map(\.json)
        if !alsoFor.isEmpty { object["also_for"] = .array(alsoFor.map(JSONValue.string)) }
        object["effective_from"] = effectiveFrom.map { .string($0.rfc3339) }
        object["effective_to"] = effectiveTo.map { .string($0.rfc3339) }
        object["list_price_pico_usd"] = listPrice.map { .int($0.picoDollars) }
        object["agreement"] = agreement.map(JSONValue.string)
        return .object(object)
    }

    /// As ``json`` made it.
    public init?(json: JSONValue) {
        guard let id = json["id"]?.stringValue, let provider = json["provider"]?.stringValue, let model = json["model"]?.stringValue,
            let unit = json["unit"]?.stringValue.flatMap(PriceUnit.init(rawValue:)), let price = json["price_pico_usd"]?.intValue,
            let source = json["source"]?.stringValue, let checkedAt = json["checked_at"]?.stringValue
        else { return nil }
        let (service, window) = (json["service"], json["window"])
        let (tier, hours) = (service?.stringValue.flatMap(ServiceTier.init(rawValue:)), window.flatMap(PriceWindow.init(json:)))
        if (service != nil && tier == nil) || (window != nil && hours == nil) { return nil }
        self.init(
            id: id, provider: provider, model: model, unit: unit, price: Money(picoDollars: price),
            abovePromptTokens: json["above_prompt_tokens"]?.intValue.map(Int.init), isInclusive: json["inclusive"] == .bool(true), service: tier,
            region: json["region"]?.stringValue, window: hours, alsoFor: json["also_for"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            effectiveFrom: json["effective_from"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            effectiveTo: json["effective_to"]?.stringValue.flatMap(Timestamp.init(rfc3339:)), source: source, checkedAt: checkedAt,
            listPrice: json["list_price_pico_usd"]?.intValue.map(Money.init(picoDollars:)), agreement: json["agreement"]?.stringValue)
    }
}

extension PriceRow {
    /// What stands between the name of a row and the part of its hash that ends its id.
    private static let mark = UInt8(ascii: "#")
    private static let digits = 8

    /// The row under an id that ends in eight hexadecimal digits of its own hash, so that a changed row shows.
    public func sealed() -> PriceRow {
        if Self.seal(of: id) != nil { return self }
        return named("\(id)#\(Self.hash(of: self))")
    }

    /// Whether a stored row is the one of that id; one without a part of a hash at its end is taken at its word.
    public static func isTold(id: String, by json: String) -> Bool {
        guard let seal = seal(of: id) else { return true }
        guard let row = (try? JSONParser.parse(json)).flatMap(PriceRow.init(json:)), row.id.hasSameBytes(as: id),
            JSONEncoding.canonical.string(row.json).hasSameBytes(as: json)
        else { return false }
        return hash(of: row.named(withoutSeal(id))) == seal
    }

    /// Whether an id ends in a part of a hash.
    public static func isSealed(_ id: String) -> Bool { seal(of: id) != nil }

    /// The id without the part of a hash.
    var unsealedID: String { Self.seal(of: id) == nil ? id : Self.withoutSeal(id) }

    private static func withoutSeal(_ id: String) -> String { String(Substring(id.utf8.dropLast(digits + 1))) }

    private func named(_ id: String) -> PriceRow { changed(id: id, price: price, region: region) }

    private static func hash(of row: PriceRow) -> Substring { ContentHash(of: JSONEncoding.canonical.bytes(row.json)).hex.prefix(digits) }

    private static func seal(of id: String) -> Substring? {
        let end = id.utf8.suffix(digits + 1)
        guard end.first == mark, end.dropFirst().allSatisfy({ $0 &- 0x30 < 10 || $0 &- 0x61 < 6 }), end.count == digits + 1 else { return nil }
        return Substring(end.dropFirst())
    }
}

extension PriceRow {
    func changed(id: String, price: Money, region: String?) -> PriceRow {
        PriceRow(
            id: id, provider: provider, model: model, unit: unit, price: price, abovePromptTokens: abovePromptTokens,
            isInclusive: isInclusive, service: service, region: region, window: window, alsoFor: alsoFor,
            effectiveFrom: effectiveFrom, effectiveTo: effectiveTo, source: source, checkedAt: checkedAt, listPrice: listPrice, agreement: agreement)
    }

    static func makeID(
        provider: String, model: String, unit: PriceUnit, above: Int? = nil, isInclusive: Bool = false, service: ServiceTier? = nil, window: String? = nil,
        from: Timestamp?
    ) -> String {
        "\(provider)/\(model)/\(unit.rawValue)" + (service.map { "+\($0.rawValue)" } ?? "") + (window.map { "~\($0)" } ?? "")
            + (above.map { "\(isInclusive ? ">=" : ">")\($0)" } ?? "") + (from.map { "@" + $0.dateText } ?? "")
    }

    /// Dollars per million tokens, as vendors print it, to the price of a token.
    ///
    /// - Throws: `PriceError` for a negative or over-precise figure, and for one that can only be a mistake of units: above
    ///   $10,000 per million (dollars per thousand, or cents; a price a thousand times too high locks its user out), and
    ///   below $0.0005 but not 0 (dollars per token; a cap would never be reached). In LiteLLM's map of 4,553 models the
    ///   dearest chat token costs $9,710 a million and the cheapest $0.001.
    public static func perMillion(_ text: String, name: String) throws(PriceError) -> Money {
        try checkSign(text, name: name)
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

extension PriceRow {
    /// Nobody is paid for a call.
    static func checkSign(_ text: String, name: String) throws(PriceError) {
        if text.utf8.first == UInt8(ascii: "-") { throw PriceError("\(name): '\(text)' is not a price: it is negative") }
    }
}

/// A price that cannot be read.
public struct PriceError: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
