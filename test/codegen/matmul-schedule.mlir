// How a product is cut up is an attribute of its kernel: a pass decides it, a person can, the emitter reads nothing else,
// and no bit depends on it.
// RUN: split-file %s %t
// RUN: sinter-opt %t/kernel.mlir --sinter-cpu-schedule="vector-registers=32" | FileCheck %t/kernel.mlir
// RUN: sinter-opt %t/kernel.mlir --sinter-cpu-schedule="vector-registers=32" | sinter-opt --sinter-cpu-schedule --sinter-cpu-emit-matmul | FileCheck %t/kernel.mlir --check-prefix=EMITTED
// RUN: not sinter-opt %t/kernel.mlir --sinter-cpu-emit-matmul 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: sinter-opt %t/kernel.mlir --sinter-cpu-schedule="seed=1" | FileCheck %t/kernel.mlir --check-prefix=CHANCE
// RUN: python3 %t/errors.py sinter-opt %t/kernel.mlir | FileCheck %t/errors.py
// NONE: error: @open has no schedule: sinter-cpu-schedule runs before

// Any legal schedule gives the same bits, for one thread and for three: products of all layouts, with column sums, with
// computed operands, and of bf16.
// (Without the largest one, which takes long where blocks are small.)
// RUN: sed '/@past_caches/,/^}/d' %S/matmul-numbers.mlir > %t.numbers.mlir
// RUN: sinter-run --device cpu --threads 3 --print %t.numbers.mlir > %t.numbers
// RUN: bash -c 'for seed in 1 2 3 4 5 6 7 8; do sinter-run --device cpu --threads 3 --print --schedule-seed $seed %t.numbers.mlir | cmp - %t.numbers || exit 1; done'
// RUN: sinter-opt %t.numbers.mlir --sinter-narrow-products > %t.narrow.mlir
// RUN: sinter-run --device cpu --threads 2 --print %t.narrow.mlir > %t.narrow
// RUN: bash -c 'for seed in 1 2 3 4; do sinter-run --device cpu --threads 2 --print --schedule-seed $seed %t.narrow.mlir | cmp - %t.narrow || exit 1; done'
// RUN: split-file %S/matmul-column-sums.mlir %t.sums
// RUN: sinter-run --device cpu --threads 3 --print %t.sums/numbers.mlir > %t.columns
// RUN: bash -c 'for seed in 1 2 3 4; do sinter-run --device cpu --threads 3 --print --schedule-seed $seed %t.sums/numbers.mlir | cmp - %t.columns || exit 1; done'
// RUN: split-file %S/matmul-prologues.mlir %t.prologues
// RUN: sinter-run --device cpu --threads 3 --print %t.prologues/numbers.mlir > %t.computed
// RUN: bash -c 'for seed in 1 2 3 4; do sinter-run --device cpu --threads 3 --print --schedule-seed $seed %t.prologues/numbers.mlir | cmp - %t.computed || exit 1; done'

//--- kernel.mlir
// CHECK: func private @given
// CHECK-SAME: sinter.schedule = {block = array<i64: 12, 96, 64>, keeps = "left", left = "rows", right = "copied", tile = array<i64: 3, 32>}
// CHECK: func private @open
// CHECK-SAME: sinter.schedule = {block = array<i64: {{[0-9]+, [0-9]+}}, 64>, keeps = "{{.*}}", left = "{{.*}}", right = "{{.*}}", tile = array<i64: {{[0-9]+, [0-9]+}}>}
// EMITTED: func private @given
// EMITTED-SAME: sinter.schedule = {block = array<i64: 12, 96, 64>, keeps = "left", left = "rows", right = "copied", tile = array<i64: 3, 32>}
// EMITTED: scf.for
// CHANCE: func private @given
// CHANCE-SAME: tile = array<i64: 3, 32>
func.func private @given(%a: tensor<24x64xf32>, %b: tensor<64x96xf32>) -> tensor<24x96xf32> attributes {sinter.kernel, sinter.kind = "product",
    sinter.schedule = {tile = array<i64: 3, 32>, block = array<i64: 12, 96, 64>, left = "rows", right = "copied", keeps = "left"}} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<24x96xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<24x96xf32>) -> tensor<24x96xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<24x64xf32>, tensor<64x96xf32>) outs(%f : tensor<24x96xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<24x96xf32>
  return %c : tensor<24x96xf32>
}
func.func private @open(%a: tensor<24x64xf32>, %b: tensor<64x96xf32>) -> tensor<24x96xf32> attributes {sinter.kernel, sinter.kind = "product"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<24x96xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<24x96xf32>) -> tensor<24x96xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"], sinter.role = "product"}
      ins(%a, %b : tensor<24x64xf32>, tensor<64x96xf32>) outs(%f : tensor<24x96xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %acc, %p : f32
    linalg.yield %s : f32
  } -> tensor<24x96xf32>
  return %c : tensor<24x96xf32>
}

