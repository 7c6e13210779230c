import Values
import WorkflowModel

extension LanguageMapping {
    static let top = LanguageMapping(
        "workflow", what: "a workflow",
        [
            .init("version", .version, required: true, "The version of the language."),
            .init("name", .text, required: true, "Names the workflow in the ledger: letters, digits, '-', '_' and '.'."),
            .init("description", .text, "What the workflow is for."),
            .init("owner", .mapping("owner"), "Who answers for the workflow; kept with each run."),
            .init("tags", .names(.template), "Kept with each run, for audit --by tag:KEY; may read inputs and run."),
            .init("inputs", .named("an input", .either([.jsonSchema, .null])), "What a run is given: a JSON Schema for each input; with 'default' it may be left out."),
            .init("outputs", .named("an output", .valueTemplate), "What the run returns."),
            .init("models", .named("a tier", .mapping("tier")), "Tiers: what steps ask for by name."),
            .init("defaults", .mapping("defaults"), "For every step that does not say otherwise."),
            .init("budget", .mapping("budget"), "What one run may cost."),
            .init("decision", .mapping("decision"), "What the run decides; audit divides by it."),
            .init("prefixes", .named("a prefix", .mapping("prefix")), "Blocks of prompt text that several steps share."),
            .init("prefix_cache", .either([.words(["off"]), .mapping("prefix_cache")]), "What is done about the prompt caches of models' servers; with off, nothing.").declared(),
            .init("secrets", .oneOrList(.name), "Secrets of the project file, read as secrets.NAME under 'with' of run and tool steps.").checked(unless: []),
            .init("concurrency", .integer(1...100_000), default: 32, "How many steps and items of one run work at once."),
            .init("latency_price", .money, default: 0, "What a second of waiting is worth, in dollars."),
            .init("on_failure", .word(FailurePolicy.self), default: "drain", "What a failed step does to the others."),
            .init("steps", .list(.mapping("step")), required: true, "The steps; their order follows from what they read."),
            .init("finally", .list(.mapping("step")), "Steps that run when all others have ended, whatever became of them."),
        ], extensions: .init(prefix: "x-", shape: nil))

    static let owner = LanguageMapping(
        "owner",
        [
            .init("business", .text, "Who wants it."), .init("engineering", .text, "Who keeps it running."), .init("finance", .text, "Who pays for it."),
        ], shorthand: "engineering: {}")

    static let sampling: [Key] = [
        .init("temperature", .number(0...2), "Not sent without one."), .init("top_p", .number(0...1), "Not sent without one."),
        .init("seed", .integer(0...Int.max), "Not sent without one."), .init("stop", .oneOrList(.text), "Texts that end an answer."),
        .init("reasoning", .text, "A word such as low, sent as reasoning_effort."),
        .init("max_output_tokens", .integer(1...10_000_000), "The smaller of this and limits.max_output_tokens is sent."),
        .init("stream", .boolean, otherwise: "the provider's dialect.stream", "Whether the answer is streamed."),
        .init("logprobs", .boolean, "Asks for log-probabilities; they are stored as a document."),
    ]

    static let tier = LanguageMapping(
        "tier", what: "a tier",
        [
            .init("use", .model, required: true, "The model: provider/model."),
            .init("fallback", .oneOrList(.model), "Asked in this order when the model before fails for good."),
        ] + sampling, shorthand: "use: {}")

    static let defaults = LanguageMapping(
        "defaults",
        [
            .init("model", .tier, "The tier that steps ask."), .init("timeout", .duration, default: "120s", "The longest HTTP attempt or command."),
            .init("deadline", .duration, otherwise: "none", "The longest that a step, or each of its items, may take in all."),
            .init("retry", .mapping("retry"), "When a failed call is tried again."), .init("limits", .mapping("default_limits"), "Caps on each step or item."),
            .init("on_error", .either([.words(["fail", "continue"]), .mapping("on_error")]), default: "fail", "What a failed step does to its run."),
        ], shorthand: "model: {}")

    private static let retried = JSONValue.array(FailureKind.retryable.filter(RetryPolicy().on.contains).map { .string($0.rawValue) })

    static let retry = LanguageMapping(
        "retry",
        [
            .init("max_attempts", .integer(1...100), default: .int(Int64(RetryPolicy().maxAttempts)), "Tries in all, the first included."),
            .init("on", .oneOrList(.words(FailureKind.retryable.map(\.rawValue))), default: retried, "The kinds of failure that are tried again."),
        ], shorthand: "max_attempts: {}")

