#!/usr/bin/env python3
"""What servers send: the cases W1 to W15, A1 and A18 against a program, a line for each.

    python3 Tests/Cases/wire.py AGENTCTL [CASE...]

A server on loopback sends what the case says; the run and its calls are then as they have to be. Exits with 1 where one is not.
Prices: $1 input, $10 output, $0.10 cache read, $1.25 cache write a million tokens.
"""

import http.server
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import threading
import time

PROJECT = """version: 1
providers:
  s: {{ api: openai-chat, base_url: "http://127.0.0.1:{port}/v1{query}", dialect: {{ {dialect} }} }}
prices:
  - {{ model: s/m, input_per_mtok_usd: 1, output_per_mtok_usd: 10, cache_read_per_mtok_usd: 0.1, cache_write_per_mtok_usd: 1.25 }}
  - {{ model: s/dear, input_per_mtok_usd: 2, output_per_mtok_usd: 30 }}
"""
WORKFLOW = """version: 1
name: w
budget: {{ max_cost_usd: {budget}, admit: best }}
models: {{ m: {{ use: s/m, stream: {stream} }} }}
steps:
  - {{ id: a, model: m, prompt: hello, limits: {{ max_output_tokens: {cap} }}, timeout: 20s{more} }}
"""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.asked = answer, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, json.loads(body)))
        answer = self.server.answer
        status, kind, data, cut = answer(len(self.server.asked)) if callable(answer) else answer
        data = data.encode() if isinstance(data, str) else data
        try:
            self.send_response(status)
            if kind:
                self.send_header("content-type", kind)
            # A longer announcement than what comes is a cut.
            self.send_header("content-length", str(len(data) + (1000 if cut else 0)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass
        if cut:
            self.close_connection = True


def whole(usage=None, text="an answer", finish="stop", model="m", message=None, **more):
    document = {"model": model, "choices": [{"index": 0, "message": message or {"role": "assistant", "content": text}, "finish_reason": finish}]}
    if usage is not None:
        document["usage"] = usage
    return (200, "application/json", json.dumps({**document, **more}), False)


def piece(text=None, finish=None, **more):
    return "data: " + json.dumps({"model": "m", "choices": [{"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}], **more}) + "\n\n"


def usage(**counts):
    return "data: " + json.dumps({"choices": [], "usage": counts}) + "\n\n"


def stream(*parts, kind="text/event-stream", cut=False):
    return (200, kind, "".join(parts), cut)


DONE = "data: [DONE]\n\n"
GOOD = dict(prompt_tokens=1000, completion_tokens=100)


class Run:
    """One run against one answer."""

    def __init__(self, agentctl, answer, stream=False, budget="1", cap=1000, more="", dialect="", query="", fake_stream=None):
        server = Server(answer)
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        (folder / "agentctl.yaml").write_text(PROJECT.format(port=server.server_port, dialect=dialect, query=query))
        (folder / "w.yaml").write_text(WORKFLOW.format(budget=budget, stream=str(stream).lower(), cap=cap, more=more))
        began = time.monotonic()
        process = subprocess.Popen([agentctl, "run", "w.yaml"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        self.out, self.err = process.communicate(timeout=120)
        self.code, self.seconds = process.returncode, time.monotonic() - began
        self.asked = server.asked
        shown = subprocess.run([agentctl, "show", "last", "--json"], cwd=folder, capture_output=True, text=True)
        self.show = json.loads(shown.stdout) if shown.returncode == 0 else {}
        self.calls = self.show.get("calls", [])
        if not self.calls:
            raise RuntimeError(f"no call was made: {self.err}")
        self.call = self.calls[0]
        self.text = subprocess.run([agentctl, "show", "last"], cwd=folder, capture_output=True, text=True).stdout
        self.prompts = subprocess.run([agentctl, "show", "last", "--prompts"], cwd=folder, capture_output=True, text=True).stdout
        server.shutdown()
        server.server_close()

    def cost(self):
        return self.call.get("state"), self.call.get("cost_usd")

    def notes(self):
        return " ".join(note["message"] for note in self.call.get("notes", []))


def cases(agentctl):
    """Yields (case, what, whether it is right, what it is)."""

    def run(*args, **kwargs):
        return Run(agentctl, *args, **kwargs)

    r = run(whole(dict(prompt_tokens=20, completion_tokens=198, total_tokens=623)))
    yield "W1", "what a total tells beyond its parts is output", r.cost() == ("estimated", "0.00605") and "405 tokens" in r.notes(), (r.cost(), r.notes())

    zeros = dict(prompt_tokens=0, completion_tokens=0, total_tokens=0)
    r = run(stream(piece("an answer"), piece(finish="stop"), usage(**GOOD), usage(**zeros), DONE), stream=True)
    yield "W2", "zeros behind real counts take nothing back", r.cost() == ("settled", "0.002"), r.cost()
    r = run(stream(piece("an answer"), piece(finish="stop"), usage(**zeros), DONE), stream=True)
    yield "W2", "zeros alone are no count (stream)", r.call["state"] == "estimated" and float(r.call["held_usd"]) > 0.009, (r.cost(), r.call["held_usd"])
    r = run(whole(zeros))
    yield "W2", "zeros alone are no count (whole)", r.call["state"] == "estimated" and float(r.call["held_usd"]) > 0.009, (r.cost(), r.call["held_usd"])
    r = run(whole(dict(prompt_tokens=0, completion_tokens=30)))
    yield "W2", "no prompt has no tokens", r.cost() == ("estimated", "0.000302"), r.cost()
    r = run(stream(piece("an answer"), piece(finish="stop"), usage(**GOOD), usage(), DONE), stream=True)
    yield "W2", "an empty object last", r.cost() == ("settled", "0.002"), r.cost()

    r = run(stream(piece("x", usage=dict(prompt_tokens=1000, completion_tokens=1, prompt_tokens_details=dict(cached_tokens=600))), piece(finish="stop"), usage(**GOOD), DONE), stream=True)
    yield "W3", "what an earlier object told is kept", r.cost() == ("settled", "0.00146"), r.cost()

    r = run(whole(dict(prompt_tokens=2459, completion_tokens=23, prompt_tokens_details=dict(cached_tokens=0), cache_read_input_tokens=2455)))
    yield "W4", "Anthropic's counter inside", r.cost() == ("settled", "0.0004795"), r.cost()
    r = run(whole(dict(GOOD, prompt_tokens_details=dict(cached_tokens=0), prompt_cache_hit_tokens=600)))
    yield "W4", "a zero beside the hits", r.cost() == ("settled", "0.00146"), r.cost()
    for spelled in (dict(cache_creation_input_tokens=100), dict(prompt_tokens_details=dict(cache_creation_tokens=100))):
        r = run(whole(dict(GOOD, **spelled)))
        yield "W4", "writes are priced as writes", r.cost() == ("settled", "0.002025"), r.cost()

    r = run(whole(dict(prompt_tokens=12, completion_tokens=30, prompt_tokens_details=dict(cached_tokens=5000))))
    yield "W5", "more cached than prompt is said", r.cost() == ("estimated", "0.000812") and "5000 cached" in r.notes(), (r.cost(), r.notes())

    r = run(whole(dict(completion_tokens=100)))
    yield "W6", "a known direction is in the estimate", r.call["state"] == "estimated" and float(r.call["cost_usd"]) >= 0.001, r.cost()

    r = run(stream("data: " + json.dumps({"choices": [{"delta": {"content": [{"type": "text", "text": "Hi"}]}, "finish_reason": "stop"}]}) + "\n\n", DONE), stream=True)
    yield "W7", "parts are read", r.code == 0 and "Hi" in r.prompts, r.code

    for word, reason in (("MAX_TOKENS", "length"), ("model_length", "length"), ("max_tokens", "length"), ("safety", "content_filter"), ("SAFETY", "content_filter"), ("end_turn", "stop"), ("eos", "stop")):
        r = run(whole(GOOD, finish=word))
        yield "W8", f"{word} is {reason}", r.call["finish_reason"] == reason, r.call["finish_reason"]
    r = run(whole(GOOD, finish="Sleepy"), more=', for_each: { items: "${{ [1, 2, 3] }}", max_items: 3 }')
    yield "W8", "an unknown word is kept and warned of once", r.call["finish_reason"] == "Sleepy" and r.err.count("'Sleepy'") == 1, (r.call["finish_reason"], r.err.count("'Sleepy'"))

    for error, says, code in (
        ('error: {"code":400,"message":"out of words"}\n\n', "out of words", "bad_request"),
        ('{"error":{"message":"out of words"}}\n\n', "out of words", "server_error"),
        ('event: error\ndata: {"message":"overloaded","code":529}\n\n', "overloaded", "server_error"),
        ('data: {"object":"error","message":"out of words","code":500}\n\n', "out of words", "server_error"),
        ('data: {"detail":"out of words"}\n\n', "out of words", "server_error"),
    ):
        r = run(lambda n: stream(piece("half"), error) if n == 1 else stream(piece("good", "stop"), DONE), stream=True)
        first = r.call.get("failure") or {}
        yield "W9", error.strip()[:40], says in first.get("message", "") and first.get("kind") == code and (r.code == 0) == (code != "bad_request") and bool(r.call["response_hash"]), (first, r.code)

    r = run(stream("data:\n\n", piece("an answer"), "data:\n\n", piece(finish="stop"), "data: [DONE] \n\n", usage(**GOOD)), stream=True)
    yield "W10", "keep-alives, blanks, usage behind the end", r.code == 0 and r.cost() == ("settled", "0.002"), (r.code, r.cost())

    for kind in ("Text/Event-Stream", "text/plain", None):
        r = run(stream(piece("an answer"), piece(finish="stop"), usage(**GOOD), DONE, kind=kind), stream=True)
        yield "W11", f"a stream called {kind}", r.code == 0 and r.cost() == ("settled", "0.002"), (r.code, r.cost(), r.err[-200:])
    r = run(stream(piece("an answer"), piece(finish="stop"), usage(**GOOD), DONE))
    yield "W11", "a stream in answer to a whole request", r.code == 0 and r.cost() == ("settled", "0.002") and r.asked[0][1].get("stream") is False, (r.code, r.cost())
    r = run(whole(GOOD), stream=True)
    yield "W11", "a document in answer to a stream", r.code == 0 and r.cost() == ("settled", "0.002"), (r.code, r.cost())

    for error in ("", {}, None):
        r = run(whole(GOOD, error=error))
        yield "W12", f"error: {json.dumps(error)} beside an answer", r.code == 0 and len(r.calls) == 1 and r.cost() == ("settled", "0.002"), (r.code, len(r.calls))

    r = run(whole(GOOD), query="?api-version=x")
    yield "W13", "the query stays behind the path", r.asked[0][0] == "/v1/chat/completions?api-version=x", r.asked[0][0]

    r = run(whole(GOOD, model="dear"))
    yield "W14", "a dearer model is priced as served", r.cost() == ("settled", "0.005") and "answered by dear" in r.notes() and "answered by dear" in r.text, (r.cost(), r.notes())
    r = run(whole(GOOD, model="SmolLM2-Q4.gguf"))
    yield "W14", "a file is no other model", r.cost() == ("settled", "0.002"), r.cost()
    r = run(whole(GOOD, model="nobody"), dialect="served_model: known")
    yield "W14", "an unknown model at a provider of known names", r.cost() == ("estimated", "0.002") and float(r.call["held_usd"]) > 0.009, (r.cost(), r.call["held_usd"])

    loading = (503, "application/json", json.dumps({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}), False)
    r = run(lambda n: loading if n < 5 else whole(GOOD))
    yield "W15", "a server that loads its model is waited for", r.code == 0 and len(r.calls) == 5, (r.code, len(r.calls), round(r.seconds, 1))

    many = ', for_each: { items: "${{ %s }}", max_items: 20, max_parallel: 1 }' % list(range(20))
    r = run(whole(text="x" * 1_000_000), cap=50, more=many)
    held = sum(max(float(c["held_usd"] or 0), float(c["cost_usd"] or 0)) for c in r.calls)
    yield "A1", "an answer beyond its cap is an overrun", r.call["state"] == "overrun" and float(r.call["cost_usd"]) > 2.4 and "~" in r.text, (r.cost(), len(r.calls), held, r.code)
    r = run(stream(piece("half"), usage(prompt_tokens=10**6, completion_tokens=10**6), cut=True), stream=True, cap=50, more=", retry: { max_attempts: 5 }")
    yield "A1", "usage of a cut stream is a floor", r.cost() == ("overrun", "11") and bool(r.call["response_hash"]) and len(r.calls) <= 2, (r.cost(), len(r.calls), r.code)

    def line(text, finish=None, **more):
        return json.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **more})

    lines = "application/x-ndjson"
    cut_lines = line("The answer is NOT ", usage=dict(prompt_tokens=10, completion_tokens=1)) + "\n" + line("safe", usage=dict(prompt_tokens=10, completion_tokens=10**6))
    for streams in (True, False):
        r = run((200, lines, cut_lines[:-4], True), stream=streams, more=", retry: { max_attempts: 1 }")
        yield "W9", f"an answer in lines that is cut is no success (stream {streams})", r.code != 0 and r.call["state"] == "estimated" and "NOT safe" in r.prompts, (r.code, r.cost())
        r = run((200, lines, line("Delete ") + '\n{"error":{"message":"overloaded","code":529}}\nbye\n', False), stream=streams, more=", retry: { max_attempts: 1 }")
        yield "W9", f"the error between two lines is heard (stream {streams})", r.code != 0 and "overloaded" in (r.call.get("failure") or {}).get("message", ""), (r.code, r.call.get("failure"))

    huge = dict(prompt_tokens=10**6, completion_tokens=10**6)
    joined = "data: " + json.dumps({"choices": [], "usage": huge})
    for what, answer, streams in (
        ("in a stream of single newlines that is cut", stream(piece("paid")[:-1], usage(**huge)[:-1], piece("three")[:-20], cut=True), True),
        ("behind a bad line", stream(piece("paid")[:-1], "data: {bad\n", piece("two", "stop")[:-1], usage(**huge)), True),
        ("with a comma too many", (200, "application/json", whole(huge)[2].replace("}}", "},}"), False), False),
        ("in a list", (200, "application/json", "[" + whole(huge)[2] + "]", False), False),
        ("joined to [DONE]", stream(piece("paid", "stop"), joined, DONE), True),
        ("behind a blank", stream(piece("paid", "stop"), " " + joined + "\n\n", DONE), True),
        ("told again as less", (200, "application/json", whole(huge)[2][:-1] + ',"usage":{"prompt_tokens":10,"completion_tokens":5}}', False), False),
        ("in another choice", (200, "application/json", json.dumps({"choices": [json.loads(whole()[2])["choices"][0], {"index": 1, "usage": huge}], "usage": dict(prompt_tokens=10, completion_tokens=5)}), False), False),
        ("as texts", whole(dict(prompt_tokens="1000000", completion_tokens="1000000")), False),
        ("with a 500", (500, "text/event-stream", "".join(piece("y" * 200) for _ in range(40)) + usage(**huge) + DONE, False), True),
    ):
        r = run(answer, stream=streams, cap=50, more=", retry: { max_attempts: 1 }")
        yield "W6", f"counts {what} are a floor", r.cost() == ("overrun", "11"), (r.cost(), r.notes(), r.code)

    long = "y" * 1_000_000
    for what, answer, streams in (
        ("behind [DONE]", stream(piece("x", "stop"), DONE, piece(long)), True), ("in another content", (200, "application/json", whole(text="A")[2].replace('"content": "A"', '"content": "%s", "content": "hi"' % long), False), False),
        ("in a sealed part", whole(message={"content": [{"type": "redacted_thinking", "data": long}, {"type": "text", "text": "hi"}]}), False), ("in a tool's input", whole(message={"content": "hi", "tool_calls": [{"type": "custom", "custom": {"name": "f", "input": long}}]}), False),
        ("beside the choices", whole(output_text=long), False), ("in tags of nobody's", (200, "text/plain", "<x>" + long, False), False), ("with a 500", (500, "application/json", whole(text=long)[2], False), False),
        ("with a 302", (302, "application/json", whole(text=long)[2], False), False),
    ):
        r = run(answer, stream=streams, cap=50, more=", retry: { max_attempts: 1 }")
        yield "A1", f"a megabyte {what} is not free", r.call["state"] == "overrun" and float(r.call["cost_usd"]) > 2.3, (r.cost(), r.notes(), r.code)

    r = run(stream(piece("QQ").replace("QQ", "\\ud83d"), piece("QQ").replace("QQ", "\\ude00", 1), piece(finish="stop"), usage(**GOOD), DONE), stream=True)
    yield "W10", "the halves of a character are joined", "\U0001F600" in r.prompts and "\ufffd" not in r.prompts, r.prompts[-200:]

    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    r = run((200, "application/json", '{"choices":[{"message":{"content":"x"}}],"y":[' + "1," * 30_000_000 + "1]}", False))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    yield "A18", "60 MB of JSON are bounded and named", r.code != 0 and "longer than" in r.err and memory < 400_000, (r.code, f"{memory // 1024} MB, {before // 1024} before", r.err[-160:])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    agentctl, wanted, wrong = os.path.abspath(sys.argv[1]), sys.argv[2:], 0
    for case, what, is_right, found in cases(agentctl):
        if wanted and case not in wanted:
            continue
        wrong += not is_right
        print(f"{'ok   ' if is_right else 'WRONG'} {case:4} {what}" + ("" if is_right else f": {found}"), flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
