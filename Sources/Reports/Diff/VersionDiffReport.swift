import Economics
import Values
import WorkflowModel

/// What a version of a workflow came to, decision by decision.
public struct VersionSample: Sendable {
    /// As it was asked for.
    public let name: String
    public private(set) var runs = 0
    public private(set) var failed = 0
    public private(set) var ended = 0
    /// What decisions cost, in pico-dollars: runs of one id are one.
    public private(set) var costs: [Int64] = []
    /// Milliseconds, of runs that ended.
    public private(set) var times: [Int64] = []
    public private(set) var outcomes: TextTable<Int> = [:]
    public private(set) var decided = 0
    /// Executions of gates, and those that went on to a further tier.
    public var gates = 0
    public var escalated = 0
    /// Runs of whose cost a part is not known.
    public private(set) var lowerBounds = 0
    private var places: TextTable<Int> = [:]

    public init(_ name: String) { self.name = name }

    /// Takes in a run, the latest first.
    public mutating func add(_ run: RunRecord) {
        runs += 1
        if run.isOver {
            ended += 1
            if run.status == .failed { failed += 1 }
            if let end = run.endedAt { times.append(end.elapsed(since: run.startedAt).milliseconds) }
        }
        if run.spending.isLowerBound { lowerBounds += 1 }
        let cost = run.spending.cost.pico
        guard let id = run.decisionID else {
            costs.append(cost)
            return take(run.outcome)
        }
        if let place = places[id] {
            costs[place] = costs[place].addingClamped(cost)
        } else {
            places[id] = costs.count
            costs.append(cost)
            // The latest word is that of the latest run.
            take(run.outcome)
        }
    }

    private mutating func take(_ outcome: String?) {
        guard let outcome else { return }
        decided += 1
        outcomes[outcome, default: 0] += 1
    }
}

/// What `diff WORKFLOW@A WORKFLOW@B` prints: two versions over a period, unpaired, with intervals.
public struct VersionDiffReport: Sendable {
    private let workflow: String
    private let a: VersionSample
    private let b: VersionSample

    public init(_ workflow: String, _ a: VersionSample, _ b: VersionSample) {
        self.workflow = workflow
        self.a = a
        self.b = b
    }

    private struct Share {
        let name: String
        let word: String
        let values: (Proportion, Proportion)
        var difference: (share: Double, interval: Interval)? { Proportion.difference(from: values.0, to: values.1) }
    }

    private var shares: [Share] {
        var shares: [Share] = []
        let names = TextSet(a.outcomes.sortedByKey.map(\.key) + b.outcomes.sortedByKey.map(\.key)).map { $0 }.sorted()
        for name in names { shares.append(Share(name: "outcome \(name)", word: "outcome:\(name)", values: (Proportion(a.outcomes[name] ?? 0, of: a.decided), Proportion(b.outcomes[name] ?? 0, of: b.decided)))) }
        shares.append(Share(name: "failed", word: "failed", values: (Proportion(a.failed, of: a.ended), Proportion(b.failed, of: b.ended))))
        if a.gates + b.gates > 0 { shares.append(Share(name: "escalated", word: "escalated", values: (Proportion(a.escalated, of: a.gates), Proportion(b.escalated, of: b.gates)))) }
        return shares
    }

    private var means: (MeanEstimate, MeanEstimate) { (MeanEstimate(a.costs.map(Double.init)), MeanEstimate(b.costs.map(Double.init))) }

    // MARK: Text

