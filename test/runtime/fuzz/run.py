#!/usr/bin/env python3
"""Fuzzes the readers of files, and says how many inputs each read and took.

Usage: run.py PROGRAM --folder FOLDER [--each S | --runs N] [--jobs N] [--seed N] [--keep] [TARGET...]

--each: seconds for each target; 60 unless something else is said. --runs: inputs for each target, however long that
takes. --jobs: so many targets at once; as many as there are processors unless something else is said. --keep: what
libFuzzer found stays in FOLDER/TARGET, to go on from. An input that does what none may is left in FOLDER/TARGET, and
the program ends with exit code 1.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def fuzz(program, target, folder, limit, seed, keep, environment):
    """One line about it, and whether it went well."""
    home = folder / target
    if not keep:
        shutil.rmtree(home, ignore_errors=True)
    seeds, corpus = home / "seeds", home / "corpus"
    for path in (seeds, corpus):
        path.mkdir(parents=True, exist_ok=True)
    run = subprocess.run([program, f"--target={target}", f"--seeds={seeds}"], env=environment, capture_output=True,
                         text=True, errors="replace")
    if run.returncode:
        return run.stdout + run.stderr, False
    command = [program, f"--target={target}", *limit, "-timeout=10", "-malloc_limit_mb=80", "-print_final_stats=1",
               "-verbosity=1", f"-seed={seed}", f"-artifact_prefix={home}/", str(corpus), str(seeds)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    if run.returncode:
        found = re.search(r"Test unit written to (\S+)", run.stderr)
        again = f"\nagain: {program} --target={target} {found.group(1)}" if found else ""
        lines = [line for line in run.stderr.splitlines() if not line.startswith(("#", "\tNEW_FUNC", "INFO:"))]
        return "\n".join(lines[:80]) + again, False
    counts = re.search(r": (\d+) inputs, (\d+) taken", run.stdout)
    inputs, taken = map(int, counts.groups())
    covered = re.findall(r" cov: (\d+)", run.stderr)
    line = f"{inputs:9} inputs, {taken:8} taken, {covered[-1] if covered else '?':>5} edges covered"
    # A reader that takes all, or nothing, was not tried.
    return line, inputs > 10 and 0 < taken < inputs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--each", type=float, default=60)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_intermixed_args()
    known = subprocess.run([options.program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    targets = options.targets or known
    for target in set(targets) - set(known):
        sys.exit(f"no target {target}: {' '.join(known)}")
    limit = [f"-runs={options.runs}"] if options.runs else [f"-max_total_time={max(1, round(options.each))}"]
    # Files are small and many.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    failed = []
    with tempfile.TemporaryDirectory(dir=memory) as scratch:
        environment = {"UBSAN_OPTIONS": "print_stacktrace=1", **os.environ, "TMPDIR": scratch}
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as workers:
            runs = [workers.submit(fuzz, options.program, target, options.folder, limit, options.seed, options.keep,
                                   environment) for target in targets]
            for target, run in zip(targets, runs):
                line, good = run.result()
                print(f"{target:20} {line}{'' if good else '  FAILED'}", flush=True)
                if not good:
                    failed.append(target)
    print(f"\n  Passed: {len(targets) - len(failed)}")
    if failed:
        print(f"  Failed: {len(failed)}\n{' '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
