"""A module of rows that are rounded, and what they have to give, worked out in exact arithmetic of Python.

Elements are drawn by number, none of them near the middle between two bytes; some groups are zeros, or too small.
"""
import random
import struct
from fractions import Fraction

from numbers_of_mlir import dense, f32


def group_of(draw, size, scale):
    """Numbers whose largest magnitude is `scale`, and what they are rounded to."""
    if scale < 1e-30:
        return [f32(draw.uniform(-scale, scale)) for _ in range(size)], [0] * size
    x, most = [], f32(scale)
    while len(x) < size - 1:
        value = f32(draw.uniform(-scale, scale) * draw.random())
        if abs(Fraction(value) * 127 / Fraction(most) % 1 - Fraction(1, 2)) > Fraction(1, 1000):
            x.append(value)
    x.insert(draw.randrange(size), draw.choice((-1, 1)) * most)
    return x, [round(Fraction(value) * 127 / Fraction(most)) for value in x]


def main():
    draw = random.Random(7)
    for number, (kind, m, k) in enumerate([("int8", 1, 64), ("int8", 3, 192), ("int4", 1, 32), ("int4", 4, 160)]):
        group = 64 if kind == "int8" else 32
        x, words, scales, sums = [], [], [], []
        for _ in range(m):
            row, q, s = [], [], []
            for _ in range(k // group):
                scale = draw.choice((1.0, 3e5, 2e-12, 0.0, 1e-32)) * draw.uniform(0.5, 1)
                values, rounded = group_of(draw, group, scale)
                row += values
                q += rounded
                s.append(f32(max(abs(value) for value in values) / 127))
                sums.append(float(sum(rounded)))
            x.append(row)
            scales.append(s)
            words.append([struct.unpack("<i", struct.pack("<4b", *q[i:i + 4]))[0] for i in range(0, k, 4)])
        sums = [sums[i:i + k // group] for i in range(0, len(sums), k // group)]
        types = [f"tensor<{m}x{k // 4}xi32>", *[f"tensor<{m}x{k // group}xf32>"] * 2]
        results = ", ".join(f'{t} {{sinter.name = "{name}{i}"}}' for i, t in enumerate(types) for name in ("y", "z"))
        print(f"func.func @{kind}_{number}() -> ({results}) attributes {{sinter.entry, sinter.expect}} {{")
        print(f"  %x = arith.constant dense<{dense(x)}> : tensor<{m}x{k}xf32>")
        print(f"  %y0, %y1, %y2 = sinter.round_rows {kind} %x : tensor<{m}x{k}xf32> -> {', '.join(types)}")
        for i, (values, t) in enumerate(zip((words, scales, sums), types)):
            print(f"  %z{i} = arith.constant dense<{dense(values)}> : {t}")
        print(f"  return {', '.join(f'%y{i}, %z{i}' for i in range(3))} : "
              f"{', '.join(f'{t}, {t}' for t in types)}\n}}")


main()
