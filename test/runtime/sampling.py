#!/usr/bin/env python3
"""sampling.py MOCK: what `sample` chooses, searches for and prints, against its formulas, written here once more.

The program's model looks at the last token alone: logits are a row of its table. So every choice is known: the random
numbers (Threefry-2x32-20), penalties, filters, searches of all continuations, and the turns of a conversation on a
terminal.
"""
import functools
import itertools
import json
import math
import os
import pty
import random
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time

CHARS = "\n abcde"
INFINITY = math.inf


def threefry(key, counter):
    """Salmon and others 2011: 20 rounds on two words of 32 bits."""
    mask = 0xFFFFFFFF
    keys = [key & mask, key >> 32]
    keys.append(0x1BD11BDA ^ keys[0] ^ keys[1])
    x = [(counter + keys[0]) & mask, ((counter >> 32) + keys[1]) & mask]
    for i in range(20):
        x[0] = (x[0] + x[1]) & mask
        turn = (13, 15, 26, 6, 17, 29, 16, 24)[i % 8]
        x[1] = ((x[1] << turn | x[1] >> (32 - turn)) & mask) ^ x[0]
        if i % 4 == 3:
            k = i // 4 + 1
            x[0] = (x[0] + keys[k % 3]) & mask
            x[1] = (x[1] + keys[(k + 1) % 3] + k) & mask
    return x[0] | x[1] << 32


def stream(name):
    number = 0xcbf29ce484222325
    for byte in name.encode():
        number = (number ^ byte) * 0x100000001b3 % 2**64
    return number


def uniform(seed, counter):
    return (threefry(threefry(seed, stream("sampler")), counter) >> 11) / 2**53


def adjusted(row, tokens, made, o):
    """Logits with bias and penalties. `o` holds the options by their names on the command line."""
    z = list(row)
    for token, bias in o.get("logit-bias", []):
        z[token] += bias
    window = o.get("repeat-window", 64)
    for token in set(tokens[-window:] if window else []):
        penalty = o.get("repeat-penalty", 1)
        z[token] = z[token] / penalty if z[token] > 0 else z[token] * penalty
    for token in set(made):
        z[token] -= o.get("frequency-penalty", 0) * made.count(token) + o.get("presence-penalty", 0)
    return z


def choose(z, o, counter):
    order = sorted(range(len(z)), key=lambda i: (-z[i], i))
    if o.get("temperature", 1) == 0:
        return order[0]
    order = order[:o.get("top-k", 0) or len(z)]
    weight = {i: math.exp((z[i] - z[order[0]]) / o.get("temperature", 1)) for i in order}
    total, kept, left = added(weight.values()), [], 0.0
    for i in order:
        if kept and (left >= o.get("top-p", 1) * total or weight[i] < o.get("min-p", 0)):
            break
        kept.append(i)
        left += weight[i]
    left *= uniform(o.get("seed", 0), counter)
    for i in kept:
        left -= weight[i]
        if left < 0:
            return i
    return kept[-1]


def added(values):
    """From left to right, as a sampler adds: Python's own sum keeps what rounding loses, since 3.12."""
    total = 0.0
    for value in values:
        total += value
    return total


def log_softmax(z):
    highest = max(z)
    total = highest + math.log(added(math.exp(x - highest) for x in z))
    return [x - total for x in z]


