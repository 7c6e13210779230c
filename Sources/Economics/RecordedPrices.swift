import Values

/// What a model costs, as it is kept with a run: all that a sheet is made of, so that the same amounts follow from it on any day and whatever
/// lists say by then.
public struct RecordedPrices: Sendable, Hashable {
    /// Those of the list that held, also for other hours and service tiers.
    public let rows: [PriceRow]
    /// What a contract changes of them.
    public let adjustment: PriceAdjustment?

    public init(_ sheet: PriceSheet) {
        rows = sheet.listRows
        adjustment = sheet.adjustment
    }

    /// The prices at a moment, as the hour may matter.
    public func sheet(at moment: Timestamp) -> PriceSheet {
        let sheet = PriceBook.sheet(of: rows, [], at: moment)
        return adjustment.map { sheet.agreed(by: $0) } ?? sheet
    }

    /// Whether they are others at other hours.
    var hasHours: Bool { rows.contains { $0.window != nil } }
}

extension RecordedPrices {
    /// `{"rows":[…],"agreement":{"name":…,"millionths":…}}`.
    public var json: JSONValue {
        var object: JSONObject = ["rows": .array(rows.map(\.json))]
        if let adjustment, case .multiplier(let millionths) = adjustment.kind {
            object["agreement"] = ["name": .string(adjustment.name), "millionths": .int(millionths)]
        }
        return .object(object)
    }

    /// `nil` when it is not of that form.
    public init?(json: JSONValue) {
        guard let list = json["rows"]?.arrayValue else { return nil }
        let rows = list.compactMap(PriceRow.init(json:))
        guard rows.count == list.count else { return nil }
        var adjustment: PriceAdjustment?
        if let agreement = json["agreement"] {
            guard let name = agreement["name"]?.stringValue, let millionths = agreement["millionths"]?.intValue else { return nil }
            adjustment = PriceAdjustment(name: name, models: [], kind: .multiplier(millionths), from: nil, to: nil)
        }
        self.rows = rows
        self.adjustment = adjustment
    }
}

extension PriceSheet {
    /// By the list, before a contract changes them.
    fileprivate var listRows: [PriceRow] { (list ?? self).ownRows }
}
