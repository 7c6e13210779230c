import Values

/// On which conditions a server worked, where they were not the usual ones: it says so in its answer.
public struct ServedTerms: Sendable, Hashable {
    public var service: ServiceTier?
    /// A service tier that nobody knows, in the word of the vendor.
    public var otherService: String?
    /// Where the data stayed, in the word of the vendor: `us`, `eu`.
    public var region: String?

    public init(service: ServiceTier? = nil, otherService: String? = nil, region: String? = nil) {
        self.service = service
        self.otherService = otherService
        self.region = region
    }

    /// The tier that the server named.
    public var serviceWord: String? { service?.rawValue ?? otherService }
}

/// How a call is treated beside others, at a price of its own.
public enum ServiceTier: String, Sendable, Hashable, CaseIterable {
    case batch, flex, priority, fast, ultrafast, balanced
    /// OpenAI's `/v1/decisions`.
    case decisions
}

extension ServedTerms {
    /// No vendor names a tier or a place at greater length; they stand in facts and notes.
    private static let longest = 32

    /// Words for the conditions that every call has, or for capacity that is paid by the hour.
    private static let usual: Set<String> = [
        "", "default", "standard", "auto", "scale", "on_demand", "provisioned_throughput", "reserved", "normal", "none", "unspecified", "traffic_type_unspecified",
    ]

    /// What two objects of one answer say; what one of them does not say, the other does.
    public func joined(_ other: ServedTerms?) -> ServedTerms {
        let own = service != nil || otherService != nil
        return ServedTerms(
            service: own ? service : other?.service, otherService: own ? otherService : other?.otherService, region: region ?? other?.region)
    }

    /// What the words of an answer say.
    ///
    /// - Parameters:
    ///   - service: OpenAI's `service_tier`, Anthropic's `service_tier` and `speed`, Gemini's `trafficType`. Words without a price of their
    ///     own (`default`, `standard`, `auto`, `scale`, `ON_DEMAND`, `PROVISIONED_THROUGHPUT`) are the usual conditions; of those that nobody knows
    ///     the first is kept.
    ///   - region: Anthropic's `inference_geo`.
    public init?(service: [String], region: String?) {
        let words = service.map { word in
            let plain = word.lowercased()
            return (word, plain.hasPrefix("on_demand_") ? String(plain.dropFirst("on_demand_".count)) : plain)
        }
        self.service = words.lazy.compactMap { ServiceTier(rawValue: $0.1) }.first
        otherService = words.first { !Self.usual.contains($0.1) && ServiceTier(rawValue: $0.1) == nil }.map { $0.0.beginning(bytes: Self.longest) }
        self.region = region.map { $0.beginning(bytes: Self.longest) }.flatMap { ["", "global", "not_available"].contains($0.lowercased()) ? nil : $0 }
        if self.service == nil, otherService == nil, self.region == nil { return nil }
    }
}
