#!/usr/bin/env python3
"""Measures Jupyter kernels beside each other: start, latency, speed, interrupt, a stalled client, the language.

Usage: python bench/kernel.py [--out bench/results/kernel.md] NAME=COMMAND...

NAME is msflow, gophernotes, gonb or ipykernel; COMMAND starts the kernel, with {connection_file} in it. Example:

    python bench/kernel.py "msflow=bin/msflow kernel start -f {connection_file}" \
        "gophernotes=env PATH=/usr/bin:/bin GOROOT=/none gophernotes {connection_file}" \
        "gonb=gonb --kernel {connection_file}" "ipykernel=python -m ipykernel_launcher -f {connection_file}"

gophernotes 0.7.5 finds Go 1.26's generic packages through the go command and panics on them, so it must not find one.
GoNB needs go and goimports in PATH. Needs what kernel/internal/jupyterenv/requirements.txt lists.
"""
import argparse
import contextlib
import fcntl
import json
import os
import platform
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from queue import Empty

import zmq
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

GO = {
    "one": "1+1",
    "print": 'fmt.Println("x")',
    "setup": ['import "fmt"', "func lp(n int) int { s := 0; for i := 0; i < n; i++ { s += i }; return s }",
              "func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }", "lp(10)"],
    "loop": "lp(10000000)",
    "fib": "fib(27)",
    "keep": ["kept := 0", "kept += 41"],
    "kept": ("kept + 1", "42"),
    "endless": "for {}",
    "lines": 'for i := 0; i < 300000; i++ { fmt.Println("line", i) }',
    "state": [
        ("variable", ["v := 0", "v += 42", "v"], "42"),
        ("function", ["func twice(x int) int { return 2 * x }", "twice(21)"], "42"),
        ("type and method", ["type P struct{ X int }", "func (p P) Twice() int { return 2 * p.X }", "P{21}.Twice()"], "42"),
        ("redefined function", ["func f() int { return 1 }", "func f() int { return 42 }", "f()"], "42"),
        ("redefined variable", ["w := 1", 'w := "now text"', "len(w) + 34"], "42"),
    ],
    "language": [
        ("generics", ["func mapAll[T, U any](xs []T, f func(T) U) []U { var r []U; for _, x := range xs { r = append(r, f(x)) }; return r }",
                      "mapAll([]int{41}, func(x int) int { return x + 1 })[0]"], "42"),
        ("generic type", ["type Pair[A, B any] struct{ L A; R B }", "func (p Pair[A, B]) Left() A { return p.L }", 'Pair[int, string]{42, "x"}.Left()'], "42"),
        ("range over int", ["n := 0", "for i := range 7 { n += 2 * i }", "n"], "42"),
        ("range over func", ["seq := func(yield func(int) bool) { _ = yield(20) && yield(22) }", "m := 0", "for x := range seq { m += x }", "m"], "42"),
        ("min, max, clear", ["min(42, 50) + max(0, -1)"], "42"),
        ("slices, maps", ['import "slices"', "slices.Max([]int{3, 42, 7})"], "42"),
    ],
}
PYTHON = {
    "one": "1+1", "print": 'print("x")',
    "setup": ["def lp(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s", "def fib(n):\n    return n if n < 2 else fib(n-1) + fib(n-2)", "lp(10)"],
    "loop": "lp(10000000)", "fib": "fib(27)", "keep": ["kept = 0", "kept += 41"], "kept": ("kept + 1", "42"), "endless": "while True: pass",
    "lines": 'for i in range(300000): print("line", i)',
    "state": [
        ("variable", ["v = 0", "v += 42", "v"], "42"),
        ("function", ["def twice(x): return 2 * x", "twice(21)"], "42"),
        ("type and method", ["class P:\n    def twice(self): return 42", "P().twice()"], "42"),
        ("redefined function", ["def f(): return 1", "def f(): return 42", "f()"], "42"),
        ("redefined variable", ["w = 1", 'w = "now text"', "len(w) + 34"], "42"),
    ],
    "language": [],
}


def gonb(cells):
    """GoNB runs a cell's statements after %% only, and shows no results."""
    expression = lambda c: "%%\nfmt.Println(" + c + ")"
    last = lambda steps: [statement(s) for s in steps[:-1]] + [expression(steps[-1])]
    statement = lambda c: c if re.match(r"(func|type|import) ", c) else "var " + c.replace(":=", "=", 1) if re.match(r"\w+ := ", c) else "%%\n" + c
    out = dict(cells)
    for name in ("one", "loop", "fib"):
        out[name] = expression(cells[name])
    for name in ("print", "endless", "lines"):
        out[name] = statement(cells[name])
    out["keep"] = [statement(c) for c in cells["keep"]]
    out["setup"] = last(cells["setup"])
    out["kept"] = (expression(cells["kept"][0]), "42")
    for part in ("state", "language"):
        out[part] = [(n, last(steps), want) for n, steps, want in cells[part]]
    return out


