"""budget.py FOLDER [PAIRS | vulkan]: programs compiled with a memory budget, against the same without one.

For each pair of model and budget: ten calls of an entry give the same bytes (outputs, and state where it has some),
`info` promises no more than the budget, and the process takes at most 16 MB more than promised, where it may not have
more than 64 MB more of address space. Without PAIRS all are run; else the first so many. On `vulkan`, where memory of
the device is the process's, and the driver takes some for itself: at most 16 MB more of that than without a budget.
"""

import json
import os
import random
import re
import struct
import subprocess
import sys

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples")
MB = 1_000_000
GPT = "gpt/gpt.cpp"
HEAD = "../test/end-to-end/Inputs/head.cpp"

# Model, settings, entry, and where the budget lies between the least that the report knows (0) and what it takes
# without one (1); LEAST: the least that the compiler says can be met, where attentions take fewer rows, too.
LEAST = None
PAIRS = [
    (GPT, "layers=4 width=128 heads=4 context=128 batch=8 vocab=96", "train", 0.5),
    ("attention/attention.cpp", "heads=4 head_dim=32 context=512", "hvp", 0.3),
    (GPT, "layers=4 width=128 heads=4 context=128 batch=8 vocab=96", "train", 0.0),
    ("attention/attention.cpp", "heads=4 head_dim=32 context=256", "hvp", LEAST),
    ("mlp/mlp.cpp", "batch=512", "train", 0.0),
    (GPT, "layers=4 width=128 heads=4 context=128 batch=8 vocab=96", "train", 0.9),
    (HEAD, "", "train", 0.0),
    (GPT, "layers=2 width=192 heads=3 context=1024 batch=1 vocab=5000", "train", 0.2),
    (GPT, "layers=12 width=64 heads=2 context=64 batch=16 vocab=65", "train", 0.4),
    (GPT, "layers=3 width=96 heads=3 context=100 batch=7 vocab=67", "train", 0.6),
    (GPT, "layers=1 width=256 heads=4 context=256 batch=4 vocab=256", "train", 0.3),
    (GPT, "layers=6 width=384 heads=6 context=256 batch=12 vocab=65", "train", 0.5),
    (GPT, "layers=6 width=384 heads=6 context=256 batch=12 vocab=65", "train", 0.1),
    (GPT, "layers=6 width=128 heads=4 context=512 batch=2 vocab=512", "eval", 0.2),
    ("mlp/mlp.cpp", "batch=2048", "train", 0.5),
    ("attention/attention.cpp", "heads=8 head_dim=64 context=1024", "forward_backward", 0.5),
    ("attention/attention.cpp", "heads=4 head_dim=64 context=1000", "hvp", 0.0),
    ("attention/attention.cpp", "heads=4 head_dim=32 context=768 variant=gqa", "hvp", 0.5),
    ("attention/attention.cpp", "heads=4 head_dim=32 context=512 variant=softcap", "hvp", 0.4),
    (GPT, "layers=8 width=96 heads=3 context=64 batch=32 vocab=65", "train", 0.7),
    (GPT, "layers=16 width=32 heads=2 context=32 batch=8 vocab=65", "train", 0.3),
    (GPT, "layers=4 width=320 heads=5 context=128 batch=4 vocab=1000", "train", 0.25),
]
# The same on a Vulkan device: a head in blocks of rows, launches that run again, entries beside each other.
ON_VULKAN = [
    (HEAD, "", "train", 0.0),
    (GPT, "layers=4 width=64 heads=2 context=64 batch=8 vocab=65", "train", 0.5),
    (GPT, "layers=4 width=64 heads=2 context=64 batch=8 vocab=65", "train", 0.0),
    ("mlp/mlp.cpp", "batch=512", "train", 0.0),
]
CALLS = 10
TARGET, DEVICE = ["--target=cpu"], ["--threads", "2"]


