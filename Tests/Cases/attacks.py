"""A1 to A18: attacks and hard machines. (A1's and A18's servers are in wire.py.)"""

import base64
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time

from case import SILENCE, Skip, case, failure, is_alive, until, whole

KEY = "sk-canary-0123456789abcdefghij"


@case("A1", "what counts against a cap is never above it, and nothing starts behind an overrun")
def a1(c):
    server = c.project(lambda r: whole("x" * 1_000_000, usage=False))
    c.workflow('  - { id: a, for_each: { max_parallel: 1, items: "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]" }, prompt: "item ${{ item }}" }',
               top="budget: { max_cost_usd: 1 }", limits="{ max_input_tokens: 500, max_output_tokens: 50 }")
    run = c.run("run", "w.yaml")
    calls = c.show()["calls"]
    counted = sum(max(float(call["held_usd"] or 0), float(call["cost_usd"] or 0)) for call in calls)
    c.check(counted <= 1 or any(call["state"] == "overrun" for call in calls), (counted, [call["state"] for call in calls]))
    c.check(run.code != 0 and len(server.asked) < 20, (str(run), len(server.asked)))
    check = c.run("db", "check")
    c.check(check.code in (0, 44), check)


@case("A3", "a run is not taken over from another PID namespace")
def a3(c):
    prefix = ("unshare", "--pid", "--fork", "--mount-proc")
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        raise Skip("this machine makes no PID namespaces for us")
    server = c.project(lambda r: SILENCE)
    c.workflow('  - { id: a, prompt: "hello" }')
    process = c.start("run", "w.yaml")
    server.wait(1)
    other = c.run("resume", "last", prefix=prefix, timeout=20)
    c.check(other.code == 48 and len(server.asked) == 1 and process.poll() is None, (str(other), len(server.asked)))


def replaced(c, change):
    gate = threading.Event()

    def answer(request):
        if request.number == 2:
            gate.wait(20)
        return "an answer"

    server = c.project(answer)
    steps = ["  - { id: s1, prompt: one }"] + [f'  - {{ id: s{n}, prompt: "then ${{{{ steps.s{n - 1}.output }}}}" }}' for n in range(2, 7)]
    c.workflow("\n".join(steps))
    process = c.start("run", "w.yaml", stderr=subprocess.PIPE)
    server.wait(2)
    change(c.folder / ".agentctl")
    gate.set()
    error = process.communicate(timeout=60)[1].decode()
    c.check(40 <= process.returncode < 50 and len(server.asked) <= 3, (process.returncode, len(server.asked), error[-300:]))


@case("A4", "a ledger that is removed is noticed, and nothing more is spent")
def a4(c):
    replaced(c, lambda folder: [path.unlink() for path in folder.glob("ledger.db*")])


@case("A4", "a ledger that is replaced by an older copy is noticed")
def a4_copy(c):
    def change(folder):
        copy = folder / "copy.db"
        shutil.copy(folder / "ledger.db", copy)
        copy.rename(folder / "ledger.db")

    replaced(c, change)


@case("A5", "programs do not see the keys of providers")
def a5(c):
    c.project(provider="api_key: { env: CASE_KEY }")
    c.workflow("  - { id: e, run: [env] }", top='outputs: { e: "${{ steps.e.output }}" }')
    run = c.run("run", "w.yaml", env={"CASE_KEY": KEY, "CASE_OTHER": "seen"})
    c.check(run.code == 0 and "CASE_OTHER=seen" in run.out and KEY not in run.out and KEY.encode() not in c.ledger(), run)


@case("A5", "a model's text as program is warned of")
def a5_program(c):
    c.project()
    c.workflow('  - { id: a, prompt: "hello" }\n  - { id: b, run: ["${{ steps.a.output }}"] }', top='outputs: { b: "${{ steps.b.output }}" }')
    text = c.run("validate", "w.yaml").err
    c.check("steps.a.output" in text and "warning" in text, text)


def leaks(c, answer, provider, screen=True):
    c.project(answer, provider=provider)
    c.workflow('  - { id: a, prompt: "hello", retry: { max_attempts: 1 }, on_error: { value: none } }', top='outputs: { said: "${{ steps.a.output }}" }')
    texts = [c.run("run", "w.yaml", env={"CASE_KEY": KEY})]
    for command in (("show", "last"), ("show", "last", "--prompts"), ("show", "last", "--json"), ("follow", "last", "--events"), ("doctor",)):
        texts.append(c.run(*command, env={"CASE_KEY": KEY}))
    said = "".join(text.out + text.err for text in texts)
    c.check(KEY not in said and KEY[:20] not in said, said[max(0, said.find(KEY[:20]) - 80):][:200])
    c.check(KEY.encode() not in c.ledger() and KEY[:20].encode() not in c.ledger(), "the key is in the ledger")


