"""same_losses.py LOG...: compares the losses of training runs, each within 1e-4 of the first log's."""
import json
import sys


def losses(path):
    with open(path) as log:
        lines = [json.loads(line) for line in log]
    return [line["loss"] for line in lines if "step" in line and "loss" in line]


first, *others = [losses(path) for path in sys.argv[1:]]
for path, other in zip(sys.argv[2:], others):
    if len(other) != len(first):
        sys.exit(f"{path}: {len(other)} steps, not {len(first)}")
    for step, (a, b) in enumerate(zip(first, other), 1):
        if abs(a - b) > 1e-4 * abs(a):
            sys.exit(f"{path}: step {step}: loss {b}, expected {a}")
print(f"{len(first)} steps, the same losses")
