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
    /// The names under `secrets`.
    public let secrets: [String]
    /// Where the secrets are read from that are not the keys of providers: those under `secrets`, and addresses of alerts.
    public let secretSources: [(name: String, source: SecretSource)]
    /// What the file asks for and this version does not do, with the text for its frames: it is checked, but no workflow runs under it.
    public let notExecuted: Diagnostics

    public init(
        root: String, file: String?, ledger: String, providers: [ProviderConfiguration], prices: [PriceRow], secrets: [String] = [],
        secretSources: [(name: String, source: SecretSource)] = [], notExecuted: Diagnostics = Diagnostics([])
    ) {
        self.root = root
        self.file = file
        self.ledger = ledger
        self.providers = providers
        self.prices = prices
        self.secrets = secrets
        self.secretSources = secretSources
        self.notExecuted = notExecuted
    }
}

extension Project {
    /// Of a place without a project file, where nothing is known.
    public static let none = Project(root: ".", file: nil, ledger: "", providers: [], prices: [])
}

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
    public let dialect: Dialect
    /// Whether its key may go to another machine over `http`, where it can be read on the way.
    public let allowsClearText: Bool

    public init(
        name: String, api: ModelAPI, baseURL: String?, apiKey: SecretSource?, headers: [(key: String, value: String)] = [],
        maxConcurrency: Int? = nil, machineHour: Money? = nil, models: [ModelConfiguration] = [], dialect: Dialect = Dialect(),
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

/// The wire formats that a provider can speak.
public enum ModelAPI: String, Sendable, Hashable, CaseIterable {
    case openAIChat = "openai-chat"
}

/// A model under a name of one's own.
public final class ModelConfiguration: Sendable {
    public let alias: String
    /// On the wire.
    public let id: String
    public let baseURL: String?
    public let serve: ServeConfiguration?
    /// In tokens.
    public let contextWindow: Int?
    /// Whether it takes images, and PDF files; `nil`: as the provider's dialect says.
    public let images: Bool?
    public let files: Bool?
    /// The most tokens that it counts for one image.
    public let imageTokens: Int?

    public init(
        alias: String, id: String, baseURL: String?, serve: ServeConfiguration?, contextWindow: Int?, images: Bool? = nil, files: Bool? = nil,
        imageTokens: Int? = nil
    ) {
        self.alias = alias
        self.id = id
        self.baseURL = baseURL
        self.serve = serve
        self.contextWindow = contextWindow
        self.images = images
        self.files = files
        self.imageTokens = imageTokens
    }
}

/// A model server that agentctl starts and stops. `${{ port }}` in its strings is the port that the kernel chose.
public struct ServeConfiguration: Sendable, Hashable {
    public let command: [String]
    /// The path that answers 200 when the model is loaded.
    public let ready: String
    public let startTimeout: TimeSpan

    public init(command: [String], ready: String, startTimeout: TimeSpan) {
        self.command = command
        self.ready = ready
        self.startTimeout = startTimeout
    }
}

/// Where a secret is read from. The secret itself is never part of a configuration that is written anywhere.
public enum SecretSource: Sendable, Hashable {
    case environment(String)
    case command([String])
    /// Literal, for loopback endpoints only.
    case value(String)
}

/// How a server departs from the API that it speaks.
public struct Dialect: Sendable, Hashable {
    public enum StructuredOutput: String, Sendable, Hashable, CaseIterable {
        case jsonSchema = "json_schema"
        case jsonObject = "json_object"
        case none
    }

    /// What the `model` of an answer says of its price, where it is not the one that was asked for.
    public enum ServedNames: String, Sendable, Hashable, CaseIterable {
        /// A name with a known price is charged; any other is a name of the server's own, such as a file or a group.
        case any
        /// So is a name with a known price; with any other it is not known what the call cost.
        case known
        /// As `any`, and caps count what the model that answered costs, also where that is less.
        case trusted
    }

    /// Whether requests are streamed unless a tier or step says otherwise.
    public var stream: Bool
    /// Whether a stream may ask for its usage in `stream_options`.
    public var streamUsage: Bool
    public var structuredOutput: StructuredOutput
    /// `max_tokens` or `max_completion_tokens`.
    public var maxTokensField: String
    /// The header that carries the call's id; `nil` sends none.
    public var callIDHeader: String?
    /// Whether an absent count of cached tokens means that the server does not tell, rather than none.
    public var cachedTokensOptional: Bool
    /// Whether its models take images, as data URLs.
    public var images: Bool
    /// Whether they take PDF files, as data URLs.
    public var files: Bool
    public var servedNames: ServedNames
    /// Whether what a total tells beyond its parts is reasoning, as Gemini counts it behind OpenAI's format; otherwise nobody explained it.
    public var restIsReasoning: Bool

    public init(
        stream: Bool = false, streamUsage: Bool = true, structuredOutput: StructuredOutput = .jsonSchema,
        maxTokensField: String = "max_tokens", callIDHeader: String? = "x-agentctl-call-id", cachedTokensOptional: Bool = true,
        images: Bool = false, files: Bool = false, servedNames: ServedNames = .any, restIsReasoning: Bool = false
    ) {
        self.stream = stream
        self.streamUsage = streamUsage
        self.structuredOutput = structuredOutput
        self.maxTokensField = maxTokensField
        self.callIDHeader = callIDHeader
        self.cachedTokensOptional = cachedTokensOptional
        self.images = images
        self.files = files
        self.servedNames = servedNames
        self.restIsReasoning = restIsReasoning
    }
}
