#!/usr/bin/env python3
"""Compares two builds of msflow in pairs: start, a cell, a training step of three shapes.

Usage: python bench/versions.py OLD NEW [--rounds 7] [--out bench/results/versions.md] [--about TEXT]

OLD and NEW are programs. They take turns, the one that goes first too, and the ratio of each pair counts: what disturbs the
machine for a minute disturbs both. Times are those of the processor, which other programs hardly change; wall times stand
beside. Needs nothing beyond Python.
"""
import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import time

SHAPES = [("24,40,112", "32,16,8"), ("64,128,256", "32,16,8"), ("256,512,1024", "16,8,4")]
CELLS = 300


def cell(n):
    """One of the kinds of cells that a session has."""
    return [f"v{n} := {n}\n_ = v{n}", f"func f{n}(x int) int {{ return x + {n} }}", f"type t{n} struct{{ a int }}",
            f"s{n} := []int{{1, 2, {n}}}\nlen(s{n})", f"fmt.Sprint({n})", f"for i := range 3 {{ _ = i * {n} }}"][n % 6]


def measured(command, stdin=""):
    """Seconds of the processor and of the wall, and what the command printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=True,
                          env=dict(os.environ, MSFLOW_HISTORY=os.devnull, MSFLOW_OFFLINE="1"))
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall, done.stdout


def start(program):
    return [measured([program, "repl", "--no-startup"], "1\n")[:2]]


def cells(program):
    few, many = (measured([program, "repl", "--no-startup"], "\n".join(cell(n) for n in range(k)) + "\n") for k in (6, CELLS))
    return [tuple((b - a) / (CELLS - 6) for a, b in zip(few[:2], many[:2]))]


def train(channels, sizes):
    def step(program):
        out = json.loads(measured([program, "bench", "train", "--json", "--threads", "1", "--seconds", "1.5", "--channels", channels,
                                   "--sizes", sizes, "--batch", "4"])[2])
        return [(out["processor_s"], out["min_s"])]
    return step


CASES = [("start to the end of `1`", start), (f"a cell, of {CELLS} different ones", cells)]
CASES += [(f"training step, channels {c}, sizes {s}", train(c, s)) for c, s in SHAPES]


def pairs(case, programs, rounds):
    """Ratios new/old of processor and wall times, and the processor times."""
    ratios, walls, times = [], [], ([], [])
    for r in range(rounds):
        got = {}
        for i in ([0, 1], [1, 0])[r % 2]:
            got[i] = case(programs[i])[0]
            times[i].append(got[i][0])
        ratios.append(got[1][0] / got[0][0])
        walls.append(got[1][1] / got[0][1])
    return ratios, walls, times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", default="bench/results/versions.md")
    parser.add_argument("--about", default="")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    programs = (os.path.abspath(args.old), os.path.abspath(args.new))
    lines = ["# Two builds beside each other", "",
             f"`bench/versions.py`, {args.rounds} pairs, {platform.machine()}, {os.cpu_count()} processors. {args.about}", "",
             "Ratio: new / old in a pair, least, **median** and greatest; below 1 the new build is faster. Times are the processor's, medians.",
             "", "| | old ms | new ms | ratio, processor | ratio, wall |", "|---|---|---|---|---|"]
    for name, case in CASES:
        if args.only not in name:
            continue
        ratios, walls, times = pairs(case, programs, args.rounds)
        old, new = (1000 * statistics.median(t) for t in times)
        spread = [f"{min(x):.2f}–**{statistics.median(x):.2f}**–{max(x):.2f}" for x in (ratios, walls)]
        lines.append(f"| {name} | {old:.2f} | {new:.2f} | {spread[0]} | {spread[1]} |")
        print(lines[-1], flush=True)
    with open(args.out, "w") as f:
        f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
