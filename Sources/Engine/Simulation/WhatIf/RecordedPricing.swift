import Economics
import Values
import WorkflowModel

/// Prices recorded calls again, by the code that settles calls: by the rows that they were charged by, or on other terms.
///
/// A cost that does not come out of what is recorded is kept as it is: it would be a guess to change it.
public final class RecordedPricing {
    /// Other terms than the recorded ones.
    public struct Terms: Sendable {
        /// Whether the list that is named goes before the recorded rows; of a model that it does not have, those hold.
        public let usesList: Bool
        /// In this order.
        public let changes: [PriceChange]
        /// The models that answer in place of those of tiers.
        public let models: TextTable<ModelReference>
        fileprivate let key: String

        public init(usesList: Bool = false, changes: [PriceChange] = [], models: TextTable<ModelReference> = [:]) {
            self.usesList = usesList
            self.changes = changes
            self.models = models
            key = changes.map { "\($0.models) \($0.place ?? "") \($0.kind)" }.joined(separator: "\u{0}")
        }

        /// Whether every cost is the recorded one.
        public var isRecorded: Bool { !usesList && changes.isEmpty && models.isEmpty }
    }

    public enum Result: Sendable, Hashable {
        case priced(Money)
        /// By another model's rows, at the lengths of the one that answered.
        case assumed(Money)
        /// As it was recorded; `nil`: without a cost.
        case kept(Money?, WhatIfKept)
    }

    /// What has to be known beside the records.
    public struct Sources {
        /// As the project has the model today; `nil`: it has not.
        public var profile: (ModelReference) -> ModelProfile?
        /// Of other models than were asked, where the list that is named does not have them.
        public var prices: PriceBook
        /// That is named in place of the recorded rows.
        public var list: PriceBook?
        /// What each model did of an answer on which several worked, read of the usage as the server told it.
        public var shares: (RecordedCall) -> [UsageShare]
        /// Tokens of another model for so many of the one that was asked, where the past of both tells it.
        public var scaled: (Int, ModelReference, ModelReference) -> Int?

        public init(
            profile: @escaping (ModelReference) -> ModelProfile?, prices: PriceBook, list: PriceBook? = nil, shares: @escaping (RecordedCall) -> [UsageShare],
            scaled: @escaping (Int, ModelReference, ModelReference) -> Int? = { _, _, _ in nil }
        ) {
            self.profile = profile
            self.prices = prices
            self.list = list
            self.shares = shares
            self.scaled = scaled
        }
    }

    private let rows: PriceRowBook
    private let sources: Sources
    private var sheets: TextTable<[RecordedSheet]?> = [:]
    private var changed: TextTable<PriceSheet> = [:]
    private var quotes: TextTable<Quote> = [:]
    private var profiles: [ModelReference: ModelProfile] = [:]
    /// Rows of lists that were named, by which something was priced.
    public private(set) var usedRows: TextTable<PriceRow> = [:]
    private var noted: TextSet = []

    /// Rows of one model that a call was charged by.
    private struct RecordedSheet {
        let model: String
        let also: [String]
        let sheet: PriceSheet

        func fits(_ name: String) -> Bool { ([model] + also).contains { NameFit(name: $0, model: name) != nil } }
    }

    private struct Quote {
        let sheet: PriceSheet?
        let from: Timestamp
        let until: Timestamp?
    }

    public init(rows: PriceRowBook, sources: Sources) {
        self.rows = rows
        self.sources = sources
    }

    // MARK: One call

    /// What a call comes to of what is recorded of it.
    public func recorded(_ call: RecordedCall) -> Result { reckoned(call).result }

    /// What it comes to on each of several terms.
    public func priced(_ call: RecordedCall, on terms: [Terms]) -> (recorded: Result, others: [Result]) {
        let own = reckoned(call)
        return (own.result, terms.map { priced(call, own, on: $0) })
    }

    /// How a cost came of its records.
    private struct Reckoned {
        let result: Result
        /// Of which it comes; empty where it is kept.
        var sheets: [RecordedSheet] = []
        var shares: [UsageShare] = []
    }

    private func reckoned(_ call: RecordedCall) -> Reckoned {
        if call.state == .void { return Reckoned(result: .priced(call.cost ?? .zero)) }
        guard let cost = call.cost else {
            return Reckoned(result: .kept(nil, Spending.isUnpriced(call.state, hasCost: false, hasHold: call.held != nil) ? .unpriced : .unknown))
        }
        if call.detail.basis == .reported { return Reckoned(result: .kept(cost, .reported)) }
        // A count of tokens, say.
        if cost == .zero, call.priceRows.isEmpty { return Reckoned(result: .priced(.zero)) }
        guard let usage = call.usage else { return Reckoned(result: .kept(cost, .estimated)) }
        guard let sheets = recordedSheets(call.priceRows), let first = sheets.first else { return Reckoned(result: .kept(cost, .rowsMissing)) }
        if sheets.count == 1, settle(usage, call, first.sheet) == cost { return Reckoned(result: .priced(cost), sheets: sheets) }
        let shares = sources.shares(call)
        if !shares.isEmpty, settle(usage, call, sheets, shares) == cost { return Reckoned(result: .priced(cost), sheets: sheets, shares: shares) }
        let isEstimate = call.state == .estimated || call.state == .unknown
        return Reckoned(result: .kept(cost, isEstimate ? .estimated : .different))
    }

