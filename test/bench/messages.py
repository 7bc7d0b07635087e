#!/usr/bin/env python3
"""Pairs of sentences in English and another language: messages of the programs that are installed.

    messages.py FOLDER [--language de]

Catalogues come from Debian's packages of translations: gcc-12-locales (gcc-14-locales on Debian 13), util-linux-
locales, libreoffice-l10n-de and whatever else is there. Writes FOLDER/train.en and train.de, valid.* and test.*, a
message a line: those of four words and more, of at most 160 bytes, each once, without marks for keys ("~Open"). Which
part a message is in its own text decides (its hash), so the parts have none in common, and other packages do not move
it.
"""
import argparse
import glob
import hashlib
import pathlib
import re
import struct

PLACES = ("/usr/share/locale/{}/LC_MESSAGES/*.mo", "/usr/lib/libreoffice/program/resource/{}/LC_MESSAGES/*.mo")
FEWEST_WORDS, MOST_BYTES = 4, 160
VALID, TEST = 2, 4  # of a hundred


def catalogue(path):
    """(message, translation) for each entry of a .mo file (GNU gettext's manual, section 10.3, has the format)."""
    data = pathlib.Path(path).read_bytes()
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    if struct.unpack_from(order + "I", data)[0] != 0x950412DE:
        return
    _, count, originals, translations = struct.unpack_from(order + "4I", data, 4)

    def text(table, i):
        size, at = struct.unpack_from(order + "2I", data, table + 8 * i)
        return data[at:at + size].decode("utf-8")

    for i in range(count):
        try:
            yield text(originals, i), text(translations, i)
        except UnicodeDecodeError:
            return  # of another character set


def line(text):
    return " ".join(re.sub(r"[~_](?=\w)", "", text).split())


def pairs(language):
    """By message, from all catalogues in the order of their names."""
    found = {}
    for place in PLACES:
        for path in sorted(glob.glob(place.format(language))):
            for message, translation in catalogue(path):
                if not message or "\0" in message:
                    continue  # the header, and what has several forms
                message, translation = line(message.split("\x04")[-1]), line(translation)
                if (message != translation and translation and len(message.split()) >= FEWEST_WORDS
                        and max(len(message.encode()), len(translation.encode())) <= MOST_BYTES):
                    found.setdefault(message, translation)
    return found


def part(message):
    number = int(hashlib.sha256(message.encode()).hexdigest(), 16) % 100
    return "valid" if number < VALID else "test" if number < VALID + TEST else "train"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--language", default="de")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    texts = {}
    for message, translation in sorted(pairs(arguments.language).items()):
        texts.setdefault(part(message), []).append((message, translation))
    for name, own in sorted(texts.items()):
        for number, suffix in enumerate(("en", arguments.language)):
            path = arguments.folder / f"{name}.{suffix}"
            path.write_text("".join(pair[number] + "\n" for pair in own), encoding="utf-8")
        print(f"{name}: {len(own)} pairs, {sum(len(a.split()) for a, _ in own) / len(own):.1f} words a message")


if __name__ == "__main__":
    main()
