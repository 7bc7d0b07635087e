"""The advantages of examples/zoo/ppo.cpp, of a program for batches of 8, against their recursion: Schulman et al. 2016,
eq. 16, that begins anew behind the end of an episode.

    entries.py PROGRAM DIR ...
"""
import json
import os
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
from models import numbers

program, folder = sys.argv[1], sys.argv[2]
os.makedirs(folder, exist_ok=True)
data = {"rewards": numbers("rewards", [8]), "values": numbers("values", [8]), "ends": [0, 0, 1.0, 0, 0, 0, 0, 1.0]}
words = []
for name, values in data.items():
    header = repr({"descr": "<f4", "fortran_order": False, "shape": (8,)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with open(os.path.join(folder, name + ".npy"), "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<8f", *values))
    words += ["--input", f"{name}={folder}/{name}.npy"]
out = subprocess.run([program, "run", "advantages", *words, "--json"], check=True, stdout=subprocess.PIPE).stdout
line = json.loads(out)
line = line.get("outputs", line)
following, expected = 0.0, [0.0] * 8
for t in reversed(range(8)):
    alive = 1 - data["ends"][t]
    delta = data["rewards"][t] + 0.99 * (data["values"][t + 1] if t < 7 else 0) * alive - data["values"][t]
    expected[t] = following = delta + 0.99 * 0.95 * alive * following
for t in range(8):
    for what, value in (("advantages", expected[t]), ("returns", expected[t] + data["values"][t])):
        if not abs(line[what][t] - value) <= 2e-6:
            sys.exit(f"{what}[{t}] is {line[what][t]}, expected {value}")
print("advantages of two episodes as defined")
