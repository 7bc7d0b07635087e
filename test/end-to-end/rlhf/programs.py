"""Compiled models of examples/rlhf: how tests here make, call and kill them; what they write."""

import json
import os
import random
import signal
import struct
import subprocess
import time


class Folder:
    def __init__(self, path, examples):
        self.path, self.examples = path, examples

    def at(self, name):
        return os.path.join(self.path, name)

    def run(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, cwd=self.path)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stderr}")
        return done.stdout

    def compile(self, model, *settings, target="cpu", name=None):
        words = [word for setting in settings for word in ("--set", setting)]
        self.run("sinterc", os.path.join(self.examples, model + ".cpp"), *words, "--target=" + target, "-o",
                 name or model)

    def lines(self, log, having="grad_norm"):
        """The log's lines of steps."""
        try:
            with open(self.at(log), encoding="utf-8") as file:
                return [line for line in map(json.loads, file.read().splitlines()) if having in line]
        except (FileNotFoundError, ValueError):  # not yet there, or a line that is being written
            return []

    def train(self, program, out, steps, *options):
        log = out + ".jsonl"
        self.run("./" + program, "train", "--steps", str(steps), "--log", log, "--out", out, *options)
        return self.lines(log)

    def killed(self, program, out, steps, after, *options):
        """The same, but killed behind step `after` and resumed."""
        words = ["./" + program, "train", "--steps", str(steps), "--log", out + ".jsonl", "--out", out,
                 "--checkpoint-every", "1", *options]
        child = subprocess.Popen(words, cwd=self.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while child.poll() is None and len(self.lines(out + ".jsonl")) < after:
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        child.wait()
        if child.returncode != -signal.SIGKILL:
            raise SystemExit(f"{out}: had ended before it was killed")
        self.run("./" + program, "train", "--resume", "--steps", str(steps), "--out", out)

    def state(self, out):
        """All bytes of a checkpoint's tensors."""
        with open(os.path.join(self.path, out, "checkpoint.safetensors"), "rb") as file:
            data = file.read()
        return data[8 + struct.unpack("<Q", data[:8])[0]:]

    def same_bits(self, outs):
        states = [self.state(out) for out in outs]
        return [out for out, state in zip(outs[1:], states[1:]) if state == states[0]]

    def npy(self, name, rows):
        """Whole numbers, as an array that `--input` takes."""
        header = repr({"descr": "<i4", "fortran_order": False, "shape": (len(rows), len(rows[0]))}).encode()
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        with open(self.at(name), "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
            for row in rows:
                file.write(struct.pack(f"<{len(row)}i", *row))

    def outputs(self, program, entry, checkpoint, *inputs):
        """What an entry gives at each call, one after the other: name -> numbers."""
        words = [word for given in inputs for word in ("--input", given)]
        said = self.run("./" + program, "run", entry, *words, "--checkpoint", checkpoint, "--json")
        result = {}
        for line in map(json.loads, said.splitlines()):
            for name, value in line.get("outputs", line).items():
                if isinstance(value, (int, float, list)):
                    result.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        return result


    def gain(self, program, before, after):
        """What the entry `write` makes of held-out prompts, in words."""
        old, new = (self.outputs(program, "write", out, "tokens=prompts.npy") for out in (before, after))
        (low, deviation), (high, _) = moments(old["rewards"]), moments(new["rewards"])
        return (f"rewards up by {(high - low) / deviation:.2f} deviations, from {low:.2f} to {high:.2f}, "
                f"{moments(new['kl'])[0]:.3f} nats a byte away; {max(old['kl']):.0f} before")


def held_out_prompts(folder, text, context):
    """prompts.npy: 128 rows of a text's last tenth."""
    data = text.encode()
    places = random.Random(5).sample(range(len(data) * 9 // 10, len(data) - context), 128)
    folder.npy("prompts.npy", [list(data[i:i + context]) for i in places])


def moments(values):
    mean = sum(values) / len(values)
    return mean, (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5


LEXICON = {"good": 2.0, "joy": 3.0, "bad": -2.5, "pain": -3.0, "never": -4.0, "the": 0.1}


def toy_text(draw, count):
    """Words by chance, some of which the lexicon knows, and the lexicon's file."""
    words = ["the", "good", "bad", "day", "was", "long", "joy", "pain", "and", "of"]
    text = " ".join(draw.choice(words) for _ in range(count))
    return text, "".join(f"{word}\t{rating}\n" for word, rating in LEXICON.items())
