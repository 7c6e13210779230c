#!/usr/bin/env python3
"""Serve one local model on 127.0.0.1 with llama.cpp's own HTTP server (the xllamacpp wheel).

usage: serve.py --port N --model small|mid|frontier [--slots 4] [--ctx 16384] [--threads N] [--models-dir DIR]

GET /health answers 200 once the model is loaded; /v1/chat/completions speaks the OpenAI wire format.
SIGTERM and SIGINT end it: at once while the model loads, with exit code 0 once it serves.
"""
import argparse
import os
import pathlib
import signal
import sys
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
MODELS = {      # size -> (the name under which the server offers it, its file)
    "small": ("smollm2-135m", "smollm2-135m-instruct-q4_1.gguf"),
    "mid": ("qwen2.5-coder-0.5b", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
    "frontier": ("qwen2.5-coder-1.5b", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
}


def usable_cores():
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def main():
    parser = argparse.ArgumentParser(description="Serve one local model on 127.0.0.1.")
    parser.add_argument("--port", type=positive, required=True, help="the port to listen on")
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--slots", type=positive, default=4, help="requests served at the same time (%(default)s)")
    parser.add_argument("--ctx", type=positive, default=16384,
                        help="context in tokens, shared evenly by the slots (%(default)s)")
    parser.add_argument("--threads", type=positive, default=usable_cores(), help="default: the usable cores")
    parser.add_argument("--models-dir", type=pathlib.Path, default=PROJECT / ".agentctl" / "models",
                        help="where fetch_models.py put the files (%(default)s)")
    options = parser.parse_args()

    alias, name = MODELS[options.model]
    path = options.models_dir / name
    if not path.is_file():
        sys.exit(f"serve: {path} is missing; run `make models MODELS={options.model}` to fetch it.")
    try:
        import xllamacpp
    except ImportError as error:
        sys.exit(f"serve: The xllamacpp package cannot be loaded ({error}); run `make models`, and start this "
                 "script with .venv/bin/python.")

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.model_alias = {alias}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = options.port
    parameters.n_parallel = options.slots
    parameters.n_ctx = options.ctx
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = options.threads
    parameters.n_threads_http = 16
    parameters.cache_prompt = True          # the server reuses the common prefix of one request and the next
    parameters.cache_ram_mib = 1024
    parameters.endpoint_metrics = parameters.endpoint_slots = True
    parameters.warmup = True
    parameters.verbosity = 1

    # The constructor returns only when the model is loaded, and no Python handler would run before that.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    started = time.monotonic()
    try:
        server = xllamacpp.Server(parameters)
    except Exception as error:  # what the wheel raises is not documented
        sys.exit(f"serve: {alias} could not be served on port {options.port} ({error}); is the port free, and "
                 f"does `make models MODELS={options.model}` say that the file is verified?")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    print(f"serve: {alias} at {server.listening_address}/v1, {options.slots} slots of "
          f"{options.ctx // options.slots} tokens, loaded in {time.monotonic() - started:.1f} s", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
