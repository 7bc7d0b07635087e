"""Texts for a translation that is easy: the words turned round, each by another one."""
import json
import random
import struct
import subprocess
import sys
from pathlib import Path

PADDING, BEGIN, END, BYTES = 0, 1, 2, 3
LENGTH = 20  # of rows


def tokenizer():
    """Three special tokens, then the bytes, in the spelling of GPT-2's files."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spelling = {byte: chr(byte) for byte in shown}
    for byte in range(256):
        spelling.setdefault(byte, chr(256 + len(spelling) - len(shown)))
    vocabulary = {"<pad>": PADDING, "<s>": BEGIN, "</s>": END}
    special = [
        {"id": id, "content": text, "special": True, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False} for text, id in vocabulary.items()
    ]
    vocabulary |= {spelling[byte]: BYTES + byte for byte in range(256)}
    split = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "added_tokens": special, "normalizer": None, "pre_tokenizer": split, "post_processor": None,
        "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": vocabulary, "merges": []}
    }


def save(path, rows):
    """As NumPy does: i32 [rows, columns]."""
    header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    body = b"".join(struct.pack(f"<{len(row)}i", *row) for row in rows)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body)


def row(text, length, front=()):
    tokens = [*front, *(BYTES + byte for byte in text.encode()), END]
    return (tokens + [PADDING] * length)[:length]


def texts(folder):
    draw = random.Random(1)
    sentences = [[draw.choice("abcdef") + draw.choice("ghij") for _ in range(draw.randint(1, 5))] for _ in range(2000)]
    turned = [" ".join(word.upper() for word in reversed(words)) for words in sentences]
    save(folder / "source.npy", [row(" ".join(words), LENGTH) for words in sentences])
    save(folder / "target.npy", [row(text, LENGTH + 1, [BEGIN]) for text in turned])
    new = [" ".join(words) for words in sentences[:22]] + ["", "ag " * 9, "bh"]
    (folder / "new.txt").write_text("\n".join(new) + "\n")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))


def looks(folder, tool):
    """Each letter of a translation looks at the one that it translates: known, since words are only turned round."""
    right = letters = 0
    for line in (folder / "new.txt").read_text().splitlines()[:6]:
        words = line.split()
        translation = " ".join(word.upper() for word in reversed(words))
        said = subprocess.run([tool, folder / "whole", "--checkpoint", folder / "longer", "--tokenizer",
                               folder / "tokenizer.json", line, translation, "--json", "-o", folder / "map.svg"],
                              check=True, capture_output=True, text=True).stdout
        for row, weights in enumerate(json.loads(said)["weights"]):
            assert abs(sum(weights) - 1) < 1e-5, weights
            if row < len(translation) and row % 3 < 2:
                letters += 1
                right += max(range(len(weights)), key=weights.__getitem__) == len(line) - 2 - row + 2 * (row % 3)
    print(f"{right} of {letters} letters: {'most' if right > 0.8 * letters else 'NOT most'}")


def look(folder):
    one, three = ([json.loads(line) for line in (folder / f"right.{n}").read_text().splitlines()] for n in (1, 3))
    assert [line["source"] for line in one] == (folder / "new.txt").read_text().splitlines()
    falls = sum(b["score"] < a["score"] for a, b in zip(one, three))
    different = len({line["translation"] for line in one})
    assert one[22]["translation"] == "" and three[22]["translation"] == ""
    print(f"{len(one)} lines, {'few' if falls < 4 else falls} scores fall, "
          f"more than {5 if different > 5 else different} translations")


{"texts": texts, "look": look, "looks": looks}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
