#!/usr/bin/env python3
"""Holds what a program sends and reads against the vendors' own clients.

    python3 Tests/Conformance/wire.py [AGENTCTL]

A server on loopback takes the program's requests at the paths of three APIs. Each body has to be of the parameter types of the vendor's client, with no
key that they do not have at any level (`strict.py`), and a check of that check refuses 200 requests with one fault each. The answers are objects of the clients'
response types, whole and in the events of a stream: every reason to stop, refusals, thinking, tool calls, counters of caches, errors. Requests that count
tokens are held against the types of the counting endpoints. So are the requests that
`RecordedRequestTests` records under `Tests/Fixtures`, among them those with marks for prompt caches. What the program makes of them stands in the cases below. A line for each kind of case, and for each thing that is wrong; exits with 1 where one is.

Needs the packages `anthropic` and `openai` in the releases that the Makefile names. AGENTCTL is .build/debug/agentctl unless it is named.
"""

import base64
import concurrent.futures
import http.server
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import typing

sys.path.insert(0, str(pathlib.Path(__file__).parent))
try:
    import anthropic.types as a
    import openai.types as o
    import openai.types.chat as c
    import openai.types.responses as r
    from anthropic.types import message_count_tokens_params, message_create_params
    from anthropic.types.raw_message_delta_event import Delta
    from openai.types.chat import completion_create_params
    from openai.types.responses import input_token_count_params, response_create_params
    from openai.types.responses.input_token_count_response import InputTokenCountResponse
except ImportError as error:
    sys.exit(f"wire.py: {error}: pip install anthropic openai, in the releases that the Makefile names")
from strict import Strict

PATHS = {"/v1/messages": "anthropic", "/v1/responses": "openai-responses", "/v1/chat/completions": "openai-chat"}
COUNT_PATHS = {"/v1/messages/count_tokens": "anthropic, counted", "/v1/responses/input_tokens": "openai, counted"}
ADAPTERS = {
    "anthropic": Strict("anthropic").adapter(message_create_params.MessageCreateParams),
    "openai-responses": Strict("responses").adapter(response_create_params.ResponseCreateParams),
    "openai-chat": Strict("chat").adapter(completion_create_params.CompletionCreateParams),
    "anthropic, counted": Strict("counts").adapter(message_count_tokens_params.MessageCountTokensParams),
    "openai, counted": Strict("input counts").adapter(input_token_count_params.InputTokenCountParams),
}
KEY = "sk-canary-0123456789abcdefXYZ"


def exact(model):
    """The JSON of an object of a client's types, which must have no field that they do not know."""
    again = type(model).model_validate(json.loads(model.model_dump_json(by_alias=True)), strict=False)

    def look(value):
        if hasattr(value, "model_extra"):
            assert not value.model_extra, f"{type(value).__name__} does not know {list(value.model_extra)}"
            for field in type(value).model_fields:
                look(getattr(value, field))
        elif isinstance(value, (list, tuple)):
            for one in value:
                look(one)

    look(again)
    return json.loads(model.model_dump_json(by_alias=True))


# Answers: what a model is said to have written, in the form of each API.


class Said:
    """What an answer says, whatever the API."""

    def __init__(self, text="an answer", stop=None, thinking=None, sealed=None, call=None, refusal=None, read=0, written=0):
        self.text, self.stop, self.thinking, self.sealed, self.call = text, stop, thinking, sealed, call
        self.refusal, self.read, self.written = refusal, read, written

    plain, output, reasoned = 1000, 100, 20

    @property
    def prompt(self):
        return self.plain + self.read + self.written

    @property
    def cost(self):
        """In picodollars, at $1 input, $10 output, $0.10 read, $1.25 written a million."""
        return self.plain * 1_000_000 + self.read * 100_000 + self.written * 1_250_000 + self.output * 10_000_000


