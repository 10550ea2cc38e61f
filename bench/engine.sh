#!/bin/sh
# Measures the engine beside other interpreters of Go, each in a process of its
# own, and writes bench/results/engine.md. Usage: bench/engine.sh [CELLS]
#
# gomacro, which is what gophernotes runs, is not in every module proxy: name a
# checkout of github.com/cosmos72/gomacro in GOMACRO, or it is cloned; without
# either its row is missing. GoNB compiles every cell with go build and has no
# engine to call: bench/kernel.py measures it, through Jupyter's protocol.
set -eu
cd "$(dirname "$0")/engine"
export GOFLAGS=-buildvcs=false
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp go.mod "$work/go.mod"
cp go.sum "$work/go.sum" 2>/dev/null || :
abs=$(cd ../.. && pwd)
mod="-modfile=$work/go.mod"
go mod edit -replace "github.com/msflow-go/msflow=$abs" "$work/go.mod"
tags=
if [ -z "${GOMACRO:-}" ] && git clone -q --depth 1 https://github.com/cosmos72/gomacro "$work/gomacro" 2>/dev/null; then
	GOMACRO=$work/gomacro
fi
if [ -n "${GOMACRO:-}" ]; then
	go mod edit -require github.com/cosmos72/gomacro@v0.0.0 -replace "github.com/cosmos72/gomacro=$GOMACRO" "$work/go.mod"
	tags=gomacro
fi
go build -mod=mod $mod -tags "$tags" -o "$work/bench" .
names="msflow yaegi ixgo"
[ -z "$tags" ] || names="msflow gomacro yaegi ixgo"
for name in $names; do
	env=
	# gomacro asks the go command for Go's newer packages, and panics on their generics.
	[ "$name" != gomacro ] || env="env PATH=/usr/bin:/bin GOROOT=/none"
	cells=${1:-2000}
	# ixgo's Repl compiles all cells again for each.
	[ "$name" != ixgo ] || cells=100
	ROW=$work/row.$name $env timeout "${LIMIT:-300}" "$work/bench" "$name" "$cells" >/dev/null 2>"$work/err" || {
		tail -1 "$work/err" >&2
		echo "| $name | did not finish in ${LIMIT:-300} s |" >"$work/row.$name"
	}
	cat "$work/row.$name"
done
{
	echo "# Interpreters of Go, cell by cell"
	echo
	echo "bench/engine.sh ${1:-2000}, $(go version | cut -d' ' -f3,4), $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo 2>/dev/null | head -1)."
	echo "A session of ${1:-2000} cells: variables, functions with closures, types with methods, statements. Medians; the last two columns are the best of 3."
	echo "ixgo's own Repl ran 100 cells only. GoNB, which compiles every cell with go build, is in the table of bench/kernel.py."
	echo
	"$work/bench" -columns
	for name in $names; do cat "$work/row.$name"; done
} >../results/engine.md
