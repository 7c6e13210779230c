import Economics
import Providers
import Values
import WorkflowLoading
import WorkflowModel

extension Settings {
    /// Every price that holds here.
    var priceBook: PriceBook {
        // What a provider's machine costs is a price of all its models.
        let machines = project.providers.compactMap { provider in
            provider.machineHour.map { price in
                PriceRow(
                    id: "\(provider.name)/*/machine_hour@project", provider: provider.name, model: "*", unit: .machineHour, price: price,
                    source: project.file ?? "project file", checkedAt: "")
            }
        }
        var aliases: TextTable<(provider: String, model: String)> = [:]
        for provider in project.providers {
            for model in provider.models {
                if let priced = model.priceAs { aliases["\(provider.name)/\(model.id)"] = (priced.provider, priced.model) }
            }
        }
        return PriceBook(overrides: project.prices + machines, kept: keptPrices, catalogue: .shipped, aliases: aliases)
    }

    /// What is known of the models that tiers name: their prices of today.
    var modelTraits: WorkflowLoader.ModelLookup {
        let (prices, directory, now) = (priceBook, ProviderDirectory(project.providers), Timestamp.now())
        return { reference, _ in
            let served = (try? directory.entry(of: reference))?.model?.id ?? reference.model
            guard let sheet = prices.sheet(provider: reference.provider, model: served, at: now) else { return ModelTraits(prices: nil, isPriced: false) }
            guard !sheet.isMachineTime, let input = sheet.row(.input, promptTokens: 0)?.price, let output = sheet.row(.output, promptTokens: 0)?.price else {
                return ModelTraits(prices: nil, isPriced: true)
            }
            return ModelTraits(prices: .init(input: input * 1_000_000, output: output * 1_000_000), isPriced: true)
        }
    }
}
