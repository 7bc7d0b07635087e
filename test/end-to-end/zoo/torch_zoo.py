"""The models of examples/zoo in PyTorch, in double precision, from the numbers of models.py: makes figures.json.

    torch_zoo.py [MODEL...] > figures.json
"""
import json
import math
import sys

import torch
import torch.nn.functional as F

sys.dont_write_bytecode = True
from models import *

torch.set_default_dtype(torch.float64)


def linear(p, name, x):
    return x @ p[name + ".weight"] + p[name + ".bias"]


def layer_norm(p, name, x):
    return F.layer_norm(x, x.shape[-1:], p[name + ".weight"], p[name + ".bias"])


def vae(p, x, step):
    images = x["images"].reshape(4, 9)
    mean, log_variance = linear(p, "encoder.out", torch.tanh(linear(p, "encoder.in", images))).chunk(2, -1)
    noise = torch.tensor(normal(step, 0, mean.numel())).reshape(mean.shape)
    code = mean + torch.exp(0.5 * log_variance) * noise
    logits = linear(p, "decoder.out", torch.tanh(linear(p, "decoder.in", code)))
    prior = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()
    return (F.binary_cross_entropy_with_logits(logits, images, reduction="sum") + prior) / 4


def straight_through(p, x, step):
    probability = torch.sigmoid(x["x"] @ p["encoder"])
    draws = torch.tensor(uniform(step, 0, probability.numel())).reshape(probability.shape)
    hard = (draws < probability).double()
    code = probability + (hard - probability).detach()
    return F.mse_loss(code @ p["decoder"] + p["bias"], x["x"])


def ppo(p, x, step):
    a = x["advantages"]
    a = (a - a.mean()) / (a.std(unbiased=False) + 1e-8)
    features = torch.tanh(linear(p, "hidden", torch.tanh(linear(p, "in", x["states"]))))
    policy = torch.distributions.Categorical(logits=linear(p, "policy", features))
    ratio = torch.exp(policy.log_prob(x["actions"]) - x["log_probabilities"])
    gain = torch.min(ratio * a, ratio.clamp(0.8, 1.2) * a).mean()
    value_loss = F.mse_loss(linear(p, "value", features).squeeze(-1), x["returns"])
    return -gain + 0.5 * value_loss - 0.01 * policy.entropy().mean()


def batch_norm_mlp(p, x, step):
    y = x["images"].reshape(8, 9)
    for i in range(2):
        y = linear(p, f"layer{i}.linear", y)
        y = F.relu(F.batch_norm(y, None, None, p[f"layer{i}.norm.weight"], p[f"layer{i}.norm.bias"], training=True))
    return F.cross_entropy(linear(p, "head", y), x["labels"], label_smoothing=0.1)


def positions(count, width):
    t, i = torch.arange(count).double()[:, None], torch.arange(0, width, 2).double()
    angle = t * 10000 ** (-i / width)
    return torch.stack([angle.sin(), angle.cos()], -1).reshape(count, width)


def encoder_decoder(p, x, step):
    source, written, expected = x["source"], x["target"][:, :-1], x["target"][:, 1:]

    def attend(y, z, mask, name):
        heads = lambda v: v.reshape(3, -1, 2, 4).transpose(1, 2)
        q, k, v = heads(linear(p, name + ".q", y)), heads(linear(p, name + ".k", z)), heads(linear(p, name + ".v", z))
        read = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return linear(p, name + ".out", read.transpose(1, 2).reshape(y.shape))

    mlp = lambda y, name: linear(p, name + ".out", F.relu(linear(p, name + ".in", y)))
    embed = lambda t: F.embedding(t, p["embedding"]) * math.sqrt(8) + positions(t.shape[1], 8)
    is_word = (source != 0)[:, None, None, :]
    y = embed(source)
    z = layer_norm(p, "encoder.0.norm1", y)
    y = y + attend(z, z, is_word, "encoder.0.self")
    y = y + mlp(layer_norm(p, "encoder.0.norm2", y), "encoder.0.mlp")
    read = layer_norm(p, "encoder.norm", y)
    y = embed(written)
    z = layer_norm(p, "decoder.0.norm1", y)
    y = y + attend(z, z, torch.ones(5, 5, dtype=torch.bool).tril(), "decoder.0.self")
    y = y + attend(layer_norm(p, "decoder.0.norm2", y), read, is_word, "decoder.0.cross")
    y = y + mlp(layer_norm(p, "decoder.0.norm3", y), "decoder.0.mlp")
    logits = layer_norm(p, "decoder.norm", y) @ p["embedding"].T
    return F.cross_entropy(logits.reshape(-1, 11), expected.reshape(-1), label_smoothing=0.1, ignore_index=0)