PROGRAMS = {"msflow": GO, "gophernotes": GO, "gonb": gonb(GO), "ipykernel": PYTHON}
INTERRUPTS = {"msflow": "message", "gophernotes": "signal", "gonb": "message", "ipykernel": "signal"}


class Kernel:
    """One running kernel and a client that reads."""

    def __init__(self, name, command, folder):
        self.spec = os.path.join(folder, "kernels", name)
        os.makedirs(self.spec, exist_ok=True)
        with open(os.path.join(self.spec, "kernel.json"), "w") as f:
            json.dump({"argv": shlex.split(command), "display_name": name, "language": "go", "interrupt_mode": INTERRUPTS[name]}, f)
        self.km = KernelManager(kernel_name=name, kernel_spec_manager=KernelSpecManager(kernel_dirs=[os.path.join(folder, "kernels")]))
        begin = time.perf_counter()
        self.km.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.kernel_info()
        self.kc.get_shell_msg(timeout=60)
        while not self.heard():  # a subscription may come later than the first answer
            self.kc.kernel_info()
        self.started = time.perf_counter() - begin
        self.first = None
        self.begin = begin

    def heard(self):
        try:
            return bool(self.kc.get_iopub_msg(timeout=0.02))
        except Empty:
            return False

    def run(self, code, timeout=120):
        """Milliseconds from the request to idle, the reply's status, and the text of all output."""
        begin = time.perf_counter()
        sent, text, status = self.kc.execute(code), [], None
        while True:
            m = self.kc.get_iopub_msg(timeout=timeout)
            if m["parent_header"].get("msg_id") != sent:
                continue
            c = m["content"]
            if m["msg_type"] == "status" and c["execution_state"] == "idle":
                break
            text.append(c.get("text") or c.get("data", {}).get("text/plain") or "")
        took = 1000 * (time.perf_counter() - begin)
        while status is None:  # earlier replies are those to kernel_info
            r = self.kc.get_shell_msg(timeout=timeout)
            if r["parent_header"].get("msg_id") == sent:
                status = r["content"]["status"]
        return took, status, text

    def passes(self, steps, want):
        for code in steps:
            _, status, text = self.run(code)
            if status != "ok":
                return False
        return "".join(text).strip() == want

    def memory(self):
        """Resident MiB of the kernel's process."""
        with open(f"/proc/{self.km.provisioner.process.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self):
        self.kc.stop_channels()
        self.km.shutdown_kernel(now=True)
        self.km.cleanup_resources()


def start(kernel, programs):
    """Seconds from the start of the process to the answer about the kernel, and to the first result."""
    took = kernel.started
    kernel.run(programs["one"])
    return took, time.perf_counter() - kernel.begin


def interrupt(kernel, programs):
    """Milliseconds from the interrupt to idle, and whether variables live on."""
    for code in programs["keep"]:
        kernel.run(code)
    sent = kernel.kc.execute(programs["endless"])
    time.sleep(1.5)
    begin = time.perf_counter()
    kernel.km.interrupt_kernel()
    try:
        while True:
            m = kernel.kc.get_iopub_msg(timeout=10)
            if m["parent_header"].get("msg_id") == sent and m["content"].get("execution_state") == "idle":
                break
    except Empty:
        return None, "the process died" if not kernel.km.is_alive() else "goes on"
    took = 1000 * (time.perf_counter() - begin)
    time.sleep(0.2)
    if not kernel.km.is_alive():
        return None, "the process died"
    code, want = programs["kept"]
    return took, "state kept" if kernel.passes([code], want) else "state lost"


def stalled(kernel, programs):
    """300,000 lines while a second subscriber never reads: lines that the first one got, seconds, MiB more."""
    info = kernel.km.get_connection_info()
    silent = zmq.Context.instance().socket(zmq.SUB)
    silent.setsockopt(zmq.RCVHWM, 1)
    silent.setsockopt(zmq.RCVBUF, 4096)
    silent.setsockopt(zmq.SUBSCRIBE, b"")
    silent.connect(f"tcp://{info['ip']}:{info['iopub_port']}")
    time.sleep(0.5)
    before, begin = kernel.memory(), time.perf_counter()
    try:
        _, _, text = kernel.run(programs["lines"], timeout=20)
        lines, idle = "".join(text).count("\n"), True
    except Empty:
        lines, idle = None, False
    seconds = time.perf_counter() - begin
    more = kernel.memory() - before
    silent.close(0)
    return lines, idle, seconds, more


def published_tests(name, command, folder):
    """jupyter_kernel_test: how many of its tests pass; a skipped one does not."""
    spec = os.path.join(folder, "kernels", name, "kernel.json")
    env = dict(os.environ, JUPYTER_PATH=folder, BENCH_KERNEL=name, PYTHONWARNINGS="ignore")
    assert os.path.exists(spec)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernel_tests.py")
    try:
        p = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, timeout=400)
    except subprocess.TimeoutExpired:
        return "hangs"
    m = re.search(r"^passed (\d+) of (\d+)$", p.stdout, re.M)
    return f"{m[1]} of {m[2]}" if m else "fails"


