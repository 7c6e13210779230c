import Economics
import Values
import WorkflowModel

/// Price sheets as they were resolved, each until the next moment at which a row of its provider begins or ends: resolving
/// one looks at every known price, and every call needs one.
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
        let sheet = prices.sheet(provider: key.provider, model: key.model, at: moment)
        let entry = Entry(sheet: sheet, from: moment, until: nextChange(key.provider, after: moment))
        // Names of models may come from servers: those are not kept without end.
        entries.withLock { if $0.count < Self.most || $0[key] != nil { $0[key] = entry } }
        return sheet
    }

    private func nextChange(_ provider: String, after moment: Timestamp) -> Timestamp? {
        var next: Timestamp?
        for rows in [prices.overrides, prices.catalogue.rows] {
            for row in rows where row.provider.hasSameBytes(as: provider) {
                for boundary in [row.effectiveFrom, row.effectiveTo] {
                    if let boundary, boundary > moment { next = min(next ?? boundary, boundary) }
                }
            }
        }
        return next
    }
}
