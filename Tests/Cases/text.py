"""Text as people and machines hand it over: T1 to T5, and where what is wrong in it stands: P1."""

import json
import os

from case import case, whole

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
BOM = "\ufeff"
ECHO = """version: 1
name: echo
inputs: { t: { type: string } }
steps: [{ id: a, value: inputs.t }]
outputs: { a: "${{ steps.a.output }}" }
"""


def rows(run):
    return [json.loads(line) for line in run.out.split("\n") if line]


@case("T1", "lines of a batch end with LF, CRLF or a mixture")
def lines(t):
    t.write("w.yaml", ECHO)
    run = t.run("run", "w.yaml", "--quiet", "--batch", "-", stdin='{"t":"a"}\r\n{"t":"b"}\r\n\r\n{"t":"c"}\n{"t":"d"}')
    t.check(run.code == 0 and [(row["line"], row["outputs"]["a"]) for row in rows(run)] == [(1, "a"), (2, "b"), (4, "c"), (5, "d")], run)


@case("T1", "a combining mark behind = is the value's")
def mark(t):
    t.write("w.yaml", ECHO)
    run = t.run("run", "w.yaml", "--json", "--input", "t=\u0301x")
    t.check(run.code == 0 and run.json["outputs"]["a"] == "\u0301x", run)


@case("T1", "a quote before a combining mark is quoted for the shell that asks for a key")
def quote(t):
    t.write("agentctl.yaml", """version: 1
providers:
  s: { api: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: { command: [sh, -c, "printf %s '\u0301key-of-nobody-1'; touch ran"] } }
prices: [{ model: "s/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }]
""")
    t.workflow("  - { id: a, prompt: hello, retry: { max_attempts: 1 } }")
    run = t.run("run", "w.yaml")
    t.check("could not be started" not in run.err and "gave no key" not in run.err and (t.folder / "ran").exists(), run)


@case("T2", "a byte order mark before inputs, a batch, a file and the output of a program is skipped")
def marks(t):
    t.write("w.yaml", BOM + ECHO)
    t.write("i.json", BOM + '{"t": "x"}')
    t.write("t.txt", BOM + "x")
    for way in (["--inputs", "i.json"], ["--input", "t=@t.txt"]):
        run = t.run("run", "w.yaml", "--json", *way)
        t.check(run.code == 0 and run.json["outputs"]["a"] == "x", run)
    run = t.run("run", "w.yaml", "--quiet", "--batch", "-", stdin=BOM + '{"t":"x"}\r\n')
    t.check(run.code == 0 and rows(run)[0]["outputs"]["a"] == "x", run)
    t.write("p.yaml", """version: 1
name: p
steps: [{ id: a, run: [printf, "\\\\357\\\\273\\\\277[1]"], output: { parse: json } }]
outputs: { a: "${{ steps.a.output }}" }
""")
    run = t.run("run", "p.yaml", "--json")
    t.check(run.code == 0 and run.json["outputs"]["a"] == [1], run)


@case("T2", "a byte order mark before a model's JSON is skipped, in a fence too")
def model(t):
    server = t.project(lambda request: BOM + ('{"n": 1}' if request.number == 1 else '```json\r\n{"n": 1}\r\n```\r\n'))
    t.workflow("  - { id: a, prompt: hello, output: { schema: { type: object, required: [n] }, repair: 0 } }", top="outputs: { a: '${{ steps.a.output.n }}' }")
    for _ in range(2):
        run = t.run("run", "w.yaml", "--json")
        t.check(run.code == 0 and run.json["outputs"]["a"] == 1, run)
    t.check(len(server.asked) == 2)