def blocks(said, request):
    if said.thinking:
        yield a.ThinkingBlock(type="thinking", thinking=said.thinking, signature="c2lnbmF0dXJl")
    if said.sealed:
        yield a.RedactedThinkingBlock(type="redacted_thinking", data=said.sealed)
    tools = request.get("tools")
    if tools:
        yield a.ToolUseBlock(type="tool_use", id="toolu_1", name=tools[0]["name"], input=json.loads(said.text))
    elif said.text:
        yield a.TextBlock(type="text", text=said.text)
    if said.call:
        yield a.ToolUseBlock(type="tool_use", id="toolu_2", name=said.call, input={"a": [1, "é"]})


def message(said, request):
    stop = said.stop or ("tool_use" if request.get("tools") or said.call else "end_turn")
    details = a.RefusalStopDetails(type="refusal", category="cyber", explanation=said.refusal) if said.refusal else None
    usage = a.Usage(
        input_tokens=said.plain, output_tokens=said.output, cache_read_input_tokens=said.read, cache_creation_input_tokens=said.written,
        cache_creation=a.CacheCreation(ephemeral_5m_input_tokens=said.written, ephemeral_1h_input_tokens=0), service_tier="standard",
        output_tokens_details=a.OutputTokensDetails(thinking_tokens=said.reasoned if said.thinking else 0))
    return a.Message(
        id="msg_1", type="message", role="assistant", model=request["model"], content=list(blocks(said, request)), stop_reason=stop, stop_details=details,
        stop_sequence="END" if stop == "stop_sequence" else None, usage=usage)


def message_events(said, request):
    whole = message(said, request)
    begun = whole.model_copy(update={"content": [], "stop_reason": None, "stop_details": None, "stop_sequence": None, "usage": whole.usage.model_copy(update={"output_tokens": 1})})
    yield a.RawMessageStartEvent(type="message_start", message=begun)
    for index, block in enumerate(whole.content):
        empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}.get(block.type, {})
        yield a.RawContentBlockStartEvent(type="content_block_start", index=index, content_block=block.model_copy(update=empty))
        deltas = []
        if block.type == "text":
            deltas = [a.TextDelta(type="text_delta", text=piece) for piece in (block.text[:3], block.text[3:])]
        elif block.type == "thinking":
            deltas = [a.ThinkingDelta(type="thinking_delta", thinking=block.thinking), a.SignatureDelta(type="signature_delta", signature=block.signature)]
        elif block.type == "tool_use":
            text = json.dumps(block.input)
            deltas = [a.InputJSONDelta(type="input_json_delta", partial_json=piece) for piece in ("", text[:5], text[5:])]
        for delta in deltas:
            yield a.RawContentBlockDeltaEvent(type="content_block_delta", index=index, delta=delta)
        yield a.RawContentBlockStopEvent(type="content_block_stop", index=index)
    usage = a.MessageDeltaUsage(
        input_tokens=whole.usage.input_tokens, output_tokens=whole.usage.output_tokens, cache_read_input_tokens=whole.usage.cache_read_input_tokens,
        cache_creation_input_tokens=whole.usage.cache_creation_input_tokens, output_tokens_details=whole.usage.output_tokens_details)
    yield a.RawMessageDeltaEvent(
        type="message_delta", delta=Delta(stop_reason=whole.stop_reason, stop_sequence=whole.stop_sequence, stop_details=whole.stop_details), usage=usage)
    yield a.RawMessageStopEvent(type="message_stop")


def items(said):
    if said.thinking or said.sealed:
        summary = [r.response_reasoning_item.Summary(type="summary_text", text=said.thinking)] if said.thinking else []
        yield r.ResponseReasoningItem(type="reasoning", id="rs_1", summary=summary, encrypted_content=said.sealed, status="completed")
    if said.refusal:
        parts = [r.ResponseOutputRefusal(type="refusal", refusal=said.refusal)]
    else:
        parts = [r.ResponseOutputText(type="output_text", text=said.text, annotations=[], logprobs=[])]
    if said.text or said.refusal:
        yield r.ResponseOutputMessage(type="message", id="msg_1", role="assistant", status="completed", content=parts)
    if said.call:
        yield r.ResponseFunctionToolCall(type="function_call", id="fc_1", call_id="call_1", name=said.call, arguments='{"a": [1, "é"]}', status="completed")


