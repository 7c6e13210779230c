/// Addresses below a provider's `base_url`.
enum EndpointURL {
    /// A path behind that of the base, and the base's query behind both, as gateways with `?api-version=…` want it.
    static func joined(_ base: String, _ path: String) -> String {
        // Bytes, as this is done for each call.
        let bytes = base.utf8
        if !bytes.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            return String(base[..<(bytes.lastIndex { $0 != UInt8(ascii: "/") }.map(bytes.index(after:)) ?? base.startIndex)]) + path
        }
        let bare = bytes.prefix { $0 != UInt8(ascii: "#") }
        let mark = bare.firstIndex(of: UInt8(ascii: "?")) ?? bare.endIndex
        var address = bare[..<mark]
        while address.last == UInt8(ascii: "/") { address.removeLast() }
        return String(Substring(address)) + path + String(Substring(bare[mark...]))
    }
}
