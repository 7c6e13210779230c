/// The parts of an address, as far as one has to know where something goes and what must not be shown of it (RFC 3986, section 3).
public struct URLParts: Sendable {
    /// In lower case.
    public let scheme: String
    /// Before the `@`, as it stands.
    public let userInfo: String?
    /// In lower case; an IPv6 address with its brackets.
    public let host: String
    public let port: String?
    /// With the slash.
    public let path: String
    /// In the order of the text, as they stand there.
    public let query: [(name: String, value: String)]

    /// `nil` for what has no `scheme://`.
    public init?(_ text: String) {
        // By bytes: a sign before a combining mark is a sign, and what stands behind it a password.
        let bytes = Array(text.utf8)
        let sign = Array("://".utf8)
        guard let colon = bytes.indices.first(where: { bytes[$0...].starts(with: sign) }) else { return nil }
        func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        scheme = string(bytes[..<colon]).lowercased()
        let rest = bytes[(colon + sign.count)...]
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        var place = authority
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            userInfo = string(authority[..<at])
            place = authority[(at + 1)...]
        } else {
            userInfo = nil
        }
        let isBracketed = place.first == UInt8(ascii: "[")
        let hostEnd = isBracketed ? place.firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 } ?? place.endIndex : place.firstIndex(of: UInt8(ascii: ":")) ?? place.endIndex
        host = string(place[..<hostEnd]).lowercased()
        port = place[hostEnd...].first == UInt8(ascii: ":") ? string(place[hostEnd...].dropFirst()) : nil
        let behind = rest[authority.endIndex...].prefix { $0 != UInt8(ascii: "#") }
        let mark = behind.firstIndex(of: UInt8(ascii: "?")) ?? behind.endIndex
        path = string(behind[..<mark])
        query = behind[mark...].dropFirst().split(separator: UInt8(ascii: "&")).map { pair in
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return (string(pair[..<equals]), string(pair[equals...].dropFirst()))
        }
    }

    /// Whether it names this machine, so that nothing leaves it: `localhost`, `127.0.0.0/8`, `[::1]`.
    public var isLoopback: Bool {
        guard port?.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) ?? true else { return false }
        if host == "localhost" || host == "[::1]" { return true }
        let numbers = host.parts(at: UInt8(ascii: "."), omittingEmptyParts: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    /// Whether what is sent there can be read on the way.
    public var isClearText: Bool { scheme != "https" && !isLoopback }

    /// What in the address opens something: the password (or the name, where there is none, or one that only fills its place), values
    /// of the query, and what looks like a key where no name says what it is.
    public var credentials: [(what: String, value: String)] {
        var found: [(what: String, value: String)] = []
        if let userInfo, !userInfo.isEmpty {
            let (name, password) = userInfo.cut(at: UInt8(ascii: ":")) ?? (userInfo, "")
            let isFiller = password.isEmpty || Self.fillers.contains(password.lowercased())
            if !isFiller { found.append(("the password", password)) }
            if !name.isEmpty, isFiller || SecretLook.looksLikeKey(name) { found.append(("the name", name)) }
        }
        for (name, value) in query {
            if PublicNames.isSecret(parameter: name, value: value) { found.append(("'\(name)'", value)) }
            if value.isEmpty, SecretLook.looksLikeKey(name) { found.append((Self.inQuery, name)) }
        }
        for part in path.parts(at: UInt8(ascii: "/")) where Self.isKey(part) { found.append((Self.inPath, String(part))) }
        return found
    }

    private static let inQuery = "a key in the query"
    private static let inPath = "a key in the path"
    /// What stands for a password where the name is the key.
    private static let fillers: Set<String> = ["x-oauth-basic", "x-oauth-token", "x-access-token", "x-token-auth", "oauth2", "x"]

    /// Whether a place in an address says by itself that what stands there opens something, and not only its look.
    public static func isCertain(_ what: String) -> Bool {
        what != inQuery && what != inPath && (!what.hasPrefix("'") || PublicNames.isCredential(what))
    }

    /// Paths have long names; a short one that looks odd is one of them.
    private static func isKey(_ part: some StringProtocol) -> Bool { part.utf8.count >= 16 && SecretLook.looksLikeKey(String(part)) }

    /// The address without what opens something.
    public static func shown(_ text: String) -> String {
        guard let parts = URLParts(text) else { return text }
        var shown = Array(text.utf8)
        func replace(_ part: String, by mark: String) {
            let (old, new) = (Array(part.utf8), Array(mark.utf8))
            guard let place = shown.indices.first(where: { shown[$0...].starts(with: old) }) else { return }
            shown.replaceSubrange(place..<place + old.count, with: new)
        }
        if let userInfo = parts.userInfo { replace(userInfo + "@", by: Redactor.mark + "@") }
        for part in parts.path.parts(at: UInt8(ascii: "/")) where isKey(part) { replace("/" + part, by: "/" + Redactor.mark) }
        guard let (before, query) = String(decoding: shown, as: UTF8.self).cut(at: UInt8(ascii: "?")) else { return String(decoding: shown, as: UTF8.self) }
        let pairs = query.parts(at: UInt8(ascii: "&"), omittingEmptyParts: false).map { pair -> String in
            guard let (name, _) = pair.cut(at: UInt8(ascii: "=")) else { return SecretLook.looksLikeKey(String(pair)) ? Redactor.mark : String(pair) }
            return PublicNames.isPublic(parameter: name) ? String(pair) : name + "=" + Redactor.mark
        }
        return before + "?" + pairs.joined(separator: "&")
    }

    /// `%xx` undone; the text itself where that is no UTF-8.
    public static func decoded(_ text: String) -> String {
        var text = text
        let bytes = text.withUTF8 { TextDecoding.decoded($0) }
        return bytes.flatMap { String(validating: $0, as: UTF8.self) } ?? text
    }
}
