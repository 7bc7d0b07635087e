"""letters.py PROGRAM CHECKPOINT: holds what the compiled letters.cpp makes of a checkpoint against its formulas in
NumPy, in double precision."""
import json
import struct
import subprocess
import sys

import numpy as np

program, checkpoint = sys.argv[1:]
with open(checkpoint, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
metadata = header.pop("__metadata__")
assert metadata["step"] == "200" and metadata["program"] == "letters", metadata
tensors = {name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).astype("f8")
           for name, entry in header.items() if entry["dtype"] == "F32"}

text = "the quick brown fox jumps over the lazy dog. "
tokens = np.array([[ord(text[(at + i) % len(text)]) for i in range(8)] for at in range(len(text))], "i4")
following = np.array([ord(text[(at + 8) % len(text)]) for at in range(len(text))], "i4")

x = tensors["embedding"][tokens].reshape(len(text), -1)
hidden = np.tanh(x @ tensors["hidden.weight"] + tensors["hidden.bias"])
logits = hidden @ tensors["out.weight"] + tensors["out.bias"]

np.save("tokens.npy", tokens)
np.save("next.npy", following)


def run(*words):
    lines = subprocess.run([program, "run", *words, "--checkpoint", checkpoint, "--json"], check=True,
                           capture_output=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


own = np.array([line["logits"] for line in run("predict", "--input", "tokens=tokens.npy")])
assert own.shape == logits.shape and np.abs(own - logits).max() < 1e-4, np.abs(own - logits).max()
print(len(own), "predictions as NumPy's")

highest = logits.max(1)
loss = np.mean(np.log(np.exp(logits - highest[:, None]).sum(1)) + highest - logits[np.arange(len(text)), following])
own_loss = run("train", "--input", "tokens=tokens.npy", "--input", "next=next.npy")[0]["loss"]
assert abs(own_loss - loss) < 1e-5 * max(1, loss), (own_loss, loss)
print("loss as NumPy's")