//--- errors.py
"""errors.py SINTER_OPT MODULE: what the emitter says of the module's kernel @given with one word of its schedule changed."""
import re
import subprocess
import sys

CHANGES = [
    ("tile = array<i64: 3, 32>", "tile = array<i64: 3, 24>"),
    # CHECK: has a tile of rows and columns (a multiple of 16), and a block of rows, columns and steps of k
    ("tile = array<i64: 3, 32>", "tile = array<i64: 0, 32>"),
    # CHECK-NEXT: sizes are at least 1
    ("tile = array<i64: 3, 32>", "tile = array<i64: 17, 32>"),
    # CHECK-NEXT: a register tile has 1 to 16 rows and 1 to 6 vectors of columns, and no more than there are
    ("tile = array<i64: 3, 32>", "tile = array<i64: 3, 112>"),
    # CHECK-NEXT: a register tile has 1 to 16 rows and 1 to 6 vectors of columns, and no more than there are
    ("block = array<i64: 12, 96, 64>", "block = array<i64: 13, 96, 64>"),
    # CHECK-NEXT: blocks are whole register tiles, and the last one is no smaller than one
    ("block = array<i64: 12, 96, 64>", "block = array<i64: 27, 96, 64>"),
    # CHECK-NEXT: blocks are whole register tiles, and the last one is no smaller than one
    ("block = array<i64: 12, 96, 64>", "block = array<i64: 12, 80, 64>"),
    # CHECK-NEXT: blocks are whole register tiles, and the last one is no smaller than one
    ("block = array<i64: 12, 96, 64>", "block = array<i64: 12, 96, 40>"),
    # CHECK-NEXT: a block of k is a unit (64 steps) or a part of one, in whole vectors
    ("block = array<i64: 12, 96, 64>", "block = array<i64: 12, 96, 128>"),
    # CHECK-NEXT: a block of k is a unit (64 steps) or a part of one, in whole vectors
    ('left = "rows"', 'left = "columns"'),
    # CHECK-NEXT: left is direct, rows or panels; right is direct, copied or transposed; keeps left, right or neither
    ('right = "copied"', 'right = "transposed"'),
    # CHECK-NEXT: what is transposed is a right operand in memory that is contiguous along k
    ('keeps = "left"', 'keeps = "left", flags = ["pairs"]'),
    # CHECK-NEXT: only products of bf16 have pairs, of more than 16 steps of k
    ('keeps = "left"', 'keeps = "left", flags = ["packs ahead"]'),
    # CHECK-NEXT: panels of the left operand are packed ahead from runs of memory, beside more than two panels of columns
    ('keeps = "left"', 'keeps = "left", flags = ["stream"]'),
    # CHECK-NEXT: only a product of at most 4 rows, of operands in memory, can be streamed
    ('keeps = "left"', 'keeps = "left", flags = ["fast"]'),
    # CHECK-NEXT: knows no flag "fast"
    ('keeps = "left"', 'keeps = "left", unrolled'),
    # CHECK-NEXT: knows no unrolled
]

with open(sys.argv[2], encoding="utf-8") as file:
    module = file.read()
for old, new in CHANGES:
    at = module.index("func.func private @given")
    changed = module[:at] + module[at:].replace(old, new, 1)
    run = subprocess.run([sys.argv[1], "-", "--sinter-cpu-schedule", "--sinter-cpu-emit-matmul"], input=changed,
                         capture_output=True, text=True, check=False)
    print(re.sub(".*`sinter.schedule`: ", "", run.stderr.splitlines()[0]) if run.returncode == 1 else run.stderr)
