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
    /// By price rows; `nil`: unpriced.
    let cost: Cost?
    /// What is booked: ``cost``, or the server's own figure where its entry says that it is to be trusted.
    let amount: Money?
    let held: Money?
    /// What counts of tokens; `nil`: no cap on them is in force.
    let heldTokens: Int?
    /// In both directions, as far as the server told; in part estimated where the cost is.
    let usage: TokenUsage?
    let notes: [CallNote]
    /// Rows of a model that was not asked, which nothing has recorded yet.
    let newPriceRows: [PriceRow]
    /// Other figures for the cost, and whose word it rests on.
    let detail: CostDetail

    /// What the entry of a server says of its words.
    struct Trust {
        var reportedCost = false
        var tier = ServedTierTrust.trusted

        static let usual = Trust()
    }

    /// - Parameters:
    ///   - sheet: of the model that was asked.
    ///   - served: whose prices hold.
    ///   - shares: of the answer, where several models worked on it, each with whose prices hold for it.
    ///   - held: what was reserved; `nil` for an unpriced call.
    ///   - tokens: what was held of them; `nil`: no cap on them is in force.
    ///   - promptBytes: of the prompt; four for each known token of what is attached.
    init(
        result: ModelCallResult, sheet: PriceSheet?, served: ServedPrice = .asAsked, shares: [(usage: TokenUsage, served: ServedPrice)] = [],
        trust: Trust = .usual, held: Money?, tokens: Int? = nil, promptBytes: Int
    ) {
        if result.billing == .notBilled {
            state = .void
            cost = Cost(lines: [])
            amount = .zero
            self.held = held.map { _ in .zero }
            heldTokens = tokens.map { _ in 0 }
            usage = nil
            notes = result.notes
            newPriceRows = []
            detail = .none
            return
        }
        let estimate = result.counts.estimate(
            input: TokenBound.estimate(bytes: promptBytes), output: TokenBound.estimate(bytes: result.outputBytes), isWhole: result.isWhole)
        let isFinal = result.billing == .reported && result.usage != nil
        // What it is probably charged for, before it is known at which class the rest of a total is.
        let main = isFinal ? result.usage! : estimate.usage
        var charges = Charges(notes: result.notes)
        let charge: Charge
        if shares.isEmpty || !isFinal || sheet?.isMachineTime == true {
            charge = charges.make(main, served, asked: sheet, terms: result.counts.terms, trust.tier, busy: result.total, isFinal ? nil : estimate)
        } else {
            charge = charges.make(shares, asked: sheet, terms: result.counts.terms, trust.tier, busy: result.total)
        }
        var notes = charges.notes
        newPriceRows = charges.newRows
        cost = charge.cost
        let reported = result.reported
        let isSettled = isFinal && charge.isKnown
        var detail = CostDetail(reported: reported, list: charge.list, tierSource: charge.tierSource)
        // What counts: never less than our own figure, whatever a server says.
        var counts = charge.counted
        if trust.reportedCost, let reported {
            // Of an answer that broke off it is the least.
            amount = isSettled || result.isWhole ? reported : max(reported, charge.cost?.total ?? .zero)
            detail.basis = .reported
            detail.priced = charge.cost?.total
            counts = max(counts ?? .zero, reported)
        } else {
            amount = charge.cost?.total
        }
        if isSettled, let reported, let own = charge.cost?.total, reported.isOffByMoreThanAHundredth(of: own) {
            notes.append(CallNote(.reportedCost, "the server says that it cost \(reported.displayText), and its price rows come to \(own.displayText)"))
        }
        self.detail = detail
        if isSettled {
            usage = main
            self.held = counts
            heldTokens = tokens.map { _ in main.total }
            state = if let counts, let held, counts > held { .overrun } else if let tokens, main.total > tokens { .overrun } else { .settled }
        } else {
            usage = result.usage.map { _ in charge.usage }
            // An estimate never frees money: the reservation stays until somebody knows better.
            self.held = held.map { max($0, counts ?? .zero) }
            // Of a model without a known price they may be final.
            let had = isFinal ? main.total : charge.usage.total
            heldTokens = tokens.map { isFinal ? had : max($0, had) }
            if let tokens, had > tokens, !(counts ?? .zero > held ?? .max) {
                state = .overrun
            } else if let held, let counts, counts > held {
                state = .overrun
                notes.append(CallNote(.estimateAboveHold, "its cost is an estimate, and above what was held"))
            } else {
                let wasCancelled = if case .failure(let failure) = result.outcome { failure.kind == .cancelled } else { false }
                state = wasCancelled ? .unknown : .estimated
            }
        }
        if let tokens, let heldTokens, heldTokens > tokens { notes.append(CallNote(.tokensAboveHold, "it had \(heldTokens) tokens, and \(tokens) were held for it")) }
        self.notes = notes
    }

    /// ``heldTokens``, where state, usage and reservation do not say it.
    func keptTokens(of reserved: Int) -> Int? { heldTokens == CallEnded.usuallyHeld(state, usage?.total, of: reserved) ? nil : heldTokens }

    /// ``held``, where state, cost and reservation do not say it: what `call_ended` has to tell of it.
    func kept(of reserved: Money?) -> Money? {
        held == CallEnded.usuallyHeld(state, cost: amount, of: reserved) ? nil : held
    }
}

extension ServedPrice {
    fileprivate var isUnknown: Bool { if case .unknown = self { true } else { false } }
}

