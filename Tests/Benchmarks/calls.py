#!/usr/bin/env python3
"""Fills a ledger: calls.py LEDGER CALLS

Copies the newest run, its steps, its calls and its events under new ids and times until there are that many calls, and makes one
run of 10,000 calls. The chains of the copies do not hold: `verify` is not what this is for.
"""
import random
import sqlite3
import sys
import time

path, calls = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect(path, isolation_level=None)
db.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")


def columns(table, replaced):
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] not in ("id", "call_id")]
    return ", ".join(names), ", ".join(replaced.get(name, name) for name in names)


(pattern, pattern_id, count), = db.execute("SELECT id, run_id, calls FROM run ORDER BY id DESC LIMIT 1").fetchall()
letters = "0123456789abcdefghjkmnpqrstvwxyz"
random.seed(7)
statements = {}
for table, replaced in {
        "run": {"run_id": "?2", "started_at": "started_at + ?3", "ended_at": "ended_at + ?3"},
        "model_call": {"run": "?1", "run_id": "?2", "started_at": "started_at + ?3", "ended_at": "ended_at + ?3"},
        "step_attempt": {"run": "?1", "started_at": "started_at + ?3", "ended_at": "ended_at + ?3"},
        "event": {"run": "?1", "at": "at + ?3"}}.items():
    names, values = columns(table, replaced)
    key = "id" if table == "run" else "run"
    # Every parameter stands in every statement.
    statements[table] = f"INSERT INTO {table}({names}) SELECT {values} FROM {table} WHERE {key} = {pattern} AND ?1 IS NOT NULL AND ?2 IS NOT NULL AND ?3 IS NOT NULL"

db.execute("BEGIN")
number = pattern
for index in range(calls // count):
    number += 1
    shift = (index + 1) * 1_000_000
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(1_700_000_000 + index))
    name = moment + "-" + "".join(random.choices(letters, k=8))
    for table in ("run", "model_call", "step_attempt", "event"):
        db.execute(statements[table], (number, name, shift))
number += 1
db.execute(statements["run"], (number, "20200101-000000-thelarge", 0))
db.execute("UPDATE run SET calls = 10000, workflow = 'large' WHERE id = ?", (number,))
for table in ("model_call", "step_attempt"):
    names, values = columns(table, {
        "run": str(number), "run_id": "'20200101-000000-thelarge'", "number": "value", "node_path": "'s[' || value || ']'", "step_id": "'s'",
        "item": "value", "ordinal": "0", "retry_of": "NULL"})
    limit = "number = 1" if table == "model_call" else "node_path = (SELECT min(node_path) FROM step_attempt WHERE run = %d)" % pattern
    db.execute(f"""
        WITH RECURSIVE series(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM series WHERE value < 9999)
        INSERT INTO {table}({names}) SELECT {values} FROM {table}, series WHERE run = {pattern} AND {limit}""")
db.execute("COMMIT")
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
print(db.execute("SELECT count(*) FROM model_call").fetchone()[0], "calls,", db.execute("SELECT count(*) FROM run").fetchone()[0], "runs")
