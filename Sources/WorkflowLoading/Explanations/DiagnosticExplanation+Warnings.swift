import WorkflowModel

extension DiagnosticExplanation {
    static let warnings: [DiagnosticExplanation] = [
        .init(
            "AW401", "No cap on a model's output",
            "Neither the step, its tier nor `defaults` caps the output, so \(StepLimits.defaultMaxOutputTokens) tokens apply. The cap decides what is reserved before each call and where an answer is cut.",
            mend: "choose one.", wrong: "- { id: a, model: m, prompt: hi }", right: "- { id: a, model: m, prompt: hi, limits: { max_output_tokens: 200 } }"),
        .init(
            "AW402", "A workflow without an owner", "Its `decision` or its `tags` say that somebody looks at what it costs. The owner is kept with each run, so that a bill finds its reader.", mend: "name one.",
            .other, wrong: "version: 1\nname: mail\ntags: { feature: support }", right: "version: 1\nname: mail\nowner: { engineering: cx-platform }\ntags: { feature: support }"),
        .init(
            "AW403", "A read of a step that may be skipped", "A step that reads, without `has()`, the output of a skipped step is skipped too, and so on down the graph. A step of `finally`, which runs whatever became of the others, fails.",
            mend: "guard the read; or, if that is meant, repeat the condition.",
            wrong: "- { id: a, when: run.id == 'x', value: \"1\" }\n- { id: b, value: steps.a.output }", right: "- { id: a, when: run.id == 'x', value: \"1\" }\n- { id: b, value: \"has(steps.a.output) ? steps.a.output : 0\" }"),
        .init(
            "AW404", "A step whose result nothing reads", "Model and value steps have no effect but their output. Steps that do something outside of the run need no reader.", mend: "return it under `outputs`, or remove the step.",
            wrong: "- { id: a, value: \"1\" }"),
        .init("AW405", "A tier that is not used", "No step asks for it.", mend: "remove it.", .workflow, wrong: "models: { spare: { use: local/small } }"),
        .init("AW406", "A prefix that is not used", "No step names it.", mend: "remove it.", .workflow, wrong: "prefixes: { rules: { text: Be kind. } }"),
        .init("AW407", "An input that is not used", "No expression reads it.", mend: "remove it.", .workflow, wrong: "inputs: { spare: { type: string } }"),
        .init(
            "AW408", "A condition that is never true", "Whatever its names stand for: it contradicts itself, or the condition of a step that this step reads.", mend: "mend the condition, or remove the step.",
            wrong: "- { id: a, when: \"run.id == 'x' && run.id == 'y'\", value: \"1\" }", right: "- { id: a, when: \"run.id == 'x' || run.id == 'y'\", value: \"1\" }"),
        .init("AW409", "A condition that is always true", "It decides nothing.", mend: "remove it.", wrong: "- { id: a, when: true, value: \"1\" }", right: "- { id: a, value: \"1\" }"),
        .init("AW410", "A prompt that repeats a prefix", "200 characters or more of a prompt stand in a prefix too: they are paid for twice, and cached once at most.", mend: "remove them from the prompt and name the prefix."),
        .init(
            "AW411", "Two prefixes with the same text", "A server keeps a prompt's beginning by its bytes; two names hide that they are the same.", mend: "keep one.", .workflow,
            wrong: "prefixes: { a: { text: Be kind. }, b: { text: Be kind. } }", right: "prefixes: { a: { text: Be kind. } }"),
        .init(
            "AW412", "A keyword of a schema that is ignored", "It is misspelt, or of an older draft than 2020-12.", mend: "write the keyword of the message.", .workflow,
            wrong: "inputs: { s: { type: string, maxLenght: 3 } }", right: "inputs: { s: { type: string, maxLength: 3 } }"),
        .init(
            "AW413", "A check that accept does not read", "A check runs where it can decide something: one that `accept` does not name never does.", mend: "name it in `accept`, or give it `record: true` to have its result in the trace.",
            wrong: "- id: a\n  prompt: hi\n  escalate: { tiers: [m], checks: { short: { expr: size(output) < 9 }, long: { expr: size(output) > 2 } }, accept: checks.short.passed }",
            right: "- id: a\n  prompt: hi\n  escalate: { tiers: [m], checks: { short: { expr: size(output) < 9 }, long: { expr: size(output) > 2, record: true } }, accept: checks.short.passed }"),
        .init(
            "AW420", "Foreign text in a command line",
            "What a caller gives, a model answers or a program prints is written into a line that a shell or an interpreter reads: `$(…)`, `;` and quotes in it are obeyed. Numbers, bools and words of an `enum` are not warned of.",
            mend: "hand it over as a variable of the environment, and put the variable in quotes; or name program and arguments without a shell.", .workflow,
            wrong: "inputs: { f: { type: string } }\nsteps:\n  - { id: a, shell: true, run: \"ls ${{ inputs.f }}\" }",
            right: "inputs: { f: { type: string } }\nsteps:\n  - { id: a, shell: true, run: 'ls \"$F\"', env: { F: \"${{ inputs.f }}\" } }"),
        .init(
            "AW421", "Foreign text decides which program is run", "The program's name is what a caller gives, a model answers or a program prints: it can be any program.",
            mend: "name the program; where there is a choice, let an expression choose among fixed words.", .workflow,
            wrong: "inputs: { tool: { type: string } }\nsteps:\n  - { id: a, run: [\"${{ inputs.tool }}\"] }",
            right: "inputs: { tool: { type: string } }\nsteps:\n  - { id: a, run: [\"${{ inputs.tool == 'count' ? 'wc' : 'cat' }}\"] }"),
        .init(
            "AW422", "An input compared with a value that its schema does not have",
            "An input keeps to the `enum` or `const` of its schema, so the comparison never holds. What is compared with the answer of a step is an error: see [AX011](#ax011).",
            mend: "take a value of the schema, or add this one to it.", .workflow,
            wrong: "inputs: { mode: { enum: [fast, good] } }\nsteps:\n  - { id: a, when: inputs.mode == 'best', value: \"1\" }",
            right: "inputs: { mode: { enum: [fast, good] } }\nsteps:\n  - { id: a, when: inputs.mode == 'good', value: \"1\" }"),
        .init(
            "AW423", "A text that looks like an expression",
            "Only `${{ }}` is evaluated. `{{ inputs.x }}`, `${inputs.x}`, `$inputs.x`, `{inputs.x}` and a text such as `steps.a.output` are sent and printed as they stand. Asked about is only what names something that can be read in that place; a name alone, `{{ x }}`, only where nothing else reads `inputs.x`, the step `x` or `with.x`.",
            mend: "write `${{ }}` around it. Where the text is meant as it stands, make a constant of it: `${{ '{{ inputs.x }}' }}`.", .workflow,
            wrong: "inputs: { text: { type: string } }\nmodels: { m: { use: local/small } }\nsteps:\n  - { id: a, model: m, prompt: \"Sum up {{ inputs.text }}\" }",
            right: "inputs: { text: { type: string } }\nmodels: { m: { use: local/small } }\nsteps:\n  - { id: a, model: m, prompt: \"Sum up ${{ inputs.text }}\" }"),
        .init(
            "AW425", "Log-probabilities of a model of which it is not known",
            "Nobody documents whether this model gives them at this address, or whether it does so without a word about reasoning. One that does not may refuse the call, or answer without them.",
            mend: "try it with one call, and write `logprobs: true` or `false` in the model's entry under `providers:` in the project file; `reasoning: none` where the hint says so.", .other,
            wrong: "models: { m: { use: openrouter/openai/gpt-4o-mini, logprobs: true } }", right: "models: { m: { use: openai/gpt-4o-mini, logprobs: true } }"),
    ]
}
