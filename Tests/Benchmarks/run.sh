#!/usr/bin/env bash
# The benchmarks of `make bench`. They print figures and judge nothing: no test depends on them.
#
#   Tests/Benchmarks/run.sh [throughput|flight|start|validate|language ...]      default: all of them
#
# throughput  5-step chain, 64 runs in parallel, zero-latency endpoint, ledger on disk with synchronous=FULL
# flight      10,000 runs in flight at once against an endpoint that answers after 20 s
# start       agentctl --version as a whole process
# validate    agentctl validate of generated workflows of 1,000 and 10,000 steps, whole process
# language    evaluating expressions, rendering a prompt, validating an answer
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
  rm -f "$work/address"
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

# project STEPS: a chain of that many steps, with a price and a cap, so that every call is reserved and settled.
project() {
  cat > "$work/agentctl.yaml" <<YAML
version: 1
ledger: ledger.db
providers:
  stub: { api: openai-chat, base_url: "$url" }
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
  ls -l "$work"/ledger.db* | awk '{ s += $5 } END { printf "            ledger %.1f MB\n", s / 1e6 }'
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
  printf 'version: 1\n' > "$work/agentctl.yaml"
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

[ $# -gt 0 ] || set -- start validate language throughput flight
for benchmark in "$@"; do "$benchmark"; done
