#!/usr/bin/env python3
"""Measures the REPL as a person feels it: start to prompt, a keystroke's redraw, an evaluation, an interrupt.

Usage: python bench/repl.py [--program bin/msflow] [--out bench/results/repl.md] [--rounds 20]

The program runs on a pseudo-terminal of 120×50. A redraw is the time from writing a key until the terminal has got the whole
frame (every frame ends by showing the cursor). Needs nothing beyond Python; exits with 1 when a limit is not kept.
"""
import argparse
import fcntl
import os
import platform
import pty
import re
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time

END_OF_FRAME = b"\x1b[?25h"
SGR = re.compile(rb"\x1b\[[0-9;]*m")


class Session:
    """One run of the REPL on a terminal of its own."""

    def __init__(self, program, rows=50, cols=120):
        self.began = time.perf_counter()
        home = tempfile.mkdtemp(prefix="msflow-bench-")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            env = dict(os.environ, TERM="xterm-256color", HOME=home, MSFLOW_HISTORY=os.path.join(home, "history"))
            env.pop("NO_COLOR", None)
            os.execvpe(program, [program, "repl"], env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def until(self, marker, limit=20.0):
        """Reads until marker was written; returns when it was, and what came before."""
        got = b""
        end = time.perf_counter() + limit
        while marker not in SGR.sub(b"", got):
            left = end - time.perf_counter()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                sys.exit(f"the REPL never wrote {marker!r}, but {got[-2000:]!r}")
            got += os.read(self.fd, 1 << 16)
        return time.perf_counter(), got

    def rest(self, quiet=0.15):
        """Reads until nothing comes any more."""
        while select.select([self.fd], [], [], quiet)[0]:
            os.read(self.fd, 1 << 16)

    def key(self, text, marker=END_OF_FRAME):
        """The milliseconds from a key to the end of the frame it causes, and the frame's bytes."""
        begin = time.perf_counter()
        os.write(self.fd, text)
        at, got = self.until(marker)
        return (at - begin) * 1e3, len(got)

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def starts(program, rounds):
    """Milliseconds from exec to the prompt, and to the value of an input that was typed at once."""
    prompt, value = [], []
    for _ in range(rounds):
        s = Session(program)
        at, _ = s.until(b"In [1]: ")
        prompt.append((at - s.began) * 1e3)
        os.write(s.fd, b"6*7\r")
        at, _ = s.until(b"Out[1]: 42")
        value.append((at - s.began) * 1e3)
        s.close()
    return prompt, value


def cell(lines):
    body = "".join(f"\tx{i} := strings.Repeat(\"ab\", {i}) + fmt.Sprint({i}, 'c') // line {i}\n" for i in range(lines - 2))
    return "func f() {\n" + body + "}"


def redraws(program, rounds):
    """Milliseconds per keystroke in a cell of 200 lines, by what the key does."""
    s = Session(program)
    s.until(b"In [1]: ")
    s.rest()
    os.write(s.fd, b"\x1b[200~" + cell(200).encode() + b"\x1b[201~")
    s.rest(0.5)
    os.write(s.fd, b"\x1b[A" * 3 + b"\x1b[F")
    s.rest()
    times, sizes = {}, {}

    def each(name, keys):
        for i in range(rounds):
            ms, n = s.key(keys[i % len(keys)])
            times.setdefault(name, []).append(ms)
            sizes.setdefault(name, []).append(n)
            s.rest(0.12)  # help that comes later is not part of the next key

    each("a letter at the end of a line", [b"a", b"b", b"c"])
    each("Backspace", [b"\x7f"])
    each("Up and Down", [b"\x1b[A", b"\x1b[B"])
    for _ in range(60):
        os.write(s.fd, b"\x1b[A")
    s.rest()
    each("Up at the top: the view scrolls", [b"\x1b[A"])
    each("a letter in the middle of the cell", [b"x", b"y"])
    each("Enter: a new line", [b"\r"])
    s.close()
    return times, sizes


def evaluation(program, rounds):
    """Milliseconds from Enter to the next prompt for 1+1, and from Ctrl-C to the prompt for an endless loop."""
    s = Session(program)
    s.until(b"In [1]: ")
    s.rest(0.5)
    run, stop = [], []
    n = 1
    for _ in range(rounds):
        os.write(s.fd, b"1+1")
        s.rest()
        n += 1
        run.append(s.key(b"\r", b"In [%d]: " % n)[0])
        s.rest()
    for _ in range(rounds // 2):
        os.write(s.fd, b"for {}\r")
        s.rest(0.2)
        n += 1
        stop.append(s.key(b"\x03", b"In [%d]: " % n)[0])
        s.rest()
    s.close()
    return run, stop


def row(name, values, limit=None):
    values = sorted(values)
    p95 = values[min(len(values) - 1, int(0.95 * len(values)))]
    return f"| {name} | {statistics.median(values):.1f} | {p95:.1f} | {values[-1]:.1f} | {'≤ %g' % limit if limit else ''} |"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default="bin/msflow")
    p.add_argument("--out")
    p.add_argument("--rounds", type=int, default=20)
    a = p.parse_args()
    program = os.path.abspath(a.program)
    prompt, value = starts(program, max(5, a.rounds // 2))
    times, sizes = redraws(program, a.rounds)
    run, stop = evaluation(program, a.rounds)
    lines = [
        "# The REPL, measured", "",
        f"By `python bench/repl.py` on {os.cpu_count()} cores ({platform.machine()}, {platform.system()}), load {os.getloadavg()[0]:.1f}; "
        f"milliseconds, {a.rounds} rounds, terminal of 120×50.", "",
        "| | median | 95th percentile | worst | limit |", "|---|---:|---:|---:|---:|",
        row("start to prompt", prompt, 150), row("start to the value of `6*7` typed at once", value),
        row("`1+1`: Enter to the next prompt", run), row("`for {}`: Ctrl-C to the next prompt", stop, 100), "",
        "A keystroke in a cell of 200 lines, until the terminal has the whole frame:", "",
        "| | median | 95th percentile | worst | limit |", "|---|---:|---:|---:|---:|",
    ]
    for name, values in times.items():
        lines.append(row(f"{name} ({statistics.median(sizes[name]):.0f} bytes)", values, 10))
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if a.out:
        with open(a.out, "w", encoding="utf-8") as f:
            f.write(text)
    late = statistics.median(prompt) > 150 or any(statistics.median(v) > 10 for v in times.values())
    sys.exit(1 if late else 0)


if __name__ == "__main__":
    main()
