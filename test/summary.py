"""summary.py LOG: what `ctest` ran, counted: a line for each of its entries, and all of them together.

LOG is the Testing/Temporary/LastTest.log that ctest leaves. An entry that tells no count of its own (lit and GoogleTest
do) is one test.
"""

import collections
import re
import sys

KINDS = ("passed", "failed", "skipped")
LIT = {"Passed": "passed", "Expectedly Failed": "passed", "Passed With Retry": "passed", "Failed": "failed",
       "Unexpectedly Passed": "failed", "Timed Out": "failed", "Unresolved": "failed", "Unsupported": "skipped",
       "Skipped": "skipped", "Excluded": "skipped"}
GTEST = {"PASSED": "passed", "FAILED": "failed", "SKIPPED": "skipped"}


def count(output, passed):
    """Of one entry."""
    counts = collections.Counter()
    for kind, number in re.findall(r"^  ([A-Z][A-Za-z ]*?) *: +(\d+)(?: \(\d|$)", output, re.MULTILINE):
        if kind in LIT:
            counts[LIT[kind]] += int(number)
    for kind, number in re.findall(r"^\[  (PASSED|FAILED|SKIPPED) +\] (\d+) tests?", output, re.MULTILINE):
        counts[GTEST[kind]] += int(number)
    # With --gtest_brief, failures are named but not counted.
    counts["failed"] = max(counts["failed"], len(re.findall(r"^\[  FAILED  \] \S+ \(\d+ ms\)", output, re.MULTILINE)))
    if not any(counts.values()):
        counts["passed" if passed else "failed"] = 1
    if not passed and not counts["failed"]:
        counts["failed"] = 1  # it ended badly after the last test
    return counts


def main():
    with open(sys.argv[1], errors="replace") as file:
        log = file.read()
    total = collections.Counter()
    entries = re.split(r"^\d+/\d+ Testing: ", log, flags=re.MULTILINE)[1:]
    for entry in entries:
        name = entry.split("\n", 1)[0]
        # A test that must fail passes by that: ctest's own verdict stands at the end.
        passed = re.search(r"^Test Pass(ed|)\.", entry, re.MULTILINE) is not None
        seconds = re.search(r"^Test time = +([0-9.]+)", entry, re.MULTILINE)
        counts = count(entry, passed)
        total += counts
        told = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
        print(f"{name:24} {float(seconds.group(1)) if seconds else 0:8.1f} s  {told}")
    print(", ".join(f"{total[kind]} {kind}" for kind in KINDS if total[kind] or kind != "skipped"))


main()