def told(*command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def write_inputs(folder, entry):
    """Arrays of CALLS rows for the inputs that have no default: small integers, or numbers around zero."""
    numbers = random.Random(1)
    words = []
    for given in entry["inputs"]:
        if given.get("default") is not None:
            continue
        shape = [CALLS * given["shape"][0]] + given["shape"][1:] if given["shape"] else [CALLS]
        count = 1
        for size in shape:
            count *= size
        whole = given["dtype"] != "f32"
        values = [numbers.randrange(10) if whole else numbers.gauss(0, 1) for _ in range(count)]
        header = str({"descr": "<i4" if whole else "<f4", "fortran_order": False, "shape": tuple(shape)})
        header += " " * (-(len(header) + 11) % 64) + "\n"
        path = os.path.join(folder, given["name"] + ".npy")
        with open(path, "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
            file.write(struct.pack(f"<{count}{'i' if whole else 'f'}", *values))
        words += ["--input", f"{given['name']}={path}"]
    return words


def run(program, entry, inputs, folder):
    """Calls the entry; returns what it wrote."""
    os.makedirs(folder, exist_ok=True)
    command = [program, "run", entry, *inputs, "--seed", "3", *DEVICE, "--out", folder]
    command += ["--save", os.path.join(folder, "state")] if told(program, "info", "--json")["states"] else []
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    written = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            written[name] = file.read()
    return written


def peak_of(program, entry, space=None):
    """The most memory of a process that runs the entry and may have so much address space."""
    bench = [program, "bench", entry, "--steps", "2", *DEVICE, "--json"]
    if not space:
        return told(*bench)["peak_rss_bytes"]
    # (A shell sets the limit and forks: what Python itself takes would count for a process of its own.)
    shell = ["bash", "-c", f'ulimit -v {space // 1024}; "$@"; exit $?', "bash"]
    return told(*shell, *bench)["peak_rss_bytes"]


def compile_model(model, settings, output, *options):
    command = ["sinterc", os.path.join(EXAMPLES, model), "-o", output, *TARGET, *options]
    for setting in settings.split():
        command += ["--set", setting]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def least_budget(model, settings, output):
    try:
        compile_model(model, settings, output, "--memory-budget=1")
    except subprocess.CalledProcessError as refusal:
        return int(re.search(r"takes (\d+) bytes at least", refusal.stderr).group(1))
    raise AssertionError("a byte is enough")


def between(report, entry, part):
    """A budget between the least of the report and what is taken without one."""
    arenas = [point["arena_bytes"] for point in next(e["curve"] for e in report["entries"] if e["name"] == entry)]
    room = int(arenas[-1] + part * (arenas[0] - arenas[-1]))
    # Entries share the arena: the others may need more.
    least = max(e["curve"][-1]["arena_bytes"] for e in report["entries"])
    # (Of several versions, the one that takes the most counts.)
    budget = max(room, least) + max(memory["bytes"] - memory["arena_bytes"] for memory in report["memory"])
    # (Scratch may be a little different in the other plan.)
    return budget + 65536


def check(number, folder, model, settings, entry, part):
    plain, lean = (os.path.join(folder, f"{number}.{kind}") for kind in ("plain", "lean"))
    report = json.loads(compile_model(model, settings, plain, "--report=json"))
    curve = next(e["curve"] for e in report["entries"] if e["name"] == entry)
    arenas = [point["arena_bytes"] for point in curve]
    assert arenas == sorted(set(arenas), reverse=True), arenas
    for slow, fast in zip(curve[1:], curve):
        assert slow["time"] >= fast["time"], curve
    budget = least_budget(model, settings, lean) if part is LEAST else between(report, entry, part)
    compile_model(model, settings, lean, f"--memory-budget={budget}")

    info = told(lean, "info", "--json", *DEVICE)
    before = told(plain, "info", "--json", *DEVICE)
    assert info["memory_bytes"] <= budget, (info["memory_bytes"], budget)
    inputs = write_inputs(folder, next(e for e in info["entries"] if e["name"] == entry))
    expected = run(plain, entry, inputs, os.path.join(folder, f"{number}.expected"))
    found = run(lean, entry, inputs, os.path.join(folder, f"{number}.found"))
    if DEVICE[0] == "--threads":
        peak, others = peak_of(lean, entry, info["memory_bytes"] + 64 * MB), 0
    else:
        peak, others = peak_of(lean, entry), max(peak_of(plain, entry) - before["memory_bytes"], 0)
    same = "same bits" if found == expected else "OTHER BITS"
    held = "within" if peak <= info["memory_bytes"] + others + 16 * MB else "NOT within"
    print(
        f"{model} {settings} {entry}: {same}, {held} 16 MB: arena {before['arena_bytes']} -> {info['arena_bytes']}, "
        f"promised {info['memory_bytes']}, budget {budget}, peak {peak}",
        flush=True,
    )


def main():
    folder, which = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    os.makedirs(folder, exist_ok=True)
    pairs = ON_VULKAN if which == "vulkan" else PAIRS[: int(which) if which else None]
    if which == "vulkan":
        TARGET[:], DEVICE[:] = ["--target=vulkan"], ["--device", "vulkan:0"]
    for number, pair in enumerate(pairs):
        check(number, folder, *pair)


main()
