import Economics
import Values
import WorkflowModel

/// What `diff BATCH BATCH` prints: two batches line by line.
public struct BatchDiffReport: Sendable {
    /// A line of both.
    public struct Pair: Sendable {
        /// From 1, as batches count them.
        public let line: Int
        public let runs: (RunRecord, RunRecord)

        var isSame: Bool { runs.0.outputs == runs.1.outputs && runs.0.status == runs.1.status }
        /// In pico-dollars.
        var difference: Int64 { (runs.1.spending.cost - runs.0.spending.cost).pico }
    }

    private let names: (String, String)
    private let pairs: [Pair]
    private let alone: (Int, Int)

    /// - Parameter runs: by their places in the batches, from 0.
    public init(_ names: (String, String), _ runs: ([Int: RunRecord], [Int: RunRecord])) {
        self.names = names
        pairs = runs.0.keys.sorted().compactMap { line in runs.1[line].map { Pair(line: line + 1, runs: (runs.0[line]!, $0)) } }
        alone = (runs.0.count - pairs.count, runs.1.count - pairs.count)
    }

    public var isAlike: Bool { alone == (0, 0) && pairs.allSatisfy { $0.isSame && $0.difference == 0 } }

    private static let most = 10

    /// Those whose outputs differ first, each by how far its costs are apart.
    private var mostDifferent: [Pair] {
        pairs.filter { !$0.isSame || $0.difference != 0 }.sorted { a, b in
            if a.isSame != b.isSame { return !a.isSame }
            if a.difference.magnitude != b.difference.magnitude { return a.difference.magnitude > b.difference.magnitude }
            return a.line < b.line
        }
    }

    private struct Side {
        let cost: MoneySum
        let costs: Quantiles
        let tokens: Quantiles
        let failed: Int
    }

    private func side(_ run: (Pair) -> RunRecord) -> Side {
        let runs = pairs.map(run)
        return Side(
            cost: runs.reduce(.zero) { $0 + $1.spending.cost }, costs: Quantiles(runs.map(\.spending.cost.pico)), tokens: Quantiles(runs.map { Int64($0.inputTokens + $0.outputTokens) }),
            failed: runs.count { $0.status != .succeeded })
    }

    // MARK: Text

    public func text(style: TextStyle) -> String {
        var lines = [StyledText("\(names.0), \(names.1): \(Figures.counted(pairs.count, "line")) in both").line(style)]
        if alone != (0, 0) { lines.append("\(Figures.count(alone.0)) only in the first, \(Figures.count(alone.1)) only in the second") }
        guard !pairs.isEmpty else { return lines.map { $0 + "\n" }.joined() }
        let (a, b) = (side { $0.runs.0 }, side { $0.runs.1 })
        var table = Table([.init("", floor: 10), .init("first", .trailing), .init("second", .trailing), .init("difference", .trailing, expendable: 1)])
        func money(_ name: String, _ x: MoneySum, _ y: MoneySum) { table.add([StyledText(name), StyledText(x.displayText), StyledText(y.displayText), StyledText(DiffFigures.signed(y - x))]) }
        func amount(_ value: Int64?) -> MoneySum { DiffFigures.amount(Double(value ?? 0)) }
        money("cost", a.cost, b.cost)
        money("of a line, median", amount(a.costs.median), amount(b.costs.median))
        money("p90", amount(a.costs.percentile(90)), amount(b.costs.percentile(90)))
        func count(_ name: String, _ x: Int, _ y: Int) { table.add([StyledText(name), StyledText(Figures.count(x)), StyledText(Figures.count(y)), StyledText((y > x ? "+" : "") + Figures.count(y - x))]) }
        count("tokens of a line, median", Int(a.tokens.median ?? 0), Int(b.tokens.median ?? 0))
        count("p90", Int(a.tokens.percentile(90) ?? 0), Int(b.tokens.percentile(90) ?? 0))
        count("without success", a.failed, b.failed)
        lines += [""] + table.lines(style) + [""]
        let differing = pairs.count { !$0.isSame }
        lines.append("\(Figures.count(differing)) of \(Figures.counted(pairs.count, "output")) differ\(Figures.percent(Int128(differing), of: Int128(pairs.count)).map { ", \($0)" } ?? "")")
        let paired = MeanEstimate(pairs.map { Double($0.difference) })
        var text = "a line costs \(DiffFigures.signed(DiffFigures.amount(paired.mean))) in the second, on average"
        if let interval = paired.interval {
            text += ", with 95 % certainty \(DiffFigures.signed(DiffFigures.amount(interval.low))) to \(DiffFigures.signed(DiffFigures.amount(interval.high))) (Student, paired)"
        }
        lines += text.wrapped(to: style.width)
        let all = mostDifferent
        guard !all.isEmpty else { return lines.map { $0 + "\n" }.joined() }
        var list = Table([.init("line", .trailing), .init("output", floor: 6), .init("cost", .trailing), .init("then", .trailing), .init("runs", floor: 12, expendable: 1)])
        for pair in all.prefix(Self.most) {
            let (x, y) = pair.runs
            list.add([
                StyledText(Figures.count(pair.line)), StyledText(pair.isSame ? "same" : x.status == y.status ? "differs" : "\(x.status.rawValue), \(y.status.rawValue)", pair.isSame ? nil : .yellow),
                StyledText(x.spending.cell(style)), StyledText(y.spending.cell(style)), StyledText("\(x.id) \(y.id)"),
            ])
        }
        lines += [""] + list.lines(style)
        if all.count > Self.most { lines.append("and \(Figures.count(all.count - Self.most)) more; --json has all") }
        return lines.map { $0 + "\n" }.joined()
    }

    // MARK: JSON

    public var json: JSONValue {
        func document(_ side: Side) -> JSONValue {
            func amount(_ value: Int64?) -> JSONValue { value.map { DiffFigures.amount(Double($0)).json } ?? .null }
            return [
                "cost_usd": side.cost.json, "cost_median_usd": amount(side.costs.median), "cost_p90_usd": amount(side.costs.percentile(90)),
                "tokens_median": side.tokens.median.map(JSONValue.int) ?? .null, "tokens_p90": side.tokens.percentile(90).map(JSONValue.int) ?? .null, "without_success": .number(side.failed),
            ]
        }
        let paired = MeanEstimate(pairs.map { Double($0.difference) })
        return [
            "batches": [.string(names.0), .string(names.1)], "alike": .bool(isAlike), "lines": .number(pairs.count), "only_in": [.number(alone.0), .number(alone.1)],
            "outputs_different": .number(pairs.count { !$0.isSame }), "first": document(side { $0.runs.0 }), "second": document(side { $0.runs.1 }),
            "paired_cost_usd": pairs.isEmpty
                ? .null
                : [
                    "mean": DiffFigures.amount(paired.mean).json,
                    "interval_95": paired.interval.map { [DiffFigures.amount($0.low).json, DiffFigures.amount($0.high).json] } ?? .null,
                ],
            "different": .array(
                mostDifferent.map { pair in
                    [
                        "line": .number(pair.line), "same_output": .bool(pair.isSame), "runs": [.string(pair.runs.0.id), .string(pair.runs.1.id)],
                        "costs_usd": [pair.runs.0.spending.cost.json, pair.runs.1.spending.cost.json],
                    ]
                }),
        ]
    }
}

extension MoneySum {
    /// As much of it as 64 bits hold.
    var pico: Int64 { Int64(clamping: exact) }
}
