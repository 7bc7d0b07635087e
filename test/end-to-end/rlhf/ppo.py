"""ppo.py FOLDER EXAMPLES: PPO of a tiny model: every number of its steps against PyTorch's in double precision, the
ratios, its bits, and what it learns."""

import random
import sys

import torch

sys.dont_write_bytecode = True
import oracle
from programs import LEXICON, Folder, held_out_prompts, toy_text

EPOCHS, PROMPT, PENALTY, CLIP, LAMBDA, SHARE, RATE = 3, 8, 0.2, 0.2, 0.95, 0.02, 1e-3
SHAPE = (1, 2)  # layers, heads
SIZE = ["layers=1", "width=32", "heads=2", "batch=16", "context=40"]
KNOWN = {word: rating for word, rating in LEXICON.items() if len(word) >= 3 and abs(rating) >= 1.5}


def near(what, actual, expected, bound):
    error = oracle.farthest(torch.as_tensor(actual, dtype=torch.float64),
                            torch.as_tensor(expected, dtype=torch.float64))
    if not error <= bound:
        sys.exit(f"{what}: {error:.1e} from PyTorch's")
    return error


def batch_as_defined(p, critic, first, tokens):
    """log p, advantages and returns of texts, from the definitions."""
    states, logs, then = oracle.continuation(p, tokens, PROMPT, SHAPE)
    _, first_logs, of_first = oracle.continuation(first, tokens, PROMPT, SHAPE)
    each = -PENALTY * (then - of_first)
    worth = oracle.rewards(tokens, PROMPT, KNOWN)
    each[:, -1] += worth
    values = (states @ critic[0] + critic[1])[..., 0]
    advantages = torch.zeros_like(values)
    after = torch.zeros(len(tokens), dtype=torch.float64)
    for t in reversed(range(values.shape[1])):
        later = values[:, t + 1] if t + 1 < values.shape[1] else 0
        after = advantages[:, t] = each[:, t] + later - values[:, t] + LAMBDA * after
    kl = (logs.exp() * (logs - first_logs)).sum(-1).mean()
    whitened = (advantages - advantages.mean()) / (advantages.var(unbiased=False).sqrt() + 1e-8)
    return then, whitened, advantages + values, worth.mean(), kl


def loss_as_defined(p, critic, tokens, then, advantages, returns):
    states, _, now = oracle.continuation(p, tokens, PROMPT, SHAPE)
    ratio = (now - then).exp()
    gain = torch.minimum(ratio * advantages, ratio.clamp(1 - CLIP, 1 + CLIP) * advantages).mean()
    surprise = (((states @ critic[0] + critic[1])[..., 0] - returns) ** 2).mean()
    return SHARE * surprise - gain


def check_numbers(folder, outs, lines, parts=1):
    """Of two batches, behind each of which a checkpoint was written: what it is, losses, gradients, parameters."""
    first = oracle.parameters(folder.at("base"))
    p = {name: value.clone().requires_grad_() for name, value in first.items()}
    critic = [torch.zeros(size, dtype=torch.float64, requires_grad=True) for size in ((32, 1), (1,))]
    optimizer = oracle.AdamW([*p.values(), *critic], RATE)
    worst = {"batch": 0, "losses": 0, "gradients": 0, "parameters": 0}
    half = len(lines) // 2
    for out, steps in zip(outs, (lines[:half], lines[half:])):
        state = oracle.tensors(folder.at(out))
        tokens = state["optimizer.batch.tokens"]
        with torch.no_grad():
            batch = batch_as_defined(p, critic, first, tokens)
        for name, value in zip(("log_probabilities", "advantages", "returns", "reward", "kl"), batch):
            if name != "kl" or out == outs[1]:  # at first it is 0
                worst["batch"] = max(worst["batch"], near(name, state["optimizer.batch." + name], value, 1e-5))
        for i, line in enumerate(steps):
            rows = torch.arange(len(tokens)).chunk(parts)[i % parts]
            loss = loss_as_defined(p, critic, *(of_all[rows] for of_all in (tokens, *batch[:3])))
            # Advantages of a whole batch cancel each other to the last bits; of a part, they leave a small sum of
            # numbers about 1, whose rounding counts beside them.
            beside = 0.0 if parts == 1 else float(batch[1][rows].abs().mean())
            error = near("loss", [line["loss"], beside], [float(loss.detach()), beside], 1e-5)
            worst["losses"] = max(worst["losses"], error)
            norm = optimizer.update(loss)
            worst["gradients"] = max(worst["gradients"], near("gradient", line["grad_norm"], norm, 1e-5))
        for name, value in [*p.items(), ("value.weight", critic[0]), ("value.bias", critic[1])]:
            worst["parameters"] = max(worst["parameters"], near(name, state[name], value.detach(), 1e-3))
        for name, value in first.items():
            if not torch.equal(state["optimizer.reference." + name], value):
                sys.exit(f"the reference's {name} has moved")
    print(f"of PyTorch's, {half} steps a batch:",
          ", ".join(f"{what} within {error:.0e}" for what, error in worst.items()))