    public func text(style: TextStyle) -> String {
        var lines = [StyledText("\(workflow)@\(a.name): \(Figures.counted(a.costs.count, "decision")), \(workflow)@\(b.name): \(Figures.count(b.costs.count))").line(style), ""]
        var table = Table([.init("", floor: 12), .init(a.name, .trailing), .init(b.name, .trailing), .init("difference", .trailing, expendable: 1)])
        func money(_ value: Double) -> String { DiffFigures.amount(value).displayText }
        func range(_ value: String, _ interval: (String, String)?) -> StyledText { StyledText(value + (interval.map { " [\($0.0), \($0.1)]" } ?? "")) }
        func mean(_ estimate: MeanEstimate) -> StyledText {
            estimate.count == 0 ? StyledText(style.dash) : range(money(estimate.mean), estimate.interval.map { (money(max(0, $0.low)), money($0.high)) })
        }
        let (x, y) = means
        let difference = MeanEstimate.difference(from: x, to: y)
        func signed(_ value: Double) -> String { DiffFigures.signed(DiffFigures.amount(value)) }
        table.add([
            "cost per decision", mean(x), mean(y),
            difference.map { StyledText("\(signed($0.mean)) [\(signed($0.interval.low)), \(signed($0.interval.high))]", $0.interval.excludesZero ? .bold : nil) } ?? StyledText(style.dash),
        ])
        let (costs, others) = (Quantiles(a.costs), Quantiles(b.costs))
        func amount(_ value: Int64?) -> StyledText { StyledText(value.map { money(Double($0)) } ?? style.dash) }
        table.add(["median, p90", amount(costs.median) + ", " + amount(costs.percentile(90)), amount(others.median) + ", " + amount(others.percentile(90)), ""])
        for share in shares {
            func text(_ value: Proportion) -> StyledText {
                guard let own = value.share else { return StyledText(style.dash) }
                return range(DiffFigures.percent(own), value.interval.map { (DiffFigures.percent($0.low), DiffFigures.percent($0.high)) })
            }
            table.add([
                StyledText(share.name), text(share.values.0), text(share.values.1),
                share.difference.map {
                    StyledText("\(DiffFigures.percent($0.share, signed: true)) [\(DiffFigures.percent($0.interval.low, signed: true)), \(DiffFigures.percent($0.interval.high, signed: true))]", $0.interval.excludesZero ? .bold : nil)
                } ?? StyledText(style.dash),
            ])
        }
        let times = (Quantiles(a.times), Quantiles(b.times))
        func span(_ value: Int64?) -> String { value.map { TimeSpan.milliseconds($0).description } ?? style.dash }
        func median(_ times: Quantiles) -> StyledText { range(span(times.median), times.medianInterval.map { (span($0.low), span($0.high)) }) }
        table.add(["time, median", median(times.0), median(times.1), ""])
        table.add(["time, p90", StyledText(span(times.0.percentile(90))), StyledText(span(times.1.percentile(90))), ""])
        lines += table.lines(style) + [""]
        lines += "in brackets with 95 % certainty: means by Welch, shares by Wilson and their differences by Newcombe, medians by rank; the two are not the same decisions".wrapped(to: style.width)
        let unknown = a.lowerBounds + b.lowerBounds
        if unknown > 0 { lines += "a part of the cost of \(Figures.counted(unknown, "run")) is not known: the costs are the least".wrapped(to: style.width) }
        let open = (a.costs.count - a.decided) + (b.costs.count - b.decided)
        if a.decided + b.decided > 0, open > 0 { lines += "\(Figures.counted(open, "decision")) without an outcome \(open == 1 ? "is" : "are") in no share of outcomes".wrapped(to: style.width) }
        return lines.map { $0 + "\n" }.joined()
    }

    // MARK: JSON

    public var json: JSONValue {
        func interval(_ interval: Interval?, _ value: (Double) -> JSONValue) -> JSONValue { interval.map { [value($0.low), value($0.high)] } ?? .null }
        func money(_ value: Double) -> JSONValue { DiffFigures.amount(value).json }
        func document(_ sample: VersionSample, _ mean: MeanEstimate) -> JSONValue {
            let (costs, times) = (Quantiles(sample.costs), Quantiles(sample.times))
            return [
                "version": .string(sample.name), "runs": .number(sample.runs), "decisions": .number(sample.costs.count), "is_lower_bound": .bool(sample.lowerBounds > 0),
                "cost_per_decision_usd": mean.count == 0 ? .null : money(mean.mean), "cost_interval_95": interval(mean.interval, money),
                "cost_median_usd": costs.median.map { money(Double($0)) } ?? .null, "cost_p90_usd": costs.percentile(90).map { money(Double($0)) } ?? .null,
                "ms_median": times.median.map(JSONValue.int) ?? .null, "ms_p90": times.percentile(90).map(JSONValue.int) ?? .null,
            ]
        }
        let (x, y) = means
        let difference = MeanEstimate.difference(from: x, to: y)
        return [
            "workflow": .string(workflow), "first": document(a, x), "second": document(b, y),
            "cost_difference_usd": difference.map { ["mean": money($0.mean), "interval_95": interval($0.interval, money)] } ?? .null,
            "shares": .array(
                shares.map { share in
                    func one(_ value: Proportion) -> JSONValue {
                        ["count": .number(value.count), "of": .number(value.total), "share": value.share.map(JSONValue.double) ?? .null, "interval_95": interval(value.interval, JSONValue.double)]
                    }
                    return [
                        "name": .string(share.word), "first": one(share.values.0), "second": one(share.values.1),
                        "difference": share.difference.map { ["share": .double($0.share), "interval_95": interval($0.interval, JSONValue.double)] } ?? .null,
                    ]
                }),
        ]
    }
}
