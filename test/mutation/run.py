#!/usr/bin/env python3
"""Plants the faults of faults.py one at a time, and shows which tests see them.

    run.py [--work FOLDER] [--only TEXT] [--fault-seconds N] [--nearest] [--check]

Works in a copy of the last commit (FOLDER/tree) with a build folder of its own; goes on where it was stopped. For each
fault: the tests nearest to it, and if they pass, all others. What the tests said stands in FOLDER/logs: a fault is
caught by a wrong result, not by a test that took too long. Ends with 1 if fewer than 95 % are caught, or an entry does
not fit any more. `--nearest` leaves the others out, for a first look; `--check` only looks whether all entries fit."""
import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
from faults import FAULTS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LIT = "/usr/lib/llvm-22/bin/lit"
MEMORY = "memory/recomputation_test.cpp"  # a program of its own, with placement_test.cpp
MISSED = "missed by the nearest"
OUTCOMES = ("caught by the nearest", "caught by another", MISSED, "survived", "does not compile", "does not fit")


def place(fault, path):
    """Where the old text stands in a file: a match, or None if it stands there not exactly once."""
    text = path.read_text() if path.exists() else ""
    words = [re.escape(word) for word in fault.old.split()]
    found = list(re.finditer(r"\s+".join(words), text))
    return found[0] if len(found) == 1 else None


