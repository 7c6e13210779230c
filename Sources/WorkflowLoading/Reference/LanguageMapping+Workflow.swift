import PromptCaching
import WorkflowModel

extension LanguageMapping {
    static let top = LanguageMapping(
        name: "workflow", declared: LanguageKeys.workflow,
        keys: [
            .init("version", .version, required: true, "The version of the language."),
            .init("name", .text, required: true, "Names the workflow in the ledger: letters, digits, '-', '_' and '.'."),
            .init("description", .text, "What the workflow is for."),
            .init("owner", .mapping("owner"), "Who answers for the workflow; kept with each run."),
            .init("tags", .names(.template), "Kept with each run, for audit --by tag:KEY; may read inputs and run."),
            .init("inputs", .names(.either([.jsonSchema, .null])), "What a run is given: a JSON Schema for each input; with 'default' it may be left out."),
            .init("outputs", .names(.valueTemplate), "What the run returns."),
            .init("models", .names(.mapping("tier")), "Tiers: what steps ask for by name."),
            .init("defaults", .mapping("defaults"), "For every step that does not say otherwise."),
            .init("budget", .mapping("budget"), "What one run may cost."),
            .init("decision", .mapping("decision"), "What the run decides; audit divides by it."),
            .init("prefixes", .names(.mapping("prefix")), "Blocks of prompt text that several steps share."),
            .init("concurrency", .integer(1...100_000), default: "32", "How many steps and items of one run work at once."),
            .init("on_failure", .word(FailurePolicy.self), default: "drain", "What a failed step does to the others."),
            .init("steps", .list(.mapping("step")), required: true, "The steps; their order follows from what they read."),
            .init("finally", .list(.mapping("step")), "Steps that run when all others have ended, whatever became of them."),
        ], allowsExtensions: true)

    static let owner = LanguageMapping(
        name: "owner", declared: LanguageKeys.owner,
        keys: [
            .init("business", .text, "Who wants it."), .init("engineering", .text, "Who keeps it running."), .init("finance", .text, "Who pays for it."),
        ])

    private static let sampling: [Key] = [
        .init("temperature", .number(0...2), "Not sent without one."), .init("top_p", .number(0...1), "Not sent without one."),
        .init("seed", .integer(0...Int.max), "Not sent without one."), .init("stop", .oneOrList(.text), "Texts that end an answer."),
        .init("reasoning", .text, "A word such as low, sent as reasoning_effort."),
        .init("max_output_tokens", .integer(1...10_000_000), "The smaller of this and limits.max_output_tokens is sent."),
        .init("stream", .boolean, default: "the provider's dialect.stream", "Whether the answer is streamed."),
        .init("logprobs", .boolean, "Asks for log-probabilities; they are stored as a document."),
    ]

    static let tier = LanguageMapping(
        name: "tier", declared: LanguageKeys.tier,
        keys: [
            .init("use", .model, required: true, "The model: provider/model."),
            .init("fallback", .oneOrList(.model), "Asked in this order when the model before fails for good."),
        ] + sampling)

    static let defaults = LanguageMapping(
        name: "defaults", declared: LanguageKeys.defaults,
        keys: [
            .init("model", .name, "The tier that steps ask."), .init("timeout", .duration, default: "120s", "The longest HTTP attempt or command."),
            .init("deadline", .duration, default: "none", "The longest that a step, or each of its items, may take in all."),
            .init("retry", .mapping("retry"), "When a failed call is tried again."), .init("limits", .mapping("limits"), "Caps on each step or item."),
            .init("on_error", .either([.words(["fail", "continue"]), .mapping("on_error")]), default: "fail", "What a failed step does to its run."),
        ])

    static let retry = LanguageMapping(
        name: "retry", declared: LanguageKeys.retry,
        keys: [
            .init("max_attempts", .integer(1...100), default: "3", "Tries in all, the first included."),
            .init("on", .oneOrList(.words(FailureKind.retryable.map(\.rawValue))), default: "rate_limit, timeout, server_error, connection", "The kinds of failure that are tried again."),
        ])

