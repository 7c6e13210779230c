import Values

/// An entry as it stands in a list of prices: what a line says, before and after it is read. See ``CatalogueText``.
public struct PriceListEntry: Sendable, Hashable {
    public let provider: String
    public let names: [String]
    /// All else that it says.
    public let rest: JSONObject

    public var model: String { names[0] }

    init(provider: String, names: [String], _ rest: JSONObject) {
        self.provider = provider
        self.names = names
        self.rest = rest
    }

    /// Prices of tokens in dollars per million, by the names of their classes, and fees in dollars by theirs (`request_usd`).
    public init(provider: String, model: String, perMillion: [(unit: PriceUnit, price: String)], fees: [(key: String, price: String)] = []) {
        var rest = JSONObject()
        rest["per_mtok_usd"] = .object(JSONObject(perMillion.map { ($0.unit.rawValue, .string($0.price)) }))
        for fee in fees { rest[fee.key] = .string(fee.price) }
        self.init(provider: provider, names: [model], rest)
    }

    /// An entry of our own form.
    public init?(json: JSONValue) {
        guard var rest = json.objectValue, let provider = json["provider"]?.stringValue else { return nil }
        let names = json["models"]?.arrayValue?.compactMap(\.stringValue) ?? json["model"]?.stringValue.map { [$0] } ?? []
        guard !names.isEmpty else { return nil }
        for key in ["provider", "model", "models"] { rest[key] = nil }
        self.init(provider: provider, names: names, rest)
    }

    /// The entry with a first day and a source, where it has none of its own.
    public func dated(from: String, source: String, checkedAt: String) -> PriceListEntry {
        var dated: JSONObject = ["from": rest["from"] ?? .string(from)]
        for (key, value) in rest where key != "from" { dated[key] = value }
        dated["source"] = rest["source"] ?? .string(source)
        dated["checked_at"] = rest["checked_at"] ?? .string(checkedAt)
        return PriceListEntry(provider: provider, names: names, dated)
    }

    /// As a line: by how it begins it is found.
    public var line: String {
        var object: JSONObject = ["provider": .string(provider), "models": .array(names.map(JSONValue.string))]
        for (key, value) in rest { object[key] = value }
        return JSONEncoding.wire.string(.object(object))
    }

    /// Whether it can be read.
    ///
    /// - Throws: `PriceError` saying what is wrong.
    public func check() throws(PriceError) { _ = try sheet() }

    /// Its prices on a day on which it holds, at an hour outside its windows as well as it can be had.
    private func sheet() throws(PriceError) -> PriceList {
        let object = try? JSONParser.parse(line)
        return try PriceEntry.read(object ?? .null, ["source": "", "checked_at": ""]).list
    }

    /// What stands in it by row: the name of the row without its provider, model and date, and its price.
    public func prices() throws(PriceError) -> [(name: String, price: Money)] {
        try sheet().rows.map { ($0.place, $0.price) }
    }
}

extension PriceRow {
    /// Which of the prices of a model it is: `input>272000`, `output+batch`.
    public var place: String {
        let id = PriceRow.makeID(
            provider: "", model: "", unit: unit, above: abovePromptTokens, isInclusive: isInclusive, service: service, window: window?.name, from: nil)
        return String(id.dropFirst(2)) + (region.map { ":\($0)" } ?? "")
    }
}
