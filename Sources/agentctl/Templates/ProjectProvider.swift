import Providers
import Values
import WorkflowModel

/// Where the models of a new project are: a server of one's own, or a hosted service that needs no entry.
struct ProjectProvider: Sendable {
    let name: String
    /// Taken when no model is named; of hosted services one whose price is known.
    let model: String
    /// The variable that holds the key; `nil` for a server of one's own.
    let keyVariable: String?
    /// The price of `model` as a row of the project file, where the catalogue has none.
    var priceRow: String?

    static let local = ProjectProvider(name: "local", model: "default", keyVariable: nil)
    /// The hosted ones in the order in which their keys are looked for.
    static let hosted = WellKnownProviders.all.compactMap { known -> ProjectProvider? in
        guard let model = models[known.name], case .environment(let variable)? = known.apiKey else { return nil }
        return ProjectProvider(name: known.name, model: model, keyVariable: variable, priceRow: priceRows[known.name])
    }
    static let all = [local] + hosted
    static let localAddress = "http://127.0.0.1:8080/v1"

    private static let models = [
        "openai": "gpt-4o-mini", "anthropic": "claude-haiku-5-5", "openrouter": "openai/gpt-4o-mini", "groq": "llama-3.1-8b-instant", "together": "openai/gpt-oss-120b",
    ]
    private static let priceRows = [
        "openrouter": "{ model: openrouter/openai/gpt-4o-mini, input_per_mtok_usd: 0.15, output_per_mtok_usd: 0.60, cache_read_per_mtok_usd: 0.075, source: openrouter.ai/openai/gpt-4o-mini }"
    ]

    /// Keys of vendors that have no entry of their own, and what can be done with them.
    static var otherKeys: [(variable: String, way: String)] { WellKnownProviders.otherVariables }

    /// What costs a model of the provider, in dollars for a million tokens.
    struct Price {
        let input: String
        let output: String
    }

    /// The text of `agentctl.yaml`.
    ///
    /// - Parameters:
    ///   - model: that the project asks.
    ///   - isPriced: whether the catalogue has its price.
    ///   - price: of it, as the user knows it.
    func projectFile(baseURL: String, model: String, isPriced: Bool, price: Price?) -> String {
        let head = "# The project file: where models are and what they cost. `agentctl doctor` checks it.\nversion: 1\n"
        guard let keyVariable else {
            return head + """
                providers:
                  local:
                    api: openai-chat
                    base_url: \(baseURL)      # any server that speaks OpenAI's chat completions: llama.cpp, vLLM, Ollama
                    pricing: { machine_hour_usd: 0.10 }       # calls are charged by the time that they keep the machine busy

                """
        }
        let entry = head + "# \(name) needs no entry: its address is built in, and its key is read from \(keyVariable).\n"
        if let price {
            return entry + "prices:\n  - { model: \(name)/\(model), input_per_mtok_usd: \(price.input), output_per_mtok_usd: \(price.output) }\n"
        }
        if model == self.model, let priceRow { return entry + "prices:      # what \(name) asks for it may have changed\n  - \(priceRow)\n" }
        guard !isPriced else {
            return entry + """
                # Models without a known price need one, or no call is made under a budget:
                # prices:
                #   - { model: \(name)/NAME, input_per_mtok_usd: 0.50, output_per_mtok_usd: 1.50 }

                """
        }
        return entry + """
            # \(model) has no known price, and no call is made under a budget until it has one: fill in both figures, in
            # dollars for a million tokens, and take away the two #.
            # prices:
            #   - { model: \(name)/\(model), input_per_mtok_usd: , output_per_mtok_usd:  }

            """
    }

    /// Whether the project file has to be filled in before a call is made.
    func needsPrice(_ model: String, isPriced: Bool, price: Price?) -> Bool {
        keyVariable != nil && !isPriced && price == nil && !(model == self.model && priceRow != nil)
    }
}
