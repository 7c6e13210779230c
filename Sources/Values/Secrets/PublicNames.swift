/// What headers and parameters hold, by their names: nothing that is secret, what opens something, or what only its look tells.
public enum PublicNames {
    private static let headers: Set<String> = [
        "accept", "accept-encoding", "accept-language", "anthropic-beta", "anthropic-version", "cache-control", "connection", "content-encoding",
        "content-language", "content-type", "expect", "from", "helicone-cache-enabled", "helicone-user-id", "host", "http-referer", "openai-beta",
        "openai-organization", "openai-project", "origin", "pragma", "prefer", "priority", "referer", "te", "user-agent", "via", "x-goog-user-project",
        "x-litellm-num-retries", "x-litellm-tags", "x-litellm-timeout", "x-ms-version", "x-project", "x-region", "x-request-timeout", "x-service-tier", "x-team",
        "x-tenant", "x-title", "x-version",
    ]
    private static let parameters: Set<String> = [
        "api-version", "api_version", "apiversion", "beta", "deployment", "format", "location", "model", "project", "region", "v", "version",
    ]

    /// - Parameter header: in any case.
    public static func isPublic(header: String) -> Bool { headers.contains(header.lowercased()) }
    public static func isPublic(parameter: String) -> Bool { parameters.contains(parameter.lowercased()) }

    private static let words: Set<String> = [
        "auth", "authorization", "authentication", "key", "keys", "token", "secret", "secrets", "password", "passphrase", "passwd", "pwd", "credential", "credentials", "cookie", "cookies",
        "signature", "sig", "bearer", "jwt",
    ]
    private static let endings = ["key", "keys", "token", "secret", "password", "passwd"]
    private static let ordinary: Set<String> = ["monkey", "donkey", "turkey", "hockey", "jockey", "whiskey"]
    /// What a name says last when its value is something about a key: `x-key-version`.
    private static let kinds: Set<String> = ["version", "name", "type", "kind", "count", "limit", "length", "size", "format", "expiry", "expires", "rotation", "space"]

    /// Whether a name says that its value opens something, so that a short value is a mistake and no label. Whole words of it count:
    /// `x-api-key`, `apiKey`, `authtoken`, and not `x-author`, `x-keyspace`, `x-tokenizer`.
    public static func isCredential(_ name: String) -> Bool {
        guard !isPublic(header: name) else { return false }
        let found = SecretLook.words(of: name)
        if found.count > 1, kinds.contains(found.last!) { return false }
        return found.contains { word in
            words.contains(word) || endings.contains { word.hasSuffix($0) && word.utf8.count > $0.utf8.count && !ordinary.contains(word) }
        }
    }

    private static let schemes: Set<String> = ["bearer", "basic", "token", "apikey", "api-key", "digest", "key"]

    /// The word behind a scheme: `Bearer …`, `Basic …`.
    public static func credential(behindSchemeIn value: String) -> String? {
        let words = value.parts(at: 0x20)
        return words.count == 2 && schemes.contains(words[0].lowercased()) ? String(words[1]) : nil
    }

    /// What of a header's value is secret: all of it, and the word behind a scheme. Where the name does not say that it opens
    /// something, a value is secret that looks like a key; see ``SecretLook``.
    public static func secrets(header: String, value: String) -> [String] {
        guard !isPublic(header: header), !isPlaceholder(header: value) else { return [] }
        let isNamed = isCredential(header)
        var found = isNamed || SecretLook.looksLikeKey(value) ? [value] : []
        if let word = credential(behindSchemeIn: value) {
            found.append(word)
            // `user:password`.
            if value.lowercased().hasPrefix("basic "), let plain = Base64.decoded(word).flatMap({ String(validating: $0, as: UTF8.self) }), let (user, password) = plain.cut(at: UInt8(ascii: ":")) {
                found += [password, plain].filter { $0.utf8.count >= Secret.minimumBytes }
                if SecretLook.looksLikeKey(user) { found.append(user) }
            }
        } else if isNamed, let last = value.parts(at: 0x20).last.map(String.init), !last.hasSameBytes(as: value), SecretLook.looksLikeKey(last) {
            // A scheme that is not known here.
            found.append(last)
        }
        return found
    }

    /// `none`, `Bearer none`.
    public static func isPlaceholder(header value: String) -> Bool { Secret.isPlaceholder(credential(behindSchemeIn: value) ?? value) }

    /// Whether a value of an address's query is secret.
    public static func isSecret(parameter name: String, value: String) -> Bool {
        !value.isEmpty && !isPublic(parameter: name) && (isCredential(name) || SecretLook.looksLikeKey(value))
    }
}
