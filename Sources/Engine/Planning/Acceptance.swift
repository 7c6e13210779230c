import Economics
import Values
import WorkflowModel

/// How often the answers of a gate's tiers were accepted and a further one was asked under what it says now, and what follows from that.
///
/// An execution whose answer is not accepted need not go on: its server was away, a check was lost, or `max_rate` or a cap left the next tier out. So
/// both shares are counted by themselves. Where nothing is known of a tier, half of its answers are accepted and the others go on: a prior of one
/// each, which what was seen is added to.
struct Acceptance {
    let tiers: [String]
    /// The largest share that may ask a second tier.
    private let limit: Share?
    private let rates: [GateRate?]
    /// How often another tier answered in place of each.
    private let replaced: [Int]

    init(_ escalation: Escalation, _ rates: [GateRate]) {
        tiers = escalation.tiers
        limit = escalation.maxRate?.limit
        self.rates = escalation.tiers.map { tier in rates.first { $0.tier == tier && $0.asked > 0 } }
        replaced = escalation.tiers.map { tier in rates.first { $0.tier == tier }?.replaced ?? 0 }
    }

    var isEmpty: Bool { rates.allSatisfy { $0 == nil } }

    /// What an execution takes on the average.
    ///
    /// - Parameter cheapest: of a tier that was never asked.
    func expected(from start: Int = 0, cheapest: (Int) -> Money) -> Money {
        var rest = Money.zero
        for tier in tiers.indices[start...].reversed() {
            let asked = rates[tier].map { ($0.answerCost + $0.checkCost).divided(by: $0.asked) } ?? cheapest(tier)
            // The last tier's is the end, accepted or not.
            rest = asked + (tier == tiers.count - 1 ? .zero : rest.scaled(goesOn(tier, from: start).of, over: goesOn(tier, from: start).outOf))
        }
        return rest
    }

    /// The share of executions that ask a further tier behind this one, as a ratio of amounts; behind the first no more than may.
    private func goesOn(_ tier: Int, from start: Int) -> (of: Money, outOf: Money) {
        let (part, whole) = (wentOn(tier) + 1, (rates[tier]?.asked ?? 0) + 2)
        if tier == start, let limit, Int128(part) * Int128(Share.whole) > Int128(limit.millionths) * Int128(whole) {
            return (Money(picoDollars: Int64(limit.millionths)), Money(picoDollars: Int64(Share.whole)))
        }
        return (Money(picoDollars: Int64(part)), Money(picoDollars: Int64(whole)))
    }

    /// Executions that asked this tier and one behind it.
    private func wentOn(_ tier: Int) -> Int {
        guard let rate = rates[tier] else { return 0 }
        return min(rate.asked, tiers[(tier + 1)...].compactMap { rate.alsoAsked[$0] }.max() ?? 0)
    }

    /// The share of executions from a tier on that come to an accepted answer.
    private func accepted(from start: Int, first: Int) -> Double {
        let rate = rates[start]
        // What nobody looked at, as at the last tier, says nothing.
        let own = Double((rate?.accepted ?? 0) + 1) / Double((start == tiers.count - 1 ? rate?.decided ?? 0 : rate?.asked ?? 0) + 2)
        guard start < tiers.count - 1 else { return own }
        let further = goesOn(start, from: first)
        return own + Double(further.of.picoDollars) / Double(further.outOf.picoDollars) * accepted(from: start + 1, first: first)
    }

    // MARK: The gate as a whole

    /// - Parameters:
    ///   - start: the tier that is asked first.
    ///   - cheapest: of a tier that was never asked.
    ///   - sheet: what holds for a tier's first model now; `nil`: it has no price.
    func gate(
        from start: Int, outcomes: GateOutcomes?, hopeless: [HopelessCheck], cheapest: (Int) -> Money, sheet: (Int) -> PriceSheet?
    ) -> Plan.Gate {
        let expected = expected(from: start, cheapest: cheapest)
        var gate = Plan.Gate(
            tiers: tiers.indices.map(told), expected: expected, perAccepted: expected.over(accepted(from: start, first: start)), judged: outcomes?.judged ?? 0, correct: outcomes?.correct ?? 0,
            hopeless: hopeless)
        if gate.correct > 0 { gate.perCorrect = expected * gate.judged }
        gate.perCorrect = gate.perCorrect?.divided(by: gate.correct)
        weigh(&gate, from: start, cheapest, sheet)
        return gate
    }

    private func told(_ tier: Int) -> Plan.Gate.Tier {
        let rate = rates[tier]
        var told = Plan.Gate.Tier(
            name: tiers[tier], asked: rate?.asked ?? 0, accepted: rate?.accepted ?? 0, decided: rate?.decided ?? 0,
            cost: rate.map { ($0.answerCost + $0.checkCost).divided(by: $0.asked) }, cachedShare: rate?.cachedShare)
        told.replaced = replaced[tier]
        return told
    }