class Model:
    """The program with a table of its own, and what it should do."""

    def __init__(self, program, folder, table):
        self.program, self.table = program, table  # f32 values; as many rows as the program's vocabulary
        numbers = b"".join(struct.pack(f"<{len(row)}f", *row) for row in table)
        header = json.dumps({"table.weight": {"dtype": "F32", "shape": [len(table), len(table)],
                                              "data_offsets": [0, len(numbers)]}}).encode()
        plain = os.path.join(folder, "plain.safetensors")
        with open(plain, "wb") as file:
            file.write(struct.pack("<Q", len(header)) + header + numbers)
        with open(os.path.join(folder, "text"), "w", encoding="utf-8") as file:
            file.write(CHARS)
        self.checkpoint = os.path.join(folder, "checkpoint.safetensors")
        subprocess.run([program, "import", "--from", plain, "--out", self.checkpoint, "--tokenizer", "chars",
                        "--vocabulary-from", os.path.join(folder, "text")], check=True)
        self.chars = sorted(CHARS)

    def words(self, o):
        words = [self.program, "sample", "--checkpoint", self.checkpoint]
        for name, given in o.items():
            for one in given if isinstance(given, list) else [given]:
                name_and_value = {"logit-bias": lambda v: ["--logit-bias", f"{v[0]}={v[1]}"]}.get(
                    name, lambda v: [f"--{name}"] if v is True else [f"--{name}", str(v)])
                words += name_and_value(one)
        return words

    def run(self, o):
        return subprocess.run(self.words(o), check=True, capture_output=True, text=True).stdout

    def row(self, token):
        return self.table[token][:len(self.chars)]

    def encode(self, text):
        return [self.chars.index(c) for c in text] or [self.chars.index("\n")]

    def decode(self, tokens):
        return "".join(self.chars[t] for t in tokens)

    def continued(self, prompt, count, o, made=()):
        """The tokens that `sample` makes; `made` were before."""
        tokens, made, new = list(prompt), list(made), []
        while len(new) < count:
            new.append(choose(adjusted(self.row(tokens[-1]), tokens, made, o), o, len(made)))
            tokens.append(new[-1])
            made.append(new[-1])
            if any(stop in self.decode(new) for stop in o.get("stop", [])):
                break
        return new

    def log_probabilities(self, token):
        """Of all that the program has, whatever may be chosen."""
        return log_softmax(self.table[token])

    def searched(self, prompt, count, o):
        """All continuations: (score, tokens), the best first."""
        done = []

        def visit(made, total):
            if len(made) == count or any(stop in self.decode(made) for stop in o.get("stop", [])):
                done.append((total / (len(made) or 1) ** o.get("length-penalty", 1), made))
                return
            tokens = prompt + made
            for token, log in enumerate(log_softmax(adjusted(self.row(tokens[-1]), tokens, made, o))):
                visit(made + [token], total + log)
        visit([], 0.0)
        return sorted(done, key=lambda d: (-d[0], d[1]))

    def beams(self, prompt, count, o):
        """A search with few beams: every continuation of those kept, sorted."""
        kept, done = [(0.0, [])], []
        for _ in range(count):
            following = []
            for total, made in kept:
                tokens = prompt + made
                logs = log_softmax(adjusted(self.row(tokens[-1]), tokens, made, o))
                following += [(total + log, made + [token]) for token, log in enumerate(logs)]
            following.sort(key=lambda f: (-f[0], f[1]))
            kept = []
            for total, made in following:
                if len(kept) == o["beams"]:
                    break
                if any(stop in self.decode(made) for stop in o.get("stop", [])):
                    done.append((total, made))
                else:
                    kept.append((total, made))
            if not kept:
                break
        done += [k for k in kept if len(k[1]) == count]
        scored = [(total / len(made) ** o.get("length-penalty", 1), made) for total, made in done]
        return sorted(scored, key=lambda s: (-s[0], s[1]))[:o["beams"]]


def near(a, b, far=1e-6):
    assert abs(a - b) <= far, (a, b)


def check_choices(model):
    draw = random.Random(1)
    for number in range(120):
        o = {"seed": draw.randrange(2**64)}
        for name, values in (("temperature", [0, 0.3, 1, 4]), ("top-k", [0, 1, 3, 100]), ("top-p", [0, 0.4, 0.9, 1]),
                             ("min-p", [0, 0.1, 0.6, 1]), ("repeat-penalty", [0.5, 1, 1.3, 5]),
                             ("repeat-window", [0, 1, 4, 64]), ("frequency-penalty", [-0.4, 0.3, 2]),
                             ("presence-penalty", [-1, 0.5, 2])):
            if draw.random() < 0.45:
                o[name] = draw.choice(values)
        if draw.random() < 0.3:
            o["logit-bias"] = [(t, draw.choice([-INFINITY, -3, 0.5, 4])) for t in draw.sample(range(7), 3)]
        if draw.random() < 0.3:
            o["stop"] = draw.sample(["ab", "e", "\n\n", "cde", "a a"], 2)
        prompt = "".join(draw.choice(CHARS) for _ in range(draw.choice([0, 1, 5, 80])))
        count = draw.choice([1, 7, 40])
        expected = model.continued(model.encode(prompt), count, o)
        result = json.loads(model.run({**o, "prompt": prompt, "tokens": count, "json": True}))
        assert result["tokens"] == expected, (number, o, prompt, result, expected)
        text = model.decode(expected)
        ends = [text.find(stop) for stop in o.get("stop", []) if stop in text]
        assert result["text"] == (text[:min(ends)] if ends else text)
        assert result["finish"] == ("stop" if ends else "length")
        shown = model.run({**o, "prompt": prompt, "tokens": count})
        assert shown == prompt + result["text"] + "\n", shown


