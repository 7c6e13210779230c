"""Runs the cases side by side; see run.sh."""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import threading
import traceback

import case
import attacks  # noqa: F401  (each registers its cases)
import language  # noqa: F401
import money  # noqa: F401
import runs  # noqa: F401
import screens  # noqa: F401

LOCK = threading.Lock()
COUNTS = {"ok": 0, "WRONG": 0, "skipped": 0}


def tell(name, verdict, what):
    with LOCK:
        COUNTS[verdict] += 1
        print(f"{name} {verdict} {' '.join(what.split())[:700]}", flush=True)


def replay(program, name, what, body):
    context = case.Case(program)
    try:
        body(context)
        tell(name, "ok", what)
    except case.Skip as reason:
        tell(name, "skipped", f"{what}: {reason}")
    except case.Wrong as found:
        tell(name, "WRONG", f"{what}: {found}")
    except Exception:
        tell(name, "WRONG", f"{what}: {traceback.format_exc(limit=-2)}")
    finally:
        context.close()


def wire(program, names):
    """What servers send has a program of its own, a line for each thing it tries."""
    here = os.path.dirname(os.path.abspath(__file__))
    wanted = [name for name in names if name[0] == "W" or name in ("A1", "A18")]
    if names and not wanted:
        return
    process = subprocess.Popen(
        [sys.executable, os.path.join(here, "wire.py"), program, *wanted], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
    for line in process.stdout:
        # Told alike, whichever of the two words it puts first.
        if match := re.match(r"(ok|WRONG)\s+(\S+)\s+(.*)", line):
            tell(match[2], match[1], match[3])
    error = process.stderr.read()
    if process.wait() not in (0, 1) or error:
        tell("W", "WRONG", f"wire.py ended with {process.returncode}: {error[-400:]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 2))
    options = parser.parse_args()
    known = {name for name, _, _, _ in case.CASES} | {f"W{number}" for number in range(1, 16)} | {"A1", "A18"}
    for name in options.names:
        if name not in known:
            sys.exit(f"run.sh: there is no case {name}")
    with concurrent.futures.ThreadPoolExecutor(options.jobs + 1) as pool:
        jobs = [pool.submit(wire, options.program, options.names)]
        for name, what, is_long, body in case.CASES:
            if (not is_long or options.long) and (not options.names or name in options.names):
                jobs.append(pool.submit(replay, options.program, name, what, body))
        for job in jobs:
            job.result()
    skipped = f", {COUNTS['skipped']} skipped" if COUNTS["skipped"] else ""
    print(f"{COUNTS['ok']} passed, {COUNTS['WRONG']} failed{skipped}")
    sys.exit(1 if COUNTS["WRONG"] else 0)


if __name__ == "__main__":
    main()
