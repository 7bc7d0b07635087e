"""learned.py FOLDER EXAMPLES: a reward model of texts, its loss against PyTorch's, and PPO by what it says."""

import json
import random
import struct
import sys

import torch

sys.dont_write_bytecode = True
import oracle
from programs import LEXICON, Folder, held_out_prompts, toy_text

PROMPT = 8
SIZE = ["layers=1", "width=32", "heads=2", "batch=16", "context=40"]
KNOWN = {word: rating for word, rating in LEXICON.items() if len(word) >= 3 and abs(rating) >= 1.5}


def check_first_loss(folder, text, line):
    """The first batch is the text's beginning, in order; the parameters are those of no step."""
    p = {name[7:]: value for name, value in oracle.parameters(folder.at("begun")).items()}
    rows = torch.tensor([list(text.encode()[i * 40:i * 40 + 40]) for i in range(16)])
    learned = (oracle.hidden(p, rows, 1, 2) @ p["head"]).sum((1, 2))
    worth = oracle.rewards(rows, PROMPT, KNOWN)
    truly, ahead = worth[:8] - worth[8:], learned[:8] - learned[8:]
    losses = -torch.nn.functional.logsigmoid(truly.sign() * ahead)[truly != 0]
    error = abs(line["loss"] / float(losses.mean()) - 1)
    print(f"its loss within {error:.0e} of PyTorch's" if error < 1e-5 else f"its loss: {error:.1e} from PyTorch's")


def enlarged(folder, out, name, factor):
    """A checkpoint's tensors as a file of their own, one of them times a power of two: its digits stay the same."""
    with open(folder.at(out + "/checkpoint.safetensors"), "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header, data = json.loads(file.read(size)), bytearray(file.read())
    del header["__metadata__"]  # with the hash of what it was
    begin, end = header[name]["data_offsets"]
    numbers = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
    data[begin:end] = struct.pack(f"<{len(numbers)}f", *(factor * number for number in numbers))
    head = json.dumps(header).encode()
    with open(folder.at("larger.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head + data)
    return "larger.safetensors"


def check_scale(folder, *data):
    """PPO of the same rewards in another unit is the same training: but for that unit, to the bit. Batches have one."""
    larger = enlarged(folder, "reward", "reward.head", 4.0)
    for reward, out in (("reward", "as_learned"), (larger, "in_quarters")):
        folder.train("ppo", out, 6, *data, "--init", "base", "--init", reward, "--new", "value.*")
    one, other = (oracle.tensors(folder.at(out)) for out in ("as_learned", "in_quarters"))
    moved = [name for name in one if not torch.equal(one[name], other[name])]
    of_unit = ["optimizer.batch.deviation", "optimizer.batch.middle", "reward.head"]
    folder.train("ppo", "one_batch", 3, *data, "--init", "base", "--init", "reward", "--new", "value.*")
    first = oracle.tensors(folder.at("one_batch"))
    if not all(torch.equal(first[name], one[name]) for name in of_unit):
        sys.exit("the second batch has another unit")
    print("rewards in another unit:", "the same training" if sorted(moved) == of_unit else f"others are {moved}")


def main():
    folder = Folder(*sys.argv[1:3])
    text, lexicon = toy_text(random.Random(3), 40000)
    for name, content in (("text.txt", text), ("lexicon.txt", lexicon)):
        with open(folder.at(name), "w", encoding="utf-8") as file:
            file.write(content)
    data = ["--data", "text.txt", "--tokenizer", "bytes"]
    settings = [*SIZE, f"prompt={PROMPT}", "lexicon=lexicon.txt"]
    folder.compile("pretrain", *SIZE)
    folder.compile("reward_model", *settings)
    folder.compile("ppo", *settings, "learned=true", "rate=1e-3", "epochs=3")
    folder.train("pretrain", "base", 300, *data)
    folder.train("reward_model", "begun", 0, *data)
    check_first_loss(folder, text, folder.train("reward_model", "one", 1, *data, "--order", "sequential")[0])

    folder.train("reward_model", "reward", 300, *data)
    held_out_prompts(folder, text, 40)
    judged = folder.outputs("reward_model", "judge", "reward", "tokens=prompts.npy")
    right, decided = sum(judged["right"]), sum(judged["decided"])
    print(f"held-out texts: {right / decided:.0%} of {decided} pairs the right way round")

    check_scale(folder, *data)
    parts = ["--init", "base", "--init", "reward", "--new", "value.*"]
    lines = folder.train("ppo", "run", 150, *data, *parts)
    ones = all(line["lowest_ratio"] == 1 == line["highest_ratio"] for line in lines[::3])
    print("ratios are 1" if ones else "ratios are others")
    before, after = (oracle.parameters(folder.at(out)) for out in ("reward", "run"))
    print("the reward model", "stays" if all(torch.equal(after[name], before[name]) for name in before) else "moves")
    folder.train("ppo", "zero", 0, *data, *parts)
    print("by the lexicon:", folder.gain("ppo", "zero", "run"))


main()
