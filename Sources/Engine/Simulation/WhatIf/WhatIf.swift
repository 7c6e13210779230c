import Economics
import Values
import WorkflowModel

/// Sums up what recorded calls come to on other terms, one after the other, so that no ledger is in memory whole.
public struct WhatIf {
    private let pricing: RecordedPricing
    private let terms: [RecordedPricing.Terms]
    /// Of which alternatives the cost of each call at a gate is wanted later.
    private let remembers: [Bool]
    private var result = WhatIfResult()
    private var places: TextTable<Int> = [:]
    private var lastRun: Int64?
    private var lastRow: (workflow: String, step: String, place: Int)?
    private var gatedNodes: [TextSet]
    private var costs: [TextTable<Money>]

    /// - Parameters:
    ///   - alternatives: names, and the prices and models of each.
    ///   - remembers: whether the gates of an alternative are decided again behind its calls.
    public init(_ alternatives: [(name: String, terms: RecordedPricing.Terms, remembers: Bool)], _ pricing: RecordedPricing) {
        self.pricing = pricing
        terms = alternatives.map(\.terms)
        remembers = alternatives.map { $0.remembers && !$0.terms.isRecorded }
        result.alternatives = alternatives.map { WhatIfResult.Alternative($0.name) }
        gatedNodes = Array(repeating: [], count: alternatives.count)
        costs = Array(repeating: [:], count: alternatives.count)
    }

    // MARK: Calls

    /// Takes in a call; those of a run behind each other.
    public mutating func add(_ call: RecordedCall) {
        if lastRun != call.position.run {
            result.runs += 1
            lastRun = call.position.run
        }
        result.calls += 1
        let place = row(call.workflow, call.step)
        result.rows[place].calls += 1
        let (own, others) = pricing.priced(call, on: terms)
        switch own {
        case .priced(let cost), .assumed(let cost):
            result.reproduced += 1
            result.recorded.add(cost)
            result.rows[place].recorded.add(cost)
        case .kept(let cost, let reason):
            result.kept[reason, default: 0] += 1
            if let cost {
                result.recorded.add(cost)
                result.rows[place].recorded.add(cost)
            }
        }
        for (index, other) in others.enumerated() {
            switch other {
            case .priced(let cost): add(cost, index, place, call)
            case .assumed(let cost):
                add(cost, index, place, call)
                result.alternatives[index].assumed += 1
                if call.isGated, gatedNodes[index].insert("\(call.run) \(call.path)").inserted { result.alternatives[index].undecidedByModel += 1 }
            case .kept(let cost, let reason):
                if let cost { add(cost, index, place, call) } else { result.alternatives[index].isLowerBound = true }
                result.alternatives[index].kept[reason, default: 0] += 1
            }
        }
    }

    private mutating func add(_ cost: Money, _ alternative: Int, _ place: Int, _ call: RecordedCall) {
        result.rows[place].costs[alternative].least.add(cost)
        result.rows[place].costs[alternative].most.add(cost)
        if remembers[alternative], call.isGated { costs[alternative][call.id] = cost }
    }

    private mutating func row(_ workflow: String, _ step: String) -> Int {
        if let lastRow, lastRow.workflow.hasSameBytes(as: workflow), lastRow.step.hasSameBytes(as: step) { return lastRow.place }
        let key = "\(workflow)\u{0}\(step)"
        let place = places[key] ?? result.rows.count
        if place == result.rows.count {
            places[key] = place
            result.rows.append(WhatIfResult.Row(workflow: workflow, step: step, alternatives: terms.count))
        }
        lastRow = (workflow, step, place)
        return place
    }

    /// What a call of an alternative costs, where it is another amount than the recorded one.
    public func cost(of call: String, in alternative: Int) -> Money? { costs[alternative][call] }

    // MARK: What is decided again

    /// A step costs more, or less, in an alternative.
    public mutating func add(_ difference: WhatIfResult.Cost, to alternative: Int, workflow: String, step: String) {
        let place = row(workflow, step)
        result.rows[place].costs[alternative] = result.rows[place].costs[alternative] + difference
    }

    public mutating func set(_ gates: WhatIfResult.Gates, of alternative: Int) {
        result.alternatives[alternative].gates = gates
        if gates.lowerBounds > 0 { result.alternatives[alternative].isLowerBound = true }
    }

    public mutating func set(_ caps: WhatIfResult.Caps, of alternative: Int) {
        result.alternatives[alternative].caps = caps
        if caps.isUnbounded { result.alternatives[alternative].isLowerBound = true }
    }

    public mutating func set(_ caches: WhatIfResult.Caches, of alternative: Int) { result.alternatives[alternative].caches = caches }

    /// What all of it came to.
    public func sum() -> WhatIfResult {
        var result = result
        for index in result.alternatives.indices {
            var cost = result.rows.reduce(WhatIfResult.Cost()) { $0 + $1.costs[index] }
            if let caps = result.alternatives[index].caps { cost.most = cost.most + caps.slack }
            result.alternatives[index].cost = cost
        }
        result.rows.sort { a, b in a.recorded == b.recorded ? (a.workflow, a.step) < (b.workflow, b.step) : a.recorded > b.recorded }
        result.priceRows = pricing.usedRows.sortedByKey.map(\.value)
        return result
    }
}
