#!/usr/bin/env python3
"""The peer of translation.py: torch.nn.Transformer on the same pairs, for as long, and its translations.

    translation_torch.py TOKENS.npz OUT.json --minutes 40 --threads 2 [--average 5]

TOKENS.npz holds `source` and `target` as the program of sinterc trains on them, `test` (sources), `settings`. Trained
by the same rule: label smoothing, Adam with a warm-up, dropout, one table, batches of so many pairs by chance. The last
checkpoints are averaged. Translations, by a beam of one and of four, come from caches of keys and values, the encoder
runs once, and many sentences go on side by side. Writes their tokens, and times.
"""
import argparse
import collections
import json
import math
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

PAD, BEGIN, END = 0, 1, 2


class Translator(nn.Module):
    def __init__(self, words, layers, heads, width, hidden, dropout, length):
        super().__init__()
        self.heads, self.width = heads, width
        self.embedding = nn.Embedding(words, width)
        nn.init.normal_(self.embedding.weight, std=width ** -0.5)
        self.model = nn.Transformer(width, heads, layers, layers, hidden, dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        angles = torch.arange(length)[:, None] * 10000.0 ** (-torch.arange(0, width, 2) / width)
        self.register_buffer("positions", torch.stack((angles.sin(), angles.cos()), -1).reshape(length, width))

    def embed(self, tokens, at=0):
        x = self.embedding(tokens) * math.sqrt(self.width) + self.positions[at:at + tokens.shape[1]]
        return self.dropout(x)

    def forward(self, source, target):
        past = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        filled = source == PAD
        x = self.model(self.embed(source), self.embed(target), tgt_mask=past, tgt_is_causal=True,
                       src_key_padding_mask=filled, memory_key_padding_mask=filled)
        return x @ self.embedding.weight.T

    def by_head(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def attend(self, attention, q, k, v, mask=None):
        x = f.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return attention.out_proj(x.transpose(1, 2).reshape(x.shape[0], -1, self.width))

    def read(self, source):
        """What the decoder's layers look at of the sources: keys and values, and which of them count."""
        filled = source == PAD
        memory = self.model.encoder(self.embed(source), src_key_padding_mask=filled)
        crossed = []
        for layer in self.model.decoder.layers:
            weight, bias = layer.multihead_attn.in_proj_weight, layer.multihead_attn.in_proj_bias
            k, v = f.linear(memory, weight[self.width:], bias[self.width:]).chunk(2, -1)
            crossed.append((self.by_head(k), self.by_head(v)))
        return crossed, ~filled[:, None, None, :]

    def write(self, tokens, at, crossed, counts, past):
        """Logits behind one more token of each row; `past` holds keys and values of each layer, and grows."""
        x = self.embed(tokens[:, None], at)
        for number, layer in enumerate(self.model.decoder.layers):
            own = layer.self_attn
            q, k, v = map(self.by_head, f.linear(x, own.in_proj_weight, own.in_proj_bias).chunk(3, -1))
            if past[number] is not None:
                k, v = torch.cat((past[number][0], k), 2), torch.cat((past[number][1], v), 2)
            past[number] = k, v
            x = layer.norm1(x + self.attend(own, q, k, v))
            cross = layer.multihead_attn
            q = f.linear(x, cross.in_proj_weight[:self.width], cross.in_proj_bias[:self.width])
            x = layer.norm2(x + self.attend(cross, self.by_head(q), *crossed[number], counts))
            x = layer.norm3(x + layer.linear2(f.relu(layer.linear1(x))))
        return self.model.decoder.norm(x)[:, 0] @ self.embedding.weight.T


@torch.no_grad()
def translate(model, sources, beams, penalty, most):
    """The best translation of each source: beam search by log p / tokens^penalty."""
    rows = len(sources)
    crossed, counts = model.read(sources)
    crossed = [(k.repeat_interleave(beams, 0), v.repeat_interleave(beams, 0)) for k, v in crossed]
    counts = counts.repeat_interleave(beams, 0)
    past = [None] * len(crossed)
    tokens = torch.full((rows, beams, 1), BEGIN)
    scores = torch.full((rows, beams), -math.inf)
    scores[:, 0] = 0
    best = [(-math.inf, [])] * rows
    for at in range(most):
        logits = model.write(tokens[:, :, -1].reshape(-1), at, crossed, counts, past)
        known = scores[:, :, None] + logits.log_softmax(-1).view(rows, beams, -1)
        found, places = known.view(rows, -1).topk(2 * beams)
        word, parent = places % known.shape[-1], places // known.shape[-1]
        ends = word == END
        for row, column in (ends & (torch.arange(2 * beams) < beams)).nonzero().tolist():
            score = found[row, column].item() / (at + 1) ** penalty
            if score > best[row][0]:
                best[row] = score, tokens[row, parent[row, column], 1:].tolist()
        scores, kept = found.masked_fill(ends, -math.inf).topk(beams)
        parent, word = parent.gather(1, kept), word.gather(1, kept)
        tokens = torch.cat((tokens.gather(1, parent[:, :, None].expand(-1, -1, tokens.shape[2])), word[:, :, None]), 2)
        index = (parent + torch.arange(rows)[:, None] * beams).reshape(-1)
        past = [(k[index], v[index]) for k, v in past]
        # Nothing alive can pass what has ended.
        if all(score >= alive / most ** penalty for (score, _), alive in zip(best, scores[:, 0].tolist())):
            break
    return [words if score > -math.inf else tokens[row, 0, 1:].tolist() for row, (score, words) in enumerate(best)]


def train(model, data, settings, minutes, average):
    """Until the time is over. Returns steps, the last loss, milliseconds a step."""
    source, target = (torch.from_numpy(data[name].astype(np.int64)) for name in ("source", "target"))
    rate = lambda step: settings["width"] ** -0.5 * min((step + 1) ** -0.5, (step + 1) * settings["warmup"] ** -1.5)
    optimizer = torch.optim.Adam(model.parameters(), lr=1, betas=(0.9, 0.98), eps=1e-9, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    kept, start, steps = collections.deque(maxlen=average), time.time(), 0
    model.train()
    while time.time() - start < 60 * minutes:
        for rows in torch.randperm(len(source)).split(settings["batch"]):
            if len(rows) < settings["batch"] or time.time() - start >= 60 * minutes:
                break
            logits = model(source[rows], target[rows, :-1])
            loss = f.cross_entropy(logits.flatten(0, 1), target[rows, 1:].flatten(), ignore_index=PAD,
                                   label_smoothing=settings["smoothing"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            steps += 1
            if steps % settings["keep_every"] == 0:
                kept.append({name: value.clone() for name, value in model.state_dict().items()})
                print(f"{steps} steps, {time.time() - start:.0f} s, loss {loss.item():.4f}", flush=True)
    took = time.time() - start
    if kept:
        model.load_state_dict({name: sum(state[name] for state in kept) / len(kept) for name in kept[0]})
    return steps, loss.item(), 1e3 * took / steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokens")
    parser.add_argument("out")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--average", type=int, default=5)
    parser.add_argument("--at-once", type=int, default=64)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    data = np.load(arguments.tokens)
    settings = json.loads(str(data["settings"]))
    shape = {name: settings[name] for name in ("words", "layers", "heads", "width", "hidden", "dropout")}
    model = Translator(**shape, length=max(data["source"].shape[1], data["target"].shape[1]))
    steps, loss, ms = train(model, data, settings, arguments.minutes, arguments.average)
    result = dict(torch=torch.__version__, steps=steps, loss=loss, ms_per_step=ms,
                  parameters=sum(p.numel() for p in model.parameters()))
    model.eval()
    sources = torch.from_numpy(data["test"].astype(np.int64))
    for beams in (1, 4):
        start, written = time.time(), []
        for some in sources.split(arguments.at_once):
            written += translate(model, some[:, :int((some != PAD).sum(1).max())], beams, settings["penalty"],
                                 data["target"].shape[1] - 1)
        result[f"beams_{beams}"] = dict(seconds=time.time() - start, tokens=written)
    with open(arguments.out, "w", encoding="utf-8") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main()
