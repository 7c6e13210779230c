import Economics
import WorkflowModel

/// What an entry adds to its run's counters.
struct Movement {
    private(set) var held: Int64 = 0
    private(set) var open: Int64 = 0
    /// The part of these two that a call's end moves; the rest is ``asked``.
    private(set) var endHeld: Int64 = 0
    private(set) var endOpen: Int64 = 0
    private(set) var cost: Int64 = 0
    private(set) var calls = 0
    private(set) var inputTokens = 0
    private(set) var outputTokens = 0
    private(set) var unpriced = 0
    /// The reservation, when it has one.
    private(set) var asked: Int64?
    /// Whether caps below the run's have a say.
    private(set) var touchesWindows = false

    init(_ entry: JournalEntry) throws(JournalError) {
        if let end = entry.callEnd {
            let released = try Self.amount(end.released)
            endHeld = try Self.amount(end.held) - released
            endOpen = -released
            (held, open) = (endHeld, endOpen)
            cost = try Self.amount(end.cost)
            inputTokens = end.usage?.totalInput ?? 0
            outputTokens = end.usage?.totalOutput ?? 0
            // Counted when it began without a price; taken back if one was found, or nothing is owed.
            let isUnpriced = end.cost == nil && end.held == nil && end.state != .void
            unpriced = (isUnpriced ? 1 : 0) - (end.released == nil ? 1 : 0)
            touchesWindows = !end.caps.isEmpty && end.released != nil
        }
        if let start = entry.callStart {
            calls = 1
            if start.held == nil {
                unpriced += 1
            } else {
                let amount = try Self.amount(start.held)
                asked = amount
                // Two amounts of 63 bits of which one is released: the sum has its sign.
                held = held.addingReportingOverflow(amount).overflow ? .max : held + amount
                open += amount
                touchesWindows = touchesWindows || !start.caps.isEmpty
            }
        }
    }

    private static func amount(_ money: Money?) throws(JournalError) -> Int64 {
        let amount = money?.picoDollars ?? 0
        if amount < 0 { throw JournalError(.other, "an amount below zero cannot be booked") }
        return amount
    }
}