def check_log_probabilities(model):
    prompt = "abcade b"
    result = json.loads(model.run({"prompt": prompt, "tokens": 5, "logprobs": 3, "prompt-logprobs": True}))
    ids = model.encode(prompt)
    assert [t["id"] for t in result["prompt_logprobs"]] == ids
    assert result["prompt_logprobs"][0] == {"id": ids[0], "text": "a", "logprob": None, "top": []}
    tokens = ids + result["tokens"]
    told = result["prompt_logprobs"] + result["logprobs"]
    for i in range(1, len(tokens)):
        expected = model.log_probabilities(tokens[i - 1])
        near(told[i]["logprob"], expected[tokens[i]])
        order = sorted(range(len(model.chars)), key=lambda t: (-expected[t], t))[:3]  # (of those that have a text)
        assert [t["id"] for t in told[i]["top"]] == order
        for t in told[i]["top"]:
            near(t["logprob"], expected[t["id"]])
    alone = json.loads(model.run({"prompt": prompt, "tokens": 0, "prompt-logprobs": True}))
    assert alone["tokens"] == [] and all(t["top"] == [] for t in alone["prompt_logprobs"])


def check_samples(model):
    o = {"prompt": "ab", "tokens": 30, "temperature": 2, "stop": ["dd"], "logprobs": 2}
    several = json.loads(model.run({**o, "seed": 11, "samples": 5}))
    for i, sample in enumerate(several["samples"]):
        alone = json.loads(model.run({**o, "seed": 11 + i}))
        alone.pop("prompt")
        assert sample == alone
    del o["logprobs"]
    text = model.run({**o, "seed": 11, "samples": 5})
    assert text == "---\n".join("ab" + s["text"] + "\n" for s in several["samples"]), text
    most = json.loads(model.run({"prompt": "ab", "tokens": 9, "seed": 2**64 - 1, "samples": 2, "json": True}))
    assert most["samples"][1]["tokens"] == model.continued(model.encode("ab"), 9, {"seed": 0})


def check_beams(model, ties):
    for which in (model, ties):
        for o, count in (({}, 4), ({"length-penalty": 0}, 4), ({"length-penalty": 2.5, "stop": ["d", "ab"]}, 4),
                         ({"length-penalty": -1, "stop": ["d", "ab"]}, 3),
                         ({"stop": ["e"], "frequency-penalty": 1, "repeat-penalty": 1.5, "logit-bias": [(3, 2)]}, 3)):
            expected = which.searched(which.encode("ab"), count, o)[:6]
            result = json.loads(which.run({**o, "prompt": "ab", "tokens": count, "beams": 7**(count - 1), "samples": 6,
                                           "json": True}))["samples"]
            assert [r["tokens"] for r in result] == [tokens for _, tokens in expected], (o, result, expected)
            for r, (score, _) in zip(result, expected):
                near(r["score"], score, 1e-8)
        for beams, penalty, stops in itertools.product((1, 2, 5), (0, 1, 3), ([], ["d"], ["a", "c", " "])):
            o = {"beams": beams, "length-penalty": penalty, "stop": stops}
            expected = which.beams(which.encode("ce"), 9, o)
            result = json.loads(which.run({**o, "prompt": "ce", "tokens": 9, "samples": beams, "json": True}))
            result = result["samples"] if beams > 1 else [result]
            assert [r["tokens"] for r in result] == [tokens for _, tokens in expected], (o, result, expected)
    assert model.run({"prompt": "ab", "tokens": 3, "beams": 4, "samples": 2}).count("---\n") == 1


def check_usage(model):
    for o in ({"samples": 3, "beams": 2}, {"interactive": True, "json": True}, {"interactive": True, "samples": 2},
              {"interactive": True, "logprobs": 1}, {"interactive": True, "beams": 2}, {"samples": 0}, {"beams": 0},
              {"logit-bias": [(96, 1)]}, {"logit-bias": [(-1, 1)]}, {"logit-bias": [(1, "nan")]},
              {"logit-bias": [(1, INFINITY)]}, {"logit-bias": [("", 1)]}, {"frequency-penalty": "inf"},
              {"repeat-window": -1}):
        result = subprocess.run(model.words({**o, "tokens": 1}), capture_output=True, text=True, check=False)
        assert result.returncode == 2 and "error: " in result.stderr, (o, result)


