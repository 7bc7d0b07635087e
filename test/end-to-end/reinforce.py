"""reinforce.py FOLDER EXAMPLES: pretrains a tiny model, trains it by rewards, and says what came of it."""

import json
import math
import os
import random
import subprocess
import sys

FOLDER, EXAMPLES = sys.argv[1:]
SIZE = ["--set", "layers=1", "--set", "width=32", "--set", "heads=2", "--set", "batch=16"]
TEXT = os.path.join(FOLDER, "text.txt")


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, cwd=FOLDER).stdout


def steps(program, out, count, *options):
    """The log's lines of a training by rewards."""
    log = os.path.join(FOLDER, out + ".jsonl")
    run(program, "train", "--data", TEXT, "--tokenizer", "bytes", "--steps", str(count), "--log", log, "--out", out,
        *options)
    return [line for line in map(json.loads, open(log, encoding="utf-8")) if "reward" in line]


def main():
    draw = random.Random(3)
    words = ["the", "good", "bad", "day", "was", "long", "joy", "pain", "and", "of"]
    with open(TEXT, "w", encoding="utf-8") as file:
        file.write(" ".join(draw.choice(words) for _ in range(40000)))
    with open(os.path.join(FOLDER, "lexicon.txt"), "w", encoding="utf-8") as file:
        file.write("good\t2.0\njoy\t3.0\nbad\t-2.5\npain\t-3.0\nnever\t-4.0\nthe\t0.1\n")
    run("sinterc", os.path.join(EXAMPLES, "pretrain.cpp"), *SIZE, "-o", "pretrain")
    run("sinterc", os.path.join(EXAMPLES, "reinforce.cpp"), *SIZE, "--set", "lexicon=lexicon.txt", "--set", "rate=1e-3",
        "--set", "penalty=0.2",
        "-o", "reinforce")
    run("./pretrain", "train", "--data", TEXT, "--tokenizer", "bytes", "--steps", "300", "--out", "base")

    lines = steps("./reinforce", "three", 3, "--init", "base", "--threads", "3")
    if len(lines) == 3 and all(line["same"] == 1 for line in lines):
        print("ratios: exactly 1 for every byte of 3 steps, 3 threads")

    lines = steps("./reinforce", "run", 60, "--init", "base")
    assert all(line["same"] == 1 for line in lines)
    # Before the first update, and at the end: means over steps, whose spread tells their errors.
    mean = lambda values: sum(values) / len(values)
    error = lambda values: math.sqrt(sum((v - mean(values)) ** 2 for v in values) / (len(values) - 1) / len(values))
    first, last = ([line["reward"] for line in part] for part in (lines[:10], lines[-10:]))
    gain = (mean(last) - mean(first)) / math.hypot(error(first), error(last))
    print(f"rewards: up by {gain:.1f} standard errors, from {mean(first):.2f} to {mean(last):.2f}")
    away = lines[-1]["kl"]
    print(f"away: {away:.3f} nats a byte, at most 0.5" if 0 < away <= 0.5 else f"away: {away} nats a byte")

    steps("./reinforce", "half", 25, "--init", "base")
    run("./reinforce", "train", "--resume", "--steps", "60", "--out", "half")
    ends = [open(os.path.join(FOLDER, out, "checkpoint.safetensors"), "rb").read() for out in ("run", "half")]
    tensors = [end[8 + int.from_bytes(end[:8], "little"):] for end in ends]
    print("resumed: the same bits" if tensors[0] == tensors[1] else "resumed: other bits")


main()
