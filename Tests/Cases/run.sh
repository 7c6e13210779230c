#!/usr/bin/env bash
# Replays the cases that have a command line on a program:
#
#     Tests/Cases/run.sh [AGENTCTL] [--long] [--jobs N] [CASE...]
#
# AGENTCTL is .build/release/agentctl unless it is named. A line for each thing that is tried, `W1 ok …` or `W1 WRONG …`, and a count at
# the end; exits with 1 where one is wrong. Needs bash and python3; servers listen on loopback at ports that the kernel gives, each
# case works in a folder of its own, and only what it started is ended. --long adds what takes minutes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$here/../../.build/release/agentctl
if [[ $# -gt 0 && $1 != --* && ( $1 == */* || -f $1 ) ]]; then program=$1; shift; fi
if [[ ! -x $program ]]; then echo "run.sh: there is no program $program; build it with: make release" >&2; exit 2; fi
exec python3 "$here/replay.py" "$(cd "$(dirname "$program")" && pwd)/$(basename "$program")" "$@"
