#!/usr/bin/env python3
"""Runs the program against real servers on loopback, by each of the three APIs that it speaks.

    python3 Tests/Conformance/live.py [AGENTCTL] [--model GGUF] [--litellm FOLDER/bin/litellm]

llama.cpp's server (the wheel `xllamacpp`, which this Python needs to have) serves the smallest of the local models, and the LiteLLM proxy stands before
it and has mock answers of its own; both want a key and take a port that the kernel gives. Between the program and each of them stands a recorder, which
passes bytes on as they come: what the ledger says of a call is held against the answer that the server sent, read here by itself, and the cost against the
prices of the project to the last pico-dollar. Each case says what has to come of it. What a server does not do stands in LACKS with the reason, and is tried all
the same: where it does it now, that is said and fails, so that the list stays true. A line for each kind of case and each thing that is wrong; exits with 1 where one is.

AGENTCTL is .build/debug/agentctl unless it is named. Without the model or the proxy's package that server is left out, which is said.
"""

import argparse
import collections
import http.client
import http.server
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from decimal import Decimal

ROOT = pathlib.Path(__file__).parent.parent.parent
MODEL = ROOT / ".agentctl/models/smollm2-135m-instruct-q4_1.gguf"
KEY = "sk-live-canary-0123456789abcdefXYZ"
WRONG_KEY = "sk-wrong-canary-9876543210zyxwvuTSR"
APIS = {"openai-chat": "/chat/completions", "openai-responses": "/responses", "anthropic": "/messages"}
PRICES = {"plain": 1_000_000, "read": 100_000, "written": 1_250_000, "output": 10_000_000}  # pico-dollars a token

# (server, API, case): why it does not do what the API promises.
LACKS = {
    ("llama.cpp", "openai-chat", "unknown model"): "it serves one model under any name",
    ("llama.cpp", "openai-responses", "unknown model"): "it serves one model under any name",
    ("llama.cpp", "anthropic", "unknown model"): "it serves one model under any name",
    ("llama.cpp", "anthropic", "schema"): "its messages pass output_config over",
    ("llama.cpp", "openai-responses", "schema"): "its responses pass text.format over",
    ("llama.cpp", "openai-responses", "cut at the cap"): "its responses call an answer that was cut completed",
    ("llama.cpp", "openai-responses", "log-probabilities"): "its responses refuse top_logprobs without a field that the API does not have",
    ("LiteLLM", "openai-responses", "schema"): "it asks llama.cpp by responses, which pass text.format over",
    ("LiteLLM", "openai-responses", "cut at the cap"): "it asks llama.cpp by responses, where a cut answer is completed",
    ("LiteLLM", "openai-responses", "log-probabilities"): "it asks llama.cpp by responses, which refuse top_logprobs",
    ("LiteLLM", "openai-responses", "a mock, streamed"): "a stream of its mock of responses is answered with 500",
    ("LiteLLM", "openai-responses", "a limit of rate"): "its mock of responses knows no refusals",
    ("LiteLLM", "anthropic", "schema"): "it asks llama.cpp by responses for messages, too",
    ("LiteLLM", "anthropic", "cut at the cap"): "it asks llama.cpp by responses for messages, too",
}
# The model may write what fits by chance: these are no failure where the server does it for once.
BY_CHANCE = {"schema"}


# The servers.


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve_llama(model):
    """Never returns: llama.cpp's server at a port of the kernel's, whose address is printed."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {"smollm2-135m"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_parallel, parameters.n_ctx = 2, 4096
    # Its threads wait for each other in a loop: more of them than cores that are free cost seconds a token.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.api_keys = [KEY]
    parameters.verbosity = 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    while True:
        signal.pause()


LITELLM = """model_list:
  - model_name: small
    litellm_params: {{ model: openai/smollm2-135m, api_base: "{llama}/v1", api_key: "{key}", input_cost_per_token: 1e-6, output_cost_per_token: 1e-5 }}
  - model_name: mock
    litellm_params: {{ model: openai/mock, api_key: none, mock_response: '{{"category": "billing"}}' }}
  - model_name: busy
    litellm_params: {{ model: openai/busy, api_key: none, mock_response: "litellm.RateLimitError" }}
