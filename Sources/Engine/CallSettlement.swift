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
        case .reported:
            let cost = sheet.flatMap { sheet in result.usage.map { sheet.cost(of: $0, busy: result.total) } }
            self.cost = cost
            if let cost, let held {
                state = cost.total > held ? .overrun : .settled
                self.held = cost.total
            } else {
                state = .settled
                self.held = held
            }
        case .unknown:
            // An estimate never frees money: the reservation stays until somebody knows better.
            self.held = held
            let wasCancelled = if case .failure(let failure) = result.outcome { failure.kind == .cancelled } else { false }
            state = wasCancelled ? .unknown : .estimated
            let usage = result.usage ?? TokenUsage(plainInput: TokenBound.estimate(bytes: promptBytes), plainOutput: 0)
            cost = sheet.map { $0.cost(of: usage, busy: result.total) }
        }
    }
}

/// The most tokens that a request's prompt can have.
enum RequestBound {
    static func inputTokens(_ request: ModelRequest) -> Int {
        let text = request.segments.reduce(0) { $0 + TokenBound.inlineText($1.text) + PromptSegment.joiner.utf8.count }
        // A schema may be shown to the model as text.
        let schema = request.schema.map { TokenBound.inlineText($0.source.jsonText) } ?? 0
        return text + schema + TokenBound.templateOverhead(messages: request.segments.count)
    }
}
