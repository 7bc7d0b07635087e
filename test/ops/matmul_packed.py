"""A module of products with packed weights and what they have to give, worked out in exact arithmetic of Python.

Weights and rows are drawn by number; words are packed here, by what Ops say of them, not by sinter.
"""
import random
import struct

from numbers_of_mlir import dense, f32


def bf16(x):
    """The nearest number of eight bits of mantissa, ties to even, and its upper half word."""
    bits = struct.unpack("<I", struct.pack("<f", x))[0]
    upper = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return struct.unpack("<f", struct.pack("<I", upper << 16))[0], upper


def signed(word):
    return word - (1 << 32) if word >= 1 << 31 else word


def panels(rows, n, none=0):
    """[words][n] -> [panels][words][64]"""
    count = (n + 63) // 64
    return [[[row[64 * p + j] if 64 * p + j < n else none for j in range(64)] for row in rows] for p in range(count)]


def product(kind, m, n, k, draw):
    steps, group = {"f32": (1, 384), "bf16": (2, 384), "int8": (4, 64), "int4": (8, 32)}[kind]
    length = k // steps
    if kind == "f32":
        w = [[f32(draw.uniform(-1, 1)) for _ in range(n)] for _ in range(k)]
        x = [[f32(draw.uniform(-1, 1)) for _ in range(k)] for _ in range(m)]
        words = [[struct.unpack("<i", struct.pack("<f", w[i][j]))[0] for j in range(n)] for i in range(k)]
        y = [[sum(x[i][s] * w[s][j] for s in range(k)) for j in range(n)] for i in range(m)]
        return [(x, "f32")], panels(words, n), None, y
    if kind == "bf16":
        w = [[bf16(draw.uniform(-1, 1)) for _ in range(n)] for _ in range(k)]
        x = [[f32(draw.uniform(-1, 1)) for _ in range(k)] for _ in range(m)]
        words = [[signed(w[2 * i][j][1] | w[2 * i + 1][j][1] << 16) for j in range(n)] for i in range(length)]
        y = [[sum(x[i][s] * w[s][j][0] for s in range(k)) for j in range(n)] for i in range(m)]
        return [(x, "f32")], panels(words, n), None, y
    offset, bits = (128, 8) if kind == "int8" else (8, 4)
    w = [[draw.randrange(-offset, offset) for _ in range(n)] for _ in range(k)]
    q = [[draw.randrange(-127, 128) for _ in range(k)] for _ in range(m)]
    groups = k // group
    both = [[bf16(draw.uniform(0.001, 0.01)) for _ in range(n)] for _ in range(groups)]
    wscale = [[scale for scale, _ in row] for row in both]
    none = [(0.0, 0)] * n
    pairs = [[signed(low | high << 16) for (_, low), (_, high) in zip(both[g], (both + [none])[g + 1])]
             for g in range(0, groups, 2)]
    xscale = [[f32(draw.uniform(0.001, 0.01)) for _ in range(groups)] for _ in range(m)]
    shift = lambda j: 8 * (j % 4) + (0 if bits == 8 else 4 * (j // 4))
    words = [[signed(sum((w[steps * i + j][c] + offset) << shift(j) for j in range(steps))) for c in range(n)]
             for i in range(length)]
    bytes_ = [[signed(sum((q[i][4 * s + j] & 255) << 8 * j for j in range(4))) for s in range(k // 4)]
              for i in range(m)]
    sums = [[float(sum(q[i][g * group:(g + 1) * group])) for g in range(groups)] for i in range(m)]
    y = [[sum(xscale[i][g] * wscale[g][j] * sum(q[i][s] * w[s][j] for s in range(g * group, (g + 1) * group))
              for g in range(groups)) for j in range(n)] for i in range(m)]
    return [(bytes_, "i32"), (xscale, "f32"), (sums, "f32")], panels(words, n), panels(pairs, n), y


def shape(values):
    return f"{len(values)}x{shape(values[0])}" if isinstance(values, list) and isinstance(values[0], list) else str(
        len(values))


def main():
    draw = random.Random(5)
    cases = [("f32", 1, 70, 33), ("f32", 3, 64, 700), ("bf16", 1, 70, 64), ("bf16", 3, 64, 900), ("bf16", 5, 130, 50),
             ("f32", 9, 70, 900), ("bf16", 7, 70, 800),
             ("int8", 1, 70, 128), ("int8", 5, 64, 192), ("int8", 4, 17, 64), ("int4", 1, 130, 96), ("int4", 3, 64, 64),
             ("int4", 2, 16, 32), ("int8", 3, 70, 320)]
    for number, (kind, m, n, k) in enumerate(cases):
        left, words, scales, y = product(kind, m, n, k, draw)
        lines, names, types = [], [], []
        operands = [*left, (words, "i32")] + ([(scales, "i32")] if scales else [])
        for i, (values, element) in enumerate(operands):
            types.append(f"tensor<{shape(values)}x{element}>")
            names.append(f"%v{i}")
            lines.append(f"  %v{i} = arith.constant dense<{dense(values)}> : {types[-1]}")
        result = f"tensor<{m}x{n}xf32>"
        tail = f" scales {names[-1]}" if scales else ""
        count = len(left)
        print(f'func.func @{kind}_{number}() -> ({result} {{sinter.name = "y"}}, {result} {{sinter.name = "z"}}) '
              "attributes {sinter.entry, sinter.expect} {")
        print("\n".join(lines))
        print(f"  %y = sinter.matmul_packed {kind} ({', '.join(names[:count])}) by {names[count]}{tail} : "
              f"({', '.join(types)}) -> {result}")
        print(f"  %z = arith.constant dense<{dense(y)}> : {result}")
        print(f"  return %y, %z : {result}, {result}\n}}")


main()
