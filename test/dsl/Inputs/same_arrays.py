"""Two folders hold the same .npy files, byte for byte; those of the names that follow within 1e-6 (relative beyond 1),
of which whole numbers may differ at one place of a thousand.

    same_arrays.py FOLDER FOLDER [NAME...]
"""
import array
import os
import struct
import sys


def npy(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<H", data[8:10])
    return array.array("f" if "<f4" in data[10 : 10 + length].decode() else "i", data[10 + length :])


one, other, near = sys.argv[1], sys.argv[2], sys.argv[3:]
if sorted(os.listdir(one)) != sorted(os.listdir(other)):
    sys.exit("other files")
for name in os.listdir(one):
    a, b = npy(os.path.join(one, name)), npy(os.path.join(other, name))
    if name[:-4] not in near:
        if a.tobytes() != b.tobytes():
            sys.exit(f"{name} differs")
    elif a.typecode == "i":
        if sum(x != y for x, y in zip(a, b)) > len(a) / 1000:
            sys.exit(f"{name} differs at too many places")
    elif not all(abs(x - y) <= 1e-6 * max(1, abs(x)) for x, y in zip(a, b)):
        sys.exit(f"{name} differs by more than 1e-6")
