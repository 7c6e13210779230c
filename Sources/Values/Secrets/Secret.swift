/// Something that must not be stored or shown, and the name by which messages speak of it.
public struct Secret: Sendable, Hashable {
    /// Where it is configured: `the key of openai`, `the header x-api-key of mine`.
    public let name: String
    public let value: String

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

    public static func isPlaceholder(_ value: String) -> Bool { placeholders.contains(value.lowercased()) }
}
