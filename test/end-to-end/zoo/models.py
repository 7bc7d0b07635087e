"""The models of examples/zoo at small sizes: first weights, inputs and noise, for the compiled programs (run.py) and
for PyTorch (torch_zoo.py). Standard library only. Numbers come from a formula, so that the figures can be made again:
element i of the tensor of a name is base + scale * u, u = mix(hash(name) + i) / 2^31 - 1, rounded to f32, where mix is
the finaliser of MurmurHash3 on 32 bits. Noise is what random.h promises for seed 0."""

import math
import statistics
import struct

STEPS = 10
M = 0xFFFFFFFF


def mix(x):
    x &= M
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & M
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & M
    return x ^ (x >> 16)


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def count(shape):
    return math.prod(shape)


def numbers(name, shape, base=0.0, scale=1.0):
    start = 0
    for c in name:
        start = mix(start * 31 + ord(c))
    return [f32(base + scale * (mix(start + i) / 2**31 - 1)) for i in range(count(shape))]


def whole(name, shape, limit, least=0):
    return [int(least + (x + 1) / 2 * (limit - least)) for x in numbers(name, shape)]


def threefry(k0, k1, x0, x1):
    keys, rotations = [k0, k1, 0x1BD11BDA ^ k0 ^ k1], [13, 15, 26, 6, 17, 29, 16, 24]
    x0, x1 = (x0 + k0) & M, (x1 + k1) & M
    for r in range(20):
        x0 = (x0 + x1) & M
        x1 = ((x1 << rotations[r % 8] | x1 >> (32 - rotations[r % 8])) & M) ^ x0
        if r % 4 == 3:
            n = r // 4 + 1
            x0, x1 = (x0 + keys[n % 3]) & M, (x1 + keys[(n + 1) % 3] + n) & M
    return x0


def words(step, call, n):
    high = threefry(step, 0, 0, 0)
    low = threefry(step, 0, high, 1)
    return [threefry(low, high, i, call) for i in range(n)]


def normal(step, call, n):
    quantile = statistics.NormalDist().inv_cdf
    return [(1 if w >> 31 else -1) * quantile(((w & 0x7FFFFFFF) + 0.5) / 2**32) for w in words(step, call, n)]


def uniform(step, call, n):
    return [(w >> 8) / 2**24 for w in words(step, call, n)]


def linear(name, inner, outer):
    return {name + ".weight": [inner, outer], name + ".bias": [outer]}


def norm(name, width):
    return {name + ".weight": [width], name + ".bias": [width]}


def decoder_block(i):
    return {f"layers.{i}.{name}.weight": shape for name, shape in {
        "input_layernorm": [16], "q_proj": [16, 16], "k_proj": [16, 8], "v_proj": [16, 8], "o_proj": [16, 16],
        "post_attention_layernorm": [16], "gate_proj": [16, 24], "up_proj": [16, 24], "down_proj": [24, 16]}.items()}


def seq2seq_parameters():
    result = {"embedding": [11, 8]}
    for part, attentions in (("encoder", ["self"]), ("decoder", ["self", "cross"])):
        for a in attentions:
            for name in "qkv":
                result |= linear(f"{part}.0.{a}.{name}", 8, 8)
            result |= linear(f"{part}.0.{a}.out", 8, 8)
        for n in range(len(attentions) + 1):
            result |= norm(f"{part}.0.norm{n + 1}", 8)
        result |= linear(f"{part}.0.mlp.in", 8, 32) | linear(f"{part}.0.mlp.out", 32, 8) | norm(f"{part}.norm", 8)
    return result


def post_norm_parameters():
    """Those of examples/transformer, two layers, under the names of a sublayer each."""
    result = {"embedding": [11, 8]}
    for part, attentions in (("encoder", ["self"]), ("decoder", ["self", "cross"])):
        for layer in range(2):
            for a in attentions:
                for name in ("q", "k", "v", "out"):
                    result |= linear(f"{part}.{layer}.{a}.{name}", 8, 8)
                result |= norm(f"{part}.{layer}.{a}.norm", 8)
            result |= linear(f"{part}.{layer}.mlp.in", 8, 16) | linear(f"{part}.{layer}.mlp.out", 16, 8)
            result |= norm(f"{part}.{layer}.mlp.norm", 8)
    return result


def normed(name, taps, inner, outer):
    return {name + ".weight": [taps, taps, inner, outer]} | norm(name + ".norm", outer)


def residual_block(name, inner, outer):
    return normed(name + ".conv1", 3, inner, outer) | normed(name + ".conv2", 3, outer, outer) | (
        normed(name + ".shortcut", 1, inner, outer) if inner != outer else {})