def check_ratios(lines, where, steps=EPOCHS):
    new = [line for i, line in enumerate(lines) if i % steps == 0]
    old = [line for i, line in enumerate(lines) if i % steps]
    ones = all(line["lowest_ratio"] == 1 == line["highest_ratio"] for line in new)
    others = all(line["lowest_ratio"] < 1 < line["highest_ratio"] for line in old)
    print(f"{where}: in the first of {steps} steps with a batch every ratio is 1, in the others none is bound to be"
          if ones and others else f"{where}: other ratios")


def main():
    folder = Folder(*sys.argv[1:3])
    text, lexicon = toy_text(random.Random(3), 40000)
    for name, content in (("text.txt", text), ("lexicon.txt", lexicon)):
        with open(folder.at(name), "w", encoding="utf-8") as file:
            file.write(content)
    data = ["--data", "text.txt", "--tokenizer", "bytes"]
    folder.compile("pretrain", *SIZE)
    settings = [*SIZE, f"prompt={PROMPT}", "lexicon=lexicon.txt", f"rate={RATE}"]
    folder.compile("ppo", *settings, f"epochs={EPOCHS}", target="cpu,vulkan")
    folder.train("pretrain", "base", 300, *data)

    data += ["--init", "base", "--new", "value.*"]
    lines = folder.train("ppo", "six", 6, *data, "--threads", "1")
    folder.train("ppo", "three", 3, *data, "--threads", "1")
    check_numbers(folder, ("three", "six"), lines)
    check_ratios(lines, "CPU")
    for threads in "23":
        folder.train("ppo", "threads" + threads, 6, *data, "--threads", threads)
    folder.train("ppo", "whole", 30, *data)
    folder.killed("ppo", "killed", 30, 10, *data)
    print("the same bits:", *folder.same_bits(["six", "threads2", "threads3"]), *folder.same_bits(["whole", "killed"]))
    folder.compile("ppo", *settings, "epochs=2", "parts=2", name="parts")
    lines_of_parts = folder.train("parts", "eight", 8, *data)
    folder.train("parts", "four", 4, *data)
    check_numbers(folder, ("four", "eight"), lines_of_parts, parts=2)
    check_ratios(lines_of_parts, "in parts", 4)
    vulkan = folder.train("ppo", "vulkan", 4, *data, "--device", "vulkan:0")
    check_ratios(vulkan, "Vulkan")
    worst = max(near("Vulkan's loss", there["loss"], here["loss"], 1e-3) for here, there in zip(lines, vulkan))
    print(f"Vulkan's losses within {worst:.0e} of the CPU's")

    lines = folder.train("ppo", "run", 150, *data)
    check_ratios(lines, "150 steps")
    held_out_prompts(folder, text, 40)
    folder.train("ppo", "zero", 0, *data)
    print("held-out prompts:", folder.gain("ppo", "zero", "run"))


main()
