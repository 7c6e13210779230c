"""L1 to L8: what the language lets pass, and messages that show the way out."""

import json

from case import case


def validate(c, name="w.yaml", *flags):
    result = c.run("validate", "--json", *flags, name)
    return result, result.json["diagnostics"]


def codes(c, found, *wanted):
    """The codes that matter are there, each with a place and a hint."""
    have = [d["code"] for d in found]
    for code in wanted:
        c.check(code in have, found)
    for d in found:
        if d["code"] in wanted:
            c.check(d["hint"], d)


@case("L1", "a text that looks like an expression is asked about, and is no use")
def l1(c):
    c.project()
    for text in ("Hi {{ inputs.text }}", "Hi ${ inputs.text }", "Hi $inputs.text", "inputs.text", "Hi {inputs.text}", "{{ text }}"):
        c.workflow(f"  - {{ id: a, prompt: {json.dumps(text)} }}", top='inputs: { text: { type: string } }\noutputs: { a: "${{ steps.a.output }}" }')
        result, found = validate(c)
        c.check(result.code == 0, result)
        codes(c, found, "AW423", "AW407")
        c.check(any("${{ inputs.text }}" in d["hint"] for d in found if d["code"] == "AW423"), found)
    c.workflow("  - { id: a, prompt: hi, with: { x: inputs.text } }", top="inputs: { text: { type: string } }\noutputs: { a: steps.a.output }")
    found = validate(c)[1]
    codes(c, found, "AW404", "AW407")
    c.check([d["code"] for d in found].count("AW423") == 2, found)


@case("L1", "prompts about other tools are not asked about")
def l1_quiet(c):
    c.project()
    for text in ("explain `{{ user.name }}`", "use $inputs in PHP", "Hello ${name}", "\\frac{text}{2}", '{"text": 1}', "$${{ inputs.text }}", "steps.a.output, please"):
        c.workflow(f"  - {{ id: a, prompt: {json.dumps(text + ' ${{ inputs.text }}')} }}", top='inputs: { text: { type: string } }\noutputs: { a: "${{ steps.a.output }}" }')
        found = validate(c)[1]
        c.check(not any(d["code"] == "AW423" for d in found), found)


@case("L2", "a comparison with a word outside of a closed set is an error")
def l2(c):
    c.project()
    schema = "output: { schema: { type: object, properties: { k: { enum: [x, y] } } } }"
    for condition, hint in (("steps.a.status == 'success'", "did you mean 'succeeded'"), ("steps.a.output.k == 'z'", "'x', 'y'"), ("steps.a.tier == 'big'", "'m'")):
        c.workflow(f'  - {{ id: a, prompt: hi, {schema} }}\n  - {{ id: b, when: "{condition}", value: "1" }}')
        result, found = validate(c)
        c.check(result.code == 10, result)
        codes(c, found, "AX011")
        c.check(any(hint in d["hint"] for d in found), found)
        c.check(c.run("run", "w.yaml").code == 10, "it runs")


@case("L3", "a whole step in a prompt, a command, a message or an output is an error that names .output")
def l3(c):
    c.project()
    for step in ('prompt: "${{ steps.a }}"', 'run: [echo, "${{ steps.a }}"]', 'approve: { message: "${{ steps.a }}" }', "value: steps.a", 'prompt: "${{ with.x }}", with: { x: "${{ steps.a }}" }'):
        c.workflow(f"  - {{ id: a, prompt: hi }}\n  - {{ id: b, {step} }}")
        result, found = validate(c)
        c.check(result.code == 10, result)
        codes(c, found, "AW209")
        c.check(any(".output" in d["hint"] for d in found), found)


@case("L4", "foreign text in a command line is warned of, with the value's name and the way out")
def l4(c):
    c.project()
    for step in ('shell: true, run: "ls ${{ inputs.f }}"', 'run: [sh, -c, "ls ${{ inputs.f }}"]', 'run: [bash], stdin: "${{ inputs.f }}"'):
        c.workflow(f"  - {{ id: a, {step} }}", top="inputs: { f: { type: string } }")
        result, found = validate(c)
        c.check(result.code == 0, result)
        codes(c, found, "AW420")
        c.check(any("'f'" in d["message"] for d in found), found)


@case("L5", "unknown providers and models are errors of validate; a project file under another name is named")
def l5(c):
    c.project()
    for use, hint in (("opnai/gpt-4o-mini", "did you mean 'openai'"), ("nowhere/x", "known: ")):
        c.workflow("  - { id: a, prompt: hi }", model=use)
        result, found = validate(c)
        c.check(result.code == 10, result)
        codes(c, found, "AW210")
        c.check(any(hint in d["hint"] for d in found), found)
    c.write("agentctl.yml", "version: 1\n")
    c.workflow("  - { id: a, prompt: hi }")
    codes(c, validate(c)[1], "AW007")
    c.check("agentctl.yml is not read" in c.run("plan", "w.yaml").err, "not named by plan")


