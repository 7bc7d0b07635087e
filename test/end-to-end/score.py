"""score.py PROGRAM FOLDER: BLEU and chrF of `score` against figures that sacrebleu's authors publish, and against
formulas of the papers written down here, on random texts full of marks, digits, entities and odd spaces."""

import json
import math
import os
import random
import re
import subprocess
import sys
from collections import Counter

PROGRAM, FOLDER = sys.argv[1:]


def score(lines, references):
    names = []
    for i, text in enumerate([lines, *references]):
        names.append(os.path.join(FOLDER, f"{i}.txt"))
        with open(names[-1], "w", encoding="utf-8", newline="") as file:
            file.write("".join(line + "\n" for line in text))
    words = [word for name in names[1:] for word in ("--reference", name)]
    return json.loads(subprocess.run([PROGRAM, "score", names[0], *words], check=True, capture_output=True).stdout)


def words_of(line):
    """Tokens of mteval-v13a, one substitution after the other."""
    line = line.replace("<skipped>", "")
    for entity, mark in (("quot", '"'), ("amp", "&"), ("lt", "<"), ("gt", ">")):
        line = line.replace(f"&{entity};", mark)
    line = f" {line} "
    for pattern, result in ((r"([!-&(-+/:-@\[-`{-~])", r" \1 "), (r"([^0-9])([.,])", r"\1 \2 "),
                            (r"([.,])([^0-9])", r" \1 \2"), (r"([0-9])(-)", r"\1 \2 ")):
        line = re.sub(pattern, result, line)
    return line.split()


def grams(items, n):
    return Counter(tuple(items[i:i + n]) for i in range(len(items) - n + 1))


def bleu(lines, references):
    right, of, length, wanted = [0] * 4, [0] * 4, 0, 0
    for i, line in enumerate(lines):
        own, others = words_of(line), [words_of(reference[i]) for reference in references]
        length += len(own)
        wanted += min((abs(len(other) - len(own)), len(other)) for other in others)[1]
        for n in range(4):
            most = Counter()
            for other in others:
                most |= grams(other, n + 1)
            of[n] += max(0, len(own) - n)
            right[n] += sum((grams(own, n + 1) & most).values())
    if not any(right) or not all(of):
        return 0.0
    product, halves = 1.0, 1
    for hits, all_of in zip(right, of):
        if not hits:
            halves *= 2
        product *= (hits or 1 / halves) / all_of
    return 100 * min(1.0, math.exp(1 - wanted / length)) * product ** 0.25


def chrf(lines, references):
    def score_of(counts):
        pairs = [(hits / own, hits / other) for own, other, hits in counts if own and other]
        if not pairs:
            return 0.0
        p, r = (sum(pair[side] for pair in pairs) / len(pairs) for side in (0, 1))
        return 100 * 5 * p * r / (4 * p + r) if p + r else 0.0
    totals = [[0, 0, 0] for _ in range(6)]
    for i, line in enumerate(lines):
        own, best = "".join(line.split()), None
        for reference in references:
            other = "".join(reference[i].split())
            counts = []
            for n in range(1, 7):
                a, b = grams(own, n), grams(other, n)
                counts.append((sum(a.values()) if b else 0, sum(b.values()), sum((a & b).values())))
            best = counts if best is None or score_of(counts) > score_of(best) else best
        totals = [[x + y for x, y in zip(total, count)] for total, count in zip(totals, best)]
    return score_of(totals)


def random_line(draw):
    parts = ["cat", "dog", "3.5", "1,000", "a-b", "7-8", "it's", "&quot;", "&amp;lt;", "\u00e9t\u00e9", "\u00a0",
             "\u3000", "(x)", "end.", ",", "...", "\u4e2d\u6587", "<skipped>", "$5", "\u2014", "-", " ", "  ",
             "\u00bfqu\u00e9?", "x.y", "9."]
    return "".join(draw.choice(parts) + draw.choice(["", " ", " "]) for _ in range(draw.randint(0, 12))).strip()


def main():
    references = [["The dog bit the man.", "It was not unexpected.", "The man bit him first."],
                  ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."]]
    said = score(["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."], references)
    print(f"published: BLEU {said['bleu']:.6f}, {'/'.join(f'{p:.1f}' for p in said['precisions'])}, "
          f"{said['brevity_penalty']:.3f}, {said['words']}, {said['reference_words']}; chrF2 {said['chrf']:.2f}")
    print("nothing said:", score(["", "", ""], references)["bleu"])
    print("chrF:", *[f"{score(own, [other])['chrf']:.1f}" for own, other in (
        (["a"], ["a"]), ([""], ["reference"]), (["a b c"], ["abc"]), (["a", "b"], ["a", "c"]), (["aa"], ["ab"]))])

    draw = random.Random(11)
    worst, least = 0.0, 100.0
    for _ in range(60):
        truth = [random_line(draw) for _ in range(draw.randint(1, 30))]
        # Like the truth, with words gone, doubled or other.
        vary = lambda line: "".join(draw.choice([c, c, c, c, c, c, "", c + c, random_line(draw)]) for c in
                                    re.split(r"( )", line))
        others = [[vary(line) for line in truth] for _ in range(draw.randint(1, 3))]
        said = score([vary(line) for line in truth] if draw.random() < 0.9 else truth, others)
        lines = open(os.path.join(FOLDER, "0.txt"), encoding="utf-8", newline="").read().split("\n")[:-1]
        worst = max(worst, abs(said["bleu"] - bleu(lines, others)), abs(said["chrf"] - chrf(lines, others)))
        least = min(least, said["bleu"]) if said["bleu"] else least
    print("random texts:", "the same" if worst < 1e-6 and least < 100 else f"{worst} apart")


main()
