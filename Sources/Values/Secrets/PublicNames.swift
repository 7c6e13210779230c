/// Headers and parameters whose values are no secrets, by their names. What is not known here is one.
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

    /// Whether a name says that its value opens something, so that a short value is a mistake and no label.
    public static func isCredential(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["auth", "key", "token", "secret", "password", "passwd", "credential", "cookie", "signature"].contains { name.contains($0) } && !isPublic(header: name)
    }

    /// What of a header's value is secret: all of it, and the word behind a scheme (`Bearer …`, `Basic …`).
    public static func secrets(header: String, value: String) -> [String] {
        guard !isPublic(header: header) else { return [] }
        var found = [value]
        let words = value.split(separator: " ", omittingEmptySubsequences: true)
        if words.count == 2 { found.append(String(words[1])) }
        return found
    }
}
