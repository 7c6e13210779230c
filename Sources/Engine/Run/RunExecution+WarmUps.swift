import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// Writing to caches what later steps begin with, while others are at work.
extension RunExecution {
    /// Begins the warm-ups that the graph allows and no record has; whether one is worth it is decided where it is known what its cache has.
    func warmUp() {
        let graph = state.graph
        guard PrefixWarmUp.isWanted(graph), !state.isHeldOut, !isStopping, state.ending == nil, outbox.error == nil else { return }
        let outlook = road.services.caches.outlook(of: graph)
        let candidates = PrefixWarmUp.candidates(outlook, graph) { (try? environment.provider.profile(of: $0))?.cache }
        for candidate in candidates where isDue(candidate, outlook) {
            warmUps.append(Task(executorPreference: environment.executor) { [self] in await warmUp(candidate, outlook) })
        }
    }

    /// Whether nothing that would read it has begun, nor was it made before.
    private func isDue(_ candidate: PrefixWarmUp, _ outlook: PrefixOutlook) -> Bool {
        let asked = outlook.asked[candidate.question]
        guard !state.warmUps.steps.contains(asked.path), state.bands.closing == nil, state.bandAgainst(asked.tier) == nil else { return false }
        let body = state.graph.body
        for sharer in candidate.sharers {
            guard let step = body.index(of: outlook.asked[sharer].path) else { continue }
            guard case .waiting? = state.machine.scopes[0]?.phases[step] else { return false }
        }
        // A list that is known to have one item alone is no fan-out.
        guard candidate.sharers.count == 1, let forEach = asked.step.forEach else { return true }
        let items = (try? forEach.items.evaluateJSON(state.bindings(state.scopes[0]!)))?.arrayValue
        return items.map { $0.count > 1 } ?? true
    }

    private func warmUp(_ candidate: PrefixWarmUp, _ outlook: PrefixOutlook) async {
        let asked = outlook.asked[candidate.question]
        guard !isStopping, let question = try? warmUpQuestion(candidate, asked, outlook) else { return }
        // Whatever came of it, the steps go on as without it.
        _ = await road.make(question, at: CallSite(path: asked.path, tier: asked.tier, part: CallSite.warmPart, ordinal: 0), for: self)
        outbox.flush()
    }

    /// - Throws: where its prompt has no value, or it cannot be asked.
    @inline(never)
    private func warmUpQuestion(_ candidate: PrefixWarmUp, _ asked: PrefixOutlook.Asked, _ outlook: PrefixOutlook) throws(StepFailure) -> Question? {
        let (graph, step) = (state.graph, asked.step)
        guard let model = step.modelStep, let tier = graph.tier(named: asked.tier), let first = tier.models.first else { return nil }
        let profile = try road.profile(of: first)
        guard let rules = profile.cache else { return nil }
        let scope = state.bindings(state.scopes[0]!)
        var segments = try StepFailure.evaluating { () throws(EvaluationError) in
            try PromptRenderer(graph: graph).beginning(model, scope: scope, most: candidate.blocks)
        }
        let tokens = TokenBound.estimate(bytes: segments.reduce(0) { $0 + $1.text.utf8.count })
        if let most = step.limits.maxInputTokens, tokens > most { return nil }
        var caching = Question.Caching(marks: graph.caching.marks)
        caching.latencyPrice = graph.caching.waitingPrice
        caching.warmUp = candidate
        caching.reads = outlook.reads(of: candidate, within: rules.lifetimes.map(\.span))
        caching.lifetimes = graph.wishedLifetimes(ofOrigins: segments.lazy.map(\.origin))
        if !segments.contains(where: { $0.role == .user }) {
            segments.append(PromptSegment(role: .user, stability: .attempt, text: PrefixWarmUp.word, startsMessage: true, origin: "warm-up"))
        }
        return Question(
            to: profile, .segments(segments), sampling: model.sampling.over(tier.sampling), outputCap: PrefixWarmUp.outputCap, schema: model.schema, schemaName: step.id,
            schemaBound: model.schemaBound, timeout: min(step.timeout, PrefixWarmUp.timeout), purpose: .warm, terms: Question.Terms(rules: state.rules),
            mayBeUnpriced: graph.budget.maxCost == nil, caps: state.scopes[0]!.caps, room: room(), tags: tags(of: step, scope, over: state.scopes[0]!.tags), caching: caching)
    }
}
