import Values

/// A change of prices that is thought of: of one model or of all that begin alike, of one of its prices or of all.
public struct PriceChange: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Millionths of what it is: 1,200,000 is a fifth more.
        case times(Int64)
        /// Another price of a token, a request, a search or an hour.
        case price(Money)
    }

    /// `provider/model`; one that ends in `*` covers every name that begins so.
    public let models: String
    /// As ``PriceRow/place`` has it: `output`, `input>272000`, `output+batch`; `nil`: all.
    public let place: String?
    public let kind: Kind

    /// - Throws: `PriceError` for a value that is neither a share such as `+20%` nor a price.
    public init(models: String, place: String?, value: String) throws(PriceError) {
        self.models = models
        self.place = place
        let name = "prices.\(models)" + (place.map { ".\($0)" } ?? "")
        if let share = Self.share(value) {
            guard share > 0 else { throw PriceError("\(name): \(value) leaves nothing of a price") }
            kind = .times(share)
            return
        }
        guard let place, let unit = Self.unit(of: place) else {
            throw PriceError("\(name): '\(value)' is not a change such as +20% or -15%; a price in dollars is one of a class: prices.\(models).output=\(value)")
        }
        if unit.isToken {
            kind = .price(try PriceRow.perMillion(value, name: name))
        } else {
            guard value.utf8.first != UInt8(ascii: "-"), let price = Money(decimal: value) else { throw PriceError("\(name): '\(value)' is neither a change such as +20% nor an amount in dollars") }
            kind = .price(price)
        }
    }

    /// `+20%`, `-12.5%`, with a sign and at most four decimals, as millionths of the whole.
    private static func share(_ text: String) -> Int64? {
        let bytes = text.utf8
        guard bytes.last == UInt8(ascii: "%"), let sign = bytes.first, "+-".utf8.contains(sign) else { return nil }
        guard let parts = Money.scaledDecimal(String(Substring(bytes.dropFirst().dropLast())), decimals: 4), (0...100_000_000).contains(parts) else { return nil }
        return sign == UInt8(ascii: "+") ? 1_000_000 + parts : 1_000_000 - parts
    }

    /// The class of a place: what stands before its conditions.
    public static func unit(of place: String) -> PriceUnit? {
        PriceUnit(rawValue: String(Substring(place.utf8.prefix { !">+~:".utf8.contains($0) })))
    }

    /// Whether it is of a model by one of its names.
    public func covers(_ names: [String]) -> Bool { names.contains { NameFit(name: models, model: $0) != nil } }

    /// The row as it would be; one that the change does not mean stays.
    func changed(_ row: PriceRow) -> PriceRow {
        let isMeant: Bool
        switch (place, kind) {
        case (nil, _): isMeant = true
        // A share of a class without conditions is one of that class on all conditions.
        case (let place?, .times): isMeant = row.place.hasSameBytes(as: place) || row.unit.rawValue.hasSameBytes(as: place)
        case (let place?, .price): isMeant = row.place.hasSameBytes(as: place)
        }
        guard isMeant else { return row }
        switch kind {
        case .times(let millionths): return row.changed(id: row.id, price: PriceAdjustment.applied(millionths, to: row.price), region: row.region)
        case .price(let price): return row.changed(id: row.id, price: price, region: row.region)
        }
    }

    /// The row that it adds to rows that have none of its class: a price of cached tokens, say, where they cost as any others.
    func added(to rows: [PriceRow]) -> PriceRow? {
        guard case .price(let price) = kind, let place, let unit = Self.unit(of: place), unit.rawValue.hasSameBytes(as: place), let any = rows.first else { return nil }
        if rows.contains(where: { $0.unit == unit || $0.unit == .machineHour }) { return nil }
        return PriceRow(id: "\(any.provider)/\(any.model)/\(unit.rawValue)#00000000", provider: any.provider, model: any.model, unit: unit, price: price, source: "what-if", checkedAt: "")
    }
}

extension PriceSheet {
    /// The prices that a call went by, of the rows that it was charged by: on its terms, at its hour and for the length of its prompt.
    public init(charged rows: [PriceRow]) { self.init(rows: Dictionary(grouping: rows, by: \.unit)) }

    /// A sheet on a call's terms with other prices.
    ///
    /// - Parameter names: of the model, each with its provider, beside those in its rows.
    public func changed(by changes: [PriceChange], names: [String]) -> PriceSheet {
        guard !changes.isEmpty else { return self }
        var rows = allRows
        for change in changes {
            let meant = rows.map { change.covers(names + ["\($0.provider)/\($0.model)"]) }
            guard meant.contains(true) else { continue }
            let added = change.added(to: zip(rows, meant).filter(\.1).map(\.0))
            rows = zip(rows, meant).map { $1 ? change.changed($0) : $0 } + [added].compactMap(\.self)
        }
        return PriceSheet(charged: rows)
    }
}
