// How attention, loops and scattered rows are cut up is an attribute of their kernels, as it is of products
// (matmul-schedule.mlir): a pass decides it, a person can, emitters read nothing else, and no bit depends on it.
// RUN: split-file %s %t
// RUN: sinter-opt %t/kernels.mlir --sinter-cpu-schedule | FileCheck %t/kernels.mlir
// RUN: sinter-opt %t/kernels.mlir --sinter-cpu-schedule | sinter-opt --sinter-cpu-emit-loops | FileCheck %t/kernels.mlir --check-prefix=EMITTED
// RUN: not sinter-opt %t/kernels.mlir --sinter-cpu-emit-loops 2>&1 | FileCheck %t/kernels.mlir --check-prefix=NONE
// RUN: sinter-opt %t/attention.mlir --sinter-to-plan | sinter-opt --sinter-cpu-schedule | FileCheck %t/attention.mlir
// RUN: sinter-opt %t/attention.mlir --sinter-to-plan | sinter-opt --sinter-cpu-schedule="seed=3" | FileCheck %t/attention.mlir --check-prefix=CHANCE
// RUN: sinter-opt %t/attention.mlir --sinter-to-plan | sinter-opt --sinter-cpu-schedule > %t/scheduled.mlir
// RUN: python3 %t/errors.py sinter-opt %t/scheduled.mlir %t/kernels.mlir | FileCheck %t/errors.py

// Any legal schedule gives the same bits, for two threads and for three.
// RUN: python3 %t/bits.py sinter-run 5 %S/attention-numbers.mlir %S/attention-window.mlir | FileCheck %t/bits.py
// RUN: python3 %t/bits.py sinter-run 8 %S/loops-numbers.mlir %S/scatter-onto.mlir | FileCheck %t/bits.py
// RUN: split-file %S/members.mlir %t.members
// RUN: split-file %S/attention-diagonals.mlir %t.diagonals
// RUN: sinter-opt %S/attention-numbers.mlir --sinter-to-train=bf16 > %t.narrow.mlir
// RUN: python3 %t/bits.py sinter-run 3 %t.members/run.mlir %t.diagonals/numbers.mlir %t.narrow.mlir | FileCheck %t/bits.py

//--- kernels.mlir
// CHECK: func private @rows
// CHECK-SAME: sinter.schedule = {chunk = 2048 : i64, chunked = 1 : i64, rows = array<i64>}
// CHECK: func private @columns
// CHECK-SAME: sinter.schedule = {chunk = 16 : i64, chunked = 1 : i64, rows = array<i64>}
// CHECK: func private @scattered
// CHECK-SAME: sinter.schedule = {rows = 20 : i64, scanned = 80 : i64}
// EMITTED: func private @rows
// EMITTED-SAME: sinter.schedule = {chunk = 2048 : i64, chunked = 1 : i64, rows = array<i64>}
// EMITTED-SAME: sinter.tiles = 3 : i64
// EMITTED: func private @columns
// EMITTED-SAME: sinter.tiles = 8 : i64
// EMITTED: func private @scattered
// EMITTED-SAME: sinter.tiles = 4 : i64
// NONE: error: @rows has no schedule: sinter-cpu-schedule runs before
func.func private @rows(%x: tensor<80x64xf32>) -> tensor<80x64xf32> attributes {sinter.kernel} {
  %e = tensor.empty() : tensor<80x64xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]} ins(%x : tensor<80x64xf32>) outs(%e : tensor<80x64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<80x64xf32>
  return %y : tensor<80x64xf32>
}
func.func private @columns(%x: tensor<500x128xf32>) -> tensor<128xf32> attributes {sinter.kernel} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<128xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<128xf32>) -> tensor<128xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>],
      iterator_types = ["reduction", "parallel"]} ins(%x : tensor<500x128xf32>) outs(%f : tensor<128xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %b, %a : f32
    linalg.yield %s : f32
  } -> tensor<128xf32>
  return %y : tensor<128xf32>
}
func.func private @scattered(%i: tensor<32xi32>, %u: tensor<32x24xf32>) -> tensor<80x24xf32> attributes {sinter.kernel,
    sinter.schedule = {rows = 20 : i64, scanned = 80 : i64}} {
  %y = sinter.scatter_add %i, %u : (tensor<32xi32>, tensor<32x24xf32>) -> tensor<80x24xf32>
  return %y : tensor<80x24xf32>
}

