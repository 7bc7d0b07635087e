"""own_data.py FOLDER: writes the data sets that own_data.test trains on, with the standard library alone.

table.csv       y = sin(x1) + x2 * x3 - x4 / 2, with noise, 2000 lines
shapes.idx      16 x 16 images of bright rectangles, 1200 of them, IDX, no labels
pairs.npz       digits and the same backwards, packed as numpy.savez_compressed does
batch_N.bin     CIFAR-10's records, three files of 200: the class decides which corner is how bright
"""

import io
import math
import pathlib
import random
import struct
import sys
import zipfile


def npy(kind, shape, content):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({''.join(f'{n}, ' for n in shape)}), }}"
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + content


def table(folder, draw):
    lines = ["x1,x2,x3,x4,y"]
    for _ in range(2000):
        a, b, c, d = (draw.uniform(-1.5, 1.5) for _ in range(4))
        y = math.sin(a) + b * c - d / 2 + draw.gauss(0, 0.02)
        lines.append(f"{a:.4f},{b:.4f},{c:.4f},{d:.4f},{y:.5f}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    (folder / "new.csv").write_text("\n".join(line.rsplit(",", 1)[0] for line in lines[:4]) + "\n")


def shapes(folder, draw, count=1200, size=16):
    content = bytearray(struct.pack(">HBBIII", 0, 8, 3, count, size, size))
    for _ in range(count):
        top, left = draw.randrange(size - 4), draw.randrange(size - 4)
        bottom, right = draw.randrange(top + 3, size), draw.randrange(left + 3, size)
        content += bytes(255 if top <= y < bottom and left <= x < right else 10
                         for y in range(size) for x in range(size))
    (folder / "shapes.idx").write_bytes(content)


def pairs(folder, draw, count=1500, length=8):
    sources = [[draw.randrange(10) for _ in range(length)] for _ in range(count)]
    arrays = {"source": ("<i8", "q", sources),
              "target_in": ("|u1", "B", [[10] + row[:0:-1] for row in sources]),
              "target_out": ("<i4", "i", [row[::-1] for row in sources])}
    with zipfile.ZipFile(folder / "pairs.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (kind, letter, rows) in arrays.items():
            content = b"".join(struct.pack(f"<{length}{letter}", *row) for row in rows)
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                member.write(npy(kind, (count, length), content))


def colours(folder, draw):
    for number in range(1, 4):
        records = bytearray()
        for _ in range(200):
            label = draw.randrange(10)
            image = bytearray(draw.randrange(90, 110) for _ in range(3072))
            for y in range(16):
                for x in range(16):
                    image[label % 3 * 1024 + (y + label // 3 % 2 * 16) * 32 + x] = 60 + 60 * (label // 6)
            records.append(label)
            records += image
        (folder / f"batch_{number}.bin").write_bytes(records)


folder = pathlib.Path(sys.argv[1])
draw = random.Random(7)
for make in (table, shapes, pairs, colours):
    make(folder, draw)
