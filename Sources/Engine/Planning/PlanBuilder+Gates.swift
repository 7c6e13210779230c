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
        let standIns = Self.standIns(model, graph.budget)
        let unpriced = (model.askedTiers + standIns).flatMap { terms($0, of: place.graph).unpriced.map { "\($0.reference)" } }
        if !unpriced.isEmpty { notes.append("no price for " + unpriced.joined(separator: ", ")) }
        let questions = Questions(self, step, model, place)
        // Whoever may be asked in place of the first.
        func asked(_ tier: Int) -> [ModelTier] { ([escalation.tiers[tier]] + (tier == start ? standIns : [])).map { self.tier($0, in: place.graph) } }
        let tierCalls = escalation.tiers.indices.map { asked($0).map { TryMachine(step, model, $0).mostCalls }.max()! }
        let calls = gate.mostCalls(from: start, tierCalls: tierCalls) { tier, check in
            asked(tier).map { escalation.checks[check].mostCalls(step, model, atTier: $0, in: place.graph) }.max()!
        }

        var worst: Money? = unpriced.isEmpty ? .zero : nil
        var tokens: Int? = 0
        func add(_ asked: [Questions.Most]) {
            func most<Amount: Comparable>(_ amounts: [Amount?]) -> Amount? { amounts.contains { $0 == nil } ? nil : amounts.compactMap(\.self).max() }
            tokens = tokens.flatMap { sum in
                most(asked.map(\.most.tokens)).flatMap { sum.addingReportingOverflow($0).overflow ? nil : sum + $0 }
            }
            guard worst != nil else { return }
            worst = most(asked.map(\.most.money)).map { worst! + $0 }
            for note in asked.compactMap(\.note) where !notes.contains(note) { notes.append(note) }
        }
        var askedOnce: Set<Int> = []
        for tier in escalation.tiers.indices[start...] {
            add(asked(tier).map { questions.ofTier($0.name) })
            for check in gate.checks(atTier: tier) where !gate.checks[check].isAskedOnce || askedOnce.insert(check).inserted {
                add(asked(tier).map { questions.ofCheck(escalation.checks[check], atTier: $0.name) })
            }
        }
        // What a gate asks itself it does not ask for comparison, and a call for comparison is no dearer than a question: beyond the worst of
        // all tiers are those alone that the gate does not come to.
        let others = (escalation.shadow?.tiers ?? []).filter { tier in !escalation.tiers[start...].contains { $0.hasSameBytes(as: tier) } }
        for tier in others where unpriced.isEmpty { add([questions.ofCall(tier)]) }
        if let shadow = escalation.shadow {
            notes.append("asks \(shadow.tiers.joined(separator: ", ")) for comparison in \(shadow.rate) of its executions, last of all and in no figure but the worst")
        }
        if place.most == nil {
            notes.append("unbounded: for_each without max_items")
            worst = nil
        }
        worst = worst.flatMap { worst in place.most.map { worst * $0 } }
        if let cap = step.limits.maxCost, let most = place.most { worst = worst.map { min($0, cap * most) } ?? cap * most }
        if let cap = step.forEach?.maxCost, let most = place.outerMost { worst = worst.map { min($0, cap * most) } ?? cap * most }

        let once = model.memo != nil ? .zero : best(escalation, gate, from: start, questions, standIns)
        notes += Self.notes(once, step.limits, "its cheapest answer")
        let known = Acceptance(escalation, history.gates.filter { $0.step == id && $0.gate == escalation.hash })
        let weighed = known.gate(
            from: start, outcomes: history.gateOutcomes.first { $0.step == id && $0.gate == escalation.hash },
            hopeless: history.hopeless.filter { $0.step == id && $0.gate == escalation.hash }, cheapest: { questions.cheapest(escalation.tiers[$0]).money },
            sheet: { terms(escalation.tiers[$0], of: place.graph).sheets.first?.sheet })
        notes += weighed.notes
        var sheets = TierTerms()
        for name in model.askedTiers + standIns { sheets.sheets += terms(name, of: place.graph).sheets }
        let best = once * place.least
        // Of a step that runs so often for sure, by the rates of its gate; else by what its calls came to.
        var expected = expected(id, sheets)
        if expected != nil, place.most == place.least, !known.isEmpty {
            expected = known.expected(from: start) { questions.cheapest(escalation.tiers[$0]).money } * place.least
        }
        let amounts = Plan.Amounts(
            best: best.money, expected: expected, worst: worst, bestTokens: best.tokens, worstTokens: Self.mostTokens(tokens, step, place)
        ).ordered
        let models = escalation.tiers.map { place.graph.tier(named: $0)!.models.map(\.description).joined(separator: " | ") }
        var row = Plan.Step(
            id: id, kind: "model", tier: escalation.tiers.joined(separator: " > "), model: models.joined(separator: " > "),
            maxCalls: place.most.flatMap { most in most.multipliedReportingOverflow(by: calls + others.count).overflow ? nil : most * (calls + others.count) }, isConditional: isConditional,
            prompt: PromptTokens(bytes: questions.prompt.knownBytes, ratios[place.graph.tier(named: escalation.tiers[start])!.models[0]]), maxInputTokens: step.limits.maxInputTokens,
            maxOutputTokens: escalation.tiers.map(questions.outputCap).max(), amounts: amounts, isUnpriced: sheets.sheets.isEmpty, notes: notes,
            prefixes: model.prefixes.map { place.graph.prefixes[$0].name })
        row.gate = weighed
        return row
    }

    /// The cheapest way to an answer: up to some tier, whose answer is accepted by the checks that cannot be done without; of the last tier
    /// none, where the best answer is taken. What is asked early is paid in any case, unless a person may have to be asked for its money.
    private func best(_ escalation: Escalation, _ gate: GateTerms, from start: Int, _ questions: Questions, _ standIns: [String]) -> CapAmount {
        let early = graph.budget.onExceeded == .ask ? [] : gate.early(from: start)
        var asked = early.reduce(CapAmount.zero) { $0 + questions.cheapest(escalation.checks[$1], atTier: escalation.tiers[start]) }
        var best: CapAmount?
        for tier in escalation.tiers.indices[start...] {
            var once = questions.cheapest(escalation.tiers[tier])
            if tier == start { for name in standIns { once = once.smaller(of: questions.cheapest(name)) } }
            asked += once
            var answered = asked
            if tier < escalation.tiers.count - 1 || gate.onExhausted != .best {
                for check in gate.checksWithout(tier) where !early.contains(check) || tier > start && !gate.checks[check].isAskedOnce {
                    answered += questions.cheapest(escalation.checks[check], atTier: escalation.tiers[tier])
                }
            }
            best = best?.smaller(of: answered) ?? answered
        }
        return best ?? .zero
    }

    /// The cheapest way to an answer of a gate.
    func cheapest(_ escalation: Escalation, _ step: Step, _ model: ModelStep, _ place: Place) -> CapAmount {
        if model.memo != nil { return .zero }
        let start = if case .position(let position) = escalation.start { position } else { 0 }
        return best(
            escalation, GateTerms(escalation, in: place.graph), from: start, Questions(self, step, model, place), Self.standIns(model, graph.budget))
    }

    /// What the questions of a gate can cost.
    private struct Questions {
        /// The most that a question holds with all its tries, and what is to be said of it; `nil` of a unit: nothing bounds it.
        typealias Most = (most: (money: Money?, tokens: Int?), note: String?)

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
            min(limits.maxOutputTokens, model.sampling.over(builder.tier(tier, in: place.graph).sampling).maxOutputTokens ?? .max)
        }

        func outputCap(_ tier: String) -> Int { cap(model, tier, step.limits) }

        /// With what is asked for once more of an answer that was cut.
        private func mostOutput(_ tier: String) -> Int {
            TryMachine(step, model, builder.tier(tier, in: place.graph)).mostOutput(outputCap(tier))
        }

        /// The most that all tries of a question can hold. The first is of the tier's first model and under the usual cap of output; a cut answer raises
        /// that for those behind it. Each further model is fallen back to once, and who has the rest of the tries nobody knows: the dearest.
        private func most(
            _ model: ModelStep, _ tier: String, _ prompt: PromptSize, _ limits: StepLimits, timeout: TimeSpan, what: String
        ) -> Most {
            let machine = TryMachine(step, model, builder.tier(tier, in: place.graph), limits: limits)
            let usual = cap(model, tier, limits)
            let raised = machine.mostOutput(usual)
            let terms = builder.terms(tier, of: place.graph)
            let (bound, learned) = builder.inputBound(prompt, limits, model, outputCap: raised)
            func calls(_ cap: Int) -> (money: [Money]?, tokens: [Int]?) { builder.callsByModel(model, terms, bound: bound, outputCap: cap, timeout: timeout, own) }
            let later = calls(raised)
            let first = raised == usual ? later : calls(usual)
            func all<Amount: Comparable>(_ first: [Amount]?, _ later: [Amount]?, _ add: (Amount, Amount) -> Amount?, _ times: (Amount, Int) -> Amount?) -> Amount? {
                guard let begun = first?.first, let later, let dearest = later.max(), let rest = times(dearest, machine.mostCalls - later.count) else { return nil }
                return (later.dropFirst() + [rest]).reduce(begun) { sum, amount in sum.flatMap { add($0, amount) } }
            }
            let money = all(first.money, later.money, { $0 + $1 }, { $0 * $1 })
            let tokens = all(first.tokens, later.tokens, { $0.addingReportingOverflow($1).overflow ? nil : $0 + $1 }, { $0.times($1) })
            if money != nil { return ((money, tokens), learned) }
            return ((money, tokens), "unbounded: \(what): no limits.max_input_tokens, and the prompt is not known before the run")
        }

        /// A single call of a tier: where it is asked for comparison.
        func ofCall(_ tier: String) -> Most {
            let cap = outputCap(tier)
            let (bound, learned) = builder.inputBound(prompt, step.limits, model, outputCap: cap)
            return (builder.dearestCall(model, builder.terms(tier, of: place.graph), bound: bound, outputCap: cap, timeout: step.timeout, own), learned)
        }

        func ofTier(_ tier: String) -> Most {
            most(model, tier, prompt, step.limits, timeout: step.timeout, what: "the step's question")
        }

        func ofCheck(_ check: GateCheck, atTier tier: String) -> Most {
            switch check.kind {
            case .expression, .logprob, .command: return ((.zero, 0), nil)
            case .judge(let judge):
                let (prompt, isLearned) = promptSize(of: judge, atTier: tier)
                let (amount, note) = most(
                    judge.question, judge.question.tier, prompt, judge.limits, timeout: judge.timeout ?? step.timeout, what: "the check '\(check.name)'")
                let learned = isLearned && judge.limits.maxInputTokens == nil && amount.money != nil
                return (amount, learned ? "the size of the prompt of '\(check.name)' is learned, not proved; limits.max_input_tokens bounds it" : note)
            case .agreement(let agree):
                let asked = agree.question(of: model)
                let size = agree.prompt == nil ? prompt : builder.promptSize(step, asked, place.graph, place.scope)
                let other = if case .tier(let name) = agree.asked { name } else { tier }
                let (amount, note) = most(asked, other, size, step.limits, timeout: step.timeout, what: "the check '\(check.name)'")
                return ((amount.money.map { $0 * agree.mostSamples }, amount.tokens.flatMap { $0.times(agree.mostSamples) }), note)
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

        func cheapest(_ tier: String) -> CapAmount {
            builder.best(model, builder.terms(tier, of: place.graph), promptBytes: prompt.knownBytes, own)
        }

        func cheapest(_ check: GateCheck, atTier tier: String) -> CapAmount {
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
        var names = escalation.tiers + (escalation.shadow?.tiers ?? [])
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