ENV_KEY = "api_key: { env: CASE_KEY }"


@case("A6", "a key behind 275 characters of an error is not kept or shown")
def a6_error(c):
    leaks(c, failure(401, "x" * 275 + " " + KEY), ENV_KEY)


@case("A6", "a key that is echoed in an answer, its model and its usage is not kept or shown")
def a6_echo(c):
    leaks(c, whole(f"your key is {KEY}.", model=KEY, usage={"prompt_tokens": 10, "completion_tokens": 5, "key": KEY}), ENV_KEY)


@case("A6", "a header that is echoed is not kept or shown")
def a6_header(c):
    leaks(c, failure(400, f"bad header {KEY}"), f"headers: {{ api-key: {KEY} }}")


@case("A6", "a key in the query of an address is not kept or shown")
def a6_address(c):
    server = c.server(failure(400, "no"))
    c.write("agentctl.yaml", f"""version: 1
providers:
  s: {{ api: openai-chat, base_url: "http://127.0.0.1:{server.server_port}/v1?api_key={KEY}" }}
prices: [{{ model: "s/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }}]
""")
    c.workflow('  - { id: a, prompt: "hello" }')
    said = "".join(text.out + text.err for text in (c.run("run", "w.yaml"), c.run("show", "last"), c.run("show", "last", "--json"), c.run("doctor")))
    c.check(KEY not in said and KEY.encode() not in c.ledger(), said[max(0, said.find(KEY) - 80):][:200])


def kept_out(c, answer, provider="", url="http://127.0.0.1:{port}/v1", needles=(KEY,), more="", prompt="hello", env=None, top='outputs: { said: "${{ steps.a.output }}" }', inputs=()):
    """Whether no needle is in the ledger or on a screen; the run."""
    server = c.server(answer)
    extra = f", {provider}" if provider else ""
    c.write("agentctl.yaml", f"""version: 1
providers:
  s: {{ api: openai-chat, base_url: "{url.format(port=server.server_port)}"{extra} }}
prices: [{{ model: "s/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }}]
{more}
""")
    c.workflow('  - { id: a, prompt: "%s", retry: { max_attempts: 1 }, on_error: { value: none } }' % prompt, top=top)
    run = c.run("run", "w.yaml", *inputs, env=env)
    said = "".join(text.out + text.err for text in (run, *(c.run(*command, env=env) for command in (("show", "last"), ("show", "last", "--prompts"), ("show", "last", "--json"), ("doctor",), ("audit", "--by", "tag:t")))))
    for needle in needles:
        c.check(needle not in said, said[max(0, said.find(needle) - 80):][:200])
        c.check(needle.encode() not in c.ledger(), f"{needle} is in the ledger")
    return run


@case("A6", "a key that has no name is one: a user's name, a word of the query, a part of the path")
def a6_nameless(c):
    for url in ("http://%s:@127.0.0.1:{port}/v1", "http://%s:x-oauth-basic@127.0.0.1:{port}/v1", "http://127.0.0.1:{port}/v1?%s", "http://127.0.0.1:{port}/%s/v1"):
        kept_out(c, whole(f"you sent {KEY}"), url=url % KEY)


@case("A6", "what stands inside of a credential is one: basic credentials, a cookie, a list of keys, a password of a secret")
def a6_inside(c):
    basic = base64.b64encode(b"user:hunter2secret").decode()
    kept_out(c, whole("wrong password hunter2secret"), provider=f'headers: {{ Authorization: "Basic {basic}" }}', needles=("hunter2secret", basic))
    kept_out(c, whole("session s3ssi0nvalue1 is over"), provider='headers: { Cookie: "theme=dark; session=s3ssi0nvalue1" }', needles=("s3ssi0nvalue1",))
    kept_out(c, whole("bad key-two-5678 of list"), provider=ENV_KEY, needles=("key-two-5678",), env={"CASE_KEY": "key-one-1234,key-two-5678"})
    kept_out(c, whole("no pw12345678 here"), more="secrets: { db: { env: CASE_DB } }", needles=("pw12345678",), env={"CASE_DB": "postgres://app:pw12345678@db.internal/prod"})


