"""Holds the masks of Inputs/dropout.cpp against Threefry-2x32-20 as its paper has it, for seeds of which only high bits
differ."""
import json, os, subprocess, sys, tempfile

M = 0xFFFFFFFF


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


def expected(seed, step):
    low, high = seed & M, seed >> 32
    high ^= threefry(step, 0, low, 0)
    low ^= threefry(step, 0, high, 1)
    kept = [threefry(low, high, element, site) >= 1 << 31 for site in (0, 1) for element in range(10)]
    return sum(1 << i for i, keep in enumerate(kept) if keep)


masks = {}
seeds = [0, 1, 1 << 32, (1 << 32) + 1, (5 << 32) + 4, (1 << 63) + 7, (1 << 64) - 1]
for seed in seeds:
    with tempfile.TemporaryDirectory() as folder:
        text, log = os.path.join(folder, "text"), os.path.join(folder, "log")
        open(text, "w").write("some text\n" * 20)
        subprocess.run([sys.argv[1], "train", "--data", text, "--steps", "3", "--seed", str(seed), "--log", log,
                        "--out", os.path.join(folder, "out")],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for line in map(json.loads, open(log)):
            if "loss" in line:
                masks[seed, line["step"]] = line["loss"]
for (seed, step), mask in masks.items():
    if mask != expected(seed, step):
        sys.exit(f"seed {seed}, step {step}: the mask is {mask}, expected {expected(seed, step)}")
print(f"{len(masks)} masks as expected, {len(set(masks.values()))} different")
