import CCurl

/// The libcurl that is in use.
public enum HTTPLibrary {
    /// `8.5.0`; `nil` where there is none.
    public static var version: String? { text(info?.version) }
    /// `OpenSSL/3.0.13`; `nil` for a libcurl without TLS.
    public static var tlsVersion: String? { text(info?.ssl_version) }
    /// The bundle of CA certificates that it was built to read; `nil` for none.
    public static var caFile: String? { text(info?.cainfo) }
    /// The folder of CA certificates that it was built to read.
    public static var caDirectory: String? { text(info?.capath) }

    /// - Throws: `HTTPError` where there is no libcurl.
    static func load() throws(HTTPError) {
        guard let problem = ccurl_load() else { return }
        throw HTTPError(.noLibrary, "libcurl cannot be loaded: \(String(cString: problem)); Debian has it in the package libcurl4", requestWasSent: false)
    }

    private static var info: curl_version_info_data? { ccurl_load() == nil ? ccurl_version().pointee : nil }
    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }
}
