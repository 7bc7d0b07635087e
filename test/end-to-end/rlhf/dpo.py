"""dpo.py FOLDER EXAMPLES: DPO of a tiny model: losses, gradients and parameters against PyTorch's, its bits, and the
implied rewards of held-out pairs. A pair's texts are words by chance, the chosen one with the better ones."""

import random
import sys

import torch

sys.dont_write_bytecode = True
import oracle
from programs import LEXICON, Folder, toy_text

PROMPT, BETA, RATE, CONTEXT = 4, 0.1, 1e-3, 40
SHAPE = (1, 2)
SIZE = ["layers=1", "width=32", "heads=2", f"context={CONTEXT}"]


def pairs(draw, count):
    """Texts of a length each, that begin alike."""
    result = []
    while len(result) < count:
        start = toy_text(draw, 2)[0][:PROMPT]
        texts = [start + toy_text(draw, 20)[0][:draw.randrange(20, CONTEXT - PROMPT)] for _ in range(2)]
        worth = [sum(LEXICON.get(word, 0) for word in text[PROMPT:].split()) for text in texts]
        if abs(worth[0] - worth[1]) >= 4:
            rows = [list(text.encode().ljust(CONTEXT, b"\0")) for text in texts]
            result.append(rows if worth[0] > worth[1] else rows[::-1])
    return result


def margins(p, first, chosen, rejected):
    def gain(tokens):
        now, before = (oracle.continuation(model, tokens, PROMPT, SHAPE)[2] for model in (p, first))
        return ((now - before) * (tokens[:, PROMPT:] != 0)).sum(1)
    return BETA * (gain(chosen) - gain(rejected))


def check_numbers(folder, found, lines):
    first = oracle.parameters(folder.at("base"))
    p = {name: value.clone().requires_grad_() for name, value in first.items()}
    optimizer = oracle.AdamW(list(p.values()), RATE)
    worst = {"losses": 0, "gradients": 0, "parameters": 0}
    for step, line in enumerate(lines):
        chosen, rejected = (torch.tensor([pair[i] for pair in found[step * 32:step * 32 + 32]]) for i in (0, 1))
        ahead = margins(p, first, chosen, rejected)
        loss = -torch.nn.functional.logsigmoid(ahead).mean()
        worst["losses"] = max(worst["losses"], abs(line["loss"] / float(loss.detach()) - 1))
        worst["gradients"] = max(worst["gradients"], abs(line["grad_norm"] / optimizer.update(loss) - 1))
    state = oracle.tensors(folder.at("four"))
    for name, value in p.items():
        worst["parameters"] = max(worst["parameters"], oracle.farthest(state[name], value.detach()))
        if not torch.equal(state["optimizer.reference." + name], first[name]):
            sys.exit(f"the reference's {name} has moved")
    good = max(worst["losses"], worst["gradients"]) <= 3e-5 and worst["parameters"] <= 1e-3
    print("of PyTorch's:" if good else "not PyTorch's:",
          ", ".join(f"{what} within {error:.0e}" for what, error in worst.items()))


def main():
    folder, draw = Folder(*sys.argv[1:3]), random.Random(3)
    with open(folder.at("text.txt"), "w", encoding="utf-8") as file:
        file.write(toy_text(draw, 40000)[0])
    found = pairs(draw, 2048)
    for name, part in (("", found), ("held_out_", pairs(random.Random(4), 256))):
        for i, which in enumerate(("chosen", "rejected")):
            folder.npy(f"{name}{which}.npy", [pair[i] for pair in part])
    folder.compile("pretrain", *SIZE)
    folder.compile("dpo", *SIZE, f"prompt={PROMPT}", f"rate={RATE}", target="cpu,vulkan")
    folder.train("pretrain", "base", 300, "--data", "text.txt", "--tokenizer", "bytes")

    data = ["--input", "chosen=chosen.npy", "--input", "rejected=rejected.npy", "--init", "base", "--order",
            "sequential", "--val-fraction", "0"]
    check_numbers(folder, found, folder.train("dpo", "four", 4, *data, "--threads", "1"))
    for threads in "23":
        folder.train("dpo", "threads" + threads, 4, *data, "--threads", threads)
    folder.train("dpo", "whole", 40, *data)
    folder.killed("dpo", "killed", 40, 8, *data)
    print("the same bits:", *folder.same_bits(["four", "threads2", "threads3"]), *folder.same_bits(["whole", "killed"]))
    vulkan, here = folder.train("dpo", "vulkan", 3, *data, "--device", "vulkan:0"), folder.lines("four.jsonl")
    worst = max(abs(there["loss"] / line["loss"] - 1) for line, there in zip(here, vulkan))
    print(f"Vulkan's losses within {worst:.0e} of the CPU's" if worst < 1e-5 else f"Vulkan's losses: {worst}")

    folder.train("dpo", "run", 150, *data)
    ahead = folder.outputs("dpo", "margins", "run", "chosen=held_out_chosen.npy",
                           "rejected=held_out_rejected.npy")["margins"]
    print(f"held-out pairs: the margin is positive on {sum(m > 0 for m in ahead) / len(ahead):.1%} of {len(ahead)}")


main()
