import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// Steps with `escalate` before they run: the cheapest way to an answer, and every tier with every check.
extension PlanBuilder {
    /// - Parameter place: with the step's items counted in.
    func plan(_ escalation: Escalation, _ step: Step, _ id: String, _ model: ModelStep, _ place: Place, isConditional: Bool) -> Plan.Step {
        let gate = GateTerms(escalation, in: place.graph)
        let start = if case .position(let position) = escalation.start { position } else { 0 }
        var notes: [String] = []
        let unpriced = model.askedTiers.flatMap { terms($0, of: place.graph).unpriced.map { "\($0.reference)" } }
        if !unpriced.isEmpty { notes.append("no price for " + unpriced.joined(separator: ", ")) }
        let questions = Questions(self, step, model, place)
        let tierCalls = escalation.tiers.map { TryMachine(step, model, place.graph.tier(named: $0)!).mostCalls }
        let calls = gate.mostCalls(from: start, tierCalls: tierCalls) { tier, check in
            escalation.checks[check].mostCalls(step, model, atTier: escalation.tiers[tier], in: place.graph)
        }

        var worst: Money? = unpriced.isEmpty ? .zero : nil
        func add(_ question: (most: Money?, note: String?)) {
            guard worst != nil else { return }
            worst = question.most.map { worst! + $0 }
            if let note = question.note, !notes.contains(note) { notes.append(note) }
        }
        var askedOnce: Set<Int> = []
        for tier in escalation.tiers.indices[start...] where unpriced.isEmpty {
            add(questions.ofTier(escalation.tiers[tier]))
            for check in gate.checks(atTier: tier) where !gate.checks[check].isAskedOnce || askedOnce.insert(check).inserted {
                add(questions.ofCheck(escalation.checks[check], atTier: escalation.tiers[tier]))
            }
        }
        if place.most == nil {
            notes.append("unbounded: for_each without max_items")
            worst = nil
        }
        worst = worst.flatMap { worst in place.most.map { worst * $0 } }
        if let cap = step.limits.maxCost, let most = place.most { worst = worst.map { min($0, cap * most) } ?? cap * most }
        if let cap = step.forEach?.maxCost, let most = place.outerMost { worst = worst.map { min($0, cap * most) } ?? cap * most }

        let once = best(escalation, gate, from: start, questions)
        if let cap = step.limits.maxCost, once > cap { notes.append("limits.max_cost_usd is less than its cheapest answer, \(once)") }
        let known = Acceptance(escalation, history.gates.filter { $0.step == id && $0.gate == escalation.hash })
        notes += known.notes
        var sheets = TierTerms()
        for name in model.askedTiers { sheets.sheets += terms(name, of: place.graph).sheets }
        // Of a step that runs so often for sure, by the rates of its gate; else by what its calls came to.
        var expected = expected(id, sheets)
        if expected != nil, place.most == place.least, !known.isEmpty {
            expected = known.expected(from: start) { questions.cheapest(escalation.tiers[$0]) } * place.least
        }
        let amounts = Plan.Amounts(best: once * place.least, expected: expected, worst: worst).ordered
        let models = escalation.tiers.map { place.graph.tier(named: $0)!.models.map(\.description).joined(separator: " | ") }
        return Plan.Step(
            id: id, kind: "model", tier: escalation.tiers.joined(separator: " > "), model: models.joined(separator: " > "),
            maxCalls: place.most.flatMap { most in most.multipliedReportingOverflow(by: calls).overflow ? nil : most * calls }, isConditional: isConditional,
            prompt: PromptTokens(bytes: questions.prompt.knownBytes, ratios[place.graph.tier(named: escalation.tiers[start])!.models[0]]), maxInputTokens: step.limits.maxInputTokens,
            maxOutputTokens: escalation.tiers.map(questions.outputCap).max(), amounts: amounts, isUnpriced: sheets.sheets.isEmpty, notes: notes,
            prefixes: model.prefixes.map { place.graph.prefixes[$0].name })
    }

