"""Trains Inputs/optimizers.cpp for some steps and holds every loss, norm, parameter and memory of the optimizer against
the same steps in double precision, written down here from the papers' formulas.

    optimizers.py PROGRAM sgd|momentum|adam|adamw|lion|... STEPS --FLAG VALUE ...   (the program's own flags, and what they default to)
"""
import json, math, os, struct, subprocess, sys, tempfile

C = {"matrix": [1, 0.25, 3, 0.01], "bias": [2, 0.5], "unused": [0, 0, 0]}
T = {"matrix": [0, 1, -1, 5], "bias": [1, -2], "unused": [0, 0, 0]}
DECAYS = {"matrix": True, "bias": False, "unused": True}  # by default matrices do


def reference(kind, steps, rates, linear):
    p = {"matrix": [0.75] * 4, "bias": [-0.5] * 2, "unused": [2.0] * 3}
    m = {name: [0.0] * len(v) for name, v in p.items()}
    v = {name: [0.0] * len(v) for name, v in p.items()}
    log = []
    decay, clip = rates["weight_decay"], rates["grad_clip"]
    average = {}
    for step in range(1, steps + 1):
        loss = sum(c * (x - t) ** 2 / 2 for n in p for c, x, t in zip(C[n], p[n], T[n]))
        g = {n: [c * (x - t) for c, x, t in zip(C[n], p[n], T[n])] for n in p}
        if kind == "anchored":  # what is read of the first values has no gradient of its own
            g["matrix"] = [slope + (x - 0.75) for slope, x in zip(g["matrix"], p["matrix"])]
        if kind == "groups":  # the others are frozen
            g = {"matrix": g["matrix"]}
        if kind == "two":
            g = {"matrix": [x / 2 for x in g["matrix"]], "bias": g["bias"]}
        norm = math.sqrt(sum(x * x for n in g if kind != "two" or n == "matrix" for x in g[n]))
        log.append((loss, norm))
        scale = min(1, clip / norm) if clip > 0 else 1
        for n in g:
            lr = rates["lr"]
            if kind == "scheduled":  # up to step 2, then half a cosine down to step 6
                part = min(1, (step - 2) / 4)
                lr = 0.1 * step if step <= 2 else 0.05 + 0.075 * (1 + math.cos(math.pi * part))
            if kind == "two" and n == "bias":  # its own rate, which follows the schedule of the command line
                lr = 0.3 * (max(0.1, 1 - 0.9 * step / 5) if linear else 1)
            if kind == "two" and n == "matrix":
                lr = 0.1 * (max(0.1, 1 - 0.9 * step / 5) if linear else 1)
            for i, x in enumerate(p[n]):
                gradient = g[n][i] * scale
                wd = decay if DECAYS[n] else 0
                if kind == "lion":
                    b1, b2 = rates["beta1"], rates["beta2"]
                    c = b1 * m[n][i] + (1 - b1) * gradient
                    m[n][i] = b2 * m[n][i] + (1 - b2) * gradient
                    p[n][i] = x - lr * ((c > 0) - (c < 0) + wd * x)
                elif kind in ("sgd", "scheduled", "averaged", "anchored", "own", "two"):
                    p[n][i] = x - lr * (gradient + wd * x)
                elif kind == "momentum":
                    v[n][i] = rates["beta1"] * v[n][i] + gradient
                    p[n][i] = x - lr * (v[n][i] + wd * x)
                else:
                    b1, b2 = rates["beta1"], rates["beta2"]
                    if kind == "adam":  # the decay is part of the gradient
                        gradient, wd = gradient + wd * x, 0
                    if kind == "groups":
                        lr, wd = rates["lr"] / 4, 3 * wd
                    m[n][i] = b1 * m[n][i] + (1 - b1) * gradient
                    v[n][i] = b2 * v[n][i] + (1 - b2) * gradient ** 2
                    mean, variance = m[n][i] / (1 - b1 ** step), v[n][i] / (1 - b2 ** step)
                    p[n][i] = x - lr * (mean / (math.sqrt(variance) + rates["eps"]) + wd * x)
        for n in p:
            average[n] = [x if step == 1 else 0.75 * a + 0.25 * x for a, x in zip(average.get(n, p[n]), p[n])]
    state = dict(p)
    if kind == "anchored":
        state["optimizer.reference.matrix"], state["optimizer.sinter.reference.matrix"] = [0.75] * 4, [1]
    for n in p:
        if kind == "momentum":
            state["optimizer.momentum.v." + n] = v[n]
        if kind == "lion":
            state["optimizer.lion.m." + n] = m[n]
        if kind == "averaged":
            state["optimizer.ema." + n] = average[n]
        if kind in ("adam", "adamw", "unclipped") or kind == "groups" and n == "matrix":
            kinds = "adamw" if kind in ("groups", "unclipped") else kind
            state[f"optimizer.{kinds}.m." + n], state[f"optimizer.{kinds}.v." + n] = m[n], v[n]
    return log, state


