extension DiagnosticExplanation {
    static let keys: [DiagnosticExplanation] = [
        .init(
            "AW101", "An unknown key", "No key is ignored; top-level keys that begin with `x-` are yours.", mend: "take the key of the hint, or remove it.",
            wrong: "- { id: a, model: m, promt: hi }", right: "- { id: a, model: m, prompt: hi }"),
        .init(
            "AW102", "A key that is not taken", "It is a key of another tool, or of another place.",
            mend: "remove it, or do as the hint says.", wrong: "- { id: a, type: value, value: \"1\" }", right: "- { id: a, value: \"1\" }"),
        .init("AW103", "A value of the wrong type or range", "The message says what is expected and what was found.", mend: "write such a value.", .workflow, wrong: "concurrency: many", right: "concurrency: 8"),
        .init("AW104", "A required key is missing or empty", "The message says which one, and of what.", mend: "add it.", wrong: "- { value: \"1\" }", right: "- { id: a, value: \"1\" }"),
        .init("AW105", "Another version than 1", "The file is written for another version of the language.", mend: "write `version: 1`.", .other, wrong: "version: 2"),
        .init(
            "AW106", "A workflow's name with other characters", "The name is used in the ledger and on the command line: letters, digits, `-`, `_` and `.`.", mend: "choose such a name.",
            .other, wrong: "name: support triage", right: "name: support-triage"),
        .init(
            "AW107", "A name that expressions cannot use", "Names of steps, inputs, tiers, prefixes and items match `[a-z][a-z0-9_]*`, are no reserved word of CEL, and do not hide another name.",
            mend: "take another name.", wrong: "- { id: Draft-1, value: \"1\" }", right: "- { id: draft_1, value: \"1\" }"),
        .init(
            "AW108", "An invalid JSON Schema", "Inputs and outputs are described by JSON Schema of draft 2020-12. The frame shows the place in the schema, also when it has a file of its own.",
            mend: "mend the schema there.", .workflow, wrong: "inputs: { n: { type: integr } }", right: "inputs: { n: { type: integer } }"),
        .init(
            "AW109", "A model that is not named provider/model", "Tiers and prices name a model by the provider's entry and its name there.", mend: "add the provider.",
            .workflow, wrong: "models: { small: { use: gpt-4o-mini } }", right: "models: { small: { use: openai/gpt-4o-mini } }"),
        .init(
            "AW110", "Text around ${{ }} where one expression is wanted", "Text with an expression in it is a string: a condition made so would always be true.", mend: "write the expression alone.",
            wrong: "- { id: a, when: \"${{ run.id }} == 'x'\", value: \"1\" }", right: "- { id: a, when: \"run.id == 'x'\", value: \"1\" }"),
        .init(
            "AW111", "An expression in literal text", "This key is read before a run has any values.", mend: "write the text itself.",
            .workflow, wrong: "models: { small: { use: \"local/${{ inputs.size }}\" } }", right: "models: { small: { use: local/small } }"),
        .init(
            "AW112", "Keys that exclude each other, or none of them", "Of some keys exactly one is given: a prefix has `file` or `text`, a secret `env` or `command`, a check one kind.", mend: "keep one of them.", .workflow,
            wrong: "prefixes: { rules: {} }", right: "prefixes: { rules: { text: Be kind. } }"),
        .init(
            "AW113", "A schema file that is not JSON", "Schema files are JSON, or YAML when their name ends in `.yaml` or `.yml`.", mend: "mend the file at the place shown.", .other, wrong: "{ \"type\": object }",
            right: "{ \"type\": \"object\" }"),
        .init(
            "AW114", "A literal key for an address that is not loopback", "A secret in a file ends up in a repository.", mend: "read it from the environment or from a command.", .project,
            wrong: "providers: { x: { api: openai-chat, base_url: \"https://api.example.com/v1\", api_key: { value: abc } } }",
            right: "providers: { x: { api: openai-chat, base_url: \"https://api.example.com/v1\", api_key: { env: X_KEY } } }"),
        .init(
            "AW115", "A price with one direction only", "A missing direction would not be free, but unknown.", mend: "give input and output, or `machine_hour_usd`.", .project,
            wrong: "prices: [{ model: x/y, input_per_mtok_usd: 1 }]", right: "prices: [{ model: x/y, input_per_mtok_usd: 1, output_per_mtok_usd: 4 }]"),
        .init(
            "AW116", "A secret of fewer than 8 bytes",
            "Secrets are taken out of everything that is stored or shown. One that short would be found in ordinary text. Where all addresses of a provider are on this machine it is taken for a placeholder and not for a secret.",
            mend: "use a longer one.", .project,
            wrong: "providers: { x: { api: openai-chat, base_url: \"https://u:abc@api.example.com/v1\" } }",
            right: "providers: { x: { api: openai-chat, base_url: \"https://api.example.com/v1\", api_key: { env: X_KEY } } }"),
        .init(
            "AW117", "A key that would go over http",
            "Whoever is on the way to another machine can read what goes there over `http`, the key too. Counted are `api_key`, headers that carry a credential, and credentials in the address; addresses of this machine are free.",
            mend: "use `https`. In a network that you trust, say `insecure_http: true` in the provider's entry.", .project,
            wrong: "providers: { x: { api: openai-chat, base_url: \"http://gpu.example.com:8000/v1\", api_key: { env: X_KEY } } }",
            right: "providers: { x: { api: openai-chat, base_url: \"http://gpu.example.com:8000/v1\", api_key: { env: X_KEY }, insecure_http: true } }"),
        .init(
            "AW118", "Two adjustments of the same prices", "Two multiples for one model at one time would leave open which of them is paid, or whether both are. Of patterns that fit, the closest holds.",
            mend: "end one before the other begins, or name other models.", .project,
            wrong: "adjustments: [{ models: openai/*, multiplier: 0.9 }, { models: openai/*, multiplier: 0.8 }]",
            right: "adjustments: [{ models: openai/*, multiplier: 0.9, to: 2027-01-01 }, { models: openai/*, multiplier: 0.8, from: 2027-01-01 }]"),
        .init(
            "AW120", "A step without a kind, or with two", "What a step does is told by the one key that is present: `prompt`, `prompt_file`, `messages`, `run`, `value`, ….", mend: "give it one of them, or make two steps of it.",
            wrong: "- { id: a, model: m, prompt: hi, value: \"1\" }", right: "- { id: a, model: m, prompt: hi }\n- { id: b, value: \"1\" }"),
        .init(
            "AW121", "A key that does not go with another", "A `value` step asks no model, a model step has no exit code; `model` and `escalate` are two answers to one question.", mend: "remove it.",
            wrong: "- { id: a, value: \"1\", model: m }", right: "- { id: a, value: \"1\" }"),
        .init(
            "AW122", "A model step without a tier", "A step, or a check of `escalate`, that asks a model says which tier.", mend: "add `model:` to the step, or to `defaults`.", wrong: "- { id: a, prompt: hi }",
            right: "- { id: a, model: m, prompt: hi }"),
        .init(
            "AW123", "A part that is checked and not run",
            "The part belongs to the language and is checked with the rest, but this version has nothing that runs it. `validate` and `graph` take the file; `plan` and `run` refuse it. The same holds for parts of the project file. [Workflow](Workflow.md#checked-not-run-yet) lists them.",
            mend: "remove it to run the workflow.", .other, wrong: "agentctl plan review.yaml"),
        .init(
            "AW141", "An attachment that cannot be one", "`attach` takes paths, or `{ image: … }` and `{ file: … }`, of PNG, JPEG, GIF, WebP, PDF and UTF-8 text. What a file is its content says, not its name.",
            mend: "attach a file of such a kind, under the key that fits it.",
            wrong: "- { id: a, model: m, prompt: hi, attach: [{ image: w.yaml }] }", right: "- { id: a, model: m, prompt: hi, attach: [{ file: w.yaml }] }"),
        .init(
            "AW140", "overflow and trim that do not go together", "`overflow: trim` cuts the values under `with` that `trim` names, until the prompt fits `max_input_tokens`: it takes all three, and cuts texts and lists.",
            mend: "add what the message names, or leave out both: a prompt that is too long then fails the step.",
            wrong: "- { id: a, model: m, with: { d: \"${{ run.id }}\" }, prompt: \"${{ with.d }}\", limits: { max_input_tokens: 100, trim: [d] } }",
            right: "- { id: a, model: m, with: { d: \"${{ run.id }}\" }, prompt: \"${{ with.d }}\", limits: { max_input_tokens: 100, overflow: trim, trim: [d] } }"),
    ]
}