def response(said, request, status=None, error=None):
    reason = said.stop if said.stop in typing.get_args(typing.get_args(r.response.IncompleteDetails.model_fields["reason"].annotation)[0]) else None
    usage = r.ResponseUsage(
        input_tokens=said.prompt, input_tokens_details=dict(cached_tokens=said.read, cache_write_tokens=said.written), output_tokens=said.output,
        output_tokens_details=dict(reasoning_tokens=said.reasoned if said.thinking else 0), total_tokens=said.prompt + said.output)
    return r.Response(
        id="resp_1", object="response", created_at=1.0, model=request["model"], status=status or ("incomplete" if reason else "completed"), error=error,
        incomplete_details=dict(reason=reason) if reason else None, instructions=request.get("instructions"), output=list(items(said)), parallel_tool_calls=True, tool_choice="auto",
        tools=[], max_output_tokens=request.get("max_output_tokens"), usage=usage)


def response_events(said, request, status=None, error=None):
    whole = response(said, request, status, error)
    begun = whole.model_copy(update={"output": [], "status": "in_progress", "usage": None, "incomplete_details": None, "error": None})
    number = iter(range(10_000))
    yield r.ResponseCreatedEvent(type="response.created", sequence_number=next(number), response=begun)
    yield r.ResponseInProgressEvent(type="response.in_progress", sequence_number=next(number), response=begun)
    for index, item in enumerate(whole.output):
        at = dict(output_index=index)
        empty = {"message": {"content": [], "status": "in_progress"}, "reasoning": {"summary": [], "encrypted_content": None}, "function_call": {"arguments": "", "status": "in_progress"}}[item.type]
        yield r.ResponseOutputItemAddedEvent(type="response.output_item.added", sequence_number=next(number), item=item.model_copy(update=empty), **at)
        at["item_id"] = item.id
        if item.type == "reasoning":
            for place, part in enumerate(item.summary):
                more = dict(**at, summary_index=place)
                yield r.ResponseReasoningSummaryPartAddedEvent(type="response.reasoning_summary_part.added", sequence_number=next(number), part=dict(type="summary_text", text=""), **more)
                yield r.ResponseReasoningSummaryTextDeltaEvent(type="response.reasoning_summary_text.delta", sequence_number=next(number), delta=part.text, **more)
                yield r.ResponseReasoningSummaryTextDoneEvent(type="response.reasoning_summary_text.done", sequence_number=next(number), text=part.text, **more)
                yield r.ResponseReasoningSummaryPartDoneEvent(type="response.reasoning_summary_part.done", sequence_number=next(number), part=dict(type="summary_text", text=part.text), **more)
        elif item.type == "message":
            for place, part in enumerate(item.content):
                more = dict(**at, content_index=place)
                text = part.text if part.type == "output_text" else part.refusal
                empty = {"text": ""} if part.type == "output_text" else {"refusal": ""}
                yield r.ResponseContentPartAddedEvent(type="response.content_part.added", sequence_number=next(number), part=part.model_copy(update=empty), **more)
                for piece in (text[:3], text[3:]):
                    if part.type == "output_text":
                        yield r.ResponseTextDeltaEvent(type="response.output_text.delta", sequence_number=next(number), delta=piece, logprobs=[], **more)
                    else:
                        yield r.ResponseRefusalDeltaEvent(type="response.refusal.delta", sequence_number=next(number), delta=piece, **more)
                if part.type == "output_text":
                    yield r.ResponseTextDoneEvent(type="response.output_text.done", sequence_number=next(number), text=text, logprobs=[], **more)
                else:
                    yield r.ResponseRefusalDoneEvent(type="response.refusal.done", sequence_number=next(number), refusal=text, **more)
                yield r.ResponseContentPartDoneEvent(type="response.content_part.done", sequence_number=next(number), part=part, **more)
        else:
            for piece in (item.arguments[:4], item.arguments[4:]):
                yield r.ResponseFunctionCallArgumentsDeltaEvent(type="response.function_call_arguments.delta", sequence_number=next(number), delta=piece, **at)
            yield r.ResponseFunctionCallArgumentsDoneEvent(
                type="response.function_call_arguments.done", sequence_number=next(number), arguments=item.arguments, **at)
        yield r.ResponseOutputItemDoneEvent(type="response.output_item.done", sequence_number=next(number), output_index=index, item=item)
    last = {"completed": r.ResponseCompletedEvent, "incomplete": r.ResponseIncompleteEvent, "failed": r.ResponseFailedEvent}[whole.status]
    yield last(type=f"response.{whole.status}", sequence_number=next(number), response=whole)


