import Economics
import Values
import WorkflowModel

/// What answers of tiers and outcomes of checks cost where they are recorded, so that those that are not can be bounded.
public struct GateCosts {
    private struct Range {
        var least: Money
        var most: Money

        mutating func take(_ cost: Money) {
            least = min(least, cost)
            most = max(most, cost)
        }
    }

    private var tiers: TextTable<Range> = [:]
    private var checks: TextTable<Range> = [:]
    /// What a tier may cost for the prompt of an execution; `nil`: nobody knows.
    private let assumed: (String, GateExecution) -> (least: Money, most: Money)?

    public init(assumed: @escaping (String, GateExecution) -> (least: Money, most: Money)?) { self.assumed = assumed }

    /// Learns of an execution what its tiers and checks cost.
    public mutating func learn(_ execution: GateExecution) {
        let calls = execution.calls.filter { $0.purpose != CallPurpose.count.rawValue }
        for tier in execution.tiers where tier.askedTier == nil {
            Self.take(calls.filter { $0.tier.hasSameBytes(as: tier.tier) && $0.part.isEmpty && $0.purpose != CallPurpose.shadow.rawValue }, tier.tier, &tiers)
        }
        for shadow in execution.shadows where shadow.output != nil {
            Self.take(calls.filter { $0.tier.hasSameBytes(as: shadow.tier) && $0.purpose == CallPurpose.shadow.rawValue }, shadow.tier, &tiers)
        }
        for check in execution.checks {
            Self.take(
                calls.filter { $0.tier.hasSameBytes(as: check.tier) && ($0.part.hasSameBytes(as: check.name) || $0.part.utf8.starts(with: "\(check.name)#".utf8)) }, check.name, &checks,
                isFree: check.kind == "run")
        }
    }

    private static func take(_ calls: [CallRecord], _ name: String, _ ranges: inout TextTable<Range>, isFree: Bool = false) {
        guard isFree || !calls.isEmpty, calls.allSatisfy({ $0.cost != nil }) else { return }
        let cost = calls.reduce(Money.zero) { $0 + $1.cost! }
        ranges[name, default: Range(least: cost, most: cost)].take(cost)
    }

    /// A row of `gate export` with what is not recorded standing in it as assumed.
    ///
    /// - Parameter tiers: that the gate may ask.
    public func completed(_ row: JSONValue, of execution: GateExecution, tiers names: [String]) -> JSONValue {
        guard var object = row.objectValue, var answers = object["tiers"]?.objectValue else { return row }
        for name in names where answers[name] == nil {
            var answer: JSONObject = ["assumed": true]
            if let range = tiers[name] ?? assumed(name, execution).map({ Range(least: $0.least, most: $0.most) }) {
                answer["cost_usd"] = range.least.json
                answer["most_cost_usd"] = range.most.json
            }
            answers[name] = .object(answer)
        }
        object["tiers"] = .object(answers)
        object["assumed_checks"] = .object(
            JSONObject(checks.sortedByKey.map { ($0.key, .object(["cost_usd": $0.value.least.json, "most_cost_usd": $0.value.most.json])) }))
        return .object(object)
    }
}