class Mutants:
    def __init__(self, arguments):
        self.arguments = arguments
        self.tree = (arguments.work / "tree").resolve()
        self.build = self.tree / "build"
        self.results_file = arguments.work / "results.json"
        self.logs = arguments.work / "logs"
        self.log = None  # what is run for the fault at hand
        self.environment = dict(os.environ, CCACHE_BASEDIR=str(self.tree), CCACHE_NOHASHDIR="1",
                                CCACHE_SLOPPINESS="pch_defines,time_macros,include_file_mtime,include_file_ctime")

    def prepare(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        self.log = self.logs / "without a fault.log"
        commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT, text=True).strip()
        saved = json.loads(self.results_file.read_text()) if self.results_file.exists() else {}
        if saved.get("commit") == commit:
            self.results = saved["results"]
            subprocess.check_call("git checkout -q .", shell=True, cwd=self.tree)
        else:
            self.results = {}
            if not self.tree.exists():
                subprocess.check_call(["git", "clone", "-q", str(ROOT), str(self.tree)])
            subprocess.check_call(f"git fetch -q && git checkout -q -f {commit}", shell=True, cwd=self.tree)
        self.commit = commit
        if not (self.build / "build.ninja").exists():
            subprocess.check_call(["cmake", "--preset", "default", "-Wno-dev"], cwd=self.tree, env=self.environment,
                                  stdout=subprocess.DEVNULL)
        if not self.compile():
            sys.exit("mutants: the code without a fault does not compile")

    def save(self):
        part = self.results_file.with_suffix(".part")
        part.write_text(json.dumps({"commit": self.commit, "results": self.results}, indent=1))
        part.rename(self.results_file)

    def run(self, command, seconds):
        """Whether a command succeeds; one that does not end in time does not."""
        with self.log.open("a") as log:
            print(f"$ {' '.join(command)}", file=log, flush=True)
            process = subprocess.Popen(command, cwd=self.tree, env=self.environment, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True)
            try:
                return process.wait(timeout=seconds) == 0
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()
                print(f"not done after {seconds} s", file=log)
                return False

    def compile(self, tests=()):
        """What some tests need, or everything."""
        if not tests:
            return self.run(["cmake", "--build", "build"], 3600)
        targets = set()
        for test in tests:
            targets |= {"runtime_tests"} if test.startswith("gtest:") else \
                {"memory_tests"} if test == MEMORY else {"sinter-opt", "sinter-run", "sinterc"}
        return self.run(["cmake", "--build", "build", "--target", *sorted(targets)], 3600)

    def passes(self, tests):
        """Whether all of some tests pass."""
        paths = [f"test/{test}" for test in tests if not test.startswith("gtest:") and test != MEMORY]
        filters = [test.removeprefix("gtest:") for test in tests if test.startswith("gtest:")]
        units = ["build/bin/runtime_tests", "--gtest_brief=1", f"--gtest_filter={':'.join(filters)}"]
        lit = [LIT, "-sv", "--max-failures", "1", "--timeout", "900", "--param", f"build={self.build}", *paths]
        limit = self.arguments.fault_seconds
        memory = ["build/bin/memory_tests", "--gtest_brief=1"]
        return ((not filters or self.run(units, limit)) and (MEMORY not in tests or self.run(memory, limit))
                and (not paths or self.run(lit, limit)))

    def all_pass(self):
        ctest = ["ctest", "--preset", "default", "--stop-on-failure", "-R", "^runtime|^pool|^stage|^memory"]
        return self.passes(["."]) and self.run(ctest, self.arguments.fault_seconds)

    def plant(self, fault):
        """One of OUTCOMES."""
        self.log = self.logs / f"{re.sub('[^a-z0-9]+', '-', fault.name.lower())}.log"
        self.log.unlink(missing_ok=True)
        path = self.tree / fault.file
        match = place(fault, path)
        if not match:
            return "does not fit"
        text = path.read_text()
        path.write_text(text[:match.start()] + fault.new + text[match.end():])
        try:
            nearest = fault.tests.split()
            if not self.compile(nearest):
                return "does not compile"
            if not self.passes(nearest):
                return "caught by the nearest"
            if self.arguments.nearest:
                return MISSED
            if not self.compile():
                return "does not compile"
            return "survived" if self.all_pass() else "caught by another"
        finally:
            path.write_text(text)

    def check_baseline(self):
        nearest = sorted({test for fault in self.chosen() for test in fault.tests.split()})
        if self.results.get("without a fault") == nearest:
            return
        if not self.passes(nearest):
            sys.exit("mutants: the nearest tests fail without any fault")
        self.results["without a fault"] = nearest
        self.save()

    def chosen(self):
        return [fault for fault in FAULTS if self.arguments.only in fault.name]

    def all(self):
        self.prepare()
        self.check_baseline()
        for fault in self.chosen():
            known = self.results.get(fault.name, {}).get("outcome")
            if known and (known != MISSED or self.arguments.nearest):
                continue
            start = time.monotonic()
            outcome = self.plant(fault)
            self.results[fault.name] = {"outcome": outcome, "seconds": round(time.monotonic() - start)}
            self.save()
            print(f"{outcome:22} {self.results[fault.name]['seconds']:5} s  {fault.name} ({fault.file})", flush=True)
        return self.table()

    def table(self):
        outcomes = {fault.name: self.results[fault.name]["outcome"] for fault in self.chosen()}
        print("\n| fault | file | outcome |\n| --- | --- | --- |")
        for fault in self.chosen():
            print(f"| {fault.name} | `{fault.file}` | {outcomes[fault.name]} |")
        count = {name: list(outcomes.values()).count(name) for name in OUTCOMES}
        caught = count["caught by the nearest"] + count["caught by another"]
        survived = count["survived"] + count[MISSED]
        print("\n" + ", ".join(f"{number} {name}" for name, number in count.items()))
        print(f"{caught} of {caught + survived} faults are caught: {100 * caught / max(1, caught + survived):.1f} %")
        fits = not count["does not compile"] and not count["does not fit"]
        return 0 if fits and caught >= 0.95 * (caught + survived) else 1


def check():
    bad = [fault for fault in FAULTS if not place(fault, ROOT / fault.file)]
    for fault in bad:
        print(f"does not fit: {fault.name} ({fault.file})")
    names = [fault.name for fault in FAULTS]
    print(f"{len(FAULTS)} faults, {len(bad)} of them do not fit, {len(names) - len(set(names))} names are used twice")
    return 1 if bad or len(names) != len(set(names)) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument("--only", default="", help="only faults whose name holds this")
    parser.add_argument("--fault-seconds", type=int, default=1800, help="the longest that one run of tests may take")
    parser.add_argument("--nearest", action="store_true", help="run only the tests nearest to a fault")
    parser.add_argument("--check", action="store_true", help="only look whether all entries fit")
    arguments = parser.parse_args()
    arguments.work = arguments.work.resolve()
    sys.exit(check() if arguments.check else Mutants(arguments).all())


if __name__ == "__main__":
    main()