def completion(said, request):
    calls = [c.ChatCompletionMessageFunctionToolCall(id="call_1", type="function", function=dict(name=said.call, arguments='{"a": [1, "é"]}'))] if said.call else None
    usage = o.CompletionUsage(
        prompt_tokens=said.prompt, completion_tokens=said.output, total_tokens=said.prompt + said.output,
        prompt_tokens_details=dict(cached_tokens=said.read, cache_write_tokens=said.written), completion_tokens_details=dict(reasoning_tokens=0))
    choice = c.chat_completion.Choice(
        index=0, finish_reason=said.stop or ("tool_calls" if said.call else "stop"), logprobs=None,
        message=c.ChatCompletionMessage(role="assistant", content=None if said.refusal else said.text, refusal=said.refusal, tool_calls=calls))
    return c.ChatCompletion(id="chatcmpl-1", object="chat.completion", created=1, model=request["model"], choices=[choice], usage=usage)


def completion_events(said, request):
    whole = completion(said, request)

    def chunk(delta=None, finish=None, usage=None):
        choices = [] if usage else [dict(index=0, delta=delta or {}, finish_reason=finish)]
        return c.ChatCompletionChunk(id="chatcmpl-1", object="chat.completion.chunk", created=1, model=request["model"], choices=choices, usage=usage)

    yield chunk(dict(role="assistant", content=""))
    text = said.refusal or said.text or ""
    for piece in (text[:3], text[3:]):
        yield chunk(dict(refusal=piece) if said.refusal else dict(content=piece))
    if said.call:
        yield chunk(dict(tool_calls=[dict(index=0, id="call_1", type="function", function=dict(name=said.call, arguments=""))]))
        yield chunk(dict(tool_calls=[dict(index=0, function=dict(arguments='{"a": [1, "é"]}'))]))
    yield chunk(finish=whole.choices[0].finish_reason)
    if request.get("stream_options", {}).get("include_usage"):
        yield chunk(usage=whole.usage)


WHOLE = {"anthropic": message, "openai-responses": response, "openai-chat": completion}
EVENTS = {"anthropic": message_events, "openai-responses": response_events, "openai-chat": completion_events}


def stream(api, events):
    lines = []
    for number, event in enumerate(events):
        document = exact(event)
        name = f"event: {document['type']}\n" if api != "openai-chat" else ""
        lines.append(f"{name}data: {json.dumps(document)}\n\n")
        if api == "anthropic" and number == 0:
            lines.append('event: ping\ndata: {"type": "ping"}\n\n')
    if api == "openai-chat":
        lines.append("data: [DONE]\n\n")
    return lines


def answer(api, said, request):
    if request.get("stream"):
        return 200, "text/event-stream", "".join(stream(api, EVENTS[api](said, request)))
    return 200, "application/json", json.dumps(exact(WHOLE[api](said, request)))


def refusal(api, status, kind, text):
    """An error's body as the vendor sends it."""
    if api == "anthropic":
        body = exact(a.ErrorResponse(type="error", error=dict(type=kind, message=text), request_id="req_1"))
    else:
        body = {"error": {"message": text, "type": kind, "param": None, "code": kind}}
    return status, "application/json", json.dumps(body)


