#!/usr/bin/env python3
"""What memory budgets cost: times of programs along the curve of `--report`, measured.

    curve.py [--sinterc build/bin/sinterc] [--points 4] [--rounds 3] [--only REGEX] [--unclipped] [--processor]

For each model, programs with budgets at some points of its curve and one without run alternately; of each, the fastest
call of all rounds counts. Rows: arena (and the part of what the model takes without a budget), time as estimated and
as measured, both as multiples of the time without. A curve whose estimates do not rise is an error; one whose measured
times fall by more than a twentieth is marked. `--unclipped`: GPTs whose gradients nobody clips, and whose eval keeps
its logits to itself. `--processor`: one thread, and its processor time, for machines that have other work.
"""
import argparse
import json
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOISE = 0.05
SMALL = dict(layers=6, heads=6, width=384, context=256, vocab=65)
GPT2 = dict(layers=12, heads=12, width=768, vocab=50257)
CASES = [  # name, model, settings, entry, calls
    ("GPT-2 124M, 1 x 1024", "gpt/gpt", dict(GPT2, context=1024, batch=1), "train", 1),
    ("GPT-2 124M, 4 x 64", "gpt/gpt", dict(GPT2, context=64, batch=4), "train", 3),
    ("GPT, width 384, 12 x 256", "gpt/gpt", dict(SMALL, batch=12), "train", 3),
    ("GPT, width 384, 64 x 256", "gpt/gpt", dict(SMALL, batch=64), "train", 1),
    ("GPT, default", "gpt/gpt", {}, "train", 40),
    ("mlp", "mlp/mlp", {}, "train", 100),
    ("attention, HVP", "attention/attention", dict(context=512), "hvp", 20),
] + [(name, f"zoo/{name}", {}, "train", 10)
     for name in sorted(path.stem for path in (ROOT / "examples/zoo").glob("*.cpp"))]


def compile_model(sinterc, source, settings, *options):
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    return subprocess.run([sinterc, source, *words, *options], check=True, capture_output=True, text=True).stdout


def entry_of(report, wanted):
    """The entry `wanted`, or the one with the most work."""
    entries = {entry["name"]: entry for entry in report["entries"]}
    return entries.get(wanted) or max(entries.values(), key=lambda entry: entry["flops"])


def fastest(program, entry, calls, processor):
    """Milliseconds of a call: of the fastest one, or of processor time on average, without what a start takes."""
    def spent(steps):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([program, "bench", entry, "--steps", str(steps), "--threads", "1", "--json"], check=True,
                       capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    if processor:
        return 1e3 * (spent(calls + 1) - spent(1)) / calls
    text = subprocess.run([program, "bench", entry, "--steps", str(calls), "--json"], check=True, capture_output=True,
                          text=True).stdout
    return json.loads(text)["ms_per_step"]["min"]


def spread(count, most):
    """Up to `most` of so many numbers, the first and the last among them."""
    return sorted({i * (count - 1) // max(most - 1, 1) for i in range(most)}) if count > 1 else [0]


def measure(arguments, folder, name, source, settings, wanted, calls):
    report = json.loads(compile_model(arguments.sinterc, source, settings, "--report=json"))
    entry, memory = entry_of(report, wanted), report["memory"][0]
    curve = entry["curve"]
    for fast, slow in zip(curve, curve[1:]):
        if slow["arena_bytes"] >= fast["arena_bytes"] or slow["time"] < fast["time"]:
            sys.exit(f"{name}: the curve is not monotone: {fast}, {slow}")
    # Entries share the arena: the others may need more.
    least = max(other["curve"][-1]["arena_bytes"] for other in report["entries"])
    points = [curve[i] for i in spread(len(curve), arguments.points) if i == 0 or curve[i]["arena_bytes"] >= least]
    programs = []
    for number, point in enumerate(points):
        program = pathlib.Path(folder, str(number))
        budget = point["arena_bytes"] + memory["bytes"] - memory["arena_bytes"] + 65536
        compile_model(arguments.sinterc, source, settings, "-o", program,
                      *([f"--memory-budget={int(budget)}"] if number else []))
        programs.append(program)
    if arguments.processor and len(programs) > 1:  # long enough to tell
        calls = max(calls, int(2e3 / max(fastest(programs[0], entry["name"], calls, True), 0.02)))
    times = [[] for _ in programs]
    for _ in range(arguments.rounds if len(programs) > 1 else 0):
        for program, own in zip(programs, times):
            own.append(fastest(program, entry["name"], calls, arguments.processor))
    if len(programs) == 1:
        print(f"| {name} | {curve[0]['arena_bytes'] / 1e6:.1f} MB | one way |", flush=True)
    slowest = 0
    for point, own in zip(points, times if len(programs) > 1 else []):
        ratio = min(own) / min(times[0])
        mark = " | FASTER than with more memory" if ratio < slowest * (1 - NOISE) else ""
        slowest = max(slowest, ratio)
        print(f"| {name} | {point['arena_bytes'] / 1e6:.1f} MB | {point['arena_bytes'] / curve[0]['arena_bytes']:.2f} "
              f"| estimated {point['time']:.3f} | measured {ratio:.3f} ({min(own):.4g} ms){mark} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sinterc", default=ROOT / "build/bin/sinterc")
    parser.add_argument("--points", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--unclipped", action="store_true")
    parser.add_argument("--processor", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, model, settings, entry, calls in CASES:
            if not re.search(arguments.only, name) or (arguments.unclipped and model != "gpt/gpt"):
                continue
            source = ROOT / f"examples/{model}.cpp"
            if arguments.unclipped:
                text = source.read_text()
                clipped, unclipped = ".decay = matrices}}", ".decay = matrices}, .eval_logits = false}"
                assert clipped in text
                text = text.replace(clipped, unclipped).replace(".decay =", ".grad_clip = INFINITY, .decay =")
                source = pathlib.Path(folder, "unclipped.cpp")
                source.write_text(text)
            measure(arguments, folder, name, source, settings, entry, calls)


main()
