import Economics
import Values
import WorkflowModel

extension LiveTree {
    /// The line that stands for an update where there is no terminal; `nil` for one that is not worth a line.
    ///
    /// Asked after ``apply(_:at:)`` of the same update: `classify  succeeded  local/small  412→18 tokens  $0.000013  1.2s`. What a failure says is
    /// told once, however many tries and nodes it met.
    ///
    /// - Parameter holdsBack: the failure that ends the run is told by whoever tells its end; see ``untold(by:)``.
    public func plainLine(for update: LiveUpdate, at moment: Timestamp, style: TextStyle = .plain, holdsBack: Bool = false) -> String? {
        let pieces: [String?]
        switch update {
        case .runStarted(let id, let workflow, let steps, let budget):
            pieces = [workflow, "started", id, steps.map { Figures.counted($0.count, "step") }, budget.map { "budget \($0)" }]
        case .stepState(let path, let status, _, _):
            guard let line = nodeLine(path, status, style) else { return nil }
            pieces = line
        case .itemsExpanded(let path, let count):
            if isOneOfMany(path) { return nil }
            pieces = [path, Figures.counted(count, "item")]
        case .callStarted, .callEnded, .taken, .resumed:
            return nil
        case .reason(let path, let text):
            if !isNewReason || (isOneOfMany(path) && figures(of: path)?.endedAt == nil) { return nil }
            pieces = [path, text]
        case .tryFailed(let path, let call, let kind, _):
            if isOneOfMany(path) { return nil }
            if let part = part(of: call) {
                pieces = [path, "a call for \(part) failed: \(kind)"]
                break
            }
            pieces = [path, "try \(figures(of: path)?.triesFailed ?? 1) failed: \(kind)"]
        case .failed(let path, let text, _):
            // Of one of many it stands in the line of its end.
            if isRepeated || isOneOfMany(path) || (holdsBack && heldBack?.path == path) { return nil }
            pieces = [path, saidBefore.map { "failed as \($0) did" } ?? text]
        case .remark(let path, let text):
            guard isNewRemark else { return nil }
            pieces = [path, "warning: " + text]
        case .entered(_, let text):
            pieces = [workflow, text]
        case .decided(let path, _, let text):
            pieces = [path, text]
        case .ended(let status):
            pieces = [
                workflow, status.rawValue,
                tally.spending.line(style),
                held > .zero ? "held \(held.displayText)" : nil,
                Figures.span(startedAt, moment)?.description,
            ]
        }
        return pieces.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "  ").harmless
    }

    private func nodeLine(_ path: String, _ status: NodeStatus, _ style: TextStyle) -> [String?]? {
        guard let index = index(of: path) else { return nil }
        let step = steps[index]
        switch status {
        case .pending: return nil
        // What was decided was said.
        case .running where figures(of: path)?.decision != nil: return nil
        case .running: return path == step.id ? [path, "started", step.figures.model] : nil
        // Why it waits was said, unless it is one of many.
        case .waiting:
            let reason = figures(of: path)?.reason
            return reason == nil || isOneOfMany(path) ? [path, reason ?? status.rawValue] : nil
        case .succeeded, .failed, .skipped, .cancelled: break
        }
        if status != .failed, isOneOfMany(path) {
            // Items of the list itself are told in tenths, what is inside of them by its failures.
            guard NodePath.index(path) != nil, !step.isRepeated, let count = step.itemCount,
                step.itemsDone * 10 / count != (step.itemsDone - 1) * 10 / count
            else { return nil }
            let failed = step.itemsFailed > 0 ? ", \(step.itemsFailed) failed" : ""
            return [step.id, "\(step.itemsDone)/\(count) items" + failed, step.figures.tally.costText(style)]
        }
        guard let figures = figures(of: path) else { return [path, status.rawValue] }
        let word = step.kind == "approve" && status == .succeeded && figures.decision != nil ? figures.isRejected ? "rejected" : "approved" : status.rawValue
        let tries = status == .failed && figures.triesFailed > 1 ? " after \(figures.triesFailed) tries" : ""
        return [
            path, word + tries, figures.modelText,
            figures.tally.reportsTokens ? figures.tally.tokensText(style) + " tokens" : nil,
            figures.tally.costText(style),
            figures.endedAt.flatMap { Figures.span(figures.startedAt, $0)?.description },
            // Of one of many the reasons are not told as they come.
            isOneOfMany(path) ? status == .failed ? saidBefore.map { "as \($0)" } ?? figures.reason : figures.reason : nil,
        ]
    }
}
