import Economics
import Values

/// A run has come to a band of its budget, and never leaves it.
public struct BandEntered: Sendable, Hashable {
    /// What counted for good against the run's caps, and where the band begins.
    public enum Measure: Sendable, Hashable {
        case money(counted: Money, at: Money)
        case tokens(counted: Int, at: Int)
    }

    public let band: BudgetBand.Name
    public let measure: Measure

    public init(_ band: BudgetBand.Name, _ measure: Measure) {
        self.band = band
        self.measure = measure
    }

    /// For people.
    public var sentence: String {
        switch measure {
        case .money(let counted, let at): "the budget is in its \(band.rawValue) band: \(counted) is spent or held for good, it begins at \(at)"
        case .tokens(let counted, let at): "the budget is in its \(band.rawValue) band: \(counted) tokens are used or held for good, it begins at \(at)"
        }
    }
}

extension BandEntered {
    func write(to json: inout JSONObjectWriter) {
        json.put("band", band.rawValue)
        switch measure {
        case .money(let counted, let at):
            json.put("counted_usd", counted.decimalText)
            json.put("at_usd", at.decimalText)
        case .tokens(let counted, let at):
            json.put("counted_tokens", counted)
            json.put("at_tokens", at)
        }
    }

    init(_ fields: EventFields) throws(EventDecodingError) {
        let band = try fields.value("band", BudgetBand.Name.init(rawValue:))
        if let counted = try fields.optionalInt("counted_tokens") {
            self.init(band, .tokens(counted: counted, at: try fields.int("at_tokens")))
        } else {
            self.init(
                band, .money(counted: try fields.value("counted_usd", Money.init(decimal:)), at: try fields.value("at_usd", Money.init(decimal:))))
        }
    }
}
