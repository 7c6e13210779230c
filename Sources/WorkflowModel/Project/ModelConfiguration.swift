/// A model under a name of one's own.
public final class ModelConfiguration: Sendable {
    public let alias: String
    /// On the wire.
    public let id: String
    /// The wire format, where it is not the provider's.
    public let api: ModelAPI?
    public let baseURL: String?
    public let serve: ServeConfiguration?
    /// In tokens.
    public let contextWindow: Int?
    /// Whether it takes images, and PDF files; `nil`: as the provider's dialect says.
    public let images: Bool?
    public let files: Bool?
    /// The most tokens that it counts for one image.
    public let imageTokens: Int?
    /// Whether it gives log-probabilities; `nil`: as far as it is known.
    public let logprobs: Bool?
    /// The model whose prices it has: it is a deployment of it, or a group of a gateway.
    public let priceAs: ModelReference?
    /// What is other with its prompt cache than is known of it; `nil`: nothing.
    public let cache: CacheConfiguration?

    public init(
        alias: String, id: String, baseURL: String?, serve: ServeConfiguration?, contextWindow: Int?, images: Bool? = nil, files: Bool? = nil,
        imageTokens: Int? = nil, priceAs: ModelReference? = nil, api: ModelAPI? = nil, logprobs: Bool? = nil, cache: CacheConfiguration? = nil
    ) {
        self.alias = alias
        self.id = id
        self.api = api
        self.baseURL = baseURL
        self.serve = serve
        self.contextWindow = contextWindow
        self.images = images
        self.files = files
        self.imageTokens = imageTokens
        self.priceAs = priceAs
        self.logprobs = logprobs
        self.cache = cache
    }
}
