#!/bin/sh
# What there is to see on a GPU: conformance, the reference's fixtures, the loss curve and the benchmark beside PyTorch.
#
#   bench/gpu.sh pack FOLDER         here, with Go: builds the programs (no cgo) and gathers all that the run needs
#   sh FOLDER/gpu.sh run OUT [PART]  on the GPU machine, without Go or network: runs it all, or the parts named, and adds to
#                                    OUT; the parts are conformance, verify, curve, bench and torch
#   bench/gpu.sh all OUT             both on one machine
#
# The GPU machine needs NVIDIA's driver and the Python packages of jax[cuda13] (for the plugin; msflow doctor tells what is
# missing), and PyTorch for the comparison. OUT gets summary.txt, a log of each part and the benchmarks as lines of JSON.
# SECONDS_EACH (10) is how long each thing is measured, PRECISIONS (tf32 bf16 f32) and MODES (eager amp compile) what is,
# SHAPE (--backbone wide_resnet50_2 --size 512 --batch 16) msflow's detector. XLA chooses its kernels by trying them, which
# takes minutes for each program; AUTOTUNE=FOLDER keeps what it found for the programs that come later.
# PLUGIN_DEVICE=xla runs on the plugin that MSFLOW_PJRT_PLUGIN names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

pack() {
	mkdir -p "$1"
	folder=$(cd "$1" && pwd)
	cd "$here/.."
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$folder/msflow" ./cmd/msflow
	CGO_ENABLED=0 go test -c -trimpath -ldflags "-s -w" -o "$folder/conformance" ./lib/xla/conformance
	gzip -9f "$folder/msflow" "$folder/conformance"
	rm -rf "$folder/fixtures"
	cp -r testdata/fixtures "$folder/fixtures"
	cp bench/gpu.sh bench/peer_torch_gpu.py "$folder/"
	du -sh "$folder"
}

# part NAME COMMAND... runs a part, keeps its log and says how it ended; a failure does not stop the rest.
part() {
	name=$1
	shift
	start=$(date +%s)
	if "$@" >"$out/$name.log" 2>&1; then verdict=ok; else verdict="FAILED ($?)"; fi
	echo "$name: $verdict, $(($(date +%s) - start)) s" | tee -a "$out/summary.txt"
}

# measure NAME COMMAND... adds the JSON that a benchmark prints to bench.jsonl.
measure() {
	name=$1
	shift
	if "$@" >"$out/$name.json" 2>"$out/$name.log"; then
		tr -d '\n' <"$out/$name.json" >>"$out/bench.jsonl"
		echo >>"$out/bench.jsonl"
		echo "$name: $(grep -o '"images_per_s": *[0-9.]*' "$out/$name.json") $(grep -o '"peak_bytes": *[0-9]*' "$out/$name.json")" | tee -a "$out/summary.txt"
	else
		echo "$name: FAILED: $(tail -1 "$out/$name.log")" | tee -a "$out/summary.txt"
	fi
	rm -f "$out/$name.json"
}

run() {
	mkdir -p "$1"
	out=$(cd "$1" && pwd)
	shift
	cd "$here"
	for program in msflow conformance; do
		[ -x $program ] || { gzip -dkf $program.gz && chmod +x $program; }
	done
	seconds=${SECONDS_EACH:-10}
	device=${PLUGIN_DEVICE:-cuda}
	if [ -n "${AUTOTUNE:-}" ]; then
		mkdir -p "$AUTOTUNE"
		export XLA_FLAGS="${XLA_FLAGS:-} --xla_gpu_per_fusion_autotune_cache_dir=$AUTOTUNE"
	fi
	{
		date -u
		nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || true
		./msflow --version
		./msflow doctor
	} >>"$out/summary.txt" 2>"$out/doctor.log"
	for name in ${*:-conformance verify curve bench torch}; do "part_$name"; done
}

part_conformance() {
	MSFLOW_FIXTURES="$here/fixtures" part conformance ./conformance -test.v
	grep -E '^(---|conformance|FAIL|PASS|ok)' "$out/conformance.log" >>"$out/summary.txt" || true
}

part_verify() {
	part verify ./msflow verify fixtures --device "$device"
	tail -2 "$out/verify.log" >>"$out/summary.txt"
}

part_curve() {
	for precision in f32 tf32 bf16; do
		limit=1e-3
		[ $precision = f32 ] || limit=1 # these are recorded, not judged
		part "curve-$precision" ./msflow bench curve --device "$device" --precision $precision --limit $limit --json
		grep worst_relative "$out/curve-$precision.log" >>"$out/summary.txt" || true
	done
}

part_bench() {
	for precision in ${PRECISIONS:-tf32 bf16 f32}; do
		for what in train-images train-features infer; do
			measure "msflow-$what-$precision" ./msflow bench device $what --device "$device" --precision $precision --seconds $seconds --json ${SHAPE:-}
		done
	done
}

part_torch() {
	for mode in ${MODES:-eager amp compile}; do
		for what in train-images train-features infer; do
			measure "torch-$what-$mode" python3 peer_torch_gpu.py $what --mode $mode --seconds $seconds
		done
	done
}

case "${1:-}" in
pack) pack "${2:?folder}" ;;
run)
	shift
	run "${@:?folder for the results}"
	;;
all)
	pack "${TMPDIR:-/tmp}/msflow-gpu"
	exec sh "${TMPDIR:-/tmp}/msflow-gpu/gpu.sh" run "$(mkdir -p "${2:?folder for the results}" && cd "$2" && pwd)"
	;;
*) sed -n '2,18s/^# \{0,1\}//p' "$0" ;;
esac