    static let limits = LanguageMapping(
        name: "limits", declared: LanguageKeys.limits,
        keys: [
            .init("max_input_tokens", .integer(1...100_000_000), "A larger estimate of the prompt fails the step, or has it cut."),
            .init("overflow", .word(StepLimits.Overflow.self), default: "fail", "Of a step: what becomes of a larger prompt."),
            .init("trim", .oneOrList(.name), "With overflow: trim, the keys of 'with' that are cut, in this order."),
            .init("max_output_tokens", .integer(1...10_000_000), default: "1024", "Sent with the request; an answer that stops there fails with truncated."),
            .init("max_total_tokens", .integer(1...100_000_000), "Over all calls of the step."),
            .init("max_cost_usd", .money, "The most that the step's calls may cost, retries and repairs included."),
        ])

    static let budget = LanguageMapping(
        name: "budget", declared: LanguageKeys.budget,
        keys: [
            .init("max_cost_usd", .money, "The most that one run may cost, in dollars."),
            .init("admit", .word(Budget.Admission.self), default: "best", "Which price of the plan has to fit before the run starts."),
        ])

    static let decision = LanguageMapping(
        name: "decision", declared: LanguageKeys.decision,
        keys: [
            .init("id", .template, default: "the run's id", "Runs with one id are one decision."), .init("unit", .text, default: "decision", "What one decision is called."),
            .init("outcome", .template, "Evaluated when the run ends."), .init("counts", .oneOrList(.text), default: "every outcome", "The outcomes that count as delivered."),
        ])

    static let prefix = LanguageMapping(
        name: "prefix", declared: LanguageKeys.prefix,
        keys: [.init("file", .text, "The text's file, relative to the workflow."), .init("text", .template, "The text.")], oneOf: ["file", "text"])

    static let step = LanguageMapping(
        name: "step", declared: LanguageKeys.step,
        keys: [
            .init("id", .name, required: true, "The step's name in expressions."), .init("description", .text, "What the step is for."),
            .init("when", .expression, default: "true", "A condition; false skips the step."),
            .init("with", .names(.valueTemplate), "Values for this step's own templates, read as with.NAME."),
            .init("tags", .names(.template), "Kept with each call of the step and of the steps inside; over the run's tags in audit."),
            .init("needs", .oneOrList(.name), "Waits for these steps without reading them."),
            .init("timeout", .duration, default: "120s", "The longest HTTP attempt or command."),
            .init("deadline", .duration, default: "defaults.deadline", "The longest that the step, or each of its items, may take in all."),
            .init("retry", .mapping("retry"), "When a failed call is tried again."),
            .init("on_error", .either([.words(["fail", "continue"]), .mapping("on_error")]), default: "fail", "What a failure does to the run."),
            .init("optional", .boolean, default: "false", "Whether the step is skipped, and does not fail, when the budget cannot pay for it."),
            .init("for_each", .mapping("for_each"), "Runs the step once for each element of a list."),
            .init("model", .name, default: "defaults.model", "The tier that is asked."), .init("system", .template, "The system message."),
            .init("prefix", .oneOrList(.name), "Prefixes in front of the prompt."), .init("prompt", .template, "Asks a model with this text."),
            .init("prompt_file", .text, "Asks a model with the text of this file."), .init("messages", .list(.mapping("message")), "Asks a model with these messages."),
            .init("attach", .oneOrList(.either([.template, .mapping("attachment")])), "Images and files that go with the prompt."),
            .init("memo", .mapping("memo"), "Takes an earlier answer to the same request, at no cost."),
            .init("output", .mapping("output"), "How the output is read and checked."), .init("limits", .mapping("limits"), "Caps on the step, or on each item."),
            .init("run", .either([.list(.template), .template]), "Runs a program: the list of the program and its arguments."),
            .init("shell", .boolean, default: "false", "With true, 'run' is one command line for /bin/sh."),
            .init("stdin", .valueTemplate, default: "the JSON of 'with'", "What the program reads."),
            .init("env", .names(.template), "On top of the environment of agentctl."),
            .init("ok_exit", .oneOrList(.integer(0...255)), default: "0", "Exit codes that are a success."),
            .init("value", .valueTemplate, "Evaluates an expression, or a document with expressions at its leaves."),
            .init("approve", .mapping("approve"), "Asks a person, and waits."), .init("workflow", .text, "Runs the workflow of this file; its inputs are under 'with'."),
            .init("loop", .mapping("loop"), "Runs its steps again until a condition holds."),
            .init("steps", .list(.mapping("step")), "A group of steps, for example under for_each."),
        ] + sampling, oneOf: WorkflowDecoder.kindKeys)