# The program and its server.


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.plans, self.asked, self.wrong, self.lock = {}, [], [], threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        api = PATHS.get(self.path) or COUNT_PATHS.get(self.path)
        problems = self.problems(api, body)
        with self.server.lock:
            self.server.asked.append((api, body))
            self.server.wrong += [f"{api}, {body.get('model')}: {problem}" for problem in problems]
        if self.path in COUNT_PATHS:
            count = a.MessageTokensCount(input_tokens=1) if api.startswith("anthropic") else InputTokenCountResponse(input_tokens=1, object="response.input_tokens")
            status, kind, data = 200, "application/json", json.dumps(exact(count))
        else:
            status, kind, data = self.server.plans[body["model"]](body)
        data = data.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.send_header("request-id", "req_1")
        self.end_headers()
        self.wfile.write(data)

    def problems(self, api, body):
        if api is None:
            return [f"nothing stands at {self.path}"]
        found = []
        try:
            ADAPTERS[api].validate_python(body)
        except Exception as error:
            found.append(f"not of the client's types: {' '.join(str(error).split())[:400]} in {json.dumps(body)[:400]}")
        is_messages = api.startswith("anthropic")
        key = self.headers.get("x-api-key") if is_messages else self.headers.get("authorization")
        if key != (KEY if is_messages else f"Bearer {KEY}"):
            found.append(f"the key came as {key}")
        if is_messages and self.headers.get("anthropic-version") != anthropic._constants.ANTHROPIC_API_VERSION:
            found.append(f"version {self.headers.get('anthropic-version')}, the client's is {anthropic._constants.ANTHROPIC_API_VERSION}")
        return found


PROJECT = """version: 1
providers:
  p: {{ api: {api}, base_url: "http://127.0.0.1:{port}/v1", api_key: {{ env: WIRE_KEY }}, dialect: {{ images: true, files: true, count_tokens: api{dialect} }} }}
prices:
  - {{ model: "p/*", input_per_mtok_usd: 1, output_per_mtok_usd: 10, cache_read_per_mtok_usd: 0.1, cache_write_per_mtok_usd: 1.25 }}
"""
WORKFLOW = """version: 1
name: w
budget: {{ max_cost_usd: {cap} }}
models: {{ m: {{ use: "p/{model}", stream: {stream}{settings} }} }}
steps:
  - id: a
    model: m
    limits: {{ max_output_tokens: 4000 }}
    timeout: 60s
    retry: {{ max_attempts: 1 }}
{step}
"""
STRICT = '{ type: object, properties: { a: { type: string } }, required: [a], additionalProperties: false }'
LOOSE = '{ type: object, properties: { a: { type: string, minLength: 1 } }, required: [a] }'
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

PROMPT = "    prompt: hello"
MESSAGES = """    messages:
      - { role: system, content: "You are 'terse'." }
      - { role: user, content: "one" }
      - { role: assistant, content: "two" }
      - { role: user, content: "three é \\U0001F388" }"""
ATTACHED = """    prompt: look
    attach:
      - { image: one.png, max_tokens: 2000 }
      - { file: two.pdf, max_tokens: 2000 }"""