def transformer(p, x, step):
    """PyTorch's own layers, norms behind, given the weights: their matrices are [out, in], q, k and v in one."""
    turned = lambda name: p[name + ".weight"].T
    joined = lambda name, part: torch.cat([part(f"{name}.{n}") for n in "qkv"])

    def layer(kind, name, attentions):
        own = kind(8, 2, 16, dropout=0, activation="relu", batch_first=True)
        weights = {"linear1.weight": turned(name + ".mlp.in"), "linear1.bias": p[name + ".mlp.in.bias"],
                   "linear2.weight": turned(name + ".mlp.out"), "linear2.bias": p[name + ".mlp.out.bias"]}
        for theirs, ours in attentions.items():
            weights[theirs + ".in_proj_weight"] = joined(f"{name}.{ours}", turned)
            weights[theirs + ".in_proj_bias"] = joined(f"{name}.{ours}", lambda n: p[n + ".bias"])
            weights[theirs + ".out_proj.weight"] = turned(f"{name}.{ours}.out")
            weights[theirs + ".out_proj.bias"] = p[f"{name}.{ours}.out.bias"]
        for i, sublayer in enumerate([*attentions.values(), "mlp"]):
            for part in ("weight", "bias"):
                weights[f"norm{i + 1}.{part}"] = p[f"{name}.{sublayer}.norm.{part}"]
        return lambda *words, **options: torch.func.functional_call(own, weights, words, options)

    source, written, expected = x["source"], x["target"][:, :-1], x["target"][:, 1:]
    embed = lambda t: F.embedding(t, p["embedding"]) * math.sqrt(8) + positions(t.shape[1], 8)
    filling, y = source == 0, embed(source)
    for i in range(2):
        encoder = layer(torch.nn.TransformerEncoderLayer, f"encoder.{i}", {"self_attn": "self"})
        y = encoder(y, src_key_padding_mask=filling)
    read, y = y, embed(written)
    future = torch.ones(5, 5, dtype=torch.bool).triu(1)
    for i in range(2):
        decoder = layer(torch.nn.TransformerDecoderLayer, f"decoder.{i}",
                        {"self_attn": "self", "multihead_attn": "cross"})
        y = decoder(y, read, tgt_mask=future, memory_key_padding_mask=filling)
    logits = y @ p["embedding"].T
    return F.cross_entropy(logits.reshape(-1, 11), expected.reshape(-1), label_smoothing=0.1, ignore_index=0)


class WarmedUp:
    """Adam of section 5.3, by the formula: d^-0.5 min(s^-0.5, s w^-1.5), d = 8, w = 4."""

    def __init__(self, ps):
        self.adam, self.steps = torch.optim.Adam(ps, 1, (0.9, 0.98), 1e-9), 0

    def step(self):
        self.steps += 1
        self.adam.param_groups[0]["lr"] = 8**-0.5 * min(self.steps**-0.5, self.steps * 4**-1.5)
        self.adam.step()