//--- attention.mlir
// CHECK: func private @attention
// CHECK-SAME: sinter.schedule = {products = [{block = array<i64: 64, 128, 64>, keeps = "right", {{[^}]*}}}, {block = array<i64: 64, 64, 128>, keeps = "right", {{[^}]*}}}], rows = 64 : i64}
// CHANCE: func private @attention
// CHANCE-SAME: sinter.schedule = {products = [{block = array<i64: [[ROWS:[0-9]+]], 128, {{[0-9]+}}>, {{[^}]*}}}, {block = array<i64: [[ROWS]], 64, {{[0-9]+}}>, {{[^}]*}}}], rows = [[ROWS]] : i64}
#id = affine_map<(b, i, j) -> (b, i, j)>
func.func @causal(%q: tensor<3x128x64xf32>, %k: tensor<3x128x64xf32>, %v: tensor<3x128x64xf32>) -> tensor<3x128x64xf32> attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x128x64xf32>, tensor<3x128x64xf32>) -> tensor<3x128x128xf32>
  %m = sinter.map(%s) [#id] : (tensor<3x128x128xf32>) -> tensor<3x128x128xf32> {
  ^bb0(%x: f32):
    %inf = arith.constant 0xFF800000 : f32
    %j = sinter.index 2 : i32
    %i = sinter.index 1 : i32
    %keep = arith.cmpi sge, %i, %j : i32
    %z = arith.select %keep, %x, %inf : f32
    sinter.yield %z : f32
  }
  %p = sinter.softmax %m : tensor<3x128x128xf32>
  %o = sinter.matmul %p, %v : (tensor<3x128x128xf32>, tensor<3x128x64xf32>) -> tensor<3x128x64xf32>
  return %o : tensor<3x128x64xf32>
}

//--- errors.py
"""errors.py SINTER_OPT ATTENTION KERNELS: what emitters say of kernels with one word of a schedule changed."""
import re
import subprocess
import sys

