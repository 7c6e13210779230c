import Glibc

/// What all requests of a client share.
public struct HTTPClientOptions: Sendable {
    /// Sent as `User-Agent` unless the request has its own.
    public var userAgent = "agentctl"
    /// A file of CA certificates in PEM; `nil` for the system's.
    public var caFile: String?
    /// A folder of hashed CA certificates.
    public var caDirectory: String?
    /// The proxy for `http` URLs, as `[scheme://][user:password@]host[:port]`; `nil` for none.
    public var httpProxy: String?
    /// The proxy for `https` URLs.
    public var httpsProxy: String?
    /// Hosts that are reached without a proxy, separated by commas; `*` for all.
    public var noProxy: String?
    /// HTTP/2 where a TLS server offers it.
    public var allowsHTTP2 = true

    public init() {}

    /// Options from variables as curl reads them: `CURL_CA_BUNDLE` or `SSL_CERT_FILE`, `SSL_CERT_DIR`, `http_proxy` (lower
    /// case only: a CGI server sets the other one from a request header), `https_proxy`, `all_proxy`, `no_proxy`.
    ///
    /// - Parameter variable: looks a variable up; the process's own environment by default. Read here, once.
    public static func fromEnvironment(
        _ variable: (String) -> String? = { getenv($0).map { String(cString: $0) } }
    ) -> HTTPClientOptions {
        func first(_ names: String...) -> String? {
            for name in names {
                if let value = variable(name), !value.isEmpty { return value }
            }
            return nil
        }
        var options = HTTPClientOptions()
        options.caFile = first("CURL_CA_BUNDLE", "SSL_CERT_FILE")
        options.caDirectory = first("SSL_CERT_DIR")
        let all = first("all_proxy", "ALL_PROXY")
        options.httpProxy = first("http_proxy") ?? all
        options.httpsProxy = first("https_proxy", "HTTPS_PROXY") ?? all
        options.noProxy = first("no_proxy", "NO_PROXY")
        return options
    }
}
