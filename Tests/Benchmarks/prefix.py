#!/usr/bin/env python3
"""What keeping requests with one beginning together is worth on a real llama.cpp server: a fan-out of 8 over a document of 2,000 tokens.

usage: prefix.py AGENTCTL [--model small|mid|frontier] [--slots 1,2,4]

Each run has a server of its own that has seen nothing. It prints what the server processed of the prompts, the least that it could have with
its slots (the document once a slot in use, and what is an item's own), and the times to the first token. It judges nothing.
"""
import argparse
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
ITEMS = 8

parser = argparse.ArgumentParser()
parser.add_argument("agentctl")
parser.add_argument("--model", default="small")
parser.add_argument("--slots", default="1,2,4")
arguments = parser.parse_args()

document = " ".join(f"Article {n}: the tenant of house {n} pays the rent on day {n % 28 + 1} of each month." for n in range(1, 95))
for slots in [int(text) for text in arguments.slots.split(",")]:
    for caching in ["off", "{ marks: auto, warm_up: auto }"]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "agentctl.yaml").write_text(f"""version: 1
ledger: ledger.db
providers:
  local:
    api: openai-chat
    pricing: {{ machine_hour_usd: 0.10 }}
    dialect: {{ count_tokens: llama.cpp, stream: true }}
    models:
      m:
        id: bench
        cache: {{ slots: {slots} }}
        base_url: "http://127.0.0.1:${{{{ port }}}}/v1"
        serve:
          command: [{PROJECT}/.venv/bin/python, {PROJECT}/Plugins/local-models/serve.py, --port, "${{{{ port }}}}", --model, {arguments.model}, --slots, "{slots}", --ctx, "{slots * 4096}"]
          ready: /health
          start_timeout: 120s
""")
            (root / "w.yaml").write_text(f"""version: 1
name: fan-out
models: {{ m: {{ use: local/m, temperature: 0 }} }}
defaults: {{ model: m, timeout: 600s, limits: {{ max_output_tokens: 24, on_truncation: keep }} }}
prefix_cache: {caching}
prefixes: {{ document: {{ text: "{document}" }} }}
steps:
  - {{ id: ask, prefix: document, for_each: {{ items: "[{', '.join(str(n * 9 + 4) for n in range(ITEMS))}]" }}, prompt: "On which day does the tenant of house ${{{{ item }}}} pay?" }}
outputs: {{ all: "${{{{ steps.ask.output }}}}" }}
""")
            run = subprocess.run([arguments.agentctl, "run", "w.yaml", "--quiet"], cwd=root, capture_output=True, text=True)
            if run.returncode != 0:
                sys.exit(f"the run failed: {run.stderr}")
            rows = sqlite3.connect(root / "ledger.db").execute(
                "SELECT input_tokens, coalesce(cache_read_tokens, 0), ttft_ms, total_ms, started_at, ended_at FROM model_call ORDER BY started_at").fetchall()
            prompt = rows[0][0]
            own = min(read for _, read, *_ in rows if read) if any(read for _, read, *_ in rows) else None
            processed = sum(tokens - read for tokens, read, *_ in rows)
            # What an item has of its own: the whole prompt without the document, as a read of it leaves it.
            rest = prompt - max(read for _, read, *_ in rows) if own else 0
            least = min(slots, ITEMS) * (prompt - rest) + ITEMS * rest
            seconds = (max(row[5] for row in rows) - min(row[4] for row in rows)) / 1e6
            word = "off" if caching == "off" else "on "
            print(
                f"prefix:     {slots} slots, planner {word}: {processed} of {sum(row[0] for row in rows)} prompt tokens processed"
                + (f", {processed / least:.2f} of the least with all slots, {processed / (prompt + (ITEMS - 1) * rest):.2f} of the least with one" if own else "")
                + f"; first token after {statistics.median(row[2] or row[3] for row in rows)} ms in the middle; all in {seconds:.1f} s")
