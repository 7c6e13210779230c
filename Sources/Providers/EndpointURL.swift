/// Addresses below a provider's `base_url`.
enum EndpointURL {
    /// A path behind that of the base, and the base's query behind both, as gateways with `?api-version=…` want it.
    static func joined(_ base: String, _ path: String) -> String {
        let bare = base.prefix { $0 != "#" }
        let mark = bare.firstIndex(of: "?") ?? bare.endIndex
        var address = bare[..<mark]
        while address.hasSuffix("/") { address.removeLast() }
        return address + path + bare[mark...]
    }
}
