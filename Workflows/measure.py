#!/usr/bin/env python3
"""What the gates of Workflows/ come to on their labelled items, beside each of the models alone: `make gates`.

Every item is asked of each model alone and of the cascade, in batches of agentctl, in a ledger of their own (.agentctl/gates.db, made anew). What an answer
is, right or wrong, is the outcome that the workflow itself recorded. Costs are by the tokens (.agentctl.tokens.yaml). Python 3 standard library.
"""

import argparse
import decimal
import json
import os
import subprocess
import sys
import time

# Each with the models of its tiers.
FLOWS = {"expense-extraction": ["mid", "frontier"], "question-answering": ["mid", "frontier"], "code-fix": ["small", "mid", "frontier"]}
SINGLES = ["small", "mid", "frontier"]
NAMES = {"small": "135M", "mid": "0.5B", "frontier": "1.5B"}
LEDGER = ".agentctl/gates.db"
COMMON = ["--config", ".agentctl.tokens.yaml", "--ledger", LEDGER]


def batch(agentctl, file, items, *options):
    command = [agentctl, "run", file, "--batch", items, "--max-parallel", "2", *options, *COMMON]
    print("$ " + " ".join(command), file=sys.stderr)
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    print(f"  exit code {done.returncode}, {len(results)} results in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return results


def figures(agentctl, name, results):
    """Of what became of the runs, as the ledger has it."""
    right = accepted = climbed = wrongly = 0
    cost = decimal.Decimal(0)
    for result in results:
        cost += decimal.Decimal(result.get("known_usd") or 0) + decimal.Decimal(result.get("estimated_usd") or 0)
        shown = json.loads(subprocess.run([agentctl, "show", result["run"], "--json", *COMMON], stdout=subprocess.PIPE, text=True, check=True).stdout)
        run = shown.get("run", shown)
        isRight = run.get("outcome") == "right"
        right += isRight
        outputs = result.get("outputs") or {}
        if "tier" in outputs:
            climbed += outputs["tier"] == "large"
            accepted += outputs["accepted"]
            wrongly += outputs["accepted"] and not isRight
    failed = sum(result["status"] != "succeeded" for result in results)
    return {"name": name, "items": len(results), "right": right, "failed": failed, "cost": cost, "climbed": climbed, "accepted": accepted, "wrongly": wrongly}


def row(found, is_gate):
    per = "" if not found["right"] else f"${found['cost'] / found['right']:.7f}"
    ways = f"{found['climbed']} of {found['items']}" if is_gate else ""
    wrongly = f"{found['wrongly']} of {found['accepted']}" if is_gate else ""
    return f"| {found['name']} | {found['right']} of {found['items']} | ${found['cost']:.6f} | {per} | {ways} | {wrongly} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("agentctl", nargs="?", default=".build/release/agentctl")
    parser.add_argument("--items", default="labelled", help="labelled, or tuning: those on which prompts and thresholds were chosen (labelled)")
    parser.add_argument("--only", action="append", choices=list(FLOWS))
    arguments = parser.parse_args()
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for end in ("", "-wal", "-shm"):
        if os.path.exists(LEDGER + end):
            os.remove(LEDGER + end)
    for flow in arguments.only or FLOWS:
        items = f"Workflows/{flow}/items/{arguments.items}.jsonl"
        rows = []
        for model in SINGLES:
            results = batch(arguments.agentctl, f"Workflows/{flow}/single.yaml", items, "--model", f"only=local/{model}")
            rows.append(row(figures(arguments.agentctl, f"{NAMES[model]} alone", results), False))
        results = batch(arguments.agentctl, f"Workflows/{flow}.yaml", items)
        rows.append(row(figures(arguments.agentctl, ", then ".join(NAMES[model] for model in FLOWS[flow]), results), True))
        print(f"\n**{flow}**\n\n| | right | cost | a right answer | ended with the 1.5B | wrong of those accepted |\n|---|---|---|---|---|---|")
        print("\n".join(rows), flush=True)


if __name__ == "__main__":
    main()
