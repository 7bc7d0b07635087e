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
other = [step for step, (a, b) in enumerate(zip(bf16, rounded), 1) if a != b]
print("rounded: the same losses" if bf16 == rounded else
      f"rounded: {len(other)} of {len(bf16)} losses differ, first at step {other[0]}: "
      f"{rounded[other[0] - 1]}, from vdpbf16ps {bf16[other[0] - 1]}")
worst, step = max((abs(a - b) / a, step) for step, (a, b) in enumerate(zip(f32, bf16), 1))
print("f32: within 1 %" if worst < 0.01
      else f"f32: {worst:.3%} apart at step {step}: {bf16[step - 1]}, f32 {f32[step - 1]}")
print(f"worst {worst:.4%}, last losses {f32[-1]} {bf16[-1]}")
