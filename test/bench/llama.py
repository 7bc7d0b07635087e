#!/usr/bin/env python3
"""Samplers of sinterc against llama.cpp, alternately, on GPT-2's shape (124M parameters, random weights).

    llama.py --peer COMMAND [--sinterc build/bin/sinterc] [--types packed,bf16,int8,int4] [--rounds 3] [--batch 8]

COMMAND TYPE --pp 64,1024 --tg 128 --depth 64 --reps R --threads T times llama.cpp on a file of that shape whose weights
are of TYPE (f32, bf16, q8_0, q4_0), and prints a JSON object a line, with `test` ("pp64", "tg128") and `tps_max`. Of
each, the fastest of all rounds counts. Shares are of what as many threads read of a large array in the same run. A type
that sinterc does not take is left out, and said.
"""
import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEER_TYPES = {"f32": "f32", "packed": "f32", "bf16": "bf16", "int8": "q8_0", "int4": "q4_0"}
SETTINGS = dict(layers=12, heads=12, width=768, context=1024, vocab=50257, batch=1)


def compiled(sinterc, folder, weights, batch=1):
    """The program that makes a token of so many texts at once, or None with a line that says why there is none."""
    program = os.path.join(folder, f"{weights}-{batch}")
    words = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    options = [] if weights == "f32" else [f"--weights={weights}"]
    run = subprocess.run([sinterc, ROOT / "examples/gpt/gpt.cpp", f"--decode-batch={batch}", *words, *options, "-o",
                          program],
                         capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return program
    print(f"{weights}: {run.stderr.strip().splitlines()[0]}", file=sys.stderr)
    return None


def bench(program, threads, prompt, new, steps, batch=1):
    sizes = dict(prompt_tokens=prompt, new_tokens=new, steps=steps, batch=batch, threads=threads)
    words = [word for key, value in sizes.items() for word in ("--" + key.replace("_", "-"), str(value))]
    run = subprocess.run([program, "bench", "sample", *words, "--json"], check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


class Best:
    """The fastest of each measurement."""

    def __init__(self):
        self.rates = {}

    def add(self, name, rate):
        self.rates[name] = max(rate, self.rates.get(name, 0))


def ours(best, program, several, arguments):
    decode = bench(program, arguments.threads, 64, 128, arguments.reps)
    best.add("tg128", 1e3 / decode["ms_per_step"]["min"])
    best.add("pp64", 64e3 / decode["ms_per_prompt"]["min"])
    long = bench(program, arguments.threads, 1024, 1, arguments.reps)
    best.add("pp1024", 1024e3 / long["ms_per_prompt"]["min"])
    if arguments.batch > 1:
        at_once = bench(several, arguments.threads, 64, 128, 1, arguments.batch)
        best.add("batch", arguments.batch * 1e3 / at_once["ms_per_step"]["min"])
    return decode["machine"]["gb_per_s"], decode["bytes_per_token"]


def theirs(best, kind, arguments):
    command = [*shlex.split(arguments.peer), PEER_TYPES[kind], "--pp", "64,1024", "--tg", "128", "--depth", "64",
               "--reps", str(arguments.reps), "--threads", str(arguments.threads)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    for line in run.stdout.splitlines():
        figures = json.loads(line)
        best.add(figures["test"], figures["tps_max"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--sinterc", default=ROOT / "build/bin/sinterc")
    parser.add_argument("--types", default="packed,bf16,int8,int4")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reps", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    print("| GPT-2 124M | weights | sinter | of the read bandwidth | llama.cpp | ratio |\n| --- " + "| --- " * 5 + "|")
    for kind in arguments.types.split(","):
        with tempfile.TemporaryDirectory() as folder:
            program = compiled(arguments.sinterc, folder, kind)
            if not program:
                continue
            several = compiled(arguments.sinterc, folder, kind, arguments.batch) if arguments.batch > 1 else None
            mine, peer, bandwidth = Best(), Best(), 0
            for _ in range(arguments.rounds):
                measured, bytes_ = ours(mine, program, several, arguments)
                bandwidth = max(bandwidth, measured)
                theirs(peer, kind, arguments)
        for test, text in (("tg128", "new tokens after 64"), ("pp64", "prompt of 64"), ("pp1024", "prompt of 1024")):
            share = f"{100 * bytes_ * mine.rates[test] / 1e9 / bandwidth:.0f} %" if test == "tg128" else ""
            print(f"| {text} | {kind} | {mine.rates[test]:.4g} tokens/s | {share} | {peer.rates[test]:.4g} tokens/s | "
                  f"{mine.rates[test] / peer.rates[test]:.2f} |", flush=True)
        if arguments.batch > 1:
            print(f"| {arguments.batch} texts at once, after 64 | {kind} | {mine.rates['batch']:.4g} tokens/s | | "
                  f"| {mine.rates['batch'] / mine.rates['tg128']:.2f} x one text |", flush=True)


main()
