import Values
import WorkflowModel

/// Bands of the budget: that the run has come to one is a fact behind the call, or the resume, by which it did.
extension RunExecution {
    func enterBands(at moment: Timestamp) {
        guard state.bands.isThere else { return }
        while let due = state.bands.due(state.money), outbox.error == nil { record(.bandEntered(due), at: moment) }
    }

    /// Whether a node that would ask a model does not begin, or asks a person first.
    func isHeldBack(_ node: Node) -> Bool {
        guard state.bands.isThere, state.open[node]?.calls.isEmpty ?? true else { return false }
        if let band = state.bands.closing {
            leaveOut(node, band)
        } else if let band = state.bands.declined {
            fail(node, .notGoneOn(band))
        } else if let band = state.bands.asking {
            ask(whetherToGoOnIn: band, node)
        } else {
            return false
        }
        return true
    }

    /// A step is skipped; an item has no end but its own.
    func leaveOut(_ node: Node, _ band: BudgetBand.Name) {
        if node.item != nil { return fail(node, StepFailure(.budget, SkipReason.band(band).text)) }
        work.endTimer(node)
        record(.stepSkipped(node.path, .band(band)))
    }

    private func ask(whetherToGoOnIn band: BudgetBand.Name, _ node: Node) {
        recordStart(node)
        let text = "\(state.bands.sentence(of: band, state.money)); shall the run go on?"
        let request = ApprovalRequest(
            number: state.nextQuestion(of: node), kind: .band, message: store(.string(text)).hash, until: nil, onTimeout: .fail, cause: band.rawValue, reason: text,
            text: text)
        ask(request, node, at: environment.clock.now())
    }

    /// The first answer to a band is for all that ask of it; what somebody else said of one of them stands in the record as it was said.
    func noteForOthers() -> [Node] {
        guard state.bands.isThere else { return [] }
        return state.questions.compactMap { node, question in state.bands.answer(to: question).flatMap { note($0, at: node.path) } }
    }
}

extension StepFailure {
    static func notGoneOn(_ band: BudgetBand.Name) -> StepFailure { StepFailure(.budget, "nobody lets the run go on in the \(band.rawValue) band of its budget") }
}
