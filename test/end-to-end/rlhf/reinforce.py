"""reinforce.py FOLDER EXAMPLES: pretrains a tiny model, trains it by rewards, and says what came of it."""

import random
import sys

sys.dont_write_bytecode = True
from programs import Folder, held_out_prompts, toy_text

SIZE = ["layers=1", "width=32", "heads=2", "batch=16"]


def main():
    folder = Folder(*sys.argv[1:])
    text, lexicon = toy_text(random.Random(3), 40000)
    for name, content in (("text.txt", text), ("lexicon.txt", lexicon)):
        with open(folder.at(name), "w", encoding="utf-8") as file:
            file.write(content)
    data = ["--data", "text.txt", "--tokenizer", "bytes"]
    folder.compile("pretrain", *SIZE)
    folder.compile("reinforce", *SIZE, "lexicon=lexicon.txt", "rate=1e-3", "penalty=0.2", target="cpu,vulkan")
    folder.train("pretrain", "base", 300, *data)

    data += ["--init", "base"]
    outs = []
    for where in ("1", "2", "3", "vulkan:0"):
        outs.append("on" + where)
        options = ["--threads", where] if len(where) == 1 else ["--device", where]
        lines = folder.train("reinforce", outs[-1], 3, *data, *options)
        if len(lines) == 3 and all(line["same"] == 1 for line in lines):
            print(f"on {where}: ratios are exactly 1 for every byte of 3 steps")
    print("the same bits:", *folder.same_bits(outs[:3]))

    lines = folder.train("reinforce", "run", 100, *data)
    assert all(line["same"] == 1 for line in lines) and lines[0]["kl"] == 0
    held_out_prompts(folder, text, 64)
    folder.train("reinforce", "zero", 0, *data)
    print("held-out prompts:", folder.gain("reinforce", "zero", "run"))

    folder.killed("reinforce", "killed", 100, 40, *data)
    print("killed and resumed: the same bits" if folder.same_bits(["run", "killed"]) else "killed: other bits")


main()
