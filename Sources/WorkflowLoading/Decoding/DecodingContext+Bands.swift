import Economics
import Values
import WorkflowModel

extension DecodingContext {
    /// What goes together in a budget, of a run or of many: the bands with the cap and each other, `degrade` with its action.
    ///
    /// - Parameter action: the key that says what happens when the budget is used up.
    func checkBands(of budget: YAMLNode, action: String) {
        let bands = ["yellow", "red"].compactMap { name in budget[name]?["at"].map { (name, $0) } }
        for (name, node) in bands where Share(text: node.scalar?.text ?? "") != nil && budget["max_cost_usd"] == nil && budget["max_tokens"] == nil {
            report("AW104", "\(name) begins at a share of a cap, and there is none", at: node.range, hint: "add max_cost_usd, or give dollars")
        }
        for (name, node) in bands {
            guard let at = amount(node), !at.isShare, let cap = budget["max_cost_usd"].flatMap(amount), at.value > cap.value else { continue }
            let text = node.scalar!.text
            report("AW103", "\(name) begins at $\(text), beyond the cap", at: node.range, hint: Double(text)! <= 100 ? "a share of the cap is written \(text)%" : nil)
        }
        if bands.count == 2, let yellow = amount(bands[0].1), let red = amount(bands[1].1), yellow.isShare == red.isShare, yellow.value >= red.value {
            report("AW103", "red begins behind yellow, found \(bands[1].1.scalar!.text) and \(bands[0].1.scalar!.text)", at: bands[1].1.range)
        }
        if let range = budget.pair("degrade")?.key.range, budget[action]?.scalar?.text != "degrade" {
            report("AW121", "'degrade' is for \(action): degrade", at: range)
        }
    }

    private func amount(_ node: YAMLNode) -> (value: Double, isShare: Bool)? {
        guard let text = node.scalar?.text else { return nil }
        if let share = Share(text: text) { return (Double(share.millionths) / 10_000, true) }
        return Money(decimal: text) == nil ? nil : Double(text).map { ($0, false) }
    }
}
