/// JSON pointers (RFC 6901). Works on bytes, as a slash before a combining mark is no separate `Character`.
public enum JSONPointer {
    private static let slash = UInt8(ascii: "/")
    private static let tilde = UInt8(ascii: "~")

    public static func escape(_ token: String) -> String {
        guard token.utf8.contains(where: { $0 == tilde || $0 == slash }) else { return token }
        let bytes = token.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case tilde: [tilde, 0x30]
            case slash: [tilde, 0x31]
            default: [byte]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    public static func child(_ pointer: String, _ token: String) -> String { "\(pointer)/\(escape(token))" }

    /// The tokens of a pointer; `nil` when it does not begin with a slash.
    public static func tokens(_ pointer: String) -> [String]? {
        let bytes = Array(pointer.utf8)
        if bytes.isEmpty { return [] }
        guard bytes[0] == slash else { return nil }
        return bytes.dropFirst().split(separator: slash, omittingEmptySubsequences: false).map { token in
            var plain: [UInt8] = []
            for byte in token {
                if plain.last == tilde, byte == 0x30 || byte == 0x31 {
                    // `~0` must not join what follows it: the tilde is set apart as 0xFF, which UTF-8 does not use.
                    plain[plain.count - 1] = byte == 0x30 ? 0xFF : slash
                } else {
                    plain.append(byte)
                }
            }
            return String(decoding: plain.map { $0 == 0xFF ? tilde : $0 }, as: UTF8.self)
        }
    }
}
