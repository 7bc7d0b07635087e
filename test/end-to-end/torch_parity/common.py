"""What both sides of the comparison share: the model's size, its first weights and tokens, and safetensors.

Standard library only. Weights and tokens come from a formula, so that the committed figures can be made again:
element i of tensor number t (in the order of `shapes`) is base + scale * u(t, i), rounded to f32, where
u(t, i) = mix(SEED * 2^26 + t * 2^20 + i) / 2^31 - 1 is uniform in [-1, 1) and mix is the finaliser of MurmurHash3 on 32
bits. Token i of the text is mix(2^31 + SEED * 2^26 + i) mod VOCAB.

The seed is one of those for which no gradient is so near zero that Adam, which divides by its size, would turn rounding
errors into steps: any two right implementations then agree far better than the test asks.
"""

import json
import struct

LAYERS, HEADS, WIDTH, CONTEXT, VOCAB, BATCH = 2, 2, 32, 16, 40, 4
STEPS = 10
SEED = 8
LR, BETA1, BETA2, EPS, WEIGHT_DECAY, GRAD_CLIP = 1e-3, 0.9, 0.95, 1e-8, 0.1, 0.5


def mix(x):
    x &= 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return x ^ (x >> 16)


def shapes():
    """Name -> shape of every parameter, as in GPT-2's published checkpoints."""
    result = {"wte.weight": [VOCAB, WIDTH], "wpe.weight": [CONTEXT, WIDTH]}
    for layer in range(LAYERS):
        h = f"h.{layer}."
        for norm in ("ln_1", "ln_2"):
            result[h + norm + ".weight"] = result[h + norm + ".bias"] = [WIDTH]
        for name, inner, outer in (
            ("attn.c_attn", WIDTH, 3 * WIDTH),
            ("attn.c_proj", WIDTH, WIDTH),
            ("mlp.c_fc", WIDTH, 4 * WIDTH),
            ("mlp.c_proj", 4 * WIDTH, WIDTH),
        ):
            result[h + name + ".weight"], result[h + name + ".bias"] = [inner, outer], [outer]
    result["ln_f.weight"] = result["ln_f.bias"] = [WIDTH]
    return result


def count(shape):
    n = 1
    for size in shape:
        n *= size
    return n


def first_weights():
    """Name -> (shape, f32 values). Larger than usual, so that ten steps go through every part of the model."""
    weights = {}
    for t, (name, shape) in enumerate(shapes().items()):
        base, scale = (0.0, 0.15) if len(shape) == 2 else (0.0, 0.05)
        if "ln_" in name and name.endswith("weight"):
            base, scale = 1.0, 0.1
        values = [base + scale * (mix((SEED << 26) + (t << 20) + i) / 2**31 - 1) for i in range(count(shape))]
        packed = struct.pack(f"<{len(values)}f", *values)
        weights[name] = (shape, list(struct.unpack(f"<{len(values)}f", packed)))
    return weights


def tokens(padding=False):
    """Enough for all steps, twice over: the end of a text is held out. With padding, a fifth of them are -1."""
    return [-1 if padding and mix(3 * 2**30 + i) % 5 == 0 else mix(2**31 + (SEED << 26) + i) % VOCAB
            for i in range(2 * STEPS * BATCH * CONTEXT)]


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        packed = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    """Name -> (shape, values) of the f32 tensors."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        begin, end = entry["data_offsets"]
        values = struct.unpack_from(f"<{(end - begin) // 4}f", content, 8 + length + begin)
        tensors[name] = (entry["shape"], list(values))
    return tensors
