import Values

/// On which conditions a server worked, where they were not the usual ones: it says so in its answer.
public struct ServedTerms: Sendable, Hashable {
    public var service: ServiceTier?
    /// Where the data stayed, in the word of the vendor: `us`, `eu`.
    public var region: String?

    public init(service: ServiceTier? = nil, region: String? = nil) {
        self.service = service
        self.region = region
    }
}

/// How a call is treated beside others, at a price of its own.
public enum ServiceTier: String, Sendable, Hashable, CaseIterable {
    case batch, flex, priority, fast, ultrafast, balanced
    /// OpenAI's `/v1/decisions`.
    case decisions
}

extension ServedTerms {
    /// No vendor names a place at greater length; it stands in facts and notes.
    private static let longestRegion = 32

    /// What two objects of one answer say; what one of them does not say, the other does.
    public func joined(_ other: ServedTerms?) -> ServedTerms {
        ServedTerms(service: service ?? other?.service, region: region ?? other?.region)
    }

    /// What the words of an answer say.
    ///
    /// - Parameters:
    ///   - service: OpenAI's `service_tier`, Anthropic's `service_tier` and `speed`, Gemini's `trafficType`. Words without a price of their
    ///     own (`default`, `standard`, `auto`, `scale`, `ON_DEMAND`, `PROVISIONED_THROUGHPUT`) are the usual conditions.
    ///   - region: Anthropic's `inference_geo`.
    public init?(service: [String], region: String?) {
        let words = service.map { $0.lowercased() }.map { $0.hasPrefix("on_demand_") ? String($0.dropFirst("on_demand_".count)) : $0 }
        self.service = words.lazy.compactMap(ServiceTier.init(rawValue:)).first
        self.region = region.map { $0.beginning(bytes: Self.longestRegion) }.flatMap { ["", "global", "not_available"].contains($0.lowercased()) ? nil : $0 }
        if self.service == nil, self.region == nil { return nil }
    }
}
