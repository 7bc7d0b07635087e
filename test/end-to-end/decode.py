"""decode.py FOLDER RANDOM [--all] [--from N]: logits of programs compiled with --decode against those of --no-decode,
to the bit.

Each model is compiled both ways, trained for a few steps, and asked for the log-probabilities of every token that it
may choose: of prompts cut in any way, by any number of threads, of several texts one after another and (--decode-batch)
at once. RANDOM models are drawn by
number (from N on): attention with masks, windows, soft caps, grouped heads, ALiBi, rotary positions, sums so far,
scans, norms, in random order. --all: every number of threads with every way to cut a prompt, by hand before a release
(decode.py FOLDER 50 --all: an hour).
"""

import argparse
import itertools
import json
import os
import random
import subprocess

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
GPT = ("layers=2 width=64 heads=2 context=150 vocab=80 batch=2", os.path.join(ROOT, "examples/gpt/gpt.cpp"))
LLAMA = ("layers=2 width=64 heads=4 shared=2 hidden=96 context=100 vocabulary=80 batch=2",
         os.path.join(ROOT, "examples/zoo/llama.cpp"))
WORDS = "in the beginning god created the heaven and the earth and the earth was without form and void "

MODEL = """#include <sinter/sinter.h>
#include <cmath>
using namespace sinter;
static Tensor linear(const std::string &name, Tensor x, int64_t out) {
  return matmul(x, parameter(name, {x.dim(-1), out}, normal(0.3)));
}
SINTER_MODEL(decoded) {
  language_model(LanguageModel{.batch = 2, .context = %(context)d}, [](Tensor tokens, const Select &select) {
    int64_t B = tokens.dim(0), T = tokens.dim(1), D = %(width)d;
    Tensor table = parameter("table", {80, D}, normal(0.5));
    Tensor x = gather(table, tokens);
    Tensor i = iota({T, T}, 0), j = iota({T, T}, 1);
%(body)s
    return matmul(select(rms_norm(x)), transpose(table));
  });
}
"""

SLICES = """    Tensor both = linear("both", x, 2 * D);
    x = slice(both, 2, 0, D) * sigmoid(slice(both, 2, D, 2 * D)) + x;
    Tensor halves = sum(reshape(x, {B, T, 2, D / 2}), 2);
    x = x + concat({halves, halves}, 2) * 0.2;
    x = concat({slice(x, 2, D / 2, D), slice(x, 2, 0, D / 2)}, 2) + parameter("places", {T, D}, normal(0.1));
"""


def attention(number, draw):
    """Self-attention over `heads` heads, each of width D / heads."""
    heads, shared = draw.choice([(1, 1), (2, 2), (2, 1), (4, 2)])
    lines = [f'    {{ Scope scope("attention{number}");', f"    int64_t H = {heads}, G = {shared}, S = D / H;",
             "    auto split = [&](Tensor y, int64_t n) { return transpose(reshape(y, {B, T, n, S}), {0, 2, 1, 3}); };",
             '    Tensor y = layer_norm(x), q = split(linear("q", y, D), H), k = split(linear("k", y, G * S), G);',
             '    Tensor v = split(linear("v", y, G * S), G);']
    if draw.random() < 0.4:
        lines.append("    q = rope(q), k = rope(k);")
    lines += ["    auto repeated = [&](Tensor y) {",
              "      return reshape(reshape(y, {B, G, 1, T, S}) + full({B, G, H / G, T, S}, 0), {B, H, T, S}); };",
              "    if (G != H) k = repeated(k), v = repeated(v);",
              "    Tensor scores = matmul(q, transpose(k)) * 0.3;"]
    if draw.random() < 0.3:
        lines.append("    scores = tanh(scores / 5) * 5;")
    if draw.random() < 0.3:
        lines.append("    scores = scores - cast(i - j, f32) * 0.1;")
    mask = "i >= j" + (f" && i - j < {draw.randint(1, 40)}" if draw.random() < 0.4 else "")
    lines += [f"    Tensor mixed = matmul(softmax(where({mask}, scores, -INFINITY)), v);",
              '    x = x + linear("o", reshape(transpose(mixed, {0, 2, 1, 3}), {B, T, D}), D); }']
    return "\n".join(lines) + "\n"


