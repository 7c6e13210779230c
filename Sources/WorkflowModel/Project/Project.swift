import Economics
import Values

/// What a project file says: everything that is not one workflow's business.
public struct Project: Sendable {
    /// Absolute path of the folder that commands start in and that no workflow path may leave.
    public let root: String
    /// The project file as the user knows it; `nil` without one.
    public let file: String?
    /// Absolute or relative to the root.
    public let ledger: String
    public let providers: [ProviderConfiguration]
    /// Dated rows and short forms of the `prices` list.
    public let prices: [PriceRow]
    /// What contracts change of list prices.
    public let adjustments: [PriceAdjustment]
    /// The names under `secrets`.
    public let secrets: [String]
    /// Where the secrets are read from that are not the keys of providers: those under `secrets`, and addresses of alerts.
    public let secretSources: [(name: String, source: SecretSource)]
    /// What the file asks for and this version does not do, with the text for its frames: it is checked, but no workflow runs under it.
    public let notExecuted: Diagnostics
    /// Files beside the project file, or in its place, that look like one and are not read: `agentctl.yml`.
    public var unread: [String] = []

    public init(
        root: String, file: String?, ledger: String, providers: [ProviderConfiguration], prices: [PriceRow], adjustments: [PriceAdjustment] = [], secrets: [String] = [],
        secretSources: [(name: String, source: SecretSource)] = [], notExecuted: Diagnostics = Diagnostics([])
    ) {
        self.root = root
        self.file = file
        self.ledger = ledger
        self.providers = providers
        self.prices = prices
        self.adjustments = adjustments
        self.secrets = secrets
        self.secretSources = secretSources
        self.notExecuted = notExecuted
    }
}

extension Project {
    /// Of a place without a project file, where nothing is known.
    public static let none = Project(root: ".", file: nil, ledger: "", providers: [], prices: [])
}
