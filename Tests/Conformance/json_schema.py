#!/usr/bin/env python3
"""Runs the public JSON Schema test suite through `agentctl try schema`.

    python3 Tests/Conformance/json_schema.py SUITE AGENTCTL [--draft draft2020-12] [--jobs N]

SUITE is a checkout of the JSON Schema Test Suite, or the folder `json` of the source package of `jsonschema`
(`pip download jsonschema --no-deps --no-binary :all:`). Every required case of the draft is run; the optional ones are
not. Prints the pass rate of each file, every failure, and every case that was skipped with its reason. Exits with 1 when
a case failed.

agentctl does not follow references to other documents, by design: a case whose schema is refused for that reason is
skipped. Everything else that is refused counts as a failure.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# The words of the refusal, and why the case is skipped then.
REFUSALS = {
    "remote references are not followed": "refers to a remote document",
    "references to other documents are not followed": "refers to another document",
    "$schema must be https://json-schema.org/draft/2020-12/schema": "declares a dialect of its own",
}


def run_case(agentctl, folder, number, schema, instance):
    """The verdict of agentctl: True, False, or the text of what it refused."""
    schema_file = pathlib.Path(folder, f"{number}-schema.json")
    instance_file = pathlib.Path(folder, f"{number}-instance.json")
    schema_file.write_text(json.dumps(schema), encoding="utf-8")
    instance_file.write_text(json.dumps(instance), encoding="utf-8")
    result = subprocess.run(
        [agentctl, "try", "schema", str(schema_file), str(instance_file), "--json"],
        capture_output=True, encoding="utf-8", env={**os.environ, "NO_COLOR": "1"}, check=False)
    schema_file.unlink()
    instance_file.unlink()
    if result.returncode not in (0, 1):
        return result.stderr.strip() or f"exit code {result.returncode}"
    answer = json.loads(result.stdout)
    if answer["valid"] != (result.returncode == 0) or answer["valid"] == bool(answer["errors"]):
        return f"exit code {result.returncode} does not go with {result.stdout.strip()}"
    return answer["valid"]


def cases(suite, draft):
    for folder in (suite / "tests" / draft, suite / draft):
        if folder.is_dir():
            break
    else:
        sys.exit(f"there is no {draft} in {suite}: give the folder that holds tests/{draft}")
    for file in sorted(folder.glob("*.json")):
        for group in json.loads(file.read_text(encoding="utf-8")):
            for test in group["tests"]:
                yield file.stem, f"{group['description']}: {test['description']}", group["schema"], test["data"], test["valid"]


def main():
    parser = argparse.ArgumentParser(description="Runs the public JSON Schema test suite through `agentctl try schema`.")
    parser.add_argument("suite", type=pathlib.Path, help="the folder that holds tests/draft2020-12")
    parser.add_argument("agentctl", help="the program")
    parser.add_argument("--draft", default="draft2020-12")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    passed, total = collections.Counter(), collections.Counter()
    failures, skipped = [], []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        work = [
            (file, name, valid, pool.submit(run_case, options.agentctl, folder, number, schema, data))
            for number, (file, name, schema, data, valid) in enumerate(cases(options.suite, options.draft))
        ]
        for file, name, valid, future in work:
            verdict = future.result()
            total[file] += 1
            if verdict is valid:
                passed[file] += 1
            elif isinstance(verdict, str):
                reason = next((why for words, why in REFUSALS.items() if words in verdict), None)
                if reason:
                    skipped.append((file, name, reason))
                else:
                    failures.append((file, name, f"refused: {verdict}"))
            else:
                failures.append((file, name, f"expected {'valid' if valid else 'invalid'}, found {'valid' if verdict else 'invalid'}"))

    skips = collections.Counter(file for file, _, _ in skipped)
    for file in sorted(total):
        counted = total[file] - skips[file]
        rate = f"{100 * passed[file] / counted:5.1f} %" if counted else "    –  "
        print(f"{rate}  {passed[file]:4} of {counted:4}  {file}" + (f"  ({skips[file]} skipped)" if skips[file] else ""))
    for file, name, reason in skipped:
        print(f"skipped  {file}: {name}: {reason}")
    for file, name, reason in failures:
        print(f"FAILED   {file}: {name}: {reason}")
    print(f"{sum(passed.values())} passed, {len(failures)} failed, {len(skipped)} skipped")
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
