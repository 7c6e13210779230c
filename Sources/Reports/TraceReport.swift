import Economics
import Values
import WorkflowModel

/// What `show` prints: a run, its steps as a tree, and what each took and cost.
public enum TraceReport {
    /// What to show beside the tree.
    public struct Options: Sendable {
        /// The text of a stored request or response; with it every call is listed together with what was said.
        public var prompts: (@Sendable (ContentHash) -> String?)?
        /// For the duration of what still runs.
        public var now: Timestamp?
        /// A `for_each` step with more items shows its failed and its slowest ones.
        public var maxItems: Int
        /// The answers of gates' tiers, by their hashes; without it only whether two are the same is told.
        public var answers: (@Sendable (ContentHash) -> JSONValue?)?
        /// The runs that it was made from, and those that were made from it.
        public var family: [RunRelative] = []
        /// The rows of the terminal: of a trace that is higher, what failed is told once more at its end.
        public var height: Int?

        public init(prompts: (@Sendable (ContentHash) -> String?)? = nil, now: Timestamp? = nil, maxItems: Int = 20, height: Int? = nil) {
            self.prompts = prompts
            self.now = now
            self.maxItems = maxItems
            self.height = height
        }
    }

    /// The trace as text, every line ended.
    public static func text(_ trace: RunTrace, style: TextStyle, options: Options = Options()) -> String {
        var tree = TraceTree(trace: trace, style: style, options: options)
        let header = header(trace, style, options)
        let rows = tree.table().lines(style)
        var lines = header.map { $0.line(style) } + [""] + rows
        lines += FamilyReport.lines(options.family, of: trace.run.id, style)
        if let height = options.height, lines.count >= height { lines += failures(of: trace, style, atMost: max(1, height / 2 - 2)) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What failed, a line each, those behind whose failure there is another one left out.
    private static func failures(of trace: RunTrace, _ style: TextStyle, atMost most: Int) -> [String] {
        let failed = TraceBranch.tree(of: trace).flatMap(\.failed)
        guard !failed.isEmpty else { return [] }
        var lines = [StyledText("what failed", .bold)]
        for node in failed.prefix(most) {
            let text = node.failure.map { Figures.failure($0).text } ?? node.status.rawValue
            lines.append(style.symbol(NodeStatus.failed) + " " + StyledText(node.path) + StyledText("  " + text, .red))
        }
        if failed.count > most { lines.append(StyledText("\(style.ellipsis) \(Figures.count(failed.count - most)) more failed", .dim)) }
        return [""] + lines.map { $0.line(style) }
    }

    private static func header(_ trace: RunTrace, _ style: TextStyle, _ options: Options) -> [StyledText] {
        let run = trace.run
        let tally = Tally(trace.calls, folded: trace.folded.flatMap(\.calls))
        var lines = Figures.flow(
            [
                StyledText("run \(run.id)", .bold), StyledText(run.workflow),
                status(of: run, style),
            ], style)
        if let parent = run.parent, let word = FamilyReport.word(run) { lines += Figures.flow([StyledText("\(word) of run \(parent)")], style) }
        var times: [StyledText] = ["started \(run.startedAt.shortText) UTC"]
        if let took = Figures.span(run.startedAt, run.endedAt) {
            times.append("took \(took)")
        } else if !run.isAbandoned, let soFar = Figures.span(run.startedAt, options.now) {
            times.append("for \(soFar) so far")
        }
        lines += Figures.flow(times, style)

        if run.isImported {
            let what = run.imported.map { "imported from \($0.origin.file) on \($0.at.dateText)" } ?? "imported"
            lines += StyledText(what + ": it counts in no cap, audit or history of this ledger", .yellow).wrapped(style)
        }
        if !trace.redacted.isEmpty {
            lines += StyledText("\(Figures.counted(trace.redacted.count, "document")) of it redacted or left out: their hashes are known, and not what they said", .yellow).wrapped(style)
        }
        let spending = run.spending
        let open = spending.heldOpen
        var figures: [StyledText] = [
            StyledText("cost " + spending.line(style)),
            StyledText(Figures.counted(spending.calls, "call")),
        ]
        if run.inputTokens > 0 || run.outputTokens > 0 {
            figures.append("tokens \(Figures.tokens(input: run.inputTokens, cached: tally.cached, output: run.outputTokens, style))")
        }
        lines += Figures.flow(figures, style)
        if let cap = run.maxCost {
            let used = max(spending.held, spending.cost)
            var text = "budget \(cap): \(used.displayText) used"
            if let percent = Figures.percent(used.exact, of: Int128(cap.picoDollars)) { text += " (\(percent))" }
            if open > .zero { text += ", \(open.displayText) of it held" }
            if used.exact > Int128(cap.picoDollars) { text += ", exceeded: no call starts until it is raised" }
            lines += Figures.flow([StyledText(text, used.exact > Int128(cap.picoDollars) ? .red : nil)], style)
        } else if open > .zero {
            lines += Figures.flow(["held \(open.displayText) beyond the cost"], style)
        }
        if let cap = run.maxTokens {
            var text = "budget \(Figures.counted(cap, "token")): \(Figures.count(run.heldTokens)) used"
            if let percent = Figures.percent(Int128(run.heldTokens), of: Int128(cap)) { text += " (\(percent))" }
            if run.heldTokens > cap { text += ", exceeded: no call starts any more" }
            lines += Figures.flow([StyledText(text, run.heldTokens > cap ? .red : nil)], style)
        }
        if let band = run.band { lines += Figures.flow([StyledText("the budget is in its \(band.rawValue) band", band == .red ? .red : .yellow)], style) }
        lines += lost(trace, style)
        if let decision = run.decisionID {
            lines += Figures.flow(["decision \(decision): \(run.outcome ?? "pending")"], style)
        } else if let outcome = run.outcome {
            lines += Figures.flow(["outcome \(outcome)"], style)
        }
        if let version = run.version {
            var parts = [StyledText("version \(version.hex.prefix(12))")]
            if let release = run.release { parts.append(StyledText("release \(release)")) }
            if let commit = run.commit { parts.append(StyledText("commit \(commit.prefix(12))")) }
            lines += Figures.flow(parts, style)
        }
        if !run.tags.isEmpty {
            lines += Figures.flow(["tags"] + run.tags.map { StyledText("\($0.key)=\($0.value.stringValue ?? $0.value.jsonText)") }, style)
        }
        // A step's failure is told at the step; only what no step tells stands here.
        if let failure = run.failure, !trace.nodes.contains(where: { $0.failure?["message"] == failure["message"] && $0.failure != nil }) {
            let (_, text, details) = Figures.failure(failure)
            lines += StyledText(text, .red).wrapped(style)
            for detail in details { lines += detail.wrapped(to: style.width.map { $0 - 2 }).map { StyledText("  " + $0, .dim) } }
        }
        return lines + way(of: trace, style, options)
    }

    /// With the word that its process is gone, where it says that it runs.
    static func status(of run: RunRecord, _ style: TextStyle) -> StyledText {
        let isElsewhere = run.isImported ? ", imported" : ""
        guard run.isAbandoned, !run.isImported else { return style.symbol(run.status) + " " + StyledText(run.status.rawValue + isElsewhere, run.status.tint) }
        return style.symbol(.interrupted) + " " + StyledText("running, without a process", RunStatus.interrupted.tint)
    }

    /// Calls whose end nobody knows, and what they hold.
    private static func lost(_ trace: RunTrace, _ style: TextStyle) -> [StyledText] {
        var count = 0
        var held = MoneySum.zero
        for call in trace.calls where call.countedState == .unknown {
            count += 1
            if let money = call.held { held.add(money) }
        }
        for calls in trace.folded.flatMap(\.calls) where calls.state == .unknown {
            count += calls.count
            held = held + (calls.held ?? .zero)
        }
        guard count > 0 else { return [] }
        let holds = held > .zero ? "\(held.displayText) stays held, as \(count == 1 ? "it" : "they") may be billed" : "what \(count == 1 ? "it" : "they") cost is not known"
        return Figures.flow([StyledText("\(Figures.counted(count, "call")) of unknown end: \(holds)", .yellow)], style)
    }

    /// How a run that is not over goes on.
    private static func way(of trace: RunTrace, _ style: TextStyle, _ options: Options) -> [StyledText] {
        let run = trace.run
        var lines: [StyledText] = []
        if let prunedAt = run.prunedAt { lines += Figures.flow([StyledText("gc removed its events and documents on \(prunedAt.dateText)", .dim)], style) }
        for ask in trace.approvals where ask.decision == nil && ![.succeeded, .failed, .cancelled].contains(run.status) {
            let since = options.now.map { ", \($0.elapsed(since: ask.requestedAt)) ago" } ?? ""
            let way = ApprovalReport.way(run.id, ask.path, ask.request.kind, choices: [ask.choices])
            lines += StyledText("'\(ask.path)' waits for a person since \(ask.requestedAt.shortText) UTC\(since): \(way)", .cyan).wrapped(style)
            lines += ApprovalReport.question(ask.request, style).map { "  " + $0 }
        }
        guard run.isResumable else { return lines }
        if run.isAbandoned { lines += StyledText("\(run.holder), which drove it, is gone", .yellow).wrapped(style) }
        return lines + StyledText("go on with: agentctl resume \(run.id)", .cyan).wrapped(style)
    }
}
