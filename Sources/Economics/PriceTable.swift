import Values

/// Prices by class, for each service tier and context tier.
struct PriceTable {
    struct Place: Hashable {
        var service: ServiceTier?
        var above = 0
    }

    private var prices: [Place: [PriceUnit: String]] = [:]

    mutating func put(_ price: String, at place: Place, _ unit: PriceUnit) { prices[place, default: [:]][unit] = price }

    var isComplete: Bool { prices[Place()]?[.input] != nil && prices[Place()]?[.output] != nil }
    var hasPrice: Bool { prices[Place()]?[.input] != "0" || prices[Place()]?[.output] != "0" }

    func write(to entry: inout JSONObject, isInclusive: Bool) {
        func classes(_ place: Place) -> JSONValue? {
            prices[place].map { prices in .object(JSONObject(PriceUnit.allCases.compactMap { unit in prices[unit].map { (unit.rawValue, .string($0)) } })) }
        }
        func tiers(_ service: ServiceTier?) -> JSONValue? {
            let bounds = prices.keys.filter { $0.service == service && $0.above > 0 }.map(\.above).sorted()
            guard !bounds.isEmpty else { return nil }
            return .array(
                bounds.map { bound in
                    var tier: JSONObject = ["prompt_tokens": .int(Int64(bound))]
                    if isInclusive { tier["inclusive"] = true }
                    tier["per_mtok_usd"] = classes(Place(service: service, above: bound))
                    return .object(tier)
                })
        }
        entry["per_mtok_usd"] = classes(Place())
        entry["above"] = tiers(nil)
        var services = JSONObject()
        for service in ServiceTier.allCases {
            var one = JSONObject()
            one["per_mtok_usd"] = classes(Place(service: service))
            one["above"] = tiers(service)
            if !one.isEmpty { services[service.rawValue] = .object(one) }
        }
        if !services.isEmpty { entry["services"] = .object(services) }
    }
}
