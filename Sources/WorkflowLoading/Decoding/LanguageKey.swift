/// A key of the language as it is declared, read, refused and documented: one declaration serves all of it.
struct LanguageKey: Sendable {
    enum Availability: Sendable {
        case supported
        /// Part of the language, but this version does not run it: refused by name, never ignored.
        case notYet
    }

    let name: String
    let availability: Availability
    /// What users write instead of a key of another tool.
    let hint: String?

    init(_ name: String, _ availability: Availability = .supported, hint: String? = nil) {
        self.name = name
        self.availability = availability
        self.hint = hint
    }
}

/// The keys of each mapping of the language.
enum LanguageKeys {
    private static func keys(_ supported: String, notYet: String = "") -> [LanguageKey] {
        supported.split(separator: " ").map { LanguageKey(String($0)) } + notYet.split(separator: " ").map { LanguageKey(String($0), .notYet) }
    }

    static let workflow = keys(
        "version name description owner tags inputs outputs models defaults budget decision prefixes concurrency on_failure finally steps",
        notYet: "secrets latency_price")
    static let owner = keys("business engineering finance")
    static let sampling = "temperature top_p seed stop reasoning max_output_tokens stream logprobs"
    static let tier = keys("use fallback " + sampling)
    static let defaults = keys("model timeout deadline retry limits on_error")
    static let retry = keys("max_attempts on")
    static let limits = keys("max_input_tokens overflow trim max_output_tokens max_total_tokens max_cost_usd", notYet: "max_turns max_calls")
    /// `limits` of `defaults`: what is cut belongs to one step.
    static let defaultLimits = limits.map { key in
        ["overflow", "trim"].contains(key.name) ? LanguageKey(key.name, .notYet, hint: "write it in the limits of a step: 'trim' names values of its 'with'") : key
    }
    static let budget = keys("max_cost_usd admit", notYet: "max_tokens yellow red on_exceeded degrade")
    static let decision = keys("id unit outcome counts", notYet: "price_usd failure_cost_usd")
    static let prefix = keys("file text", notYet: "ttl order")
    static let step = keys(
        "id description when with needs timeout retry on_error for_each model system prefix prompt prompt_file messages output limits "
            + sampling + " run shell stdin env ok_exit value approve workflow loop steps deadline optional tags attach memo",
        notYet: "escalate deferred tools effect idempotency_key fees_usd tool")
        + [
            LanguageKey("depends_on", .notYet, hint: "use needs: [step], or refer to steps.<id>.output and the order follows"),
            LanguageKey("type", .notYet, hint: "the kind is the key that is present: prompt, run, value, …"),
        ]
    static let modelOutput = keys("schema repair")
    static let runOutput = keys("parse schema")
    static let forEach = keys("items as max_items max_parallel on_error max_cost_usd", notYet: "reorder")
    static let loop = keys("steps until max")
    static let approval = keys("message timeout on_timeout")
    /// `limits` of a step that has steps of its own: tokens are capped where they are used.
    static let containerLimits = keys("max_cost_usd")
    static let message = keys("role content")
    static let memo = keys("max_age")
    static let attachment = keys("image file detail max_tokens")
    static let onError = keys("value")

    static let project = keys("version ledger providers prices", notYet: "budgets secrets telemetry")
    static let provider = keys("api base_url api_key headers max_concurrency pricing models dialect")
    static let apiKey = keys("env command value")
    static let pricing = keys("machine_hour_usd")
    static let model = keys("id base_url serve context_window images files image_tokens")
    static let serve = keys("command ready start_timeout")
    static let dialect = keys("stream stream_usage structured_output max_tokens_field call_id_header cached_tokens images files")
    static let price = keys(
        "model input_per_mtok_usd output_per_mtok_usd cache_read_per_mtok_usd cache_write_per_mtok_usd reasoning_per_mtok_usd request_usd machine_hour_usd from to source")
}