/// What price rows make of a usage.
private struct Charge {
    /// `nil`: there are no rows.
    var cost: Cost?
    /// What a cap keeps: the dearer of the models that were asked and that answered, unless the provider's word on the model is trusted.
    var counted: Money?
    /// By list prices, where these are others.
    var list: Money?
    /// Whether the price of the model that answered is known, and that of all that it did.
    var isKnown = true
    var tierSource: TierSource?
    /// With what nobody explained where it is dearest.
    var usage: TokenUsage
}

/// Finds the rows that hold, and gathers what is to be said of them.
private struct Charges {
    var notes: [CallNote]
    /// Rows that nothing has recorded yet.
    private(set) var newRows: [PriceRow] = []

    init(notes: [CallNote]) { self.notes = notes }

    /// - Parameters:
    ///   - asked: the prices of the model that was asked.
    ///   - terms: on which the server says that it worked.
    ///   - estimate: where the usage is one; its unexplained tokens are charged as output.
    mutating func make(
        _ usage: TokenUsage, _ served: ServedPrice, asked: PriceSheet?, terms: ServedTerms?, _ trust: ServedTierTrust, busy: TimeSpan,
        _ estimate: TokenCounts.Estimate? = nil
    ) -> Charge {
        var charge = Charge(usage: usage)
        var charged = asked
        var alsoHeld: PriceSheet?
        switch served {
        case .asAsked: break
        case .another(let name, let other, let isTrusted):
            charged = other
            if !isTrusted { alsoHeld = asked }
            add(other.allRows)
            notes.append(CallNote(.servedModel, "answered by \(name) and priced as that model"))
        case .unknown(let name):
            charge.isKnown = false
            notes.append(CallNote(.servedModel, "answered by \(name), whose price is not known: priced as the model that was asked"))
        }
        func cost(_ sheet: PriceSheet) -> Cost { estimate.map { sheet.cost(of: $0, busy: busy) } ?? sheet.cost(of: usage, busy: busy) }
        if let terms, let standard = charged {
            let source = Self.source(of: terms, trust) { terms in cost(standard.under(terms).sheet).total }
            // Where the data stayed is not in doubt.
            let terms = source == .asked ? ServedTerms(region: terms.region) : terms
            charge.tierSource = source
            if terms != ServedTerms() {
                let (special, remarks) = standard.under(terms)
                charged = special
                alsoHeld = alsoHeld.map { $0.under(terms).sheet }
                if special != standard { add(special.allRows) }
                for remark in remarks { note(CallNote(.servedTerms, remark)) }
            }
        }
        guard let charged else { return charge }
        let own = cost(charged)
        charge.cost = own
        charge.list = charged.list.map { cost($0).total }
        charge.counted = max(own.total, alsoHeld.map { cost($0).total } ?? .zero)
        if let estimate { charge.usage = charged.charged(estimate) }
        if let missing = charged.unpriced(in: charge.usage) {
            charge.isKnown = false
            note(CallNote(.priceMissing, missing))
        }
        return charge
    }

    /// Each share by the rows of its own model; what is charged once a call is charged with the first.
    mutating func make(
        _ shares: [(usage: TokenUsage, served: ServedPrice)], asked: PriceSheet?, terms: ServedTerms?, _ trust: ServedTierTrust, busy: TimeSpan
    ) -> Charge {
        var sum = make(shares[0].usage, shares[0].served, asked: asked, terms: terms, trust, busy: busy)
        for share in shares.dropFirst() {
            let next = make(share.usage, share.served, asked: asked, terms: terms, trust, busy: busy)
            func fees(_ cost: Cost?) -> Money { cost?.lines.reduce(.zero) { $1.unit == .request ? $0 + $1.amount : $0 } ?? .zero }
            let once = fees(next.cost)
            if let own = sum.cost, let more = next.cost { sum.cost = Cost(lines: own.lines + more.lines.filter { $0.unit != .request }) }
            if let own = sum.counted, let more = next.counted { sum.counted = own + more }
            if sum.list != nil || next.list != nil {
                sum.list = (sum.list ?? sum.cost?.total ?? .zero) + ((next.list ?? next.cost?.total ?? .zero) - once)
            }
            sum.isKnown = sum.isKnown && next.isKnown
            sum.tierSource = sum.tierSource ?? next.tierSource
        }
        // In one line, which names of several models would not be.
        notes = notes.filter { $0.code != .servedModel }
        let names = shares.compactMap { share in
            switch share.served {
            case .asAsked: nil as String?
            case .another(let name, _, _), .unknown(let name): name
            }
        }
        var told: TextSet = []
        let others = names.filter { told.insert($0).inserted }
        if !others.isEmpty {
            notes.append(
                CallNote(
                    .servedModel,
                    "answered in part by \(others.joined(separator: ", ")), "
                        + (shares.allSatisfy { !$0.served.isUnknown } ? "each model's part priced as that model" : "whose price is not known: priced as the model that was asked")))
        }
        return sum
    }

    /// Whose word the service tier is by; `nil`: the server named none.
    private static func source(of terms: ServedTerms, _ trust: ServedTierTrust, _ cost: (ServedTerms) -> Money) -> TierSource? {
        guard terms.serviceWord != nil else { return nil }
        switch trust {
        case .trusted: return .served
        case .asked: return .asked
        case .dearest: return cost(terms) >= cost(ServedTerms(region: terms.region)) ? .served : .asked
        }
    }

    private mutating func note(_ note: CallNote) {
        if !notes.contains(note) { notes.append(note) }
    }

    private mutating func add(_ rows: [PriceRow]) {
        newRows += rows.filter { row in !newRows.contains { $0.id.hasSameBytes(as: row.id) } }
    }
}
