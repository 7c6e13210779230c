import Economics
import Values
import WorkflowModel

extension ProjectLoader {
    /// What contracts change of list prices.
    static func adjustments(_ top: MappingReader, _ context: DecodingContext) -> [PriceAdjustment] {
        var known: [PriceAdjustment] = []
        for node in top.sequence("adjustments") ?? [] {
            guard let reader = MappingReader(node, .adjustment, context), let adjustment = adjustment(reader, node, context) else { continue }
            if let other = known.first(where: adjustment.conflicts) {
                context.report(
                    "AW118", "'\(adjustment.name)' and '\(other.name)' both change the prices of \(adjustment.models.first(where: other.models.contains) ?? "") at one time",
                    at: node.range.firstLine, hint: "end one before the other begins: to is the day after the last")
            }
            known.append(adjustment)
        }
        return known
    }

    private static func adjustment(_ reader: MappingReader, _ node: YAMLNode, _ context: DecodingContext) -> PriceAdjustment? {
        reader.checkPresence()
        let listed = reader.strings("models")
        if listed?.isEmpty == true, let list = reader.value("models") {
            context.report("AW109", "an adjustment of no models changes nothing", at: list.range, hint: "models: [provider/*] is all of a provider's")
            return nil
        }
        let models = listed ?? []
        for model in models where ModelReference(text: model.text) == nil {
            context.report("AW109", "an adjustment names models as provider/model, or provider/*", at: model.range)
            return nil
        }
        let (from, to) = (reader.date("from"), reader.date("to"))
        if let from, let to, from >= to { context.report("AW103", "'to' is not behind 'from'", at: reader.value("to")!.range, hint: "to is the day after the last") }
        // None and two are reported.
        guard reader.kinds.count == 1, let kind = reader.kinds.first else { return nil }
        let name = reader.string("name") ?? models.map(\.text).joined(separator: ", ")
        func made(_ kind: PriceAdjustment.Kind?) -> PriceAdjustment? {
            guard let kind, !models.isEmpty else { return nil }
            return PriceAdjustment(name: name, models: models.map(\.text), kind: kind, from: from, to: to)
        }
        if kind == "multiplier" {
            let value = reader.value(kind)!
            guard let millionths = PriceAdjustment.millionths(value.scalar?.text ?? "") else {
                context.report(
                    "AW103", "multiplier is what is paid of the list price, from 0.000001 to 10 with at most 6 decimals", at: value.range,
                    hint: "0.85 takes 15 % off; it is no percentage")
                return nil
            }
            return made(.multiplier(millionths))
        }
        // Without an end there is no period for which a sum could be used up.
        if from == nil || to == nil {
            context.report("AW104", "\(kind) is of a period: it needs from and to", at: node.range.firstLine, hint: "from: 2026-01-01, to: 2027-01-01")
            return nil
        }
        return made(reader.money(kind).map(kind == "credit_usd" ? PriceAdjustment.Kind.credit : PriceAdjustment.Kind.commitment))
    }
}

extension MappingReader {
    /// A day or a moment.
    func date(_ key: String) -> Timestamp? {
        guard let text = string(key) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            context.report("AW103", "\(key) is a date such as 2026-11-21", at: value(key)!.range)
            return nil
        }
        return moment
    }
}
