"""`gate simulate` against computations of its own: a count in closed form, and another program for the rules of a gate.

    gates.py AGENTCTL [--rows N] [--seed N]       rows that are made here
    gates.py AGENTCTL --recorded FILE ...         the four kinds of gates on recorded answers of a folder of yours

A row of recorded answers is described in Docs/Escalation.md. Every figure is compared to the last digit: amounts are decimals here and whole numbers of
10⁻¹² dollars there.
"""

import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
from decimal import ROUND_HALF_EVEN, Decimal

PICO = Decimal("0.000000000001")


# A gate's rules in Python, for gates of one check: the answer of a tier is taken if its check passes, or if it is the last one.


def amount(value):
    return Decimal(0) if value is None else Decimal(str(value))


class Gate:
    """Of tiers in order, with a function `check(row, tier, asked)` -> (passed, cost)."""

    def __init__(self, tiers, check, looks_at_last):
        self.tiers, self.check, self.looks_at_last = tiers, check, looks_at_last

    def run(self, rows):
        total = {"rows": 0, "correct": 0, "cost": Decimal(0), "escalated": 0, "exhausted": 0, "undecided": 0, "accepted": dict.fromkeys(self.tiers, 0)}
        singles = {tier: [0, Decimal(0)] for tier in self.tiers}
        first, further = Decimal(0), Decimal(0)
        for row in rows:
            if any(row["tiers"].get(tier) is None for tier in self.tiers):
                continue
            total["rows"] += 1
            for tier in self.tiers:
                singles[tier][0] += bool(row["tiers"][tier]["correct"])
                singles[tier][1] += amount(row["tiers"][tier].get("cost_usd"))
            asked, taken = set(), None
            for place, tier in enumerate(self.tiers):
                answer = row["tiers"][tier]
                cost = amount(answer.get("cost_usd"))
                is_last = place == len(self.tiers) - 1
                passed = None
                if not is_last or self.looks_at_last:
                    passed, paid = self.check(row, tier, asked)
                    cost += paid
                total["cost"] += cost
                if place:
                    further += cost
                else:
                    first += cost
                taken = tier
                if passed:
                    total["accepted"][tier] += 1
                    break
                if is_last:
                    total["undecided" if passed is None else "exhausted"] += 1
            total["escalated"] += taken != self.tiers[0]
            total["correct"] += bool(row["tiers"][taken]["correct"])
        return total, singles, first, further


