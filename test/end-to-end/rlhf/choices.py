"""choices.py FOLDER EXAMPLES PACKAGE: the reward model of what students chose (examples/rlhf/choices.cpp) against a
logistic regression on the same numbers, fitted here by Newton's method, on choices that neither has seen."""

import csv
import json
import os
import sys

import numpy

sys.dont_write_bytecode = True
from programs import Folder

OPTIONS = 6


def table(path):
    with open(path, encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    numbers = numpy.array(rows, dtype=float)
    return numbers[:, :7], numbers[:, 7].astype(int), numbers[:, 8].astype(int)


def differences(people, chosen, rejected):
    """What a linear reward r = a[option] + b[option] . person says of r_chosen - r_rejected: a row of features each."""
    rows = numpy.arange(len(people))
    ahead = numpy.zeros((len(people), OPTIONS))
    ahead[rows, chosen] += 1
    ahead[rows, rejected] -= 1
    person = numpy.hstack([numpy.ones((len(people), 1)), people])
    return (ahead[:, :, None] * person[:, None, :]).reshape(len(people), -1)


def newton(x, ridge=1e-3):
    """The weights that make every choice likeliest, with a little ridge: differences fix them up to a constant."""
    w = numpy.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + numpy.exp(-x @ w))
        slope = x.T @ (1 - p) - ridge * w
        step = numpy.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + ridge * numpy.eye(len(w)), slope)
        w = w + step
        if numpy.abs(step).max() < 1e-10:
            break
    return w


def main():
    folder = Folder(*sys.argv[1:3])
    script = os.path.join(folder.examples, "data", "cems.py")
    print(folder.run(sys.executable, "-B", script, sys.argv[3], "asked").strip())
    train, held = (table(folder.at(f"asked/{part}.csv")) for part in ("train", "held_out"))
    theirs = differences(*held) @ newton(differences(*train))
    fit, fit_loss = (theirs > 0).mean(), numpy.log1p(numpy.exp(-theirs)).mean()
    print(f"logistic regression: {fit:.4f} right, loss {fit_loss:.4f}")

    def learnt(name, inputs, *settings):
        files = lambda option, part: [word for given in inputs for word in
                                      (option, f"{given}=asked/{part}.csv:{'1-7' if given == 'traits' else given}")]
        folder.compile("choices", *settings, name=name)
        folder.run("./" + name, "train", *files("--input", "train"), *files("--val-input", "held_out"), "--steps",
                   "2000", "--schedule", "cosine", "--min-lr", "0", "--out", name + ".run")
        said = folder.run("./" + name, "eval", *files("--input", "held_out"), "--checkpoint", name + ".run", "--json")
        judged = json.loads(said)
        return judged["accuracy"], judged["loss"]

    right, loss = learnt("traits", ["traits", "chosen", "rejected"], "people=0")
    print(f"the same model: {right:.4f} right, loss {loss:.4f}:", "alike" if abs(loss - fit_loss) < 2e-3 else "another")
    right, loss = learnt("tastes", ["traits", "chosen", "rejected", "person"])
    print(f"with each student's own tastes: {right:.4f} right, loss {loss:.4f}:", "more" if right > fit else "fewer")


main()