litellm_settings: {{ num_retries: 0 }}
router_settings: {{ num_retries: 0 }}
general_settings: {{ master_key: "{key}" }}
"""


class Process:
    """A server that is ended with the script."""

    def __init__(self, words, folder, name, environment=None):
        self.log = folder / f"{name}.log"
        self.name = name
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log.open("wb"), stderr=subprocess.STDOUT, cwd=folder, env={**os.environ, **(environment or {})})

    def wait(self, ready, seconds=180):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            found = ready()
            if found:
                return found
            time.sleep(0.2)
        sys.exit(f"live.py: {self.name} did not start: {self.log.read_text(errors='replace')[-600:]}")

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


# Between the program and a server: passes on and remembers.


class Recorder(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target):
        super().__init__(("127.0.0.1", 0), Passing)
        self.target = target.removeprefix("http://")
        self.taken = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class Passing(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        connection = http.client.HTTPConnection(self.server.target, timeout=300)
        dropped = {"host", "content-length", "connection", "accept-encoding"}
        connection.request("POST", self.path, body, {name: value for name, value in self.headers.items() if name.lower() not in dropped})
        answer = connection.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "server", "date"):
                self.send_header(name, value)
        self.end_headers()
        got = b""
        while piece := answer.read1(65536):
            got += piece
            self.wfile.write(piece)
            self.wfile.flush()
        self.server.taken.append((self.path, json.loads(body), answer.status, got, answer.getheader("x-litellm-response-cost")))
        connection.close()


# What a server said, read from its answer.


def documents(body):
    text = body.decode()
    if text.lstrip().startswith("{"):
        return [json.loads(text)]
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:") and line[5:].strip() != "[DONE]"]


def usage_told(api, body):
    """(plain, read, written, output) in tokens, the last word of each count; `None` where there is none."""
    told = {}
    for document in documents(body):
        inner = document.get("message") if document.get("type") == "message_start" else document.get("response") or document
        told.update({key: value for key, value in ((inner or {}).get("usage") or {}).items() if value is not None})
    if not told:
        return None
    if api == "anthropic":
        return told.get("input_tokens", 0), told.get("cache_read_input_tokens", 0), told.get("cache_creation_input_tokens", 0), told.get("output_tokens", 0)
    prompt, output, details = (
        (told["prompt_tokens"], told["completion_tokens"], told.get("prompt_tokens_details")) if api == "openai-chat" else (told["input_tokens"], told["output_tokens"], told.get("input_tokens_details"))
    )
    read, written = ((details or {}).get(name) or 0 for name in ("cached_tokens", "cache_write_tokens"))
    return prompt - read - written, read, written, output


def cost_told(body):
    """The last cost in dollars that is told in a usage, as it is written; `None` where there is none."""
    told = None
    for document in documents(body):
        cost = ((document.get("response") or document).get("usage") or {}).get("cost")
        told = told if cost is None else repr(cost)
    return told


def text_told(api, body):
    """The text of an answer, and its log-probabilities."""
    text, tokens = "", []
    for document in documents(body):
        if api == "openai-chat":
            for choice in document.get("choices", []):
                text += (choice.get("message") or choice.get("delta") or {}).get("content") or ""
                tokens += (choice.get("logprobs") or {}).get("content") or []
        elif api == "anthropic":
            text += "".join(block.get("text", "") for block in document.get("content") or []) if document.get("type") == "message" else (document.get("delta") or {}).get("text", "")
        elif document.get("object") == "response":
            text += "".join(part.get("text", "") for item in document["output"] for part in item.get("content") or [])
        elif document.get("type") == "response.output_text.delta":
            text += document["delta"]
    return text, tokens


# The cases.

PROJECT = """version: 1
providers:
  p: {{ api: {api}, base_url: "http://127.0.0.1:{port}/v1", api_key: {{ env: LIVE_KEY }}, headers: {{ x-litellm-num-retries: "0" }} }}
