"""Measures products and training steps: tables on the terminal, figures in build/bench/*.json.

Ratios compare what ran alternately in one process; absolute figures are this machine's at this moment. bf16 is timed
where the processor says that it has vdpbf16ps; elsewhere it is rounded f32 in any case, whose speed says nothing.
"""
import argparse
import json
import math
import pathlib
import subprocess

MODELS = {  # name: (configuration, steps)
    "gpt": ({}, 20),
    "w1": (dict(layers=6, heads=6, width=384, context=256, vocab=65, batch=12), 5),
    "w1-batch64": (dict(layers=6, heads=6, width=384, context=256, vocab=65, batch=64), 2),
    "w2": (dict(layers=12, heads=12, width=768, context=64, vocab=50257, batch=4), 5),
    "w2-context1024": (dict(layers=12, heads=12, width=768, context=1024, vocab=50257, batch=1), 2),
}


TOLERANCES = {"f32": 2e-5, "bf16": 1e-2}


def dtypes():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    has_bf16 = cpuinfo.exists() and "avx512_bf16" in cpuinfo.read_text()
    return ["f32", "bf16"] if has_bf16 else ["f32"]


def products(binaries, out, threads):
    results = {}
    for dtype in dtypes():
        file = out / f"products_{dtype}_{threads}.json"
        print(f"\n{dtype}, {threads} threads", flush=True)
        subprocess.run([binaries / f"matmul_bench_{dtype}", "--threads", str(threads), "--tolerance",
                        str(TOLERANCES[dtype]), "--json", file], check=True)
        results[dtype] = {line["product"]: line for line in json.loads(file.read_text())}
    if "bf16" not in results:
        return
    # Both runs have OpenBLAS in them: its own change between them is divided out.
    ratios = [(b["OpenBLAS"]["ms"] / b["sinter"]["ms"]) / (f["OpenBLAS"]["ms"] / f["sinter"]["ms"])
              for f, b in ((results["f32"][name], results["bf16"][name]) for name in results["f32"])]
    print(f"bf16 against f32, geometric mean: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")


def convolutions(binaries, out, threads):
    print(f"\nconvolutions, {threads} threads", flush=True)
    subprocess.run([binaries / "conv_bench", "--threads", str(threads), "--json", out / f"convolutions_{threads}.json"],
                   check=True)


def steps(sinterc, model, out):
    rows = {}
    for name, (configuration, count) in MODELS.items():
        for dtype in dtypes():
            program = out / f"{name}-{dtype}"
            settings = [word for key, value in configuration.items() for word in ("--set", f"{key}={value}")]
            subprocess.run([sinterc, model, "-o", program, f"--dtype={dtype}", *settings], check=True)
            print(f"\n{name} {dtype}", flush=True)
            table = subprocess.run([program, "bench", "train", "--steps", str(count), "--profile"], check=True,
                                   capture_output=True, text=True).stdout
            print("\n".join(table.splitlines()[:16]), flush=True)
            figures = subprocess.run([program, "bench", "train", "--steps", str(count), "--profile", "--json"],
                                     check=True, capture_output=True, text=True).stdout
            rows[f"{name}-{dtype}"] = json.loads(figures)
    (out / "steps.json").write_text(json.dumps(rows, indent=1))
    print(f"\n{'step':24} {'ms':>9} {'tokens/s':>9} {'GFLOP/s':>8} {'arena MB':>9} {'peak MB':>8}")
    for name, row in rows.items():
        print(f"{name:24} {row['ms_per_step']['median']:9.1f} {row['tokens_per_s']:9.0f} {row['gflops_per_s']:8.1f} "
              f"{row['arena_bytes'] / 1e6:9.1f} {row['peak_rss_bytes'] / 1e6:8.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--examples", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    out = arguments.build / "bench"
    out.mkdir(exist_ok=True)
    if "bf16" not in dtypes():
        print("this processor has no vdpbf16ps: f32 only")
    for threads in (1, 2):
        products(arguments.build / "bin", out, threads)
        convolutions(arguments.build / "bin", out, threads)
    steps(arguments.build / "bin" / "sinterc", arguments.examples / "gpt" / "gpt.cpp", out)
    print(f"\nfigures: {out}")


if __name__ == "__main__":
    main()