    /// The cheapest way to an answer: up to some tier, whose answer is accepted by the checks that cannot be done without; of the last tier
    /// none, where the best answer is taken. What is asked early is paid in any case, unless a person may have to be asked for its money.
    private func best(_ escalation: Escalation, _ gate: GateTerms, from start: Int, _ questions: Questions) -> Money {
        let early = graph.budget.onExceeded == .ask ? [] : gate.early(from: start)
        var asked = early.reduce(Money.zero) { $0 + questions.cheapest(escalation.checks[$1], atTier: escalation.tiers[start]) }
        var best: Money?
        for tier in escalation.tiers.indices[start...] {
            asked += questions.cheapest(escalation.tiers[tier])
            var answered = asked
            if tier < escalation.tiers.count - 1 || gate.onExhausted != .best {
                for check in gate.checksWithout(tier) where !early.contains(check) || tier > start && !gate.checks[check].isAskedOnce {
                    answered += questions.cheapest(escalation.checks[check], atTier: escalation.tiers[tier])
                }
            }
            best = min(best ?? answered, answered)
        }
        return best ?? .zero
    }

    /// What the questions of a gate can cost.
    private struct Questions {
        let builder: PlanBuilder
        let step: Step
        let model: ModelStep
        let place: Place
        let own: PlanScope
        let prompt: PromptSize

        init(_ builder: PlanBuilder, _ step: Step, _ model: ModelStep, _ place: Place) {
            self.builder = builder
            self.step = step
            self.model = model
            self.place = place
            own = place.scope.with(step)
            prompt = builder.promptSize(step, model, place.graph, place.scope)
        }

        private func cap(_ model: ModelStep, _ tier: String, _ limits: StepLimits) -> Int {
            min(limits.maxOutputTokens, model.sampling.over(place.graph.tier(named: tier)!.sampling).maxOutputTokens ?? .max)
        }

        func outputCap(_ tier: String) -> Int { cap(model, tier, step.limits) }

        /// With what is asked for once more of an answer that was cut.
        private func mostOutput(_ tier: String) -> Int {
            TryMachine(step, model, place.graph.tier(named: tier)!).mostOutput(outputCap(tier))
        }

        /// The most that all tries of a question can hold. The first is of the tier's first model and under the usual cap of output; a cut answer raises
        /// that for those behind it. Each further model is fallen back to once, and who has the rest of the tries nobody knows: the dearest.
        private func most(
            _ model: ModelStep, _ tier: String, _ prompt: PromptSize, _ limits: StepLimits, timeout: TimeSpan, what: String
        ) -> (most: Money?, note: String?) {
            let machine = TryMachine(step, model, place.graph.tier(named: tier)!, limits: limits)
            let usual = cap(model, tier, limits)
            let raised = machine.mostOutput(usual)
            let terms = builder.terms(tier, of: place.graph)
            func calls(_ cap: Int) -> (calls: [Money]?, note: String?) {
                let (bound, learned) = builder.inputBound(prompt, limits, model, outputCap: raised)
                return (builder.callsByModel(model, terms, bound: bound, outputCap: cap, timeout: timeout, own), learned)
            }
            let (later, learned) = calls(raised)
            guard let later, let dearest = later.max(), let first = raised == usual ? later.first : calls(usual).calls?.first else {
                return (nil, "unbounded: \(what): no limits.max_input_tokens, and the prompt is not known before the run")
            }
            let each = later.dropFirst().reduce(first, +)
            return (each + dearest * (machine.mostCalls - later.count), learned)
        }

        func ofTier(_ tier: String) -> (most: Money?, note: String?) {
            most(model, tier, prompt, step.limits, timeout: step.timeout, what: "the step's question")
        }

