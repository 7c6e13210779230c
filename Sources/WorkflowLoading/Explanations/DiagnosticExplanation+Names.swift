extension DiagnosticExplanation {
    static let names: [DiagnosticExplanation] = [
        .init(
            "AW201", "Two steps with one id", "Other steps refer to a step by its id. Lists of steps that do not see each other may use the same ids, but not that of a step around them.", mend: "rename one.",
            wrong: "- { id: a, value: \"1\" }\n- { id: a, value: \"2\" }", right: "- { id: a, value: \"1\" }\n- { id: b, value: \"2\" }"),
        .init(
            "AW202", "An unknown tier, prefix, secret, needed step or value to cut", "The name is not declared in this workflow; a secret, not in the project file; a value to cut, not under the step's `with`.",
            mend: "declare it, or take the one of the hint.", wrong: "- { id: a, model: n, prompt: hi }", right: "- { id: a, model: m, prompt: hi }"),
        .init(
            "AW203", "An unknown name in an expression", "What can be read where is listed in [Expressions](Workflow.md#expressions).", mend: "take one of the names of the hint.",
            wrong: "- { id: a, value: \"1\" }\n- { id: b, value: steps.aa.output }", right: "- { id: a, value: \"1\" }\n- { id: b, value: steps.a.output }"),
        .init(
            "AW204", "A field that the output cannot have", "Without a schema the output of a model is text; with a closed schema it has the fields of the schema.", mend: "give the step a schema, or read a field that it has.",
            wrong: "- { id: a, model: m, prompt: hi }\n- { id: b, value: steps.a.output.kind }",
            right: "- id: a\n  model: m\n  prompt: hi\n  output: { schema: { type: object, properties: { kind: { type: string } }, required: [kind] } }\n- { id: b, value: steps.a.output.kind }"),
        .init(
            "AW205", "Steps, or checks, that wait for each other", "A step waits for every step that it refers to, a check of `escalate` for every check; the message names the circle.", mend: "remove one of the references.",
            wrong: "- { id: a, value: steps.b.output }\n- { id: b, value: steps.a.output }", right: "- { id: a, value: \"1\" }\n- { id: b, value: steps.a.output }"),
        .init(
            "AW206", "A condition that is no bool", "`when`, `until`, and the conditions of `escalate` are true or false; nothing is converted.", mend: "compare the value with what you expect.",
            wrong: "- { id: a, when: \"1 + 1\", value: \"1\" }", right: "- { id: a, when: \"1 + 1 == 2\", value: \"1\" }"),
        .init(
            "AW207", "A for_each over no list", "`for_each.items` is a list.", mend: "give a list; of a map, its keys with `map.map(k, k)`.", wrong: "- { id: a, value: item, for_each: { items: \"5\" } }",
            right: "- { id: a, value: item, for_each: { items: \"[1, 2, 3]\" } }"),
        .init(
            "AW208", "Workflows that run each other", "A workflow that comes back to itself through `workflow:` would never end; the message names the circle.", mend: "remove one of the calls; repeat steps with `loop`.", .other,
            wrong: "# in w.yaml\n- { id: again, workflow: w.yaml }"),
        .init(
            "AW209", "A whole step in the place of its output",
            "`steps.ID` is all that is known of a step: its output, and beside that its status, costs and tokens. As text that would be JSON of the program's own. Under `with` a whole step may be handed on, to be read by its fields.",
            mend: "name what is meant, mostly `.output`.", wrong: "- { id: a, model: m, prompt: hi }\n- { id: b, model: m, prompt: \"Shorter: ${{ steps.a }}\" }",
            right: "- { id: a, model: m, prompt: hi }\n- { id: b, model: m, prompt: \"Shorter: ${{ steps.a.output }}\" }"),
        .init(
            "AW210", "An unknown provider or model",
            "Providers are the built-in ones and those of the project file; one that starts its servers itself has the models that it declares. `validate` asks for it, and `plan` and `run` refuse such a model.",
            mend: "take the one of the hint, or declare it under `providers:` in the project file.", .other, wrong: "models: { m: { use: opnai/gpt-4o-mini } }", right: "models: { m: { use: openai/gpt-4o-mini } }"),
        .init(
            "AW215", "Log-probabilities of a model that gives none",
            "The vendor documents that the model gives none, or none while it reasons; the message says where that was read and when. Such a call is refused before it is sent. `validate` asks for it.",
            mend: "as the hint says; where the model gives them by now, `logprobs: true` in its entry under `providers:` in the project file.", .other,
            wrong: "models: { m: { use: anthropic/claude-haiku-5-5, logprobs: true } }", right: "models: { m: { use: openai/gpt-4o-mini, logprobs: true } }"),
    ]

    static let inputs: [DiagnosticExplanation] = [
        .init(
            "AW301", "An unknown input", "The run, or the step that runs it, gives the workflow an input that it does not declare.", mend: "see `inputs:` of the workflow.", .other, wrong: "agentctl run w.yaml --input tikcet=@t.json",
            right: "agentctl run w.yaml --input ticket=@t.json"),
        .init(
            "AW302", "A missing input", "An input without a default must be given: to a run, and under `with` to a workflow that a step runs.", mend: "give it.", .other, wrong: "agentctl run w.yaml",
            right: "agentctl run w.yaml --input ticket=@t.json"),
        .init(
            "AW303", "An input, or a default, that does not fit its schema", "The message names what the schema asks for.", mend: "give such a value.", .workflow, wrong: "inputs: { n: { type: integer, default: many } }",
            right: "inputs: { n: { type: integer, default: 3 } }"),
    ]

    static let expressions: [DiagnosticExplanation] = [
        .init("AX001", "Not an expression", "Expressions are CEL. The hint translates what other languages write.", mend: "mend it at the caret.", wrong: "- { id: a, value: \"1 +\" }", right: "- { id: a, value: \"1 + 2\" }"),
        .init(
            "AX002", "${{ without }}", "A template's expression is not closed.", mend: "close it; a literal one is written `$${{`.", wrong: "- { id: a, model: m, prompt: \"${{ run.id\" }",
            right: "- { id: a, model: m, prompt: \"${{ run.id }}\" }"),
        .init("AX003", "An unknown function", "The functions there are stand in [Expressions](Workflow.md#expressions).", mend: "take one of them.", wrong: "- { id: a, value: \"len('x')\" }", right: "- { id: a, value: \"size('x')\" }"),
        .init("AX004", "An expression that is too long or too deep", "An expression has at most 64 KiB and 200 levels.", mend: "split it into `value` steps, or compute it in a `run` step."),
        .init("AX005", "A wrong number of arguments", "The message says how many the function takes.", mend: "give as many.", wrong: "- { id: a, value: \"size()\" }", right: "- { id: a, value: \"size('x')\" }"),
        .init(
            "AX006", "A constant that can never work", "Such as a pattern that does not parse: it would fail each time.", mend: "mend it as the message says.", wrong: "- { id: a, value: \"'x'.matches('(')\" }",
            right: "- { id: a, value: \"'x'.matches('[(]')\" }"),
        .init(
            "AX007", "An operator or a function without such types", "Expressions are typed, and nothing is converted: the message names the types that were found and those there are.",
            mend: "convert with `string()`, `int()` or `double()`.", wrong: "- { id: a, value: \"'n: ' + 1\" }", right: "- { id: a, value: \"'n: ' + string(1)\" }"),
        .init("AX008", "A field that the value cannot have", "The schema that describes the value has no such property and allows no other.", mend: "take a field of the hint, or add the property to the schema."),
        .init(
            "AX009", "An unknown name", "The expression reads a name that nothing defines.", mend: "take one of the names of the hint; text stands in quotes.", .other, wrong: "agentctl try expr 'draft == 1'",
            right: "agentctl try expr '\"draft\" == \"x\"'"),
        .init(
            "AX010", "A value with no form as text or JSON",
            "Text takes text, numbers, bools, lists and maps; null, bytes, types and maps with other keys than text have no form there. Where a schema says that a value can be null, that is known before the run.",
            mend: "say what to write instead, such as `x != null ? x : ''`.", wrong: "- { id: a, model: m, prompt: \"There is ${{ null }} here\" }", right: "- { id: a, model: m, prompt: \"There is nothing here\" }"),
        .init(
            "AX011", "A comparison with a word that never is",
            "The other side has a closed set of values, and this is none of them, so that the comparison never holds and nothing fails. Closed are how a step ended (`.status`), the tiers of the workflow (`.tier`), and `enum` and `const` of its schemas, each together with what `on_error` puts in their place. Inputs are asked for with a warning, [AW422](#aw422).",
            mend: "take one of the words of the hint.", wrong: "- { id: a, value: \"1\" }\n- { id: b, when: steps.a.status == 'success', value: \"2\" }",
            right: "- { id: a, value: \"1\" }\n- { id: b, when: steps.a.status == 'succeeded', value: \"2\" }"),
    ]
}
