import PromptCaching
import Values
import WorkflowModel

extension LanguageMapping {
    static let projectTop = LanguageMapping(
        "project", what: "the project file",
        [
            .init("version", .version, required: true, "The version of the language."),
            .init("ledger", .text, default: .string(ProjectLoader.defaultLedger), "The ledger file, from the project's root or absolute."),
            .init("providers", .names(.mapping("provider")), "Accounts and servers; an entry wins over the built-in one of its name."),
            .init("prices", .list(.mapping("price")), "Prices that win over the catalogue."),
            .init("adjustments", .list(.mapping("adjustment")), "What contracts change of list prices."),
            .init("secrets", .named("a secret", .mapping("secret")), "Where secrets are read from; workflows use them by name."),
            .init("budgets", .list(.mapping("spending_budget")), "Caps and alerts over the runs of a period.").checked(unless: []),
            .init("telemetry", .mapping("telemetry"), "Where traces and metrics are sent.").checked(),
        ], extensions: .init(prefix: "x-", shape: nil))

    static let provider = LanguageMapping(
        "provider", what: "a provider",
        [
            .init("api", .word(ModelAPI.self), required: true, "The wire format."), .init("base_url", .text, "Begins with http:// or https://."),
            .init("api_key", .mapping("api_key"), "Where the key is read from."), .init("headers", .names(.text), "Sent with each request, not stored."),
            .init("insecure_http", .boolean, default: false, "Whether the key may go to another machine over http, where it can be read on the way."),
            .init("max_concurrency", .integer(1...100_000), "Calls in flight in one process."), .init("pricing", .mapping("pricing"), "What the machine costs."),
            .init("models", .names(.mapping("model")), "Models under names of one's own."), .init("dialect", .mapping("dialect"), "How the server departs from the API."),
        ], shorthand: "api: openai-chat, base_url: {}")

    static let apiKey = LanguageMapping(
        "api_key",
        [
            .init("env", .text, "A variable of the environment."), .init("command", .oneOrList(.text), "A program that prints the key on its first line."),
            .init("value", .text, "The key itself, for loopback addresses only."),
        ], shorthand: "env: NAME")

    static let pricing = LanguageMapping(
        "pricing", [.init("machine_hour_usd", .money, "Calls are charged by the time that they keep the machine busy.")], shorthand: "machine_hour_usd: {}")

    static let model = LanguageMapping(
        "model", what: "a model",
        [
            .init("id", .text, otherwise: "the name of the entry", "The name on the wire."),
            .init("api", .word(ModelAPI.self), otherwise: "api of the provider", "The wire format."), .init("base_url", .text, "In place of the provider's."),
            .init("serve", .mapping("serve"), "A server that agentctl starts and stops."), .init("context_window", .integer(1...1_000_000_000), "In tokens; bounds the worst case of a prompt."),
            .init("images", .boolean, otherwise: "dialect.images", "Whether it takes images."), .init("files", .boolean, otherwise: "dialect.files", "Whether it takes PDF files."),
            .init("image_tokens", .integer(1...1_000_000_000), "The most tokens that it counts for one image."),
            .init("logprobs", .boolean, otherwise: "what is known of the model", "Whether it gives log-probabilities."),
            .init("price_as", .model, "The model whose prices it has: provider/model."), .init("cache", .mapping("model_cache"), otherwise: "what is known of the model", "Its prompt cache."),
        ], shorthand: "id: {}")

    static let modelCache = LanguageMapping(
        "model_cache", what: "the cache of a model",
        [
            .init("kind", .word(CacheKind.self), otherwise: "dialect.prompt_cache", "Which prompt cache it has."),
            .init("min_tokens", .integer(1...10_000_000), otherwise: "what is known of the model", "The shortest prefix that is cached, in tokens."),
            .init("max_marks", .integer(0...4), otherwise: "what the cache takes", "The most marks of a request; with 0 none is sent."),
            .init("ttls", .oneOrList(.duration), otherwise: "all that the cache has", "The lifetimes that may be asked for."),
            .init("slots", .integer(1...1024), "How many slots the server of a llama.cpp model has: what begins alike goes to one of them."),
        ], shorthand: "min_tokens: {}")

    static let serve = LanguageMapping(
        "serve",
        [
            .init("command", .oneOrList(.text), required: true, "The program and its arguments; ${{ port }} is a free port."),
            .init("ready", .text, default: "/health", "The path that answers 200 once the model is loaded."), .init("start_timeout", .duration, default: "60s", "How long loading may take."),
        ], shorthand: "command: {}")

