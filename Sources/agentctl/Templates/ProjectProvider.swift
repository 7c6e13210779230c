/// Where the models of a new project are: a server of one's own, or a hosted service that needs no entry.
struct ProjectProvider: Sendable {
    let name: String
    /// Taken when no model is named; of hosted services one whose price ships with the program.
    let model: String
    /// The variable that holds the key; `nil` for a server of one's own.
    let keyVariable: String?

    static let local = ProjectProvider(name: "local", model: "default", keyVariable: nil)
    static let all = [
        local,
        ProjectProvider(name: "openai", model: "gpt-4o-mini", keyVariable: "OPENAI_API_KEY"),
        ProjectProvider(name: "anthropic", model: "claude-haiku-5-5", keyVariable: "ANTHROPIC_API_KEY"),
        ProjectProvider(name: "groq", model: "llama-3.1-8b-instant", keyVariable: "GROQ_API_KEY"),
        ProjectProvider(name: "together", model: "openai/gpt-oss-120b", keyVariable: "TOGETHER_API_KEY"),
    ]
    static let localAddress = "http://127.0.0.1:8080/v1"

    /// The text of `agentctl.yaml`.
    func projectFile(baseURL: String) -> String {
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
        return head + """
            # \(name) needs no entry: its address is built in, and its key is read from \(keyVariable).
            # Models without a known price need one, or no call is made under a budget:
            # prices:
            #   - { model: \(name)/NAME, input_per_mtok_usd: 0.50, output_per_mtok_usd: 1.50 }

            """
    }
}
