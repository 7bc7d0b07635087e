"""The model of examples/rlhf/policy.h, its losses and its optimizer, in PyTorch's double precision; and checkpoints."""

import json
import math
import os
import re
import struct

import torch


def tensors(path):
    """What a checkpoint holds: name -> tensor, f64 or i32; states that are no parameters begin with `optimizer.`."""
    with open(os.path.join(path, "checkpoint.safetensors"), "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    result = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__" and entry["dtype"] in ("F32", "I32"):
            begin, end = entry["data_offsets"]
            letter = "f" if entry["dtype"] == "F32" else "i"
            numbers = struct.unpack(f"<{(end - begin) // 4}{letter}", data[8 + size + begin:8 + size + end])
            kind = torch.float64 if letter == "f" else torch.int64
            result[name] = torch.tensor(numbers, dtype=kind).reshape(entry["shape"])
    return result


def parameters(path):
    return {name: value for name, value in tensors(path).items() if not name.startswith("optimizer.")
            and value.dtype == torch.float64}


def rms_norm(x, weight):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5) * weight


def rope(x):
    length, size = x.shape[-2:]
    angles = torch.arange(length, dtype=torch.float64)[:, None] * 10000 ** (
        -torch.arange(0, size, 2, dtype=torch.float64) / size)
    a, b = x[..., :size // 2], x[..., size // 2:]
    return torch.cat((a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()), -1)


def hidden(p, tokens, layers, heads):
    """[B, T, width] of tokens [B, T]."""
    linear = lambda name, x: x @ p[name + ".weight"] + p[name + ".bias"]
    x = p["table"][tokens]
    batch, length, width = x.shape
    for i in range(layers):
        h = f"h.{i}."
        parts = linear(h + "qkv", rms_norm(x, p[h + "norm1"])).reshape(batch, length, 3, heads, width // heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        scores = rope(q) @ rope(k).transpose(-1, -2) / math.sqrt(width // heads)
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(later, -math.inf).softmax(-1) @ v
        x = x + linear(h + "out", mixed.permute(0, 2, 1, 3).reshape(batch, length, width))
        up = linear(h + "up", rms_norm(x, p[h + "norm2"]))
        gelu = up / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (up + 0.044715 * up ** 3)))
        x = x + linear(h + "down", gelu)
    return rms_norm(x, p["last"])


def continuation(p, tokens, prompt, shape):
    """Hidden states in front of each byte behind the prompt, all log p there, and those of the bytes."""
    states = hidden(p, tokens, *shape)[:, prompt - 1:-1]
    logs = torch.log_softmax(states @ p["head.weight"] + p["head.bias"], -1)
    return states, logs, logs.gather(-1, tokens[:, prompt:, None])[..., 0]


def rewards(tokens, prompt, lexicon, longest=14):
    """By words, as a reader finds them: those between spaces from the prompt's last byte on, but for the last bytes."""
    result = []
    for row in tokens.tolist():
        text = re.sub("[^a-z]", " ", bytes(row).decode("latin-1").lower())
        total = 0.0
        for start in range(prompt - 1, len(text) - longest + 1):
            word = re.match(" ([a-z]+) ", text[start:])
            total += lexicon.get(word[1], 0) if word else 0
        result.append(total)
    return torch.tensor(result, dtype=torch.float64)


class AdamW:
    """Loshchilov, Hutter 2019, algorithm 2, with gradients clipped by their common norm to 1, and no decay."""

    def __init__(self, values, lr):
        self.values, self.lr, self.step = values, lr, 0
        self.m, self.v = ([torch.zeros_like(x) for x in values] for _ in range(2))

    def update(self, loss):
        """Returns the gradients' norm before it is clipped."""
        slopes = torch.autograd.grad(loss, self.values, allow_unused=True)
        slopes = [torch.zeros_like(x) if slope is None else slope for x, slope in zip(self.values, slopes)]
        norm = math.sqrt(sum(float((slope * slope).sum()) for slope in slopes))
        self.step += 1
        with torch.no_grad():
            for x, m, v, slope in zip(self.values, self.m, self.v, slopes):
                slope = slope * min(1, 1 / norm)
                m.mul_(0.9).add_(0.1 * slope)
                v.mul_(0.999).add_(0.001 * slope * slope)
                mean, square = m / (1 - 0.9 ** self.step), v / (1 - 0.999 ** self.step)
                x.sub_(self.lr * mean / (square.sqrt() + 1e-8))
        return norm


def farthest(actual, expected):
    """The largest difference, of the largest size expected."""
    return float((actual - expected).abs().max() / expected.abs().max().clamp_min(1e-30))
