import Economics
import Values
import WorkflowModel

/// Lays a trace out as the rows of one table, so that figures stand in line over all levels of the tree.
struct TraceTree {
    let style: TextStyle
    let options: TraceReport.Options
    private let top: [TraceBranch]
    private let memoHits: [String: MemoHitRecord]
    /// What people were asked and answered, by the path of who asked.
    private let approvals: [String: [ApprovalRecord]]
    /// What was decided of tiers, and what was found by checks, by the path of the node.
    let gates: [String: GateTrace]
    private let redacted: Set<ContentHash>
    var rows = Table(
        [
            Table.Column("step", floor: 14),
            Table.Column("status, model", floor: 20, expendable: 2),
            Table.Column("first token", .trailing, expendable: 5, hidesWhenEmpty: true),
            Table.Column("time", .trailing, expendable: 1),
            Table.Column("tokens", .trailing, expendable: 3, hidesWhenEmpty: true),
            Table.Column("cached", .trailing, expendable: 4, hidesWhenEmpty: true),
            Table.Column("cost", .trailing),
        ], emptyText: "no step was started")

    init(trace: RunTrace, style: TextStyle, options: TraceReport.Options) {
        self.style = style
        self.options = options
        top = TraceBranch.tree(of: trace)
        approvals = Dictionary(grouping: trace.approvals, by: \.path)
        gates = GateTrace.byPath(trace)
        redacted = trace.redacted
        memoHits = Dictionary(trace.memoHits.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func table() -> Table {
        for step in top { add(step, lead: "", rest: "") }
        return rows
    }

    private mutating func add(_ branch: TraceBranch, lead: String, rest: String) {
        // What was asked for comparison is no cost of the step.
        let (node, calls) = (branch.node, branch.allCalls.filter { $0.purpose != CallPurpose.shadow.rawValue })
        let folded = branch.allFolded.filter { !$0.isComparison }
        let tally = Tally(calls, folded: folded)
        rows.add([
            StyledText(lead, .dim) + symbol(of: node) + " " + StyledText(NodePath.name(node.path)),
            status(of: branch, calls: calls, folded: folded),
            branch.children.isEmpty && calls.count == 1 ? StyledText(calls[0].timeToFirstToken?.description ?? "") : "",
            StyledText(duration(node)?.description ?? ""),
            StyledText(tally.tokensText(style)),
            StyledText(tally.cached > 0 ? Figures.count(tally.cached) : ""),
            StyledText(memoHits[node.path] == nil ? tally.costText(style) : Money.zero.description),
        ])
        let own = branch.calls
        let gate = gates[node.path]
        let listed = gate != nil || own.count > 1 || own.contains { $0.needsTelling } || options.prompts != nil ? own : []
        let chosen = choose(branch)
        let hasChildren = !listed.isEmpty || !branch.children.isEmpty
        for ask in approvals[node.path] ?? [] { tell(ask, prefix: rest + (hasChildren ? style.branch.rest : "  ")) }
        if let hit = memoHits[node.path] {
            let saved = hit.saved.map { hit.how == .flight ? ", which cost \($0)" : ", which had cost \($0)" } ?? ""
            let how = hit.how == .flight ? "deduped: asked at the same time, answered at no cost" : "memo: answered at no cost"
            tell("\(how) by call \(hit.call) to \(hit.provider)/\(hit.modelAsked)\(saved)", prefix: rest + (hasChildren ? style.branch.rest : "  "), tint: .green)
        }
        if let from = node.inheritedFrom { tell("kept from run \(from)", prefix: rest + (hasChildren ? style.branch.rest : "  "), tint: .dim) }
        if let failure = node.failure, !chosen.shown.contains(where: { $0.tells(failure) }) {
            tell(failure, prefix: rest + (hasChildren ? style.branch.rest : "  "))
        }
        // What several tries met is told once: at the step where it failed by it, else at the first of them.
        let ending = node.failure?["message"]?.stringValue ?? ""
        var told = TextSet(own.compactMap { $0.failure?["message"]?.stringValue }.filter { ending == $0 || ending.hasPrefix($0 + " (after ") })
        if let gate { climb(gate, own, rest: rest, &told) }
        for (index, call) in (gate == nil ? listed : []).enumerated() {
            self.call(call, isLast: branch.children.isEmpty && index == listed.count - 1, rest: rest, &told)
        }
        for (index, child) in chosen.shown.enumerated() {
            let mark = chosen.rest == nil && index == chosen.shown.count - 1 ? style.lastBranch : style.branch
            add(child, lead: rest + mark.lead, rest: rest + mark.rest)
        }
        if let more = chosen.rest { rows.add(line: StyledText(rest + style.lastBranch.lead + more, .dim)) }
    }

    private func status(of branch: TraceBranch, calls: [CallRecord], folded: [FoldedCalls]) -> StyledText {
        let node = branch.node
        // An answer that a person gave is no model's.
        let isGiven = gates[node.path]?.isGiven == true
        let models = isGiven ? [] : branch.children.isEmpty && folded.isEmpty ? Answerer(of: branch.calls, taken: gates[node.path]?.taken).map { [$0.text(style)] } ?? [] : Self.models(calls, folded)
        var parts: [StyledText] = []
        let items = branch.children.filter(\.isItem)
        let hidden = branch.folded?.statuses ?? [:]
        let count = hidden.values.reduce(items.count, +)
        let failed = items.count { $0.node.status == .failed } + (hidden[.failed] ?? 0)
        // How many failed comes first: what is cut is at the end.
        if failed > 0 { parts.append(StyledText("\(Figures.count(failed)) of \(Figures.counted(count, "item")) failed", .red)) }
        if let decision = approvals[node.path]?.last?.decision {
            // What was decided says more than that the step has an output.
            parts.append(StyledText(decision.sentence, decision.isApproved ? .green : .yellow))
            if node.status != .succeeded { parts.append(StyledText(node.status.rawValue, node.status.tint)) }
        } else if node.status == .failed, failed > 0, node.reason == nil {
            // Said.
        } else if node.status != .succeeded || (models.isEmpty && items.isEmpty) {
            let word = node.status.rawValue + (node.reason.map { ": " + $0 } ?? "")
            parts.append(StyledText(word, node.status.tint))
        } else if let reason = node.reason {
            parts.append(StyledText(reason))
        }
        if branch.isPass { parts.append(StyledText("pass", .dim)) }
        if count > 0, failed == 0 { parts.append(StyledText(Figures.counted(count, "item"))) }
        if let first = models.first { parts.append(StyledText(first + (models.count > 1 ? " +\(models.count - 1)" : ""))) }
        return joined(parts)
    }

    /// Who answered, the one that did most often first; who was asked in vain stands behind them.
    private static func models(_ calls: [CallRecord], _ folded: [FoldedCalls]) -> [String] {
        var counts: [String: (answers: Int, calls: Int)] = [:]
        for call in calls {
            counts[call.modelName, default: (0, 0)].calls += 1
            if call.hasAnswered { counts[call.modelName]!.answers += 1 }
        }
        for calls in folded {
            counts[calls.modelName, default: (0, 0)].calls += calls.count
            if calls.state == .settled || calls.state == .overrun { counts[calls.modelName]!.answers += calls.count }
        }
        return counts.sorted { (-$0.value.answers, -$0.value.calls, $0.key) < (-$1.value.answers, -$1.value.calls, $1.key) }.map(\.key)
    }

    private func joined(_ parts: [StyledText]) -> StyledText {
        parts.dropFirst().reduce(parts.first ?? "") { $0 + StyledText(style.dot, .dim) + $1 }
    }

    /// A step that a person turned down has come to its end, and is not what it hoped for.
    private func symbol(of node: NodeRecord) -> StyledText {
        guard node.status == .succeeded, let ask = approvals[node.path]?.last, ask.request.kind == .step, ask.decision?.isApproved == false else {
            return style.symbol(node.status)
        }
        return style.rejected
    }

    /// A question, and who answered it.
    private mutating func tell(_ ask: ApprovalRecord, prefix: String) {
        for line in ApprovalReport.question(ask.request, style, indent: prefix.terminalWidth + 7) {
            rows.add(line: StyledText(prefix, .dim) + StyledText("asked: ", .dim) + line)
        }
        for fact in ApprovalReport.facts(of: ask) { tell(fact, prefix: prefix, tint: .dim) }
    }

    private func duration(_ node: NodeRecord) -> TimeSpan? {
        Figures.span(node.startedAt, node.endedAt ?? (node.status == .running ? options.now : nil))
    }

    mutating func call(_ call: CallRecord, isLast: Bool, rest: String, _ told: inout TextSet) {
        let branch = isLast ? style.lastBranch : style.branch
        let isBad = call.failure != nil
        var parts: [StyledText] = []
        if let kind = call.failure.flatMap({ Figures.failure($0).kind }) { parts.append(StyledText(kind, .red)) }
        if let status = call.httpStatus, isBad || !(200..<300).contains(status) { parts.append("HTTP \(status)") }
        // Of a count nothing is owed, whatever came of it.
        if call.state != .settled, call.purpose != CallPurpose.count.rawValue || call.state != .void { parts.append(StyledText(call.state.rawValue, .yellow)) }
        if let reason = call.finishReason, !["stop", "tool_calls"].contains(reason) { parts.append(StyledText("finish: \(reason)", .yellow)) }
        parts.append(StyledText(call.modelName))
        let tally = Tally(CollectionOfOne(call))
        rows.add([
            StyledText(rest + branch.lead, .dim) + "#\(call.ordinal) \(call.part.isEmpty ? call.purpose : call.part)",
            joined(parts),
            StyledText(call.timeToFirstToken?.description ?? ""),
            StyledText((call.total ?? Figures.span(call.startedAt, call.endedAt))?.description ?? ""),
            StyledText(tally.tokensText(style)),
            StyledText(tally.cached > 0 ? Figures.count(tally.cached) : ""),
            StyledText(call.state == .held && call.cost == nil ? "in flight" : tally.costText(style)),
        ])
        let below = rest + branch.rest + "   "
        if let served = call.modelServed, !served.hasSameBytes(as: call.modelAsked) { tell("served by \(served)", prefix: below, tint: .dim) }
        if let waited = call.waited { tell("waited \(waited) for call \(call.waitedFor ?? ""), which has the same beginning", prefix: below, tint: .dim) }
        if let mark = call.openMark { tell(mark, prefix: below, tint: .yellow) }
        if let cache = call.cacheLine { tell(cache, prefix: below, tint: call.cacheMiss == nil ? .dim : .yellow) }
        for note in call.notes { tell(note.message, prefix: below, tint: .yellow) }
        if !call.tags.isEmpty { tell("tags " + call.tags.map { "\($0.key)=\($0.value.stringValue ?? $0.value.jsonText)" }.joined(separator: " "), prefix: below, tint: .dim) }
        for value in call.trimmed?.arrayValue ?? [] {
            let sizes = [value["before_bytes"], value["after_bytes"]].map { Int($0?.intValue ?? 0) }
            tell("cut to fit: " + Figures.cut(value["key"]?.stringValue ?? "", from: sizes[0], to: sizes[1]), prefix: below, tint: .yellow)
        }
        if let failure = call.failure, told.insert(failure["message"]?.stringValue ?? failure.jsonText).inserted { tell(failure, prefix: below) }
        guard let prompts = options.prompts else { return }
        for (title, hash) in [("request", call.request), ("response", call.response)] {
            guard let hash else { continue }
            tell("\(title) \(hash.hex.prefix(12))", prefix: below, tint: .cyan)
            tell(prompts(hash) ?? (redacted.contains(hash) ? "(redacted)" : "(its text is not in the ledger)"), prefix: below + "  ", tint: nil)
        }
    }

    private mutating func tell(_ failure: JSONValue, prefix: String) {
        let (_, text, details) = Figures.failure(failure)
        tell(text, prefix: prefix, tint: .red)
        for detail in details { tell(detail, prefix: prefix + "  ", tint: .dim) }
    }

    mutating func tell(_ text: String, prefix: String, tint: Tint?) {
        for line in text.wrapped(to: style.width.map { max(8, $0 - prefix.terminalWidth) }) {
            rows.add(line: StyledText(prefix, .dim) + StyledText(line, tint))
        }
    }

    /// All children; of many items or passes the first failed, the running and the slowest ones, in order, and a sentence on
    /// the others.
    private func choose(_ branch: TraceBranch) -> (shown: [TraceBranch], rest: String?) {
        let items = branch.children
        let hidden = branch.folded?.statuses ?? [:]
        guard hidden.values.reduce(items.count, +) > options.maxItems, items.allSatisfy({ $0.isItem || $0.isPass }) else { return (items, nil) }
        let failed = items.filter { $0.node.status == .failed }.prefix(ItemChoice.failed(of: options.maxItems))
        let running = items.filter { $0.node.status == .running }.prefix(ItemChoice.running(of: options.maxItems))
        let slowest = items.filter { $0.node.status != .failed && $0.node.status != .running && duration($0.node) != nil }
            .sorted { (duration($1.node)!, $0.node.item ?? 0) < (duration($0.node)!, $1.node.item ?? 0) }.prefix(ItemChoice.slowest)
        let shown = Array(failed) + running + slowest
        let paths = Set(shown.map(\.node.path))
        var counts = hidden
        for item in items where !paths.contains(item.node.path) { counts[item.node.status, default: 0] += 1 }
        let words = NodeStatus.allCases.sorted { (counts[$0] ?? 0) > (counts[$1] ?? 0) }
            .compactMap { status in counts[status].map { "\(Figures.count($0)) more \(status.rawValue)" } }
        return (shown, style.ellipsis + " " + words.joined(separator: ", ") + (slowest.isEmpty ? "" : "; the slowest are shown"))
    }
}

/// Who gave a node its answer, and who was asked first.
struct Answerer {
    /// `nil`: nobody answered.
    let answered: String?
    let asked: String
    /// The tier in whose place another was asked.
    let replaced: String?

    /// `nil` without a call.
    ///
    /// - Parameter taken: the tier whose answer a gate takes; `nil`: the last one.
    init?(of calls: [CallRecord], taken: String? = nil) {
        // What checks ask is no answer of the step.
        let calls = calls.filter(\.part.isEmpty)
        guard let first = calls.first else { return nil }
        asked = first.modelName
        let answering = taken.map { taken in calls.filter { $0.tier.hasSameBytes(as: taken) } } ?? calls
        answered = answering.last { $0.hasAnswered }?.modelName
        replaced = answering.last.flatMap { $0.askedTier == nil ? nil : $0.tier }
    }

    func text(_ style: TextStyle) -> String {
        Self.text(answered ?? asked, asked: asked, inPlaceOf: replaced)
    }

    /// `py/free`, `py/free (asked fake/dear)`, and `py/free (in place of large)` where its tier was asked for another one's.
    static func text(_ model: String, asked: String?, inPlaceOf replaced: String?) -> String {
        let told = [asked.flatMap { $0 == model ? nil : "asked \($0)" }, replaced.map { "in place of \($0)" }].compactMap(\.self)
        return told.isEmpty ? model : "\(model) (\(told.joined(separator: ", ")))"
    }
}

extension FoldedCalls {
    var modelName: String { "\(provider)/\(modelAsked)" }
}

extension CallRecord {
    var modelName: String { "\(provider)/\(modelAsked)" }

    var hasAnswered: Bool { failure == nil && [.settled, .overrun, .estimated].contains(state) }

    /// Whether it is listed even where it is its step's only call.
    var needsTelling: Bool { failure != nil || purpose == CallPurpose.warm.rawValue || openMark != nil || state == .void || trimmed != nil || waited != nil || !notes.isEmpty || cacheMiss != nil }

    /// What was expected of a cache, what was found, and why it was less.
    var cacheLine: String? {
        guard let predictedCacheTokens, predictedCacheTokens > 0 || cacheMiss != nil else { return nil }
        let found = cacheReadTokens.map { "\(Figures.count($0)) read" }
        return "cache: \(Figures.counted(predictedCacheTokens, "token")) expected" + (found.map { ", \($0)" } ?? "") + (cacheMiss.map { ": \(CacheWords.reason($0))" } ?? "")
    }

    /// Whether its cost is not known exactly.
    var isEstimated: Bool { state == .estimated || CallNote.tellOfEstimate(notes) }

    /// What is not settled about it.
    var openMark: String? {
        let hold = held.map { "held \($0)" } ?? (heldTokens > 0 ? "held \(Figures.counted(heldTokens, "token")), unpriced" : "held nothing, unpriced")
        switch state {
        case .unknown: return hold + ", end unknown"
        case .estimated: return hold + ", cost estimated"
        case .held: return hold + ", in flight"
        case .overrun: return "cost more than was held"
        case .settled, .void: return nil
        }
    }
}