class Run:
    """One run of the program against one answer."""

    # At the prices above and the cap on output, no prompt fits the smaller one by its bytes, and each does by a count.
    CAPS = {False: 1, True: 0.04005}

    def __init__(self, program, server, api, name, plan, is_streaming, settings="", step=PROMPT, dialect="", is_counted=False):
        self.name = f"{api}, {name}, {'counted' if is_counted else 'streamed' if is_streaming else 'whole'}"
        model = f"{api}-{name}-{is_streaming}-{is_counted}".replace(" ", "_")
        server.plans[model] = plan
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "agentctl.yaml").write_text(PROJECT.format(api=api, port=server.server_port, dialect=dialect))
            (folder / "w.yaml").write_text(WORKFLOW.format(model=model, stream=str(is_streaming).lower(), settings=settings, step=step, cap=self.CAPS[is_counted]))
            (folder / "one.png").write_bytes(PNG)
            (folder / "two.pdf").write_bytes(PDF)

            def run(*words):
                return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, env={"PATH": "/usr/bin:/bin", "WIRE_KEY": KEY})

            ran = run("run", "w.yaml")
            self.code, self.out, self.err = ran.returncode, ran.stdout, ran.stderr
            shown = run("show", "last", "--json")
            self.shown = shown.stdout
            self.calls = json.loads(shown.stdout).get("calls", []) if shown.returncode == 0 else []
            self.prompts = run("show", "last", "--prompts").stdout
        self.counts = [call for call in self.calls if call.get("purpose") == "count"]
        self.call = ([call for call in self.calls if call.get("purpose") != "count"] or [{}])[0]
        self.is_counted = is_counted
        self.failure = (self.call.get("failure") or {}).get("kind")

    def check(self, **expected):
        """What of it is not as it has to be."""
        wrong = []
        for name, value in expected.items():
            if name == "says":
                found = value if value in self.err + self.prompts else "nothing of it"
            elif name == "cost":
                found = round(float(self.call.get("cost_usd") or -1) * 1e12)
            elif name in ("code", "failure"):
                found = getattr(self, name)
            else:
                found = self.call.get(name)
            if found != value:
                wrong.append(f"{self.name}: {name} is {found!r} and has to be {value!r}; {self.err[-300:]!r}")
        if [call.get("state") for call in self.counts] != (["void"] if self.is_counted else []) or any(call.get("failure") for call in self.counts):
            wrong.append(f"{self.name}: its counts are {self.counts}; {self.err[-300:]!r}")
        if KEY in self.out + self.err + self.shown + self.prompts:
            wrong.append(f"{self.name}: the key is shown")
        return wrong


STOPS = {
    "anthropic": {
        "end_turn": "stop", "max_tokens": "length", "stop_sequence": "stop", "tool_use": "tool_calls", "pause_turn": "stop", "refusal": "content_filter",
        "model_context_window_exceeded": "length",
    },
    "openai-responses": {None: "stop", "max_output_tokens": "length", "content_filter": "content_filter", "max_messages": "max_messages", "steered": "steered"},
    "openai-chat": {"stop": "stop", "length": "length", "tool_calls": "tool_calls", "content_filter": "content_filter", "function_call": "tool_calls"},
}


