"""flags.py PROGRAM [COUNT [SEED]]: runs a compiled program (built with sanitizers) with COUNT command lines drawn at
random.

Subcommands, options and values come from what --help lists, and from what users get wrong: missing, empty, negative,
huge, not a number, not UTF-8, repeated, abbreviated, misspelt, glued by "=". Whatever comes, a run
  - ends with an exit code from 0 to 5, by itself or when it is asked to (what a huge number asks for may take for
    ever);
  - says at most a few lines on standard error, each beginning with the program's name;
  - loses no file that was there: its content is still there, under its name or put aside, unless the command line named
    it as what to write;
  - touches nothing outside of its folder.
Prints how many runs ended with which code, and each failure with the command line and the seed that repeats it.
"""

import collections
import concurrent.futures
import hashlib
import os
import pathlib
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile

PATIENCE = 3  # seconds until a run is asked to end
GRACE = 20  # seconds in which it must have done so
MOST_LINES = 4
WORDS = "and the light was upon waters He said, let there be".split()
BIG = ["9007199254740992", "9007199254740993", "18446744073709551615", "18446744073709551616",
       "99999999999999999999999", "1e30", "1e308"]
NUMBERS = ["0", "1", "2", "3", "5", "7", "16", "0.5", "1.0", "-1", "-0", "00", "007", "0x10", "1e3", "1e-3", "1e-46",
           "1e-400", "1e400", "nan",
           "-nan", "inf", "-inf", "infinity", ".5", "5.", "+1", " 1", "1 ", "1,5", "1_000", "1'000", "one", "1e", "--",
           "-"]
TEXTS = ["", " ", "a", "the", "\u00e9\u20ac\U0001f600", "\x01\x1b[31m", "a\nb", "'\"", "%s%n", "{}", "[a,b]", "=",
         "==x", "-x", "--x", "--steps", "\udcff\udcfe",
         "x" * 300, "/", ".", "..", "~", "*", "true", "false", "null"]
FILES = ["text.txt", "short.txt", "empty", "junk", "tokens.bin", "plain.safetensors", "run",
         "run/checkpoint.safetensors", "other.safetensors",
         "log.jsonl", "folder", "folder/", "missing", "missing/x", "text.txt/x", "new", "new/deep", "broken-link",
         "link.txt", "./text.txt", "-"]
ARRAYS = ["table.csv", "four.csv", "numbers.npy", "arrays.npz", "*.csv", "plain.safetensors"]
PARTS = ["1", "2-9", "-1", "a", "a,b", "0", "9-1", "tokens", "", "*"]
NAMES = ["constant", "cosine", "cosin", "Cosine", "random", "sequential", "bytes", "chars", "char", "none", "all",
         "train", "val", "auto", "always",
         "cpu", "vulkan", "vulkan:0", "null", "CPU", "cuda", "mock", "z80", "eval", "logits", "sample", "sampel"]
OUTPUTS = {"--logits", "--out", "--log", "--save", "--output"}  # what these name may be replaced


class Options:
    """What the program's own help says that it takes."""

    def __init__(self, program):
        help_text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
        lines = help_text[help_text.index("Subcommands:"):].splitlines()[1:]
        self.subcommands = [line.split()[0] for line in lines if line.strip()]
        self.options = {}
        for subcommand in self.subcommands:
            text = subprocess.run([program, subcommand, "--help"], capture_output=True, text=True, check=True).stdout
            self.options[subcommand] = [word for line in text.splitlines() if line.startswith("  -")
                                        for word in line.split()[0].split(",")]