def feed_forward(number, draw):
    act = draw.choice(["gelu_tanh", "silu", "relu", "tanh"])
    return f'    x = x + linear("down{number}", {act}(linear("up{number}", rms_norm(x), 2 * D)), D);\n'


def so_far(number, draw):
    mean = "cumsum(x, 1) / reshape(cast(arange(T) + 1, f32), {T, 1})"
    return f"    x = x + {draw.choice([mean, 'cumsum(tanh(x), 1, true) * 0.1'])};\n"


def recurrent(number, draw):
    """A scan over positions: a network that reads its own state, or one whose state only decays, of another type."""
    step = ("        Tensor h = tanh(matmul(carry[0], w) + now[0]);\n"
            "        return {{h, carry[1] + 1}, {h * 0.5}};") if draw.random() < 0.5 else (
            "        Tensor h = carry[0] * sigmoid(now[0]) + now[0] * (1 - cast(carry[1], f32) * 0.001);\n"
            "        return {{h, carry[1] + 1}, {tanh(h) + sum(w)}};")
    return f"""    {{
      Tensor w = parameter("recurrent{number}", {{D, D}}, normal(0.1));
      auto step = [&](auto carry, auto now) -> ScanStep {{
{step}
      }};
      Tensor by_step = transpose(x, {{1, 0, 2}});
      Tensor all = scan({{full({{B, D}}, 0.25), constant({{0}}, {{}}, i32)}}, {{by_step}}, step).outputs[0];
      x = x + transpose(all, {{1, 0, 2}});
    }}
"""


def random_model(number):
    draw = random.Random(number)
    parts = [draw.choice([attention, attention, feed_forward, so_far])(n, draw) for n in range(draw.randint(2, 4))]
    parts.insert(draw.randint(0, len(parts)), attention(9, draw))
    sizes = {"context": draw.choice([33, 64, 100, 150]), "width": draw.choice([32, 48, 64])}
    if number % 3 == 2:
        parts.insert(draw.randint(0, len(parts)), recurrent(8, draw))
    return MODEL % {**sizes, "body": "".join(parts)}


def compiled(folder, name, source, settings, *options):
    program = os.path.join(folder, name)
    arguments = [word for setting in settings.split() for word in ("--set", setting)]
    subprocess.run(["sinterc", source, *arguments, *options, "-o", program], check=True)
    return program


def sampled(program, checkpoint, prompt, count, *options):
    words = [program, "sample", "--checkpoint", checkpoint, "--prompt", prompt, "-n", str(count), "--logprobs", "80"]
    words += [] if "--seed" in options else ["--seed", "3"]
    return subprocess.run([*words, *options], check=True, capture_output=True).stdout


def conditions(every):
    """Threads, and how many tokens of a prompt at a time (None: as many as the program takes)."""
    if every:
        return list(itertools.product((1, 2, 3), (1, 7, 64, None)))
    return [(1, None), (2, 7), (3, 64), (2, 1)]


def options_of(threads, chunk):
    return ["--threads", str(threads), *(["--prompt-chunk", str(chunk)] if chunk else [])]


def same_alone(step, checkpoint, prompt):
    """Whether each of several texts at once is what its seed gives alone."""
    several = json.loads(sampled(step, checkpoint, prompt, 9, "--samples", "5", "--threads", "2"))["samples"]
    alone = [json.loads(sampled(step, checkpoint, prompt, 9, "--seed", str(3 + i))) for i in range(5)]
    return all({**one, "prompt": prompt} == other for one, other in zip(several, alone))


def continued(program, checkpoint):
    """What a program writes in turns: each goes on where the one before ended, with more than a few tokens."""
    turns = "\n".join(WORDS[first:first + 30] for first in (0, 20, 40)) + "\n"
    words = [program, "sample", "--checkpoint", checkpoint, "--interactive", "-n", "7", "--seed", "3",
             "--context-full", "half"]
    return subprocess.run(words, input=turns.encode(), check=True, capture_output=True).stdout


