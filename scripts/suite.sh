#!/usr/bin/env bash
# Runs one suite and prints how long it took: suite.sh NAME COMMAND…
set -uo pipefail
name=$1
shift
printf '\n── %s\n' "$name"
start=$SECONDS
"$@"
code=$?
printf '── %s: %s in %d s\n' "$name" "$([ $code -eq 0 ] && echo passed || echo FAILED)" $((SECONDS - start))
exit $code
