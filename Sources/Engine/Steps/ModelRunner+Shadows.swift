import Values
import WorkflowModel

/// The draw of an execution, and what is to be asked of it behind the run's steps.
extension ModelRunner {
    /// Draws, once an execution: also where nothing is asked, as another rate may be decided of the same draws later.
    @inline(never)
    func draw(_ gate: GateRun, _ run: isolated RunExecution) {
        guard let shadow = gate.escalation.shadow, !gate.record.isDrawn else { return }
        let draw = run.draw(at: gate.path)
        let asked = gate.record.decisions.map(\.tier)
        let tiers = ShadowDrawn.isChosen(draw, at: shadow.rate) ? shadow.tiers.filter { tier in !asked.contains { $0.hasSameBytes(as: tier) } } : []
        let inputBytes = (gate.tries?.segments ?? []).reduce(0) { $0 + $1.text.utf8.count }
        run.record(.shadowDrawn(ShadowDrawn(path: gate.path, gate: gate.escalation.hash, draw: draw, rate: shadow.rate, tiers: tiers, inputBytes: inputBytes)))
        for tier in tiers { run.pendingShadows.append(pending(tier, gate, run)) }
    }

    /// The question as it stands now: what it reads may be gone when it is asked.
    private func pending(_ tier: String, _ gate: GateRun, _ run: isolated RunExecution) -> PendingShadow {
        let tries = gate.tries(
            model, gate.graph.tier(named: tier)!,
            QuestionPlace(
                tier: tier, part: CallSite.shadowPart, limits: gate.step.limits, timeout: gate.step.timeout, purpose: .shadow,
                wantsLogprobs: gate.escalation.readsLogprobs))
        tries.attached = gate.attached ?? []
        var question: Result<Question, StepFailure>
        do throws(StepFailure) {
            try render(tries, run)
            question = .success(try self.question(.first, tries, run))
        } catch {
            question = .failure(error)
        }
        return PendingShadow(place: ShadowState.Place(path: gate.path, tier: tier), gate: gate, tries: tries, question: question)
    }
}