def inverted_block(name, inner, outer):
    wide = 3 * inner
    return normed(name + ".widen", 1, inner, wide) | normed(name + ".depthwise", 3, 1, wide) | normed(
        name + ".narrow", 1, wide, outer)


def attention_parameters():
    result = {}
    for layer in ("causal", "window", "alibi", "soft_cap", "relative", "multi_query", "linear"):
        for name in "qkv":
            result[f"{layer}.{name}.weight"] = [8, 4 if layer == "multi_query" and name != "q" else 8]
        result[f"{layer}.out.weight"] = [8, 8]
    for part in ("read", "write"):
        result |= {f"latent.{part}.{name}.weight": [8, 8] for name in "qkv"}
    return result | {"latent.out.weight": [8, 8], "latent.latents": [3, 8], "relative.table": [7, 2]}


def state_space_layer(i):
    return {f"layers.{i}.{name}": shape for name, shape in {
        "value.weight": [4, 4], "gate.weight": [4, 4], "project.weight": [4, 4], "log_rates": [4, 3],
        "pace.weight": [4, 4], "pace.bias": [4], "in.weight": [4, 3], "out.weight": [4, 3], "direct": [4]}.items()}


# name -> settings, inputs (f32: base and scale; i32: limits), parameters. Inputs hold three batches of rows.
MODELS = {
    "vae": dict(
        set=dict(batch=4, side=3, hidden=8, latent=2), inputs={"images": ([4, 3, 3], 0.5, 0.5)},
        parameters=linear("encoder.in", 9, 8) | linear("encoder.out", 8, 4) | linear("decoder.in", 2, 8)
        | linear("decoder.out", 8, 9)),
    "straight_through": dict(
        set=dict(batch=6, width=5, bits=4), inputs={"x": ([6, 5], 0, 1)},
        parameters={"encoder": [5, 4], "decoder": [4, 5], "bias": [5]}),
    "ppo": dict(
        set=dict(batch=8, width=3, actions=2), inputs={
            "states": ([8, 3], 0, 1), "actions": ([8], 2), "log_probabilities": ([8], -0.7, 0.3),
            "returns": ([8], 0, 1), "advantages": ([8], 0, 1)},
        parameters=linear("in", 3, 64) | linear("hidden", 64, 64) | linear("policy", 64, 2) | linear("value", 64, 1)),
    "batch_norm_mlp": dict(
        set=dict(batch=8, side=3, hidden=6, classes=5, dropout=0),
        inputs={"images": ([8, 3, 3], 0.5, 0.5), "labels": ([8], 5)},
        parameters=linear("layer0.linear", 9, 6) | norm("layer0.norm", 6) | linear("layer1.linear", 6, 6)
        | norm("layer1.norm", 6) | linear("head", 6, 5)),
    "encoder_decoder": dict(
        set=dict(batch=3, source=5, target=6, vocabulary=11, width=8, heads=2, layers=1),
        inputs={"source": ([3, 5], 11), "target": ([3, 6], 11)}, parameters=seq2seq_parameters()),
    "transformer": dict(
        source="../transformer/translate.cpp",
        set=dict(batch=3, source=5, target=5, words=11, width=8, hidden=16, heads=2, layers=2, dropout=0, warmup=4),
        inputs={"source": ([3, 5], 11), "target": ([3, 6], 11)}, parameters=post_norm_parameters()),
    "llama": dict(
        set=dict(batch=2, context=6, vocabulary=13, layers=2, width=16, heads=4, shared=2, hidden=24),
        inputs={"tokens": ([2, 6], 13), "targets": ([2, 6], 13)},
        parameters={"embed_tokens.weight": [13, 16], "norm.weight": [16], "lm_head.weight": [16, 13]}
        | decoder_block(0) | decoder_block(1)),
    "mixture_of_experts": dict(
        set=dict(tokens=10, width=6, hidden=7, experts=4, chosen=2),
        inputs={"x": ([10, 6], 0, 1), "y": ([10, 6], 0, 1)},
        parameters={"router": [6, 4], "in": [4, 6, 7], "out": [4, 7, 6]}),
    "beta_lasso": dict(
        set=dict(batch=6, side=3, hidden=8), inputs={"images": ([6, 3, 3], 0.5, 0.5), "labels": ([6], 10)},
        parameters={"hidden.weight": [9, 8], "head.weight": [8, 10]}),
    "lstm": dict(
        set=dict(batch=3, steps=7, width=5), inputs={"x": ([3, 7], 0, 1)},
        parameters={"weight_ih": [1, 20], "weight_hh": [5, 20], "bias": [20], "head": [5, 1]}),
    "many_seeds": dict(
        set=dict(seeds=3, batch=5, hidden=4), inputs={"x": ([5, 2], 0, 1), "y": ([5], 0, 1)},
        parameters={"in": [3, 2, 4], "bias": [3, 1, 4], "out": [3, 4, 1]}),
    "dqn": dict(
        set=dict(batch=6, width=3, actions=2), inputs={
            "states": ([6, 3], 0, 1), "next": ([6, 3], 0, 1), "actions": ([6], 2), "rewards": ([6], 0, 2),
            "ends": ([6], 2)},
        parameters=linear("in", 3, 64) | linear("out", 64, 2)),
    "diffusion": dict(
        set=dict(batch=6, hidden=8, steps=50), inputs={"x": ([6, 2], 0, 1)},
        parameters=linear("in", 2, 8) | linear("time", 8, 8) | linear("hidden", 8, 8) | linear("out", 8, 2)),
    "contrastive": dict(
        set=dict(batch=6, width=5, common=4), inputs={"a": ([6, 5], 0, 1), "b": ([6, 5], 0, 1)},
        parameters={"a": [5, 4], "b": [5, 4], "scale": []}),
    "lenet": dict(
        set=dict(batch=4, side=14, width=3, classes=5), inputs={"images": ([4, 14, 14], 0.5, 0.5), "labels": ([4], 5)},
        parameters={"conv1.weight": [5, 5, 1, 3], "conv1.bias": [3], "conv2.weight": [3, 3, 3, 6], "conv2.bias": [6]}
        | linear("hidden", 6, 42) | linear("head", 42, 5)),
    "resnet": dict(
        set=dict(batch=6, side=9, width=4, blocks=1, stages=2, classes=5),
        inputs={"images": ([6, 3, 9, 9], 0.5, 0.5), "labels": ([6], 5)},
        parameters=normed("stem", 3, 3, 4) | residual_block("layer1.0", 4, 4) | residual_block("layer2.0", 4, 8)
        | linear("head", 8, 5)),
    "mobilenet": dict(
        set=dict(batch=6, side=9, width=4, expansion=3, classes=5),
        inputs={"images": ([6, 3, 9, 9], 0.5, 0.5), "labels": ([6], 5)},
        parameters=normed("stem", 3, 3, 4) | inverted_block("block1", 4, 4) | inverted_block("block2", 4, 8)
        | inverted_block("block3", 8, 8) | linear("head", 8, 5)),
    "locally_connected": dict(
        set=dict(batch=4, side=9, width=3, classes=5), inputs={"images": ([4, 9, 9], 0.5, 0.5), "labels": ([4], 5)},
        parameters={"local1.weight": [5, 5, 3, 3, 1, 3], "local1.bias": [5, 5, 3],
                    "local2.weight": [3, 3, 3, 3, 3, 6], "local2.bias": [3, 3, 6], "head.weight": [54, 5]}),
    "attention_kinds": dict(
        set=dict(batch=2, context=6, width=8, heads=2, window=3, memory=3),
        inputs={"x": ([2, 6, 8], 0, 1), "y": ([2, 6, 8], 0, 1)}, parameters=attention_parameters()),
    "preferences": dict(
        set=dict(batch=4, context=6, width=5, vocabulary=9), inputs={
            "chosen": ([4, 6], 9), "rejected": ([4, 6], 9), "chosen_before": ([4], -8, 2),
            "rejected_before": ([4], -8, 2)},
        parameters={"embed": [9, 5], "hidden": [10, 5], "head": [5, 9]}),
    "state_space": dict(
        set=dict(batch=3, steps=5, width=4, size=3, layers=2), inputs={"x": ([3, 6], 0, 1)},
        parameters={"embed.weight": [1, 4], "head.weight": [4, 1]} | state_space_layer(0) | state_space_layer(1)),
    "hessian": dict(
        set=dict(batch=6, width=3, hidden=4), inputs={"x": ([6, 3], 0, 1), "y": ([6], 0, 1)},
        parameters={"in": [3, 4], "out": [4]}),
}


def parameters(model):
    """Name -> (shape, values). Scales of norms are about 1."""
    result = {}
    for name, shape in MODELS[model]["parameters"].items():
        is_scale = len(shape) == 1 and name.endswith("weight") or name == "scale"
        result[name] = (shape, numbers(model + "." + name, shape, 1 if is_scale else 0, 0.1 if is_scale else 0.5))
    return result


def inputs(model):
    """Name -> (shape of three batches, values); whole numbers are Python's."""
    result = {}
    for name, (shape, *how) in MODELS[model]["inputs"].items():
        shape = [3 * shape[0]] + shape[1:]
        key = model + ".input." + name
        if len(how) == 1:
            values = whole(key, shape, how[0])
            if name == "ends":
                values = [float(v) for v in values]
        else:
            values = numbers(key, shape, *how)
        result[name] = (shape, values)
    return result
