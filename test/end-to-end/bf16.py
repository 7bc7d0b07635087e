"""Trains the three programs in the folder given and compares what they log."""
import json
import pathlib
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
text = folder / "text.txt"
verses = subprocess.run(["bible", "-f", "gen1:1-gen50:26"], check=True, capture_output=True, text=True).stdout
text.write_text("\n".join(verse.split(" ", 1)[1] for verse in verses.splitlines()))


def losses(program):
    out = folder / f"out-{program}"
    subprocess.run([folder / program, "train", "--data", text, "--steps", "200", "--out", out, "--lr", "1e-3",
                    "--log", folder / f"{program}.jsonl"], check=True, stdout=subprocess.DEVNULL)
    with open(folder / f"{program}.jsonl") as log:
        return [line["loss"] for line in map(json.loads, log) if "loss" in line]


f32, bf16, rounded = losses("f32"), losses("bf16"), losses("rounded")
assert len(f32) == len(bf16) == 200, (len(f32), len(bf16))
assert f32 != bf16, "bf16 made no difference"
print("rounded: the same losses" if bf16 == rounded else f"rounded: {rounded} differ from {bf16}")
worst = max(abs(a - b) / a for a, b in zip(f32, bf16))
print("f32: within 1 %" if worst < 0.01 else f"f32: {worst:.3%} apart")
print(f"worst {worst:.4%}, last losses {f32[-1]} {bf16[-1]}")
