#!/usr/bin/env bash
# How much more a sweep trains with several points at a time than one after another. Both ways alternate, so that whatever else the machine does
# meets both; every round begins anew.
#
#   bench/sweep.sh [ROUNDS]        MSFLOW=bin/msflow JOBS=2 SIZE=128
set -euo pipefail
cd "$(dirname "$0")/.."
msflow=${MSFLOW:-bin/msflow} jobs=${JOBS:-2} size=${SIZE:-128}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/plan.yaml" <<PLAN
grid: {class: [gear, fabric], seed: [1, 2], model: ${MODEL:-msflow}}
flags: {size: $size, counts: "24,8,8"}
PLAN
echo "| round | one after another, s | $jobs at a time, s | ratio | processor time of the points, s |"
echo "|---|---:|---:|---:|---|"
for round in $(seq "${1:-3}"); do
	took=()
	for n in 1 "$jobs"; do
		rm -rf "$dir/plan"
		begin=$(date +%s.%N)
		TIMEFORMAT='%U %S'
		used[n]=$({ time "$msflow" sweep "$dir/plan.yaml" --jobs "$n" >/dev/null 2>&1; } 2>&1 | awk '{printf "%.0f", $1 + $2}')
		took+=("$(awk -v a="$begin" -v b="$(date +%s.%N)" 'BEGIN {printf "%.1f", b - a}')")
	done
	awk -v r="$round" -v a="${took[0]}" -v b="${took[1]}" -v ua="${used[1]}" -v ub="${used[jobs]}" \
		'BEGIN {printf "| %d | %s | %s | %.2f | %s and %s |\n", r, a, b, a / b, ua, ub}'
done