    private func priced(_ call: RecordedCall, _ own: Reckoned, on terms: Terms) -> Result {
        if terms.isRecorded { return own.result }
        if call.state != .void, let other = terms.models[call.asked], other != call.model { return assumed(call, by: other, own, on: terms) }
        guard !own.sheets.isEmpty, let usage = call.usage else { return own.result }
        if terms.usesList {
            if let cost = listed(call, usage, own.shares, terms.changes) { return .priced(cost) }
            if terms.changes.isEmpty { return .kept(call.cost, .notListed) }
        }
        let names = names(of: call)
        if own.shares.isEmpty { return .priced(settle(usage, call, changed(own.sheets[0].sheet, terms, names)) ?? .zero) }
        let sheets = own.sheets.map { RecordedSheet(model: $0.model, also: $0.also, sheet: $0.sheet.changed(by: terms.changes, names: [])) }
        return settle(usage, call, sheets, own.shares).map(Result.priced) ?? own.result
    }

    private func names(of call: RecordedCall) -> [String] {
        [call.model.description] + (call.modelServed.map { ["\(call.model.provider)/\($0)"] } ?? [])
    }

    // MARK: By the recorded rows

    private func recordedSheets(_ ids: [String]) -> [RecordedSheet]? {
        guard let first = ids.first else { return nil }
        let key = ids.count == 1 ? first : ids.joined(separator: "\u{0}")
        if let known = sheets[key] { return known }
        let made = makeSheets(ids)
        sheets[key] = .some(made)
        return made
    }

    private func makeSheets(_ ids: [String]) -> [RecordedSheet]? {
        let found = ids.compactMap { rows[$0] }
        guard found.count == ids.count else { return nil }
        var groups: [(first: PriceRow, rows: [PriceRow])] = []
        for row in found {
            if let place = groups.firstIndex(where: { $0.first.provider.hasSameBytes(as: row.provider) && $0.first.model.hasSameBytes(as: row.model) }) {
                groups[place].rows.append(row)
            } else {
                groups.append((row, [row]))
            }
        }
        return groups.map { RecordedSheet(model: $0.first.model, also: $0.first.alsoFor, sheet: PriceSheet(charged: $0.rows)) }
    }

    private func changed(_ sheet: PriceSheet, _ terms: Terms, _ names: [String]) -> PriceSheet {
        if terms.changes.isEmpty { return sheet }
        let key = ([terms.key] + names + sheet.allRows.map(\.id)).joined(separator: "\u{0}")
        if let known = changed[key] { return known }
        let made = sheet.changed(by: terms.changes, names: names)
        changed[key] = made
        return made
    }

    /// Of an answer on which several models worked, each part by its own model's rows.
    private func settle(_ usage: TokenUsage, _ call: RecordedCall, _ sheets: [RecordedSheet], _ shares: [UsageShare]) -> Money? {
        let served = profile(of: call.model)?.servedID ?? call.model.model
        let asked = sheets.first { $0.fits(served) || $0.fits(call.model.model) } ?? sheets[0]
        let priced = shares.map { share -> (usage: TokenUsage, served: ServedPrice) in
            let name: String? =
                switch share.model {
                case .asked: nil
                case .served: call.modelServed
                case .named(let name): name
                }
            guard let name, let other = sheets.first(where: { $0.fits(name) }), other.sheet != asked.sheet else { return (share.usage, .asAsked) }
            return (share.usage, .another(name, other.sheet, isTrusted: true))
        }
        return settle(usage, call, asked.sheet, shares: priced)
    }

    /// As a call settles whose usage is final. What the sheet has is on the call's terms already.
    private func settle(
        _ usage: TokenUsage, _ call: RecordedCall, _ sheet: PriceSheet, served: ServedPrice = .asAsked, shares: [(usage: TokenUsage, served: ServedPrice)] = []
    ) -> Money? {
        var counts = TokenCounts(usage)
        counts.terms = nil
        let result = ModelCallResult(
            outcome: .success(Self.answer), billing: .reported, counts: counts, total: call.total ?? .milliseconds(0), isWhole: true)
        return CallSettlement(result: result, sheet: sheet, served: served, shares: shares, held: nil, promptBytes: 0).cost?.total
    }

    private static let answer = ModelResponse(parts: [], finishReason: .stop)

    // MARK: By a list

