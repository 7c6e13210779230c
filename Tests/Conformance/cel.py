#!/usr/bin/env python3
"""Runs CEL's public conformance cases through `agentctl try expr`.

    Tests/Conformance/cel.py DIRECTORY AGENTCTL [FILE...]

DIRECTORY holds the simple test files of the CEL specification (`*.textproto`), AGENTCTL is the program, FILE names files
without their ending (default: those of the core language and the strings extension). Values and types are compared exactly;
a case that expects an error must end with another status than 0 and print nothing on stdout. Cases that need protocol
buffers, containers, or bindings that JSON does not have are skipped, with the reason. Needs nothing but Python's library.
"""

import base64
import concurrent.futures
import json
import os
import re
import subprocess
import sys

FILES = """basic comparisons conversions dynamic fields fp_math integer_math lists logic macros macros2 parse plumbing string
string_ext timestamps type_deduction""".split()

TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*\n\s*)*(?:
    (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<extension>\[[^\]"']+\])
    |(?P<word>[A-Za-z0-9_.+-]+)
    |(?P<sign>[{}<>:;,\[\]]))""",
    re.X | re.S,
)
ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34, "?": 63}


class Skip(Exception):
    """Why a case cannot be run."""


# --- textproto


def unescape(literal):
    """The bytes of a quoted string."""
    text, out, index = literal[1:-1], bytearray(), 0
    while index < len(text):
        if text[index] != "\\":
            out += text[index].encode()
            index += 1
            continue
        letter = text[index + 1]
        if letter in "01234567":
            digits = re.match(r"[0-7]{1,3}", text[index + 1 :])[0]
            out.append(int(digits, 8) & 255)
            index += 1 + len(digits)
        elif letter in "xX":
            digits = re.match(r"[0-9a-fA-F]{1,2}", text[index + 2 :])[0]
            out.append(int(digits, 16))
            index += 2 + len(digits)
        elif letter in "uU":
            size = 4 if letter == "u" else 8
            out += chr(int(text[index + 2 : index + 2 + size], 16)).encode()
            index += 2 + size
        else:
            out.append(ESCAPES[letter])
            index += 2
    return bytes(out)


class Reader:
    """Text of protocol buffers, read into lists of (name, value); a value is bytes, a word, or such a list."""

    def __init__(self, text):
        self.tokens, position = [], 0
        while match := TOKEN.match(text, position):
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        rest = re.sub(r"#[^\n]*", "", text[position:]).strip()
        if rest:
            raise ValueError(f"no textproto: {rest[:60]!r}")
        self.index = 0

    def peek(self):
        return self.tokens[self.index] if self.index < len(self.tokens) else ("end", "")

    def take(self, *signs):
        if self.peek()[0] == "sign" and self.peek()[1] in signs:
            self.index += 1
            return True
        return False

    def message(self, closing=None):
        fields = []
        while self.peek()[0] != "end" and not (closing and self.take(closing)):
            name = self.peek()[1]
            self.index += 1
            self.take(":")
            for value in self.values():
                fields.append((name, value))
            self.take(",", ";")
        return fields

    def values(self):
        if self.peek()[0] == "extension":
            # `[1, 2]` is cut as one token, as the name of an extension is.
            items = self.peek()[1][1:-1].split(",")
            self.index += 1
            return [item.strip() for item in items if item.strip()]
        if self.take("["):
            items = []
            while not self.take("]"):
                items += self.values()
                self.take(",")
            return items
        return [self.value()]

    def value(self):
        if self.take("{"):
            return self.message("}")
        if self.take("<"):
            return self.message(">")
        kind, text = self.peek()
        self.index += 1
        if kind != "string":
            return text
        out = unescape(text)
        while self.peek()[0] == "string":
            out += unescape(self.peek()[1])
            self.index += 1
        return out


def get(message, name, default=None):
    return next((value for key, value in message if key == name), default)


def every(message, name):
    return [value for key, value in message if key == name]


def text(value):
    return value.decode() if isinstance(value, bytes) else value


# --- values


def number(word):
    word = word.lower().rstrip("f") if word.lower() not in ("inf", "-inf") else word
    return float({"infinity": "inf", "-infinity": "-inf", "in": "inf", "-in": "-inf"}.get(word, word))


def integer(word):
    return int(word, 0)


def expected(value):
    """What `--json` prints for a value: type and JSON. Maps are lists of pairs here, told apart by their first element."""
    if not value:
        raise Skip("a value without a kind")
    kind, content = value[0]
    if kind == "null_value":
        return "null_type", None
    if kind == "bool_value":
        return "bool", content == "true"
    if kind == "int64_value":
        return "int", integer(content)
    if kind == "uint64_value":
        return "uint", integer(content)
    if kind == "double_value":
        number_ = number(content)
        names = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
        return "double", names.get(str(number_), number_)
    if kind == "string_value":
        return "string", text(content)
    if kind == "bytes_value":
        return "bytes", base64.b64encode(content).decode()
    if kind == "list_value":
        return "list", [expected(item)[1] for item in every(content, "values")]
    if kind == "map_value":
        pairs = []
        for entry in every(content, "entries"):
            key_type, key = expected(get(entry, "key"))
            pairs.append((key_type, key, expected(get(entry, "value"))[1]))
        if all(pair[0] == "string" for pair in pairs):
            return "map", {key: item for _, key, item in pairs}
        return "map", Pairs([key, item] for _, key, item in pairs)
    if kind == "type_value":
        return "type", text(content)
    if kind == "object_value":
        name, fields = content[0]
        if name.endswith("google.protobuf.Duration]") or name.endswith("google.protobuf.Timestamp]"):
            return wellknown(name, fields)
        raise Skip("a protocol buffer message")
    raise Skip(f"a value of kind {kind}")


def wellknown(name, fields):
    seconds, nanos = int(get(fields, "seconds", "0")), int(get(fields, "nanos", "0"))
    if "Duration" in name:
        total = seconds * 10**9 + nanos
        whole, rest = divmod(abs(total), 10**9)
        fraction = f".{rest:09}".rstrip("0") if rest else ""
        return "google.protobuf.Duration", f"{'-' if total < 0 else ''}{whole}{fraction}s"
    import datetime

    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    fraction = f".{nanos:09}".rstrip("0") if nanos else ""
    return "google.protobuf.Timestamp", time.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


class Pairs(list):
    """The entries of a map, whose order does not count."""


def same(found, wanted):
    if isinstance(wanted, Pairs):
        rest = list(found) if isinstance(found, list) else []
        for pair in wanted:
            match = next((item for item in rest if same(item, pair)), None)
            if match is None:
                return False
            rest.remove(match)
        return not rest
    if type(found) is not type(wanted):
        return False
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, float):
        return found == wanted and str(found) == str(wanted)
    return found == wanted


def binding(value):
    """A bound value as JSON, if JSON has it."""
    kind, content = value[0]
    if kind in ("null_value", "bool_value", "int64_value", "string_value"):
        return expected(value)[1]
    if kind == "uint64_value":
        if integer(content) < 1 << 63:
            raise Skip("JSON has no uint")
        return integer(content)
    if kind == "double_value":
        result = expected(value)[1]
        if isinstance(result, str):
            raise Skip(f"JSON has no {result}")
        return result
    if kind == "list_value":
        return [binding(item) for item in every(content, "values")]
    if kind == "map_value":
        pairs = [(get(entry, "key"), get(entry, "value")) for entry in every(content, "entries")]
        if any(key[0][0] != "string_value" for key, _ in pairs):
            raise Skip("JSON has text keys only")
        return {text(key[0][1]): binding(item) for key, item in pairs}
    raise Skip(f"a binding of kind {kind}")


PRIMITIVES = {"BOOL": "bool", "INT64": "int", "UINT64": "uint", "DOUBLE": "double", "STRING": "string", "BYTES": "bytes"}


def deduced(type_):
    """A type as `--check` prints it."""
    kind, content = type_[0]
    if kind == "primitive":
        return PRIMITIVES[content]
    if kind == "dyn":
        return "dyn"
    if kind == "null":
        return "null"
    if kind == "list_type":
        return f"list({deduced(get(content, 'elem_type'))})"
    if kind == "map_type":
        return f"map({deduced(get(content, 'key_type'))}, {deduced(get(content, 'value_type'))})"
    raise Skip(f"a type of kind {kind}")


# --- cases

PROTOBUF = re.compile(
    r"TestAllTypes|NestedMessage|GlobalEnum|NestedEnum|cel\.expr\.|"
    r"google\.protobuf\.(?!Timestamp\b(?!\s*\{)|Duration\b(?!\s*\{))|google\.protobuf\.(Timestamp|Duration)\s*\{"
)
OTHER = re.compile(r"\boptional\.|\.optMap\(|\.optFlatMap\(|\[\?|\.\?|\bmath\.|\bbase64\.|\bcel\.(bind|block)|\bproto\.|\bnet\.")


def command(case):
    """What to run and what must come of it."""
    source = text(get(case, "expr"))
    if "\0" in source:
        raise Skip("a NUL, which no argument of a program can have")
    if PROTOBUF.search(source):
        raise Skip("protocol buffer messages")
    if OTHER.search(source):
        raise Skip("another extension than strings")
    if get(case, "container"):
        raise Skip("a container")
    for declaration in every(case, "type_env"):
        if get(declaration, "function"):
            raise Skip("a function of the test's own")
        if "message_type" in str(get(declaration, "ident")):
            raise Skip("protocol buffer messages")
    data = {}
    for entry in every(case, "bindings"):
        value = get(get(entry, "value"), "value")
        if value is None:
            raise Skip("a binding that is no value")
        data[text(get(entry, "key"))] = binding(value)
    if get(case, "unknown") or get(case, "any_unknowns"):
        raise Skip("unknowns")
    typed = get(case, "typed_result")
    if get(case, "check_only") == "true":
        return source, data, ("deduced", deduced(get(typed, "deduced_type")))
    if get(case, "eval_error") or get(case, "any_eval_errors"):
        return source, data, ("error", None)
    if typed:
        type_ = get(typed, "deduced_type")
        return source, data, ("both", (expected(get(typed, "result")), deduced(type_) if type_ else None))
    value = get(case, "value")
    return source, data, ("value", expected(value) if value is not None else ("bool", True))


def call(program, source, data, *flags):
    return subprocess.run(
        [program, "try", "expr", source, "--data", "-", "--json", *flags],
        input=json.dumps(data), capture_output=True, text=True, timeout=60,
    )


def failure(program, source, data, goal):
    """What is wrong with the program's answer, or None."""
    kind, wanted = goal
    if kind == "both":
        result, type_ = wanted
        return failure(program, source, data, ("value", result)) or (type_ and failure(program, source, data, ("deduced", type_)))
    done = call(program, source, data, *(["--check"] if kind == "deduced" else []))
    problem = (done.stderr.strip().splitlines() or ["nothing on stderr"])[0]
    if done.returncode < 0:
        return f"ended by signal {-done.returncode}"
    if kind == "error":
        if done.returncode == 0:
            return f"an error was expected, found {done.stdout.strip()}"
        return f"half an answer on stdout: {done.stdout!r}" if done.stdout or not done.stderr else None
    if done.returncode != 0:
        return f"expected {wanted}, found {problem}"
    answer = json.loads(done.stdout)
    if kind == "deduced":
        return None if answer["type"] == wanted else f"expected the type {wanted}, found {answer['type']}"
    type_, value = wanted
    if answer["type"] == type_ and same(answer["value"], value):
        return None
    return f"expected {type_} {json.dumps(value)}, found {done.stdout.strip()}"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    directory, program, files = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:] or FILES
    table, failed = [], False
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name in files:
            with open(os.path.join(directory, name + ".textproto"), encoding="utf-8") as file:
                sections = every(Reader(file.read()).message(), "section")
            skipped, jobs = {}, []
            for section in sections:
                for case in every(section, "test"):
                    label = f"{name}/{text(get(section, 'name'))}/{text(get(case, 'name'))}"
                    try:
                        source, data, goal = command(case)
                    except Skip as reason:
                        skipped.setdefault(str(reason), []).append(label)
                        continue
                    jobs.append((label, source, pool.submit(failure, program, source, data, goal)))
            passed = 0
            for label, source, job in jobs:
                problem = job.result()
                if problem is None:
                    passed += 1
                else:
                    failed = True
                    print(f"FAILED {label}\n  {source}\n  {problem}")
            for reason, labels in sorted(skipped.items()):
                print(f"skipped {len(labels)} of {name}: {reason}")
            table.append((name, passed, len(jobs), sum(map(len, skipped.values()))))
    table.append(("total", *(sum(row[index] for row in table) for index in (1, 2, 3))))
    print(f"\n{'file':<16}{'passed':>8}{'run':>6}{'rate':>9}{'skipped':>9}")
    for name, passed, run, skipped in table:
        print(f"{name:<16}{passed:>8}{run:>6}{passed / run if run else 1:>9.1%}{skipped:>9}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
