"""R1 to R9 (R6 is not replayed): runs that end badly, wait, and go on."""

import json
import os
import re
import shutil
import subprocess
import time

from case import SILENCE, case, failure, until, whole


def killed_runs(c, count, answers):
    """Runs that were killed while their second call was under way."""
    gate = {"open": False}
    server = c.project(lambda r: "an answer" if gate["open"] or r.text.startswith("first") else SILENCE)
    c.workflow('  - { id: a, prompt: "first" }\n  - { id: b, prompt: "second ${{ steps.a.output }}" }')
    processes = [c.start("run", "w.yaml") for _ in range(count)]
    server.wait(2 * count)
    for process in processes:
        c.kill(process)
    gate["open"] = answers
    return server


def resume_all(c, count, *flags):
    killed_runs(c, count, True)
    resumed = c.run("resume", "--all", *flags)
    c.check(resumed.code == 0, resumed)
    statuses = [run["status"] for run in c.run("runs", "--limit", "100", "--json").json["runs"]]
    c.check(statuses == ["succeeded"] * count, statuses)
    lines = [line for line in resumed.err.splitlines() if re.search(r"\bsucceeded\b", line)]
    c.check(len(lines) >= count, resumed)


@case("R1", "four killed runs go on with resume --all, a line for each")
def r1(c):
    resume_all(c, 4)


@case("R1", "and again")
def r1_again(c):
    resume_all(c, 4)


@case("A2", "resume --all with more runs than go on at once")
def a2(c):
    resume_all(c, 12, "--max-parallel", "3")


@case("A2", "a run that fails is told by the exit code, and the others go on")
def a2_failed(c):
    gate = {"open": False}
    server = c.project(lambda r: (failure(400, "no") if "bad" in r.text else "an answer") if gate["open"] else SILENCE)
    c.workflow('  - { id: a, prompt: "${{ inputs.t }}" }', top="inputs: { t: { type: string } }")
    processes = [c.start("run", "w.yaml", "--input", f"t={text}") for text in ("good", "bad", "fine")]
    server.wait(3)
    for process in processes:
        c.kill(process)
    gate["open"] = True
    resumed = c.run("resume", "--all")
    statuses = sorted(run["status"] for run in c.run("runs", "--json").json["runs"])
    c.check(resumed.code > 0 and statuses == ["failed", "succeeded", "succeeded"], (str(resumed), statuses))


@case("A2", "twelve rounds of twenty runs, eight at once", long=True)
def a2_long(c):
    for _ in range(12):
        shutil.rmtree(c.folder / ".agentctl", ignore_errors=True)
        resume_all(c, 20, "--max-parallel", "8")


def killed_batch(c, lines, answered, steps='  - { id: a, prompt: "line ${{ inputs.n }}" }'):
    gate = {"open": False}
    server = c.project(lambda r: "an answer" if gate["open"] or r.number <= answered else SILENCE)
    c.workflow(steps, top='inputs: { n: { type: integer } }\noutputs: { said: "${{ steps.a.output }}" }')
    c.write("lines.jsonl", "".join(json.dumps({"n": n}) + "\n" for n in range(lines)))
    with open(c.folder / "results.jsonl", "wb") as results:
        process = c.start("run", "w.yaml", "--batch", "lines.jsonl", "--max-parallel", "1", stdout=results)
        server.wait(answered + 1)
        until(lambda: (c.folder / "results.jsonl").stat().st_size > 0, 2)
        c.kill(process)
    gate["open"] = True
    return server, c.run("runs", "--json").json["runs"][0]["batch"]


@case("R2", "a batch whose file was edited is refused as a whole, with the difference")
def r2(c):
    server, batch = killed_batch(c, 6, 3)
    text = (c.folder / "w.yaml").read_text()
    c.write("w.yaml", text.replace("line $", "row $"))
    before = len(server.asked)
    again = c.run("run", "w.yaml", "--batch", "lines.jsonl", "--resume", batch)
    c.check(again.code not in (0, 19) and len(server.asked) == before and not again.out, again)
    c.check("line ${{" in again.err and "row ${{" in again.err, again)
    c.write("w.yaml", text)
    whole = c.run("run", "w.yaml", "--batch", "lines.jsonl", "--resume", batch)
    c.check(whole.code == 0 and len(whole.out.splitlines()) == 6, whole)


@case("R3", "each result is written when it is there")
def r3(c):
    killed_batch(c, 12, 5)
    lines = [json.loads(line) for line in (c.folder / "results.jsonl").read_text().splitlines()]
    c.check(len(lines) >= 4 and [line["line"] for line in lines] == list(range(1, len(lines) + 1)), lines)


