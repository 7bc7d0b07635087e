"""Holds the draws of Inputs/random.cpp against Threefry as its paper has it, exact quantiles, and the statistics that
independent numbers have: moments, correlations between calls, steps and seeds.

    draws.py PROGRAM FOLDER [--device vulkan]
"""
import array, ast, json, math, os, statistics, struct, subprocess, sys

M = 0xFFFFFFFF
program, folder, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
N = 65536


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


def words(seed, step, call, count):
    low, high = seed & M, seed >> 32
    high ^= threefry(step, 0, low, 0)
    low ^= threefry(step, 0, high, 1)
    return [threefry(low, high, element, call) for element in range(count)]


def npy(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<H", data[8:10])
    header = ast.literal_eval(data[10 : 10 + length].decode())
    return array.array("f" if header["descr"] == "<f4" else "i", data[10 + length :])


def run(seed, calls=1, entry="draws", name="a"):
    out = os.path.join(folder, name)
    subprocess.run([program, "run", entry, "--calls", str(calls), "--seed", str(seed), "--out", out, *flags], check=True,
                   stdout=subprocess.DEVNULL)
    return {f[:-4]: npy(os.path.join(out, f)) for f in os.listdir(out)}


def expect(what, actual, expected, tolerance=0.0):
    if not abs(actual - expected) <= tolerance:
        sys.exit(f"{what} is {actual}, expected {expected} +- {tolerance}")


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def correlation(a, b):
    ma, mb = sum(a) / len(a), sum(b) / len(b)
    ab = sum((x - ma) * (y - mb) for x, y in zip(a, b))
    return ab / math.sqrt(sum((x - ma) ** 2 for x in a) * sum((y - mb) ** 2 for y in b))


# Every element as documented: bits exactly, functions of them within what they promise.
SEED = (5 << 32) + 0x80000001
got = run(SEED)
few = 300
for call, name in enumerate(["uniform", "again"]):
    for i, word in enumerate(words(SEED, 1, call, few)):
        expect(f"{name}[{i}]", got[name][i], (word >> 8) / 2**24)
for i, word in enumerate(words(SEED, 1, 2, few)):
    expect(f"range[{i}]", got["range"][i], f32(f32(5 * (word >> 8) / 2**24) - 2))
quantile = statistics.NormalDist().inv_cdf
for i, word in enumerate(words(SEED, 1, 3, few)):
    size = -quantile(((word & 0x7FFFFFFF) + 0.5) / 2**32)
    expect(f"normal[{i}]", got["normal"][i], -size if word >> 31 else size, 1e-6)
for i, word in enumerate(words(SEED, 1, 4, few)):
    expect(f"bernoulli[{i}]", got["bernoulli"][i], word < int(0.3 * 2**32))
for i, word in enumerate(words(SEED, 1, 5, few)):
    expect(f"bernoulli_of[{i}]", got["bernoulli_of"][i], (word >> 8) / 2**24 < f32(i / N))
for i, word in enumerate(words(SEED, 1, 6, few)):
    exact = -math.log(-math.log1p(-((word >> 1) + 0.5) / 2**31))
    expect(f"gumbel[{i}]", got["gumbel"][i], exact, 1e-6 * max(1, abs(exact)))
noise = [-math.log(-math.log1p(-((w >> 1) + 0.5) / 2**31)) for w in words(SEED, 1, 7, 5 * few)]
for i in range(few):
    sums = [noise[5 * i + c] + math.log(p) for c, p in enumerate([0.1, 0.2, 0.3, 0.4])]
    expect(f"categorical[{i}]", got["categorical"][i], sums.index(max(sums)))

# Moments, within five standard deviations of what chance gives them.
five = 5 / math.sqrt(N)
u, z, g = got["uniform"], got["normal"], got["gumbel"]
mean = lambda x: sum(x) / len(x)
expect("mean of uniform", mean(u), 0.5, five * math.sqrt(1 / 12))
expect("variance of uniform", mean([(x - 0.5) ** 2 for x in u]), 1 / 12, five * math.sqrt(1 / 180))
expect("mean of normal", mean(z), 0, five)
expect("variance of normal", mean([x**2 for x in z]), 1, five * math.sqrt(2))
expect("third moment of normal", mean([x**3 for x in z]), 0, five * math.sqrt(15))
expect("fourth moment of normal", mean([x**4 for x in z]), 3, five * math.sqrt(96))
expect("sixth moment of normal", mean([x**6 for x in z]), 15, five * math.sqrt(10170))
expect("share of normal beyond 3", mean([abs(x) > 3 for x in z]), 0.0026998, five * math.sqrt(0.0027))
expect("mean of gumbel", mean(g), 0.5772157, five * math.pi / math.sqrt(6))
expect("variance of gumbel", mean([(x - 0.5772157) ** 2 for x in g]), math.pi**2 / 6, five * math.sqrt(5.4) * 1.7)
expect("mean of bernoulli", mean(got["bernoulli"]), 0.3, five * math.sqrt(0.21))
expect("mean of bernoulli_of", mean(got["bernoulli_of"]), 0.5, five * math.sqrt(1 / 6))
for name in ("categorical", "along"):
    for c, p in enumerate([0.1, 0.2, 0.3, 0.4, 0]):
        share = mean([x == c for x in got[name]])
        expect(f"share of class {c} in {name}", share, p, 2 * five * math.sqrt(p * (1 - p)))
# All digits occur equally: chi-squared of 255 degrees over the first byte, then over the last.
for part in (lambda x: int(x * 256), lambda x: int(x * 2**24) % 256):
    counts = [0] * 256
    for x in u:
        counts[part(x)] += 1
    chi = sum((c - N / 256) ** 2 / (N / 256) for c in counts)
    expect("chi-squared of uniform's bytes", chi, 255, 5 * math.sqrt(510))

# Independent of each other: calls, neighbours, steps, and seeds that differ in one bit of either word.
several = run(SEED, calls=2, name="b")
both = several["normal"]
pairs = {"two calls": (got["uniform"], got["again"]), "neighbours": (z[:-1], z[1:]), "rows": (z[:-256], z[256:]),
         "normal and gumbel": (z, g), "two steps": (both[:N], both[N:])}
if both[:N] != z:
    sys.exit("step 1 is not the same as part of two calls")
for bit in (0, 31, 32, 63):
    pairs[f"seeds that differ in bit {bit}"] = (z, run(SEED ^ 1 << bit, name="c")["normal"])
pairs["seeds with words swapped"] = (z, run((SEED >> 32) | (SEED & M) << 32, name="c")["normal"])
for what, (a, b) in pairs.items():
    expect(f"correlation of {what}", correlation(a, b), 0, five)
    expect(f"correlation of the squares of {what}", correlation([x * x for x in a], [x * x for x in b]), 0, five)
    equal = sum(x == y for x, y in zip(a, b))
    if equal > 5:
        sys.exit(f"{what}: {equal} equal numbers")

# Gradients flow around a draw: loss = mean((m + d z - 3)^2) at m = 0, d = 1.
train = run(SEED, entry="train", name="t")
z = train["noise"]
expect("loss", train["loss"][0], mean([(x - 3) ** 2 for x in z]), 1e-4)
expect("by_mean", train["by_mean"][0], mean([2 * (x - 3) for x in z]), 1e-4)
expect("by_deviation", train["by_deviation"][0], mean([2 * x * (x - 3) for x in z]), 1e-4)
print(f"{len(pairs)} pairs are independent, {len(got)} distributions as documented")
