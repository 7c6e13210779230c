import Economics
import Values
import WorkflowModel

extension LiveTree {
    /// The lines of a terminal of `height` lines: never more than one less than that, never wider than the style.
    ///
    /// Why something failed stands below it, over the whole width. Where not all fits, what failed comes first, then what waits for a person and what
    /// runs, then what ended last, and what is left out is counted.
    ///
    /// - Parameter told: what is said below the frame: a failure that stands in it is not said here.
    public func frame(now: Timestamp, style: TextStyle, height: Int, told: String? = nil) -> [String] {
        guard height > 1, status != nil else { return [] }
        let now = endedAt ?? now
        let room = height - 2
        var lines = [header(now, style)]
        guard room > 0, !steps.isEmpty else { return lines }
        // What never ran inside of a step that is done is no news.
        let listed = steps.indices.filter { steps[$0].depth == 0 || steps[$0].status != .pending || !isDone(around: steps[$0]) }
        func rows(_ index: Int, depth: Int = 0) -> Int { 1 + why(steps[index], indent: depth, told, style).count }
        guard listed.reduce(0, { $0 + rows($1, depth: steps[$1].depth) }) > room else {
            return lines + table(of: listed.map { steps[$0] }, isTree: true, told, now, style).lines(style)
        }
        let failed = listed.filter { steps[$0].status == .failed } + listed.filter { steps[$0].hasFailed && steps[$0].status != .failed }
        // Who waits for a person goes on by nothing else.
        let waiting = listed.filter { steps[$0].status == .waiting && !steps[$0].hasFailed }
        let running = listed.filter { steps[$0].status == .running && !steps[$0].hasFailed }
        let recent = listed.filter { steps[$0].isDone && !steps[$0].hasFailed }
            .sorted { (steps[$1].figures.endedAt ?? now, $1) < (steps[$0].figures.endedAt ?? now, $0) }
        var shown: [Int] = []
        var left = room - 1
        func take(_ indices: [Int], keeping free: Int) {
            for index in indices where left - rows(index) >= free {
                shown.append(index)
                left -= rows(index)
            }
        }
        // Many failures leave room for what is at work.
        take(failed, keeping: min(waiting.count + running.count, room / 3))
        take(waiting, keeping: min(running.count, room / 3))
        take(running, keeping: 0)
        take(recent, keeping: 0)
        let isShown = Set(shown)
        let hidden = listed.filter { !isShown.contains($0) }.map { steps[$0] }
        let counts: [(String, Int)] = [
            ("failed", hidden.count { $0.hasFailed }),
            ("waiting", hidden.count { $0.status == .waiting && !$0.hasFailed }),
            ("running", hidden.count { $0.status == .running && !$0.hasFailed }),
            ("pending", hidden.count { $0.status == .pending }),
            ("done", hidden.count { $0.isDone && !$0.hasFailed }),
        ]
        // Out of their place, steps are known by their whole path.
        if !shown.isEmpty { lines += table(of: shown.map { steps[$0] }, isTree: false, told, now, style).lines(style) }
        let words = counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        if !words.isEmpty { lines.append(StyledText(style.ellipsis + " " + words, .dim).line(style)) }
        return lines
    }

    /// Why a step, or something of it, failed, in at most two lines.
    private func why(_ step: Step, indent: Int, _ told: String?, _ style: TextStyle) -> [StyledText] {
        guard step.hasFailed, let failure = step.firstFailure, told?.contains(failure.text) != true else { return [] }
        let others = max(0, step.failures - 1)
        let more = others > 0 && failure.path != step.id ? " (and \(Figures.count(others)) more failed)" : ""
        let text = (failure.path == step.id ? "" : failure.path + ": ") + step.figures.withoutModel(failure.text) + more
        let lead = String(repeating: " ", count: 2 * indent + 4)
        let lines = text.wrapped(to: style.width.map { max(8, $0 - lead.utf8.count) })
        let shown = lines.prefix(2).map { StyledText(lead) + StyledText($0, .red) }
        return lines.count <= 2 ? shown : [shown[0], shown[1] + StyledText(style.ellipsis, .red)]
    }

    /// The whole run in one line: the workflow's name gives way, then the less telling figures leave.
    private func header(_ now: Timestamp, _ style: TextStyle) -> String {
        let status = status ?? .running
        let symbol = status == .running ? style.spinner(at: now) : style.symbol(status)
        let cost = tally.costText(style)
        let running = status == .running ? runningCount : 0
        let counted = steps.filter { !$0.isRepeated && !isInsideOfItems($0) }
        let done = counted.count { $0.isDone }
        let waiting = steps.count { $0.status == .waiting }
        let failed = max(steps.reduce(0) { $0 + ($1.isContainer ? 0 : $1.failures) }, steps.contains { $0.status == .failed } ? 1 : 0)
        // In order of reading, each with its rank: the highest leaves first.
        var pieces: [(text: StyledText, rank: Int)] = [
            (status == .running ? "" : "  " + StyledText(status.rawValue, status.tint), 3),
            ("  " + StyledText(elapsed(startedAt, now) ?? "0.0s"), 2),
            ("  " + StyledText(cost.isEmpty ? "$0.00" : cost), 1),
            (StyledText(budget.map { " of \($0)" } ?? ""), 5),
            (band.map { StyledText("  \($0.rawValue)", $0 == .red ? .red : .yellow) } ?? "", 4),
            (held > .zero ? "  " + StyledText("held \(held.displayText)", .yellow) : "", 6),
            (running > 0 ? StyledText("  \(running) running") : "", 4),
            (waiting > 0 ? StyledText("  \(waiting) waiting", .yellow) : "", 4),
            ("  " + StyledText("\(done)/\(counted.count) steps", .dim), 7),
            (failed > 0 ? StyledText("  \(Figures.count(failed)) failed", .red) : "", 0),
        ].filter { !$0.text.isEmpty }
        let name = StyledText(workflow, .bold)
        guard let width = style.width else {
            return pieces.reduce(symbol + " " + name) { $0 + $1.text }.rendered(style)
        }
        func left() -> Int { width - 2 - pieces.reduce(0) { $0 + $1.text.width } }
        while left() < min(name.width, 10), pieces.count > 1, let last = pieces.map(\.rank).max() {
            pieces.removeAll { $0.rank == last }
        }
        return pieces.reduce(symbol + " " + name.clipped(to: max(4, left()), style)) { $0 + $1.text }.line(style)
    }

