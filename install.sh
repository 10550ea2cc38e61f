#!/usr/bin/env bash
# Builds msflow, and runs what README names.
#
#   ./install.sh             build bin/msflow (and install the notebook kernel when Jupyter is found)
#   ./install.sh demo        build, then train, evaluate and draw on the built-in synthetic data, with no download
#   ./install.sh dist        archives and Python wheels for every platform, in the folder dist (dist linux/amd64: of one)
#   ./install.sh test        set up what the tests need, then run every check that CI runs
#   ./install.sh test-all    the same and the slow proofs
set -euo pipefail
cd "$(dirname "$0")"

fail() { echo "install.sh: $*" >&2; exit 1; }

need_go() {
	command -v go >/dev/null || fail "Go 1.26 or newer is needed (https://go.dev/dl); no go command was found"
	local v
	v=$(go env GOVERSION)
	[[ "$(printf '%s\n' go1.26 "${v%% *}" | sort -V | head -1)" == go1.26 ]] || fail "Go 1.26 or newer is needed; this is $v"
}

build() {
	need_go
	device_program "$(go env GOOS)" "$(go env GOARCH)"
	CGO_ENABLED=0 go build -trimpath -tags embeddevice -ldflags="-s -w" -o bin/msflow ./cmd/msflow
	echo "built bin/msflow"
}

# The small program that opens XLA's plugins, compressed where a build with -tags embeddevice takes it into msflow.
device_program() {
	local into=lib/xla/remote/msflow-device
	GOOS=$1 GOARCH=$2 CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o "$into" ./cmd/msflow-device
	gzip -9nf "$into"
}

kernel() {
	if command -v jupyter >/dev/null; then
		bin/msflow kernel install --user
	else
		echo "Jupyter was not found; once it is installed (pip install jupyterlab), run: bin/msflow kernel install --user"
	fi
}

demo() {
	build
	local run=${1:-runs/demo}
	rm -rf "$run"
	bin/msflow train --dataset synthetic --size 256 --seed 1 --out "$run"
	bin/msflow eval "$run"
	echo "look at $run/eval/best.png, $run/eval/worst.png, $run/eval/roc.png and $run/training.png"
}

# The Python side of the tests (real Jupyter clients) lives in .venv.
venv() {
	local python=${PYTHON:-python3} wants=(kernel/internal/jupyterenv/requirements.txt)
	[[ -z ${MSFLOW_SLOW:-} ]] || wants+=(kernel/internal/jupyterenv/requirements-slow.txt)
	if [[ ! -x .venv/bin/python ]] || ! cat "${wants[@]}" | cmp -s - .venv/requirements.txt; then
		rm -rf .venv
		"$python" -m venv .venv || { apt_install python3-venv && rm -rf .venv && "$python" -m venv .venv; }
		.venv/bin/pip install -q --disable-pip-version-check "${wants[@]/#/--requirement=}"
		cat "${wants[@]}" >.venv/requirements.txt
	fi
	export MSFLOW_VENV=$PWD/.venv MSFLOW_REQUIRE_VENV=1
}

# The terminal that the REPL is driven in.
terminal() {
	command -v tmux >/dev/null || apt_install tmux
}

# The browser that JupyterLab is driven in.
browser() {
	[[ -x /usr/bin/chromium ]] || apt_install chromium
}

# The cluster that a sweep is tried on; its proof is skipped where it cannot be had.
cluster() {
	command -v slurmctld >/dev/null && command -v munged >/dev/null || apt_install slurm-wlm munge || echo "no Slurm here: its proof is skipped"
}

# The emulator in which the kernels of arm64 run.
emulator() {
	command -v qemu-aarch64-static >/dev/null || apt_install qemu-user-static
}

# What the packages are installed on to try them: a bare Debian, musl, Wine. Their proofs are skipped where it cannot be had.
systems() {
	local program
	for program in mmdebstrap musl-gcc wine x86_64-w64-mingw32-gcc unzip; do
		command -v "$program" >/dev/null && continue
		apt_install --no-install-recommends mmdebstrap musl-tools wine wine64 gcc-mingw-w64-x86-64 unzip || echo "no bare systems here: their proofs are skipped"
		return 0
	done
}

apt_install() {
	local as=()
	[[ $(id -u) == 0 ]] || as=(sudo)
	command -v apt-get >/dev/null || fail "$* is needed, and there is no apt-get to install it with"
	"${as[@]}" apt-get update -qq
	DEBIAN_FRONTEND=noninteractive "${as[@]}" apt-get install -y -qq "$@" >/dev/null
}

static_checks() {
	local bad
	bad=$(gofmt -l $(git ls-files '*.go'))
	[[ -z $bad ]] || fail "not gofmt-ed: $bad"
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.7.0 ./...
}

tests() {
	need_go
	venv
	terminal
	build
	static_checks
	go test -timeout "${1:-14m}" ./...
}

distribution() {
	need_go
	SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 315532800)} go run ./cmd/dist -only "${1:-}"
}

case "${1:-}" in
"") build && kernel ;;
demo) shift && demo "$@" ;;
dist) distribution "${2:-}" ;;
test) tests ;;
test-all) export MSFLOW_SLOW=1 && browser && cluster && emulator && systems && tests 90m ;;
*) fail "unknown command $1 (demo, dist, test, test-all or nothing)" ;;
esac