    /// By a price list that is named; `nil`: it does not have the model.
    private func listed(_ call: RecordedCall, _ usage: TokenUsage, _ shares: [UsageShare], _ changes: [PriceChange]) -> Money? {
        let profile = profile(of: call.model) ?? ModelProfile(reference: call.model, servedID: call.model.model, contextWindow: nil, maxConcurrency: nil)
        let provider = call.model.provider
        guard let standard = quote(ofList: true, provider, profile.servedID, at: call.startedAt) else { return nil }
        // What a server says of its terms counts as it did.
        var terms = [usage.terms]
        if let own = usage.terms, own.serviceWord != nil {
            let plain = ServedTerms(region: own.region)
            switch profile.servedTier {
            case .trusted: break
            case .asked: terms = [plain]
            case .dearest: terms = [own, plain]
            }
        }
        for terms in terms { note(standard.under(terms).sheet) }
        let costs = terms.compactMap { terms -> Money? in
            func flat(_ sheet: PriceSheet, _ names: [String]) -> PriceSheet { sheet.under(terms).sheet.changed(by: changes, names: names) }
            let asked = flat(standard, names(of: call))
            func find(_ name: String) -> PriceSheet? { quote(ofList: true, provider, name, at: call.startedAt).map { flat($0, ["\(provider)/\(name)"]) } }
            func price(_ name: String?) -> ServedPrice { ServedPrice(name, asked: profile, sheet: asked, find: find) }
            let priced = shares.map { share -> (usage: TokenUsage, served: ServedPrice) in
                switch share.model {
                case .asked: (share.usage, .asAsked)
                case .served: (share.usage, price(call.modelServed))
                case .named(let name): (share.usage, price(name))
                }
            }
            return settle(usage, call, asked, served: price(call.modelServed), shares: priced)
        }
        return costs.max()
    }

    private func note(_ sheet: PriceSheet) {
        guard noted.insert(sheet.usualRows.first ?? "").inserted else { return }
        for row in sheet.allRows where usedRows[row.id] == nil { usedRows[row.id] = row }
    }

    /// A week, so that the hour of a call stays what it is.
    private static let week = TimeSpan.milliseconds(7 * 86_400_000)

    /// The prices at a moment; of a list that begins later, those with which it begins.
    private func quote(ofList isNamed: Bool, _ provider: String, _ model: String, at moment: Timestamp) -> PriceSheet? {
        guard let book = isNamed ? sources.list : sources.prices else { return nil }
        let key = "\(isNamed) \(provider)/\(model)"
        if let known = quotes[key], known.from <= moment, known.until.map({ moment < $0 }) ?? true { return known.sheet }
        var (sheet, until) = book.quote(provider: provider, model: model, at: moment)
        var later = moment
        for _ in 0..<8 where sheet == nil {
            guard let next = until else { break }
            let weeks = (next.microseconds - later.microseconds) / (Self.week.milliseconds * 1000) + 1
            later = later.adding(.milliseconds(weeks * Self.week.milliseconds))
            (sheet, _) = book.quote(provider: provider, model: model, at: later)
            until = book.quote(provider: provider, model: model, at: later).until
        }
        // A moment of its own holds for that moment.
        quotes[key] = Quote(sheet: sheet, from: moment, until: later == moment ? until : moment.adding(.milliseconds(1)))
        return sheet
    }

    private func profile(of model: ModelReference) -> ModelProfile? {
        if let known = profiles[model] { return known }
        let found = sources.profile(model)
        if let found { profiles[model] = found }
        return found
    }

    // MARK: By another model

    /// What another model would probably have cost for the same lengths.
    private func assumed(_ call: RecordedCall, by other: ModelReference, _ own: Reckoned, on terms: Terms) -> Result {
        guard let usage = call.usage else { return own.result }
        guard let cost = cost(of: usage, lasting: call.total, of: call.model, by: other, on: terms, at: call.startedAt) else { return .kept(nil, .unpriced) }
        return .assumed(cost)
    }

    /// Whether a model has a price.
    public func hasPrice(_ model: ModelReference, on terms: Terms, at moment: Timestamp) -> Bool { sheet(of: model, on: terms, at: moment) != nil }

    private func sheet(of model: ModelReference, on terms: Terms, at moment: Timestamp) -> PriceSheet? {
        let served = profile(of: model)?.servedID ?? model.model
        let listed = terms.usesList ? quote(ofList: true, model.provider, served, at: moment) : nil
        return listed ?? quote(ofList: false, model.provider, served, at: moment)
    }

    /// What a model would probably cost for the lengths that another one had; `nil`: it has no price.
    public func cost(of usage: TokenUsage, lasting total: TimeSpan?, of asked: ModelReference, by other: ModelReference, on terms: Terms, at moment: Timestamp) -> Money? {
        guard let sheet = sheet(of: other, on: terms, at: moment) else { return nil }
        note(sheet)
        func scaled(_ count: Int) -> Int { count == 0 ? 0 : sources.scaled(count, asked, other) ?? count }
        // Terms are those of the other vendor's server, sounds and searches none.
        let assumed = TokenUsage(
            plainInput: scaled(usage.plainInput + (usage.audioInput ?? 0)), cacheRead: usage.cacheRead.map(scaled), cacheWrite: usage.cacheWrite.map(scaled),
            cacheWriteLong: usage.cacheWriteLong.map(scaled), plainOutput: scaled(usage.plainOutput + (usage.audioOutput ?? 0)), reasoning: usage.reasoning.map(scaled))
        return sheet.changed(by: terms.changes, names: [other.description]).cost(of: assumed, busy: total ?? .milliseconds(0)).total
    }
}