    static let dialect = LanguageMapping(
        "dialect",
        [
            .init("stream", .boolean, default: false, "Stream unless a tier or step says otherwise."), .init("stream_usage", .boolean, default: true, "Ask for usage in a stream."),
            .init("structured_output", .words(["json_schema", "json_object", "tool", "none"]), default: "json_schema", "How a schema is sent."),
            .init("max_tokens_field", .words(["max_tokens", "max_completion_tokens"]), default: "max_tokens", "The field of the cap on output."),
            .init("call_id_header", .either([.text, .null]), default: "x-agentctl-call-id", "The header with the call's id; null for none."),
            .init("cached_tokens", .words(["optional", "required"]), default: "optional", "Whether a missing count is unknown or zero."),
            .init("images", .boolean, default: false, "Whether its models take images."), .init("files", .boolean, default: false, "Whether they take PDF files."),
            .init("rest_of_total", .words(["unknown", "reasoning"]), default: "unknown", "What a total tells beyond its parts."),
            .init("served_model", .word(ServedNames.self), default: "any", "What the name of the model that answered says of its price."),
            .init("served_tier", .word(ServedTierTrust.self), default: "trusted", "Whose word on the service tier a call is priced by."),
            .init("reported_cost", .words(["beside", "trusted"]), default: "beside", "Whether the server's own figure is the cost of a call, or stands beside ours."),
            .init("cached_input", .words(["unknown", "included", "excluded"]), default: "unknown", "Whether the tokens of a prompt include the cached ones."),
            .init("reasoning_output", .words(["unknown", "included", "excluded"]), default: "unknown", "Whether the tokens of an answer include its reasoning."),
            .init("output_cap", .words(["kept", "ignored"]), default: "kept", "Whether the server keeps the cap on output; otherwise the context window bounds it."),
            .init("count_tokens", .words(["none", "api", "llama.cpp", "vllm", "gemini"]), default: "none", "How the server says how many tokens a prompt has."),
            .init("prompt_cache", .word(CacheKind.self), default: "auto", "Which prompt cache the server has; auto: by its address, or the way in which it counts tokens."),
            .init("api_version", .text, default: "2026-10-21", "What is sent as anthropic-version to an API of Anthropic's."),
        ])

    private static func perMillion(_ name: String, _ what: String) -> Key { .init(name, .money, "Dollars per million \(what) tokens.") }

    static let price = LanguageMapping(
        "price", what: "a price",
        [
            .init("model", .model, required: true, "provider/model."), perMillion("input_per_mtok_usd", "input"), perMillion("output_per_mtok_usd", "output"),
            perMillion("cache_read_per_mtok_usd", "cached input"), perMillion("cache_write_per_mtok_usd", "input written to a cache's"), perMillion("reasoning_per_mtok_usd", "reasoning"),
            .init("request_usd", .money, "Dollars for each request."), .init("machine_hour_usd", .money, "Dollars for an hour of the machine."),
            .init("from", .text, "The first day."), .init("to", .text, "The day after the last."), .init("source", .text, default: "project file", "Where the price was read."),
        ])

    static let adjustment = LanguageMapping(
        "adjustment", what: "an adjustment",
        [
            .init("models", .oneOrList(.text), required: true, "provider/model; * at the end covers every id that begins so."),
            .init("multiplier", .number(0.000_001...10), "What is paid of the list price: 0.85 takes 15 % off."),
            .init("credit_usd", .money, "Dollars of the period's cost that are paid already."),
            .init("commitment_usd", .money, "Dollars that are owed for the period in any case."),
            .init("from", .text, "The first day; needed with a credit or a commitment."), .init("to", .text, "The day after the last; likewise."),
            .init("name", .text, otherwise: "models", "What reports call it."),
        ], oneOf: ["multiplier", "credit_usd", "commitment_usd"])

    // MARK: Checked, not run yet

    static let secret = LanguageMapping(
        "secret", what: "a secret",
        [.init("env", .text, "A variable of the environment."), .init("command", .oneOrList(.text), "A program that prints it on its first line.")], oneOf: ["env", "command"], shorthand: "env: NAME")

    static let spending = LanguageMapping(
        "spending_budget", what: "an entry of budgets",
        [
            .init("name", .text, required: true, "What alerts call it."), .init("owner", .mapping("owner"), "Who answers for it."),
            .init("where", .mapping("selection"), otherwise: "every run", "The runs that it counts."),
            .init("per", .words(["day", "week", "month"]), required: true, "The period."), .init("timezone", .timeZone, default: "UTC", "Where the period begins at midnight, such as Europe/Zurich."),
            .init("max_cost_usd", .money, required: true, "The most for one period, in dollars."),
            .init("enforce", .words(["alert", "degrade", "stop"]), default: "alert", "What happens when it is used up."),
            .init("degrade", .oneOrList(.tier), "The tiers that are left under enforce: degrade."),
            .init("yellow", .mapping("band"), "What changes once so much is spent."), .init("red", .mapping("band"), "The same, further on."),
            .init("alert", .mapping("alert"), "Who is told."),
        ])

    /// `where` of a budget.
    static let selection = LanguageMapping(
        "selection", what: "where",
        [
            .init("workflow", .oneOrList(.text), "Names of workflows."), .init("model", .oneOrList(.text), "Models: provider/model."),
            .init("provider", .oneOrList(.text), "Names of providers."),
        ], extensions: .init(prefix: "tag.", shape: .text))

    static let alert = LanguageMapping(
        "alert",
        [
            .init("slack", .mapping("address"), "An incoming webhook of Slack."), .init("webhook", .mapping("address"), "An address that takes JSON."),
            .init("command", .oneOrList(.text), "A program that reads JSON."), .init("terminal", .boolean, default: false, "Whether a run says it on stderr."),
        ], shorthand: "webhook: { env: NAME }")

    static let address = LanguageMapping(
        "address", what: "an address",
        [.init("env", .text, "A variable of the environment with the address."), .init("url", .url, "The address, where it is no secret.")], oneOf: ["env", "url"], shorthand: "env: NAME")

    static let telemetry = LanguageMapping("telemetry", [.init("otlp", .url, required: true, "An OTLP receiver over HTTP.")], shorthand: "otlp: {}")
}