def tensors(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    result = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            result[name] = struct.unpack(f"<{(end - begin) // 4}f", body[begin:end])
    return result


def near(what, actual, expected):
    if not abs(actual - expected) <= 1e-12 + 4e-6 * abs(expected):
        sys.exit(f"{what} is {actual}, expected {expected}")


def main():
    program, kind, steps, flags = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    rates = {"sgd": {"lr": 0.1, "weight_decay": 0, "grad_clip": 0},
             "momentum": {"lr": 0.05, "beta1": 0.9, "weight_decay": 0, "grad_clip": 0},
             "adam": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0, "grad_clip": 0},
             "adamw": {"lr": 3e-4, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01, "grad_clip": 1},
             "unclipped": {"lr": 3e-4, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01, "grad_clip": 0},
             "lion": {"lr": 1e-4, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.1, "grad_clip": 1},
             "groups": {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.5, "grad_clip": 1},
             "two": {"lr": 0.1, "weight_decay": 0, "grad_clip": 0},
             "scheduled": {"lr": 0, "weight_decay": 0, "grad_clip": 0},
             "averaged": {"lr": 0.1, "weight_decay": 0, "grad_clip": 0},
             "anchored": {"lr": 0.1, "weight_decay": 0, "grad_clip": 0},
             "own": {"lr": 0.5, "weight_decay": 0, "grad_clip": 0}}[kind]
    for flag, value in zip(flags[::2], flags[1::2]):
        if flag != "--schedule" and flag != "--min-lr":
            rates[flag[2:].replace("-", "_")] = float(value)
    rates = {name: struct.unpack("<f", struct.pack("<f", rate))[0] for name, rate in rates.items()}  # as they are used
    with tempfile.TemporaryDirectory() as folder:
        text, log, out = (os.path.join(folder, name) for name in ("text", "log", "out"))
        open(text, "w").write("some text\n" * 20)
        subprocess.run([program, "train", "--data", text, "--steps", str(steps), "--out", out, "--log", log, *flags],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = [json.loads(line) for line in open(log)]
        actual = tensors(os.path.join(out, "checkpoint.safetensors"))
    expected_log, expected = reference(kind, steps, rates, "--schedule" in flags)
    losses = [(line["loss"], line["grad_norm"]) for line in lines if "loss" in line]
    if len(losses) != steps or set(actual) != set(expected):
        sys.exit(f"{len(losses)} steps of {steps}; tensors {sorted(actual)}, expected {sorted(expected)}")
    for step, (is_, should) in enumerate(zip(losses, expected_log), 1):
        near(f"step {step}: loss", is_[0], should[0])
        near(f"step {step}: grad_norm", is_[1], should[1])
    for name, values in expected.items():
        for i, value in enumerate(values):
            near(f"{name}[{i}]", actual[name][i], value)
    print(f"{kind}: {steps} steps, {sum(map(len, expected.values()))} numbers as expected")


main()
