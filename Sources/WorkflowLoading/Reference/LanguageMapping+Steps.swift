import PromptCaching
import WorkflowModel

extension LanguageMapping {
    /// Three spellings of one kind.
    static let modelKinds = ["prompt", "prompt_file", "messages"]
    /// The keys that decide what a step is.
    static let stepKinds = modelKinds + ["tool", "run", "value", "approve", "workflow", "loop", "steps"]
    /// Those that have steps of their own.
    static let containerKinds = ["workflow", "loop", "steps"]
    // A question has a timeout of its own, and nothing to try again.
    private static let single = stepKinds.filter { !containerKinds.contains($0) && $0 != "approve" }

    static let step = LanguageMapping(
        "step", what: "a step",
        [
            .init("id", .name, required: true, "The step's name in expressions."), .init("description", .text, "What the step is for."),
            .init("when", .condition, otherwise: "true", "A condition; false skips the step."),
            .init("with", .named("a value under 'with'", .valueTemplate), "Values for this step's own templates, read as with.NAME."),
            .init("tags", .names(.template), "Kept with each call of the step and of the steps inside; over the run's tags in audit."),
            .init("needs", .oneOrList(.name), "Waits for these steps without reading them."),
            .init("timeout", .duration, otherwise: "defaults.timeout", "The longest HTTP attempt or command.").with(single),
            .init("deadline", .duration, otherwise: "defaults.deadline", "The longest that the step, or each of its items, may take in all.").with(stepKinds.filter { $0 != "approve" }),
            .init("retry", .mapping("retry"), "When a failed call is tried again.").with(single),
            .init("on_error", .either([.words(["fail", "continue"]), .mapping("on_error")]), otherwise: "defaults.on_error", "What a failure does to the run."),
            .init("optional", .boolean, default: false, "Whether the step is skipped, and does not fail, when the budget cannot pay for it."),
            .init("for_each", .mapping("for_each"), "Runs the step once for each element of a list."),
            .init("model", .tier, otherwise: "defaults.model", "The tier that is asked.").with(modelKinds),
            .init("escalate", .mapping("escalate"), "In place of 'model': tiers that are tried in order until an answer is accepted.").with(modelKinds).declared(),
            .init("system", .template, "The system message.").with(modelKinds),
            .init("prefix", .oneOrList(.prefix), "Prefixes in front of the prompt.").with(modelKinds), .init("prompt", .template, "Asks a model with this text."),
            .init("prompt_file", .templateFile, "Asks a model with the text of this file."), .init("messages", .list(.mapping("message")), "Asks a model with these messages."),
            .init("attach", .oneOrList(.either([.mapping("attachment"), .template])), "Images and files that go with the prompt.").with(modelKinds),
            .init("memo", .mapping("memo"), "Takes an earlier answer to the same request, at no cost.").with(modelKinds),
            .init("output", .mapping("output"), "How the output is read and checked.").with(modelKinds + ["run"]),
            .init("limits", .mapping("limits"), "Caps on the step, or on each item.").with(modelKinds + containerKinds),
            .init("tools", .oneOrList(.tool), "Tools that the model may call, in turns, until it answers.").with(modelKinds).checked(unless: []),
            .init("deferred", .boolean, default: false, "Whether the provider may answer later, for less: its batch interface.").with(modelKinds).checked(unless: false),
            .init("run", .either([.list(.template), .template]), "Runs a program: the list of the program and its arguments."),
            .init("shell", .boolean, default: false, "With true, 'run' is one command line for /bin/sh.").with(["run"]),
            .init("stdin", .valueTemplate, otherwise: "the JSON of 'with'", "What the program reads.").with(["run"]),
            .init("env", .names(.either([.template, .null])), "On top of the environment of agentctl, without its keys; a name without a value takes agentctl's own.").with(["run"]),
            .init("ok_exit", .oneOrList(.integer(0...255)), default: 0, "Exit codes that are a success.").with(["run"]),
            .init("tool", .tool, "Calls a tool of a server, with 'with' as its arguments.").decoded(),
            .init("effect", .words(["read", "write"]), default: "read", "Whether the program or tool changes anything outside of the run.").with(["run", "tool"]).checked(unless: "read"),
            .init("idempotency_key", .template, "By which the other side knows a repetition.").with(["run", "tool"]).checked(),
            .init("fees_usd", .money, default: 0, "What each execution costs beside tokens, in dollars.").with(["run", "tool"]).checked(unless: 0, 0.0),
            .init("value", .valueTemplate, "Evaluates an expression, or a document with expressions at its leaves."),
            .init("approve", .mapping("approve"), "Asks a person, and waits."),
            .init("workflow", .text, "Runs the workflow of this file; its inputs are under 'with'."),
            .init("loop", .mapping("loop"), "Runs its steps again until a condition holds."),
            .init("steps", .list(.mapping("step")), "A group of steps, for example under for_each."),
        ] + sampling.map { $0.with(modelKinds) }, oneOf: stepKinds)

