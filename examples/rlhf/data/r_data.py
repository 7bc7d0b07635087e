"""Reads R's lazy-loaded data sets (Rdata.rdx, Rdata.rdb): R's serialisation in XDR, as R's manual "R Internals" 1.8 has
it. Standard library only."""

import bz2
import lzma
import os
import struct
import zlib

MISSING = -0x80000000  # of whole numbers and of logical values


class RObject(list):
    """A vector (or a list) with attributes: `names`, `levels` and so on."""

    attributes = {}

    def columns(self):
        """A data frame's columns by name; of factors the levels' names, or None."""
        result = {}
        for name, column in zip(self.attributes["names"], self):
            levels = column.attributes.get("levels") if isinstance(column, RObject) else None
            result[name] = [levels[i - 1] if i != MISSING else None for i in column] if levels else list(column)
        return result


class Reader:
    def __init__(self, data):
        if data[:2] != b"X\n":
            raise ValueError("R's data in another format than XDR")
        self.data, self.at, self.seen = data, 2, []
        version = self.ints(3)[0]
        if version == 3:
            self.take(self.ints(1)[0])  # the native encoding
        elif version != 2:
            raise ValueError(f"R's serialisation of version {version}, not 2 or 3")

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def ints(self, count):
        return struct.unpack(f">{count}i", self.take(4 * count))

    def length(self):
        return self.ints(1)[0]

    def pairs(self, flags):
        """A pair list as a dictionary; the first pair's flags are read already."""
        result = {}
        while flags & 0xFF == 2:
            if flags & 0x200:
                self.item()
            tag = self.item() if flags & 0x400 else str(len(result))
            result[tag] = self.item()
            flags = self.ints(1)[0]
        if flags & 0xFF != 254:
            raise ValueError("a pair list that ends in something else")
        return result

    def item(self):
        flags = self.ints(1)[0]
        kind = flags & 0xFF
        if kind == 254:  # nothing
            return None
        if kind == 255:  # met before
            return self.seen[(flags >> 8 or self.ints(1)[0]) - 1]
        if kind in (253, 242, 241):  # the global, the empty and the base environment
            return None
        if kind == 1:  # a symbol
            self.seen.append(self.item())
            return self.seen[-1]
        if kind == 9:  # a string
            size = self.ints(1)[0]
            return None if size == -1 else self.take(size).decode()
        if kind == 2:
            return self.pairs(flags)
        if kind == 238:  # a compact form of a vector: what it is, its state, its attributes
            return self.compact()
        read = {10: self.ints, 13: self.ints, 14: lambda n: struct.unpack(f">{n}d", self.take(8 * n)),
                16: lambda n: [self.item() for _ in range(n)], 19: lambda n: [self.item() for _ in range(n)]}
        if kind not in read:
            raise ValueError(f"R's type {kind}")
        result = RObject(read[kind](self.length()))
        if flags & 0x200:
            result.attributes = self.item()
        return result

    def compact(self):
        info, state, attributes = self.item(), self.item(), self.item()
        name = list(info.values())[0]
        if name == "compact_intseq":
            count, first, step = map(int, state)
            result = RObject(first + step * i for i in range(count))
        elif name.startswith("wrap_"):
            result = RObject(list(state.values())[0] if isinstance(state, dict) else state[0])
        else:
            raise ValueError(f"R's compact form {name}")
        result.attributes = attributes or {}
        return result


def unpack(chunk):
    """A chunk of an .rdb: its length when unpacked, then how it is packed."""
    how = chunk[4:5]
    if how == b"2":
        return bz2.decompress(chunk[5:])
    if how == b"Z":
        return lzma.decompress(chunk[5:], format=lzma.FORMAT_RAW,
                               filters=[{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}])
    return zlib.decompress(chunk[4:])


def read(folder, name):
    """The object `name` of a package's folder `data`."""
    with open(os.path.join(folder, "Rdata.rdx"), "rb") as file:
        packed = file.read()
    index = Reader(zlib.decompress(packed, zlib.MAX_WBITS | 32)).item()
    variables = dict(zip(index.attributes["names"], index))["variables"]
    start, size = dict(zip(variables.attributes["names"], variables))[name]
    with open(os.path.join(folder, "Rdata.rdb"), "rb") as file:
        file.seek(start)
        return Reader(unpack(file.read(size))).item()
