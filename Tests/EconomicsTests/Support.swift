import Testing
import Values

@testable import Economics

func json(_ text: String) -> JSONValue {
    do { return try JSONParser.parse(text) } catch { fatalError("\(error) in \(text)") }
}

func dollars(_ text: String) -> Money { Money(decimal: text)! }

func day(_ text: String) -> Timestamp { Timestamp(rfc3339: text)! }

/// The same numbers in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A row of provider `p`, priced in dollars per million tokens, or per request or hour.
func row(
    _ model: String, _ unit: PriceUnit, _ price: String, above: Int? = nil, from: String? = nil, to: String? = nil, id: String? = nil
) -> PriceRow {
    let amount = unit.isToken ? try! PriceRow.perMillion(price, name: "test") : dollars(price)
    return PriceRow(
        id: id ?? PriceRow.makeID(provider: "p", model: model, unit: unit, above: above, from: from.map(day)) + "=\(price)",
        provider: "p", model: model, unit: unit, price: amount, abovePromptTokens: above, effectiveFrom: from.map(day), effectiveTo: to.map(day),
        source: "test", checkedAt: "2026-11-21")
}

func book(_ rows: [PriceRow]) -> PriceBook {
    PriceBook(overrides: rows, catalogue: try! PriceCatalogue(json: ["version": "test", "entries": []]))
}

func resolved(_ rows: [PriceRow], _ model: String = "m", at moment: String = "2026-11-21") -> PriceSheet? {
    book(rows).sheet(provider: "p", model: model, at: day(moment))
}