@case("T3", "two spellings are two keys: of a document, a schema, a mapping and a map")
def keys(t):
    t.write("w.yaml", f"""version: 1
name: w
tags: {{ "{COMPOSED}": x, "{DECOMPOSED}": y }}
inputs: {{ a: {{ type: object, required: ["{COMPOSED}", "{DECOMPOSED}"], minProperties: 2, uniqueItems: true }} }}
steps:
  - {{ id: a, value: "[size(inputs.a), inputs.a['{COMPOSED}'], inputs.a['{DECOMPOSED}']]" }}
  - {{ id: b, value: "['{COMPOSED}' == '{DECOMPOSED}', '{COMPOSED}' in {{'{DECOMPOSED}': 1}}, size({{'{COMPOSED}': 1, '{DECOMPOSED}': 2}}) == 2]" }}
outputs: {{ a: "${{{{ steps.a.output }}}}", b: "${{{{ steps.b.output }}}}" }}
""")
    inputs = json.dumps({"a": {COMPOSED: 1, DECOMPOSED: 2}})
    run = t.run("run", "w.yaml", "--json", "--inputs", "-", stdin=inputs)
    t.check(run.code == 0 and run.json["outputs"] == {"a": [2, 1, 2], "b": [False, False, True]}, run)
    recorded = t.show()
    tags = recorded.get("tags") or recorded.get("run", {}).get("tags")
    t.check(tags == {COMPOSED: "x", DECOMPOSED: "y"}, tags)
    run = t.run("run", "w.yaml", "--inputs", "-", stdin=json.dumps({"a": {COMPOSED: 1, "z": 2}}))
    t.check(run.code != 0 and "is required" in run.err, run)
    before = (t.folder / "w.yaml").read_text()
    run = t.run("fmt", "w.yaml")
    after = (t.folder / "w.yaml").read_text()
    t.check(run.code == 0 and all(before.count(word) == after.count(word) for word in (COMPOSED, DECOMPOSED)), after)


@case("T3", "a model is priced by its own name, not by one that looks the same")
def prices(t):
    t.project()
    t.write("agentctl.yaml", (t.folder / "agentctl.yaml").read_text().replace("s/*", f"s/{COMPOSED}"))
    t.workflow("  - { id: a, prompt: hello }", model=f"s/{DECOMPOSED}")
    run = t.run("run", "w.yaml")
    t.check("unpriced" in run.err, run)
    t.workflow("  - { id: a, prompt: hello }", model=f"s/{COMPOSED}")
    run = t.run("run", "w.yaml")
    t.check(run.code == 0 and "unpriced" not in run.err, run)


@case("T4", "an argument that is not UTF-8 is refused")
def bytes_of_arguments(t):
    t.write("w.yaml", ECHO)
    for arguments in (["run", "w.yaml", "--input", b"t=caf\xe9"], ["audit", "--tag", b"k=\xe9"], ["run", b"\xe9.yaml"], ["approve", "last", "--yes", "--note", b"\xe9"]):
        run = t.run(*arguments)
        t.check(run.code == 2 and "is not UTF-8 text" in run.err, run)
    run = t.run("runs", env={"AGENTCTL_RELEASE": os.fsdecode(b"\xe9")})
    t.check(run.code == 2 and "AGENTCTL_RELEASE is not UTF-8" in run.err, run)


@case("T5", "a block that is one expression keeps its type; a line end that is meant stays")
def blocks(t):
    styles = ["|\n        ${{ inputs.l }}", ">\n        ${{ inputs.l }}", "|-\n        ${{ inputs.l }}", ">-\n        ${{ inputs.l }}", ">2 # why\n        ${{ inputs.l }}\n", "|+\n        ${{ inputs.l }}\n",
              "|\n        - ${{ inputs.l }}"]
    steps = "".join(f"  - id: s{index}\n    with:\n      l: {style}\n    value: size(with.l)\n" for index, style in enumerate(styles))
    steps += "  - id: w\n    when: >\n      ${{ size(inputs.l) == 2 }}\n    value: |\n      'ran'\n"
    all_of_them = ", ".join(f"steps.s{index}.output" for index in range(len(styles)))
    text = f"version: 1\nname: w\ninputs: {{ l: {{ type: array }} }}\nsteps:\n{steps}outputs: {{ all: \"${{{{ [{all_of_them}] }}}}\", w: \"${{{{ steps.w.output }}}}\" }}\n"
    for ending in ("\n", "\r\n"):
        (t.folder / "w.yaml").write_bytes(text.replace("\n", ending).encode())
        run = t.run("run", "w.yaml", "--json", "--inputs", "-", stdin='{"l": [1, 2]}')
        t.check(run.code == 0 and run.json["outputs"] == {"all": [2, 2, 2, 2, 2, 7, 8], "w": "ran"}, run)


