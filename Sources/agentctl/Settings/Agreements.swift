import Economics
import Values
import WorkflowModel

/// The credits and commitments of a project file, held against what the ledger has of their periods.
struct Agreements {
    private let adjustments: [PriceAdjustment]
    /// The id on the wire, by which prices go, of each name in the project file.
    private let ids: [ModelReference: String]

    init(_ project: Project) {
        adjustments = project.adjustments.filter { if case .multiplier = $0.kind { false } else { true } }
        var ids: [ModelReference: String] = [:]
        for provider in project.providers {
            for model in provider.models { ids[ModelReference(provider: provider.name, model: model.alias)] = model.id }
        }
        self.ids = ids
    }

    func rows(_ archive: any SpendingArchive, at now: Timestamp) async throws(JournalError) -> [AgreementRow] {
        var rows: [AgreementRow] = []
        for adjustment in adjustments {
            let models = try await archive.audit(by: [.model], filter: AuditFilter(since: adjustment.from, until: adjustment.to))
            var spending = Spending()
            for row in models {
                guard let asked = row.keys.first.flatMap(ModelReference.init(text:)) else { continue }
                if adjustment.covers(provider: asked.provider, model: ids[asked] ?? asked.model) { spending = spending + row.spending }
            }
            rows.append(
                AgreementRow(adjustment, spent: spending.cost, isLowerBound: spending.isLowerBound, isOver: adjustment.to.map { $0 <= now } ?? false))
        }
        return rows
    }
}
