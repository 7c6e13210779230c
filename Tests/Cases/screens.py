"""S1 to S7: what is seen of failures, of mistakes, and of nothing."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from case import Skip, case, failure, whole


def on_terminal(c, *arguments, columns=80, rows=24):
    """What a terminal of that size is sent, both streams on it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = c.start(*arguments, env={"TERM": "xterm-256color"}, stdout=slave, stderr=slave)
    os.close(slave)
    sent = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        sent += chunk
    os.close(master)
    process.wait()
    return sent.decode(errors="replace")


def window(sent, columns=80, rows=24):
    """What stands in the window at the end, as a terminal has it that knows what this program sends."""
    cells, row, column, wraps = [""] * rows, 0, 0, True

    def feed():
        nonlocal row
        if row == rows - 1:
            cells.append("")
            cells.pop(0)
        else:
            row += 1

    for number, final, text in re.findall(r"\x1b\[\??([0-9;]*)([A-Za-z])|(\r|\n|[^\x1b\r\n])", sent):
        if final == "A":
            row = max(0, row - int(number or 1))
        elif final == "B":
            row = min(rows - 1, row + int(number or 1))
        elif final == "K":
            cells[row] = ""
        elif final in "lh" and final:
            wraps = final == "h"
        elif text == "\r":
            column = 0
        elif text == "\n":
            column = 0
            feed()
        elif text:
            if column == columns:
                if not wraps:
                    continue
                column = 0
                feed()
            cells[row] = cells[row].ljust(column)[:column] + text + cells[row][column + 1:]
            column += 1
    return [line.rstrip() for line in cells]


def chains(count, bad=(), wide=8):
    """So many steps in chains, side by side."""
    def step(i):
        needs = f", needs: [s{i - wide}]" if i >= wide else ""
        return f"  - {{ id: s{i}, prompt: \"{'bad' if i in bad else 'good'}\"{needs}{', on_error: continue' if i in bad else ''} }}"
    return "\n".join(step(i) for i in range(count))


def five_hundred(c, text="it broke in the middle of the night"):
    return c.project(lambda r: failure(500, text) if "bad" in r.text else whole("fine"))


@case("S1", "the live tree erases lines, never the screen, and no more of them than the window has")
def s1(c):
    c.project(lambda r: whole("fine"))
    c.workflow(chains(60))
    for columns, rows in ((60, 10), (80, 24), (140, 50)):
        sent = on_terminal(c, "run", "w.yaml", columns=columns, rows=rows)
        c.check("\x1b[2K" in sent and not re.search(r"\x1b\[[0-3]?J|\x1b[78c]|\x1b\[\?1049", sent), sent[:400])
        ups = [int(n) for n in re.findall(r"\x1b\[(\d+)A", sent)]
        c.check(max(ups, default=0) < rows, ups)


@case("S1", "in tmux no line of the history is lost, and no picture stays in it")
def s1_tmux(c):
    tmux = next((p for p in ("/usr/bin/tmux", "/usr/local/bin/tmux") if os.access(p, os.X_OK)), None)
    if not tmux:
        raise Skip("there is no tmux")
    c.project(lambda r: whole("fine"))
    c.workflow(chains(60))
    name = f"agentctl-case-{os.getpid()}-{id(c)}"
    script = f"for i in $(seq 40); do echo before $i; done; '{c.program}' run w.yaml; '{tmux}' -L {name} wait-for -S done; cat"
    run = lambda *a: subprocess.run([tmux, "-L", name, "-f", "/dev/null", *a], cwd=c.folder, env=c.environment({"TERM": "xterm", "TMUX": ""}), capture_output=True, text=True, timeout=60).stdout
    try:
        run("new-session", "-d", "-x", "80", "-y", "24", script)
        run("wait-for", "done")
        lines = run("capture-pane", "-p", "-S", "-").rstrip().split("\n")
    finally:
        run("kill-server")
    c.check([l for l in lines if l.startswith("before")] == [f"before {i}" for i in range(1, 41)], lines)
    c.check(len(lines) < 40 + 24 + 10, len(lines))