ATTENTION = [
    ("rows = 64", "rows = 40"),
    # CHECK: takes a multiple of 16 rows together, and no more than there are
    ("rows = 64", "rows = 144"),
    # CHECK-NEXT: takes a multiple of 16 rows together, and no more than there are
    ("rows = 64", "rows = 48"),
    # CHECK-NEXT: a product by rows has blocks of the rows that are taken together and all columns, and keeps what is right
    ("64, 128, 64>", "64, 96, 64>"),
    # CHECK-NEXT: a product by rows has blocks of the rows that are taken together and all columns, and keeps what is right
    ('keeps = "right"', 'keeps = "left"'),
    # CHECK-NEXT: a product by rows has blocks of the rows that are taken together and all columns, and keeps what is right
    ('keeps = "right"', 'flags = ["finishes later"], keeps = "right"'),
    # CHECK-NEXT: a product within a kernel is not streamed, packs nothing ahead and finishes at once
    ("64, 128, 64>", "64, 128, 24>"),
    # CHECK-NEXT: a block of k is a unit (64 steps) or a part of one, in whole vectors
    ("tile = array<i64: ", "tile = array<i64: 9"),
    # CHECK-NEXT: a register tile has 1 to 16 rows and 1 to 6 vectors of columns, and no more than there are
    ("rows = 64 : i64", "rows = 64 : i64, columns = 1"),
    # CHECK-NEXT: of an attention has rows and a schedule for each of its 2 products, and nothing else
    ("products = [", "products = [{}, "),
    # CHECK-NEXT: of an attention has rows and a schedule for each of its 2 products, and nothing else
]
COLUMNS = "@columns(%x: tensor<500x128xf32>) -> tensor<128xf32> attributes {sinter.kernel"
ROWS = "@rows(%x: tensor<80x64xf32>) -> tensor<80x64xf32> attributes {sinter.kernel"
LOOPS = [
    (COLUMNS, COLUMNS + ", sinter.schedule = {rows = array<i64: 2>}"),
    # CHECK-NEXT: names dimensions of the loops, of which there are 2, each once at most
    (COLUMNS, COLUMNS + ", sinter.schedule = {rows = array<i64: 1, 1>}"),
    # CHECK-NEXT: names dimensions of the loops, of which there are 2, each once at most
    (COLUMNS, COLUMNS + ", sinter.schedule = {rows = array<i64: 1, 0>}"),
    # CHECK-NEXT: cannot cut dimension 0 into tiles: every result has to have it in one place, and nothing may be summed along it
    (ROWS, ROWS + ", sinter.schedule = {rows = array<i64>, chunked = 1, chunk = 40}"),
    # CHECK-NEXT: has chunks of whole vectors of 16, if of anything
    (ROWS, ROWS + ", sinter.schedule = {rows = array<i64>, chunked = 1, chunk = 0}"),
    # CHECK-NEXT: has chunks of whole vectors of 16, if of anything
    (ROWS, ROWS + ", sinter.schedule = {rows = array<i64>, chunk = 16}"),
    # CHECK-NEXT: of loops has rows, and perhaps what is chunked and how long a chunk is, and nothing else
    (ROWS, ROWS + ", sinter.schedule = {tile = array<i64: 3, 32>}"),
    # CHECK-NEXT: of loops has rows, and perhaps what is chunked and how long a chunk is, and nothing else
    ("    sinter.schedule = {rows = 20", "sinter.schedule = {rows = 0"),
    # CHECK-NEXT: a tile has 1 to 80 rows, and a scan looks for those of a tile or for all
    ("    sinter.schedule = {rows = 20", "sinter.schedule = {rows = 81"),
    # CHECK-NEXT: a tile has 1 to 80 rows, and a scan looks for those of a tile or for all
    ("scanned = 80 : i64}} {", "scanned = 40 : i64}} {"),
    # CHECK-NEXT: a tile has 1 to 80 rows, and a scan looks for those of a tile or for all
    ("scanned = 80 : i64}} {", "scanned = 80 : i64, more}} {"),
    # CHECK-NEXT: of scattered rows has those of a tile and of a scan
]
for path, changes, passes in ((sys.argv[2], ATTENTION, ["--sinter-cpu-emit-attention"]),
                              (sys.argv[3], LOOPS, ["--sinter-cpu-schedule", "--sinter-cpu-emit-loops"])):
    with open(path, encoding="utf-8") as file:
        module = file.read()
    for old, new in changes:
        assert old in module, old
        run = subprocess.run([sys.argv[1], "-", *passes], input=module.replace(old, new, 1), capture_output=True,
                             text=True, check=False)
        print(re.sub(".*`sinter.schedule`: ", "", run.stderr.splitlines()[0]) if run.returncode == 1 else run.stderr)

//--- bits.py
"""bits.py SINTER_RUN SEEDS MODULE...: the results of modules by schedules of chance, against those by the chosen ones."""
import subprocess
import sys


def results(module, *options):
    return subprocess.run([sys.argv[1], "--device", "cpu", "--print", *options, module], capture_output=True, check=True).stdout


wrong = 0
for module in sys.argv[3:]:
    chosen = results(module, "--threads", "2")
    for seed in range(1, int(sys.argv[2]) + 1):
        if results(module, "--threads", "3", "--schedule-seed", str(seed)) != chosen:
            print(f"{module}: seed {seed} gives other bits")
            wrong += 1
# CHECK-NOT: other bits
# CHECK: 0 differ
print(wrong, "differ")
