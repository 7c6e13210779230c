/// Something that must not be stored or shown, and the name by which messages speak of it.
public struct Secret: Sendable, Hashable {
    /// Where it is configured: `the key of openai`, `the header x-api-key of mine`.
    @ByBytes public private(set) var name: String
    @ByBytes public private(set) var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// A shorter one would be found in ordinary text, and could not be kept out of anything without spoiling it.
    public static let minimumBytes = 8

    public var isLongEnough: Bool { value.utf8.count >= Self.minimumBytes }

    /// What examples of local servers write where a client insists on a key. They open nothing.
    public static let placeholders: Set<String> = [
        "none", "null", "empty", "dummy", "placeholder", "not-needed", "not-used", "not-required", "no-key-required", "no-api-key", "sk-no-key-required",
        "local", "ollama", "lm-studio", "llama.cpp", "vllm",
    ]

    /// What of it opens something by itself: each key of a list, the values of a cookie, a password in an address, the key behind a
    /// scheme. A document is no list.
    var parts: [Secret] {
        func named(_ value: some StringProtocol) -> Secret { Secret(name: name, value: String(value)) }
        if value.containsBytes(of: "://") {
            return TextSet(URLParts(value)?.credentials.flatMap { [$0.value, URLParts.decoded($0.value)] } ?? []).sorted().map(named)
        }
        if value.utf8.contains(where: { "{}<>\"".utf8.contains($0) }) { return [] }
        var found: [Secret] = []
        let isList = value.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }
        for word in value.unicodeScalars.split(whereSeparator: { $0 == "," || $0 == ";" || $0.properties.isWhitespace }).map({ Substring($0) }) where word.utf8.count < value.utf8.count {
            // Words of a sentence are none.
            guard SecretLook.looksLikeKey(String(word)) || isList && !SecretLook.isPlainWords(String(word)) else { continue }
            found.append(named(word))
            if let (_, behind) = word.cut(at: UInt8(ascii: "=")), behind.utf8.contains(where: { $0 != UInt8(ascii: "=") }) { found.append(named(behind)) }
        }
        return found
    }

    public static func isPlaceholder(_ value: String) -> Bool { placeholders.contains(value.lowercased()) }
}