@case("S2", "what failed is in the window, with its reason, at 60, 80 and 140 columns, of 200 steps")
def s2(c):
    five_hundred(c)
    c.workflow(chains(200, bad=(3, 50), wide=20), top="budget: { max_cost_usd: 1 }", model="s/a-model-with-a-name-as-long-as-those-of-some-vendors-70b-instruct-turbo")
    c.write("w.yaml", (c.folder / "w.yaml").read_text().replace("timeout: 10m,", "timeout: 10m, retry: { max_attempts: 1 },"))
    for columns in (60, 80, 140):
        sent = on_terminal(c, "run", "w.yaml", columns=columns)
        picture = window(sent, columns)
        text = " ".join(line.strip() for line in picture)
        c.check(any(line.startswith("✗ s3 ") for line in picture) and "it broke in the middle of the night" in text and "2 failed" in text, picture)
        show = on_terminal(c, "show", "last", columns=columns).replace("\r", "").rstrip("\n").split("\n")
        c.check("what failed" in show[-6:] and sum(line.startswith("✗ s") for line in show[-3:]) == 2, show[-6:])


@case("S2", "columns without room are named")
def s2_columns(c):
    c.project(lambda r: whole("fine"))
    c.workflow("  - { id: a_step_with_a_long_name, prompt: hi }", model="s/a-model-with-a-name-as-long-as-those-of-some-vendors-70b-instruct-turbo")
    c.run("run", "w.yaml")
    for command in (("audit",), ("show", "last"), ("plan", "w.yaml"), ("runs",), ("prices", "list")):
        sent = on_terminal(c, *command, columns=40)
        c.check("hidden: " in sent, sent)
        c.check("hidden: " not in c.run(*command).out)


@case("S2", "50 of 50 items, 1 failed: the failure is not what is cut")
def s2_items(c):
    five_hundred(c)
    c.workflow("  - { id: look_at_every_document_of_the_customer, for_each: { items: \"['good', 'good', 'bad', 'good']\", on_error: collect }, prompt: \"${{ item }}\", retry: { max_attempts: 1 } }")
    for columns in (60, 80):
        picture = window(on_terminal(c, "run", "w.yaml", columns=columns), columns)
        c.check(any("4/4 items, 1 failed" in line for line in picture), picture)


@case("S3", "the first three of a code, then how many more; JSON and SARIF have all; errors first")
def s3(c):
    steps = "\n".join(f'  - {{ id: s{i}, value: "1" }}' for i in range(100))
    c.write("w.yaml", f"version: 1\nname: w\nsteps:\n{steps}\n")
    for command in ("validate", "plan"):
        few, everything = c.run(command, "w.yaml"), c.run(command, "w.yaml", "--all")
        c.check(few.code == 0 and few.err.count("[AW404]: ") == 3 and "and 97 more AW404 (--all shows them)" in few.err and "AW402" not in few.err, few)
        c.check(everything.err.count("[AW404]: ") == 100, everything)
    c.check(len(c.run("validate", "w.yaml", "--json").json["diagnostics"]) == 100)
    c.check(len(c.run("validate", "w.yaml", "--format", "sarif").json["runs"][0]["results"]) == 100)
    wrong = "\n".join(f'  - {{ id: e{i}, valeu: "1" }}' for i in range(9))
    c.write("w.yaml", f"version: 1\nname: w\nsteps:\n{steps}\n{wrong}\n")
    for command in (("validate",), ("plan",), ("run",), ("graph",)):
        found = c.run(*command, "w.yaml")
        c.check(found.code == 10 and found.err.startswith("w.yaml:104:") and found.err.count("error[AW101]") == 3 and "and 6 more AW101" in found.err, found)


@case("S4", "a call that fails three times: its text once, with the number of tries")
def s4(c):
    five_hundred(c)
    c.workflow("  - { id: a, prompt: bad, retry: { max_attempts: 3 } }")
    found = c.run("run", "w.yaml")
    c.check(found.code == 36 and found.err.count("in the middle of the night") == 1 and "(after 3 tries)" in found.err, found)
    c.check(c.run("show", "last").out.count("in the middle of the night") == 1)
    picture = "".join(window(on_terminal(c, "run", "w.yaml", rows=40), rows=40))
    c.check(picture.count("in the middle of the night") == 1 and "(after 3 tries)" in picture, picture)
    # Not what ends the run: where it happens.
    c.workflow("  - { id: a, prompt: bad, on_error: continue, retry: { max_attempts: 3 } }\n  - { id: b, prompt: good }")
    found = c.run("run", "w.yaml")
    c.check(found.code == 0 and found.err.count("in the middle of the night") == 1, found)


