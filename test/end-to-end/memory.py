"""memory.py PROGRAM ENTRY...: the peak of a process that runs the entry, against what `info` promises; 1-3 threads."""

import json
import subprocess
import sys

ROOM = 16_000_000


def told(*command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    words = sys.argv[1:]
    for program, entry in zip(words[::2], words[1::2]):
        for threads in "123":
            info = told(program, "info", "--json", "--threads", threads)
            # The arena is as large as the largest entry's; pages that another one needs stay untouched.
            own = next(e["arena_bytes"] for e in info["entries"] if e["name"] == entry)
            promised = info["memory_bytes"]
            peak = told(program, "bench", entry, "--steps", "2", "--threads", threads, "--json")["peak_rss_bytes"]
            # (Memory of the optimizer that an entry does not touch takes none.)
            least = own if entry == "train" else 0
            verdict = "within 16 MB" if least <= peak <= promised + ROOM else "NOT as promised"
            print(f"{entry}, {threads} threads: {verdict}: peak {peak}, promised {promised}")


main()