def text(value):
    """An amount as agentctl writes it."""
    shown = format(value.quantize(PICO), "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def expected(gate, rows):
    total, singles, first, further = gate.run(rows)
    n = total["rows"]

    def figures(correct, cost):
        return {
            "accuracy": correct / n, "correct": correct, "cost_usd": text(cost),
            "per_correct_usd": text((cost / correct).quantize(PICO, ROUND_HALF_EVEN)) if correct else None,
        }

    result = {"rows": n, "escalated": total["escalated"], "escalation_rate": total["escalated"] / n, "exhausted": total["exhausted"], "undecided": total["undecided"]}
    result.update(figures(total["correct"], total["cost"]))
    result["accepted_by"] = total["accepted"]
    result["singles"] = {tier: figures(*pair) for tier, pair in singles.items()}
    return result


def compare(name, said, wanted, path=""):
    wrong = 0
    for key, value in wanted.items():
        if isinstance(value, dict):
            wrong += compare(name, said.get(key, {}), value, f"{path}{key}.")
        elif said.get(key) != value:
            print(f"{name}: {path}{key} is {said.get(key)!r}, and should be {value!r}")
            wrong += 1
    return wrong


# The workflow of a gate.


def simulate(agentctl, folder, models, escalate, rows_file, names, extra=""):
    with open(os.path.join(folder, "agentctl.yaml"), "w") as file:
        file.write('version: 1\nproviders: { made: { api: openai-chat, base_url: "http://127.0.0.1:9/v1" } }\n')
    with open(os.path.join(folder, "gate.yaml"), "w") as file:
        declared = "".join(f"  {name}: {{ use: made/{name} }}\n" for name in models)
        file.write(f"version: 1\nname: gate\nmodels:\n{declared}steps:\n  - id: answer\n    prompt: Which?\n{extra}    escalate: {escalate}\n")
        file.write('  - { id: taken, value: "steps.answer.accepted" }\n')
    flags = [flag for pair in names.items() for flag in ("--tier", "=".join(pair))]
    done = subprocess.run(
        [agentctl, "gate", "simulate", rows_file, "--step", "gate.yaml#answer", "--json", *flags], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"agentctl gate simulate ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)


def logprob(bound, key="logprob_min"):
    return lambda row, tier, asked: (row["tiers"][tier]["signals"][key] >= bound, Decimal(0))


def agreement(helper):
    def check(row, tier, asked):
        other = row["tiers"][helper]
        paid = Decimal(0) if helper in asked else amount(other.get("cost_usd"))
        asked.add(helper)
        mine = row["tiers"][tier].get("output")
        return mine is not None and mine == other.get("output"), paid

    return check


def recorded(name, bound):
    def check(row, tier, asked):
        found = row["tiers"][tier]["checks"][name]
        return found["score"] >= bound, amount(found.get("cost_usd"))

    return check


SCORE = "{ type: object, required: [score], properties: { score: { type: number } } }"


def made_rows(count, seed):
    """Rows in which the closed form is known: the residues of the row's number say what each tier does."""
    chance = random.Random(seed)
    for number in range(count):
        tiers = {}
        for place, tier in enumerate(("small", "middle", "large")):
            letter = chance.choice("ABC")
            lowest = -chance.randrange(0, 3000) / 1000
            tiers[tier] = {
                "output": letter, "correct": chance.random() < (0.6, 0.75, 0.9)[place], "cost_usd": str(Decimal(chance.randrange(1, 10**9) * 10**place) * PICO),
                "signals": {"logprob_min": lowest, "logprob_mean": lowest / 2, "logprob_p10": lowest},
                "checks": {"judge": {"score": chance.randrange(0, 101) / 100, "cost_usd": str(Decimal(chance.randrange(1, 10**8)) * PICO)}},
            }
        yield {"id": str(number), "group": "made", "tiers": tiers}


def closed_rows(count):
    """The small tier is sure in 7 of 10 rows and right in those, the large one is right in 19 of 20."""
    for number in range(count):
        sure = number % 10 < 7
        yield {
            "id": str(number), "tiers": {
                "small": {"output": "A", "correct": sure, "cost_usd": "0.000001", "signals": {"logprob_min": -0.1 if sure else -2.0, "logprob_mean": -0.1, "logprob_p10": -0.1}},
                "large": {"output": "B", "correct": number % 20 != 19, "cost_usd": "0.0001", "signals": {"logprob_min": -0.01, "logprob_mean": -0.01, "logprob_p10": -0.01}},
            }
        }


def write(folder, rows):
    path = os.path.join(folder, "rows.jsonl.gz")
    with gzip.open(path, "wt") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
    return path


def check_made(agentctl, count, seed):
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, closed_rows(count))
        said = simulate(agentctl, folder, ["small", "large"], "{ tiers: [small, large], checks: { sure: { logprob: { of: answer, min_lowest: -1 } } } }", path, {})
        n, up = Decimal(count), count // 10 * 3
        wrong += compare("closed form", said, {
            "rows": count, "escalated": up, "escalation_rate": up / count, "exhausted": 0, "accepted_by": {"small": count - up, "large": up},
            "correct": count - up + up - count // 20, "cost_usd": text(n * Decimal("0.000001") + up * Decimal("0.0001")),
            "singles": {"small": {"correct": count - up, "cost_usd": text(n * Decimal("0.000001"))}, "large": {"correct": count - count // 20, "cost_usd": text(n * Decimal("0.0001"))}},
        })
        # (0.0001 - 0.000001) / 0.0001
        if abs(said["break_even_rate"] - 0.99) > 1e-9:
            print(f"closed form: the break-even rate is {said['break_even_rate']}, and should be 0.99")
            wrong += 1
        rows = list(made_rows(count, seed))
        path = write(folder, rows)
        tiers = ["small", "middle", "large"]
        gates = [
            ("logprob", "{ sure: { logprob: { of: answer, min_lowest: -0.5 } } }", Gate(tiers, logprob(-0.5), True)),
            ("mean", "{ sure: { logprob: { of: answer, min_mean: -0.5 } } }", Gate(tiers, logprob(-0.5, "logprob_mean"), True)),
            ("agree", "{ same: { agree: { model: middle } } }", Gate(["small", "large"], agreement("middle"), True)),
            ("judge", f"{{ judge: {{ model: small, prompt: right?, output: {{ schema: {SCORE} }}, min: 0.7 }} }}", Gate(tiers, recorded("judge", 0.7), True)),
        ]
        for name, checks, gate in gates:
            said = simulate(agentctl, folder, tiers, f"{{ tiers: [{', '.join(gate.tiers)}], checks: {checks} }}", path, {})
            wrong += compare(name, said, expected(gate, rows))
    return wrong


def check_recorded(agentctl, files):
    kinds = {
        "mmlu": [
            (["llama3_1_8b", "llama3_1_405b"], "{ sure: { logprob: { of: answer, min_lowest: -0.5 } } }", lambda: logprob(-0.5), []),
            (["gpt_4o_mini", "gpt_4o"], "{ sure: { logprob: { of: answer, min_lowest: -0.05 } } }", lambda: logprob(-0.05), []),
        ],
        "tool_calls": [
            (["gpt_4o_mini_2024_07_18", "claude_3_5_sonnet_20240620"], "{ same: { agree: { model: helper } } }", lambda: agreement("claude_3_haiku_20240307"), ["claude_3_haiku_20240307"]),
        ],
        "triviaqa": [
            (["llama3_1_8b", "llama3_1_405b"], f"{{ self: {{ model: t0, prompt: sure?, output: {{ schema: {SCORE} }}, min: -0.1 }} }}", lambda: recorded("self", -0.1), []),
        ],
    }
    wrong = 0
    for path in files:
        rows = [json.loads(line) for line in gzip.open(path, "rt")]
        for tiers, checks, check, helpers in kinds.get(os.path.basename(path).split(".")[0], []):
            names = {f"t{place}": tier for place, tier in enumerate(tiers)}
            if helpers:
                names["helper"] = helpers[0]
            with tempfile.TemporaryDirectory() as folder:
                said = simulate(agentctl, folder, list(names), f"{{ tiers: [{', '.join(list(names)[:len(tiers)])}], checks: {checks} }}", os.path.abspath(path), names)
            back = {ours: theirs for ours, theirs in names.items()}
            for key in ("accepted_by", "singles"):
                said[key] = {back[tier]: value for tier, value in said[key].items()}
            name = f"{os.path.basename(path)} {' -> '.join(tiers)}"
            wrong += compare(name, said, expected(Gate(tiers, check(), True), rows))
            print(f"{name}: {said['rows']} rows, {said['correct']} right, ${said['cost_usd']}, {said['escalated']} escalated")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("agentctl")
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recorded", nargs="+", metavar="FILE")
    options = parser.parse_args()
    agentctl = os.path.abspath(options.agentctl)
    wrong = check_recorded(agentctl, options.recorded) if options.recorded else check_made(agentctl, options.rows, options.seed)
    if not options.recorded:
        print(f"5 gates over {options.rows} rows: {wrong} figures are otherwise")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