def cases():
    """Yields (api, kind, name, plan, settings, step, dialect, expected)."""

    def case(api, kind, name, said, settings="", step=PROMPT, dialect="", **expected):
        plan = said if callable(said) else lambda request, said=said, api=api: answer(api, said, request)
        return api, kind, name, plan, settings, step, dialect, expected

    for api in WHOLE:
        is_chat, is_messages = api == "openai-chat", api == "anthropic"
        said = Said()
        good = dict(code=0, failure=None, state="settled", cost=said.cost)
        yield case(api, "requests", "least", said, says="an answer", **good)
        stop = "" if api == "openai-responses" else ', stop: ["END", "X"]'
        yield case(api, "requests", "settings", said, f", temperature: 0.5, top_p: 0.9, seed: 7{stop}, reasoning: low", says="an answer" if is_chat else "not sent", **good)
        if not is_messages:
            yield case(api, "requests", "log-probabilities", said, ", logprobs: true", **good)
        yield case(api, "requests", "messages", said, step=MESSAGES, **good)
        yield case(api, "requests", "attachments", said, step=ATTACHED, **good)
        for name, schema in (("strict schema", STRICT), ("loose schema", LOOSE)):
            yield case(api, "requests", name, Said(text='{"a": "b"}'), step=f"{PROMPT}\n    output: {{ schema: {schema} }}", **good)
        for word in ("json_object", "none"):
            yield case(api, "requests", f"{word} for a schema", Said(text='{"a": "b"}'), step=f"{PROMPT}\n    output: {{ schema: {STRICT} }}", dialect=f", structured_output: {word}", **good)
        if is_messages:
            for effort in ("none", "max", "2048"):
                yield case(api, "requests", f"thinking {effort}", said, f", reasoning: {effort}", **good)
            yield case(api, "requests", "a tool while it thinks", Said(text='{"a": "b"}'), ", reasoning: high", step=f"{PROMPT}\n    output: {{ schema: {LOOSE} }}", **good)
            yield case(api, "requests", "an old version", lambda request: refusal("anthropic", 400, "invalid_request_error", "anthropic-version: not a valid version"), failure="bad_request", says="api_version")

        cached = Said(read=600, written=200)
        yield case(api, "usage", "caches", cached, code=0, state="settled", cost=cached.cost, cache_read_tokens=600, cache_write_tokens=200)
        yield case(api, "parts", "a tool call", Said(call="sum"), finish_reason="tool_calls", state="settled", cost=said.cost)
        if not is_chat:
            thought = Said(thinking="Let me see.", sealed="c2VhbGVk")
            yield case(api, "parts", "thinking", thought, code=0, state="settled", cost=thought.cost, reasoning_tokens=20)
        declined = Said(refusal="I will not.", stop="refusal" if is_messages else None)
        yield case(api, "parts", "a refusal", declined, failure="refusal", state="settled", cost=declined.cost, says="I will not.")
        for word, reason in STOPS[api].items():
            yield case(api, "reasons to stop", str(word), Said(stop=word), state="settled", cost=said.cost, finish_reason=reason)

    errors = [
        (400, "invalid_request_error", "bad_request"), (401, "authentication_error", "authentication"), (402, "billing_error", "quota"), (403, "permission_error", "authentication"),
        (404, "not_found_error", "model_not_found"), (429, "rate_limit_error", "rate_limit"), (500, "api_error", "server_error"), (504, "timeout_error", "timeout"),
        (529, "overloaded_error", "server_error"),
    ]
    for status, kind, failure in errors:
        text = f"no {KEY} here"
        yield case("anthropic", "errors", kind, lambda request, s=status, k=kind, t=text: refusal("anthropic", s, k, t), failure=failure, says="***")
    for status, kind, failure in [
        (401, "invalid_api_key", "authentication"), (404, "model_not_found", "model_not_found"), (429, "rate_limit_exceeded", "rate_limit"), (429, "insufficient_quota", "quota"),
        (400, "context_length_exceeded", "context_length"), (500, "server_error", "server_error"),
    ]:
        for api in ("openai-responses", "openai-chat"):
            yield case(api, "errors", kind, lambda request, s=status, k=kind, api=api: refusal(api, s, k, f"no {KEY} here"), failure=failure, says="***")
    codes = typing.get_args(r.ResponseError.model_fields["code"].annotation)
    for code in codes:
        failure = "rate_limit" if code == "rate_limit_exceeded" else "server_error" if code in ("server_error", "vector_store_timeout", "data_residency_mismatch") else "refusal" if "policy" in code else "bad_request"

        def failed(request, code=code):
            error = r.ResponseError(code=code, message="it went wrong")
            if request.get("stream"):
                return 200, "text/event-stream", "".join(stream("openai-responses", response_events(Said(text="half"), request, "failed", error)))
            return 200, "application/json", json.dumps(exact(response(Said(text=""), request, "failed", error)))

        yield case("openai-responses", "errors", f"failed by {code}", failed, failure=failure, says="it went wrong")


