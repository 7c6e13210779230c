import Economics
import Values
import WorkflowModel

/// What `what-if` prints: alternatives side by side, then each by step, then what stands behind the figures.
public struct WhatIfReport: Sendable {
    private let result: WhatIfResult
    /// Where prices that are none of the record were read.
    private let list: String?

    public init(_ result: WhatIfResult, list: String? = nil) {
        self.result = result
        self.list = list
    }

    // MARK: Text

    public func text(style: TextStyle) -> String {
        var lines = [StyledText("\(Figures.counted(result.runs, "run")), \(Figures.counted(result.calls, "call"))").line(style)]
        lines += [""] + alternativeTable(style).lines(style)
        if !result.rows.isEmpty { lines += [""] + stepTable(style).lines(style) }
        let notes = self.notes(style)
        if !notes.isEmpty { lines.append("") }
        for note in notes { lines += note.wrapped(to: style.width) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func alternativeTable(_ style: TextStyle) -> Table {
        var table = Table([
            .init("", floor: 14), .init("cost", .trailing), .init("difference", .trailing, expendable: 1), .init("", .trailing, expendable: 2),
            .init("assumed", .trailing, expendable: 5, hidesWhenEmpty: true), .init("undecided", .trailing, expendable: 4, hidesWhenEmpty: true),
            .init("changed", .trailing, expendable: 3, hidesWhenEmpty: true), .init("refused", .trailing, expendable: 6, hidesWhenEmpty: true),
        ])
        table.add([StyledText("recorded", .bold), StyledText((isLowerBound ? style.atLeast : "") + result.recorded.displayText)])
        func count(_ value: Int) -> StyledText { value > 0 ? StyledText(Figures.count(value), .yellow) : "" }
        for alternative in result.alternatives {
            let difference = WhatIfResult.Cost(alternative.cost.least - result.recorded, alternative.cost.most - result.recorded)
            table.add([
                StyledText(alternative.name), StyledText((alternative.isLowerBound ? style.atLeast : "") + Self.range(alternative.cost) { $0.displayText }),
                StyledText(Self.range(difference, Self.signed)), StyledText(Self.range(difference) { percent($0, style) }),
                count(alternative.assumed), count(alternative.undecidedByModel + (alternative.gates?.undecided ?? 0)), count(alternative.gates?.changed ?? 0),
                count(alternative.caps?.refused ?? 0),
            ])
        }
        return table
    }

    private func stepTable(_ style: TextStyle) -> Table {
        var table = Table(
            [.init("step", floor: 14), .init("calls", .trailing, expendable: 1), .init("recorded", .trailing)]
                + result.alternatives.indices.map { .init(result.alternatives.count == 1 ? "then" : "(\($0 + 1))", .trailing) })
        let workflows = TextSet(result.rows.map(\.workflow)).count
        for row in result.rows {
            table.add(
                [
                    StyledText(workflows > 1 ? "\(row.workflow):\(row.step)" : row.step), StyledText(Figures.count(row.calls)), StyledText(row.recorded.displayText),
                ] + row.costs.map { StyledText(Self.range($0) { $0.displayText }) })
        }
        return table
    }

    private var isLowerBound: Bool { (result.kept[.unpriced] ?? 0) + (result.kept[.unknown] ?? 0) > 0 }

    private static func range(_ cost: WhatIfResult.Cost, _ text: (MoneySum) -> String) -> String {
        let (least, most) = (text(cost.least), text(cost.most))
        return least == most ? least : "\(least) to \(most)"
    }

    private static func signed(_ amount: MoneySum) -> String { (amount > .zero ? "+" : "") + amount.displayText }

    private func percent(_ amount: MoneySum, _ style: TextStyle) -> String {
        guard let share = Figures.percent(Int128(amount.exact.magnitude), of: result.recorded.exact) else { return style.dash }
        return (amount < .zero ? "-" : amount > .zero ? "+" : "") + share
    }

    /// What is to be known of the figures, in sentences.
    private func notes(_ style: TextStyle) -> [String] {
        var notes: [String] = []
        let kept = result.kept.values.reduce(0, +)
        let out = kept == 0 ? "every cost comes" : "\(Figures.counted(result.reproduced, "cost")) of \(Figures.count(result.calls)) come"
        notes.append("\(out) out of what is recorded, to the pico-dollar" + (kept == 0 ? "" : "; the others stand as they are: \(Self.words(result.kept))"))
        for (index, alternative) in result.alternatives.enumerated() {
            for note in self.notes(of: alternative, style) { notes.append((result.alternatives.count > 1 ? "(\(index + 1)) " : "") + note) }
        }
        if !result.priceRows.isEmpty {
            let most = 8
            notes.append(
                "\(Figures.counted(result.priceRows.count, "price row")) \(result.priceRows.count == 1 ? "is" : "are") of \(list ?? "the project's prices"), not of the record: "
                    + result.priceRows.prefix(most).map(\.id).joined(separator: ", ") + (result.priceRows.count > most ? " and \(result.priceRows.count - most) more; --json has all" : ""))
        }
        return notes
    }

    private func notes(of alternative: WhatIfResult.Alternative, _ style: TextStyle) -> [String] {
        var notes: [String] = []
        if alternative.assumed > 0 {
            notes.append(
                "\(Figures.counted(alternative.assumed, "call")) assumed: priced as another model at recorded lengths; it would answer otherwise, and at another length"
                    + (alternative.undecidedByModel > 0 ? "; what gates decide of \(Figures.counted(alternative.undecidedByModel, "answer")) of it is not known" : ""))
        }
        if let gates = alternative.gates {
            var text = "\(Figures.counted(gates.executions, "execution")) of gates: \(Figures.count(gates.changed)) end otherwise, \(Figures.count(gates.undecided)) undecided"
            text += gates.outputs > 0 ? ", \(Figures.counted(gates.outputs, "output")) known to be another; what follows on them is priced as recorded" : ""
            let unknown = gates.unknownTiers.sortedByKey.map { "no answer of \($0.key) for \(Figures.count($0.value))" } + gates.unknownChecks.sortedByKey.map { "no outcome of \($0.key) for \(Figures.count($0.value))" }
            notes.append(text + (unknown.isEmpty ? "" : "; " + unknown.joined(separator: ", ") + ": either way is in the range"))
        }
        if let caps = alternative.caps {
            var text = "\(Figures.count(caps.refused)) of \(Figures.counted(caps.runs, "run")) would have ended otherwise"
            if !caps.steps.isEmpty { text += ", first refused at \(caps.steps.sortedByKey.map { "\($0.key) (\(Figures.count($0.value)))" }.joined(separator: ", "))" }
            if caps.admitted > 0 { text += "; \(Figures.count(caps.admitted)) that a cap stopped would have gone on" }
            if caps.unread > 0 { text += "; the facts of \(Figures.count(caps.unread)) are gone" }
            if caps.withoutHolds > 0 { text += "; of \(Figures.count(caps.withoutHolds)) it is not known, as they were made without such a cap" }
            notes.append(text + (caps.refused > 0 ? "; what comes behind a refusal is in no record, and bounded by the cap" : ""))
        }
        if let caches = alternative.caches {
            let share = Figures.percent(Int128(caches.readTokens), of: Int128(caches.inputTokens)) ?? style.dash
            var text = "\(Figures.counted(caches.requests, "prompt")): \(share) read from the cache"
            if caches.unpriced > 0 { text += "; \(Figures.count(caches.unpriced)) without prices for that stand as they are" }
            if caches.unknown > 0 { text += "; of \(Figures.count(caches.unknown)) the prompt or the rules of its cache are not known" }
            notes.append(text)
        }
        let own = alternative.kept.filter { $0.value > (result.kept[$0.key] ?? 0) }
        if !own.isEmpty { notes.append("stand as recorded: \(Self.words(own))") }
        if alternative.isLowerBound { notes.append("something of it has no known cost: the cost is the least") }
        return notes
    }

    private static func words(_ kept: [WhatIfKept: Int]) -> String {
        WhatIfKept.allCases.compactMap { reason in kept[reason].map { "\(Figures.count($0)) \(reason.words)" } }.joined(separator: ", ")
    }

    // MARK: JSON

    public var json: JSONValue {
        var object: JSONObject = [
            "runs": .number(result.runs), "calls": .number(result.calls), "recorded_usd": result.recorded.json, "reproduced_calls": .number(result.reproduced),
            "kept": Self.json(result.kept), "alternatives": .array(result.alternatives.map(json)),
            "steps": .array(
                result.rows.map { row in
                    [
                        "workflow": .string(row.workflow), "step": .string(row.step), "calls": .number(row.calls), "recorded_usd": row.recorded.json,
                        "costs_usd": .array(row.costs.map(Self.json)),
                    ]
                }),
            "price_rows": .array(result.priceRows.map { ["id": .string($0.id), "price_usd": $0.price.json, "source": .string($0.source)] }),
        ]
        object["prices"] = list.map(JSONValue.string)
        return .object(object)
    }

    private func json(_ alternative: WhatIfResult.Alternative) -> JSONValue {
        var object: JSONObject = [
            "name": .string(alternative.name), "cost_usd": Self.json(alternative.cost),
            "difference_usd": Self.json(WhatIfResult.Cost(alternative.cost.least - result.recorded, alternative.cost.most - result.recorded)),
            "assumed_calls": .number(alternative.assumed), "undecided_by_model": .number(alternative.undecidedByModel), "kept": Self.json(alternative.kept),
            "is_lower_bound": .bool(alternative.isLowerBound),
        ]
        object["gates"] = alternative.gates.map { gates in
            [
                "executions": .number(gates.executions), "changed": .number(gates.changed), "outputs_changed": .number(gates.outputs), "undecided": .number(gates.undecided),
                "unknown_tiers": Self.json(gates.unknownTiers), "unknown_checks": Self.json(gates.unknownChecks),
            ]
        }
        object["caps"] = alternative.caps.map { caps in
            [
                "runs": .number(caps.runs), "refused": .number(caps.refused), "admitted": .number(caps.admitted), "asides": .number(caps.asides), "unread": .number(caps.unread), "without_holds": .number(caps.withoutHolds),
                "first_refused": Self.json(caps.steps),
            ]
        }
        object["caches"] = alternative.caches.map { caches in
            [
                "requests": .number(caches.requests), "input_tokens": .number(caches.inputTokens), "read_tokens": .number(caches.readTokens),
                "written_tokens": .number(caches.writtenTokens), "cost": caches.relativeCost.map(JSONValue.double) ?? .null, "unpriced": .number(caches.unpriced),
                "unknown": .number(caches.unknown),
            ]
        }
        return .object(object)
    }

    private static func json(_ cost: WhatIfResult.Cost) -> JSONValue { ["least": cost.least.json, "most": cost.most.json] }

    private static func json(_ counts: TextTable<Int>) -> JSONValue { .object(JSONObject(counts.sortedByKey.map { ($0.key, .number($0.value)) })) }

    private static func json(_ kept: [WhatIfKept: Int]) -> JSONValue {
        .object(JSONObject(WhatIfKept.allCases.compactMap { reason in kept[reason].map { (reason.rawValue, .number($0)) } }))
    }
}

extension WhatIfKept {
    /// Behind a number of calls.
    fileprivate var words: String {
        switch self {
        case .unpriced: "without a price"
        case .unknown: "of unknown end"
        case .reported: "by the server's own figure"
        case .estimated: "estimated without a count"
        case .rowsMissing: "whose price rows are gone"
        case .different: "that come to something else"
        case .notListed: "of models that the list does not have"
        }
    }
}
