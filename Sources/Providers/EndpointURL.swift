/// Addresses below a provider's `base_url`.
enum EndpointURL {
    /// A path behind that of the base, and the base's query behind both, as gateways with `?api-version=…` want it.
    static func joined(_ base: String, _ path: String) -> String {
        // Bytes, as this is done for each call.
        let isPlain = base.withBytes { bytes in
            !bytes.contains { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        }
        if isPlain {
            let bytes = base.utf8
            if bytes.last != UInt8(ascii: "/") { return base + path }
            return String(base[..<(bytes.lastIndex { $0 != UInt8(ascii: "/") }.map(bytes.index(after:)) ?? base.startIndex)]) + path
        }
        let bare = base.prefix { $0 != "#" }
        let mark = bare.firstIndex(of: "?") ?? bare.endIndex
        var address = bare[..<mark]
        while address.hasSuffix("/") { address.removeLast() }
        return address + path + bare[mark...]
    }
}
