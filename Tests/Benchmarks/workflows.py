#!/usr/bin/env python3
"""Writes a large workflow to stdout: workflows.py SHAPE STEPS

chain   each step reads the one before, behind a condition
fan     each step reads the first; the last reads a hundred
nested  groups inside of groups, ten deep
prompts as chain, with a prompt of 3 KB in each step up to 8 MiB, the most that a file may have
"""
import sys

shape, count = sys.argv[1], int(sys.argv[2])
out = ["version: 1", "name: large", "description: Made for a benchmark.", "owner: { engineering: platform }",
       "inputs: { ticket: { type: object, required: [subject], properties: { subject: { type: string } } } }",
       "models: { small: { use: local/small }, large: { use: local/large } }",
       "defaults: { model: small, timeout: 45s, retry: { max_attempts: 2 } }",
       "prefixes: { policy: { text: \"" + "Be polite, be brief, and promise nothing. " * 20 + "\" } }", "steps:"]
schema = "{ schema: { type: object, required: [category], properties: { category: { enum: [billing, other] }, docs: { type: array, items: { type: string } } } } }"


def step(indent, index, source, prompt):
    pad = " " * indent
    out.append(f"{pad}- id: s{index}")
    if source is not None:
        out.append(f"{pad}  when: has(steps.s{source}.output) && steps.s{source}.output.category == 'billing' && size(steps.s{source}.output.docs) > 2")
    out.append(f"{pad}  prefix: policy")
    out.append(f"{pad}  prompt: |")
    out.extend(f"{pad}    {line}" for line in prompt.split("\n"))
    out.append(f"{pad}  output: {schema}")
    out.append(f"{pad}  limits: {{ max_input_tokens: 4000, max_output_tokens: 120 }}")


def read(source):
    return "About ${{ inputs.ticket.subject }}" + (f", given ${{{{ steps.s{source}.output.category }}}}." if source is not None else ".")


if shape in ("chain", "prompts"):
    lines = min(36, 6_500_000 // count // 86 - 5) if shape == "prompts" else 0
    text = "\n".join("Line %d of a long prompt that tells the model what to do and what to leave alone." % i for i in range(lines))
    for i in range(count):
        step(2, i, i - 1 if i else None, read(i - 1 if i else None) + ("\n" + text if text else ""))
elif shape == "fan":
    for i in range(count - 1):
        step(2, i, 0 if i else None, read(0 if i else None))
    step(2, count - 1, 0, "\n".join(read(i) for i in range(1, min(count - 1, 100))))
elif shape == "nested":
    index = 0
    # Half of the steps are groups.
    while 2 * index < count:
        for depth in range(10):
            out.append(" " * (2 + 4 * depth) + f"- id: g{index}_{depth}")
            out.append(" " * (4 + 4 * depth) + "steps:")
        for i in range(10):
            step(42, index, index - 1 if i else None, read(index - 1 if i else None))
            index += 1
else:
    sys.exit(__doc__)
out.append("outputs: { all: \"${{ steps.map(id, id) }}\" }")
print("\n".join(out))
