import HTTP
import WorkflowModel

/// What opens an API. Asked anew for each request, so that it may be a token that expires, or a signature over the very bytes that are sent.
/// What it learns and others must not see, it adds to the `SecretBook` before it returns it.
protocol Credential: Sendable {
    /// The headers that open the API for this request; they are sent behind those of the format.
    ///
    /// - Parameter request: as it will be sent, but for them.
    /// - Throws: why there is none. Nothing was sent, and nothing is owed.
    func headers(for request: HTTPRequest) async throws(StepFailure) -> [(String, String)]
}

/// A key that stays what it is, in the header that the format has for it.
struct APIKey: Credential {
    private let fields: [(String, String)]

    init(_ key: String, in format: some WireFormat) { fields = [format.header(ofKey: key)] }

    func headers(for request: HTTPRequest) async throws(StepFailure) -> [(String, String)] { fields }
}
