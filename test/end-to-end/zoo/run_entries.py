"""`run ENTRY` on every entry of the models of examples/zoo: random inputs and parameters in files, outputs and states
from files, held by sinter-run against the interpreter in double precision.

    run_entries.py --zoo examples/zoo --work DIR [--device vulkan:0] [MODEL...]
"""
import argparse
import os
import subprocess
import sys

sys.dont_write_bytecode = True
from models import MODELS


def check(model, arguments):
    source = os.path.join(arguments.zoo, model + ".cpp")
    program, module = (os.path.join(arguments.work, model + end) for end in ("", ".mlir"))
    settings = [word for name, value in MODELS[model]["set"].items() for word in ("--set", f"{name}={value}")]
    target = ["--target=cpu,vulkan"] if arguments.device.startswith("vulkan") else []
    subprocess.run(["sinterc", source, *settings, *target, "-o", program], check=True)
    subprocess.run(["sinterc", source, *settings, "--emit=model", "-o", module], check=True)
    result = subprocess.run(["sinter-run", module, "--device=reference", "--program", program, "--program-device",
                             arguments.device], capture_output=True, text=True)
    lines = result.stdout.splitlines()
    if result.returncode or not lines or not all("reference ok, program ok" in line for line in lines):
        sys.exit(f"{model}: {result.stdout}{result.stderr}")
    print(f"{model}: {', '.join(line.split(':')[0] for line in lines)} ok", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--zoo", "--work"):
        parser.add_argument(name, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("models", nargs="*", default=list(MODELS))
    arguments = parser.parse_args()
    os.makedirs(arguments.work, exist_ok=True)
    for model in arguments.models:
        check(model, arguments)


main()
