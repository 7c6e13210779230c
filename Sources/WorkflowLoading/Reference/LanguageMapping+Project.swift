import WorkflowModel

extension LanguageMapping {
    static let projectTop = LanguageMapping(
        name: "project", declared: LanguageKeys.project,
        keys: [
            .init("version", .version, required: true, "The version of the language."),
            .init("ledger", .text, default: ".agentctl/ledger.db", "The ledger file, from the project's root or absolute."),
            .init("providers", .names(.mapping("provider")), "Accounts and servers; an entry wins over the built-in one of its name."),
            .init("prices", .list(.mapping("price")), "Prices that win over the catalogue."),
        ], allowsExtensions: true)

    static let provider = LanguageMapping(
        name: "provider", declared: LanguageKeys.provider,
        keys: [
            .init("api", .word(ModelAPI.self), required: true, "The wire format."), .init("base_url", .text, "Begins with http:// or https://."),
            .init("api_key", .mapping("api_key"), "Where the key is read from."), .init("headers", .names(.text), "Sent with each request, not stored."),
            .init("max_concurrency", .integer(1...100_000), "Calls in flight in one process."), .init("pricing", .mapping("pricing"), "What the machine costs."),
            .init("models", .names(.mapping("model")), "Models under names of one's own."), .init("dialect", .mapping("dialect"), "How the server departs from the API."),
        ])

    static let apiKey = LanguageMapping(
        name: "api_key", declared: LanguageKeys.apiKey,
        keys: [
            .init("env", .text, "A variable of the environment."), .init("command", .oneOrList(.text), "A program that prints the key on its first line."),
            .init("value", .text, "The key itself, for loopback addresses only."),
        ])

    static let pricing = LanguageMapping(
        name: "pricing", declared: LanguageKeys.pricing, keys: [.init("machine_hour_usd", .money, "Calls are charged by the time that they keep the machine busy.")])

    static let model = LanguageMapping(
        name: "model", declared: LanguageKeys.model,
        keys: [
            .init("id", .text, default: "the name of the entry", "The name on the wire."), .init("base_url", .text, "In place of the provider's."),
            .init("serve", .mapping("serve"), "A server that agentctl starts and stops."), .init("context_window", .integer(1...1_000_000_000), "In tokens; bounds the worst case of a prompt."),
            .init("images", .boolean, default: "dialect.images", "Whether it takes images."), .init("files", .boolean, default: "dialect.files", "Whether it takes PDF files."),
            .init("image_tokens", .integer(1...1_000_000_000), "The most tokens that it counts for one image."),
        ])

    static let serve = LanguageMapping(
        name: "serve", declared: LanguageKeys.serve,
        keys: [
            .init("command", .oneOrList(.text), required: true, "The program and its arguments; ${{ port }} is a free port."),
            .init("ready", .text, default: "/health", "The path that answers 200 once the model is loaded."), .init("start_timeout", .duration, default: "60s", "How long loading may take."),
        ])

    static let dialect = LanguageMapping(
        name: "dialect", declared: LanguageKeys.dialect,
        keys: [
            .init("stream", .boolean, default: "false", "Stream unless a tier or step says otherwise."), .init("stream_usage", .boolean, default: "true", "Ask for usage in a stream."),
            .init("structured_output", .word(Dialect.StructuredOutput.self), default: "json_schema", "How a schema is sent."),
            .init("max_tokens_field", .words(["max_tokens", "max_completion_tokens"]), default: "max_tokens", "The field of the cap on output."),
            .init("call_id_header", .either([.text, .null]), default: "x-agentctl-call-id", "The header with the call's id; null for none."),
            .init("cached_tokens", .words(["optional", "required"]), default: "optional", "Whether a missing count is unknown or zero."),
            .init("images", .boolean, default: "false", "Whether its models take images."), .init("files", .boolean, default: "false", "Whether they take PDF files."),
        ])

    private static func perMillion(_ name: String, _ what: String) -> Key { .init(name, .money, "Dollars per million \(what) tokens.") }

    static let price = LanguageMapping(
        name: "price", declared: LanguageKeys.price,
        keys: [
            .init("model", .model, required: true, "provider/model."), perMillion("input_per_mtok_usd", "input"), perMillion("output_per_mtok_usd", "output"),
            perMillion("cache_read_per_mtok_usd", "cached input"), perMillion("cache_write_per_mtok_usd", "input written to a cache's"), perMillion("reasoning_per_mtok_usd", "reasoning"),
            .init("request_usd", .money, "Dollars for each request."), .init("machine_hour_usd", .money, "Dollars for an hour of the machine."),
            .init("from", .text, "The first day."), .init("to", .text, "The day after the last."), .init("source", .text, default: "project file", "Where the price was read."),
        ])
}