@case("T5", "a prompt that is one expression has no line end of YAML's")
def prompt(t):
    server = t.project(lambda request: whole("x"))
    t.workflow("  - id: a\n    prompt: |\n      ${{ inputs.t }}\n  - id: b\n    prompt: |\n      Say ${{ inputs.t }}\n", top="inputs: { t: { type: string } }")
    run = t.run("run", "w.yaml", "--input", "t=hello")
    t.check(run.code == 0 and sorted(request.text for request in server.asked) == ["Say hello\n", "hello"], [request.text for request in server.asked])


@case("P1", "places are those of the characters in the file: as text, JSON and SARIF")
def places(t):
    text = """version: 1
name: w
inputs: { mail: { type: string } }
models: { m: { use: s/m } }
steps:
  - { id: a, model: m, prompt: "a\\n\\nb \\"\\u00e9\\U0001F600\\" ${{ inputs.@1 }}" }
  - { id: b, model: m, prompt: 'it''s ${{ inputs.@2 }}' }
  - id: c
    model: m
    prompt: one
      two \u6f22\U0001F600 ${{ inputs.@3 }}
  - id: d
    model: m
    prompt: >2-

        more
      folded
      into ${{ inputs.@4 }}
  - id: e
    model: m
    prompt: &text # of two
      "one \\
         two\\x20${{ inputs.@5 }}"
  - id: f
    model: m
    when: |
      inputs.mail != '' &&
        inputs.@6 == ''
    prompt: |+
      x

      ${{ inputs.@7 }}

outputs: { a: "${{ steps.a.output + steps.b.output + steps.c.output + steps.d.output + steps.e.output + steps.f.output }}" }
"""
    t.write("agentctl.yaml", "version: 1\nproviders: { s: { api: openai-chat, base_url: 'http://127.0.0.1:9/v1' } }\n")
    for start, ending in (("", "\n"), (BOM, "\r\n")):
        expected, plain = [], []
        for number, line in enumerate(text.split("\n"), 1):
            if "@" in line:
                # The place is that of the whole name.
                expected.append([number, line.index("inputs.@") + 1, line.index("@") + 5])
                line = line.replace(line[line.index("@"):][:2], "mial")
            plain.append(line)
        (t.folder / "w.yaml").write_bytes((start + ending.join(plain)).encode())
        run = t.run("validate", "w.yaml", "--format", "json")
        found = [[d["line"], d["column"], d["end_column"]] for d in run.json["diagnostics"] if d["code"] == "AW203"]
        t.check(run.code == 10 and found == expected, f"{found} {expected}")
        run = t.run("validate", "w.yaml", "--format", "sarif")
        sarif = run.json["runs"][0]
        regions = [r["locations"][0]["physicalLocation"]["region"] for r in sarif["results"] if r["ruleId"] == "AW203"]
        t.check(sarif["columnKind"] == "unicodeCodePoints" and [[r["startLine"], r["startColumn"], r["endColumn"]] for r in regions] == expected, regions)
        run = t.run("validate", "w.yaml", "--all")
        t.check(all(f"w.yaml:{line}:{column}: error[AW203]" in run.err for line, column, _ in expected), run)
        carets = [line for line in run.err.split("\n") if line.strip(" |") == "^" * 11]
        t.check(len(carets) == len(expected), run.err)


@case("P1", "a place in JSON counts characters, and knows pairs of surrogates")
def json_places(t):
    t.write("s.json", BOM + '{"\U0001F600": "\\ud83d\\ude00", "type":\t"objekt"}')
    run = t.run("try", "schema", "s.json", "-", stdin="{}")
    t.check("s.json:1:31" in run.err, run)
    t.write("s.json", '{"\U0001F600": "\u00e9\u00e9", "type": tru}')
    run = t.run("try", "schema", "s.json", "-", stdin="{}")
    t.check("s.json:1:21" in run.err, run)
