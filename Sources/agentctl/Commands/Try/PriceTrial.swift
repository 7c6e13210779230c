import Economics
import Providers
import Values
import WorkflowLoading
import WorkflowModel

/// What a usage object costs: read, taken apart and priced as the engine does it with an answer.
final class PriceTrial {
    private let composition: Composition
    /// As they were resolved: many usages are mostly of a few models.
    private var sheets: [Key: (sheet: PriceSheet, notes: [String])?] = [:]

    private struct Key: Hashable {
        let model: ModelReference
        let moment: Timestamp
        let terms: ServedTerms?
    }

    init(_ composition: Composition) { self.composition = composition }

    struct Result {
        /// `nil`: the model has no price.
        let cost: MoneySum?
        let lines: [Line]
        let usage: TokenUsage
        let notes: [String]
        /// What the server says itself.
        let reported: ReportedCost?
    }

    struct Line {
        let row: PriceRow
        /// Tokens, requests or searches.
        let quantity: Int64
        let amount: MoneySum
    }

    /// - Parameters:
    ///   - document: a usage object, or an answer that has one.
    ///   - service: goes before what the document says of its service tier.
    func price(_ document: JSONValue, of reference: ModelReference, at moment: Timestamp, service: ServiceTier? = nil, region: String? = nil) throws -> Result {
        let project = composition.settings.project
        let entry = (project.providers + WellKnownProviders.all).first { $0.name.hasSameBytes(as: reference.provider) }
        let model = entry?.models.first { $0.alias.hasSameBytes(as: reference.model) }?.id ?? reference.model
        guard let raw = RawUsage(document, entry?.dialect ?? .none) else { throw UsageError("there is nothing in it that counts tokens") }
        var notes = [raw.doubt].compactMap(\.self)
        var terms = raw.estimate.usage.terms
        if service != nil || region != nil { terms = ServedTerms(service: service, region: region).joined(terms) }
        guard let (sheet, remarks) = sheet(Key(model: ModelReference(provider: reference.provider, model: model), moment: moment, terms: terms)) else {
            notes.append("\(reference) has no known price \(moment.dateText)")
            return Result(cost: nil, lines: [], usage: raw.estimate.usage, notes: notes, reported: raw.reported)
        }
        notes += remarks
        func priced(_ sheet: PriceSheet, _ usage: TokenUsage) -> [Line] {
            if let missing = sheet.unpriced(in: usage) { notes.append(missing) }
            return Self.lines(sheet, usage)
        }
        let usage = sheet.charged(raw.estimate)
        var lines: [Line] = []
        if raw.shares.isEmpty {
            lines = priced(sheet, usage)
        } else {
            // Each part by its own model's rows; a fee of the request once.
            for share in raw.shares {
                var own = sheet
                if case .named(let name) = share.model, !name.hasSameBytes(as: model) {
                    if let (other, _) = self.sheet(Key(model: ModelReference(provider: reference.provider, model: name), moment: moment, terms: terms)) {
                        own = other
                    } else {
                        notes.append("\(reference.provider)/\(name) has no known price \(moment.dateText): its part is priced as \(reference)")
                    }
                }
                let isFirst = lines.isEmpty
                lines += priced(own, share.usage).filter { isFirst || $0.row.unit != .request }
            }
        }
        let total = lines.reduce(MoneySum.zero) { $0 + $1.amount }
        if let first = lines.first?.row, !first.model.endsWithBytes(of: "*"), !first.model.hasSameBytes(as: model) || !first.provider.hasSameBytes(as: reference.provider) {
            notes.append("\(reference) is priced as \(first.provider)/\(first.model)")
        }
        if sheet.isMachineTime { notes.append("its machine is charged by the time that a call keeps it busy, which usage does not tell") }
        if let named = raw.model, !named.hasSameBytes(as: model), !named.hasSameBytes(as: reference.model) { notes.append("the answer names the model \(named)") }
        if total.clamped == .max { notes.append("a call of this cost is beyond every amount that is recorded") }
        if let adjustment = sheet.adjustment { notes.append("prices are by the agreement '\(adjustment.name)'; prices show has those of the list") }
        switch raw.reported {
        case .amount(let told)?: notes.append("the server says itself that it cost $\(told.decimalText)")
        case .absurd(let words)?: notes.append("the server says that it cost \(words), which cannot be")
        case nil: break
        }
        return Result(cost: total, lines: lines, usage: usage, notes: notes, reported: raw.reported)
    }

    private static func lines(_ sheet: PriceSheet, _ usage: TokenUsage) -> [Line] {
        sheet.cost(of: usage, busy: .milliseconds(0)).lines.compactMap { line in
            guard let row = sheet.allRows.first(where: { $0.id.hasSameBytes(as: line.row) }) else { return nil }
            // Beyond what one amount holds, too.
            return Line(row: row, quantity: line.quantity, amount: row.unit == .machineHour ? MoneySum(line.amount) : MoneySum(row.price, times: line.quantity))
        }
    }

    private func sheet(_ key: Key) -> (sheet: PriceSheet, notes: [String])? {
        if let known = sheets[key] { return known }
        let found = composition.prices.sheet(provider: key.model.provider, model: key.model.model, at: key.moment).map { $0.under(key.terms) }
        sheets[key] = .some(found)
        return found
    }
}

extension PriceTrial.Result {
    var json: JSONValue {
        func count(_ value: Int?) -> JSONValue { value.map { .int(Int64($0)) } ?? .null }
        var classes: JSONObject = [
            "input": count(usage.plainInput), "cache_read": count(usage.cacheRead), "cache_write": count(usage.cacheWrite),
            "output": count(usage.plainOutput), "reasoning": count(usage.reasoning),
        ]
        for (name, value) in [
            ("cache_write_long", usage.cacheWriteLong), ("audio_input", usage.audioInput), ("audio_output", usage.audioOutput), ("web_search", usage.searches),
        ] {
            if let value { classes[name] = count(value) }
        }
        var object: JSONObject = [
            "cost_usd": cost?.json ?? .null, "classes": .object(classes),
            "rows": .array(
                lines.map { line in
                    [
                        "id": .string(line.row.id), "unit": .string(line.row.unit.rawValue), "quantity": .int(line.quantity),
                        "price_usd": line.row.price.json, "cost_usd": line.amount.json,
                    ]
                }), "notes": .array(notes.map(JSONValue.string)),
        ]
        if let told = reported?.amount { object["reported_usd"] = told.json }
        return .object(object)
    }
}
