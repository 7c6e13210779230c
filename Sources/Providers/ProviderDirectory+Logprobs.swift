import Economics
import Values
import WorkflowModel

extension ProviderDirectory {
    /// What is known of a model's log-probabilities; of a model that there is not, nothing.
    public func logprobs(of model: ModelReference) -> LogprobRule {
        guard let (provider, entry) = try? entry(of: model) else { return .unknown }
        return provider.logprobs(of: entry, id: entry?.id ?? model.model)
    }
}

extension ProviderConfiguration {
    /// What is known of log-probabilities of one of its models.
    ///
    /// What its entry says holds. Else the Messages API has none, and a server on this machine that speaks chat completions gives them, as llama.cpp, vLLM, SGLang and Ollama
    /// do. What is elsewhere goes by the table, under the name of the entry or by what it is priced as.
    ///
    /// - Parameter id: on the wire.
    func logprobs(of model: ModelConfiguration?, id: String) -> LogprobRule {
        if let says = model?.logprobs { return LogprobRule(says ? .always : .never, source: "its entry in the project file") }
        let api = model?.api ?? api
        if api == .anthropic { return LogprobTable.rule(provider: "anthropic", model: id) }
        if model?.serve != nil || (model?.baseURL ?? baseURL).flatMap(URLParts.init)?.isLoopback == true { return LogprobRule(api == .openAIChat ? .always : .unknown) }
        if let alias = model?.priceAs { return LogprobTable.rule(provider: alias.provider, model: alias.model) }
        return LogprobTable.rule(provider: name, model: id)
    }
}
