"""Parameters in and out: files as PyTorch and Hugging Face have them, and GGUF, read by numpy alone.

published.py PROGRAM FOLDER: a program of examples/gpt/gpt.cpp and a folder for files.
"""
import json
import struct
import subprocess
import sys

import numpy as np
import torch

program, folder = sys.argv[1:3]
TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}


def run(*words):
    result = subprocess.run([program, *words], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(words)}: {result.stderr}")
    return result.stdout


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + size + at for at in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=TYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def write(path, tensors):
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        dtype = next((key for key, value in TYPES.items() if value == tensor.dtype), "U8")
        data = tensor.contiguous().view(torch.uint8 if dtype == "U8" else tensor.dtype)
        data = bytes(data.view(torch.int16).numpy().tobytes() if dtype == "BF16" else data.numpy().tobytes())
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def gguf(path):
    """Names with arrays, and the metadata: written against the format's own description."""
    data = open(path, "rb").read()
    at = 0

    def number(form):
        nonlocal at
        value = struct.unpack_from("<" + form, data, at)[0]
        at += struct.calcsize("<" + form)
        return value

    def text():
        nonlocal at
        size = number("Q")
        at += size
        return data[at - size:at].decode()

    def value(kind):
        if kind == 8:
            return text()
        if kind == 9:
            inner, count = number("I"), number("Q")
            return [value(inner) for _ in range(count)]
        return number("BbHhIif?" [kind] if kind < 8 else {10: "Q", 11: "q", 12: "d"}[kind])

    assert data[:4] == b"GGUF"
    at = 4
    assert number("I") == 3
    tensors, values = number("Q"), number("Q")
    metadata = {}
    for _ in range(values):
        key = text()
        metadata[key] = value(number("I"))
    infos = []
    for _ in range(tensors):
        name = text()
        shape = [number("Q") for _ in range(number("I"))][::-1]
        infos.append((name, shape, number("I"), number("Q")))
    start = (at + 31) // 32 * 32
    result = {}
    for name, shape, kind, offset in infos:
        count, begin = int(np.prod(shape)), start + offset
        if kind == 0:
            flat = np.frombuffer(data, np.float32, count, begin)
        elif kind == 1:
            flat = np.frombuffer(data, np.float16, count, begin).astype(np.float32)
        elif kind == 30:
            flat = (np.frombuffer(data, np.uint16, count, begin).astype(np.uint32) << 16).view(np.float32)
        else:
            size = {8: 34, 2: 18}[kind]
            blocks = np.frombuffer(data, np.uint8, count // 32 * size, begin).reshape(-1, size)
            scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
            if kind == 8:
                flat = scale * blocks[:, 2:].copy().view(np.int8).astype(np.float32)
            else:
                low, high = (blocks[:, 2:] & 15), (blocks[:, 2:] >> 4)
                flat = scale * (np.concatenate([low, high], 1).astype(np.float32) - 8)
        result[name] = flat.reshape(shape)
    return result, metadata


run("train", "--data", f"{folder}/text.txt", "--tokenizer", "bytes", "--steps", "2", "--out", f"{folder}/run")
run("export", "--checkpoint", f"{folder}/run", "--out", f"{folder}/ours.safetensors")
ours = read(f"{folder}/ours.safetensors")


def back(source, *words):
    """What is exported again after an import."""
    table = run("import", "--from", source, "--out", f"{folder}/imported.safetensors", *words)
    run("export", "--checkpoint", f"{folder}/imported.safetensors", "--out", f"{folder}/again.safetensors")
    return read(f"{folder}/again.safetensors"), table.strip().split("\n")[-1]


# Hugging Face's: a prefix, a head that is stored though tied, masks; in each type.
for name, dtype in TYPES.items():
    theirs = {"transformer." + key: tensor.to(dtype) for key, tensor in ours.items()}
    theirs["transformer.h.0.attn.bias"] = torch.ones(1, 1, 8, 8, dtype=torch.uint8)
    theirs["lm_head.weight"] = theirs["transformer.wte.weight"].clone()
    write(f"{folder}/theirs.safetensors", theirs)
    got, counts = back(f"{folder}/theirs.safetensors")
    same = all(torch.equal(got[key], tensor.to(dtype).float()) for key, tensor in ours.items())
    print(f"{name}: {'equal' if same else 'DIFFERENT'}; {counts}")

# nanoGPT's: matrices the other way, names behind _orig_mod.
matrix = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
turned = {key: tensor.T.contiguous() if key.endswith(matrix) else tensor for key, tensor in ours.items()}
write(f"{folder}/nano.safetensors", {"_orig_mod.transformer." + key: tensor for key, tensor in turned.items()})
rules = [word for part in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
         for word in ("--map", f"_orig_mod.transformer.h.*.{part}.weight=h.*.{part}.weight:transpose")]
got, counts = back(f"{folder}/nano.safetensors", *rules)
print(f"nanoGPT: {'equal' if all(torch.equal(got[key], ours[key]) for key in ours) else 'DIFFERENT'}; {counts}")

# Exports in other types are PyTorch's roundings.
for name in ("F16", "BF16", "F64"):
    run("export", "--checkpoint", f"{folder}/run", "--out", f"{folder}/typed.safetensors", "--type", name.lower())
    typed = read(f"{folder}/typed.safetensors")
    same = all(torch.equal(typed[key], ours[key].to(TYPES[name])) for key in ours)
    print(f"export {name}: {'equal' if same else 'DIFFERENT'}")

# GGUF: our matrices transposed, in each type; within half a step of a block's scale.
for kind, bound in (("f32", 0), ("f16", 2 ** -11), ("bf16", 2 ** -8), ("q8_0", 1 / 250), ("q4_0", 1 / 7.5)):
    run("export", "--checkpoint", f"{folder}/run", "--out", f"{folder}/m.gguf", "--format", "gguf", "--type", kind)
    tensors, metadata = gguf(f"{folder}/m.gguf")
    worst = 0.0
    for theirs, key in (("token_embd.weight", "wte.weight"), ("blk.1.attn_qkv.weight", "h.1.attn.c_attn.weight"),
                        ("blk.0.ffn_down.weight", "h.0.mlp.c_proj.weight"), ("blk.0.attn_norm.bias", "h.0.ln_1.bias")):
        wanted = ours[key].numpy().T if ours[key].dim() == 2 and key != "wte.weight" else ours[key].numpy()
        difference = np.abs(tensors[theirs] - wanted)
        worst = max(worst, float((difference / max(np.abs(wanted).max(), 1e-9)).max()))
    good = worst <= bound and metadata["general.architecture"] == "gpt2"
    good = good and len(metadata["tokenizer.ggml.tokens"]) == 256
    print(f"gguf {kind}: {'good' if good else f'off by {worst}'}, {metadata['gpt2.attention.head_count']} heads")
    if kind in ("f32", "q8_0"):
        got, counts = back(f"{folder}/m.gguf")
        same = np.array_equal(got["h.1.attn.c_attn.weight"].numpy().T, tensors["blk.1.attn_qkv.weight"])
        print(f"gguf {kind} back: {'equal' if same else 'DIFFERENT'}; {counts}")
