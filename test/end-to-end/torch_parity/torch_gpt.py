"""An independent GPT-2 in PyTorch, f32, on the CPU: the same first weights, batches and ten AdamW steps.

    python3 torch_gpt.py RESULT.safetensors [--padding]    # prints one JSON object: {"losses": [...]}
"""

import json
import sys

import torch
import torch.nn.functional as F

sys.dont_write_bytecode = True
from common import *


def forward(p, tokens):
    B, T = tokens.shape
    x = p["wte.weight"][tokens] + p["wpe.weight"][:T]
    mask = torch.ones(T, T, dtype=torch.bool).tril()
    for layer in range(LAYERS):
        h = f"h.{layer}."

        def norm(x, name):
            return F.layer_norm(x, (WIDTH,), p[h + name + ".weight"], p[h + name + ".bias"], 1e-5)

        def linear(x, name):
            return x @ p[h + name + ".weight"] + p[h + name + ".bias"]

        q, k, v = linear(norm(x, "ln_1"), "attn.c_attn").split(WIDTH, dim=2)
        q, k, v = (t.view(B, T, HEADS, WIDTH // HEADS).transpose(1, 2) for t in (q, k, v))
        scores = (q @ k.transpose(2, 3)) / (WIDTH // HEADS) ** 0.5
        mixed = scores.masked_fill(~mask, float("-inf")).softmax(3) @ v
        x = x + linear(mixed.transpose(1, 2).reshape(B, T, WIDTH), "attn.c_proj")
        hidden = linear(norm(x, "ln_2"), "mlp.c_fc")
        gelu = 0.5 * hidden * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (hidden + 0.044715 * hidden**3)))
        x = x + linear(gelu, "mlp.c_proj")
    x = F.layer_norm(x, (WIDTH,), p["ln_f.weight"], p["ln_f.bias"], 1e-5)
    return x @ p["wte.weight"].t()


def main():
    torch.set_num_threads(1)
    p = {name: torch.tensor(values).view(shape).requires_grad_() for name, (shape, values) in first_weights().items()}
    matrices = [t for t in p.values() if t.dim() >= 2]
    vectors = [t for t in p.values() if t.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}],
        lr=LR, betas=(BETA1, BETA2), eps=EPS)
    text, losses = torch.tensor(tokens("--padding" in sys.argv)), []
    for step in range(STEPS):
        starts = [(step * BATCH + row) * CONTEXT for row in range(BATCH)]
        inputs = torch.stack([text[s : s + CONTEXT] for s in starts])
        targets = torch.stack([text[s + 1 : s + 1 + CONTEXT] for s in starts])
        # Its mean is over what is not ignored.
        loss = F.cross_entropy(forward(p, inputs.clamp(min=0)).view(-1, VOCAB), targets.view(-1), ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(p.values()), GRAD_CLIP)
        optimizer.step()
        losses.append(loss.item())
    write_safetensors(sys.argv[1], {n: (list(t.shape), t.detach().reshape(-1).tolist()) for n, t in p.items()})
    print(json.dumps({"losses": losses}))


main()
