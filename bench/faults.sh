#!/usr/bin/env bash
# Run the campaign of faults at full length and write bench/results/faults.md: kill -9, flipped bytes, full disks, two processes.
# KILLS, FLIPS, DISKS and PAIRS shorten it. It needs root for the small disks and leaves them out without.
set -euo pipefail
cd "$(dirname "$0")/.."
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
MSFLOW_SLOW=1 MSFLOW_FAULTS="$rows" MSFLOW_KILLS=${KILLS:-200} MSFLOW_FLIPS=${FLIPS:-300} MSFLOW_DISKS=${DISKS:-24} MSFLOW_PAIRS=${PAIRS:-10} \
	go test ./cmd/msflow -run 'TestFaults' -count=1 -timeout 6h -v
{
	echo "# Faults"
	echo
	echo "\`bench/faults.sh\` on $(date -u +%F), commit $(git rev-parse --short HEAD): no silent difference, no panic, no hang."
	echo
	echo "| fault | how often | what came of it |"
	echo "|---|---|---|"
	cat "$rows"
} > bench/results/faults.md
