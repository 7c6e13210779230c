import Economics
import Values
import WorkflowModel

extension GateSimulator {
    /// The names by which rows know the tiers of the gate, then those that only checks ask.
    public var tierNames: [String] { names }

    /// Decides one row, on all ways that it can go, without counting it.
    ///
    /// What is not in it may stand in it as assumed: a tier's answer with `assumed`, `cost_usd` and `most_cost_usd`, and a check under `assumed_checks`. Either way of it is followed.
    ///
    /// - Returns: `nil` where another tier answered in place of one, and where a tier that is asked is not in the row at all.
    public func decide(_ row: JSONValue) throws(RecordedAnswersError) -> GateRedecision? {
        let recorded = try RecordedAnswers(row, tiers: names)
        if terms.tiers.indices.contains(where: { recorded.answers[$0]?.isReplaced == true }) { return nil }
        let courses = courses(of: recorded, from: try start(of: recorded))
        guard courses.allSatisfy({ $0.unknown == nil }) else { return nil }
        var decision = GateRedecision()
        let compared = courses.map { self.compared($0, row, recorded) }
        decision.cost = WhatIfResult.Cost(
            zip(courses, compared).map { $0.cost + $1.cost.least }.min()!, zip(courses, compared).map { $0.cost + $0.slack + $1.cost.most }.max()!)
        decision.isLowerBound = courses.contains(where: \.isUnpriced) || compared.contains { !$0.isKnown }
        var ways: TextSet = []
        var (tiers, checks): (TextSet, TextSet) = ([], [])
        for course in courses {
            for name in taken(course, recorded) where ways.insert(name.map { "+" + $0 } ?? "").inserted { decision.taken.append(name) }
            for tier in course.assumed where tiers.insert(names[tier]).inserted { decision.unknownTiers.append(names[tier]) }
            for check in course.missing where checks.insert(check).inserted {
                decision.unknownChecks.append(check)
                if terms.checks.contains(where: { $0.name.hasSameBytes(as: check) && $0.isPaid }), recorded.assumedChecks[check] == nil { decision.isLowerBound = true }
            }
        }
        return decision
    }

    /// What is asked for comparison behind a way: of the tiers that the gate names for it those that it has not asked, where the recorded draw is among its share. What was
    /// refused then, or given up, is not asked.
    private func compared(_ course: Course, _ row: JSONValue, _ recorded: RecordedAnswers) -> (cost: WhatIfResult.Cost, isKnown: Bool) {
        var cost = WhatIfResult.Cost()
        guard let shadow = escalation.shadow else { return (cost, true) }
        let draw = row["shadow"]?["draw"]?.intValue
        if let draw, !ShadowDrawn.isChosen(draw, at: shadow.rate) { return (cost, true) }
        let away = ["refused", "unknown"].flatMap { row["shadow"]?[$0]?.arrayValue ?? [] }.compactMap(\.stringValue)
        var isKnown = true
        for tier in shadow.tiers where !course.asked.contains(where: { names[$0].hasSameBytes(as: tier) }) && !away.contains(where: { $0.hasSameBytes(as: tier) }) {
            guard let place = names.firstIndex(where: { $0.hasSameBytes(as: tier) }), let answer = recorded.answers[place], let one = answer.cost else {
                isKnown = false
                continue
            }
            // Nothing was drawn of a gate that asked nobody for comparison.
            if draw != nil { cost.least.add(one) }
            cost.most = cost.most + MoneySum(one) + (answer.assumed ?? .zero)
        }
        return (cost, isKnown)
    }

    /// Whose answer is taken at the end of a way; a person who was asked about the same tiers chooses as before, of others nobody knows.
    private func taken(_ course: Course, _ row: RecordedAnswers) -> [String?] {
        if let tier = Self.taken(course.end!) { return [names[tier]] }
        guard case .ask = course.end! else { return [nil] }
        if let asked = row.asked, asked.elementsEqual(course.asked.map { names[$0] }, by: { $0.hasSameBytes(as: $1) }) { return [row.taken] }
        return course.asked.map { names[$0] }
    }
}
