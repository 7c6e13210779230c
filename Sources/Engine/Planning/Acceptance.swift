import Economics
import WorkflowModel

/// How often the answers of a gate's tiers were accepted under what it says now, and what follows from that.
///
/// Where nothing is known of a tier, half of its answers are: a prior of one accepted and one not, which what was seen is added to.
struct Acceptance {
    let tiers: [String]
    private let rates: [GateRate?]

    init(_ escalation: Escalation, _ rates: [GateRate]) {
        tiers = escalation.tiers
        self.rates = escalation.tiers.map { tier in rates.first { $0.tier == tier && $0.asked > 0 } }
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
            rest = asked + (tier == tiers.count - 1 ? .zero : rest.scaled(goesOn(tier).of, over: goesOn(tier).outOf))
        }
        return rest
    }

    /// The share of answers that are not accepted, as a ratio of amounts.
    private func goesOn(_ tier: Int) -> (of: Money, outOf: Money) {
        let (accepted, decided) = (rates[tier]?.accepted ?? 0, rates[tier]?.decided ?? 0)
        return (Money(picoDollars: Int64(decided - accepted + 1)), Money(picoDollars: Int64(decided + 2)))
    }

    /// What `plan` says of it.
    var notes: [String] {
        let told = tiers.indices.compactMap { tier -> String? in
            guard let rate = rates[tier], rate.decided > 0 else { return nil }
            return "\(tiers[tier]) \(rate.accepted) of \(rate.decided)"
        }
        guard !told.isEmpty else { return [] }
        return ["accepted so far: " + told.joined(separator: ", ")] + [economy].compactMap(\.self)
    }

    /// Whether the first tier is worth its price: what goes on from it must be less than what it saves.
    private var economy: String? {
        guard tiers.count > 1, let first = rates[0], let last = rates[tiers.count - 1], first.decided > 0, last.answerCost > .zero, last.asked > 0 else { return nil }
        let direct = last.answerCost.divided(by: last.asked)
        let spent = (first.answerCost + first.checkCost).divided(by: first.asked)
        let dearer = (last.answerCost + last.checkCost).divided(by: last.asked)
        let observed = Interval(of: first.decided - first.accepted, outOf: first.decided)
        guard spent < direct else {
            return "the gate loses money: a first answer with its checks costs \(spent), and one of \(tiers.last!) alone \(direct)"
        }
        let most = Double((direct - spent).picoDollars) / Double(dearer.picoDollars)
        let told = "\(Self.percent(observed.share)) of answers go on (\(Self.percent(observed.low)) to \(Self.percent(observed.high)), n=\(first.decided)), and it pays below \(Self.percent(most))"
        return observed.share > most ? "the gate loses money: \(told); \(tiers.last!) alone is cheaper, at \(direct) an answer" : told
    }

    private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}

/// A share with the bounds of Wilson's interval, 95 %.
private struct Interval {
    let share: Double
    let low: Double
    let high: Double

    init(of part: Int, outOf whole: Int) {
        let (n, z) = (Double(whole), 1.959964)
        let p = Double(part) / n
        let middle = p + z * z / (2 * n)
        let margin = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        (share, low, high) = (p, max(0, (middle - margin) / scale), min(1, (middle + margin) / scale))
    }
}