def llama(p, x, step):
    norm = lambda y, name: F.rms_norm(y, y.shape[-1:], p[name + ".weight"], 1e-5)
    angle = torch.arange(6).double()[:, None] * 10000 ** (-torch.arange(2).double() / 2)
    cos, sin = angle.cos(), angle.sin()

    def turn(y):  # [batch, heads, context, 4]
        a, b = y.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    y = F.embedding(x["tokens"], p["embed_tokens.weight"])
    for i in range(2):
        w = lambda name: p[f"layers.{i}.{name}.weight"]
        z = norm(y, f"layers.{i}.input_layernorm")
        heads = lambda v, n: v.reshape(2, 6, n, 4).transpose(1, 2)
        q, k = turn(heads(z @ w("q_proj"), 4)), turn(heads(z @ w("k_proj"), 2))
        read = F.scaled_dot_product_attention(q, k, heads(z @ w("v_proj"), 2), is_causal=True, enable_gqa=True)
        y = y + read.transpose(1, 2).reshape(2, 6, 16) @ w("o_proj")
        z = norm(y, f"layers.{i}.post_attention_layernorm")
        y = y + (F.silu(z @ w("gate_proj")) * (z @ w("up_proj"))) @ w("down_proj")
    return F.cross_entropy((norm(y, "norm") @ p["lm_head.weight"]).reshape(-1, 13), x["targets"].reshape(-1))


def mixture_of_experts(p, x, step):
    probabilities = torch.softmax(x["x"] @ p["router"], -1)
    best, indices = probabilities.topk(2, -1)
    shares, mixed = best / best.sum(-1, keepdim=True), torch.zeros(10, 6)
    for t in range(10):
        for c in range(2):
            e = indices[t, c]
            row = (F.relu(x["x"][t] @ p["in"][e]) @ p["out"][e]) * shares[t, c]
            mixed = mixed + F.one_hot(torch.tensor(t), 10).double()[:, None] * row
    load = F.one_hot(indices, 4).double().sum(1).mean(0) / 2
    return F.mse_loss(mixed, x["y"]) + 0.01 * 4 * (load * probabilities.mean(0)).sum()


def beta_lasso(p, x, step):
    logits = F.relu(x["images"].reshape(6, 9) @ p["hidden.weight"]) @ p["head.weight"]
    return F.cross_entropy(logits, x["labels"])


def lstm(p, x, step):
    cell = torch.nn.LSTMCell(1, 5)
    for name, value in {"weight_ih": p["weight_ih"].T, "weight_hh": p["weight_hh"].T, "bias_ih": p["bias"],
                        "bias_hh": torch.zeros(20)}.items():
        del cell._parameters[name]
        setattr(cell, name, value)
    h, c, loss = torch.zeros(3, 5), torch.zeros(3, 5), 0
    for t in range(6):
        h, c = cell(x["x"][:, t : t + 1], (h, c))
        loss = loss + F.mse_loss(h @ p["head"], x["x"][:, t + 1 : t + 2])
    return loss / 6


def many_seeds(p, x, step):
    outputs = [torch.tanh(x["x"] @ p["in"][s] + p["bias"][s]) @ p["out"][s] for s in range(3)]
    return sum(F.mse_loss(y.squeeze(-1), x["y"]) for y in outputs) / 3


def dqn(p, x, step, copy={}):
    values = lambda q, s: linear(q, "out", F.relu(linear(q, "in", s)))
    slow = copy.get("average", {name: torch.zeros_like(w) for name, w in p.items()})  # zeros before the first step
    predicted = values(p, x["states"]).gather(1, x["actions"][:, None]).squeeze(1)
    with torch.no_grad():
        choice = values(p, x["next"]).argmax(1, keepdim=True)
        target = x["rewards"] + 0.99 * (1 - x["ends"]) * values(slow, x["next"]).gather(1, choice).squeeze(1)
    return F.huber_loss(predicted, target)


def after_dqn(p, step, copy=dqn.__defaults__[0]):
    old = copy.get("average")
    now = {n: w.detach().clone() for n, w in p.items()}
    copy["average"] = now if old is None else {n: 0.995 * old[n] + 0.005 * now[n] for n in now}


def diffusion(p, x, step):
    left = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 50), 0)
    noise = torch.tensor(normal(step, 0, 12)).reshape(6, 2)
    t = torch.tensor([int(50 * u) for u in uniform(step, 1, 6)])
    share = left[t][:, None]
    y = share.sqrt() * x["x"] + (1 - share).sqrt() * noise
    y = F.silu(linear(p, "in", y) + linear(p, "time", positions(50, 8)[t]))
    return F.mse_loss(linear(p, "out", F.silu(linear(p, "hidden", y))), noise)