@case("L6", "short forms are told what to write, and keys are not printed")
def l6(c):
    c.project()
    key = "sk-abcdefghijklmnopqrstuvwxyz0123456789"
    for line, hint in (
        ("models: { n: openai/gpt-4o-mini }", "n: { use: openai/gpt-4o-mini }"), ("outputs: ${{ steps.a.output }}", "outputs: { result: "), ("budget: 5 USD", "max_cost_usd: 5"),
    ):
        c.write("w.yaml", f'version: 1\nname: t\nsteps:\n  - {{ id: a, value: "1" }}\n{line}\n')
        result, found = validate(c)
        c.check(result.code == 10 and any(hint in (d["hint"] or "") for d in found), found)
    for key_, hint in (
        ("retry: 3", "retry: { max_attempts: 3 }"), ("memo: 24h", "memo: { max_age: 24h }"), ("for_each: inputs.list", "for_each: { items: inputs.list }"), ("for_each: [a, b]", "['a', 'b']"),
        ("model: gpt-4o-mini", "openai/gpt-4o-mini"),
    ):
        c.workflow(f"  - {{ id: a, prompt: hi, {key_} }}", top="inputs: { list: { type: array } }")
        result, found = validate(c)
        c.check(result.code == 10 and any(hint in (d["hint"] or "") for d in found), found)
    c.write("w.yaml", f'version: 1\nname: t\napi_key: {key}\nmodels: {{ m: {{ use: s/m, token: {key} }} }}\nsteps:\n  - {{ id: a, value: "1" }}\n')
    for flags in ((), ("--json",), ("--format", "sarif")):
        result = c.run("validate", *flags, "w.yaml")
        c.check(result.code == 10 and "klmnop" not in result.out + result.err, result)
    c.write("agentctl.yaml", f"version: 1\nproviders:\n  x: {{ api: openai-chat, apikey: {key}, token: {key}x, Authorization: Bearer {key}y }}\n  y:\n    api: openai-chat\n    api_key: |\n      {key}z\n      second{key}\n")
    for flags in ((), ("--json",), ("--format", "sarif")):
        result = c.run("validate", *flags, "agentctl.yaml")
        c.check(result.code == 10 and "klmnop" not in result.out + result.err, result)


@case("L7", "words of other tools lead to the right key")
def l7(c):
    c.project()
    for key, hint in (
        ("if: inputs.x", "write when: inputs.x"), ("limits: { max_tokens: 5 }", "write max_output_tokens: 5"), ("retries: 3", "retry: { max_attempts: 3 }"), ("depends: a", "needs:"),
        ("output_schema: {}", "output: { schema:"), ('temperature: "0.5"', "remove the quotes: temperature: 0.5"), ("timeout: 30 seconds", "timeout: 30s"), ("stream: yes", "stream: true"),
    ):
        c.workflow(f"  - {{ id: a, prompt: hi, {key} }}")
        result, found = validate(c)
        c.check(result.code == 10 and any(hint in (d["hint"] or "") for d in found), found)
    c.workflow("  - { id: a, prompt: hi }", top="model: x")
    c.check(any("defaults: { model: x }" in (d["hint"] or "") for d in validate(c)[1]), "model at the top")
    c.check("write when" in c.run("explain", "if").out, "explain")


@case("L8", "an integer beyond 64 bits is kept exactly, and not computed with")
def l8(c):
    c.project()
    wide = "12345678901234567890123"
    c.write("w.yaml", 'version: 1\nname: t\ninputs: { n: { type: integer } }\nsteps:\n  - { id: a, value: inputs.n }\n  - { id: b, value: "string(inputs.n)" }\noutputs: { n: "${{ steps.a.output }}", text: "n ${{ inputs.n }}", b: "${{ steps.b.output }}" }\n')
    result = c.run("run", "w.yaml", "--input", f"n={wide}", "--json")
    c.check(result.code == 0 and result.out.count(wide) >= 3 and "e+" not in result.out, result)
    c.workflow('  - { id: a, value: "inputs.n + 1" }', top="inputs: { n: { type: integer } }")
    result = c.run("run", "w.yaml", "--input", f"n={wide}")
    c.check(result.code != 0 and "does not fit 64 bits" in result.err + result.out, result)
    c.check(c.run("run", "w.yaml", "--input", "n=3.0").code == 0, "3.0 is no integer")
