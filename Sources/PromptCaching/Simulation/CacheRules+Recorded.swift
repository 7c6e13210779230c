import Values

extension CacheRules {
    /// The rules of a recorded plan, with the least length that it went by; `nil` for a name of another program.
    public init?(of plan: CachePlan) {
        guard var rules = Self.named(plan.rules) else { return nil }
        rules.leastTokens = plan.leastTokens
        self = rules
    }

    /// By a name of ``known``, or by the word of a cache whose lifetimes stand there apart, or that works as one of them does.
    private static func named(_ name: String) -> CacheRules? {
        func ofKnown(_ name: String) -> CacheRules? { known.first { $0.name.hasSameBytes(as: name) } }
        if let own = ofKnown(name) { return own }
        switch name {
        case "openai": return ofKnown("openai-55")
        case "openai-breakpoints":
            guard let short = ofKnown("openai-56"), let long = ofKnown("openai-56-12h") else { return nil }
            return CacheRules(name: name, entries: short.entries, leastTokens: short.leastTokens, lifetimes: short.lifetimes + long.lifetimes, readPrice: short.readPrice)
        case "sglang", "llama.cpp":
            return ofKnown("vllm").map { CacheRules(name: name, entries: .steps(1), leastTokens: 1, lifetimes: $0.lifetimes, readPrice: $0.readPrice) }
        default: return nil
        }
    }

    /// Whether something is cached of requests that say nothing of it. OpenAI's servers from GPT-5.6 on mark the end of each prompt by themselves.
    public var isImplicit: Bool {
        guard case .marks = entries else { return true }
        return ["openai-56", "openai-56-12h", "openai-breakpoints"].contains { name.hasSameBytes(as: $0) }
    }
}