    private func table(of steps: [Step], isTree: Bool, _ told: String?, _ now: Timestamp, _ style: TextStyle) -> Table {
        let counts = steps.map { self.counts($0, style) }
        var table = Table(
            [
                // How many failed is not cut, and neither are the first letters of whose they are.
                .init("", floor: max(12, (counts.map(\.width).max() ?? 0) + 12), minimum: 14),
                .init("", floor: 12, expendable: 3),
                .init("", .trailing, minimum: 9, expendable: 4),
                .init("", .trailing, minimum: 9, expendable: 1),
                .init("", .trailing, minimum: 6, expendable: 2),
            ], hasHeader: false)
        for (step, counts) in zip(steps, counts) {
            let figures = step.figures
            let ended = step.status == .succeeded && step.kind == "approve" && figures.isRejected && !step.isRepeated ? style.rejected : style.symbol(step.status)
            let symbol = step.status == .running && status == .running ? style.spinner(at: now) : ended
            let indent = isTree ? String(repeating: "  ", count: step.depth) : ""
            let name = StyledText(indent) + symbol + " " + StyledText(isTree ? NodePath.name(step.id) : step.id, step.status == .pending ? .dim : nil)
            table.add([
                name.before(kept: counts), about(step, told),
                StyledText(figures.tally.tokensText(style)),
                StyledText(figures.tally.costText(style)),
                StyledText(elapsed(figures.startedAt, figures.endedAt ?? now) ?? ""),
            ])
            for line in why(step, indent: isTree ? step.depth : 0, told, style) { table.add(line: line) }
        }
        return table
    }

    /// How often a step ran, how many of its items are done, and how many of them failed.
    private func counts(_ step: Step, _ style: TextStyle) -> StyledText {
        var text: StyledText = ""
        if step.isRepeated, step.ended > 0 {
            text = text + StyledText("  \(style.times)\(Figures.count(step.ended))", .cyan)
            if step.failed > 0 { text = text + StyledText(", \(step.failed) failed", .red) }
        }
        if let count = step.itemCount {
            text = text + StyledText("  \(step.itemsDone)/\(count) items", .cyan)
            if step.itemsFailed > 0 { text = text + StyledText(", \(step.itemsFailed) failed", .red) }
        }
        return text
    }

    /// The model, or why nothing happens.
    private func about(_ step: Step, _ told: String?) -> StyledText {
        switch step.status {
        case .pending:
            let open = step.dependsOn.filter { id in index(of: id).map { !steps[$0].isDone } ?? false }
            return StyledText(open.isEmpty ? "" : "after " + open.map(NodePath.name).joined(separator: ", "), .dim)
        case .failed where step.firstFailure == nil:
            return StyledText(step.figures.reason ?? step.status.rawValue, .red)
        case .failed:
            // Why stands below.
            let tries = step.figures.triesFailed > 1 && !step.isRepeated && step.itemCount == nil ? "after \(step.figures.triesFailed) tries" : step.status.rawValue
            return step.figures.modelText.map { StyledText($0).before(kept: StyledText("  " + tries, .red)) } ?? StyledText(tries, .red)
        case .skipped, .cancelled:
            return StyledText(step.figures.reason ?? step.status.rawValue, step.status.tint)
        case .running, .waiting:
            // A model is known by a few letters, what keeps it is not.
            let name = StyledText(step.figures.modelText ?? step.kind)
            return step.figures.reason.map { name.before(kept: StyledText("  " + step.figures.withoutModel($0), .yellow)) } ?? name
        case .succeeded:
            if let decision = step.figures.decision, step.kind == "approve" { return StyledText(decision, step.figures.isRejected ? .yellow : .green) }
            let name = StyledText(step.figures.modelText ?? step.kind, step.figures.model == nil ? .dim : nil)
            return step.kind == "loop" ? name + StyledText(step.figures.reason.map { "  " + $0 } ?? "", .dim) : name
        }
    }

    private func isDone(around step: Step) -> Bool {
        NodePath.parent(step.id).flatMap(index).map { steps[$0].isDone || isDone(around: steps[$0]) } ?? false
    }

    /// Whether it will run more than once: how often is not known, so it is not among those that are counted.
    private func isInsideOfItems(_ step: Step) -> Bool {
        guard let outer = NodePath.parent(step.id).flatMap(index).map({ steps[$0] }) else { return false }
        return outer.itemCount != nil || outer.kind == "loop" || isInsideOfItems(outer)
    }

    /// Tenths of a second up to a minute: milliseconds would flicker.
    private func elapsed(_ start: Timestamp?, _ end: Timestamp) -> String? {
        guard let span = Figures.span(start, end) else { return nil }
        let tenths = span.milliseconds / 100
        return tenths < 600 ? "\(tenths / 10).\(tenths % 10)s" : span.description
    }
}
