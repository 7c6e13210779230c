import Economics
import Values
import WorkflowModel

extension LiveTree {
    /// The lines of a terminal of `height` lines: never more than one less than that, never wider than the style.
    ///
    /// Where not all steps fit, failed and running ones come first, then what ended last; two numbers stand for the rest.
    public func frame(now: Timestamp, style: TextStyle, height: Int) -> [String] {
        guard height > 1, status != nil else { return [] }
        let now = endedAt ?? now
        let room = height - 2
        var lines = [header(now, style)]
        guard room > 0, !steps.isEmpty else { return lines }
        // What never ran inside of a step that is done is no news.
        let listed = steps.indices.filter { steps[$0].depth == 0 || steps[$0].status != .pending || !isDone(around: steps[$0]) }
        var shown = listed
        var summary: String?
        if listed.count > room {
            let urgent = listed.filter { steps[$0].status == .failed } + listed.filter { steps[$0].status == .running }
            let recent = listed.filter { steps[$0].isDone && steps[$0].status != .failed }
                .sorted { (steps[$1].figures.endedAt ?? now, $1) < (steps[$0].figures.endedAt ?? now, $0) }
            shown = Array((urgent + recent).prefix(room - 1))
            let isShown = Set(shown)
            let hidden = listed.filter { !isShown.contains($0) }.map { steps[$0] }
            let counts: [(String, Int)] = [
                ("failed", hidden.count { $0.status == .failed }),
                ("running", hidden.count { $0.status == .running }),
                ("pending", hidden.count { $0.status == .pending }),
                ("done", hidden.count { $0.isDone && $0.status != .failed }),
            ]
            summary = style.ellipsis + " " + counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        }
        // Out of their place, steps are known by their whole path.
        if !shown.isEmpty { lines += table(of: shown.map { steps[$0] }, isTree: summary == nil, now, style).lines(style) }
        if let summary { lines.append(StyledText(summary, .dim).line(style)) }
        return lines
    }

    /// The whole run in one line: the workflow's name gives way, then the less telling figures leave.
    private func header(_ now: Timestamp, _ style: TextStyle) -> String {
        let status = status ?? .running
        let symbol = status == .running ? style.spinner(at: now) : style.symbol(status)
        let cost = tally.costText(style)
        let running = status == .running ? runningCount : 0
        let counted = steps.filter { !$0.isRepeated && !isInsideOfItems($0) }
        let done = counted.count { $0.isDone }
        // In order of reading, each with its rank: the highest leaves first.
        var pieces: [(text: StyledText, rank: Int)] = [
            (status == .running ? "" : "  " + StyledText(status.rawValue, status.tint), 3),
            ("  " + StyledText(elapsed(startedAt, now) ?? "0.0s"), 2),
            ("  " + StyledText(cost.isEmpty ? "$0.00" : cost), 1),
            (StyledText(budget.map { " of \($0)" } ?? ""), 5),
            (held > .zero ? "  " + StyledText("held \(held.displayText)", .yellow) : "", 6),
            (running > 0 ? StyledText("  \(running) running") : "", 4),
            ("  " + StyledText("\(done)/\(counted.count) steps", .dim), 7),
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

    private func table(of steps: [Step], isTree: Bool, _ now: Timestamp, _ style: TextStyle) -> Table {
        var table = Table(
            [
                .init("", floor: 12, minimum: 14),
                .init("", floor: 12, expendable: 4),
                .init("", .trailing, minimum: 9, expendable: 3),
                .init("", .trailing, minimum: 9, expendable: 1),
                .init("", .trailing, minimum: 6, expendable: 2),
            ], hasHeader: false)
        for step in steps {
            let figures = step.figures
            let ended = step.status == .succeeded && step.kind == "approve" && figures.isRejected && !step.isRepeated ? style.rejected : style.symbol(step.status)
            let symbol = step.status == .running && status == .running ? style.spinner(at: now) : ended
            let indent = isTree ? String(repeating: "  ", count: step.depth) : ""
            var name = StyledText(indent) + symbol + " " + StyledText(isTree ? NodePath.name(step.id) : step.id, step.status == .pending ? .dim : nil)
            if step.isRepeated, step.ended > 0 {
                name = name + StyledText("  \(style.times)\(Figures.count(step.ended))", .cyan)
                if step.failed > 0 { name = name + StyledText(", \(step.failed) failed", .red) }
            }
            if let count = step.itemCount {
                name = name + StyledText("  \(step.itemsDone)/\(count) items", .cyan)
                if step.itemsFailed > 0 { name = name + StyledText(", \(step.itemsFailed) failed", .red) }
            }
            table.add([
                name, about(step),
                StyledText(figures.tally.tokensText(style)),
                StyledText(figures.tally.costText(style)),
                StyledText(elapsed(figures.startedAt, figures.endedAt ?? now) ?? ""),
            ])
        }
        return table
    }

    /// The model, or why nothing happens.
    private func about(_ step: Step) -> StyledText {
        switch step.status {
        case .pending:
            let open = step.dependsOn.filter { id in index(of: id).map { !steps[$0].isDone } ?? false }
            return StyledText(open.isEmpty ? "" : "after " + open.map(NodePath.name).joined(separator: ", "), .dim)
        case .skipped, .failed, .cancelled:
            return StyledText(step.figures.reason ?? step.status.rawValue, step.status.tint)
        case .running, .waiting:
            let name = StyledText(step.figures.modelText ?? step.kind)
            return step.figures.reason.map { name + StyledText("  " + $0, .yellow) } ?? name
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
