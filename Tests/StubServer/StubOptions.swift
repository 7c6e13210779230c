import Values

/// How a stub server answers when neither its script nor the model's name says otherwise.
public struct StubOptions: Sendable {
    public enum Content: Sendable {
        /// The last user message.
        case echo
        case text(String)
        /// The document as compact text.
        case json(JSONValue)
        /// A value of the schema in `response_format`, or `{}`.
        case schema
    }

    /// What a completion says. A request with a JSON schema gets a value of it also under `echo`.
    public var content: Content = .echo
    /// From the request to the answer.
    public var latencyMilliseconds = 0
    /// Other keys get 401; `nil` accepts all.
    public var requiredKey: String?
    /// Whether `requests` keeps them; off for benchmarks. They are counted in any case.
    public var recordsRequests = true
    /// `nil`: it caches nothing, and says so.
    public var cache: StubCacheOptions?
    /// 0 lets the kernel choose.
    public var port: UInt16 = 0

    public init(content: Content = .echo, latencyMilliseconds: Int = 0, requiredKey: String? = nil, recordsRequests: Bool = true) {
        self.content = content
        self.latencyMilliseconds = latencyMilliseconds
        self.requiredKey = requiredKey
        self.recordsRequests = recordsRequests
    }
}