@case("R4", "a rejection reads as one, with who, when, note and the question")
def r4(c):
    c.project()
    c.workflow("""  - { id: review, approve: { message: "Send it to all?" } }
  - { id: send, when: steps.review.output.approved, value: "1" }""")
    run = c.run("run", "w.yaml")
    c.check(run.code == 4 and "Send it to all?" in run.err, run)
    c.check("Send it to all?" in c.run("show", "last").out, "the question is not shown")
    rejected = c.run("approve", "last", "--no", "--by", "ann", "--note", "too early", env={"SUDO_USER": "eve"})
    c.check(rejected.code == 0, rejected)
    resumed = c.run("resume", "last")
    c.check(resumed.code == 0 and "rejected by ann: too early" in resumed.err and "review  succeeded" not in resumed.err, resumed)
    shown = c.run("show", "last").out
    c.check("✓ review" not in shown and "rejected by ann: too early" in shown and "Send it to all?" in shown and "sudo from eve" in shown, shown)
    decision = next(node for node in c.show()["nodes"] if node["path"] == "review")["decision"]
    c.check(decision["choice"] == "reject" and decision["by"] == "ann" and decision["note"] == "too early" and decision["at"], decision)
    c.check(decision["as"]["uid"] == os.getuid() and decision["as"]["host"] and decision["spent_usd"] == "0", decision)
    c.check("rejected by ann" in c.run("follow", "last").err, "follow does not tell it")
    audit = c.run("audit", "--by", "approver", "--json").json
    c.check(audit["approvers"][0]["by"] == "ann" and audit["approvers"][0]["rejected"] == 1, audit["approvers"])


@case("R5", "a cut answer fails, and its text is shown")
def r5(c):
    c.project(whole("the beginning of", finish="length"))
    c.workflow('  - { id: a, prompt: "hello" }')
    run = c.run("run", "w.yaml")
    c.check(run.code not in (0, 10), run)
    c.check("the beginning of" in c.run("show", "last", "a").out, c.run("show", "last", "a"))


@case("R5", "on_truncation: keep takes it")
def r5_keep(c):
    c.project(whole("the beginning of", finish="length"))
    c.workflow('  - { id: a, prompt: "hello" }', top='outputs: { said: "${{ steps.a.output }}" }', limits="{ max_output_tokens: 64, on_truncation: keep }")
    run = c.run("run", "w.yaml")
    c.check(run.code == 0 and run.out == "the beginning of\n", run)


@case("R5", "on_truncation: continue asks for the rest")
def r5_continue(c):
    c.project(lambda r: whole("one two ", finish="length") if r.number == 1 else whole("three"))
    c.workflow('  - { id: a, prompt: "hello" }', top='outputs: { said: "${{ steps.a.output }}" }', limits="{ max_output_tokens: 64, on_truncation: continue }")
    run = c.run("run", "w.yaml")
    c.check(run.code == 0 and run.out == "one two three\n", run)


def waiting(c):
    c.project()
    c.workflow('  - { id: ask, approve: { message: "well?" } }\n  - { id: a, prompt: "hello ${{ steps.ask.output.by }}" }')
    run = c.run("run", "w.yaml", "-q")
    c.check(run.code == 4, run)


@case("R7", "a waiting run goes on in a project that was moved")
def r7(c):
    project = c.folder / "there"
    project.mkdir()
    waiting(c)
    for name in ("agentctl.yaml", "w.yaml", ".agentctl"):
        shutil.move(str(c.folder / name), str(project / name))
    run = c.run("approve", "last", "--yes", "--resume", folder=project)
    c.check(run.code == 0, run)


@case("R7", "a comment that was added does not block")
def r7_comment(c):
    waiting(c)
    with open(c.folder / "w.yaml", "a") as file:
        file.write("# a word for the reader\n")
    run = c.run("approve", "last", "--yes", "--resume")
    c.check(run.code == 0, run)


@case("R8", "values, stderr of an accepted exit code, and outputs are shown")
def r8(c):
    c.project()
    c.workflow("""  - { id: v, value: { n: 1, text: "a b" } }
  - { id: grep, run: [sh, -c, "echo found; echo warned >&2; exit 1"], ok_exit: [0, 1] }
  - { id: bad, on_error: { value: none }, run: [sh, -c, "echo broke >&2; exit 3"] }""", top='outputs: { only: "${{ steps.grep.output }}" }')
    run = c.run("run", "w.yaml", "-q")
    c.check(run.code == 0, run)
    c.check('"text": "a b"' in c.run("show", "last", "v").out, c.run("show", "last", "v"))
    shown = c.run("show", "last", "grep").out
    c.check("warned" in shown and "found" in shown and "exit code 1" in shown, shown)
    c.check("broke" in c.run("show", "last", "bad").out, c.run("show", "last", "bad"))
    c.check(c.run("outputs", "last").out == "found\n" and c.run("outputs", "last", "--raw").out == "found", c.run("outputs", "last"))
    c.check(c.run("outputs", "last", "--step", "v").json == {"n": 1, "text": "a b"}, c.run("outputs", "last", "--step", "v"))


@case("R9", "a retry-after that is over is over after a resume")
def r9(c):
    server = c.project(lambda r: failure(429, "slow down", headers={"retry-after": "4"}, code="rate_limit_exceeded") if r.number == 1 else "an answer")
    c.workflow('  - { id: a, prompt: "hello" }')
    process = c.start("run", "w.yaml")
    server.wait(1)
    time.sleep(0.5)
    c.kill(process)
    time.sleep(5.5)
    resumed = c.run("resume", "last")
    c.check(resumed.code == 0 and resumed.seconds < 3, (str(resumed), resumed.seconds))
