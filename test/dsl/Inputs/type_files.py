"""Writes the inputs of type_files.cpp, and checks the types and bytes of what it has written."""
import json
import struct
import sys


def npy(path, kind, shape, data):
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)


def read_npy(path):
    content = open(path, "rb").read()
    size = struct.unpack("<H", content[8:10])[0]
    return eval(content[10 : 10 + size])["descr"], content[10 + size :]


def read_safetensors(path):
    content = open(path, "rb").read()
    size = struct.unpack("<Q", content[:8])[0]
    header, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    return {n: (t["dtype"], body[slice(*t["data_offsets"])]) for n, t in header.items() if n != "__metadata__"}


if sys.argv[1] == "write":
    folder = sys.argv[2].rsplit("/", 1)[0]
    npy(sys.argv[2], "<f4", (1, 3), struct.pack("<3f", 1, -1.75, 0.1))
    npy(folder + "/large.npy", "<f4", (1, 3), struct.pack("<3f", 1, 7e4, 0))
    sys.exit()

out = sys.argv[2]
assert read_npy(out + "/half.npy") == ("<f2", struct.pack("<3e", 2, -3.5, 0.199951171875))
assert read_npy(out + "/brain.npy") == ("<f4", struct.pack("<3f", 1, -1.75, 0.10009765625))  # NumPy has no bf16
assert read_npy(out + "/count.npy") == ("<i8", struct.pack("<q", 4000000007))
assert read_npy(out + "/exact.npy") == ("<f8", struct.pack("<3d", 1 + 0.1, -1.75 + 0.1, 0.0999755859375 + 0.1))
states = read_safetensors(out + "/two.safetensors")
assert states["optimizer.count"] == ("I64", struct.pack("<q", 8000000007))
assert states["optimizer.seen"] == ("BF16", struct.pack("<3H", 0x4000, 0xC060, 0x3E4D)), states["optimizer.seen"]