def contrastive(p, x, step):
    unit = lambda y: y / (y.square().sum(-1, keepdim=True) + 1e-12).sqrt()
    similar = unit(x["a"] @ p["a"]) @ unit(x["b"] @ p["b"]).T * p["scale"].clamp(0, 4.6052).exp()
    same = torch.arange(6)
    return (F.cross_entropy(similar, same) + F.cross_entropy(similar.T, same)) / 2


adam = lambda lr: lambda ps: torch.optim.Adam(ps, lr)


def convolution(x, w, **options):
    return F.conv2d(x, w.permute(3, 2, 0, 1), **options)


def lenet(p, x, step):
    y = x["images"].unsqueeze(1)
    for name in ("conv1", "conv2"):
        y = F.max_pool2d(F.relu(convolution(y, p[name + ".weight"], bias=p[name + ".bias"])), 2)
    y = y.permute(0, 2, 3, 1).flatten(1)
    return F.cross_entropy(linear(p, "head", F.relu(linear(p, "hidden", y))), x["labels"])


def normed(p, name, x, **options):
    y = convolution(x, p[name + ".weight"], **options)
    return F.batch_norm(y, None, None, p[name + ".norm.weight"], p[name + ".norm.bias"], training=True)


def resnet(p, x, step):
    y = F.relu(normed(p, "stem", x["images"], padding=1))
    for name, stride in (("layer1.0", 1), ("layer2.0", 2)):
        z = F.relu(normed(p, name + ".conv1", y, padding=1, stride=stride))
        z = normed(p, name + ".conv2", z, padding=1)
        y = F.relu(z + (normed(p, name + ".shortcut", y, stride=stride) if stride > 1 else y))
    return F.cross_entropy(linear(p, "head", y.mean((2, 3))), x["labels"])


def mobilenet(p, x, step):
    y = F.relu6(normed(p, "stem", x["images"], padding=1))
    for i, stride in enumerate((1, 2, 1), 1):
        z = F.relu6(normed(p, f"block{i}.widen", y))
        z = F.relu6(normed(p, f"block{i}.depthwise", z, padding=1, stride=stride, groups=z.shape[1]))
        z = normed(p, f"block{i}.narrow", z)
        y = y + z if z.shape == y.shape else z
    return F.cross_entropy(linear(p, "head", y.mean((2, 3))), x["labels"])


def locally_connected(p, x, step):
    y = x["images"].unsqueeze(1)
    for name in ("local1", "local2"):
        w = p[name + ".weight"]
        windows = F.unfold(y, 3, padding=1, stride=2)  # [batch, channels * taps, positions]
        windows = windows.reshape(4, y.shape[1], 9, -1)
        w = w.reshape(w.shape[0] * w.shape[1], 9, w.shape[4], w.shape[5])
        y = torch.einsum("nckp,pkcf->nfp", windows, w)
        y = F.relu(y + p[name + ".bias"].reshape(-1, w.shape[-1]).T)
        side = int(y.shape[-1] ** 0.5)
        y = y.reshape(4, -1, side, side)
    return F.cross_entropy(y.permute(0, 2, 3, 1).reshape(4, -1) @ p["head.weight"], x["labels"])


