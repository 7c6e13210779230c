import Economics
import Values
import WorkflowModel

/// The bands of a run's budget that it has come to, and what people said of going on in them. None is left.
struct RunBands {
    let budget: Budget
    private(set) var entered: [BudgetBand.Name] = []
    /// By which of its measures it came to each.
    private var measures: [BudgetBand.Name: BandEntered.Measure] = [:]
    /// Where a band asks, the first answer to any of its questions.
    private var answers: [BudgetBand.Name: ApprovalDecision] = [:]
    /// Whether the budget has any, so that nothing is looked for where it has not.
    let isThere: Bool
    /// Whether a tier may be asked in place of another.
    let hasStandIns: Bool

    init(_ budget: Budget) {
        self.budget = budget
        isThere = budget.yellow != nil || budget.red != nil
        hasStandIns = budget.onExceeded == .degrade && !budget.degrade.isEmpty || [budget.yellow, budget.red].contains { $0?.tiers != nil }
    }

    /// The first that the run has come to and that is not recorded yet.
    func due(_ money: RunMoney) -> BandEntered? {
        for name in BudgetBand.Name.allCases where !entered.contains(name) {
            if let band = budget.band(name), let measure = Self.measure(band.at, money) { return BandEntered(name, measure) }
        }
        return nil
    }

    private static func measure(_ at: BudgetBand.Threshold, _ money: RunMoney) -> BandEntered.Measure? {
        switch at {
        case .amount(let at): return money.kept >= at ? .money(counted: money.kept, at: at) : nil
        case .share(let share):
            if let cap = money.cap {
                let at = Money(picoDollars: share.of(cap.picoDollars))
                if money.kept >= at { return .money(counted: money.kept, at: at) }
            }
            if let cap = money.tokenCap {
                let at = Int(share.of(Int64(cap)))
                if money.keptTokens >= at { return .tokens(counted: money.keptTokens, at: at) }
            }
            return nil
        }
    }

    mutating func enter(_ band: BandEntered) {
        entered.append(band.band)
        measures[band.band] = band.measure
    }

    /// How far beyond its beginning the run is, by the measure that brought it there.
    func sentence(of name: BudgetBand.Name, _ money: RunMoney) -> String {
        switch measures[name]! {
        case .money(_, let at): BandEntered(name, .money(counted: money.kept, at: at)).sentence
        case .tokens(_, let at): BandEntered(name, .tokens(counted: money.keptTokens, at: at)).sentence
        }
    }

    private static func name(_ question: ApprovalRequest) -> BudgetBand.Name? {
        question.kind == .band ? question.cause.flatMap(BudgetBand.Name.init(rawValue:)) : nil
    }

    /// The first counts.
    mutating func take(_ decision: ApprovalDecision, to question: ApprovalRequest) {
        if let name = Self.name(question), answers[name] == nil { answers[name] = decision }
    }

    /// What was said of the band that a question is about; `nil`: nothing yet, or it is about none.
    func answer(to question: ApprovalRequest?) -> ApprovalDecision? { question.flatMap(Self.name).flatMap { answers[$0] } }

    private func first(_ matches: (BudgetBand, BudgetBand.Name) -> Bool) -> BudgetBand.Name? {
        entered.isEmpty ? nil : entered.first { name in budget.band(name).map { matches($0, name) } ?? false }
    }

    /// The band in which no gate goes up any more.
    var forbiddingEscalation: BudgetBand.Name? { first { band, _ in band.forbidsEscalation } }

    /// The band in which no step that asks a model begins any more.
    var closing: BudgetBand.Name? { first { band, _ in band.finishesCurrent } }

    /// The band in which somebody said that nothing is to go on.
    var declined: BudgetBand.Name? { first { band, name in band.asks && answers[name]?.isApproved == false } }

    /// The band of which a person is to say whether the run goes on in it.
    var asking: BudgetBand.Name? { first { band, name in band.asks && answers[name] == nil } }

    /// The tiers that are left, by the last band that names some; `nil`: all.
    var tiers: (names: [String], band: BudgetBand.Name)? {
        if entered.isEmpty { return nil }
        for name in entered.reversed() { if let names = budget.band(name)?.tiers { return (names, name) } }
        return nil
    }
}

extension RunState {
    func enter(_ entered: BandEntered) throws(IllegalFact) {
        guard bands.due(money) == entered else { throw IllegalFact("the budget is not in its \(entered.band.rawValue) band, or was before") }
        bands.enter(entered)
    }

    /// Who is asked where a step or a gate names a tier: that of its first call where it has one, else what bands leave.
    ///
    /// - Parameter calls: of the node.
    func askedTier(_ name: String, of calls: [OpenNode.Call], in graph: WorkflowGraph) -> ModelTier {
        guard bands.hasStandIns else { return graph.tier(named: name)! }
        if let call = calls.first(where: { $0.started.part.isEmpty && $0.started.tier == name })?.started { return tier(call.askedTier ?? name, graph) }
        guard let left = bands.tiers, !left.names.contains(name) else { return graph.tier(named: name)! }
        return tier(left.names[0], graph)
    }

    /// A tier that the run's own file names; another file may have one of that name.
    func tier(_ name: String, _ other: WorkflowGraph) -> ModelTier { other.tier(named: name) ?? graph.tier(named: name)! }

    /// Why a gate may not go on to a tier; `nil`: it may.
    func bandAgainstClimbing(to tier: String) -> String? {
        if bands.entered.isEmpty { return nil }
        if let band = bands.forbiddingEscalation { return "the budget is in its \(band.rawValue) band, in which no step goes on to a further tier" }
        return bandAgainst(tier)
    }

    /// Why a tier may not be asked any more; `nil`: it may.
    func bandAgainst(_ tier: String) -> String? {
        guard let left = bands.tiers, !left.names.contains(tier) else { return nil }
        return "the budget is in its \(left.band.rawValue) band, in which \(left.names.joined(separator: ", ")) alone \(left.names.count == 1 ? "is" : "are") asked"
    }
}
