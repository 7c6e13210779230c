/// Addresses below a provider's `base_url`.
enum EndpointURL {
    /// Where a server's own paths stand, beside those of the API that it speaks: `http://host:8080/v1` is an API of `http://host:8080`.
    static func root(of base: String) -> String { without("/v1", base) }

    /// A base without a last part, if it has it.
    static func without(_ part: String, _ base: String) -> String {
        let bytes = base.utf8
        let end = bytes.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? bytes.endIndex
        var address = bytes[..<end]
        while address.last == UInt8(ascii: "/") { address.removeLast() }
        if address.suffix(part.utf8.count).elementsEqual(part.utf8) { address.removeLast(part.utf8.count) }
        return String(Substring(address)) + String(Substring(bytes[end...]))
    }

    /// A path behind that of the base, and the base's query behind both, as gateways with `?api-version=…` want it.
    static func joined(_ base: String, _ path: String) -> String {
        // Bytes, as this is done for each call.
        let bytes = base.utf8
        let isPlain = base.withBytes { bytes in
            !bytes.contains { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        }
        if isPlain {
            if bytes.last != UInt8(ascii: "/") { return base + path }
            return String(base[..<(bytes.lastIndex { $0 != UInt8(ascii: "/") }.map(bytes.index(after:)) ?? base.startIndex)]) + path
        }
        let bare = bytes.prefix { $0 != UInt8(ascii: "#") }
        let mark = bare.firstIndex(of: UInt8(ascii: "?")) ?? bare.endIndex
        var address = bare[..<mark]
        while address.last == UInt8(ascii: "/") { address.removeLast() }
        return String(Substring(address)) + path + String(Substring(bare[mark...]))
    }
}