def attention_kinds(p, x, step):
    y, far = x["x"], torch.arange(6)[:, None] - torch.arange(6)[None, :]  # query - key
    past = far >= 0
    split = lambda t, n=2: t.reshape(2, -1, n, t.shape[-1] // n).transpose(1, 2)
    join = lambda t: t.transpose(1, 2).reshape(2, t.shape[2], -1)

    def attend(name, z, of, source=None):
        w = lambda n: p[f"{name}.{n}.weight"]
        source = z if source is None else source
        q, k, v = split(z @ w("q")), source @ w("k"), source @ w("v")
        k, v = (split(t, t.shape[-1] // 4) for t in (k, v))
        return join(torch.softmax(of(q @ k.transpose(-1, -2) / 2), -1) @ v)

    masked = lambda s, mask=past: s.masked_fill(~mask, -math.inf)
    rates = 2.0 ** (torch.tensor([1.0, 2.0]) * -4)[:, None, None]
    kinds = {
        "causal": masked, "window": lambda s: masked(s, past & (far < 3)), "alibi": lambda s: masked(s - rates * far),
        "soft_cap": lambda s: masked(torch.tanh(s / 20) * 20),
        "relative": lambda s: s + p["relative.table"][(-far).clamp(-3, 3) + 3].permute(2, 0, 1),
        "multi_query": masked}
    for name, of in kinds.items():
        y = y + attend(name, F.layer_norm(y, (8,)), of) @ p[name + ".out.weight"]
    z, whole = F.layer_norm(y, (8,)), lambda s: s
    read = attend("latent.read", p["latent.latents"].expand(2, 3, 8), whole, z)
    y = y + attend("latent.write", z, whole, read) @ p["latent.out.weight"]
    z = F.layer_norm(y, (8,))
    q, k, v = (split(z @ p[f"linear.{n}.weight"]) for n in "qkv")
    q, k = F.elu(q) + 1, F.elu(k) + 1
    mixed = (q @ (k.transpose(-1, -2) @ v)) / (q @ k.sum(2).unsqueeze(-1))
    return F.mse_loss(y + join(mixed) @ p["linear.out.weight"], x["y"])


def preferences(p, x, step):
    def log_probability(tokens):
        e = F.embedding(tokens, p["embed"])
        y = torch.tanh(torch.cat([e[:, :-1], e[:, 1:]], -1) @ p["hidden"])[:, :-1]
        losses = F.cross_entropy((y @ p["head"]).reshape(-1, 9), tokens[:, 2:].reshape(-1), reduction="none",
                                 ignore_index=0)
        return -losses.reshape(4, 4).sum(1)

    margin = (log_probability(x["chosen"]) - x["chosen_before"]) - (
        log_probability(x["rejected"]) - x["rejected_before"])
    return -F.logsigmoid(0.1 * margin).mean()


def state_space(p, x, step):
    norm = lambda t: t * (t.square().mean(-1, keepdim=True) + 1e-5).rsqrt()
    y = x["x"][:, :-1, None] @ p["embed.weight"]
    for i in range(2):
        w = lambda name: p[f"layers.{i}.{name}"]
        z = norm(y)
        u, h, outs = F.silu(z @ w("value.weight")), torch.zeros(3, 4, 3), []
        pace = F.softplus(u @ w("pace.weight") + w("pace.bias"))
        for t in range(5):
            dt = pace[:, t, :, None]
            b, c = (u[:, t] @ w("in.weight"))[:, None, :], (u[:, t] @ w("out.weight"))[:, None, :]
            h = torch.exp(-dt * w("log_rates").exp()) * h + dt * u[:, t, :, None] * b
            outs.append((h * c).sum(-1))
        mixed = torch.stack(outs, 1) + u * w("direct")
        y = y + (mixed * F.silu(z @ w("gate.weight"))) @ w("project.weight")
    return F.mse_loss((norm(y) @ p["head.weight"]).squeeze(-1), x["x"][:, 1:])


class Momentum:
    def __init__(self, ps):
        self.ps, self.moves = ps, [torch.zeros_like(q) for q in ps]

    def step(self):
        for q, move in zip(self.ps, self.moves):
            move.mul_(0.9).add_(q.grad)
            q.data = q.data - 0.05 * move


def adamw(lr, decay=0.01, beta2=0.999):
    def make(ps):
        groups = [{"params": [q for q in ps if q.dim() >= 2], "weight_decay": decay},
                  {"params": [q for q in ps if q.dim() < 2], "weight_decay": 0}]
        return torch.optim.AdamW([g for g in groups if g["params"]], lr, (0.9, beta2))
    return make


class BetaLasso:
    def __init__(self, ps):
        self.ps = ps

    def step(self):
        for q in self.ps:
            after = q - 0.1 * (q.grad + 1e-5 * q.sign())
            q.data = torch.where(after.abs() < 50 * 1e-5 * 0.1, 0.0, after).detach()


# loss, optimizer, largest norm of gradients (0: any), what is minimised per reported loss
RULES = {
    "vae": (vae, adam(1e-3), 0), "straight_through": (straight_through, adam(3e-3), 0), "ppo": (ppo, adam(3e-4), 0.5),
    "batch_norm_mlp": (batch_norm_mlp, adamw(2e-3), 1),
    "encoder_decoder": (encoder_decoder, adamw(5e-4, beta2=0.98), 1),
    "transformer": (transformer, WarmedUp, 0),
    "llama": (llama, adamw(1e-3, 0.1), 1), "mixture_of_experts": (mixture_of_experts, adamw(1e-3), 1),
    "beta_lasso": (beta_lasso, BetaLasso, 0), "lstm": (lstm, adam(1e-2), 1), "many_seeds": (many_seeds, adam(1e-2), 0),
    "dqn": (dqn, adamw(1e-3, 0), 1), "diffusion": (diffusion, adamw(1e-3), 1),
    "contrastive": (contrastive, adamw(1e-3), 1), "lenet": (lenet, adamw(2e-3), 1), "resnet": (resnet, Momentum, 0),
    "mobilenet": (mobilenet, adamw(2e-3), 1), "locally_connected": (locally_connected, BetaLasso, 0),
    "attention_kinds": (attention_kinds, adamw(1e-3), 1), "preferences": (preferences, adamw(1e-3), 1),
    "state_space": (state_space, adam(3e-3), 1),
}


def train(model):
    loss_of, optimizer, limit = RULES[model]
    p = {n: torch.tensor(v).reshape(s).requires_grad_() for n, (s, v) in parameters(model).items()}
    step_of = optimizer(list(p.values()))
    data = {n: torch.tensor(v, dtype=torch.int64 if isinstance(v[0], int) else torch.float64).reshape(s)
            for n, (s, v) in inputs(model).items()}
    result = []
    for step in range(1, STEPS + 1):
        batch = {}
        for name, rows in data.items():
            size = len(rows) // 3
            batch[name] = rows[(step - 1) % 3 * size : (step - 1) % 3 * size + size]
        for w in p.values():
            w.grad = None
        loss = loss_of(p, batch, step)
        (3 * loss if model == "many_seeds" else loss).backward()
        norm = torch.sqrt(sum((w.grad**2).sum() for w in p.values()))
        if limit:
            torch.nn.utils.clip_grad_norm_(p.values(), limit)
        step_of.step()
        if model == "dqn":
            after_dqn(p, step)
        result.append([loss.item(), None if model == "many_seeds" else norm.item()])
    return result


def hessian():
    p = {n: torch.tensor(v).reshape(s).requires_grad_() for n, (s, v) in parameters("hessian").items()}
    data = {n: torch.tensor(v).reshape(s) for n, (s, v) in inputs("hessian").items()}
    direction, result = {n: torch.full_like(w, 0.1).detach() for n, w in p.items()}, []
    for call in range(3):
        x, y = data["x"][6 * call : 6 * call + 6], data["y"][6 * call : 6 * call + 6]
        loss_of = lambda a, b: F.mse_loss((torch.tanh(x @ a) * b).sum(-1), y)
        loss, product = torch.autograd.functional.hvp(loss_of, (p["in"], p["out"]), (direction["in"], direction["out"]))
        product = dict(zip(("in", "out"), product))
        dot = lambda a, b: sum((a[n] * b[n]).sum() for n in p)
        result.append([loss.item(), (dot(direction, product) / dot(direction, direction)).item()])
        direction = {n: (w / dot(product, product).sqrt()).detach() for n, w in product.items()}
    return result


wanted = sys.argv[1:] or [*RULES, "hessian"]
figures = {model: hessian() if model == "hessian" else train(model) for model in wanted}
print("{" + ",\n ".join(f"{json.dumps(m)}: {json.dumps(v)}" for m, v in figures.items()) + "}")