    /// `output` of model and run steps; which key goes with which kind is for the decoder to say.
    static let stepOutput = LanguageMapping(
        "output",
        [
            .init("schema", .schema, "A JSON Schema, inline or the path of its file."),
            .init("repair", .integer(0...5), default: 1, "Of a model step: how often an answer that breaks the schema is sent back."),
            .init("empty", .words(["fail", "allow"]), default: "fail", "Of a model step: whether an answer without text fails with empty_answer, or is one."),
            .init("parse", .word(CommandStep.Parse.self), default: "text", "Of a run step: how the program's output is read."),
        ], shorthand: "schema: {}")
    static let modelOutput = stepOutput.only("schema", "repair", "empty")
    static let runOutput = stepOutput.only("parse", "schema")

    /// `limits` of a step that has steps of its own: tokens are capped where they are used.
    static let containerLimits = limits.only("max_cost_usd")

    static let forEach = LanguageMapping(
        "for_each",
        [
            .init("items", .expression, required: true, "A list; evaluated once."), .init("as", .name, default: "item", "The element's name."),
            .init("max_items", .integer(0...1_000_000), "More are a failure."), .init("max_parallel", .integer(1...100_000), "Items at once, within concurrency."),
            .init("on_error", .word(ForEach.OnError.self), default: "stop", "Whether a failed item fails the step."),
            .init("max_cost_usd", .money, "The most that all items together may cost."),
            .init("reorder", .words(["none", "rows", "fields"]), otherwise: "none", "Whether items, or also the fields in them, may be sorted so that prompts share more; the output keeps its order.").checked(unless: "none"),
        ], shorthand: "items: {}")

    static let message = LanguageMapping(
        "message", what: "a message",
        [
            .init("role", .words(["system", "user", "assistant"]), required: true, "Who speaks."), .init("content", .template, required: true, "What is said."),
        ], shorthand: "role: user, content: {}")

    static let attachment = LanguageMapping(
        "attachment", what: "an attachment",
        [
            .init("image", .template, "The path of a PNG, JPEG, GIF or WebP, relative to the workflow; or an expression that gives a list of paths."),
            .init("file", .template, "The path of a PDF or of a text."),
            .init("detail", .word(PromptAttachment.Detail.self), otherwise: "the API's", "How closely the model looks at an image.").with(["image"]),
            .init("max_tokens", .integer(1...100_000_000), "The most tokens that it is billed as, where the model's way of counting is not known."),
        ], oneOf: ["image", "file"], shorthand: "file: {}")

    static let memo = LanguageMapping(
        "memo",
        [
            .init("max_age", .duration, required: true, "How old the answer may be."),
            .init("scope", .word(MemoTerms.Scope.self), default: "ledger", "Whose answers may be taken: of any run in the ledger, of this workflow's, or of this run."),
        ], shorthand: "max_age: {}")

    static let onError = LanguageMapping("on_error", [.init("value", .valueTemplate, required: true, "The output in place of the failure.")], shorthand: "value: {}")

    static let loop = LanguageMapping(
        "loop",
        [
            .init("steps", .list(.mapping("step")), required: true, "The steps of one pass."),
            .init("until", .condition, "Evaluated after each pass; true ends the loop."),
            .init("max", .integer(1...1_000), required: true, "The most passes."),
        ], shorthand: "steps: {}, max: 3")

    static let approval = LanguageMapping(
        "approve",
        [
            .init("message", .template, required: true, "What the person is asked."), .init("timeout", .duration, otherwise: "none", "How long an answer is waited for."),
            .init("on_timeout", .word(ApprovalStep.OnTimeout.self), default: "fail", "What stands in for an answer that did not come."),
        ], shorthand: "message: {}")
}