        func ofCheck(_ check: GateCheck, atTier tier: String) -> (most: Money?, note: String?) {
            switch check.kind {
            case .expression, .logprob, .command: return (.zero, nil)
            case .judge(let judge):
                let (prompt, isLearned) = promptSize(of: judge, atTier: tier)
                let (amount, note) = most(
                    judge.question, judge.question.tier, prompt, judge.limits, timeout: judge.timeout ?? step.timeout, what: "the check '\(check.name)'")
                let learned = isLearned && judge.limits.maxInputTokens == nil && amount != nil
                return (amount, learned ? "the size of the prompt of '\(check.name)' is learned, not proved; limits.max_input_tokens bounds it" : note)
            case .agreement(let agree):
                let asked = agree.question(of: model)
                let size = agree.prompt == nil ? prompt : builder.promptSize(step, asked, place.graph, place.scope)
                let other = if case .tier(let name) = agree.asked { name } else { tier }
                let (amount, note) = most(asked, other, size, step.limits, timeout: step.timeout, what: "the check '\(check.name)'")
                return (amount.map { $0 * agree.mostSamples }, note)
            }
        }

        /// A judge's prompt has the answer in it, and mostly the question.
        private func promptSize(of judge: JudgeCheck, atTier tier: String) -> (size: PromptSize, isLearned: Bool) {
            let answer = PlanBuilder.learnedBound(of: mostOutput(tier))
            var isLearned = judge.needsFrame
            var size = builder.promptSize(step, judge.question, place.graph, place.scope, limits: judge.limits) { expression in
                var most = 0
                for root in TextSet(expression.references.compactMap(\.path.first)).sorted() {
                    switch root {
                    case "output": most += answer
                    case "question" where prompt.isComplete: most += prompt.bound
                    case "tier": most += 256
                    default: return nil
                    }
                }
                isLearned = true
                return most
            }
            if judge.needsFrame {
                let frame = PromptRenderer.frame(question: "", answer: "")
                size.bound += TokenBound.inlineText(frame) + prompt.bound + answer + PromptSegment.joiner.utf8.count + TokenBound.templateOverhead(messages: 1)
                if !prompt.isComplete { size.isComplete = false }
            }
            return (size, isLearned)
        }

        func cheapest(_ tier: String) -> Money {
            builder.best(model, builder.terms(tier, of: place.graph), promptBytes: prompt.knownBytes, own)
        }

        func cheapest(_ check: GateCheck, atTier tier: String) -> Money {
            switch check.kind {
            case .expression, .logprob, .command: return .zero
            case .judge(let judge):
                let size = builder.promptSize(step, judge.question, place.graph, place.scope, limits: judge.limits)
                return builder.best(judge.question, builder.terms(judge.question.tier, of: place.graph), promptBytes: size.knownBytes, own)
            case .agreement(let agree):
                let other = if case .tier(let name) = agree.asked { name } else { tier }
                return cheapest(other) * agree.firstWave
            }
        }
    }
}

extension GateTerms {
    /// The checks without which an answer of that tier is not accepted: where they are a no, it is one, whatever the others say.
    func checksWithout(_ tier: Int) -> [Int] {
        checks(atTier: tier).filter { check in
            guard let accept else { return true }
            let found = checks.indices.map { (checks[$0].name, $0 == check ? CELValue.map(CELMap([("passed", .bool(false))])) : .unknown) }
            return accept.prospect(GateScope(base: UnknownNames(), tier: tiers[tier], checks: .map(CELMap(found)), output: .unknown)).verdict == .fails
        }
    }
}

extension ModelStep {
    /// Every tier that it may ask, its checks' too, each once.
    var askedTiers: [String] {
        guard let escalation else { return [tier] }
        var names = escalation.tiers
        for check in escalation.checks {
            switch check.kind {
            case .judge(let judge): names.append(judge.question.tier)
            case .agreement(let agree): if case .tier(let name) = agree.asked { names.append(name) }
            case .expression, .logprob, .command: break
            }
        }
        var seen = TextSet()
        return names.filter { seen.insert($0).inserted }
    }
}