    static let limits = LanguageMapping(
        "limits",
        [
            .init("max_input_tokens", .integer(1...100_000_000), "A larger estimate of the prompt fails the step, or has it cut."),
            .init("overflow", .word(StepLimits.Overflow.self), default: "fail", "What becomes of a larger prompt."),
            .init("trim", .oneOrList(.name), "With overflow: trim, the keys of 'with' that are cut, in this order."),
            .init("max_output_tokens", .integer(1...10_000_000), default: .int(Int64(StepLimits().maxOutputTokens)), "Sent with the request; what becomes of an answer that stops there, on_truncation says."),
            .init(
                "on_truncation", .word(StepLimits.Truncation.self), default: .string(StepLimits().onTruncation.rawValue),
                "What becomes of an answer that stops at the cap: the step fails with truncated, the cut text is its output, or the model is asked for the rest, three times at most."),
            .init("max_total_tokens", .integer(1...100_000_000), "The most tokens of the step's calls, input and output together, retries, repairs and checks included."),
            .init("max_turns", .integer(1...1_000), "Of a step with tools: how often the model is asked.").checked(),
            .init("max_calls", .integer(1...10_000), "Of a step with tools: how often a tool is called.").checked(),
            .init("max_cost_usd", .money, "The most that the step's calls may cost, retries and repairs included."),
        ], shorthand: "max_output_tokens: {}")

    /// What is cut belongs to one step.
    static let defaultLimits = LanguageMapping(
        "default_limits", what: "defaults.limits", limits.keys.filter { !["overflow", "trim"].contains($0.name) }, shorthand: "max_output_tokens: {}")

    static let budget = LanguageMapping(
        "budget",
        [
            .init("max_cost_usd", .money, "The most that one run may cost, in dollars."),
            .init("max_tokens", .integer(1...1_000_000_000_000), "The most tokens of one run, input and output together."),
            .init("admit", .word(Budget.Admission.self), default: "best", "Which price of the plan has to fit before the run starts."),
            .init("yellow", .mapping("band"), "What changes once so much is spent or held for good.").declared(),
            .init("red", .mapping("band"), "The same, further on.").declared(),
            .init("on_exceeded", .word(Budget.Exceeded.self), default: "stop", "What happens when the next call does not fit; with ask, a person may grant more."),
            .init("degrade", .oneOrList(.tier), "Cheaper tiers that take over, the first that fits, under on_exceeded: degrade; optional steps are skipped.").declared(),
        ], shorthand: "max_cost_usd: {}")

    static let band = LanguageMapping(
        "band", what: "a band",
        [
            .init("at", .either([.percent, .money]), required: true, "Where it begins: a share of the cap, or dollars."),
            .init("models", .oneOrList(.tier), "Only these tiers are asked."),
            .init("escalate", .words(["never"]), "No step goes on to a further tier."),
            .init("finish_current", .boolean, default: false, "What has begun ends, nothing new starts."),
            .init("ask", .boolean, default: false, "A person is asked whether to go on."),
        ], shorthand: "at: {}")

    static let decision = LanguageMapping(
        "decision",
        [
            .init("id", .template, otherwise: "the run's id", "Runs with one id are one decision."), .init("unit", .text, default: "decision", "What one decision is called."),
            .init("outcome", .template, "Evaluated when the run ends."), .init("counts", .oneOrList(.text), otherwise: "every outcome", "The outcomes that count as delivered."),
            .init("price_usd", .money, "What a counted decision brings in, in dollars.").checked(),
            .init("failure_cost_usd", .money, "What a decision costs that does not count, in dollars.").checked(),
        ], shorthand: "id: {}")

    static let prefix = LanguageMapping(
        "prefix", what: "a prefix",
        [
            .init("file", .templateFile, "The text's file, relative to the workflow."), .init("text", .template, "The text."),
            .init("ttl", .either([.words(["auto"]), .duration]), default: "auto", "How long a provider is to keep the prefix in its cache, where it is then written in any case.").declared(),
            .init("order", .words(["keep", "any"]), default: "keep", "Whether the prefix may be moved among those that stay the same as long."),
        ], oneOf: ["file", "text"], shorthand: "text: {}")

    static let prefixCache = LanguageMapping(
        "prefix_cache",
        [
            .init("marks", .words(["auto", "off"]), default: "auto", "Whether the ends of prefixes that are expected to be read again are marked, and requests that share one are kept together."),
            .init("warm_up", .words(["auto", "off"]), default: "auto", "Whether one of several requests with one prefix goes first, where waiting for it pays."),
            .init("holdout", .percent, otherwise: "none", "The share of runs that are asked without either, for comparison."),
        ], shorthand: "marks: {}")
}
