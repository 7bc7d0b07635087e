"""vulkan_parity.py PROGRAM WORK STEPS TRAIN... : one program, trained on the CPU and on the first Vulkan device.

PROGRAM is compiled for both; TRAIN are the options that say what it is trained on (--data and so on). Prints a line a promise
kept; the exit code tells of those that were not.
"""
import json
import pathlib
import subprocess
import sys

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
    run("train", *options, "--out", work / name, "--seed", 1, "--steps", count, "--device", device, "--log", work / name / "log", *more)
    lines = [json.loads(line) for line in (work / name / "log").read_text().splitlines()]
    return {line["step"]: line["loss"] for line in lines if "step" in line and "loss" in line}


def checkpoint(name):
    return work / name / "checkpoint.safetensors"


def promise(what, kept, otherwise=""):
    global failed
    failed |= not kept
    print(f"{what}: {'ok' if kept else 'NO'} {otherwise}", flush=True)


def follows(what, losses, expected):
    """Each of the losses is the expected one's, but for rounding."""
    off = max((abs(losses[s] - expected[s]) / abs(expected[s]) for s in losses), default=0)
    promise(what, set(losses) <= set(expected) and steps in losses and off <= TOLERANCE, f"({len(losses)} steps, at most {off:.1e})")


expected = train("cpu", CPU, steps)
promise("as many losses as steps", sorted(expected) == list(range(1, steps + 1)))
# Halfway there is the checkpoint that the other device goes on from.
first = train("vulkan", VULKAN, half)
(work / "moved").mkdir()
checkpoint("moved").write_bytes(checkpoint("vulkan").read_bytes())
vulkan = first | train("vulkan", VULKAN, steps, "--resume")
follows("the losses of the CPU", vulkan, expected)
follows("from Vulkan to the CPU", train("moved", CPU, steps, "--resume"), expected)
train("back", CPU, half)
follows("from the CPU to Vulkan", train("back", VULKAN, steps, "--resume"), expected)
again = train("again", VULKAN, steps)
promise("the same bits again", again == vulkan and checkpoint("again").read_bytes() == checkpoint("vulkan").read_bytes())

if "logits" in [entry["name"] for entry in json.loads(run("info", "--json"))["entries"]]: # a language model
    # So early in a training the most probable text repeats itself; drawing makes it go on.
    for temperature in (0, 1):
        sample = ["sample", "--checkpoint", checkpoint("vulkan"), "--prompt", "And God said", "-n", 100, "--seed", 1,
                  "--temperature", temperature]
        texts = [run(*sample, "--device", device) for device in (CPU, VULKAN)]
        promise(f"the same text, temperature {temperature}", texts[0] == texts[1] and len(texts[0]) > 100, repr(texts[0][12:52]))
sys.exit(failed)
