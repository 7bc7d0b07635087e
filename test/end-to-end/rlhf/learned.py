"""learned.py FOLDER EXAMPLES: a reward model of texts, its loss against PyTorch's, and PPO by what it says."""

import random
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

    parts = ["--init", "base", "--init", "reward", "--new", "value.*"]
    lines = folder.train("ppo", "run", 150, *data, *parts)
    ones = all(line["lowest_ratio"] == 1 == line["highest_ratio"] for line in lines[::3])
    print("ratios are 1" if ones else "ratios are others")
    before, after = (oracle.parameters(folder.at(out)) for out in ("reward", "run"))
    print("the reward model", "stays" if all(torch.equal(after[name], before[name]) for name in before) else "moves")
    folder.train("ppo", "zero", 0, *data, *parts)
    print("by the lexicon:", folder.gain("ppo", "zero", "run"))


main()
