"""vulkan_parity.py PROGRAM WORK STEPS TRAIN... : one program, trained on the CPU and on the first Vulkan device.

PROGRAM is compiled for both; TRAIN are the options that say what it is trained on (--data and so on). Prints a line a
promise kept; the exit code tells of those that were not.
"""
import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "torch_parity"))
from common import read_safetensors

TOLERANCE = 1e-4  # of a loss, relative: the order of sums differs between the devices, nothing else
CPU, VULKAN = "cpu", "vulkan:0"

program, work, steps, *options = sys.argv[1:]
work, steps, half = pathlib.Path(work), int(steps), int(steps) // 2
failed = False


def run(*arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def train(name, device, count, *more):
    """Trains in WORK/name up to step `count`; the losses of all its steps so far."""
    run("train", *options, "--out", work / name, "--seed", 1, "--steps", count, "--device", device, "--log",
        work / name / "log", *more)
    lines = [json.loads(line) for line in (work / name / "log").read_text().splitlines()]
    return {line["step"]: line["loss"] for line in lines if "step" in line and "loss" in line}


def checkpoint(name):
    return work / name / "checkpoint.safetensors"


def promise(what, kept, otherwise=""):
    global failed
    failed |= not kept
    print(f"{what}: {'ok' if kept else 'NO'} {otherwise}", flush=True)


def tensors_apart(name, other):
    """Where the checkpoints differ most, for a message: tensor, element, both values, how many tensors differ at
    all."""
    ours, theirs = read_safetensors(checkpoint(name)), read_safetensors(checkpoint(other))
    apart = []
    for tensor in sorted(set(ours) & set(theirs)):
        a, b = ours[tensor][1], theirs[tensor][1]
        scale = max(map(abs, b), default=0) or 1
        error, element = max((abs(x - y) / scale if x == x and y == y else float("inf"), i)
                             for i, (x, y) in enumerate(zip(a, b)))
        if error > 0:
            apart.append((error, tensor, element, a[element], b[element]))
    if not apart:
        return "the checkpoints hold the same tensors"
    error, tensor, element, a, b = max(apart)
    return (f"{len(apart)} of {len(ours)} tensors differ; farthest {tensor} at element {element}: {a:.9g} in {name}, "
            f"{b:.9g} in {other}, {error:.1e} of its largest")


def follows(what, losses, expected, name):
    """Each of the losses is the expected one's, but for rounding."""
    common = sorted(set(losses) & set(expected))
    off, worst = max(((abs(losses[s] - expected[s]) / abs(expected[s]), s) for s in common), default=(0, None))
    kept = set(losses) <= set(expected) and steps in losses and off <= TOLERANCE
    told = f"({len(losses)} steps, at most {off:.1e})"
    if not kept:
        first = next((s for s in common if abs(losses[s] - expected[s]) > TOLERANCE * abs(expected[s])), None)
        told += "".join(f"; {which} step {s}: loss {losses[s]:.9g}, expected {expected[s]:.9g}"
                        for which, s in (("first wrong at", first), ("farthest at", worst)) if s is not None)
        told += (f"; steps logged: {common[0] if common else None} to {max(losses, default=None)} of {steps}; "
                 f"{tensors_apart(name, 'cpu')}")
    promise(what, kept, told)


expected = train("cpu", CPU, steps)
promise("as many losses as steps", sorted(expected) == list(range(1, steps + 1)))
# Halfway there is the checkpoint that the other device goes on from.
first = train("vulkan", VULKAN, half)
(work / "moved").mkdir()
checkpoint("moved").write_bytes(checkpoint("vulkan").read_bytes())
vulkan = first | train("vulkan", VULKAN, steps, "--resume")
follows("the losses of the CPU", vulkan, expected, "vulkan")
follows("from Vulkan to the CPU", train("moved", CPU, steps, "--resume"), expected, "moved")
train("back", CPU, half)
follows("from the CPU to Vulkan", train("back", VULKAN, steps, "--resume"), expected, "back")
again = train("again", VULKAN, steps)
other = [s for s in again if again[s] != vulkan.get(s)]
same = again == vulkan and checkpoint("again").read_bytes() == checkpoint("vulkan").read_bytes()
promise("the same bits again", same, "" if same else
        (f"step {other[0]}: loss {again[other[0]]:.9g}, before {vulkan.get(other[0])}; " if other else "")
        + tensors_apart("again", "vulkan"))

if "logits" in [entry["name"] for entry in json.loads(run("info", "--json"))["entries"]]: # a language model
    # So early in a training the most probable text repeats itself; drawing makes it go on.
    for temperature in (0, 1):
        sample = ["sample", "--checkpoint", checkpoint("vulkan"), "--prompt", "And God said", "-n", 100, "--seed", 1,
                  "--temperature", temperature]
        texts = [run(*sample, "--device", device) for device in (CPU, VULKAN)]
        same = texts[0] == texts[1] and len(texts[0]) > 100
        at = next((i for i, (a, b) in enumerate(zip(*texts)) if a != b), min(map(len, texts)))
        promise(f"the same text, temperature {temperature}", same, repr(texts[0][12:52]) if same else
                f"from character {at} on: {texts[0][at:at + 40]!r} on {CPU}, {texts[1][at:at + 40]!r} on {VULKAN}")
    trace = work / "trace.json"
    run("sample", "--checkpoint", checkpoint("vulkan"), "-n", 3, "--device", VULKAN, "--trace", trace)
    launches = [event for event in json.loads(trace.read_text())["traceEvents"] if event.get("cat") == "launch"]
    entries = json.loads(run("info", "--json", "--device", VULKAN))["entries"]
    each = next(entry["launches"] for entry in entries if entry["name"] == "decode")
    kept = len(launches) == 3 * each and {launch["tid"] for launch in launches} == {2000}
    promise("launches of a sample in its trace", kept, f"{len(launches)} launches, {each} a token")
sys.exit(failed)
