import Economics
import Values

/// What `cache report --finance` prints: months and vendors, for those who pay.
public struct CacheFinanceReport: Sendable {
    private let rows: [CacheFinance.Row]

    public init(_ rows: [CacheFinance.Row]) { self.rows = rows }

    public var isEmpty: Bool { rows.isEmpty }

    public func text(style: TextStyle) -> String {
        var table = Table([
            .init("month"), .init("vendor", floor: 8), .init("input", .trailing, expendable: 3), .init("read", .trailing, expendable: 4),
            .init("written", .trailing, expendable: 5, hidesWhenEmpty: true), .init("in vain", .trailing, expendable: 6, hidesWhenEmpty: true), .init("without cache", .trailing),
            .init("actual", .trailing), .init("saved", .trailing), .init("as held out", .trailing, expendable: 1), .init("net of ours", .trailing),
        ])
        for row in rows {
            let calls = row.calls
            let isKnown = calls.unknown < calls.calls
            table.add([
                StyledText(row.month), StyledText(row.vendor), StyledText(Figures.count(calls.input)), StyledText(Figures.count(calls.read)),
                StyledText(calls.written > 0 ? Figures.count(calls.written) : ""), StyledText(calls.inVain > 0 ? Figures.count(calls.inVain) : ""),
                StyledText(calls.uncached.displayText), StyledText((calls.actual + calls.warmUpCost).displayText),
                isKnown ? StyledText(calls.saved.displayText, calls.saved < .zero ? .red : nil) : StyledText("unknown", .yellow),
                StyledText(row.scaled?.displayText ?? style.dash), StyledText(net(row)),
            ])
        }
        var lines = table.lines(style)
        func note(_ text: String, _ tint: Tint? = nil) { lines += text.wrapped(to: style.width).map { StyledText($0, tint).rendered(style) } }
        note("amounts are of prompts; saved is against no cache, net of ours against runs that were kept from our marks, by the same workflow's, with an interval of 95 %")
        if rows.contains(where: { $0.scaled == nil }) {
            note("too few: less than \(HoldoutEstimate.leastRuns) runs of a workflow were held out, or their prompts differ too much for their number (prefix_cache: holdout)")
        }
        let unknown = rows.reduce(0) { $0 + $1.calls.unknown }
        if unknown > 0 { note("\(Figures.counted(unknown, "call")) read or wrote what the price list has no price of its own for: unknown, and in no sum", .yellow) }
        let unreported = rows.reduce(0) { $0 + $1.calls.unreported }
        if unreported > 0 { note("\(Figures.counted(unreported, "call")) whose server does not say what it read: in none of the tokens", .yellow) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func net(_ row: CacheFinance.Row) -> String {
        guard let net = row.net, let interval = row.interval else { return row.heldOutRuns > 0 ? "too few" : "none held out" }
        return "\(net.displayText) (\((net - interval).displayText) to \((net + interval).displayText))"
    }

    public var json: JSONValue {
        [
            "rows": .array(
                rows.map { row in
                    let calls = row.calls
                    return [
                        "month": .string(row.month), "vendor": .string(row.vendor), "calls": .number(calls.calls), "runs": .number(row.runs), "held_out_runs": .number(row.heldOutRuns),
                        "input_tokens": .number(calls.input), "read_tokens": .number(calls.read), "written_tokens": .number(calls.written), "in_vain_tokens": .number(calls.inVain),
                        "without_cache_usd": calls.uncached.json, "actual_usd": (calls.actual + calls.warmUpCost).json,
                        "saved_usd": calls.unknown < calls.calls ? calls.saved.json : .null, "unknown_calls": .number(calls.unknown), "unreported_calls": .number(calls.unreported),
                        "holdout": row.scaled.map { scaled in
                            [
                                "scaled_usd": scaled.json, "actual_usd": row.scaledActual?.json ?? .null, "net_usd": row.net?.json ?? .null,
                                "net_low_usd": row.net.flatMap { net in row.interval.map { (net - $0).json } } ?? .null,
                                "net_high_usd": row.net.flatMap { net in row.interval.map { (net + $0).json } } ?? .null, "confidence": .double(0.95),
                            ]
                        } ?? .null,
                    ]
                })
        ]
    }

    public var csv: String {
        let header = [
            "month", "vendor", "calls", "runs", "held_out_runs", "input_tokens", "read_tokens", "written_tokens", "in_vain_tokens", "without_cache_usd", "actual_usd", "saved_usd",
            "unknown_calls", "unreported_calls", "holdout_scaled_usd", "holdout_actual_usd", "net_usd", "net_low_usd", "net_high_usd",
        ]
        let lines = rows.map { row -> [String] in
            let calls = row.calls
            let counts = [calls.calls, row.runs, row.heldOutRuns, calls.input, calls.read, calls.written, calls.inVain].map(String.init)
            let bounds = row.net.flatMap { net in row.interval.map { [net, net - $0, net + $0] } }
            return [row.month, row.vendor] + counts + [calls.uncached.decimalText, (calls.actual + calls.warmUpCost).decimalText]
                + [calls.unknown < calls.calls ? calls.saved.decimalText : "", String(calls.unknown), String(calls.unreported), row.scaled?.decimalText ?? "", row.scaledActual?.decimalText ?? ""]
                + (bounds?.map(\.decimalText) ?? ["", "", ""])
        }
        return CSV.text([header] + lines)
    }
}
