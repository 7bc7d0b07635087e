#!/usr/bin/env python3
"""Training steps and attention against PyTorch, which runs alternately with the programs of sinterc.

    peers.py [--sinterc build/bin/sinterc] [--rounds 2] [--only WORD]

PyTorch takes scaled_dot_product_attention and the fused AdamW, on as many threads, with OpenBLAS for OpenMP where that
is installed (Debian: libopenblas0-openmp; its default gets into its own way on few cores). Of each, the fastest call of
all rounds counts. Prints a row of a table each: what, sinter, PyTorch, ratio.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENMP = "/usr/lib/x86_64-linux-gnu/openblas-openmp"
SMALL = dict(layers=6, heads=6, width=384, context=256, vocab=65)
GPT2 = dict(layers=12, heads=12, width=768, vocab=50257)
CASES = [
    ("GPT, 6 layers, width 384, 12 x 256 tokens: a step", "gpt", dict(SMALL, batch=12), "train", 5),
    ("the same, 64 x 256 tokens", "gpt", dict(SMALL, batch=64), "train", 2),
    ("GPT-2 124M, 4 x 64 tokens: a step", "gpt", dict(GPT2, context=64, batch=4), "train", 5),
    ("GPT-2 124M, 1 x 1024 tokens: a step", "gpt", dict(GPT2, context=1024, batch=1), "train", 2),
] + [(f"causal attention, 12 heads of {context} tokens{text}", "attention", dict(context=context), entry, calls)
     for context, calls in ((1024, 30), (4096, 6), (8192, 3))
     for entry, text in (("forward", ": forwards"), ("forward_backward", ": with gradients"))]


def gpt_step(torch, layers, heads, width, context, vocab, batch):
    """A training step of GPT-2's kind: pre-norm blocks, learned positions, tied head."""
    nn, f = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attn, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x):
            q, k, v = (y.view(batch, context, heads, -1).transpose(1, 2)
                       for y in self.attn(self.norm1(x)).split(width, -1))
            mixed = f.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.proj(mixed.transpose(1, 2).reshape(batch, context, width))
            return x + self.down(f.gelu(self.up(self.norm2(x)), approximate="tanh"))

    words, places = nn.Embedding(vocab, width), nn.Embedding(context, width)
    blocks, norm = nn.ModuleList(Block() for _ in range(layers)), nn.LayerNorm(width)
    parameters = [p for module in (words, places, blocks, norm) for p in module.parameters()]
    optimizer = torch.optim.AdamW(parameters, fused=True)
    tokens, targets = (torch.randint(vocab, (batch, context)) for _ in range(2))

    def step():
        x = words(tokens) + places.weight
        for block in blocks:
            x = block(x)
        loss = f.cross_entropy((norm(x) @ words.weight.T).view(-1, vocab), targets.view(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return step


def attention_call(torch, context, gradients):
    shape = (1, 12, context, 64)
    q, k, v = (torch.randn(shape, requires_grad=gradients) for _ in range(3))
    cotangent = torch.randn(shape)

    def call():
        q.grad = k.grad = v.grad = None
        with torch.set_grad_enabled(gradients):
            out = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        if gradients:
            out.backward(cotangent)

    return call


def time_torch(number):
    """The fastest call of one case, in milliseconds (a process of its own)."""
    import torch
    torch.set_num_threads(os.cpu_count())
    _, model, settings, entry, calls = CASES[number]
    gradients = entry != "forward"
    call = gpt_step(torch, **settings) if model == "gpt" else attention_call(torch, settings["context"], gradients)
    call()
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    print(json.dumps({"ms": 1e3 * min(times), "version": torch.__version__}))


def last_line(command, **environment):
    run = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment})
    return json.loads(run.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sinterc", default=ROOT / "build/bin/sinterc")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--torch", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.torch is not None:
        time_torch(arguments.torch)
        return
    environment = {"LD_LIBRARY_PATH": OPENMP} if os.path.isdir(OPENMP) else {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, model, settings, entry, calls) in enumerate(CASES):
            if arguments.only not in name:
                continue
            program = os.path.join(folder, "program")
            words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
            source = ROOT / f"examples/{model}/{model}.cpp"
            subprocess.run([arguments.sinterc, source, *words, "-o", program], check=True)
            ours, theirs, version = [], [], ""
            for _ in range(arguments.rounds):
                figures = last_line([program, "bench", entry, "--steps", str(calls), "--json"])
                ours.append(figures["ms_per_step"]["min"])
                peer = last_line([sys.executable, __file__, "--torch", str(number)], **environment)
                theirs.append(peer["ms"])
                version = peer["version"]
            print(f"| {name} | {min(ours):.4g} ms | PyTorch {version}: {min(theirs):.4g} ms | "
                  f"{min(theirs) / min(ours):.2f} |", flush=True)


main()
