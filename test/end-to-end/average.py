"""average.py FOLDER: the model there is trained, and its checkpoints averaged."""

import json
import os
import random
import struct
import subprocess
import sys

FOLDER = sys.argv[1]


def call(*words):
    return subprocess.run(words, capture_output=True, text=True, cwd=FOLDER, check=False)


def run(*words):
    done = call(*words)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def refused(*words):
    done = call(*words)
    assert done.returncode == 1, (words, done.returncode, done.stderr)
    return done.stderr.strip()


def tensors(name):
    """Name -> numbers of a file of f32, and its metadata."""
    data = open(os.path.join(FOLDER, name), "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__")
    values = {}
    for key, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        values[key] = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
    return values, metadata


def is_mean(name, of):
    values, metadata = tensors(name)
    parts = [tensors(part) for part in of]
    good = {key: metadata[key] for key in metadata if key != "xxh3"} == {
        key: parts[-1][1][key] for key in parts[-1][1] if key != "xxh3"}
    moved = False
    for key, numbers in values.items():
        for i, number in enumerate(numbers):
            own = [part[0][key][i] for part in parts]
            wanted = own[-1] if key.startswith("optimizer.") else sum(own) / len(own)
            moved = moved or wanted != own[-1]
            good = good and abs(number - wanted) <= 2 ** -24 * abs(wanted)
    return good and moved


def main():
    draw = random.Random(2)
    with open(os.path.join(FOLDER, "t.csv"), "w", encoding="utf-8") as file:
        file.write("a,b,y\n")
        for _ in range(400):
            a, b = draw.gauss(0, 1), draw.gauss(0, 1)
            file.write(f"{a},{b},{2 * a - b + draw.gauss(0, 0.3)}\n")
    data = ["--input", "x=t.csv:a,b", "--input", "y=t.csv:y"]
    run("./model", "train", *data, "--steps", "80", "--checkpoint-every", "20", "--keep", "4", "--out", "run")
    kept = [f"run/checkpoint-{step}.safetensors" for step in (20, 40, 60, 80)]
    run("./model", "average", *kept[:3], "-o", "three.safetensors")
    good = is_mean("three.safetensors", kept[:3])
    print("of files:", "parameters equal, all else of the last" if good else "no mean")
    for last in (2, 3):
        run("./model", "average", "run", "--last", str(last), "-o", f"last{last}.safetensors")
        print("of a folder:", f"the last {last}" if is_mean(f"last{last}.safetensors", kept[-last:]) else "others")
    run("./model", "average", "run", "-o", "all.safetensors")
    assert is_mean("all.safetensors", kept)
    print("evaluates" if json.loads(run("./model", "eval", *data, "--checkpoint", "all.safetensors"))["loss"] else "0")
    run("./model", "train", *data, "--steps", "2", "--out", "short")
    print("none kept:", refused("./model", "average", "short", "-o", "none.safetensors"))
    print("of itself:", refused("./model", "average", "run", "-o", "short/checkpoint.safetensors"))
    run("sinterc", os.path.join(sys.argv[2], "regression.cpp"), "--set", "columns=1", "-o", "narrow")
    print("another model:", refused("./narrow", "average", "run", "-o", "none.safetensors"))


main()