prices:
  - {{ model: "p/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10, cache_read_per_mtok_usd: 0.1, cache_write_per_mtok_usd: 1.25 }}
"""
WORKFLOW = """version: 1
name: w
models: {{ m: {{ use: "p/{model}", stream: {stream}{settings} }} }}
steps:
  - id: a
    model: m
    limits: {{ max_output_tokens: {cap} }}
    timeout: 120s
    retry: {{ max_attempts: 1 }}
{step}
"""
SCHEMA = '{ type: object, properties: { category: { enum: [billing, technical] } }, required: [category], additionalProperties: false }'
PROMPT = "    prompt: Say hi."
MESSAGES = """    messages:
      - { role: system, content: "You are terse." }
      - { role: user, content: "one" }
      - { role: assistant, content: "two" }
      - { role: user, content: "three é \\U0001F388" }"""
CLASSIFY = f"""    prompt: "The invoice is wrong. Is it billing or technical? Answer with JSON: {{{{\\"category\\": …}}}}"
    output: {{ schema: {SCHEMA}, repair: 0 }}"""

Case = collections.namedtuple("Case", "name model step settings cap key expected")


def case(name, model, step=PROMPT, settings="", cap=24, key=KEY, **expected):
    return Case(name, model, step, settings, cap, key, expected)


def cases(server, api):
    """Each is run whole and streamed where its name does not say otherwise."""
    good = dict(state="settled", is_read=True)
    real = "smollm2-135m" if server == "llama.cpp" else "small"
    yield case("an answer", real, cap=200, **good)
    yield case("messages", real, MESSAGES, cap=200, **good)
    yield case("schema", real, CLASSIFY, cap=60, code=0, output={"category"}, **good)
    yield case("cut at the cap", real, "    prompt: Write a long story about a ship.", cap=8, finish_reason="length", **good)
    if api != "anthropic":
        yield case("log-probabilities", real, settings=", logprobs: true", cap=200, logprobs=True, **good)
    yield case("wrong key", real, key=WRONG_KEY, failure="authentication", cost_usd="0", says="LIVE_KEY")
    yield case("unknown model", "nobody-has-this", failure="model_not_found", cost_usd="0", says="nobody-has-this")
    if server == "LiteLLM":
        yield case("a mock", "mock", CLASSIFY, cap=4000, code=0, output={"category"}, **good)
        yield case("a limit of rate", "busy", failure="rate_limit", cost_usd="0")


class Run:
    """One run of the program, and what its server sent."""

    def __init__(self, program, recorder, api, case, is_streaming):
        recorder.taken.clear()
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "agentctl.yaml").write_text(PROJECT.format(api=api, port=recorder.server_port))
            (folder / "w.yaml").write_text(WORKFLOW.format(model=case.model, stream=str(is_streaming).lower(), settings=case.settings, cap=case.cap, step=case.step))

            def run(*words):
                return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, env={"PATH": "/usr/bin:/bin", "LIVE_KEY": case.key})

            ran = run("run", "w.yaml")
            self.code, self.out, self.err = ran.returncode, ran.stdout, ran.stderr
            shown = run("show", "last", "--json")
            self.shown = json.loads(shown.stdout) if shown.returncode == 0 else {}
            self.calls = self.shown.get("calls", [])
            printed = run("outputs", "last", "--step", "a")
            self.output = printed.stdout
            everything = [ran.stdout, ran.stderr, shown.stdout, shown.stderr, printed.stdout, printed.stderr]
            everything += [path.read_bytes().decode("latin-1") for path in folder.glob(".agentctl/*")]
            self.blobs = {}
            if (folder / ".agentctl/ledger.db").exists():
                with sqlite3.connect(folder / ".agentctl/ledger.db") as ledger:
                    self.blobs = {content.hex(): data for content, data in ledger.execute("SELECT sha256, bytes FROM blob")}
                ledger.close()
            self.is_leaking = any(key in text for text in everything for key in (KEY, WRONG_KEY))
        self.call = self.calls[0] if self.calls else {}
        self.taken = list(recorder.taken)
        self.told_cost = False

    def wrong_anyway(self, api):
        """What is not as it has to be, whatever the server does."""
        found = ["the key is shown or kept"] if self.is_leaking else []
        return found + (self.wrong_counts(api) + self.wrong_reported() if self.call.get("state") == "settled" else [])

    def wrong_reported(self):
        """What a gateway says that a call cost stands beside ours: in a header, or in the usage of a stream, whose head is sent before it is known."""
        _, body, _, sent, header = self.taken[0] if self.taken else (None, {}, None, b"{}", None)
        kept, told = self.call.get("reported_usd"), cost_told(sent) if body.get("stream") else header
        if told is None:
            return [] if kept is None else [f"the server told no cost, and {kept} is kept"]
        self.told_cost = True
        return [] if kept is not None and abs(Decimal(kept) - Decimal(told)) <= Decimal("1e-12") else [f"the server told a cost of {told}, and {kept} is kept"]

    def wrong(self, api, case, is_streaming):
        """What is not as it has to be."""
        found, expected = self.wrong_anyway(api), dict(case.expected)
        if len(self.taken) != 1 or not self.taken[0][0].endswith(APIS[api]) or bool(self.taken[0][1].get("stream")) != is_streaming:
            found.append(f"asked {[(path, body.get('stream')) for path, body, *_ in self.taken]}")
        says = expected.pop("says", None)
        if says and says not in self.err:
            found.append(f"does not say {says}: {self.err[-400:]!r}")
        fields = expected.pop("output", None)
        if fields is not None:
            try:
                if set(json.loads(self.output)) != fields:
                    found.append(f"its output is {self.output[:200]!r}")
            except ValueError:
                found.append(f"its output is {self.output[:200]!r}")
        # llama.cpp's streams of messages begin without their first event, and the count of the prompt in it, where the first token is half a character.
        if api == "anthropic" and is_streaming and "state" in expected and self.taken and b'"input_tokens"' not in self.taken[0][3]:
            expected["state"] = "estimated"
        wants_tokens = expected.pop("logprobs", False)
        if expected.pop("is_read", False) and self.taken:
            text, tokens = text_told(api, self.taken[0][3])
            kept = json.loads(self.blobs.get(self.call.get("response_hash"), b"null"))
            if not text or kept != text:
                found.append(f"the answer is kept as {kept!r}, and the server sent {text!r}")
            lists = [json.loads(data)["content"] for data in self.blobs.values() if data.startswith(b'{"content":[')]
            if wants_tokens and (not tokens or lists != [tokens]):
                found.append(f"log-probabilities of {[len(one) for one in lists]} tokens are kept, and the server told {len(tokens)}")
        for name, value in expected.items():
            is_value = getattr(self, name) if name == "code" else (self.call.get("failure") or {}).get("kind") if name == "failure" else self.call.get(name)
            if is_value != value:
                found.append(f"{name} is {is_value!r} and has to be {value!r}; {self.err[-400:]!r}")
        return found

    def wrong_counts(self, api):
        told = usage_told(api, self.taken[0][3]) if self.taken else None
        if told is None:
            return [] if self.call.get("cost_usd") == "0" else ["settled, and the server told no usage"]
        plain, read, written, output = told
        ours = [self.call.get(name) or 0 for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")]
        found = [] if ours == [plain + read + written, read, written, output] else [f"counts are {ours}, and the server told {told}"]
        cost = plain * PRICES["plain"] + read * PRICES["read"] + written * PRICES["written"] + output * PRICES["output"]
        text = f"{cost // 10**12}.{cost % 10**12:012}".rstrip("0").rstrip(".")
        if self.call.get("cost_usd") != text:
            found.append(f"the cost is {self.call.get('cost_usd')} and by what the server told {text}")
        return found


def main():
    if sys.argv[1:2] == ["--serve"]:
        serve_llama(sys.argv[2])
    parser = argparse.ArgumentParser(description="Run the program against real servers on loopback.")
    parser.add_argument("agentctl", nargs="?", default=".build/debug/agentctl")
    parser.add_argument("--model", type=pathlib.Path, default=MODEL, help="the model's file (%(default)s)")
    parser.add_argument("--litellm", type=pathlib.Path, default=ROOT / ".venv/litellm/bin/litellm", help="the proxy's program (%(default)s)")
    parser.add_argument("--verbose", action="store_true", help="a line for each run")
    options = parser.parse_args()
    program = str(pathlib.Path(options.agentctl).resolve())
    try:
        import xllamacpp  # noqa: F401
    except ImportError as error:
        sys.exit(f"live.py: {error}: run `make models MODELS=small`, and this with .venv/bin/python")
    if not options.model.is_file():
        sys.exit(f"live.py: {options.model} is missing: run `make models MODELS=small`")

    started, tally, wrong, lacks, told_costs = [], collections.Counter(), [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        try:
            llama = Process([sys.executable, str(pathlib.Path(__file__).resolve()), "--serve", str(options.model.resolve())], folder, "llama.cpp")
            started.append(llama)
            address = llama.wait(lambda: next((line for line in llama.log.read_text(errors="replace").splitlines() if line.startswith("http://")), None))
            servers = {"llama.cpp": address}
            if options.litellm.is_file():
                port = free_port()
                (folder / "litellm.yaml").write_text(LITELLM.format(llama=address, key=KEY))
                words = [str(options.litellm.absolute()), "--config", "litellm.yaml", "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
                proxy = Process(words, folder, "LiteLLM", {"LITELLM_LOCAL_MODEL_COST_MAP": "True"})
                started.append(proxy)
                servers["LiteLLM"] = f"http://127.0.0.1:{port}"
                proxy.wait(lambda: answers(f"http://127.0.0.1:{port}/health/liveliness"))
            else:
                print(f"live.py: {options.litellm} is not there, so LiteLLM is left out; `make live` installs it.")
            for server, address in servers.items():
                recorder = Recorder(address)
                for api in APIS:
                    for one in cases(server, api):
                        for is_streaming in (False, True):
                            begun = time.monotonic()
                            run = Run(program, recorder, api, one, is_streaming)
                            found = run.wrong(api, one, is_streaming)
                            told_costs += run.told_cost
                            names = [one.name, f"{one.name}, {'streamed' if is_streaming else 'whole'}"]
                            reason = next((LACKS[server, api, name] for name in names if (server, api, name) in LACKS), None)
                            line = f"{server}, {api}, {names[1]}"
                            if options.verbose:
                                print(f"{time.monotonic() - begun:5.1f} s {line}: {found or 'as it has to be'}", flush=True)
                            if reason and found:
                                lacks.append(f"{line}: {reason}")
                                found = run.wrong_anyway(api)
                            elif reason and one.name not in BY_CHANCE:
                                found = [f"does now what LACKS says it does not: {reason}"]
                            else:
                                tally[f"{server}, {api}"] += not found
                            wrong += [f"{line}: {what}" for what in found]
                recorder.shutdown()
        finally:
            for process in reversed(started):
                process.end()
    for kind, count in tally.items():
        print(f"{count:4} {kind}")
    print(f"{told_costs:4} costs that a gateway told")
    if "LiteLLM" in servers and not told_costs:
        wrong.append("LiteLLM told no cost")
    for line in lacks:
        print(f"LACKS {line}")
    for line in wrong:
        print(f"WRONG {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
