import Economics
import PromptCaching
import Values
import WorkflowModel

/// What an ended call owes and what stays held, from what is known of it.
struct CallSettlement {
    let state: CallState
    /// `nil`: unpriced.
    let cost: Cost?
    let held: Money?

    /// - Parameter held: what was reserved; `nil` for an unpriced call.
    init(result: ModelCallResult, sheet: PriceSheet?, held: Money?, promptBytes: Int) {
        switch result.billing {
        case .notBilled:
            state = .void
            cost = Cost(lines: [])
            self.held = held.map { _ in .zero }
        case .reported where result.usage != nil:
            let cost = sheet?.cost(of: result.usage!, busy: result.total)
            self.cost = cost
            self.held = cost?.total
            state = if let cost, let held, cost.total > held { .overrun } else { .settled }
        case .reported, .unknown:
            // An estimate never frees money: the reservation stays until somebody knows better.
            self.held = held
            let wasCancelled = if case .failure(let failure) = result.outcome { failure.kind == .cancelled } else { false }
            state = wasCancelled ? .unknown : .estimated
            let answer = if case .success(let response) = result.outcome { response.text.utf8.count } else { 0 }
            let usage = result.usage
                ?? TokenUsage(plainInput: TokenBound.estimate(bytes: promptBytes), plainOutput: TokenBound.estimate(bytes: answer))
            cost = sheet.map { $0.cost(of: usage, busy: result.total) }
        }
    }
}
