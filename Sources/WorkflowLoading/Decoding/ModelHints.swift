import Economics

/// What to write for the name of a model that stands alone.
enum ModelHints {
    /// Whether a word is hardly the name of a tier: `gpt-4o-mini`, `openai/gpt-4o`, `llama3.1:8b`.
    static func looksLikeModel(_ name: String) -> Bool {
        !ShapeHints.isName(name) && name.utf8.contains { "-/.:".utf8.contains($0) } && !name.utf8.contains(0x20)
    }

    private static let makers: [(beginning: String, provider: String)] = [
        ("gpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"), ("claude", "anthropic"), ("gemini", "gemini"),
    ]

    /// `provider/model`: with the maker of models of such names, or a provider whose price of it is known.
    static func reference(_ name: String) -> String {
        if name.contains("/") { return name }
        // Whoever serves gpt-oss, OpenAI does not.
        if !name.startsWithBytes(of: "gpt-oss"), let maker = makers.first(where: { name.startsWithBytes(of: $0.beginning) }) { return "\(maker.provider)/\(name)" }
        // Of the vendors that serve a model of others, the list names the first.
        if let known = PriceCatalogue.shipped.models.first(where: { $0.cut(at: UInt8(ascii: "/"))?.behind.hasSameBytes(as: name) == true }) { return known }
        return "provider/\(name)"
    }

    static func declaration(_ name: String) -> String {
        "declare a tier, models: { main: { use: \(reference(name)) } }, and name it: model: main"
    }
}
