import Economics
import Values
import WorkflowModel

/// What `run --batch` shows: a line while it runs, and a summary.
public enum BatchReport {
    /// How far a batch is.
    public struct Progress: Sendable, Hashable {
        public var total: Int
        public var succeeded: Int
        public var failed: Int
        /// For a person.
        public var waiting = 0
        public var running: Int
        /// Another process drives them.
        public var elsewhere = 0
        public var spending: Spending
        public var startedAt: Timestamp

        public init(
            total: Int, succeeded: Int = 0, failed: Int = 0, running: Int = 0, spending: Spending = Spending(),
            startedAt: Timestamp
        ) {
            self.total = total
            self.succeeded = succeeded
            self.failed = failed
            self.running = running
            self.spending = spending
            self.startedAt = startedAt
        }

        public var done: Int { succeeded + failed + waiting + elsewhere }
    }

    /// How one line of a batch ended.
    public struct Outcome: Sendable, Hashable {
        /// The line of the batch file, from 1.
        public var line: Int
        public var status: RunStatus
        public var failureKind: String?
        public var message: String?
        public var spending: Spending
        public var duration: TimeSpan

        public init(
            line: Int, status: RunStatus, failureKind: String? = nil, message: String? = nil, spending: Spending,
            duration: TimeSpan
        ) {
            self.line = line
            self.status = status
            self.failureKind = failureKind
            self.message = message
            self.spending = spending
            self.duration = duration
        }
    }

    /// One line: bar, counts, rate, time left, cost so far. The less telling parts leave first where it is narrow; what is done and what failed stay.
    public static func progressLine(_ progress: Progress, now: Timestamp, style: TextStyle) -> String {
        let done = progress.done
        let elapsed = Figures.span(progress.startedAt, now)?.milliseconds ?? 0
        let rate = elapsed > 0 ? Double(done) * 1000 / Double(elapsed) : 0
        var left: StyledText = ""
        if done > 0, done < progress.total, rate > 0 {
            let milliseconds = Double(progress.total - done) / rate * 1000
            left = StyledText("ETA \(TimeSpan(milliseconds: Int64(min(milliseconds, 8.64e10)) / 1000 * 1000))")
        }
        let bar = style.bar(Int128(done), of: Int128(max(1, progress.total)), cells: 20)
        // In order of reading, each with its rank: the highest leaves first.
        var pieces: [(text: StyledText, rank: Int)] = [
            (StyledText("[", .dim) + StyledText(bar, .green) + StyledText("]", .dim), 6),
            ("\(Figures.count(done))/\(Figures.count(progress.total))", 0),
            (progress.failed > 0 ? StyledText("\(Figures.count(progress.failed)) failed", .red) : "", 0),
            (progress.waiting > 0 ? StyledText("\(Figures.count(progress.waiting)) waiting", .yellow) : "", 2),
            (progress.running > 0 ? StyledText("\(Figures.count(progress.running)) running", .cyan) : "", 5),
            (rate > 0 ? StyledText(rateText(rate)) : "", 4),
            (left, 3),
            (StyledText(progress.spending.calls == 0 ? MoneySum.zero.displayText : progress.spending.cell(style)), 1),
            (progress.spending.heldOpen > .zero ? StyledText("held \(progress.spending.heldOpen.displayText)", .yellow) : "", 7),
        ].filter { !$0.text.isEmpty }
        func joined() -> StyledText { pieces.dropFirst().reduce(pieces.first?.text ?? "") { $0 + "  " + $1.text } }
        while let width = style.width, joined().width > width, let last = pieces.map(\.rank).max(), last > 0 {
            pieces.removeAll { $0.rank == last }
        }
        return joined().line(style)
    }

    private static func rateText(_ rate: Double) -> String {
        func tenths(_ value: Double) -> String {
            let scaled = Int(value * 10 + 0.5)
            return scaled >= 1000 ? Figures.count((scaled + 5) / 10) : "\(scaled / 10).\(scaled % 10)"
        }
        return rate >= 0.1 ? tenths(min(rate, 1e9)) + "/s" : tenths(rate * 60) + "/min"
    }

    /// What came of a batch: counts, each kind of failure with an example, cost, durations.
    public static func summary(_ outcomes: [Outcome], elapsed: TimeSpan, style: TextStyle) -> String {
        guard !outcomes.isEmpty else { return "the batch is empty: its file holds no lines".wrapped(to: style.width).map { $0 + "\n" }.joined() }
        let succeeded = outcomes.count { $0.status == .succeeded }
        let waiting = outcomes.count { $0.status == .waiting }
        let failed = outcomes.filter { ![.succeeded, .waiting, .running].contains($0.status) }
        let elsewhere = outcomes.count { $0.status == .running }
        let spending = outcomes.reduce(Spending()) { $0 + $1.spending }
        let mark = (spending.isLowerBound ? style.atLeast : "") + (spending.estimatedCalls > 0 ? "~" : "")
        var lines = Figures.flow(
            [
                StyledText(Figures.counted(outcomes.count, "run") + " in \(elapsed)", .bold),
                StyledText("\(Figures.count(succeeded)) succeeded", succeeded > 0 ? .green : nil),
                failed.isEmpty ? "" : StyledText("\(Figures.count(failed.count)) failed", .red),
                waiting == 0 ? "" : StyledText("\(Figures.count(waiting)) waiting for a person", .yellow),
                elsewhere == 0 ? "" : StyledText("\(Figures.count(elsewhere)) driven by another process", .yellow),
            ], style)
        lines += Figures.flow(
            [
                StyledText("cost " + spending.line(style)),
                spending.knowsNothing ? "" : StyledText("\(mark)\(spending.cost.divided(by: outcomes.count)?.displayText ?? style.dash) a run"),
                StyledText(spending.heldText ?? "", .yellow),
            ], style)
        let durations = outcomes.map(\.duration).sorted()
        lines += Figures.flow(["duration p50 \(percentile(50, of: durations))", "p95 \(percentile(95, of: durations))"], style)

        var groups: [String: (count: Int, example: Outcome)] = [:]
        for outcome in failed.sorted(by: { $0.line < $1.line }) {
            groups[outcome.failureKind ?? outcome.status.rawValue, default: (0, outcome)].count += 1
        }
        for (kind, group) in groups.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            lines.append(StyledText("\(Figures.count(group.count)) \(style.isUnicode ? "×" : "x") \(kind)", .red))
            let example = "line \(group.example.line): \(group.example.message ?? group.example.status.rawValue)"
            lines += example.wrapped(to: style.width.map { max(8, $0 - 2) }).map { StyledText("  " + $0, .dim) }
        }
        return lines.map { $0.line(style) + "\n" }.joined()
    }

    /// The nearest rank: a duration that occurred.
    private static func percentile(_ percent: Int, of sorted: [TimeSpan]) -> TimeSpan {
        sorted[max(0, (sorted.count * percent + 99) / 100 - 1)]
    }
}
