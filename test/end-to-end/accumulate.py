"""accumulate.py A B: two trainings, each a folder with checkpoint.safetensors and log.jsonl. Their losses, norms and
parameters are the same but for the order of sums; what the second one's checkpoint holds is what the first one's does.
"""

import array
import json
import struct
import sys


def read(folder):
    with open(f"{folder}/log.jsonl", encoding="utf-8") as file:
        steps = [line for line in map(json.loads, file) if "loss" in line and "grad_norm" in line]
    with open(f"{folder}/checkpoint.safetensors", "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    tensors = {name: array.array("f", data[slice(*entry["data_offsets"])])
               for name, entry in header.items() if name != "__metadata__"}
    return steps, tensors


def main():
    (steps, tensors), (others, theirs) = map(read, sys.argv[1:3])
    assert len(steps) == len(others) > 0, (len(steps), len(others))
    assert tensors.keys() == theirs.keys(), tensors.keys() ^ theirs.keys()
    for name in "loss", "grad_norm":
        off = max(abs(a[name] - b[name]) / (1e-3 + abs(b[name])) for a, b in zip(steps, others))
        print(f"{name}: {'equal' if off < 2e-5 else f'off by {off}'} in {len(steps)} steps")
    # (Adam divides by roots of squares: where a gradient is next to nothing, its sign is chance.)
    pairs = [pair for name in tensors if not name.startswith("optimizer.") for pair in zip(tensors[name], theirs[name])]
    apart, count = sum(abs(a - b) > 2e-5 + 1e-3 * abs(b) for a, b in pairs), len(pairs)
    print(f"parameters: {'equal' if apart < count / 1000 else f'{apart} of {count} apart'}")


main()