@contextlib.contextmanager
def alone(lock):
    """Keeps off others who take the same lock while something heavy runs."""
    if not lock:
        yield
        return
    with open(lock, "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def times(commands, folder):
    """What depends on how busy the machine is, kernel by kernel in turns so that it is as busy for each."""
    starts = {n: [] for n in commands}
    for _ in range(11):  # a client that comes too early waits 100 ms and more: it is not the same each time
        for name, command in commands.items():
            k = Kernel(name, command, folder)
            starts[name].append(start(k, PROGRAMS[name]))
            k.stop()
    r = {n: {"name": n, "start": statistics.median(a for a, _ in v), "first": statistics.median(b for _, b in v)} for n, v in starts.items()}
    kernels = {n: Kernel(n, c, folder) for n, c in commands.items()}
    for name, k in kernels.items():
        for code in PROGRAMS[name]["setup"]:
            k.run(code)
    names = list(kernels)
    for row, rounds in (("one", 80), ("print", 80), ("loop", 8), ("fib", 8)):
        took = {n: [] for n in kernels}
        for k in range(rounds):
            for name in names[k % len(names) :] + names[: k % len(names)]:  # who came before matters
                took[name].append(kernels[name].run(PROGRAMS[name][row])[0])
        for name in kernels:
            r[name][row] = statistics.median(took[name])
    for k in kernels.values():
        k.stop()
    return r


def measure(name, command, folder, tests):
    """What does not."""
    programs, r = PROGRAMS[name], {}
    k = Kernel(name, command, folder)
    for code in programs["setup"]:
        k.run(code)
    r["state"] = [n for n, steps, want in programs["state"] if k.passes(steps, want)]
    r["language"] = [n for n, steps, want in programs["language"] if k.passes(steps, want)]
    r["interrupt"] = interrupt(k, programs)
    k.stop()
    k = Kernel(name, command, folder)
    for code in programs["setup"]:
        k.run(code)
    r["stalled"] = stalled(k, programs)
    k.stop()
    r["tests"] = published_tests(name, command, folder) if tests else "–"
    return r


def table(results):
    names = [r["name"] for r in results]
    rows = [["", *names]]

    def row(title, f):
        rows.append([title, *[f(r) for r in results]])

    def ms(key):
        return lambda r: f"{r[key]:.1f}" if r[key] < 100 else f"{r[key]:.0f}"

    def interrupted(r):
        took, how = r["interrupt"]
        return how if took is None else f"{took:.0f} ms, {how}"

    def silent(r):
        lines, idle, seconds, more = r["stalled"]
        return f"{lines} lines in {seconds:.1f} s, {more:+.0f} MiB" if idle else "output and idle stop"

    def of(key):
        total = {n: len(PROGRAMS[n][key]) for n in names}
        return lambda r: f"{len(r[key])} of {total[r['name']]}" if total[r["name"]] else "–"

    row("start until ready: the first result, s", lambda r: f"{r['first']:.3f}")
    row("start until it says what it is, s", lambda r: f"{r['start']:.3f}")
    row("`1+1`, ms", ms("one"))
    row("print a line, ms", ms("print"))
    row("loop of 10 M in a function, ms", ms("loop"))
    row("fib(27), ms", ms("fib"))
    row("interrupt of an endless loop", interrupted)
    row("300,000 lines beside a client that never reads", silent)
    row("state between cells", of("state"))
    row("generics, range over int and func, min, slices", of("language"))
    row("jupyter_kernel_test: tests that pass", lambda r: r["tests"])
    lines = ["| " + " | ".join(r) + " |" for r in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out")
    a.add_argument("--no-tests", action="store_true", help="leave jupyter_kernel_test out")
    a.add_argument("--lock", metavar="FILE", help="hold this lock (flock) while times are measured")
    a.add_argument("kernels", nargs="+", metavar="NAME=COMMAND")
    args = a.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MSFLOW_HISTORY"] = os.path.join(folder, "history")
        commands = dict(k.split("=", 1) for k in args.kernels)
        with alone(args.lock):
            results = times(commands, folder)
        for name, command in commands.items():
            results[name].update(measure(name, command, folder, not args.no_tests))
            print(json.dumps(results[name]), file=sys.stderr, flush=True)
    results = list(results.values())
    text = table(results) + f"\n\nMeasured in one run of bench/kernel.py on {time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores, {platform.machine()}, " \
        "medians; milliseconds from execute_request to idle as jupyter_client sees it.\n"
    print(text)
    if args.out:
        with open(args.out, "w") as f:
            f.write(text)


main()
