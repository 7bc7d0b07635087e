"""Trains the models of examples/zoo for ten steps and holds every loss and gradient's norm against PyTorch's, which
figures.json keeps (torch_zoo.py makes them): within 1e-5 relative.

    run.py --sinterc build/bin/sinterc --zoo examples/zoo --work DIR [--device vulkan:0] [--steps N] [MODEL...]
"""
import argparse
import json
import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
from models import *

HERE = os.path.dirname(os.path.abspath(__file__))
TOLERANCE = 1e-5


def write_npy(path, shape, values):
    is_whole = isinstance(values[0], int)
    header = repr({"descr": "<i4" if is_whole else "<f4", "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
        file.write(struct.pack(f"<{len(values)}{'i' if is_whole else 'f'}", *values))


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, (shape, values) in tensors.items():
        data = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


def run(model, arguments):
    work, spec = os.path.join(arguments.work, model), MODELS[model]
    os.makedirs(work, exist_ok=True)
    program, first, log = (os.path.join(work, name) for name in ("program", "first.safetensors", "log.jsonl"))
    settings = [word for name, value in spec["set"].items() for word in ("--set", f"{name}={value}")]
    target = ["--target=cpu,vulkan"] if arguments.device.startswith("vulkan") else []
    source = os.path.join(arguments.zoo, spec.get("source", model + ".cpp"))
    subprocess.run([arguments.sinterc, source, *settings, *target, "-o", program], check=True)
    write_safetensors(first, parameters(model))
    files = []
    for name, (shape, values) in inputs(model).items():
        write_npy(os.path.join(work, name + ".npy"), shape, values)
        files += ["--input", f"{name}={work}/{name}.npy"]
    if model == "hessian":
        out = subprocess.run([program, "run", "sharpness", *files, "--checkpoint", first, "--calls", "3", "--json",
                              "--device", arguments.device], check=True, stdout=subprocess.PIPE).stdout
        lines = [json.loads(line) for line in out.decode().splitlines()]
        lines = [line.get("outputs", line) for line in lines]
        return [[line["loss"], line["eigenvalue"]] for line in lines]
    subprocess.run([program, "train", *files, "--init", first, "--order", "sequential", "--val-fraction", "0",
                    "--steps", str(arguments.steps), "--log", log, "--out", os.path.join(work, "out"),
                    "--device", arguments.device], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lines = [json.loads(line) for line in open(log)]
    return [[line["loss"], line.get("grad_norm")] for line in lines if "loss" in line]


def main():
    parser = argparse.ArgumentParser()
    for name in ("--sinterc", "--zoo", "--work"):
        parser.add_argument(name, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("models", nargs="*", default=list(MODELS))
    arguments = parser.parse_args()
    figures = json.load(open(os.path.join(HERE, "figures.json")))
    for model in arguments.models:
        actual, expected = run(model, arguments), figures[model]
        steps = min(arguments.steps, len(expected))
        if len(actual) < steps:
            sys.exit(f"{model}: {len(actual)} steps of {steps}")
        worst = 0
        for step, (is_, should) in enumerate(zip(actual[:steps], expected), 1):
            for what, a, e in zip(("loss", "grad_norm"), is_, should):
                if a is None or e is None:
                    continue
                error = abs(a - e) / abs(e)
                worst = max(worst, error)
                if not error <= TOLERANCE:
                    sys.exit(f"{model}: step {step}: {what} is {a}, PyTorch has {e}")
        print(f"{model}: {steps} steps within {worst:.1e} of PyTorch's", flush=True)


main()
