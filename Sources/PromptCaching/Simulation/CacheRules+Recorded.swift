import Values

extension CacheRules {
    /// The rules of a recorded plan, by the table and with the least length that the plan went by; `nil` for a name of another program.
    public init?(of plan: CachePlan) {
        // Of no model in particular: what differs by model stands in the plan, or in price rows. Of all APIs the one that has all lifetimes.
        let ofKind = CacheKind(rawValue: plan.rules).flatMap { CacheTable.shipped.rules($0, model: "", api: "openai-responses") }
        guard var rules = ofKind ?? Self.known.first(where: { $0.name.hasSameBytes(as: plan.rules) }) else { return nil }
        rules.leastTokens = plan.leastTokens
        self = rules
    }

    /// Whether something is cached of requests that say nothing of it: OpenAI's servers from GPT-5.6 on mark the end of each prompt by themselves.
    public var isImplicit: Bool { !isMarked || control == .breakpoints }
}
