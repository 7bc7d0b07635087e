#!/usr/bin/env python3
"""Translation trained for some time, here and by PyTorch: BLEU, steps, and how long 1,000 sentences take.

    translation.py FOLDER [--language de] [--minutes 40] [--threads 2] [--torch COMMAND] [--sentences N]

Pairs are messages of the programs that are installed (messages.py), the model is examples/transformer with about 10
million parameters, and both sides have the same tokens, pairs in a step, rule of training, and time. The mean of the
last five checkpoints translates held-out messages, greedily and by a beam of four, and is scored by BLEU and chrF2.
COMMAND runs a script of Python with PyTorch (default: this Python; none: leave PyTorch out). Prints rows of a table;
FOLDER keeps what was written.
"""
import argparse
import json
import pathlib
import shlex
import signal
import subprocess
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHAPE = dict(words=8000, layers=4, heads=8, width=256, hidden=1024, batch=64, warmup=1000, dropout=0.1, smoothing=0.1)
LENGTH, PENALTY, KEEP_EVERY, KEEP = 32, 0.6, 200, 5
END = 2


def run(*command, **options):
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


class Translation:
    def __init__(self, arguments):
        self.arguments, self.folder = arguments, arguments.folder.resolve()
        self.program, self.tokenizer = self.folder / "translate", self.folder / "tokenizer.json"
        self.language = arguments.language

    def text(self, part, side):
        return self.folder / f"{part}.{'en' if side == 'source' else self.language}"

    def prepare(self):
        bench = pathlib.Path(__file__).parent
        print(run(sys.executable, bench / "messages.py", self.folder, "--language", self.language), end="", flush=True)
        settings = [word for name, value in {**SHAPE, "source": LENGTH, "target": LENGTH}.items()
                    for word in ("--set", f"{name}={value}")]
        run(self.arguments.sinterc, ROOT / "examples/transformer/translate.cpp", *settings, "--decode-batch=64", "-o",
            self.program)
        special = [word for name in ("<pad>", "<s>", "</s>") for word in ("--first-token", name)]
        run(self.program, "tokenizer", "train", "--vocab", SHAPE["words"], *special, "--data",
            self.text("train", "source"), "--data", self.text("train", "target"), "-o", self.tokenizer)

    def tokens(self, part, side):
        """Of each line."""
        encode = (self.program, "tokenizer", "encode", "--tokenizer", self.tokenizer)
        newline = int(run(*encode, "--text", "\n"))
        lines = [[]]
        for token in map(int, run(*encode, "--data", self.text(part, side)).split()):
            lines.append([]) if token == newline else lines[-1].append(token)
        return lines[:-1] if not lines[-1] else lines

    def arrays(self):
        """What the program makes of the texts, for PyTorch: what fits, filled up with zeros."""
        fits = [(a, b) for a, b in zip(self.tokens("train", "source"), self.tokens("train", "target"))
                if a and b and len(a) < LENGTH and len(b) < LENGTH]
        source, target = np.zeros((len(fits), LENGTH), np.int32), np.zeros((len(fits), LENGTH + 1), np.int32)
        for row, (a, b) in enumerate(fits):
            source[row, :len(a) + 1] = [*a, END]
            target[row, :len(b) + 2] = [1, *b, END]
        tests = self.tokens("held", "source")
        test = np.zeros((len(tests), LENGTH), np.int32)
        for row, a in enumerate(tests):
            test[row, :len(a) + 1] = [*a, END]
        path = self.folder / "tokens.npz"
        settings = dict(SHAPE, penalty=PENALTY, keep_every=KEEP_EVERY)
        np.savez(path, source=source, target=target, test=test, settings=json.dumps(settings))
        return path

    def score(self, path):
        said = run(self.program, "score", path, "--reference", self.text("held", "target"), "--json")
        return json.loads(said)

    def keep_what_fits(self):
        """Held-out pairs whose source fits, in files of their own."""
        lines = [self.text("test", side).read_text(encoding="utf-8").splitlines() for side in ("source", "target")]
        fits = [n for n, line in enumerate(self.tokens("test", "source")) if line and len(line) < LENGTH]
        for own, side in zip(lines, ("source", "target")):
            self.text("held", side).write_text("".join(own[n] + "\n" for n in fits[:self.arguments.sentences]),
                                               encoding="utf-8")

    def train(self):
        """For so many minutes; the mean of the last checkpoints. Returns steps and milliseconds a step."""
        out = self.folder / "run"
        command = [self.program, "train", "--source", self.text("train", "source"), "--target",
                   self.text("train", "target"), "--val-source", self.text("valid", "source"), "--val-target",
                   self.text("valid", "target"), "--tokenizer", self.tokenizer, "--steps", 10 ** 6, "--eval-every",
                   1000, "--checkpoint-every", KEEP_EVERY, "--keep", KEEP, "--threads", self.arguments.threads,
                   "--out", out]
        start = time.time()
        with open(self.folder / "train.log", "w", encoding="utf-8") as log:
            child = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)
            try:
                child.wait(timeout=60 * self.arguments.minutes)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGTERM)
        took = time.time() - start
        child.wait()
        steps = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        last = [step for step in steps if "grad_norm" in step][-1]
        mean = self.folder / "mean.safetensors"
        run(self.program, "average", out, "-o", mean)
        return mean, dict(steps=last["step"], loss=last["loss"], ms_per_step=1e3 * took / last["step"])

    def translate(self, checkpoint, beams):
        path, start = self.folder / f"written.{beams}", time.time()
        said = run(self.program, "translate", "--checkpoint", checkpoint, "--tokenizer", self.tokenizer, "--source",
                   self.text("held", "source"), "--beams", beams, "--length-penalty", PENALTY, "--threads",
                   self.arguments.threads)
        took = time.time() - start
        path.write_text(said, encoding="utf-8")
        return path, took

    def peer(self, tokens):
        """PyTorch's side: what it says of its training, and its translations as texts."""
        out = self.folder / "torch.json"
        script = pathlib.Path(__file__).parent / "translation_torch.py"
        options = [tokens, out, "--minutes", self.arguments.minutes, "--threads", self.arguments.threads,
                   "--average", KEEP]
        run(*shlex.split(self.arguments.torch), script, *options)
        said = json.loads(out.read_text(encoding="utf-8"))
        for beams in (1, 4):
            path = self.folder / f"torch.{beams}"
            text = [run(self.program, "tokenizer", "decode", "--tokenizer", self.tokenizer,
                        input=" ".join(map(str, line))).replace("\n", " ")
                    for line in said[f"beams_{beams}"]["tokens"]]
            path.write_text("".join(line + "\n" for line in text), encoding="utf-8")
            said[f"beams_{beams}"]["path"] = path
        return said

    def report(self, name, trained, written):
        greedy, beams = (self.score(path) for path, _ in written)
        seconds = ", ".join(f"{took:.1f} s" for _, took in written)
        print(f"| {name} | {trained['steps']} steps of {trained['ms_per_step']:.0f} ms, loss {trained['loss']:.3f} "
              f"| BLEU {greedy['bleu']:.2f} greedy, {beams['bleu']:.2f} with four beams "
              f"| chrF2 {greedy['chrf']:.2f}, {beams['chrf']:.2f} | {seconds} |", flush=True)

    def run(self):
        self.prepare()
        self.keep_what_fits()
        tokens = self.arrays()
        mean, trained = self.train()
        self.report("sinter", trained, [self.translate(mean, beams) for beams in (1, 4)])
        if self.arguments.torch != "none":
            said = self.peer(tokens)
            self.report(f"PyTorch {said['torch']}", said,
                        [(said[f"beams_{beams}"]["path"], said[f"beams_{beams}"]["seconds"]) for beams in (1, 4)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--language", default="de")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--torch", default=sys.executable, help="runs a script with PyTorch; none: leave it out")
    parser.add_argument("--sentences", type=int, default=10 ** 9, help="held-out ones, at most")
    parser.add_argument("--sinterc", default=ROOT / "build/bin/sinterc")
    Translation(parser.parse_args()).run()


if __name__ == "__main__":
    main()
