#!/usr/bin/env python3
"""How a translation looks at its source, as a picture: Vaswani et al. 2017, section 3.2.2.

    attention_map.py PROGRAM --checkpoint RUN --tokenizer FILE [--layer N] [--head N] SOURCE TRANSLATION -o MAP.svg

PROGRAM is examples/transformer/translate.cpp, compiled. A row is a token of the translation where it is predicted, a
column one of the source; the darker, the more weight, from 0 to 1. Without --layer the last one, without --head the
mean of all. `--json` prints tokens and weights in place of a picture.
"""
import argparse
import html
import json
import pathlib
import struct
import subprocess
import tempfile

BEGIN, END = 1, 2
CELL, MARGIN, LETTER = 22, 12, 7.5


def told(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def write_row(path, numbers):
    """NumPy's format: i32 [1, N]."""
    header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': (1, {len(numbers)}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                     + struct.pack(f"<{len(numbers)}i", *numbers))


def read_floats(path):
    data = path.read_bytes()
    begin = 10 + struct.unpack("<H", data[8:10])[0]
    return struct.unpack(f"<{(len(data) - begin) // 4}f", data[begin:])


class Looks:
    def __init__(self, program, checkpoint, tokenizer):
        self.program, self.checkpoint, self.tokenizer = program, checkpoint, tokenizer
        settings = json.loads(told(program, "info", "--json"))
        entry = next(entry for entry in settings["entries"] if entry["name"] == "attention")
        self.read, self.written = (next(one["shape"][1] for one in entry["inputs"] if one["name"] == name)
                                   for name in ("source", "tokens"))
        self.layers, self.heads = next(one["shape"][:2] for one in entry["outputs"] if one["name"] == "weights")

    def tokens(self, text):
        return [int(token) for token in told(self.program, "tokenizer", "encode", "--tokenizer", self.tokenizer,
                                             "--text", text).split()]

    def texts(self, tokens):
        """Of each token alone."""
        return [told(self.program, "tokenizer", "decode", "--tokenizer", self.tokenizer, "--text",
                     str(token)).strip("\n") for token in tokens]

    def weights(self, source, written, layer, head):
        """What each token of a translation, and its end, looked at when it was predicted: of each token of the source,
        and its end."""
        if len(source) >= self.read or len(written) >= self.written:
            raise SystemExit(f"attention_map.py: a source of {len(source)} tokens, a translation of {len(written)}: "
                             f"the model takes less than {self.read} and {self.written}")
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            rows = {"source": [*source, END], "tokens": [BEGIN, *written]}
            inputs = []
            for name, size in (("source", self.read), ("tokens", self.written)):
                write_row(folder / f"{name}.npy", (rows[name] + [0] * size)[:size])
                inputs += ["--input", f"{name}={folder / name}.npy"]
            told(self.program, "run", "attention", *inputs, "--checkpoint", self.checkpoint, "--output",
                 f"weights={folder / 'weights.npy'}")
            numbers = read_floats(folder / "weights.npy")
        heads = range(self.heads) if head is None else [head]

        def at(row, column):
            return sum(numbers[((layer * self.heads + one) * self.written + row) * self.read + column]
                       for one in heads) / len(heads)

        return [[at(row, column) for column in range(len(source) + 1)] for row in range(len(written) + 1)]


def picture(sources, writtens, weights, title):
    left = MARGIN + LETTER * max(map(len, writtens)) + 6
    top = MARGIN + 24 + LETTER * max(map(len, sources)) + 6
    width, height = left + CELL * len(sources) + MARGIN, top + CELL * len(writtens) + MARGIN
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
             f'height="{height:g}" font-family="monospace" font-size="12">',
             f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
             f'<text x="{MARGIN}" y="{MARGIN + 10}" font-family="sans-serif">{html.escape(title)}</text>']
    for column, text in enumerate(sources):
        x = left + CELL * (column + 0.5) + 4
        parts.append(f'<text transform="translate({x:g} {top - 6:g}) rotate(-90)">{html.escape(text)}</text>')
    for row, text in enumerate(writtens):
        y = top + CELL * row
        parts.append(f'<text x="{left - 6:g}" y="{y + 15:g}" text-anchor="end">{html.escape(text)}</text>')
        for column, weight in enumerate(weights[row]):
            parts.append(f'<rect x="{left + CELL * column:g}" y="{y:g}" width="{CELL}" height="{CELL}" '
                         f'fill="#0b3d91" fill-opacity="{weight:.3f}" stroke="#ddd"><title>{weight:.3f}</title></rect>')
    return "\n".join([*parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("source")
    parser.add_argument("translation")
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--layer", type=int)
    parser.add_argument("--head", type=int)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-o", "--out", type=pathlib.Path)
    arguments = parser.parse_args()
    looks = Looks(arguments.program, arguments.checkpoint, arguments.tokenizer)
    layer = looks.layers - 1 if arguments.layer is None else arguments.layer
    if not 0 <= layer < looks.layers or not 0 <= (arguments.head or 0) < looks.heads:
        parser.error(f"the model has {looks.layers} layers of {looks.heads} heads, counted from 0")
    source, written = looks.tokens(arguments.source), looks.tokens(arguments.translation)
    weights = looks.weights(source, written, layer, arguments.head)
    sources, writtens = looks.texts(source) + ["</s>"], looks.texts(written) + ["</s>"]
    if arguments.json or not arguments.out:
        print(json.dumps({"source": sources, "translation": writtens, "weights": weights}))
    if arguments.out:
        heads = "mean of all heads" if arguments.head is None else f"head {arguments.head}"
        arguments.out.write_text(picture(sources, writtens, weights, f"layer {layer}, {heads}"), encoding="utf-8")


if __name__ == "__main__":
    main()