def prepare(program, folder):
    """The files that every run finds."""
    folder.mkdir(parents=True)
    state = random.Random(1)
    (folder / "text.txt").write_text(" ".join(state.choice(WORDS) for _ in range(400)) + "\n")
    (folder / "short.txt").write_text("the")
    (folder / "empty").write_bytes(b"")
    (folder / "junk").write_bytes(bytes(state.randrange(256) for _ in range(500)))
    (folder / "tokens.bin").write_bytes(bytes(byte for _ in range(300) for byte in (state.randrange(96), 0)))
    (folder / "folder").mkdir()
    (folder / "folder/kept").write_text("kept")
    (folder / "table.csv").write_text("a,b,c,d,e,f,g,h\n" + "1,2,3,4,5,6,7,8\n" * 9)
    (folder / "four.csv").write_text("1,2,3,4,5,6,7,8\n" * 4)
    header = b"{'descr': '<i4', 'fortran_order': False, 'shape': (9, 8), }".ljust(117) + b"\n"
    array = b"\x93NUMPY\x01\x00" + bytes([len(header), 0]) + header + b"\x07\0\0\0" * 72
    (folder / "numbers.npy").write_bytes(array)
    with zipfile.ZipFile(folder / "arrays.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("tokens.npy", "targets.npy"):
            archive.writestr(name, array)
    (folder / "broken-link").symlink_to("nowhere")
    (folder / "link.txt").symlink_to("text.txt")
    run = lambda *words: subprocess.run([program, *words], cwd=folder, check=True, capture_output=True)
    run("train", "--data", "text.txt", "--steps", "3", "--out", "run", "--log", "log.jsonl")
    run("export", "--checkpoint", "run", "--out", "plain.safetensors")
    content = (folder / "plain.safetensors").read_bytes()
    (folder / "other.safetensors").write_bytes(content.replace(b"table.weight", b"label.weight"))


def value(draw, option):
    kinds = [NUMBERS] * 4 + [TEXTS, FILES, NAMES, BIG]
    if option in ("--data", "--val-data", "--checkpoint", "--init", "--from", "--out", "--log", "--logits",
                  "--prompt-file", "--vocabulary-from"):
        kinds = [FILES] * 6 + [TEXTS, NUMBERS]
    elif option in ("--schedule", "--order", "--tokenizer", "--split", "--device", "--march", "--vulkan-profile",
                    "--resume"):
        kinds = [NAMES] * 4 + [TEXTS, NUMBERS]
    elif option in ("--prompt", "--stop", "--sample-prompt"):
        kinds = [TEXTS] * 4 + [NUMBERS, FILES]
    if option == "--logit-bias" and draw.random() < 0.8:
        return f"{draw.choice(['0', '1', '95', '96'])}={draw.choice(NUMBERS + ['-inf'])}"
    if option in ("--input", "--val-input", "--output"):
        name = draw.choice(["tokens", "targets", "position", "lr", "step", "logits", "loss", "x", ""])
        given = draw.choice(draw.choice([ARRAYS] * 4 + [NUMBERS, FILES]))
        return draw.choice([name + "=" + given] * 4 + [given, name, name + "=" + given + ":" + draw.choice(PARTS)])
    return draw.choice(draw.choice(kinds))


def misspelt(draw, word):
    at = draw.randrange(len(word))
    return draw.choice([word[:at], word[:at] + word[at + 1:], word[:at] + draw.choice("abz-_=9\u00e9") + word[at:],
                        word.upper(), word[1:],
                        word.replace("-", "_"), word + "s"])


def command_line(draw, known):
    if draw.random() < 0.05:
        return [draw.choice(draw.choice([NUMBERS, TEXTS, FILES, ["--help", "-h", "--version", "help", "--threads"]]))
                for _ in range(draw.randrange(4))]
    subcommand = draw.choice(known.subcommands)
    words = [subcommand if draw.random() < 0.96 else misspelt(draw, subcommand)]
    good = {"train": ["--data", "text.txt", "--steps", draw.choice("0247"), "--out", draw.choice(["run", "new"])],
            "eval": ["--data", "text.txt", "--checkpoint", "run"], "sample": ["--checkpoint", "run", "-n", "5"],
            "run": draw.choice([["logits", "--input", "tokens=four.csv", "--input", "position=1"],
                                ["train", "--input", "arrays.npz", "-n", "2"], ["eval", "--input", "four.csv"]]),
            "bench": ["--steps", "1"], "export": ["--checkpoint", "run", "--out", "new"],
            "import": ["--from", "plain.safetensors", "--out", "new"]}.get(subcommand, [])
    # Half of the lines are right but for what follows: that far, most of them get.
    if draw.random() < 0.7:
        words += good
    elif subcommand == "bench":
        words += [draw.choice(["--steps=1", "train", "sample"])]
    for _ in range(draw.choice([0, 1, 1, 1, 2, 2, 3, 5])):
        option = draw.choice(known.options[subcommand])
        given = value(draw, option)
        if draw.random() < 0.06:
            option = misspelt(draw, option)
        form = draw.random()
        piece = ([option, given] if form < 0.6 else [f"{option}={given}"] if form < 0.85 else
                 [option] if form < 0.95 else [option, given, given])
        # Replacing what was right, where it was given, gets further than giving it twice.
        if len(piece) == 2 and option in words[:-1] and draw.random() < 0.8:
            words[words.index(option) + 1] = given
        else:
            words[draw.choice([1, len(words)]):1] = piece if draw.random() < 0.1 else []
            words += piece
    return words


def contents(folder):
    """Path -> hash of what is there; links by where they lead."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = "-> " + os.readlink(path)
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def named_outputs(words):
    names = set()
    for i, word in enumerate(words):
        option, _, given = word.partition("=")
        if option in OUTPUTS:
            given = given if "=" in word else words[i + 1] if i + 1 < len(words) else ""
            names.add(os.path.normpath(given.partition("=")[2] if option == "--output" else given))
    return names


def run(program, words, folder):
    """Exit code (negative: a signal), standard error; None if it does not end when asked to."""
    environment = dict(os.environ, HOME=str(folder), XDG_CACHE_HOME=str(folder / "cache"), TMPDIR=str(folder),
                       ASAN_OPTIONS="exitcode=99:detect_leaks=0:allocator_may_return_null=0:max_allocation_size_mb=4096",
                       UBSAN_OPTIONS="print_stacktrace=1:exitcode=99")
    raw = [os.fsencode(word).replace(b"\0", b"") for word in words]
    with open(folder.parent / "err", "w+b") as err:
        child = subprocess.Popen([program, *raw], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=err)
        asked = False
        try:
            code = child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            asked = True
            child.send_signal(signal.SIGTERM)
            try:
                code = child.wait(GRACE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                code = None
        err.seek(0)
        return code, asked, err.read(100000).decode(errors="replace")


def problem(program, words, folder, before):
    """What is wrong with the run, and its exit code."""
    code, asked, err = run(program, words, folder)
    lines = err.splitlines()
    if code is None:
        return "does not end", code
    # Commands without a checkpoint to save are ended by the signal itself.
    if not 0 <= code <= 5 and not (asked and code == -signal.SIGTERM):
        return f"ended with {code}\n{err}", code
    if len(lines) > MOST_LINES or any(not line.startswith(os.path.basename(program)) for line in lines):
        return f"says {len(lines)} lines\n{err}", code
    if code in (1, 2, 3, 4) and not any(": error: " in line for line in lines):
        return f"ended with {code} without an error\n{err}", code
    if [path.name for path in folder.parent.iterdir() if path.name not in ("err", folder.name)]:
        return "touched the folder above", code
    after = contents(folder)
    still = set(after.values())
    allowed = named_outputs(words)
    lost = [name for name, content in before.items() if content not in still and name not in allowed
            and os.path.dirname(name) not in allowed]
    # A training that goes on replaces its own checkpoint and continues its own log.
    if words[:1] == ["train"] and any(word.startswith("--resume") for word in words):
        lost = [name for name in lost if name not in ("run/checkpoint.safetensors", "log.jsonl")]
    return ("lost " + ", ".join(lost) if lost else None), code


def attempt(program, known, template, seed):
    draw = random.Random(seed)
    words = command_line(draw, known)
    with tempfile.TemporaryDirectory() as parent:
        folder = pathlib.Path(parent) / "f"
        shutil.copytree(template, folder, symlinks=True)
        try:
            return (seed, words, *problem(program, words, folder, contents(folder)))
        finally:
            for path in folder.rglob("*"):  # so that the folder can go away
                if path.is_dir() and not path.is_symlink():
                    path.chmod(0o700)


def main():
    program = os.path.abspath(sys.argv[1])
    count, first = int(sys.argv[2]) if len(sys.argv) > 2 else 2000, int(sys.argv[3]) if len(sys.argv) > 3 else 0
    known = Options(program)
    codes, failures = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as parent:
        template = pathlib.Path(parent) / "template"
        prepare(program, template)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for seed, words, wrong, code in pool.map(lambda seed: attempt(program, known, template, seed),
                                                     range(first, first + count)):
                codes[code] += 1
                if wrong:
                    failures += 1
                    shown = " ".join(shlex.quote(word.encode(errors="backslashreplace").decode()) for word in words)
                    print(f"FAILED seed {seed}: {shown}\n  {wrong}", flush=True)
    ends = ", ".join(f"{number} with {code}" for code, number in sorted(codes.items(), key=lambda item: str(item[0])))
    print(f"{count} runs of the command line, {failures} failed; ended: {ends}")
    return 1 if failures else 0


sys.exit(main())
