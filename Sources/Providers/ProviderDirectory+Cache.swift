import PromptCaching
import Values
import WorkflowModel

extension ProviderDirectory {
    /// How the prompt cache of a model works; `nil`: it has none, or none that is known, or there is no such model.
    public func cache(of model: ModelReference) -> CacheRules? {
        guard let (provider, entry) = try? entry(of: model) else { return nil }
        return provider.cache(of: entry, id: entry?.id ?? model.model, Dialect(provider.dialect))
    }
}

extension ProviderConfiguration {
    /// How the prompt cache of one of its models works.
    ///
    /// Which cache it is, the entries say: the model's before the provider's. Else the address does, where it is a vendor's own, or the way in which the server counts tokens. A server of which nothing is
    /// known is told nothing of caches, as it might refuse a request with words that it does not know.
    ///
    /// - Parameter id: on the wire.
    func cache(of model: ModelConfiguration?, id: String, _ dialect: Dialect) -> CacheRules? {
        let says = model?.cache
        let kind = says?.kind ?? dialect.promptCache
        let known = kind == .auto ? self.kind(of: model, dialect) : kind
        guard var rules = CacheTable.shipped.rules(known, model: model?.priceAs?.model ?? id, api: (model?.api ?? api).rawValue) else { return nil }
        guard let says else { return rules }
        if let least = says.leastTokens { rules.leastTokens = least }
        if let most = says.mostMarks, case .marks(let limit) = rules.entries { rules.entries = .marks(most: min(most, limit)) }
        if rules.control == .slots { rules.slots = says.slots }
        return says.lifetimes.isEmpty ? rules : rules.lasting(says.lifetimes)
    }

    private func kind(of model: ModelConfiguration?, _ dialect: Dialect) -> CacheKind {
        let address = model?.serve == nil ? (model?.baseURL ?? baseURL).flatMap(URLParts.init) : nil
        if let host = address?.host, let kind = CacheTable.shipped.kind(ofHost: host) { return kind }
        switch dialect.counting {
        case .llamaCpp: return .llamaCpp
        case .vllm: return .vllm
        case .none, .api, .gemini: return .auto
        }
    }
}
