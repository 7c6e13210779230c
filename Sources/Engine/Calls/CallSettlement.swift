import Economics
import Values
import WorkflowModel

/// What an ended call owes and what counts against its caps from now on, from what is known of it.
///
/// A count that is final settles. Everything else is an estimate: at least what the server told, at least what the received bytes
/// come to. It frees nothing: what is held afterwards is the larger of the reservation and the estimate, and where that is more
/// than the reservation the call is an `overrun`, as one is whose final cost is.
struct CallSettlement {
    let state: CallState
    /// `nil`: unpriced.
    let cost: Cost?
    let held: Money?
    /// In both directions, as far as the server told; in part estimated where the cost is.
    let usage: TokenUsage?
    let notes: [CallNote]
    /// Rows of a model that was not asked, which nothing has recorded yet.
    let newPriceRows: [PriceRow]

    /// - Parameters:
    ///   - sheet: of the model that was asked.
    ///   - served: whose prices hold.
    ///   - held: what was reserved; `nil` for an unpriced call.
    ///   - promptBytes: of the prompt; four for each known token of what is attached.
    init(result: ModelCallResult, sheet: PriceSheet?, served: ServedPrice = .asAsked, held: Money?, promptBytes: Int) {
        if result.billing == .notBilled {
            state = .void
            cost = Cost(lines: [])
            self.held = held.map { _ in .zero }
            usage = nil
            notes = result.notes
            newPriceRows = []
            return
        }
        var notes = result.notes
        var charged = sheet
        var isKnown = true
        // A cap keeps the dearer of both, unless the provider's word on the model is trusted.
        var alsoHeld: PriceSheet?
        var newPriceRows: [PriceRow] = []
        // The terms on which the server says that it worked go before those that were asked for.
        let terms = result.counts.terms
        switch served {
        case .asAsked: break
        case .another(let name, let other, let isTrusted):
            charged = other
            if !isTrusted { alsoHeld = sheet }
            newPriceRows = other.allRows
            notes.append(CallNote(.servedModel, "answered by \(name) and priced as that model"))
        case .unknown(let name):
            isKnown = false
            notes.append(CallNote(.servedModel, "answered by \(name), whose price is not known: priced as the model that was asked"))
        }

        if let terms, let standard = charged {
            let (special, remarks) = standard.under(terms)
            charged = special
            alsoHeld = alsoHeld.map { $0.under(terms).sheet }
            if special != standard { newPriceRows += special.allRows.filter { row in !newPriceRows.contains { $0.id.hasSameBytes(as: row.id) } } }
            notes += remarks.map { CallNote(.servedTerms, $0) }
        }
        self.newPriceRows = newPriceRows
        if result.billing == .reported, isKnown, let usage = result.usage {
            let cost = charged?.cost(of: usage, busy: result.total)
            self.cost = cost
            self.usage = usage
            let counts = cost.map { max($0.total, alsoHeld?.cost(of: usage, busy: result.total).total ?? .zero) }
            self.held = counts
            state = if let counts, let held, counts > held { .overrun } else { .settled }
            self.notes = notes
            return
        }
        let estimate = result.counts.estimate(
            input: TokenBound.estimate(bytes: promptBytes), output: TokenBound.estimate(bytes: result.outputBytes), isWhole: result.isWhole)
        let cost = charged?.cost(of: estimate, busy: result.total)
        self.cost = cost
        usage = result.usage.map { _ in charged?.charged(estimate) ?? estimate.usage }
        // An estimate never frees money: the reservation stays until somebody knows better.
        let counts = cost.map { max($0.total, alsoHeld?.cost(of: estimate, busy: result.total).total ?? .zero) }
        self.held = held.map { max($0, counts ?? .zero) }
        if let held, let counts, counts > held {
            state = .overrun
            notes.append(CallNote(.estimateAboveHold, "its cost is an estimate, and above what was held"))
        } else {
            let wasCancelled = if case .failure(let failure) = result.outcome { failure.kind == .cancelled } else { false }
            state = wasCancelled ? .unknown : .estimated
        }
        self.notes = notes
    }

    /// ``held``, where state, cost and reservation do not say it: what `call_ended` has to tell of it.
    func kept(of reserved: Money?) -> Money? {
        held == CallEnded.usuallyHeld(state, cost: cost?.total, of: reserved) ? nil : held
    }
}