def unfinished(api):
    """Streams that end too early, at each of their events, and with an error in the place of the rest."""

    def cut(request, count):
        return 200, "text/event-stream", "".join(stream(api, EVENTS[api](Said(), request))[:count])

    def broken(request, count):
        lines = stream(api, EVENTS[api](Said(), request))[:count]
        if api == "anthropic":
            document = exact(a.ErrorResponse(type="error", error=dict(type="overloaded_error", message="Overloaded"), request_id=None))
        else:
            document = exact(r.ResponseErrorEvent(type="error", code="server_error", message="Overloaded", param=None, sequence_number=99))
        return 200, "text/event-stream", "".join(lines) + f"event: error\ndata: {json.dumps(document)}\n\n"

    count = len(stream(api, EVENTS[api](Said(), {"model": "m"})))
    for length in range(1, count):
        yield f"cut after {length} events", lambda request, length=length: cut(request, length), None
    for length in (1, count // 2, count - 2):
        yield f"an error after {length} events", lambda request, length=length: broken(request, length), "Overloaded"


def recorded():
    """The bodies that tests record, with the name of their API, but for those of an older version of it."""
    for path in sorted((pathlib.Path(__file__).parent.parent / "Fixtures").glob("*/*.http")):
        head, body = path.read_bytes().split(b"\r\n\r\n", 1)
        if b"anthropic-version: 2023-06-01" not in head or path.parent.name != "anthropic":
            yield path.parent.name, path.stem, json.loads(body)


# The check of the check.


def objects(value, path=()):
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            # What a schema says is free.
            if key not in ("schema", "input_schema"):
                yield from objects(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from objects(inner, path + (index,))


def mutated(body, draw):
    """A copy with one fault: a key that nobody knows somewhere, or a value of another type."""
    body = json.loads(json.dumps(body))
    path, place = draw.choice(list(objects(body)))
    if draw.random() < 0.5:
        place[draw.choice(["x_unknown", "temprature", "cacheControl", "max_token"])] = 1
        return body, f"a key at {path}"
    keys = [key for key in place if key not in ("schema", "input_schema", "model")]
    key = draw.choice(keys or ["model"])
    place[key] = {"str": 7.5, "int": "7", "bool": "true", "float": "0.5", "list": 7, "dict": 7, "NoneType": 7.5}[type(place.get(key)).__name__]
    return body, f"a type at {path}.{key}"


def main():
    program = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".build/debug/agentctl").resolve())
    server = Server()
    wrong, tally = [], {}
    every = list(cases())
    known = {"anthropic": typing.get_args(a.StopReason), "openai-chat": typing.get_args(c.chat_completion.Choice.model_fields["finish_reason"].annotation)}
    for api, words in known.items():
        if set(words) != set(STOPS[api]):
            wrong.append(f"{api}: the client's reasons to stop are {sorted(words)}")

    def one(case, is_streaming, is_counted=False):
        api, kind, name, plan, settings, step, dialect, expected = case
        return f"{api}: {'requests that are counted' if is_counted else kind}", Run(program, server, api, name, plan, is_streaming, settings, step, dialect, is_counted).check(**expected)

    def early(api, name, plan, says):
        run = Run(program, server, api, name, plan, True)
        # Without its last event an answer may be whole; its counts are a floor in any case.
        found = run.check(state="estimated", **({"says": says} if says else {}))
        if not float(run.call.get("held_usd") or 0) > 0.03:
            found.append(f"{run.name}: it holds {run.call.get('held_usd')}")
        return f"{api}: streams without their end", found

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(one, case, is_streaming) for case in every for is_streaming in (False, True)]
        waiting += [pool.submit(one, case, True, True) for case in every if case[1] == "requests" and case[-1].get("code") == 0]
        waiting += [pool.submit(early, api, *what) for api in ("anthropic", "openai-responses") for what in unfinished(api)]
        for done in waiting:
            kind, found = done.result()
            tally[kind] = tally.get(kind, 0) + 1
            wrong += found
    wrong += server.wrong
    for api, name, body in recorded():
        tally[f"{api}: recorded requests"] = tally.get(f"{api}: recorded requests", 0) + 1
        try:
            ADAPTERS[api].validate_python(body)
            server.asked.append((api, body))
        except Exception as error:
            wrong.append(f"{api}, recorded {name}: {error}")

    draw, refused = random.Random(13), 0
    for number in range(200):
        api, body = draw.choice(server.asked)
        body, what = mutated(body, draw)
        try:
            ADAPTERS[api].validate_python(body)
            wrong.append(f"the check took {api} with {what}: {json.dumps(body)[:300]}")
        except Exception:
            refused += 1
    tally["requests with a fault, refused"] = refused
    server.shutdown()
    for kind, count in sorted(tally.items()):
        print(f"{count:4} {kind}")
    for line in wrong:
        print(f"WRONG {line}")
    print(f"{len(server.asked)} requests were of the types of anthropic {anthropic.__version__} and openai {__import__('openai').__version__}" if not server.wrong else f"{len(server.wrong)} requests were not")
    return 1 if wrong else 0


if __name__ == "__main__":
    import anthropic._constants

    sys.exit(main())