    /// `output` of model and run steps; which key goes with which kind is for the decoder to say.
    static let stepOutput = LanguageMapping(
        name: "output", declared: LanguageKeys.modelOutput + LanguageKeys.runOutput.filter { key in !LanguageKeys.modelOutput.contains { $0.name == key.name } },
        keys: [
            .init("schema", .either([.jsonSchema, .text]), "A JSON Schema, inline or the path of its file."),
            .init("repair", .integer(0...5), default: "1", "Of a model step: how often an answer that breaks the schema is sent back."),
            .init("parse", .word(CommandStep.Parse.self), default: "text", "Of a run step: how the program's output is read."),
        ])

    static let forEach = LanguageMapping(
        name: "for_each", declared: LanguageKeys.forEach,
        keys: [
            .init("items", .expression, required: true, "A list; evaluated once."), .init("as", .name, default: "item", "The element's name."),
            .init("max_items", .integer(0...1_000_000), "More are a failure."), .init("max_parallel", .integer(1...100_000), "Items at once, within concurrency."),
            .init("on_error", .word(ForEach.OnError.self), default: "stop", "Whether a failed item fails the step."),
            .init("max_cost_usd", .money, "The most that all items together may cost."),
        ])

    static let message = LanguageMapping(
        name: "message", declared: LanguageKeys.message,
        keys: [
            .init("role", .words(["system", "user", "assistant"]), required: true, "Who speaks."), .init("content", .template, required: true, "What is said."),
        ])

    static let memo = LanguageMapping(
        name: "memo", declared: LanguageKeys.memo, keys: [.init("max_age", .duration, required: true, "How old the answer may be.")])

    static let attachment = LanguageMapping(
        name: "attachment", declared: LanguageKeys.attachment,
        keys: [
            .init("image", .template, "The path of a PNG, JPEG, GIF or WebP, relative to the workflow; or an expression that gives a list of paths."),
            .init("file", .template, "The path of a PDF or of a text."),
            .init("detail", .word(PromptAttachment.Detail.self), default: "the API's", "How closely the model looks at an image."),
            .init("max_tokens", .integer(1...100_000_000), "The most tokens that it is billed as, where the model's way of counting is not known."),
        ], oneOf: ["image", "file"])

    static let onError = LanguageMapping(
        name: "on_error", declared: LanguageKeys.onError, keys: [.init("value", .valueTemplate, required: true, "The output in place of the failure.")])

    static let loop = LanguageMapping(
        name: "loop", declared: LanguageKeys.loop,
        keys: [
            .init("steps", .list(.mapping("step")), required: true, "The steps of one pass."),
            .init("until", .expression, "Evaluated after each pass; true ends the loop."),
            .init("max", .integer(1...1_000), required: true, "The most passes."),
        ])

    static let approval = LanguageMapping(
        name: "approve", declared: LanguageKeys.approval,
        keys: [
            .init("message", .template, required: true, "What the person is asked."), .init("timeout", .duration, default: "none", "How long an answer is waited for."),
            .init("on_timeout", .word(ApprovalStep.OnTimeout.self), default: "fail", "What stands in for an answer that did not come."),
        ])
}
