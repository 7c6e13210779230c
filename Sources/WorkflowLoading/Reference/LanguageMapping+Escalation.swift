extension LanguageMapping {
    static let escalate = LanguageMapping(
        "escalate",
        [
            .init("tiers", .list(.tier), required: true, "The tiers that are tried, in this order."),
            .init("checks", .named("a check", .mapping("check")), "What is looked at in each answer, by name.").reading("output", "checks"),
            .init("accept", .condition, otherwise: "every check passes", "Whether an answer is taken; reads output and checks.NAME.passed, .score, .output.").reading("output", "checks"),
            .init("on_exhausted", .words(["best", "fail", "ask"]), default: "best", "What happens when no tier's answer was accepted."),
            .init("on_refusal", .words(["stop", "escalate"]), default: "stop", "What a model that declines does to the step."),
            .init("start", .template, otherwise: "the first", "The tier that is tried first, one of tiers."),
            .init("skip_tier_if", .condition, "Asked before each tier, with its name as 'tier'; true passes it over.").reading("tier"),
            .init("max_rate", .rate, otherwise: "none", "The largest share of answers that go on to a further tier, in a time; beyond it, on_exhausted."),
            .init("shadow", .mapping("shadow"), "Asks a further tier for comparison; its answer is recorded and not used."),
        ], shorthand: "tiers: {}")

    private static let judgeKinds = modelKinds

    /// One of three: an expression, a bound on log-probabilities, or a judge: a model that is asked about the answer.
    static let check = LanguageMapping(
        "check", what: "a check",
        [
            .init("expr", .condition, "Reads the answer as output."),
            .init("logprob", .mapping("logprob"), "Bounds the log-probabilities of the answer's tokens."),
            .init("model", .tier, otherwise: "defaults.model", "The judge's tier.").with(judgeKinds),
            .init("system", .template, "The judge's system message.").with(judgeKinds), .init("prefix", .oneOrList(.prefix), "Prefixes in front of the judge's prompt.").with(judgeKinds),
            .init("prompt", .template, "Asks the judge with this text; reads the answer as output."), .init("prompt_file", .templateFile, "The same, from a file."),
            .init("messages", .list(.mapping("message")), "The same, as messages."),
            .init("output", .mapping("judge_output"), "How the judge's answer is checked; its fields passed and score are those of the check.").with(judgeKinds),
            .init("limits", .mapping("limits"), "Caps on the judge's calls.").with(judgeKinds),
            .init("record", .boolean, default: false, "Whether the check runs although accept does not need it."),
        ] + sampling.map { $0.with(judgeKinds) }, oneOf: ["expr", "logprob"] + judgeKinds, shorthand: "expr: {}")

    static let judgeOutput = stepOutput.only("schema", "repair", name: "judge_output")

    static let logprob = LanguageMapping(
        "logprob",
        [
            .init("of", .field, otherwise: "the whole answer", "The field of the output whose tokens count."),
            .init("min_p10", .number(-100...0), "The tenth percentile of the log-probabilities is at least this."),
            .init("min_lowest", .number(-100...0), "The log-probability of the least likely token is at least this."),
        ], shorthand: "min_p10: {}")

    static let shadow = LanguageMapping(
        "shadow",
        [
            .init("rate", .percent, required: true, "The share of answers that are compared."),
            .init("tier", .tier, otherwise: "the last of tiers", "The tier that is asked."),
        ], shorthand: "rate: {}")
}
