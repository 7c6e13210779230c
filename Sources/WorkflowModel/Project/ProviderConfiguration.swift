import Economics

/// A provider's entry: an account at an API, or a server of one's own.
public final class ProviderConfiguration: Sendable {
    public let name: String
    public let api: ModelAPI
    public let baseURL: String?
    public let apiKey: SecretSource?
    public let headers: [(key: String, value: String)]
    public let maxConcurrency: Int?
    /// What an hour of the machine behind it costs; calls are charged by the time they keep it busy.
    public let machineHour: Money?
    public let models: [ModelConfiguration]
    /// How it departs from the API that it speaks.
    public let dialect: DialectSettings
    /// Whether its key may go to another machine over `http`, where it can be read on the way.
    public let allowsClearText: Bool

    public init(
        name: String, api: ModelAPI, baseURL: String?, apiKey: SecretSource?, headers: [(key: String, value: String)] = [],
        maxConcurrency: Int? = nil, machineHour: Money? = nil, models: [ModelConfiguration] = [], dialect: DialectSettings = .none,
        allowsClearText: Bool = false
    ) {
        self.name = name
        self.api = api
        self.baseURL = baseURL
        self.apiKey = apiKey
        self.headers = headers
        self.maxConcurrency = maxConcurrency
        self.machineHour = machineHour
        self.models = models
        self.dialect = dialect
        self.allowsClearText = allowsClearText
    }
}
