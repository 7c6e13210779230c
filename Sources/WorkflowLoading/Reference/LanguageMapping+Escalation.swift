import WorkflowModel

extension LanguageMapping {
    static let escalate = LanguageMapping(
        "escalate",
        [
            .init("tiers", .list(.tier), required: true, "The tiers that are tried, in this order."),
            .init("checks", .named("a check", .mapping("check")), "What is looked at in each answer, by name.").reading("output", "checks", "tier"),
            .init("accept", .condition, otherwise: "every check passes", "Whether an answer is taken; reads output, tier and checks.NAME.passed, .score, .output.")
                .reading("output", "checks", "tier"),
            .init("on_exhausted", .either([.words(["best", "fail"]), .mapping("on_exhausted")]), default: "best", "What happens when no tier's answer was accepted."),
            .init("on_refusal", .word(Escalation.Refusal.self), default: "stop", "What a model that declines does to the step."),
            .init("start", .template, otherwise: "the first", "The tier that is tried first, one of tiers."),
            .init("max_rate", .rate, otherwise: "none", "The largest share of answers that go on to a further tier, in a time; beyond it, on_exhausted."),
            .init("shadow", .mapping("shadow"), "Asks further tiers for comparison; their answers are recorded and not used."),
        ], shorthand: "tiers: {}")

    private static let judgeKinds = modelKinds

    /// One of five: an expression, a bound on log-probabilities, the same question again, a program, or a judge: a model that is asked about the
    /// answer.
    static let check = LanguageMapping(
        "check", what: "a check",
        [
            .init("expr", .condition, "Reads the answer as output."),
            .init("logprob", .mapping("logprob"), "Bounds the log-probabilities of the answer's tokens."),
            .init("agree", .mapping("agree"), "Asks the question again, and compares the answers."),
            .init("run", .list(.template), "Runs a program: exit code 0 passes; passed and score of a JSON object that it prints are those of the check."),
            .init("with", .named("a value under 'with'", .valueTemplate), "What the program reads, as JSON.").with(["run"]),
            .init("model", .tier, otherwise: "defaults.model", "The judge's tier.").with(judgeKinds),
            .init("system", .template, "The judge's system message.").with(judgeKinds).reading("question"),
            .init("prefix", .oneOrList(.prefix), "Prefixes in front of the judge's prompt.").with(judgeKinds),
            .init("prompt", .template, "Asks the judge with this text; reads the answer as output and what was asked as question.").reading("question"),
            .init("prompt_file", .templateFile, "The same, from a file.").reading("question"),
            .init("messages", .list(.mapping("message")), "The same, as messages.").reading("question"),
            .init("output", .mapping("judge_output"), "How the judge's answer is checked; its fields passed and score are those of the check.").with(judgeKinds),
            .init("min", .number(-1_000_000...1_000_000), otherwise: "the field passed decides", "The least score of the judge that passes.").with(judgeKinds),
            .init("min_prob", .number(0...1), otherwise: "none", "The least probability of the judge's own verdict; one below it is a no.").with(judgeKinds),
            .init("limits", .mapping("judge_limits"), "Caps on the judge's calls.").with(judgeKinds),
            .init("timeout", .duration, otherwise: "the step's", "The longest call of the judge, or run of the program.").with(judgeKinds + ["run"]),
            .init("record", .boolean, default: false, "Whether the check runs although accept does not need it."),
        ] + sampling.map { $0.with(judgeKinds) }, oneOf: ["expr", "logprob", "agree", "run"] + judgeKinds, shorthand: "expr: {}")

    static let judgeOutput = stepOutput.only("schema", "repair", name: "judge_output")

    /// What is cut, and what is called in turns, belongs to steps.
    static let judgeLimits = LanguageMapping(
        "judge_limits", what: "limits of a judge", limits.keys.filter { !["overflow", "trim", "max_turns", "max_calls"].contains($0.name) },
        shorthand: "max_output_tokens: {}")

    static let logprob = LanguageMapping(
        "logprob",
        [
            .init("of", .field, otherwise: "the whole answer", "The field of the output whose tokens count, such as output.kind."),
            .init("min_prob", .number(0...1), "The probability of the field, or of the answer, is at least this; it is the check's score."),
            .init("min_p10", .number(-100...0), "The tenth percentile of the log-probabilities is at least this."),
            .init("min_lowest", .number(-100...0), "The log-probability of the least likely token is at least this."),
            .init("min_mean", .number(-100...0), "The mean of the log-probabilities is at least this."),
            .init("min_margin", .number(0...100), "At every token, the log-probability is above that of the next likely one by at least this."),
        ], shorthand: "min_p10: {}")

    static let agree = LanguageMapping(
        "agree",
        [
            .init("model", .tier, "A tier that is asked the same question, once."),
            .init("samples", .integer(1...64), "How often the model that answered is asked again."),
            .init("prompt_file", .templateFile, otherwise: "the step's prompt", "What is asked instead."),
            .init("temperature", .number(0...2), otherwise: "the tier's, or the step's", "At which it is asked."),
            .init("on", .expression, otherwise: "the whole output", "What of each answer is compared, such as output.kind."),
            .init("min", .number(0...1), otherwise: "more than half", "The least share of equal answers, the one at hand counted; it is the check's score."),
            .init("start", .words(["early"]), otherwise: "in its turn", "Asks together with the first try, to save time."),
        ], oneOf: ["model", "samples"], shorthand: "model: {}")

    static let exhausted = LanguageMapping(
        "on_exhausted", [.init("ask", .mapping("gate_question"), required: true, "A person picks an answer, or gives one.")], shorthand: "ask: { message: {} }")

    static let gateQuestion = LanguageMapping(
        "gate_question", what: "ask",
        [
            .init("message", .template, required: true, "What the person is asked."),
            .init("timeout", .duration, otherwise: "none", "How long an answer is waited for."),
            .init("on_timeout", .word(GateQuestion.OnTimeout.self), default: "fail", "What stands in for an answer that did not come."),
        ], shorthand: "message: {}")

    static let shadow = LanguageMapping(
        "shadow",
        [
            .init("rate", .percent, required: true, "The share of answers that are compared."),
            .init("tiers", .either([.words(["all"]), .oneOrList(.tier)]), otherwise: "the last of escalate.tiers", "The tiers that are asked, or all."),
        ], shorthand: "rate: {}")
}
