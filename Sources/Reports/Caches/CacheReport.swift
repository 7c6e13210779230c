import Economics
import PromptCaching
import Values
import WorkflowModel

/// What `cache report` prints: what prompt caches read and wrote, what of that could have been, and what it saved.
public struct CacheReport: Sendable {
    private let dimensions: [CacheDimension]
    private let rows: [CacheRow]
    private let total: CacheRow
    private static let mostLines = 40

    public init(_ rows: [CacheRow], by dimensions: [CacheDimension]) {
        self.dimensions = dimensions
        self.rows = rows
        total = rows.reduce(CacheRow(keys: [])) { $0 + $1 }
    }

    public var isEmpty: Bool { rows.isEmpty }

    public func text(style: TextStyle) -> String {
        var table = Table(
            dimensions.map { .init($0.rawValue, floor: 12) } + [
                .init("tokens", .trailing, expendable: 12, hidesWhenEmpty: true), .init("class", expendable: 13, hidesWhenEmpty: true),
                .init("calls", .trailing, expendable: 6), .init("input", .trailing, expendable: 5), .init("read", .trailing, expendable: 8),
                .init("written", .trailing, expendable: 7, hidesWhenEmpty: true), .init("hit", .trailing), .init("possible", .trailing, expendable: 4),
                .init("efficiency", .trailing, expendable: 3), .init("expected", .trailing, expendable: 9), .init("found", .trailing, expendable: 9),
                .init("in vain", .trailing, expendable: 2, hidesWhenEmpty: true), .init("saved", .trailing), .init("over default, simulated", .trailing, expendable: 10),
            ])
        for row in rows.prefix(Self.mostLines) { table.add(row.keys.map { StyledText($0.isEmpty ? style.dash : $0) } + cells(row, style)) }
        if rows.count > Self.mostLines { table.add(line: StyledText("\(style.ellipsis) \(Figures.count(rows.count - Self.mostLines)) more, in --json and --csv", .dim)) }
        if rows.count > 1 { table.footer = [StyledText("total", .bold)] + [StyledText](repeating: "", count: dimensions.count - 1) + cells(total, style) }
        var lines = table.lines(style)
        func note(_ text: String, _ tint: Tint? = nil) { lines += text.wrapped(to: style.width).map { StyledText($0, tint).rendered(style) } }
        let misses = CacheMiss.allCases.compactMap { cause in total.misses[cause].map { (cause: cause, miss: $0) } }
        let short = misses.filter { $0.miss.short > 0 }.map { "\(Figures.counted($0.miss.short, "call")) \(CacheWords.miss($0.cause)) (\(Figures.count($0.miss.tokens)) tokens)" }
        if !short.isEmpty { note("less was read than expected: " + short.joined(separator: ", ")) }
        let others = misses.filter { $0.miss.calls > $0.miss.short }.map { "\(Figures.counted($0.miss.calls - $0.miss.short, "call")) \(CacheWords.miss($0.cause))" }
        if !others.isEmpty { note("what could have been read, and was not expected, was not: " + others.joined(separator: ", ")) }
        if ([total] + rows).contains(where: \.readsTooMuch) {
            note(
                "efficiency above 100 %: more was read than the rules of the cache let. The servers' counts cannot be, or their caches keep more than the rules say; as plans count by bytes, a few percent say nothing",
                .yellow)
        }
        if total.warmUps > 0 { note("\(Figures.counted(total.warmUps, "warm-up")) cost \(total.warmUpCost.displayText), which is taken off what was saved") }
        if total.heldOut > 0 { note("\(Figures.counted(total.heldOut, "call")) of runs that are kept from our marks for comparison; --finance says what that shows") }
        if total.derivedWritten > 0 { note("what was written in vain is derived from recorded plans; \(Figures.counted(total.pending, "token")) may still be read") }
        if let unreported = CacheWords.unreported(total) { note(unreported, .yellow) }
        if total.unpriced > 0 {
            note("\(Figures.counted(total.unpriced, "call")) read or wrote what the price list has no price of its own for: what that saved is unknown and in no sum. See agentctl prices", .yellow)
        }
        if total.unsimulated > 0 { note("\(Figures.counted(total.unsimulated, "call")) without a recorded plan, a price or a server's word, of which the provider's default cannot be simulated", .yellow) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func cells(_ row: CacheRow, _ style: TextStyle) -> [StyledText] {
        func percent(_ part: Int, _ whole: Int) -> StyledText { StyledText(Figures.percent(Int128(part), of: Int128(whole)) ?? style.dash) }
        func tokens(_ count: Int) -> StyledText { StyledText(row.isUnreported ? style.dash : Figures.count(count)) }
        func amount(_ amount: MoneySum?) -> StyledText { amount.map { StyledText($0.displayText, $0 < .zero ? .red : nil) } ?? StyledText(style.dash) }
        return [
            StyledText(row.prefix.map { Figures.count($0.tokens) } ?? ""), StyledText(row.prefix.map(\.stability.name) ?? ""),
            StyledText(Figures.count(row.calls)), tokens(row.input), tokens(row.read), StyledText(row.written > 0 ? Figures.count(row.written) : ""),
            percent(row.read, row.input), percent(row.reachable, row.boundedInput), percent(row.boundedRead, row.reachable),
            StyledText(row.plannedCalls > 0 ? Figures.count(row.predicted) : style.dash), StyledText(row.plannedCalls > 0 ? Figures.count(row.observed) : style.dash),
            StyledText(row.derivedWritten > 0 ? Figures.percent(Int128(row.inVain), of: Int128(row.derivedWritten)) ?? style.dash : ""),
            row.knowsSaved ? amount(row.saved) : StyledText("unknown", .yellow), amount(row.savedOverDefault),
        ]
    }

    /// Ratios that are of nothing, and amounts of which nothing is known, are `null`. What is simulated stands under `simulated`.
    public var json: JSONValue {
        [
            "by": .array(dimensions.map { .string($0.rawValue) }),
            "rows": .array(
                rows.map { row in
                    var keys = JSONObject()
                    for (dimension, key) in zip(dimensions, row.keys) { keys[dimension.rawValue] = .string(key) }
                    return .object(Self.fields(row, into: ["keys": .object(keys)]))
                }),
            "total": .object(Self.fields(total, into: [:])),
        ]
    }

    private static func fields(_ row: CacheRow, into object: JSONObject) -> JSONObject {
        func number(_ value: Double?) -> JSONValue { value.map(JSONValue.double) ?? .null }
        func tokens(_ count: Int) -> JSONValue { row.isUnreported ? .null : .number(count) }
        var misses = JSONObject()
        for cause in CacheMiss.allCases {
            if let miss = row.misses[cause] { misses[cause.rawValue] = ["calls": .number(miss.calls), "short_calls": .number(miss.short), "tokens": .number(miss.tokens)] }
        }
        var object = object
        if let prefix = row.prefix { object["prefix"] = ["tokens": .number(prefix.tokens), "class": .string(prefix.stability.name)] }
        let rest: JSONObject = [
            "calls": .number(row.calls), "warm_ups": .number(row.warmUps), "held_out_calls": .number(row.heldOut), "unreported_calls": .number(row.unreported), "doubtful_calls": .number(row.doubtful),
            "input_tokens": tokens(row.input), "read_tokens": tokens(row.read), "written_tokens": tokens(row.written), "written_long_tokens": tokens(row.writtenLong),
            "hit_ratio": number(row.hitRatio), "u_inf": number(row.sharedRatio), "u_tau": number(row.reachableRatio), "efficiency": number(row.efficiency),
            "bounded_input_tokens": .number(row.boundedInput), "planned_calls": .number(row.plannedCalls), "predicted_read_tokens": .number(row.predicted),
            "observed_read_tokens": .number(row.observed), "misses": .object(misses), "derived_written_tokens": .number(row.derivedWritten),
            "in_vain_tokens": .number(row.inVain), "pending_tokens": .number(row.pending), "wasted_write_share": number(row.wastedShare),
            "uncached_usd": row.knowsPrices ? row.uncached.json : .null, "actual_usd": row.knowsPrices ? row.actual.json : .null, "warm_up_usd": row.warmUpCost.json,
            "saved_usd": row.knowsSaved ? row.saved.json : .null, "unknown_calls": .number(row.unknown),
            "simulated": [
                "default_saved_usd": row.savedOverDefault == nil ? .null : row.simulated.json, "saved_over_default_usd": row.savedOverDefault?.json ?? .null,
                "unknown_calls": .number(row.unsimulated),
            ],
        ]
        rest.forEachPair { object[$0] = $1 }
        return object
    }

    /// The rows under a header; empty where nothing is known; no totals, which a spreadsheet would count again.
    public var csv: String {
        let header =
            dimensions.map(\.rawValue) + [
                "calls", "warm_ups", "held_out_calls", "unreported_calls", "input_tokens", "read_tokens", "written_tokens", "written_long_tokens", "bounded_input_tokens", "bounded_read_tokens",
                "shared_tokens", "reachable_tokens", "predicted_read_tokens", "observed_read_tokens",
            ] + CacheMiss.allCases.map { "missed_\($0.rawValue)_calls" } + [
                "derived_written_tokens", "in_vain_tokens", "pending_tokens", "uncached_usd", "actual_usd", "warm_up_usd", "saved_usd", "unknown_calls", "simulated_default_saved_usd",
                "simulated_saved_over_default_usd", "simulated_unknown_calls",
            ]
        let lines = rows.map { row -> [String] in
            func known(_ amount: MoneySum) -> String { row.knowsPrices ? amount.decimalText : "" }
            let tokens = [row.input, row.read, row.written, row.writtenLong].map { row.isUnreported ? "" : String($0) }
            let counts = [
                row.boundedInput, row.boundedRead, row.shared, row.reachable,
                row.predicted, row.observed,
            ]
            return row.keys + [row.calls, row.warmUps, row.heldOut, row.unreported].map(String.init) + tokens + counts.map(String.init) + CacheMiss.allCases.map { String(row.misses[$0]?.calls ?? 0) }
                + [String(row.derivedWritten), String(row.inVain), String(row.pending), known(row.uncached), known(row.actual), row.warmUpCost.decimalText]
                + [
                    row.knowsSaved ? row.saved.decimalText : "", String(row.unknown), row.savedOverDefault == nil ? "" : row.simulated.decimalText,
                    row.savedOverDefault?.decimalText ?? "", String(row.unsimulated),
                ]
        }
        return CSV.text([header] + lines)
    }
}
