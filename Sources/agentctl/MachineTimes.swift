import Engine
import Tools
import Values
import WorkflowModel

/// Records when machines are on that are paid by the hour: what is paid for them goes on while no call keeps them busy.
final class MachineTimes: Sendable {
    private struct Place {
        var ledger: (any RunLedger)?
        var provider: (any ModelProvider)?
        var open: [MachineUse] = []
    }

    private let composition: Composition
    private let say: @Sendable (String) -> Void
    private let place = Mutex(Place())

    /// - Parameter say: told where a time could not be recorded.
    init(_ composition: Composition, say: @escaping @Sendable (String) -> Void) {
        self.composition = composition
        self.say = say
    }

    /// Where it is recorded; servers that are started before are not.
    func record(in ledger: any RunLedger) { place.withLock { $0.ledger = ledger } }

    /// Who knows the names that models are priced by.
    func price(by provider: any ModelProvider) { place.withLock { $0.provider = provider } }

    var uses: ModelServerPool.Uses {
        ModelServerPool.Uses(
            began: { provider, model, since in await self.began(ModelReference(provider: provider, model: model), since) },
            ended: { provider, model, since in self.ended(provider, model, since) })
    }

    private func began(_ model: ModelReference, _ since: Timestamp) async {
        let (ledger, provider) = place.withLock { ($0.ledger, $0.provider) }
        guard let ledger, let provider, let hour = composition.machineHour(of: model, provider, at: since) else { return }
        let use = MachineUse(provider: model.provider, model: model.model, began: since, hourly: hour.price, priceRow: hour.row, priceText: hour.json)
        do throws(JournalError) {
            try await ledger.machineBegan(use)
            place.withLock { $0.open.append(use) }
        } catch {
            say("the time that \(model) is on is not recorded: \(error)")
        }
    }

    private func ended(_ provider: String, _ model: String, _ since: Timestamp) {
        let (ledger, use) = place.withLock { place -> ((any RunLedger)?, MachineUse?) in
            let index = place.open.firstIndex { $0.began == since && $0.model.hasSameBytes(as: model) && $0.provider.hasSameBytes(as: provider) }
            return (place.ledger, index.map { place.open.remove(at: $0) })
        }
        if let ledger, let use { ledger.machineEnded(use, at: .now()) }
    }
}
