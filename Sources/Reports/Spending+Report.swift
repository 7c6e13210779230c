import Economics
import Values
import WorkflowModel

/// How an amount reads, wherever one is told: in a cell, in a line, in JSON.
extension Spending {
    /// For a cell: `$0.0123`; `≥ $0.0123` where calls are missing in it; `~$0.0123` where some are estimated; `unpriced`, `unknown`
    /// where nothing is known. Empty without calls.
    func cell(_ style: TextStyle) -> String {
        guard calls > 0 else { return "" }
        if knowsNothing { return unpriced > 0 ? "unpriced" : "unknown" }
        return (isLowerBound ? style.atLeast : "") + (estimatedCalls > 0 ? "~" : "") + cost.displayText
    }

    /// For a line: the cell, and why it is not the whole truth: `≥ $0.0123 (1 call unpriced, 2 of unknown end)`.
    public func line(_ style: TextStyle) -> String {
        guard calls > 0 else { return MoneySum.zero.displayText }
        let reasons = [
            unpriced > 0 ? "\(Figures.counted(unpriced, "call")) unpriced" : nil,
            unknown > 0 ? "\(Figures.counted(unknown, "call")) of unknown end" : nil,
            estimatedCalls > 0 ? "\(Figures.counted(estimatedCalls, "call")) estimated" : nil,
            open > 0 ? "\(Figures.counted(open, "call")) in flight" : nil,
        ].compactMap { $0 }
        return cell(style) + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
    }

    /// What a line says behind the cost where more is held than that: `held $0.0012 beyond it`.
    public var heldText: String? { heldOpen > .zero ? "held \(heldOpen.displayText) beyond it" : nil }

    /// The shape of an amount in JSON, which is the same of a run, a line of a batch, a step and a row of an audit. Money is a decimal string.
    ///
    /// `cost_usd` is what is known and what is estimated together, `null` where calls were made and nothing is known;
    /// `cost_is_lower_bound` says that calls are missing in it. `held_usd` counts against caps, `held_open_usd` is the part beyond the cost.
    /// `list_usd` is the cost by list prices; `reported_usd` what servers say themselves, of the calls of which they say it, `null` without any, and
    /// `reported_off_calls` those of which price rows come to something else by more than a hundredth.
    public func fields(into object: JSONObject = [:]) -> JSONObject {
        var object = object
        object["cost_usd"] = knowsNothing ? .null : cost.json
        object["cost_is_lower_bound"] = .bool(isLowerBound)
        object["known_usd"] = known.json
        object["estimated_usd"] = estimated.json
        object["held_usd"] = held.json
        object["held_open_usd"] = heldOpen.json
        object["list_usd"] = knowsNothing ? .null : list.json
        object["reported_usd"] = reportedCalls == 0 ? .null : reported.json
        object["reported_calls"] = .number(reportedCalls)
        object["reported_off_calls"] = .number(reportedOff)
        object["calls"] = .number(calls)
        object["estimated_calls"] = .number(estimatedCalls)
        object["unpriced_calls"] = .number(unpriced)
        object["unknown_calls"] = .number(unknown)
        object["open_calls"] = .number(open)
        return object
    }
}
