"""verses.py TEXT LEXICON OUT [--context N] [--prompt N] [--gap X] [--held-out X]: pairs of a text's lines that begin
alike, of which people would call one the more pleasant, and prompts, as arrays that dpo.cpp and its neighbours take.

A line's rating is the sum of those that the VADER lexicon (vader_lexicon.txt of npm's vader-sentiment) has for its
words within N bytes. A pair's two lines have the same first bytes, and ratings that differ by the gap or more; each
line is in one pair. OUT/chosen.npy and rejected.npy are of the text's first part, held_out_chosen.npy and
held_out_rejected.npy of its end, which pretrain.cpp's training holds out, too; prompts.npy are rows of that.
"""

import argparse
import os
import random
import re
import struct

BATCH = 32


def ratings(path):
    words = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            word, rating = line.split("\t")[:2]
            words[word] = float(rating)
    return words


def write_npy(path, rows):
    header = repr({"descr": "<i4", "fortran_order": False, "shape": (len(rows), len(rows[0]))}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
        for row in rows:
            file.write(struct.pack(f"<{len(row)}i", *row))


def pairs(lines, words, options, draw):
    """[(chosen, rejected)], rows of bytes with zeros behind their end."""
    alike = {}
    for line in lines:
        line = line[:options.context]
        if line[-1:] != b"." and len(line) == options.context:
            line = line[:line.rfind(b" ")]  # no half words
        found = re.findall("[a-z]+", line[options.prompt:].decode("latin-1").lower())
        alike.setdefault(line[:options.prompt], []).append((sum(words.get(word, 0) for word in found), line))
    result = []
    for group in alike.values():
        draw.shuffle(group)
        group.sort(key=lambda rated: rated[0])
        low, high = group[:len(group) // 2], group[len(group) - len(group) // 2:][::-1]
        for (bad, rejected), (good, chosen) in zip(low, high):
            if good - bad >= options.gap and len(rejected) > options.prompt and len(chosen) > options.prompt:
                result.append([list(line.ljust(options.context, b"\0")) for line in (chosen, rejected)])
    draw.shuffle(result)
    return result[:len(result) // BATCH * BATCH]


def main():
    parser = argparse.ArgumentParser()
    for name in ("text", "lexicon", "out"):
        parser.add_argument(name)
    parser.add_argument("--context", type=int, default=64)
    parser.add_argument("--prompt", type=int, default=4)
    parser.add_argument("--gap", type=float, default=4)
    parser.add_argument("--held-out", type=float, default=0.1)
    options = parser.parse_args()
    with open(options.text, "rb") as file:
        text = file.read()
    words, draw = ratings(options.lexicon), random.Random(1)
    cut = text.rfind(b"\n", 0, int(len(text) * (1 - options.held_out))) + 1
    os.makedirs(options.out, exist_ok=True)
    for prefix, part in (("", text[:cut]), ("held_out_", text[cut:])):
        found = pairs(part.splitlines(), words, options, draw)
        for i, name in enumerate(("chosen", "rejected")):
            write_npy(os.path.join(options.out, f"{prefix}{name}.npy"), [pair[i] for pair in found])
        print(f"{prefix or 'train '}pairs: {len(found)}")
    starts = sorted(draw.sample(range(cut, len(text) - options.context), 8 * BATCH))
    write_npy(os.path.join(options.out, "prompts.npy"), [list(text[i:i + options.context]) for i in starts])


main()
