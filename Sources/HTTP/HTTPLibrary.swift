import CCurl

/// The libcurl that is in use.
public enum HTTPLibrary {
    /// `8.5.0`
    public static var version: String { text(info.version) ?? "unknown" }
    /// `OpenSSL/3.0.13`; `nil` for a libcurl without TLS.
    public static var tlsVersion: String? { text(info.ssl_version) }
    /// The bundle of CA certificates that it was built to read; `nil` for none.
    public static var caFile: String? { text(info.cainfo) }
    /// The folder of CA certificates that it was built to read.
    public static var caDirectory: String? { text(info.capath) }

    private static var info: curl_version_info_data { ccurl_version().pointee }
    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }
}
