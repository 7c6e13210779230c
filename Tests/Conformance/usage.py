#!/usr/bin/env python3
"""Compares the table of usage objects with what another reader makes of them.

    python3 Tests/Conformance/usage.py [TABLE]

TABLE is `usage.json` beside this file, whose counts agentctl's tests hold its own reader to. The other reader is `extract_usage` of the
package `genai-prices` (`pip install genai-prices`), which has no word for counts that cannot be true: rows that are final here, in a style
that it knows, are compared by input, cached, written, output and reasoning tokens. A row that says `genai_differs` has to differ, and
why is printed. Exits with 1 where a row is not as the table says, also without the package.
"""

import collections
import json
import pathlib
import sys

try:
    from genai_prices.data import providers
except ImportError:
    sys.exit("usage.py: the package genai-prices is not here: pip install genai-prices")

FIELDS = {
    "input": "input_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "output": "output_tokens",
    "reasoning": "output_reasoning_tokens",
}


def document(chunk):
    """A whole answer with the usage of a chunk; Groq's streams have it in an object of their own."""
    return {"model": "any", "modelVersion": "any", **(chunk["x_groq"] if "x_groq" in chunk else chunk)}


def other_reading(row, name, flavor):
    """What the other reader makes of the row's last chunk, or why it makes nothing."""
    provider = next(provider for provider in providers if provider.id == name)
    try:
        _, usage = provider.extract_usage(document(row["chunks"][-1]), api_flavor=flavor)
    except Exception as error:  # It has no one type for what it refuses.
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return {name: getattr(usage, field, None) or 0 for name, field in FIELDS.items()}


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("usage.json")
    table = json.loads(path.read_text())
    tally = collections.Counter()
    reasons = collections.Counter()
    for row in table["rows"]:
        if row["style"] not in table["genai"] or row["verdict"] != "final":
            tally["not compared: " + ("mixed styles" if row["verdict"] == "final" else "no final count")] += 1
            continue
        # Missing is not zero to us, and is to it.
        ours = {name: row["counts"].get(name, 0) for name in FIELDS}
        theirs = other_reading(row, *table["genai"][row["style"]])
        expected = "genai_differs" not in row
        if (ours == theirs) == expected:
            tally["the same" if expected else "other, as the table says"] += 1
            if not expected:
                reasons[row["genai_differs"]] += 1
        else:
            tally["WRONG"] += 1
            print(f"{row['style']}, {row['object']}: the table says {ours}, the other reader {theirs}")
    for what, count in sorted(tally.items()):
        print(f"{count:4} {what}")
    for reason, count in reasons.most_common():
        print(f"{count:4}   {reason}")
    return 1 if tally["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