def check_configuration(model, folder):
    """Options in a file, in variables and on the command line are the same; help, manual and completion know them."""
    o = {"prompt": "abc", "tokens": 30, "seed": 8, "logit-bias": [(2, 1.5), (3, "-inf")], "stop": ["dd", "ea"],
         "frequency-penalty": 0.3, "presence-penalty": -0.2, "repeat-window": 7, "repeat-penalty": 1.2, "samples": 3,
         "json": True, "prompt-logprobs": True, "prompt-chunk": 2}
    expected = model.run(o)
    path = os.path.join(folder, "options.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[sample]\n")
        for name, given in o.items():
            value = [f"{t}={x}" for t, x in given] if name == "logit-bias" else given
            file.write(f"{name} = {json.dumps(value)}\n")
    assert model.run({"config": path}) == expected
    variables = {"SINTER_SAMPLES": "3", "SINTER_REPEAT_WINDOW": "7", "SINTER_PROMPT_CHUNK": "2"}
    less = {name: given for name, given in o.items() if name not in ("samples", "repeat-window", "prompt-chunk")}
    result = subprocess.run(model.words(less), env={**os.environ, **variables}, check=True, capture_output=True,
                            text=True)
    assert result.stdout == expected
    for words in (["sample", "--help"], ["--man"], ["--completion=bash"], ["--completion=zsh"]):
        text = subprocess.run([model.program, *words], check=True, capture_output=True, text=True).stdout
        text = text.replace("\\-", "-")
        for name in (*o, "beams", "length-penalty", "interactive", "min-p", "top-p", "logprobs"):
            assert f"--{name}" in text, (words, name)


def check_bench(program):
    def bench(words):
        return subprocess.run([program, "bench", "sample", *words.split()], check=True, capture_output=True,
                              text=True).stdout

    told = json.loads(bench("--prompt-tokens 5 --new-tokens 7 --batch 3 --steps 4 --threads 2 --json"))
    assert (told["batch"], told["prompt_tokens"], told["new_tokens"], told["threads"]) == (3, 5, 7, 2)
    # A token of three texts: as the program takes one at a time, each reads the table and the bias.
    assert told["weight_bytes_per_token"] == told["bytes_per_token"] == 4 * 96 * 97
    near(told["tokens_per_s"], 3e3 / told["ms_per_step"]["median"], 1e-4 * told["tokens_per_s"])
    near(told["prefill_tokens_per_s"], 15e3 / told["ms_per_prompt"]["median"], 1e-4 * told["prefill_tokens_per_s"])
    near(told["gb_per_s"], told["tokens_per_s"] * told["bytes_per_token"] / 1e9, 1e-4 * told["gb_per_s"])
    near(told["of_bandwidth"], 100 * told["gb_per_s"] / told["machine"]["gb_per_s"], 1e-3 * told["of_bandwidth"])
    text = bench("--steps 1")
    assert "% of the" in text and "tokens/s" in text


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, words):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.execv(words[0], words)
        self.seen = ""

    def read(self, until, seconds=20):
        """What comes up to a text, that included."""
        end = time.monotonic() + seconds
        while until not in self.seen:
            assert time.monotonic() < end, f"no {until!r} in {self.seen!r}"
            if select.select([self.file], [], [], 0.1)[0]:
                try:
                    part = os.read(self.file, 65536)
                except OSError:  # the program has closed it
                    part = b""
                assert part, f"no {until!r} in {self.seen!r}"
                self.seen += part.decode()
        at = self.seen.index(until) + len(until)
        text, self.seen = self.seen[:at], self.seen[at:]
        return text

    def type(self, text):
        os.write(self.file, text.encode())

    def exit(self):
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.file)
        return os.waitstatus_to_exitcode(status)


def turn(model, tokens, made, line, count, o):
    """What the model says after a line; adds it to the text."""
    tokens += model.encode(line + "\n") if line else []
    new = model.continued(tokens, count, o, made)
    tokens += new
    made += new
    text = model.decode(new)
    ends = [text.find(stop) for stop in o.get("stop", []) if stop in text]
    text = text[:min(ends)] if ends else text
    return text if text.endswith("\n") else text + "\n"