    /// Whether the first tier is worth its price: what goes on from it must be less than what it saves.
    private func weigh(_ gate: inout Plan.Gate, from start: Int, _ cheapest: (Int) -> Money, _ sheet: (Int) -> PriceSheet?) {
        let last = tiers.count - 1
        guard last > start, let first = rates[start], first.decided > 0 else { return }
        let observed = Plan.Gate.Rate(of: wentOn(start), outOf: first.asked)
        gate.rate = observed
        gate.mostGoOn = limit
        guard let final = rates[last], final.answerCost > .zero, let direct = direct(last, warmAs: first, sheet) else { return }
        gate.direct = direct
        gate.second = final.answerCost.divided(by: final.asked)
        let spent = (first.answerCost + first.checkCost).divided(by: first.asked)
        let further = expected(from: start + 1, cheapest: cheapest)
        guard further > .zero else { return }
        let breakEven = Double(direct.picoDollars - spent.picoDollars) / Double(further.picoDollars)
        gate.breakEven = breakEven
        gate.losesMoney = min(observed.share, limit.map { Double($0.millionths) / Double(Share.whole) } ?? 1) > breakEven
        guard gate.losesMoney else { return }
        // A tier between them stands in for the gate where its own answers, to the harder questions, may be accepted as often as the gate's are in all.
        let overall = accepted(from: start, first: start)
        let candidates = (start + 1...last).compactMap { tier -> (tier: String, cost: Money)? in
            guard let rate = rates[tier], tier == last || rate.decided > 0 && Plan.Gate.Rate(of: rate.accepted, outOf: rate.decided).high >= overall else { return nil }
            return self.direct(tier, warmAs: first, sheet).map { (tiers[tier], $0) }
        }
        gate.cheaper = candidates.filter { $0.cost < gate.expected || $0.tier == tiers[last] }.min { $0.cost < $1.cost }
    }

    /// What an answer of a tier costs that is asked each question: its prompts are found in a cache as often as the first tier's, which is asked each. One
    /// that is asked now and then finds a colder one.
    private func direct(_ tier: Int, warmAs first: GateRate, _ sheet: (Int) -> PriceSheet?) -> Money? {
        guard let rate = rates[tier], rate.asked > 0 else { return nil }
        let observed = rate.answerCost.divided(by: rate.asked)
        guard let own = rate.cachedShare, let warm = first.cachedShare, warm > own, let sheet = sheet(tier), !sheet.isMachineTime else { return observed }
        func cost(_ share: Double) -> Money {
            let cached = Int((Double(rate.inputTokens) * share / Double(rate.asked)).rounded())
            let usage = TokenUsage(plainInput: rate.inputTokens / rate.asked - cached, cacheRead: cached, plainOutput: rate.outputTokens / rate.asked)
            return sheet.cost(of: usage, busy: .milliseconds(0)).total
        }
        let (cold, warmed) = (cost(own), cost(warm))
        return cold > warmed ? observed.scaled(warmed, over: cold) : observed
    }
}

extension Plan.Gate.Rate {
    /// With the bounds of Wilson's interval, 95 %.
    init(of part: Int, outOf whole: Int) {
        let (n, z) = (Double(whole), 1.959964)
        let p = Double(part) / n
        let middle = p + z * z / (2 * n)
        let margin = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        self.init(share: p, low: max(0, (middle - margin) / scale), high: min(1, (middle + margin) / scale), count: whole)
    }
}

extension Money {
    /// Of a share of the times that it is spent.
    fileprivate func over(_ share: Double) -> Money {
        scaled(Money(picoDollars: 1_000_000_000), over: Money(picoDollars: Swift.max(1, Int64((share * 1_000_000_000).rounded()))))
    }
}

extension Plan.Gate {
    /// What `plan` says of it; nothing where nothing was decided yet.
    var notes: [String] {
        let told = tiers.filter { $0.decided > 0 }.map { tier in
            "\(tier.name) \(tier.accepted) of \(tier.decided)" + (tier.replaced > 0 ? " (and \(tier.replaced) that another tier answered)" : "")
        }
        guard !told.isEmpty else { return [] }
        var notes = ["accepted so far: " + told.joined(separator: ", ")]
        var cost = "\(expected) expected for an execution, \(perAccepted) for an accepted answer"
        if judged > 0 { cost += (perCorrect.map { ", \($0) for a right one" } ?? "") + " (\(correct) of \(judged) are known to be right)" }
        notes.append(cost)
        notes += [economy].compactMap(\.self)
        if let caches { notes.append(caches) }
        for check in hopeless where check.share >= HopelessCheck.leastShare {
            notes.append(
                "the check '\(check.check)' fails at every tier in \(check.executions) of \(check.of) (\(Self.percent(check.share))), for \(Money(saturating: check.cost)): it is the question, or the check, and not the model")
        }
        return notes
    }

    private var economy: String? {
        guard let rate, let breakEven, let direct, let last = tiers.last?.name else { return nil }
        let observed = "\(Self.percent(rate.share)) of executions go on (\(Self.percent(rate.low)) to \(Self.percent(rate.high)), n=\(rate.count))" + (mostGoOn.map { ", of which max_rate allows \($0)" } ?? "")
        let alone = cheaper.map { "; \($0.tier) alone is cheaper, at \($0.cost) an answer" } ?? ""
        if breakEven < 0 { return "the gate loses money however seldom it goes on: \(observed), and a first answer with its checks costs more than one of \(last) alone, \(direct)\(alone)" }
        return losesMoney ? "the gate loses money: \(observed), and it pays below \(Self.percent(breakEven))\(alone)" : "\(observed), and it pays below \(Self.percent(breakEven))"
    }

    /// Where caches are colder for what is asked second.
    private var caches: String? {
        guard let direct, let second, direct < second, let last = tiers.last, let first = tiers.first(where: { $0.asked > 0 }), let warm = first.cachedShare, let cold = last.cachedShare else { return nil }
        return "of prompts a cache had \(Self.percent(warm)) at \(first.name) and \(Self.percent(cold)) at \(last.name), which asked at once would cost \(direct) an answer and asked second costs \(second)"
    }

    static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
