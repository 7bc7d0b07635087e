"""Ten AdamW steps of a small GPT: compiled by sinterc against PyTorch, from the same weights on the same batches.

    run.py --sinterc build/bin/sinterc --source examples/gpt/gpt.cpp --work DIR
    run.py --work DIR --write-figures      # after a change of common.py; needs torch

Against torch where /usr/bin/python3 has it, else against figures.json, which torch gave.
Each loss must agree within 3e-6 relative, each parameter within 1e-4. Key biases are left out: their exact gradient is
zero, and Adam turns the rounding errors that stand in its place into whole steps.
"""

import argparse
import json
import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
from common import *

HERE = os.path.dirname(os.path.abspath(__file__))
FIGURES = os.path.join(HERE, "figures.json")
PYTHON = "/usr/bin/python3"
SAMPLED = 40  # elements of a parameter that figures.json holds
LOSS_TOLERANCE, PARAMETER_TOLERANCE = 3e-6, 1e-4


def compared(name, n):
    """The elements of a parameter that are compared."""
    if name.endswith("c_attn.bias"):
        return [i for i in range(n) if not WIDTH <= i < 2 * WIDTH]
    return list(range(n))


def sampled(name, n):
    elements = compared(name, n)
    return sorted({elements[k * (len(elements) - 1) // (SAMPLED - 1)] for k in range(SAMPLED)})


def has_torch():
    return subprocess.run([PYTHON, "-c", "import torch"], capture_output=True).returncode == 0


def from_torch(work, padding=False):
    """Losses and name -> {element: value}."""
    result = os.path.join(work, "torch.safetensors")
    command = [PYTHON, os.path.join(HERE, "torch_gpt.py"), result, *["--padding"] * padding]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    parameters = {
        name: {i: values[i] for i in compared(name, len(values))}
        for name, (_, values) in read_safetensors(result).items()
    }
    return json.loads(run.stdout)["losses"], parameters


def from_figures():
    with open(FIGURES) as file:
        figures = json.load(file)
    parameters = {
        name: dict(zip(sampled(name, count(shape)), figures["parameters"][name])) for name, shape in shapes().items()
    }
    return figures["losses"], parameters


def write_figures(work):
    losses, parameters = from_torch(work)
    lines = [
        f'    "{name}": [' + ", ".join(f"{values[i]:.9g}" for i in sampled(name, count(shapes()[name]))) + "]"
        for name, values in parameters.items()
    ]
    with open(FIGURES, "w") as file:
        file.write('{\n  "losses": [' + ", ".join(f"{loss:.9g}" for loss in losses) + "],\n")
        file.write('  "parameters": {\n' + ",\n".join(lines) + "\n  }\n}\n")


def from_sinter(work, sinterc, source, padding):
    program, out = os.path.join(work, "gpt"), os.path.join(work, "out")
    init, data, log = (os.path.join(work, name) for name in ("init.safetensors", "tokens.bin", "log.jsonl"))
    write_safetensors(init, first_weights())
    with open(data, "wb") as file:
        ids = [token & 0xFFFF for token in tokens(padding)]
        file.write(struct.pack(f"<{len(ids)}H", *ids))
    if os.path.exists(log):
        os.remove(log)
    sizes = {"layers": LAYERS, "heads": HEADS, "width": WIDTH, "context": CONTEXT, "vocab": VOCAB, "batch": BATCH}
    settings = [argument for name, value in sizes.items() for argument in ("--set", f"{name}={value}")]
    subprocess.run([sinterc, source, "-o", program, *settings], check=True)
    subprocess.run(
        [program, "train", "--data", data, "--steps", str(STEPS), "--out", out, "--init", init, "--log", log,
         "--order", "sequential", "--schedule", "constant", "--warmup", "0", "--lr", str(LR), "--beta1", str(BETA1),
         "--beta2", str(BETA2), "--eps", str(EPS), "--weight-decay", str(WEIGHT_DECAY), "--grad-clip", str(GRAD_CLIP),
         "--eval-every", "0", "--sample-every", "0"],
        check=True, stdout=subprocess.DEVNULL)
    with open(log) as file:
        lines = [json.loads(line) for line in file]
    losses = [line["loss"] for line in lines if "loss" in line]
    return losses, read_safetensors(os.path.join(out, "checkpoint.safetensors"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sinterc")
    parser.add_argument("--source")
    parser.add_argument("--work", required=True)
    parser.add_argument("--no-torch", action="store_true", help="compare with figures.json in any case")
    parser.add_argument("--padding", action="store_true", help="a fifth of the tokens; needs torch")
    parser.add_argument("--write-figures", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    if options.write_figures:
        write_figures(options.work)
        return 0

    live = has_torch() and not options.no_torch
    if options.padding and not live:
        print("without torch: left out")
        return 0
    expected_losses, expected = from_torch(options.work, options.padding) if live else from_figures()
    losses, parameters = from_sinter(options.work, options.sinterc, options.source, options.padding)
    wrong = 0
    if len(losses) != STEPS:
        print(f"{len(losses)} losses in the log, expected {STEPS}")
        wrong += 1
    worst_loss = 0.0
    for step, (loss, target) in enumerate(zip(losses, expected_losses), 1):
        error = abs(loss - target) / abs(target)
        worst_loss = max(worst_loss, error)
        if not error <= LOSS_TOLERANCE:
            print(f"step {step}: loss {loss:.9g}, torch has {target:.9g} (relative error {error:.1e})")
            wrong += 1
    worst = (0.0, "")
    for name, targets in expected.items():
        if name not in parameters:
            print(f"{name}: not in the checkpoint")
            wrong += 1
            continue
        values = parameters[name][1]
        error, element = max((abs(values[i] - target), i) for i, target in targets.items())
        worst = max(worst, (error, name))
        if not error <= PARAMETER_TOLERANCE:
            print(f"{name}: element {element} is {values[element]:.9g} after step {STEPS}, torch has "
                  f"{targets[element]:.9g} (error {error:.1e}, the largest of {len(targets)})")
            wrong += 1
    source = "torch" if live else "figures that torch gave"
    print(f"against {source}: losses within {worst_loss:.1e} relative, parameters within {worst[0]:.1e} ({worst[1]})")
    return 1 if wrong else 0


sys.exit(main())
