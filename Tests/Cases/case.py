"""What the cases share: a server that answers as it is told, a project folder, and the program in it."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

CASES = []


def case(name, what, long=False):
    """Registers a function that takes a `Case` and checks one thing or a few."""

    def register(body):
        CASES.append((name, what, long, body))
        return body

    return register


class Wrong(Exception):
    pass


class Skip(Exception):
    """What the machine does not allow to be tried."""


class Server(http.server.ThreadingHTTPServer):
    """Answers each completion with `answer(request)`: a `(status, headers, body)`, or a text, the content of a whole answer. `asked` keeps the
    requests: `number` from 1, `path`, `headers`, `json`, and `text`, the last message."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.asked, self.lock = answer, [], threading.Lock()
        # What is not answered until the case is over.
        self.closing = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, address):
        pass

    def stop(self):
        self.closing.set()
        self.shutdown()
        self.server_close()

    def wait(self, count, seconds=30):
        """Until it was asked so often."""
        end = time.monotonic() + seconds
        while len(self.asked) < count:
            if time.monotonic() > end:
                raise Wrong(f"{len(self.asked)} requests came within {seconds} s, {count} were awaited")
            time.sleep(0.01)


class Request:
    def __init__(self, number, path, headers, body):
        self.number, self.path, self.headers = number, path, headers
        self.json = json.loads(body)
        content = self.json["messages"][-1]["content"]
        self.text = content if isinstance(content, str) else json.dumps(content)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.reply(200, {"content-type": "application/json"}, b'{"data":[]}')

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with self.server.lock:
            request = Request(len(self.server.asked) + 1, self.path, self.headers, body)
            self.server.asked.append(request)
        answer = self.server.answer(request)
        if answer is SILENCE:
            self.server.closing.wait()
            self.close_connection = True
            return
        self.reply(*(whole(answer, model=request.json["model"]) if isinstance(answer, str) else answer))

    def reply(self, status, headers, body):
        body = body.encode() if isinstance(body, str) else body
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


SILENCE = object()
JSON = {"content-type": "application/json"}


def whole(text="an answer", finish="stop", model="m", usage=True, status=200, headers=None):
    document = {"model": model, "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}]}
    if usage:
        document["usage"] = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15} if usage is True else usage
    return status, {**JSON, **(headers or {})}, json.dumps(document)


def failure(status, message, headers=None, **more):
    return status, {**JSON, **(headers or {})}, json.dumps({"error": {"message": message, **more}})


class Finished:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}; out: {self.out[-300:]!r}; err: {self.err[-500:]!r}"


class Case:
    """A folder, a server, and the program. What it starts ends with it."""

    def __init__(self, program):
        self.program = program
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="agentctl-case-"))
        self.servers, self.processes = [], []

    def close(self):
        for process in self.processes:
            self.end(process)
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self, holds, found=""):
        if not holds:
            raise Wrong(str(found))

    def server(self, answer="an answer"):
        server = Server(answer if callable(answer) else lambda _: answer)
        self.servers.append(server)
        return server

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def project(self, answer="an answer", provider="", more=""):
        """A project whose provider `s` is the server; $1 in, $10 out a million tokens."""
        server = self.server(answer)
        extra = f", {provider}" if provider else ""
        self.write("agentctl.yaml", f"""version: 1
providers:
  s: {{ api: openai-chat, base_url: "http://127.0.0.1:{server.server_port}/v1"{extra} }}
prices:
  - {{ model: "s/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10, cache_read_per_mtok_usd: 0.1, cache_write_per_mtok_usd: 1.25 }}
{more}
""")
        return server

    def workflow(self, steps, top="", name="w.yaml", model="s/m", limits="{ max_input_tokens: 2000, max_output_tokens: 64 }"):
        self.write(name, f"""version: 1
name: {name.split('.')[0]}
models: {{ m: {{ use: {model} }} }}
defaults: {{ model: m, timeout: 10m, limits: {limits} }}
{top}
steps:
{steps}
""")

    def environment(self, more=None):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AGENTCTL_") and not key.endswith("_API_KEY")}
        return {**kept, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **(more or {})}

    def run(self, *arguments, env=None, stdin=None, timeout=120, folder=None, prefix=()):
        began = time.monotonic()
        process = self.start(*arguments, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, folder=folder, prefix=prefix)
        try:
            out, err = process.communicate((stdin or "").encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            self.end(process)
            raise Wrong(f"{' '.join(arguments)} did not end within {timeout} s")
        return Finished(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"), time.monotonic() - began)

    def start(self, *arguments, env=None, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, folder=None, prefix=()):
        process = subprocess.Popen(
            [*prefix, self.program, *arguments], cwd=folder or self.folder, env=self.environment(env), stdin=stdin, stdout=stdout, stderr=stderr,
            start_new_session=True)
        self.processes.append(process)
        return process

    def end(self, process):
        """With all that it started in its session, such as the program behind `unshare`."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def show(self, run="last"):
        return self.run("show", run, "--json").json

    def ledger(self):
        """All that the ledger's files hold."""
        return b"".join(path.read_bytes() for path in sorted((self.folder / ".agentctl").glob("ledger.db*")))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def is_alive(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
