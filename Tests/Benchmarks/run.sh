#!/usr/bin/env bash
# The benchmarks of `make bench`. They print figures and judge nothing: no test depends on them.
#
#   Tests/Benchmarks/run.sh [throughput|ratio|instructions|flight|start|validate|language|syncs|resume|replay|show|what-if|prefixes ...]      default: all of them
#
# throughput  5-step chain, 64 runs in parallel, zero-latency endpoint, ledger on disk with synchronous=FULL
# ratio       the CPU of a step beside that of the bare loop (bare.c: libcurl and one insert), in turns on the same endpoint
# instructions  of a step by each API, by callgrind: the difference between 300 and 100 runs of a 5-step chain; it repeats within a per cent
# flight      10,000 runs in flight at once against an endpoint that answers after 20 s
# start       agentctl --version as a whole process
# validate    agentctl validate of generated workflows of 1,000 and 10,000 steps, whole process
# syncs       how often a lone run waits for the disk, by strace
# resume      a run of 10,000 steps that was killed before its last, whole process
# replay      a run of 10,000 steps with a call each, and a fan-out of 10,000 items, whole process
# show        runs in a ledger of 1,000,000 calls, whole process
# what-if     100,000 recorded calls on other prices, under another cap and another cache, whole process
# prefixes    cache simulate of a log of 1,000,000 requests, whole process
# language    evaluating expressions, rendering a prompt, validating an answer, pricing a call, planning a prompt cache
# slots       a fan-out of 8 over one document on a real llama.cpp server of 4 slots, with the planner of caches and without; needs `make models`
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
scratch=${BENCH_SCRATCH:-.build}
case $scratch in /*) ;; *) scratch=$root/$scratch ;; esac
agentctl=$scratch/release/agentctl
server=$scratch/release/stub-model-server
language=$scratch/release/language-bench
runs=${BENCH_RUNS:-4000}
flight=${BENCH_FLIGHT:-10000}

[ -x "$agentctl" ] && [ -x "$server" ] && [ -x "$language" ] || {
  echo "building the release binaries"
  swift build -c release --static-swift-stdlib --scratch-path "$scratch" --product agentctl
  swift build -c release --static-swift-stdlib --scratch-path "$scratch" --product stub-model-server
  swift build -c release --static-swift-stdlib --scratch-path "$scratch" --product language-bench
}
work=$(mktemp -d)
server_pid=
cleanup() {
  [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
ulimit -n "$(ulimit -Hn)"

# serve LATENCY_MS: starts the endpoint; its address is in $url, its process in $server_pid.
serve() {
  [ -z "$server_pid" ] || { kill "$server_pid"; wait "$server_pid" 2>/dev/null || true; }
  : > "$work/address"
  "$server" --mode fixed --latency-ms "$1" > "$work/address" &
  server_pid=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$work/address")
    [ -z "$url" ] || return 0
    sleep 0.05
  done
  echo "the stub model server did not start" >&2
  exit 1
}

# project STEPS: a chain of that many steps, with a price and a cap, so that every call is reserved and settled; asked by the API in $api.
api=openai-chat
project() {
  cat > "$work/agentctl.yaml" <<YAML
version: 1
ledger: ledger.db
providers:
  stub: { api: $api, base_url: "$url" }
prices:
  - { model: stub/bench, input_per_mtok_usd: 0.10, output_per_mtok_usd: 0.40 }
YAML
  {
    printf 'version: 1\nname: chain\ninputs: { n: { type: integer } }\nmodels: { small: { use: stub/bench } }\n'
    printf 'budget: { max_cost_usd: 0.25 }\n'
    printf 'defaults: { model: small, timeout: 120s, limits: { max_input_tokens: 2000, max_output_tokens: 64 } }\nsteps:\n'
    printf '  - { id: s1, prompt: "Ticket ${{ inputs.n }}: what is it about? Answer in one word." }\n'
    for i in $(seq 2 "$1"); do
      printf '  - { id: s%d, prompt: "Ticket ${{ inputs.n }}, given ${{ steps.s%d.output }}: go on." }\n' "$i" $((i - 1))
    done
    printf 'outputs: { last: "${{ steps.s%d.output }}" }\n' "$1"
  } > "$work/chain.yaml"
}

lines() { for i in $(seq "$1"); do echo "{\"n\": $i}"; done > "$work/batch.jsonl"; }

# cpu_ms PID: user and system time of a process so far.
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$1/stat"; }

throughput() {
  serve 0
  project 5
  lines "$runs"
  local before after
  before=$(cpu_ms "$server_pid")
  /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$agentctl" run "$work/chain.yaml" --batch "$work/batch.jsonl" --max-parallel 64 --quiet > "$work/out.jsonl"
  after=$(cpu_ms "$server_pid")
  local succeeded
  succeeded=$(grep -c '"status":"succeeded"' "$work/out.jsonl" || true)
  awk -v steps=$((runs * 5)) -v ok="$succeeded" -v runs="$runs" -v server=$((after - before)) '{
    printf "throughput: %d of %d runs succeeded, %d steps in %.2f s: %.0f steps/s\n", ok, runs, steps, $1, steps / $1
    printf "            agentctl %.1f us of CPU a step (user %.1f, system %.1f), peak %d MB\n", ($2 + $3) * 1e6 / steps, $2 * 1e6 / steps, $3 * 1e6 / steps, $4 / 1024
    printf "            endpoint %.1f us of CPU a step\n", server * 1e3 / steps
  }' "$work/time"
  python3 - "$work/ledger.db" "$(cut -d' ' -f1 "$work/time")" <<'PY'
import sqlite3, sys
events = sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM event").fetchone()[0]
print(f"            {events} durable events: {events / float(sys.argv[2]):.0f} events/s")
PY
  ls -l "$work"/ledger.db* | awk '{ s += $5 } END { printf "            ledger %.1f MB\n", s / 1e6 }'
  rm -f "$work"/ledger.db*
}

# One after the other, so that what else the machine does falls on both; the middle of the ratios.
ratio() {
  command -v cc > /dev/null || { echo "ratio:      there is no C compiler here"; return; }
  cc -O2 -o "$work/bare" Tests/Benchmarks/bare.c -lcurl -lsqlite3
  serve 0
  project 5
  lines "$runs"
  local _ bare
  rm -f "$work/ratios"
  for _ in $(seq "${BENCH_PAIRS:-7}"); do
    rm -f "$work"/bare.db*
    bare=$("$work/bare" "$url/chat/completions" "$work/bare.db" "$runs" 5 64)
    /usr/bin/time -f '%U %S' -o "$work/time" "$agentctl" run "$work/chain.yaml" --batch "$work/batch.jsonl" --max-parallel 64 --quiet > "$work/out.jsonl"
    rm -f "$work"/ledger.db*
    awk -v bare="$bare" -v steps=$((runs * 5)) '{ own = ($1 + $2) * 1e6 / steps; printf "%.3f %.1f %.1f\n", own / bare, own, bare }' "$work/time" >> "$work/ratios"
  done
  sort -n "$work/ratios" | awk '{ line[NR] = $0 } END { split(line[int((NR + 1) / 2)], f, " "); printf "ratio:      %.2f times the bare loop (middle of %d pairs; %.1f us of CPU a step against %.1f)\n", f[1], NR, f[2], f[3] }'
}

instructions() {
  command -v valgrind > /dev/null || { echo "instructions: valgrind is not here"; return; }
  serve 0
  for api in openai-chat openai-responses anthropic; do counted; done
  api=openai-chat
}

# What a step takes by the API in $api.
counted() {
  local count
  project 5
  for count in 100 300; do
    lines "$count"
    rm -f "$work"/ledger.db*
    valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.$count" "$agentctl" run "$work/chain.yaml" --batch "$work/batch.jsonl" --max-parallel 8 --quiet > "$work/out" 2> "$work/err" || { tail -3 "$work/err" >&2; return 1; }
  done
  awk '/^(summary|totals):/ { sum[FILENAME] = $2 } END { for (name in sum) if (name ~ /100$/) first = sum[name]; else last = sum[name]; printf "instructions: %.0f a step by %s\n", (last - first) / 1000, api }' api="$api" "$work"/callgrind.100 "$work"/callgrind.300
  rm -f "$work"/ledger.db*
}

flight() {
  serve 20000
  project 1
  lines "$flight"
  /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$agentctl" run "$work/chain.yaml" --batch "$work/batch.jsonl" --max-parallel "$flight" --quiet > "$work/out.jsonl"
  awk -v ok="$(grep -c '"status":"succeeded"' "$work/out.jsonl" || true)" -v runs="$flight" '{
    printf "flight:     %d of %d runs succeeded in %.1f s, %.1f s of CPU, peak %d MB resident\n", ok, runs, $1, $2 + $3, $4 / 1024
  }' "$work/time"
  rm -f "$work"/ledger.db*
}

start() {
  # Twenty in a row, so that one figure is not one accident of the machine.
  local begin end
  "$agentctl" --version > /dev/null
  begin=$(date +%s%N)
  for _ in $(seq 20); do "$agentctl" --version > /dev/null; done
  end=$(date +%s%N)
  awk -v ns=$((end - begin)) 'BEGIN { printf "start:      agentctl --version in %.1f ms (mean of 20)\n", ns / 20 / 1e6 }'
}

validate() {
  local shape count
  printf 'version: 1\nproviders: { local: { api: openai-chat, base_url: "http://127.0.0.1:9/v1" } }\n' > "$work/agentctl.yaml"
  for shape in chain fan nested prompts; do
    for count in 1000 10000; do
      python3 Tests/Benchmarks/workflows.py "$shape" "$count" > "$work/large.yaml"
      # The best of five: what else the machine does only adds.
      for _ in 1 2 3 4 5; do
        /usr/bin/time -f '%e %U %S %M' -a -o "$work/times" "$agentctl" validate "$work/large.yaml" > "$work/out" 2>&1 || { head -20 "$work/out" >&2; return 1; }
      done
      sort -n "$work/times" | awk -v shape="$shape" -v steps="$count" 'NR == 1 { printf "validate:   %-7s %5d steps in %4.0f ms (%.0f ms of CPU), peak %d MB\n", shape, steps, $1 * 1000, ($2 + $3) * 1000, $4 / 1024 }'
      rm -f "$work/times"
    done
  done
}

language() { "$language"; }

syncs() {
  command -v strace > /dev/null || { echo "syncs:      strace is not here"; return; }
  serve 0
  project 50
  strace -f -c -e trace=fdatasync,fsync -o "$work/strace" "$agentctl" run "$work/chain.yaml" --input n=1 --quiet > "$work/out"
  awk '$NF == "fdatasync" || $NF == "fsync" { n += $4 } END { printf "syncs:      %d in a run of 50 steps, one after the other: %.2f a step\n", n, n / 50 }' "$work/strace"
  rm -f "$work"/ledger.db*
}

# large KIND: a chain of 10,000 steps of values or prompts, with a program before the last that ends agentctl the first time.
large() {
  project 1
  {
    printf 'version: 1\nname: large\ninputs: { n: { type: integer } }\nmodels: { small: { use: stub/bench } }\n'
    printf 'defaults: { model: small, timeout: 120s, limits: { max_input_tokens: 2000, max_output_tokens: 64 } }\nsteps:\n'
    for i in $(seq 9999); do
      if [ "$1" = values ]; then
        if [ "$i" = 1 ]; then printf '  - { id: s1, value: inputs.n }\n'; else printf '  - { id: s%d, value: steps.s%d.output + 1 }\n' "$i" $((i - 1)); fi
      else
        printf '  - { id: s%d, prompt: "Part %d of ${{ inputs.n }}: go on." }\n' "$i" "$i"
      fi
    done
    printf '  - { id: end, needs: [s9999], shell: true, run: "[ -e killed ] || { touch killed; kill -9 $PPID; }" }\n'
  } > "$work/large.yaml"
}

resume() {
  local kind
  serve 0
  for kind in values prompts; do
    rm -f "$work"/ledger.db* "$work/killed" "$work/times"
    large "$kind"
    (cd "$work" && "$agentctl" run large.yaml --input n=1 --quiet > out 2>&1) || true
    [ -e "$work/killed" ] || { head -20 "$work/out" >&2; return 1; }
    mkdir -p "$work/before" && cp "$work"/ledger.db* "$work/before/"
    for _ in 1 2 3 4 5; do
      rm -f "$work"/ledger.db* && cp "$work"/before/* "$work/"
      (cd "$work" && /usr/bin/time -f '%e %U %S %M' -a -o times "$agentctl" resume last --quiet > out 2>&1) || { head -20 "$work/out" >&2; return 1; }
    done
    rm -rf "$work/before"
    # The best of five: what else the machine does only adds.
    sort -n "$work/times" | awk -v kind="$kind" 'NR == 1 { printf "resume:     10,000 steps, %s: %.0f ms (%.0f ms of CPU), peak %d MB\n", kind, $1 * 1000, ($2 + $3) * 1000, $4 / 1024 }'
  done
  rm -f "$work"/ledger.db*
}

replay() {
  local shape
  serve 0
  for shape in chain items; do
    rm -f "$work"/ledger.db* "$work/times"
    project 1
    {
      printf 'version: 1\nname: many\ninputs: { n: { type: array } }\nmodels: { small: { use: stub/bench } }\nbudget: { max_cost_usd: 100 }\n'
      printf 'defaults: { model: small, timeout: 120s, limits: { max_input_tokens: 2000, max_output_tokens: 64 } }\nsteps:\n'
      if [ "$shape" = chain ]; then
        for i in $(seq 10000); do printf '  - { id: s%d, prompt: "Part %d of the book: go on."%s }\n' "$i" "$i" "$([ "$i" = 1 ] || printf ', needs: [s%d]' $((i - 1)))"; done
      else
        printf '  - { id: each, for_each: { items: inputs.n, max_parallel: 64 }, prompt: "Part ${{ item }} of the book: go on." }\n'
      fi
    } > "$work/many.yaml"
    python3 -c 'print("n=" + str(list(range(10000))))' > "$work/n"
    (cd "$work" && "$agentctl" run many.yaml --input "$(cat n)" --quiet > out 2>&1) || { head -20 "$work/out" >&2; return 1; }
    for _ in 1 2 3; do
      (cd "$work" && /usr/bin/time -f '%e %U %S %M' -a -o times "$agentctl" replay last > out 2>&1) || { head -20 "$work/out" >&2; return 1; }
    done
    sort -n "$work/times" | awk -v shape="$shape" 'NR == 1 { printf "replay:     10,000 steps, %-5s in %.0f ms (%.0f ms of CPU): %d a second, peak %d MB\n", shape, $1 * 1000, ($2 + $3) * 1000, 10000 / $1, $4 / 1024 }'
  done
  rm -f "$work"/ledger.db*
}

# shown NAME COMMAND...: the best of nine.
shown() {
  local name=$1 begin end
  shift
  for _ in 1 2 3 4 5 6 7 8 9; do
    begin=$(date +%s%N)
    "$agentctl" "$@" --ledger "$work/ledger.db" > "$work/out"
    end=$(date +%s%N)
    echo $((end - begin))
  done | sort -n | awk -v name="$name" 'NR == 1 { best = $1 } NR == 5 { printf "show:       %-28s %.0f ms, in the middle %.0f ms\n", name, best / 1e6, $1 / 1e6 }'
}

show() {
  serve 0
  project 5
  "$agentctl" run "$work/chain.yaml" --input n=1 --quiet > "$work/out"
  printf 'show:       '
  python3 Tests/Benchmarks/calls.py "$work/ledger.db" 1000000
  local middle
  middle=$(python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT run_id FROM run WHERE id = 100000").fetchone()[0])' "$work/ledger.db")
  shown "last" show last
  shown "a whole id" show "$middle"
  shown "the end of an id" show "${middle##*-}"
  shown "the start of an id" show "${middle%????}"
  shown "a run of 10,000 calls" show 20200101-000000-thelarge
  shown "runs" runs
  shown "runs --resumable" runs --resumable
  rm -f "$work"/ledger.db*
}

what-if() {
  serve 0
  project 5
  "$agentctl" run "$work/chain.yaml" --input n=1 --quiet > "$work/out"
  printf 'what-if:    '
  python3 Tests/Benchmarks/calls.py "$work/ledger.db" 100000
  local name
  while read -r name flags; do
    # shellcheck disable=SC2086
    /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$agentctl" what-if --ledger "$work/ledger.db" --config "$work/agentctl.yaml" $flags --json > "$work/out"
    awk -v name="$name" -v calls="$(grep -o '"calls": *[0-9]*' "$work/out" | head -1 | grep -o '[0-9]*')" '{
      printf "what-if:    %-28s %d calls in %.1f s, %.1f s of CPU, peak %d MB\n", name, calls, $1, $2 + $3, $4 / 1024
    }' "$work/time"
  done << 'CASES'
nothing
prices --vary prices.stub/*=+20%,-10%
cap --vary budget.max_cost_usd=0.0001
caches --vary cache.policy=planned,none --vary cache.rules=anthropic-5m
CASES
  rm -f "$work"/ledger.db*
}

prefixes() {
  local rules
  python3 Tests/Benchmarks/prefixes.py "${BENCH_PREFIXES:-1000000}" > "$work/prefixes.jsonl"
  for rules in anthropic openai-55; do
    /usr/bin/time -f '%e %U %S %M' -o "$work/time" "$agentctl" cache simulate "$work/prefixes.jsonl" --rules "$rules" --json > "$work/out"
    awk -v rules="$rules" -v requests="$(grep -o '"requests": *[0-9]*' "$work/out" | grep -o '[0-9]*')" '{
      printf "prefixes:   %d requests under %s in %.1f s of CPU: %.0f requests/s, peak %d MB\n", requests, rules, $2 + $3, requests / ($2 + $3), $4 / 1024
    }' "$work/time"
  done
  rm -f "$work/prefixes.jsonl"
}

slots() {
  if [ -x .venv/bin/python ] && ls .agentctl/models/smollm2-*.gguf > /dev/null 2>&1; then
    .venv/bin/python Tests/Benchmarks/prefix.py "$agentctl" --slots 4
  else
    echo "slots:      no local model is here: make models"
  fi
}

[ $# -gt 0 ] || set -- start validate language syncs throughput ratio flight resume replay show what-if prefixes slots
for benchmark in "$@"; do "$benchmark"; done
