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

    /// What the models cost today that tiers name.
    var modelPrices: WorkflowLoader.PriceLookup {
        let (prices, directory, now) = (priceBook, ProviderDirectory(project.providers), Timestamp.now())
        return { reference in
            let served = (try? directory.entry(of: reference))?.model?.id ?? reference.model
            guard let sheet = prices.sheet(provider: reference.provider, model: served, at: now) else { return .none }
            guard !sheet.isMachineTime, let input = sheet.row(.input, promptTokens: 0)?.price, let output = sheet.row(.output, promptTokens: 0)?.price else { return .other }
            return .perMillion(input: input * 1_000_000, output: output * 1_000_000)
        }
    }
}
