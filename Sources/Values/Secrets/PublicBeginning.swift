/// What of a secret others have as well, so that it is none where it stands alone: the header of a token, the first and the last line of a
/// file of keys, the host of an address, what a vendor's keys begin with.
enum PublicBeginning {
    /// Of keys of one kind, the longest first.
    private static let vendors = [
        "github_pat_", "sk-ant-admin01-", "sk-ant-api03-", "sk-svcacct-", "sk-or-v1-", "sk-proj-", "sk-ant-", "sk-lf-", "pk-lf-", "glpat-", "nvapi-", "pplx-", "xoxb-", "xoxp-", "xapp-", "ghp_",
        "gho_", "ghu_", "ghs_", "gsk_", "xai-", "AKIA", "ASIA", "AIza", "ya29.", "hf_", "r8_", "sk-", "pk-",
    ]
    private static let schemes = ["Bearer ", "Basic ", "Token "]

    /// The bytes of a secret that nobody else has. All of them, where too few would be left.
    static func ownBytes(of secret: String) -> Range<Int> {
        let bytes = Array(secret.utf8)
        var own = 0..<bytes.count
        for scheme in schemes where bytes.starts(with: scheme.utf8) { own = scheme.utf8.count..<bytes.count }
        let rest = bytes[own]
        func place(of text: String, from start: Int) -> Int? {
            let text = Array(text.utf8)
            guard start + text.count <= bytes.count else { return nil }
            return (start...(bytes.count - text.count)).first { bytes[$0...].starts(with: text) }
        }
        if rest.starts(with: "-----BEGIN ".utf8) {
            if let line = rest.firstIndex(of: 0x0A) { own = (line + 1)..<bytes.count }
            if let end = place(of: "-----END ", from: own.lowerBound) { own = own.lowerBound..<end }
        } else if rest.starts(with: "eyJ".utf8), let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
            own = (dot + 1)..<bytes.count
        } else if let scheme = place(of: "://", from: own.lowerBound), rest[..<scheme].allSatisfy({ $0 != 0x20 }) {
            let start = scheme + 3
            let authority = bytes[start...].prefix { !"/?#".utf8.contains($0) }
            own = (authority.contains(UInt8(ascii: "@")) ? start : min(bytes.count, authority.endIndex + 1))..<bytes.count
        } else if let vendor = vendors.first(where: { rest.starts(with: $0.utf8) }) {
            own = (own.lowerBound + vendor.utf8.count)..<bytes.count
        }
        return own.count >= Secret.minimumBytes ? own : 0..<bytes.count
    }
}
