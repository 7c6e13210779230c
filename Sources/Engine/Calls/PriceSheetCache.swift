import Economics
import Values
import WorkflowModel

/// Price sheets as they were resolved, each until the next moment at which a row of its model begins or ends: resolving
/// one looks through the price list, and every call needs one.
final class PriceSheetCache: Sendable {
    private struct Entry {
        let sheet: PriceSheet?
        let from: Timestamp
        let until: Timestamp?
    }

    private static let most = 4096

    private let prices: PriceBook
    private let entries = Mutex<[ModelReference: Entry]>([:])

    init(_ prices: PriceBook) { self.prices = prices }

    /// `nil` for a model without a price.
    func sheet(_ profile: ModelProfile, at moment: Timestamp) -> PriceSheet? {
        sheet(provider: profile.reference.provider, model: profile.servedID, at: moment)
    }

    func sheet(provider: String, model: String, at moment: Timestamp) -> PriceSheet? {
        let key = ModelReference(provider: provider, model: model)
        if let known = entries.withLock({ $0[key] }), known.from <= moment, known.until.map({ moment < $0 }) ?? true {
            return known.sheet
        }
        let (sheet, until) = prices.quote(provider: provider, model: model, at: moment)
        let entry = Entry(sheet: sheet, from: moment, until: until)
        // Names of models may come from servers: those are not kept without end.
        entries.withLock { if $0.count < Self.most || $0[key] != nil { $0[key] = entry } }
        return sheet
    }
}