def compare(folder, name, source, settings, every=False):
    whole = compiled(folder, "whole", source, settings, "--no-decode")
    step = compiled(folder, "step", source, settings, "--decode")
    several = compiled(folder, "several", source, settings, "--decode-batch=4")
    text = os.path.join(folder, "text.txt")
    with open(text, "w", encoding="utf-8") as file:
        file.write(WORDS * 40)
    out = os.path.join(folder, "out")
    subprocess.run(["rm", "-rf", out], check=True)
    subprocess.run([whole, "train", "--data", text, "--steps", "3", "--out", out], check=True, capture_output=True)
    checkpoint = os.path.join(out, "checkpoint.safetensors")
    wrong = []
    # (Prompts of 1, 2, 60 tokens, of one prefill and one more token, and of more than the context.)
    for length, count in ((1, 90), (2, 3), (60, 12), (65, 5), (140, 40), (170, 2)):
        prompt = (WORDS * 3)[:length]
        for full in ("slide", "half", "stop"):
            expected = sampled(whole, checkpoint, prompt, count, "--context-full", full)
            for condition in conditions(every):
                result = sampled(step, checkpoint, prompt, count, *options_of(*condition), "--context-full", full)
                if result != expected:
                    wrong.append(f"a prompt of {length} tokens, {count} more, {full}, (threads, chunk) {condition}")
            condition = (length % 3 + 1, (None, 1, 7)[length % 3])
            if sampled(several, checkpoint, prompt, count, *options_of(*condition), "--context-full", full) != expected:
                wrong.append(f"one of several texts: {length} tokens, {count} more, {full}, {condition}")
    prompt = WORDS[:70]
    told = ["--prompt-logprobs", "--context-full", "half"]
    if sampled(step, checkpoint, prompt, 1, *told) != sampled(whole, checkpoint, prompt, 1, *told):
        wrong.append("the prompt's own tokens")
    if not same_alone(step, checkpoint, prompt):
        wrong.append("several texts")
    if not same_alone(several, checkpoint, prompt):
        wrong.append("several texts at once")
    if not continued(whole, checkpoint) == continued(step, checkpoint) == continued(several, checkpoint):
        wrong.append("turns that go on")
    at_once, by_turns = (sampled(program, checkpoint, prompt, 9, "--samples", "5") for program in (several, step))
    if at_once != by_turns:
        wrong.append("several texts at once, against one after another")
    for what in wrong:
        print(f"{name}: {what}: other bits")
    if not wrong:
        print(f"{name}: same bits", flush=True)


def compare_on_vulkan(folder):
    """The same on a device in software, whose sums have other orders in kernels of few rows: to 1e-5."""
    text = os.path.join(folder, "text.txt")
    programs = [compiled(folder, name, GPT[1], GPT[0], "--target=cpu,vulkan", *options)
                for name, options in (("whole", ("--no-decode",)), ("step", ()), ("several", ("--decode-batch=4",)))]
    subprocess.run([programs[0], "train", "--data", text, "--steps", "1", "--out", os.path.join(folder, "vulkan")],
                   check=True, capture_output=True)
    checkpoint = os.path.join(folder, "vulkan/checkpoint.safetensors")
    one, *others = (json.loads(sampled(program, checkpoint, WORDS[:70], 6, "--device", "vulkan:0"))
                    for program in programs)
    far = max(abs(a["logprob"] - b["logprob"]) for other in others
              for a, b in zip(one["logprobs"], other["logprobs"]))
    near = all(other["tokens"] == one["tokens"] for other in others) and far <= 1e-5
    print("vulkan: within 1e-5" if near else f"vulkan: {far} apart", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("random", type=int)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder
    os.makedirs(folder)
    if arguments.first == 0:
        compare(folder, "gpt.cpp", GPT[1], GPT[0], arguments.all)
        compare_on_vulkan(folder)
        compare(folder, "llama.cpp", LLAMA[1], LLAMA[0], arguments.all)
        models = [("slices.cpp", MODEL % {"context": 70, "width": 32, "body": SLICES})]
    else:
        models = []
    models += [(f"random model {n}", random_model(n))
               for n in range(arguments.first, arguments.first + arguments.random)]
    for name, text in models:
        source = os.path.join(folder, "decoded.cpp")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        compare(folder, name, source, "", arguments.all)


main()
