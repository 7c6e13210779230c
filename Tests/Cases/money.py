"""M1 to M4: what is said of money."""

import re

from case import SILENCE, Wrong, case, failure, whole

TWO = """version: 1
providers:
  fake: {{ api: openai-chat, base_url: "http://127.0.0.1:{port}/v1" }}
  py: {{ api: openai-chat, base_url: "http://127.0.0.1:{port}/v1" }}
prices:
  - {{ model: "fake/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }}
  - {{ model: "py/*", input_per_mtok_usd: 0, output_per_mtok_usd: 0 }}
"""


def two_providers(c, answer="an answer"):
    server = c.server(answer)
    c.write("agentctl.yaml", TWO.format(port=server.server_port))
    return server


@case("M1", "models of two providers are two rows")
def m1(c):
    two_providers(c)
    c.write("w.yaml", """version: 1
name: w
models: { a: { use: fake/same }, b: { use: py/same } }
defaults: { limits: { max_output_tokens: 16 } }
steps: [{ id: one, model: a, prompt: hi }, { id: two, model: b, prompt: hi }]
""")
    run = c.run("run", "w.yaml")
    c.check(run.code == 0, run)
    rows = c.run("audit", "--by", "model", "--json").json["rows"]
    c.check(sorted(row["keys"]["model"] for row in rows) == ["fake/same", "py/same"], rows)
    text = c.run("audit", "--by", "model").out
    c.check("fake/same" in text and "py/same" in text, text)


@case("M2", "best <= expected <= worst behind one success and nine failures, and n is said")
def m2(c):
    c.project(lambda r: "an answer" if r.number == 1 else failure(400, "no"))
    c.workflow('  - { id: a, prompt: "hello" }')
    for _ in range(10):
        c.run("run", "w.yaml", "-q")
    plan = c.run("plan", "w.yaml", "--json").json
    for amounts in [plan["total"]] + [step["amounts"] for step in plan["steps"]]:
        best, expected, worst = (float(amounts[key]) for key in ("best_usd", "expected_usd", "worst_usd"))
        c.check(best <= expected <= worst, amounts)
    c.check(plan["history_runs"] == 1 and float(plan["total"]["expected_usd"]) == 0.00006, plan["total"])
    first = c.run("run", "w.yaml").err.splitlines()[0]
    c.check("expected $0.00006 (n=1)" in first, first)


@case("M2", "an expectation above the worst case, and calls that overran")
def m2_worst(c):
    usage = {"prompt_tokens": 5000, "completion_tokens": 900}
    c.project(whole("x", usage=usage))
    c.workflow('  - { id: a, prompt: "hello" }', limits="{ max_input_tokens: 100, max_output_tokens: 16 }")
    c.run("run", "w.yaml", "-q")
    total = c.run("plan", "w.yaml", "--json").json["total"]
    c.check(total["expected_usd"] is not None and float(total["best_usd"]) < float(total["expected_usd"]) <= float(total["worst_usd"]), total)


@case("M3", "a killed call is missing everywhere alike")
def m3(c):
    server = c.project(lambda r: SILENCE if r.number == 2 else "an answer")
    c.workflow('  - { id: a, prompt: "hello" }\n  - { id: b, prompt: "${{ steps.a.output }}" }')
    process = c.start("run", "w.yaml")
    server.wait(2)
    c.kill(process)
    resumed = c.run("resume", "last", "--json")
    c.check(resumed.code == 0, resumed)
    result, run = resumed.json, c.show()["run"]
    listed, total = c.run("runs", "--json").json["runs"][0], c.run("audit", "--json").json["total"]
    for key in ("cost_usd", "cost_is_lower_bound", "known_usd", "estimated_usd", "held_usd", "held_open_usd", "calls", "unknown_calls", "unpriced_calls"):
        found = [document.get(key) for document in (result, run, listed, total)]
        c.check(found[0] is not None and len({str(value) for value in found}) == 1, f"{key}: {found}")
    c.check(run["cost_is_lower_bound"] and run["unknown_calls"] == 1, run)
    amount = re.compile(r"≥ \$0\.00012")
    for text in (resumed.err, c.run("show", "last").out.splitlines()[2], c.run("runs").out, c.run("audit", "--by", "run").out):
        c.check(amount.search(text), text)


@case("M4", "a fallback that answered is named with who was asked")
def m4(c):
    two_providers(c, lambda r: failure(404, "no such model", code="model_not_found") if r.json["model"] == "gone" else "an answer")
    c.write("w.yaml", """version: 1
name: w
models: { a: { use: fake/gone, fallback: [py/free] } }
defaults: { limits: { max_output_tokens: 16 } }
steps: [{ id: one, model: a, prompt: hi }]
""")
    run = c.run("run", "w.yaml")
    line = next((line for line in run.err.splitlines() if line.startswith("one  succeeded")), run.err)
    c.check("py/free" in line and "asked fake/gone" in line, line)
    shown = c.run("show", "last").out
    c.check("py/free (asked fake/gone)" in shown, shown)
    node = c.show()["nodes"][0]
    c.check(node.get("answered_by") == "py/free" and node.get("model_asked") == "fake/gone", node)