@case("S5", "where nothing matches, what there is")
def s5(c):
    c.project(lambda r: whole("fine"))
    c.workflow("  - { id: a, prompt: good }", top="tags: { team: support }", name="mail.yaml")
    c.run("run", "mail.yaml")
    for command, said in (
        (("audit", "--tag", "x=y"), "there is no tag 'x'; there is: team"), (("audit", "--tag", "team=suport"), "did you mean 'support'?"), (("audit", "--workflow", "mial"), "did you mean 'mail'?"),
        (("runs", "--workflow", "nosuch"), "there is no workflow 'nosuch'; there is: mail"), (("runs", "--status", "failed"), "there are: 1 succeeded"), (("runs", "--batch", "b"), "there is no batch 'b'"),
        (("gc", "--older-than", "30d"), "the first run ended 20"),
    ):
        found = c.run(*command)
        c.check(found.code == 0 and "nothing matches --" in found.out and said in found.out and "run a workflow first" not in found.out, found)
    for command, said in ((("show", "mail"), "its last run is 20"), (("outcome", "zzz", "good"), "`agentctl runs` lists them"), (("prices", "show", "s2/m"), "add one under prices:")):
        found = c.run(*command)
        c.check(found.code == 2 and said in found.err, found)


@case("S6", "a command that there is not")
def s6(c):
    for words, meant in (
        ("runn w.yaml", "agentctl run w.yaml"), ("w.yaml", "agentctl run w.yaml"), ("db chek", "agentctl db check"), ("ledger vacum", "agentctl db vacuum"), ("try exp 1", "agentctl try expr 1"),
        ("prices shw openai/gpt-4o", "agentctl prices show openai/gpt-4o"), ("validte", "agentctl validate"), ("list", "agentctl runs"),
    ):
        found = c.run(*words.split())
        c.check(found.code == 2 and f"did you mean: {meant}?" in found.err, found)


@case("S7", "init takes the provider whose key is there, and leaves no model without a price or a word on it")
def s7(c):
    def made(name, *arguments, **keys):
        found = c.run("init", name, *arguments, env=keys)
        c.check(found.code == 0, found)
        return found, (c.folder / name / "minimal.yaml").read_text()

    for provider in ("openai", "anthropic", "openrouter", "groq", "together"):
        key = {f"{provider.upper()}_API_KEY": "a-key-of-the-case"}
        _, text = made(provider, **key)
        c.check(f"use: {provider}/" in text, text)
        plan = c.run("plan", "minimal.yaml", "--inputs", "inputs/note.json", env=key, folder=c.folder / provider)
        c.check(plan.code == 0 and ": fits" in plan.out, plan)
    found, text = made("none")
    c.check("use: local/" in text and "OPENAI_API_KEY" in found.err, found)
    found, text = made("several", GROQ_API_KEY="a-key-of-the-case", OPENAI_API_KEY="a-key-of-the-case")
    c.check("use: openai/" in text and "--provider groq" in found.err, found)
    found, text = made("gemini", GEMINI_API_KEY="a-key-of-the-case")
    c.check("use: local/" in text and "Docs/Providers.md#gemini" in found.err, found)
    found, _ = made("unpriced", "--model", "gpt-of-tomorrow", OPENAI_API_KEY="a-key-of-the-case")
    c.check("gpt-of-tomorrow has no known price" in found.err and "# agentctl.yaml, line " in found.out, found)
    key = {"OPENAI_API_KEY": "a-key-of-the-case"}
    made("priced", "--model", "gpt-of-tomorrow", "--price", "0.25,2", **key)
    plan = c.run("plan", "minimal.yaml", "--inputs", "inputs/note.json", env=key, folder=c.folder / "priced")
    c.check(plan.code == 0 and ": fits" in plan.out, plan)
