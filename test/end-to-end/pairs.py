"""pairs.py FOLDER EXAMPLES: pairs of texts train the translating transformer; what rows hold, what is refused, what
resumes to the same bits."""

import json
import os
import random
import signal
import subprocess
import sys
import time

FOLDER, EXAMPLES = sys.argv[1:]
SIZE = ["--set", "layers=1", "--set", "width=32", "--set", "hidden=64", "--set", "heads=2", "--set", "batch=8",
        "--set", "words=280", "--set", "source=24", "--set", "target=20", "--set", "warmup=50"]
ENGLISH = {"the": "el", "dog": "perro", "cat": "gato", "sees": "ve", "a": "un", "old": "viejo", "eats": "come"}


def call(*words):
    return subprocess.run(words, capture_output=True, text=True, cwd=FOLDER, check=False)


def run(*words):
    done = call(*words)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def refused(code, *words):
    done = call(*words)
    assert done.returncode == code, (words, done.returncode, done.stderr)
    return done.stderr.strip().split("error: ", 1)[1]


def lines_of(name):
    return open(os.path.join(FOLDER, name), encoding="utf-8").read().splitlines()


def write(name, lines, end="\n"):
    with open(os.path.join(FOLDER, name), "w", encoding="utf-8", newline="") as file:
        file.write("".join(line + end for line in lines))


def tensors(out):
    data = open(os.path.join(FOLDER, out, "checkpoint.safetensors"), "rb").read()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    return data[8 + size:], header["__metadata__"]


def losses(log):
    return [line["loss"] for line in map(json.loads, lines_of(log)) if "grad_norm" in line]


def main():
    draw = random.Random(5)
    english = [" ".join(draw.choice(list(ENGLISH)) for _ in range(draw.randint(1, 6))) for _ in range(300)]
    spanish = [" ".join(ENGLISH[word] for word in line.split()) for line in english]
    english[7] = ""  # left out
    english[9] = " ".join(["dog"] * 60)
    write("a.en", english, "\r\n")
    write("a.es", spanish)
    special = [word for name in ("<pad>", "<s>", "</s>") for word in ("--first-token", name)]
    run("sinterc", os.path.join(EXAMPLES, "translate.cpp"), *SIZE, "-o", "translate")
    run("./translate", "tokenizer", "train", "--vocab", "280", *special, "--data", "a.en", "--data", "a.es", "-o",
        "t.json")
    info = json.loads(run("./translate", "tokenizer", "info", "--tokenizer", "t.json", "--json"))
    print("tokenizer:", info["tokens"], "tokens,", info["added"])
    # The texts of special tokens are none of them: a corpus may hold them.
    encoded = run("./translate", "tokenizer", "encode", "--tokenizer", "t.json", "--text", "<s> dog")
    ids = list(map(int, encoded.split()))
    print("text of a special token:", "plain" if min(ids) > 2 else ids)

    texts = ["--source", "a.en", "--target", "a.es", "--tokenizer", "t.json"]
    train = ["./translate", "train", "--steps", "40", *texts]
    done = call(*train, "--out", "run", "--log", "run.jsonl", "--threads", "1")
    print("note:", next(line for line in done.stderr.splitlines() if "left out" in line).split("note: ")[-1])
    whole, metadata = tensors("run")
    print("pairs:", metadata["data_size"])
    first, last = losses("run.jsonl")[0], losses("run.jsonl")[-1]
    print("learns" if last < 0.8 * first else f"does not learn: {first} to {last}")

    # The same bits: other threads; ended and resumed, from a folder elsewhere; killed.
    run(*train, "--out", "threads", "--threads", "3")
    run("./translate", "train", *texts, "--steps", "17", "--out", "half")
    run("./translate", "train", "--resume", "--steps", "40", "--out", "half")
    child = subprocess.Popen(train + ["--out", "killed", "--checkpoint-every", "5", "--log", "killed.jsonl"],
                             cwd=FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = os.path.join(FOLDER, "killed.jsonl")
    steps = lambda: open(log, encoding="utf-8").read().count("grad_norm") if os.path.exists(log) else 0
    while child.poll() is None and steps() <= 12:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    run("./translate", "train", "--resume", "--steps", "40", "--out", "killed")
    print("same bits:", *[out for out in ("threads", "half", "killed") if tensors(out)[0] == whole])
    # Shuffled: another seed has another order, and other numbers.
    run(*train, "--out", "seed", "--seed", "4")
    print("another seed:", "the same" if tensors("seed")[0] == whole else "others")

    # Held out in files of their own; a share by chance; what eval says of the same pairs.
    write("b.en", english[:20])
    write("b.es", spanish[:20])
    held = ["--val-source", "b.en", "--val-target", "b.es"]
    run(*train, *held, "--out", "held", "--log", "held.jsonl", "--eval-batches", "0", "--eval-every", "20")
    said = [line["val_loss"] for line in map(json.loads, lines_of("held.jsonl")) if "val_loss" in line][-1]
    judged = json.loads(run("./translate", "eval", "--source", "b.en", "--target", "b.es", "--checkpoint", "held"))
    print("held out:", tensors("held")[1]["data_size"], "trained on; eval says the same"
          if abs(judged["loss"] - said) < 1e-6 else f"eval says {judged['loss']}, not {said}")
    run(*train, "--val-fraction", "0.5", "--val-split", "random", "--out", "share")
    print("half held out:", tensors("share")[1]["data_size"])

    write("c.es", spanish[:-2])
    for what, words in {
            "lines": ["--source", "a.en", "--target", "c.es", "--tokenizer", "t.json"],
            "one text": ["--source", "a.en", "--tokenizer", "t.json"],
            "no tokenizer": ["--source", "a.en", "--target", "a.es"],
            "bytes": ["--source", "a.en", "--target", "a.es", "--tokenizer", "bytes"]}.items():
        print(f"{what}:", refused(2 if what in ("one text", "no tokenizer") else 1, "./translate", "train", *words))


main()