def check_interactive(model):
    o = {"seed": 4, "stop": ["dd", "e\n"], "presence-penalty": 0.2}
    terminal = Terminal(model.words({**o, "interactive": True, "prompt": "abc", "tokens": 25}))
    tokens, made = model.encode("abc"), []
    assert terminal.read("> ") == "abc> "
    for line in ("ab", "", "cde a"):
        terminal.type(line + "\n")
        expected = line + "\n" + turn(model, tokens, made, line, 25, o)  # the terminal echoes what was typed
        assert terminal.read("> ") == expected.replace("\n", "\r\n") + "> "
    terminal.type("a?b\n")  # is told, and asked again
    assert "'?' (U+003F)" in terminal.read("> ")
    terminal.type("\x04")
    assert terminal.exit() == 0

    # Ctrl-C ends the model's turn, and the next one goes on; on the empty line it ends the program.
    terminal = Terminal(model.words({"interactive": True, "tokens": 10**12}))
    terminal.read("> ")
    for _ in range(2):
        terminal.type("ab\n")
        for _ in range(3):
            terminal.read("a")
        terminal.type("\x03")
        terminal.read("\r\n> ")
    terminal.type("\x03")
    assert terminal.exit() == -signal.SIGINT
    # Another signal ends all of it.
    terminal = Terminal(model.words({"interactive": True, "tokens": 10**12}))
    terminal.read("> ")
    terminal.type("ab\n")
    terminal.read("ab\r\n")
    for _ in range(3):
        terminal.read("a")
    os.kill(terminal.pid, signal.SIGTERM)
    while select.select([terminal.file], [], [], 1)[0]:
        try:
            if not os.read(terminal.file, 65536):
                break
        except OSError:
            break
    code = terminal.exit()
    assert code == 5, code

    # Without a terminal: no prompts, and what cannot be spelt ends it.
    words = model.words({**o, "interactive": True, "tokens": 8})
    result = subprocess.run(words, input="ab\n\ncd", capture_output=True, text=True, check=True)
    tokens, made = [], []
    assert result.stdout == "".join(turn(model, tokens, made, line, 8, o) for line in ("ab", "", "cd"))
    result = subprocess.run(words, input="a?\n", capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "standard input" in result.stderr


def check_json(program, folder):
    """Bytes that are no text, numbers at the end of their range, everything at once: always JSON."""
    table = [[-3e38 if (i + j) % 5 == 0 else math.sin(31 * i + 7 * j) * 3 for j in range(96)] for i in range(96)]
    model = Model(program, folder, table)
    base = {"tokens": 20, "logprobs": 96, "prompt-logprobs": True, "prompt": "a b"}
    result = json.loads(model.run(base))
    assert any(t["logprob"] < -1e38 for token in result["logprobs"] for t in token["top"])
    json.loads(model.run({**base, "beams": 3, "samples": 3}))
    bytes_ = subprocess.run([*model.words({**base, "tokens": 4, "tokenizer": "bytes", "prompt": "!!"})],
                            capture_output=True, check=True).stdout
    json.loads(bytes_)
    prompt = os.path.join(folder, "prompt")
    with open(prompt, "wb") as file:
        file.write(b"ab\xff")
    for words in (["--prompt-file", prompt], ["--prompt-file", "-"]):
        result = subprocess.run([*model.words({"json": True, "tokens": 1}), *words], input=b"ab\xff",
                                capture_output=True, check=False)
        assert result.returncode == 1 and b"\xff" not in result.stderr
    expected = model.run({"prompt": "ab", "json": True})
    with open(prompt, "w", encoding="utf-8") as file:
        file.write("ab")
    assert model.run({"prompt-file": prompt, "json": True}) == expected


def main():
    program = os.path.abspath(sys.argv[1])
    draw = random.Random(5)
    single = functools.partial(struct.unpack, "f")
    table = [[single(struct.pack("f", draw.gauss(0, 1.5)))[0] for _ in range(96)] for _ in range(96)]
    even = [[float(draw.randrange(3)) for _ in range(96)] for _ in range(96)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        model, ties = Model(program, one, table), Model(program, two, even)
        check_choices(model)
        check_choices(ties)
        check_log_probabilities(model)
        check_samples(model)
        check_beams(model, ties)
        check_usage(model)
        check_configuration(model, one)
        check_bench(program)
        check_interactive(model)
        check_json(program, one)
    print("sampling: as the formulas say")


main()
