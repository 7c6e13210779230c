import Values

/// What a price row charges for.
public enum PriceUnit: String, Sendable, Hashable, CaseIterable {
    case input
    case cacheRead = "cache_read"
    case cacheWrite = "cache_write"
    case output
    case reasoning
    /// A fee for each request.
    case request
    /// An hour of a machine that we keep on, charged by the millisecond that a call kept it busy.
    case machineHour = "machine_hour"

    /// Whether it counts tokens.
    var isToken: Bool { self != .request && self != .machineHour }

    /// The class whose price stands in where this one has no row; `nil` where there is none.
    var fallback: PriceUnit? {
        switch self {
        case .cacheRead, .cacheWrite: return .input
        case .reasoning: return .output
        default: return nil
        }
    }
}

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
    public let effectiveFrom: Timestamp?
    /// Exclusive.
    public let effectiveTo: Timestamp?
    /// Where the figure was read.
    public let source: String
    /// The day on which it was read there.
    public let checkedAt: String

    public init(
        id: String, provider: String, model: String, unit: PriceUnit, price: Money, abovePromptTokens: Int? = nil,
        effectiveFrom: Timestamp? = nil, effectiveTo: Timestamp? = nil, source: String, checkedAt: String
    ) {
        self.id = id
        self.provider = provider
        self.model = model
        self.unit = unit
        self.price = price
        self.abovePromptTokens = abovePromptTokens
        self.effectiveFrom = effectiveFrom
        self.effectiveTo = effectiveTo
        self.source = source
        self.checkedAt = checkedAt
    }

    func covers(provider: String, model: String, at moment: Timestamp) -> Bool {
        guard self.provider.hasSameBytes(as: provider) else { return false }
        if let from = effectiveFrom, moment < from { return false }
        if let to = effectiveTo, moment >= to { return false }
        if self.model.utf8.last == UInt8(ascii: "*") { return model.utf8.starts(with: self.model.utf8.dropLast()) }
        return self.model.hasSameBytes(as: model)
    }
}

extension PriceRow {
    /// The row as the ledger keeps it, so that a cost can be derived again.
    public var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "provider": .string(provider), "model": .string(model), "unit": .string(unit.rawValue),
            "price_pico_usd": .int(price.picoDollars), "source": .string(source), "checked_at": .string(checkedAt),
        ]
        object["above_prompt_tokens"] = abovePromptTokens.map { .int(Int64($0)) }
        object["effective_from"] = effectiveFrom.map { .string($0.rfc3339) }
        object["effective_to"] = effectiveTo.map { .string($0.rfc3339) }
        return .object(object)
    }

    /// As ``json`` made it.
    public init?(json: JSONValue) {
        guard let id = json["id"]?.stringValue, let provider = json["provider"]?.stringValue, let model = json["model"]?.stringValue,
            let unit = json["unit"]?.stringValue.flatMap(PriceUnit.init(rawValue:)), let price = json["price_pico_usd"]?.intValue,
            let source = json["source"]?.stringValue, let checkedAt = json["checked_at"]?.stringValue
        else { return nil }
        self.init(
            id: id, provider: provider, model: model, unit: unit, price: Money(picoDollars: price),
            abovePromptTokens: json["above_prompt_tokens"]?.intValue.map(Int.init),
            effectiveFrom: json["effective_from"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            effectiveTo: json["effective_to"]?.stringValue.flatMap(Timestamp.init(rfc3339:)), source: source, checkedAt: checkedAt)
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
        return hash(of: row.named(String(Substring(id.utf8.dropLast(digits + 1))))) == seal
    }

    /// Whether an id ends in a part of a hash.
    public static func isSealed(_ id: String) -> Bool { seal(of: id) != nil }

    private func named(_ id: String) -> PriceRow {
        PriceRow(
            id: id, provider: provider, model: model, unit: unit, price: price, abovePromptTokens: abovePromptTokens, effectiveFrom: effectiveFrom,
            effectiveTo: effectiveTo, source: source, checkedAt: checkedAt)
    }

    private static func hash(of row: PriceRow) -> Substring { ContentHash(of: JSONEncoding.canonical.bytes(row.json)).hex.prefix(digits) }

    private static func seal(of id: String) -> Substring? {
        let end = id.utf8.suffix(digits + 1)
        guard end.first == mark, end.dropFirst().allSatisfy({ $0 &- 0x30 < 10 || $0 &- 0x61 < 6 }), end.count == digits + 1 else { return nil }
        return Substring(end.dropFirst())
    }
}