@case("A6", "what a program prints as a secret is one")
def a6_command(c):
    c.write("key.txt", KEY + "\n")
    more = "secrets: { q: { command: [cat, key.txt] } }"
    top = 'inputs: { t: { type: string, default: x } }\noutputs: { said: "${{ steps.a.output }}" }'
    run = kept_out(c, whole("fine"), more=more, prompt="say ${{ inputs.t }}", top=top, inputs=("--input", "t=" + KEY))
    c.check(run.code == 2, run)
    run = kept_out(c, whole("fine"), provider="api_key: { command: [cat, key.txt] }", prompt="say " + KEY)
    c.check(run.code == 10, run)


@case("A6", "tags and the decision are cleared of what they put together")
def a6_tags(c):
    top = """inputs: { u: { type: string }, p: { type: string } }
tags: { t: "${{ inputs.u + inputs.p }}" }
decision: { id: "${{ inputs.u + inputs.p }}" }"""
    run = kept_out(c, whole("fine"), provider=ENV_KEY, top=top, env={"CASE_KEY": KEY}, inputs=("--input", "u=" + KEY[:15], "--input", "p=" + KEY[15:]))
    c.check(run.code == 0, run)


@case("A6", "no frame of a wrong project file shows a key")
def a6_frames(c):
    for provider in (f'headers: [ "Authorization: Bearer {KEY}" ]', f'headers: "x-api-key: {KEY}"', f"headers: {{ Authorization: Bearer {KEY}: x }}", f'base_url2: "u:{KEY}@h"'):
        c.write("agentctl.yaml", f'version: 1\nproviders:\n  s: {{ api: openai-chat, base_url: "http://127.0.0.1:1/v1", {provider} }}\n')
        c.workflow("  - { id: a, prompt: hi }")
        for command in (("validate", "w.yaml"), ("validate", "--json"), ("run", "w.yaml"), ("plan", "w.yaml"), ("fmt", "--diff", "agentctl.yaml")):
            run = c.run(*command)
            c.check(KEY not in run.out + run.err, (provider, command))


@case("A6", "labels are no secrets, and what others have as well is no part of one")
def a6_labels(c):
    token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    for provider, prompt, answer, env in (
        ("headers: { X-Env: eu-west-1, X-App: my_service, X-Author: engineering, X-User: alice2@example.com, X-Deployment: m }", "ask engineering of my_service in eu-west-1, alice2@example.com", "eu-west-1 of my_service", {}),
        ("headers: { X-Keyspace: production, X-Tokenizer: cl100k_base, X-Key-Version: '2024-06-01' }", "hi", "production cl100k_base 2024-06-01", {}),
        (ENV_KEY, f"explain {token}eyJ1c2VyIjoiZXhhbXBsZSJ9.c2ln", "fine", {"CASE_KEY": token + "eyJzdWIiOiJvdXJzZWx2ZXMtMTIzNCJ9.c2lnbmF0dXJl"}),
        (ENV_KEY, "what is a password?", 'the "password" field', {"CASE_KEY": "password-of-the-team-2"}),
        (ENV_KEY, "hi", '{"prefix": "sk-proj-"}', {"CASE_KEY": "sk-proj-AbCdEf0123456789AbCdEf"}),
    ):
        server = c.server(whole(answer))
        c.write("agentctl.yaml", f"""version: 1
providers:
  s: {{ api: openai-chat, base_url: "http://127.0.0.1:{server.server_port}/v1?engine=gpt-4o-mini", {provider} }}
prices: [{{ model: "s/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }}]
""")
        c.workflow('  - { id: a, prompt: "%s", retry: { max_attempts: 1 } }' % prompt, top='outputs: { said: "${{ steps.a.output }}" }')
        run = c.run("run", "w.yaml", env=env)
        c.check(run.code == 0 and "***" not in run.out and len(server.asked) == 1, (provider, str(run)))


@case("A6", "a key does not go to another host in clear text unless that is said")
def a6_clear(c):
    c.write("agentctl.yaml", """version: 1
providers: { s: { api: openai-chat, base_url: "http://192.0.2.1:9/v1", api_key: { env: CASE_KEY } } }
prices: [{ model: "s/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }]
""")
    c.workflow('  - { id: a, prompt: "hello", timeout: 2s, retry: { max_attempts: 1 } }')
    run = c.run("run", "w.yaml", env={"CASE_KEY": KEY}, timeout=30)
    ledger = c.folder / ".agentctl" / "ledger.db"
    calls = sqlite3.connect(ledger).execute("SELECT count(*) FROM model_call").fetchone()[0] if ledger.exists() else 0
    c.check(run.code != 0 and calls == 0, (str(run), calls))


HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202eevil"


def is_harmless(text):
    return not any(character in text for character in "\x1b\x07\x9b\u202e")


