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
            func tokens(_ count: Int) -> StyledText { StyledText(calls.isUnreported ? style.dash : Figures.count(count)) }
            func amount(_ amount: MoneySum) -> StyledText { calls.knowsPrices ? StyledText(amount.displayText) : StyledText("unknown", .yellow) }
            table.add([
                StyledText(row.month), StyledText(row.vendor), tokens(calls.input), tokens(calls.read),
                StyledText(calls.written > 0 ? Figures.count(calls.written) : ""), StyledText(calls.inVain > 0 ? Figures.count(calls.inVain) : ""),
                amount(calls.uncached), amount(calls.actual + calls.warmUpCost),
                calls.knowsSaved ? StyledText(calls.saved.displayText, calls.saved < .zero ? .red : nil) : StyledText("unknown", .yellow),
                StyledText(row.scaled?.displayText ?? style.dash), StyledText(net(row)),
            ])
        }
        var lines = table.lines(style)
        func note(_ text: String, _ tint: Tint? = nil) { lines += text.wrapped(to: style.width).map { StyledText($0, tint).rendered(style) } }
        note("amounts are of prompts; saved is against no cache, net of ours against runs that were kept from our marks, by the same workflow's, with an interval of 95 %")
        if rows.contains(where: { $0.scaled == nil }) {
            note("too few: less than \(HoldoutEstimate.leastRuns) runs of a workflow were held out, or their prompts differ too much for their number (prefix_cache: holdout)")
        }
        let total = rows.reduce(CacheRow(keys: [])) { $0 + $1.calls }
        if total.unpriced > 0 { note("\(Figures.counted(total.unpriced, "call")) read or wrote what the price list has no price of its own for: unknown, and in no sum", .yellow) }
        if let unreported = CacheWords.unreported(total) { note(unreported, .yellow) }
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
                    func tokens(_ count: Int) -> JSONValue { calls.isUnreported ? .null : .number(count) }
                    func amount(_ amount: MoneySum) -> JSONValue { calls.knowsPrices ? amount.json : .null }
                    return [
                        "month": .string(row.month), "vendor": .string(row.vendor), "calls": .number(calls.calls), "runs": .number(row.runs), "held_out_runs": .number(row.heldOutRuns),
                        "input_tokens": tokens(calls.input), "read_tokens": tokens(calls.read), "written_tokens": tokens(calls.written), "in_vain_tokens": .number(calls.inVain),
                        "without_cache_usd": amount(calls.uncached), "actual_usd": amount(calls.actual + calls.warmUpCost),
                        "saved_usd": calls.knowsSaved ? calls.saved.json : .null, "unknown_calls": .number(calls.unknown), "unreported_calls": .number(calls.unreported),
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
            let counts =
                [calls.calls, row.runs, row.heldOutRuns].map(String.init) + [calls.input, calls.read, calls.written].map { calls.isUnreported ? "" : String($0) }
                + [String(calls.inVain)]
            func known(_ amount: MoneySum) -> String { calls.knowsPrices ? amount.decimalText : "" }
            let bounds = row.net.flatMap { net in row.interval.map { [net, net - $0, net + $0] } }
            return [row.month, row.vendor] + counts + [known(calls.uncached), known(calls.actual + calls.warmUpCost)]
                + [calls.knowsSaved ? calls.saved.decimalText : "", String(calls.unknown), String(calls.unreported), row.scaled?.decimalText ?? "", row.scaledActual?.decimalText ?? ""]
                + (bounds?.map(\.decimalText) ?? ["", "", ""])
        }
        return CSV.text([header] + lines)
    }
}
