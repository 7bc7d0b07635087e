#!/usr/bin/env python3
"""Jane Austen's six novels as text, from Debian's package r-cran-janeaustenr, which is read without R.

Usage: novels.py FOLDER > novels.txt     FOLDER: where `dpkg-deb -x` has unpacked the package
"""
import pathlib
import struct
import sys
import zlib

RDB = "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
TEXTS, TEXT = 16, 9  # R's types: a vector of texts, one text


def blocks(content):
    """What R saved: blocks, each of its length in front of a zlib stream."""
    while content:
        stream = zlib.decompressobj()
        yield stream.decompress(content[4:])
        content = stream.unused_data


def lines(block):
    """The texts of a vector, as R serializes it in XDR: a header, then type and length of everything."""
    (version,) = struct.unpack_from(">i", block, 2)
    at = 14
    if version == 3:  # has the name of the encoding
        at += 4 + struct.unpack_from(">i", block, at)[0]
    kind, count = struct.unpack_from(">ii", block, at)
    if kind & 255 != TEXTS:
        sys.exit(f"{RDB}: a block of type {kind & 255}, not of texts")
    at += 8
    for _ in range(count):
        kind, size = struct.unpack_from(">ii", block, at)
        if kind & 255 != TEXT:
            sys.exit(f"{RDB}: a text of type {kind & 255}")
        at += 8
        yield block[at:at + max(size, 0)].decode()
        at += max(size, 0)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for block in blocks((pathlib.Path(sys.argv[1]) / RDB).read_bytes()):
        sys.stdout.write("\n".join(lines(block)) + "\n\n")


main()