@case("A7", "what servers and programs write does not reach a terminal as commands")
def a7(c):
    c.project(failure(400, HOSTILE))
    c.workflow(f"""  - {{ id: a, prompt: "hello", on_error: continue }}
  - {{ id: b, run: [sh, -c, "printf '\\\\033]52;c;ZXZpbA==\\\\007' >&2; exit 3"] }}""")
    texts = [c.run("run", "w.yaml"), c.run("show", "last"), c.run("show", "last", "b"), c.run("show", "last", "--prompts")]
    for text in texts:
        c.check(is_harmless(text.err) and is_harmless(text.out), repr(text.err[-300:] + text.out[-300:]))


@case("A7", "a cell of CSV is no formula")
def a7_csv(c):
    c.project()
    c.workflow('  - { id: a, prompt: "hello" }', top='tags: { team: "=1+1" }')
    c.run("run", "w.yaml", "-q")
    row = c.run("audit", "--by", "tag:team", "--csv").out.splitlines()[1]
    c.check(not row.lstrip('"').startswith(("=", "+", "-", "@", "\t")), row)


@case("A8", "256 open files and 5,000 runs at once")
def a8(c):
    c.project()
    c.workflow('  - { id: a, prompt: "line ${{ inputs.n }}" }', top="inputs: { n: { type: integer } }")
    c.write("lines.jsonl", "".join(json.dumps({"n": n}) + "\n" for n in range(600)))
    run = c.run("run", "w.yaml", "--batch", "lines.jsonl", "--max-parallel", "5000", "-q", prefix=("sh", "-c", 'ulimit -n 256; exec "$@"', "sh"))
    void = c.run("audit", "--json").json["total"]
    c.check(run.code == 0 and void["failed_calls"] == 0 and void["calls"] == 600, (str(run), void))


@case("A9", "two processes that go on with one batch pay no line twice")
def a9(c):
    gate = {"open": False}

    def answer(request):
        if gate["open"]:
            time.sleep(0.01)
            return "an answer"
        return "an answer" if request.number <= 4 else SILENCE

    server = c.project(answer)
    c.workflow('  - { id: a, prompt: "line ${{ inputs.n }}" }', top="inputs: { n: { type: integer } }")
    c.write("lines.jsonl", "".join(json.dumps({"n": n}) + "\n" for n in range(150)))
    process = c.start("run", "w.yaml", "--batch", "lines.jsonl", "--max-parallel", "2")
    server.wait(6)
    c.kill(process)
    gate["open"] = True
    before = len(server.asked)
    batch = c.run("runs", "--json").json["runs"][0]["batch"]
    both = [c.start("run", "w.yaml", "--batch", "lines.jsonl", "--resume", batch) for _ in range(2)]
    codes = [process.wait(timeout=90) for process in both]
    texts = [request.text for request in server.asked[before:]]
    c.check(len(texts) == len(set(texts)) and 0 in codes, (len(texts), len(set(texts)), codes))


@case("A10", "eight first starts at once")
def a10(c):
    for _ in range(4):
        shutil.rmtree(c.folder / ".agentctl", ignore_errors=True)
        c.project()
        c.workflow('  - { id: v, value: "1 + 1" }')
        codes = [process.wait(timeout=60) for process in [c.start("run", "w.yaml", "-q") for _ in range(8)]]
        c.check(codes == [0] * 8, codes)


@case("A11", "a list of 10,000 results of 100 KB", long=True)
def a11(c):
    c.project(whole("x" * 100_000))
    c.workflow('  - { id: a, for_each: { items: inputs.list, max_items: 10000 }, prompt: "item ${{ item }}" }', limits="{ max_output_tokens: 30000 }",
               top="inputs: { list: { type: array } }")
    c.write("inputs.json", json.dumps({"list": list(range(10_000))}))
    run = c.run("run", "w.yaml", "--inputs", "inputs.json", "-q", timeout=900)
    c.check(run.code == 0 or "limits" in run.err or "too large" in run.err, run)
    c.check(not 40 <= run.code < 50, run)


