#!/usr/bin/env bash
# step-kind.sh AGENTCTL: a step `fail: MESSAGE` fails with that message.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >w.yaml <<'YAML'
version: 1
name: stops
inputs: { why: { default: enough } }
steps:
  - { id: first, value: "1" }
  - { id: stop, needs: [first], fail: "stopped: ${{ inputs.why }}" }
YAML
code=0
"$1" run w.yaml >out 2>err || code=$?
grep -q "error: step 'stop': stopped: enough" err && [ "$code" = 13 ] || { cat err; echo "exit code $code"; exit 1; }
