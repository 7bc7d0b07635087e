"""weights.py FOLDER: programs that read packed weights.

Whole windows, token by token, with any number of threads: the same bits, for each kind of weights. What they know of a
text: hardly less than with f32.
"""

import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
SETTINGS = "layers=2 width=80 heads=2 context=70 vocab=80 batch=2".split()
WORDS = "in the beginning god created the heaven and the earth and the earth was without form and void "


def compiled(folder, name, *options):
    program = os.path.join(folder, name)
    arguments = [word for setting in SETTINGS for word in ("--set", setting)]
    subprocess.run(["sinterc", os.path.join(ROOT, "examples/gpt/gpt.cpp"), *arguments, *options, "-o", program],
                   check=True)
    return program


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def main():
    folder = sys.argv[1]
    os.makedirs(folder)
    text, out = os.path.join(folder, "text.txt"), os.path.join(folder, "out")
    with open(text, "w", encoding="utf-8") as file:
        file.write(WORDS * 40)
    plain = compiled(folder, "f32", "--no-decode")
    run(plain, "train", "--data", text, "--steps", "60", "--lr", "3e-3", "--out", out)
    loss = lambda program: json.loads(run(program, "eval", "--checkpoint", out, "--data", text))["loss"]
    exact = loss(plain)
    for kind, bound in (("packed", 0), ("bf16", 2e-3), ("int8", 5e-3), ("int4", 5e-2)):
        whole = compiled(folder, "whole", f"--weights={kind}", "--no-decode")
        step = compiled(folder, "step", f"--weights={kind}", "--decode")
        far = abs(loss(whole) - exact)
        near = 0 < far <= bound or far == bound == 0
        print(f"{kind}: loss " + ("as of f32" if near else f"{far} from {exact}"), flush=True)
        same = True
        for length, count in ((1, 30), (40, 40), (65, 5)):
            prompt = (WORDS * 3)[:length]
            sample = lambda program, *more: run(program, "sample", "--checkpoint", out, "--prompt", prompt,
                                                "-n", str(count), "--seed", "3", "--logprobs", "80",
                                                "--context-full", "slide", *more)
            expected = sample(plain if kind == "packed" else whole)
            same &= all(sample(step, "--threads", str(threads)) == expected for threads in (1, 2, 3))
        print(f"{kind}: " + ("same bits" if same else "other bits"), flush=True)
    # Parameters that change are packed again: a program that trains and then samples knows what it has learnt.
    longer = os.path.join(folder, "longer")
    run(step, "train", "--data", text, "--steps", "60", "--lr", "3e-3", "--out", longer)
    print("trained: " + ("as of f32" if abs(loss(step) - exact) <= 5e-2 else "otherwise"), flush=True)


main()
