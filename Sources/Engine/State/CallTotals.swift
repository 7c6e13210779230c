import Economics
import Values
import WorkflowModel

/// What the calls of a node add up to.
struct CallTotals {
    /// Whose answer it is, or who is asked; `nil`: a person gave it.
    var tier: String?
    private var attempts = 0
    private var cost = Money.zero
    private var isUnpriced = false
    private(set) var tokens = 0

    init(tier: String) { self.tier = tier }

    /// - Parameter part: of the step; what its checks ask are no attempts of it.
    mutating func count(_ end: CallEnded, part: String) {
        if part.isEmpty { attempts += 1 }
        cost += end.cost ?? .zero
        if end.cost == nil { isUnpriced = true }
        tokens += end.usage?.total ?? 0
    }

    /// `nil`: one of them has no price.
    var knownCost: Money? { isUnpriced ? nil : cost }

    /// `.tier .attempts .cost_usd .tokens` of the step. Money is a number here, for comparisons only.
    var facts: JSONObject {
        // With room for what a step that succeeded has beside them.
        var facts = JSONObject(minimumCapacity: 8)
        facts["tier"] = tier.map(JSONValue.string) ?? .null
        facts["attempts"] = .int(Int64(attempts))
        facts["cost_usd"] = .double(Double(cost.picoDollars) / 1e12)
        facts["tokens"] = .int(Int64(tokens))
        return facts
    }
}