SERVER = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def reply(self, body):
        self.send_response(200); self.send_header("content-length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_GET(self): self.reply(b"{}")
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        if os.path.exists("silent"): import time; time.sleep(600)
        self.reply(json.dumps({"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}).encode())
open("server.pid", "w").write(f"{os.getpid()} {os.getppid()}")
print("a line of its log", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def model_server(c):
    c.write("server.py", SERVER)
    c.write("silent", "")
    c.write("agentctl.yaml", f"""version: 1
providers:
  own:
    api: openai-chat
    models:
      m:
        base_url: "http://127.0.0.1:${{{{ port }}}}/v1"
        serve: {{ command: [{sys.executable}, server.py, "${{{{ port }}}}"], ready: /health, start_timeout: 30s }}
prices: [{{ model: "own/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }}]
""")
    c.workflow('  - { id: a, prompt: "hello" }', model="own/m")
    process = c.start("run", "w.yaml")
    pids = c.folder / "server.pid"
    c.check(until(lambda: pids.exists() and len(pids.read_text().split()) == 2, 30), "the server was not started")
    server, guard = map(int, pids.read_text().split())
    return process, server, guard


@case("A12", "a model server ends with its guard")
def a12(c):
    process, server, guard = model_server(c)
    try:
        os.kill(guard, signal.SIGKILL)
        c.check(until(lambda: not is_alive(server), 8), "the server lives on")
    finally:
        c.kill(process)
        if is_alive(server):
            os.kill(server, signal.SIGKILL)


@case("A13", "logs of servers and files of failures are their owner's alone")
def a13(c):
    old = os.umask(0o022)
    os.umask(old)
    process, server, guard = model_server(c)
    try:
        time.sleep(0.3)
        found = []
        for path in (c.folder / ".agentctl" / "servers").rglob("*"):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                found.append((str(path.relative_to(c.folder)), oct(stat.S_IMODE(path.stat().st_mode))))
        c.check(not found, found)
    finally:
        c.kill(process)
        until(lambda: not is_alive(server), 8)
        if is_alive(server):
            os.kill(server, signal.SIGKILL)
    c.project(failure(400, "no"))
    c.workflow('  - { id: a, prompt: "line ${{ inputs.n }}" }', top="inputs: { n: { type: integer } }")
    c.write("lines.jsonl", '{"n": 1}\n')
    c.run("run", "w.yaml", "--batch", "lines.jsonl", "--failures", "failed.jsonl", "-q")
    mode = stat.S_IMODE((c.folder / "failed.jsonl").stat().st_mode)
    c.check(mode == 0o600, oct(mode))


@case("A16", "a FIFO is no prompt and no schema")
def a16(c):
    c.project()
    os.mkfifo(c.folder / "pipe.md")
    os.mkfifo(c.folder / "pipe.json")
    c.workflow("  - { id: a, prompt_file: pipe.md }")
    first = c.run("validate", "w.yaml", timeout=10)
    c.workflow('  - { id: a, prompt: "hello", output: { schema: pipe.json } }')
    second = c.run("validate", "w.yaml", timeout=10)
    c.check(first.code == 10 and "pipe.md" in first.err and second.code == 10 and "pipe.json" in second.err, (str(first), str(second)))


@case("A17", "a project file of another user in a folder above is not taken without being told")
def a17(c):
    if os.getuid() != 0:
        raise Skip("only root can make a file of another user")
    c.write("agentctl.yaml", """version: 1
providers: { s: { api: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: { command: [sh, -c, "touch ran; echo key"] } } }
prices: [{ model: "s/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10 }]
""")
    os.chmod(c.folder, 0o777)
    os.chown(c.folder / "agentctl.yaml", 12345, 12345)
    inner = c.folder / "inner"
    inner.mkdir()
    c.workflow('  - { id: a, prompt: "hello", timeout: 1s, retry: { max_attempts: 1 } }', name="inner/w.yaml")
    (inner / "w.yaml").write_text((inner / "w.yaml").read_text().replace("name: inner/w", "name: w"))
    texts = [c.run("plan", "w.yaml", folder=inner), c.run("doctor", "--offline", folder=inner), c.run("run", "w.yaml", folder=inner, timeout=30)]
    c.check(not (c.folder / "ran").exists() and not (inner / "ran").exists() and texts[2].code != 0, "; ".join(map(str, texts)))


@case("A18", "an amount beyond $9.2 million is named and ends no ledger")
def a18_amount(c):
    c.project(whole("x", usage={"prompt_tokens": 10**12, "completion_tokens": 5}))
    c.workflow('  - { id: a, prompt: "hello" }')
    run = c.run("run", "w.yaml")
    c.check(not 40 <= run.code < 50 and run.code >= 0, run)
    check = c.run("db", "check")
    c.check(check.code == 0, check)


@case("A18", "50,000 bad steps are bounded and counted")
def a18_steps(c):
    c.project()
    c.write("w.yaml", "version: 1\nname: w\nsteps:\n" + "".join(f"  - {{ id: s{n}, promt: x }}\n" for n in range(50_000)))
    run = c.run("validate", "w.yaml", timeout=110)
    c.check(run.code == 10 and len(run.out) + len(run.err) < 500_000, (run.code, len(run.out) + len(run.err), run.seconds))
