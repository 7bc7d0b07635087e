// How attention, loops and scattered rows are cut up for Vulkan is an attribute of their kernels, as it is of products
// (vulkan-schedule.mlir): a pass decides it, a person can, emitters read nothing else, and no bit depends on it.
// RUN: split-file %s %t
// RUN: sinter-opt %t/kernels.mlir --sinter-vulkan-schedule | FileCheck %t/kernels.mlir
// RUN: sinter-opt %t/kernels.mlir --sinter-vulkan-schedule=profile=shared | FileCheck %t/kernels.mlir --check-prefix=SHARED
// RUN: sinter-opt %t/set.mlir --sinter-vulkan-schedule --sinter-vulkan-emit-kernels | FileCheck %t/set.mlir
// RUN: sinterc %t/attention.mlir --from=model --target=vulkan --emit=plan -o %t.plan.mlir
// RUN: sinter-opt %t.plan.mlir --sinter-vulkan-schedule > %t/scheduled.mlir
// RUN: FileCheck %t/attention.mlir --input-file=%t/scheduled.mlir
// RUN: sinter-opt %t.plan.mlir --sinter-vulkan-schedule=profile=shared > %t/scheduled.shared.mlir
// RUN: FileCheck %t/attention.mlir --check-prefix=SHARED --input-file=%t/scheduled.shared.mlir
// RUN: python3 %t/errors.py sinter-opt %t/scheduled.mlir %t/scheduled.shared.mlir %t/set.mlir | FileCheck %t/errors.py

// Any legal schedule gives the same bits.
// RUN: python3 %t/bits.py sinter-run 2 %S/vulkan-attention-numbers.mlir:sweeps,odd,cross | FileCheck %t/bits.py
// RUN: python3 %t/bits.py sinter-run 3 %S/loops-numbers.mlir:reductions,norms,embed,long_columns | FileCheck %t/bits.py
// RUN: python3 %t/bits.py sinter-run 2 %S/scatter-onto.mlir:narrow,read %S/vulkan-numbers.mlir:rows,shared_rows,long | FileCheck %t/bits.py

//--- kernels.mlir
// A softmax stays in the registers of a subgroup, or goes through shared memory.
// CHECK: func private @rows
// CHECK-SAME: sinter.schedule = {dispatches = [{form = "rows", nests = 3 : i64, resident = true, workgroup = 64 : i64}]}
// CHECK: func private @points
// CHECK-SAME: sinter.schedule = {dispatches = [{each = 4 : i64, form = "points", nests = 1 : i64, workgroup = 128 : i64}]}
// CHECK: func private @long
// CHECK-SAME: sinter.schedule = {dispatches = [{form = "parts", nests = 1 : i64, totals = 8 : i64, workgroup = 32 : i64}]}
// CHECK: func private @scattered
// CHECK-SAME: sinter.schedule = {adding = 8 : i64, clearing = 32 : i64, rows = 8 : i64}
// SHARED: func private @rows
// SHARED-SAME: sinter.schedule = {dispatches = [{form = "rows", nests = 3 : i64, workgroup = 64 : i64}]}
// SHARED: func private @points
// SHARED-SAME: sinter.schedule = {dispatches = [{each = 1 : i64, form = "points", nests = 1 : i64, workgroup = 64 : i64}]}
// SHARED: func private @scattered
// SHARED-SAME: sinter.schedule = {adding = 64 : i64, clearing = 64 : i64, rows = 5 : i64}
#row = affine_map<(i, j) -> (i)>
#id = affine_map<(i, j) -> (i, j)>
func.func private @rows(%x: tensor<96x64xf32>) -> tensor<96x64xf32> attributes {sinter.kernel} {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<96xf32>
  %f = tensor.empty() : tensor<96x64xf32>
  %start = linalg.fill ins(%least : f32) outs(%e : tensor<96xf32>) -> tensor<96xf32>
  %max = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<96x64xf32>) outs(%start : tensor<96xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.maximumf %b, %a : f32
    linalg.yield %s : f32
  } -> tensor<96xf32>
  %exp = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<96x64xf32>, tensor<96xf32>) outs(%f : tensor<96x64xf32>) {
  ^bb0(%a: f32, %m: f32, %b: f32):
    %d = arith.subf %a, %m : f32
    %s = math.exp %d : f32
    linalg.yield %s : f32
  } -> tensor<96x64xf32>
  %none = linalg.fill ins(%zero : f32) outs(%e : tensor<96xf32>) -> tensor<96xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<96x64xf32>) outs(%none : tensor<96xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %b, %a : f32
    linalg.yield %s : f32
  } -> tensor<96xf32>
  %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<96x64xf32>, tensor<96xf32>) outs(%f : tensor<96x64xf32>) {
  ^bb0(%a: f32, %m: f32, %b: f32):
    %s = arith.divf %a, %m : f32
    linalg.yield %s : f32
  } -> tensor<96x64xf32>
  return %y : tensor<96x64xf32>
}
func.func private @points(%x: tensor<256x64xf32>) -> tensor<256x64xf32> attributes {sinter.kernel} {
  %e = tensor.empty() : tensor<256x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<256x64xf32>) outs(%e : tensor<256x64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<256x64xf32>
  return %y : tensor<256x64xf32>
}
func.func private @long(%x: tensor<1x300000xf32>) -> tensor<1xf32> attributes {sinter.kernel} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1xf32>) -> tensor<1xf32>
  %y = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<1x300000xf32>) outs(%f : tensor<1xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %b, %a : f32
    linalg.yield %s : f32
  } -> tensor<1xf32>
  return %y : tensor<1xf32>
}
func.func private @scattered(%i: tensor<32xi32>, %u: tensor<32x24xf32>) -> tensor<80x24xf32> attributes {sinter.kernel} {
  %y = sinter.scatter_add %i, %u : (tensor<32xi32>, tensor<32x24xf32>) -> tensor<80x24xf32>
  return %y : tensor<80x24xf32>
}

//--- set.mlir
// The same softmax in three dispatches, and blocks of seven rows.
// CHECK: plan.kernel @rows
// CHECK-NEXT: plan.dispatch @rows.s0 groups [96, 1, 1]
// CHECK-NEXT: plan.dispatch @rows.s1 groups [24, 1, 1]
// CHECK-NEXT: plan.dispatch @rows.s2 groups [12, 1, 1]
// CHECK-NEXT: }
// CHECK: plan.kernel @scattered
// CHECK-NEXT: plan.dispatch @scattered.s0 groups [15, 1, 1]
// CHECK-NEXT: plan.dispatch @scattered.s1 groups [9, 1, 1]
#row = affine_map<(i, j) -> (i)>
#id = affine_map<(i, j) -> (i, j)>
func.func private @rows(%x: tensor<96x64xf32>) -> tensor<96x64xf32> attributes {sinter.kernel, sinter.schedule = {dispatches = [
    {form = "rows", nests = 1 : i64, resident = false, workgroup = 8 : i64},
    {form = "rows", nests = 1 : i64, resident = true, workgroup = 32 : i64},
    {each = 2 : i64, form = "points", nests = 1 : i64, workgroup = 64 : i64}]}} {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<96xf32>
  %f = tensor.empty() : tensor<96x64xf32>
  %start = linalg.fill ins(%least : f32) outs(%e : tensor<96xf32>) -> tensor<96xf32>
  %max = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<96x64xf32>) outs(%start : tensor<96xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.maximumf %b, %a : f32
    linalg.yield %s : f32
  } -> tensor<96xf32>
  %exp = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<96x64xf32>, tensor<96xf32>) outs(%f : tensor<96x64xf32>) {
  ^bb0(%a: f32, %m: f32, %b: f32):
    %d = arith.subf %a, %m : f32
    %s = math.exp %d : f32
    linalg.yield %s : f32
  } -> tensor<96x64xf32>
  %none = linalg.fill ins(%zero : f32) outs(%e : tensor<96xf32>) -> tensor<96xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<96x64xf32>) outs(%none : tensor<96xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %b, %a : f32
    linalg.yield %s : f32
  } -> tensor<96xf32>
  %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<96x64xf32>, tensor<96xf32>) outs(%f : tensor<96x64xf32>) {
  ^bb0(%a: f32, %m: f32, %b: f32):
    %s = arith.divf %a, %m : f32
    linalg.yield %s : f32
  } -> tensor<96x64xf32>
  return %y : tensor<96x64xf32>
}
func.func private @scattered(%i: tensor<32xi32>, %u: tensor<32x24xf32>) -> tensor<80x24xf32> attributes {sinter.kernel,
    sinter.schedule = {adding = 8 : i64, clearing = 32 : i64, rows = 7 : i64}} {
  %y = sinter.scatter_add %i, %u : (tensor<32xi32>, tensor<32x24xf32>) -> tensor<80x24xf32>
  return %y : tensor<80x24xf32>
}

//--- attention.mlir
// CHECK: sinter.schedule = {columns = {down = 1 : i64, each = 16 : i64}, rows = {down = 1 : i64, each = 16 : i64}}
// SHARED: sinter.schedule = {columns = {down = 8 : i64, each = 4 : i64}, rows = {down = 8 : i64, each = 4 : i64}}
func.func @plain(%q: tensor<3x128x64xf32>, %k: tensor<3x128x64xf32>, %v: tensor<3x128x64xf32>, %w: tensor<3x128x64xf32>)
    -> (tensor<3x128x64xf32>, tensor<3x128x64xf32>) attributes {sinter.entry} {
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x128x64xf32>, tensor<3x128x64xf32>) -> tensor<3x128x128xf32>
  %p = sinter.softmax %s : tensor<3x128x128xf32>
  %o = sinter.matmul %p, %v : (tensor<3x128x128xf32>, tensor<3x128x64xf32>) -> tensor<3x128x64xf32>
  %g = sinter.matmul %p, %w {transpose_lhs} : (tensor<3x128x128xf32>, tensor<3x128x64xf32>) -> tensor<3x128x64xf32>
  return %o, %g : tensor<3x128x64xf32>, tensor<3x128x64xf32>
}

//--- errors.py
"""errors.py SINTER_OPT ATTENTION ATTENTION_SHARED LOOPS: what emitters say of kernels with a word of a schedule changed."""
import re
import subprocess
import sys

ATTENTION = [
    ("columns = {down", "colons = {down"),
    # CHECK: of this attention says `down` and `each` for rows and columns, and nothing else
    ("rows = {down = 1 : i64, each = 16 : i64}", "rows = {down = 1 : i64}"),
    # CHECK-NEXT: of this attention says `down` and `each` for rows and columns, and nothing else
    ("rows = {down = 1 : i64, each = 16 : i64}", "rows = {down = 1 : i64, each = 0 : i64}"),
    # CHECK-NEXT: an invocation has between 1 and 16 positions, not 0
    ("rows = {down = 1 : i64, each = 16 : i64}", "rows = {down = 1 : i64, each = 17 : i64}"),
    # CHECK-NEXT: an invocation has between 1 and 16 positions, not 17
    ("rows = {down = 1 : i64", "rows = {down = 2 : i64"),
    # CHECK-NEXT: a subgroup is one invocation down a tile in the profile registers
]
SHARED = [
    ("rows = {down = 8 : i64", "rows = {down = 9 : i64"),
    # CHECK-NEXT: a workgroup has between 1 and 8 invocations down a tile, and at most 64 positions
    ("rows = {down = 8 : i64, each = 4", "rows = {down = 8 : i64, each = 9"),
    # CHECK-NEXT: a workgroup has between 1 and 8 invocations down a tile, and at most 64 positions
]
FIRST = 'form = "rows", nests = 1 : i64, resident = false, workgroup = 8 : i64'
LAST = ',\n    {each = 2 : i64, form = "points", nests = 1 : i64, workgroup = 64 : i64}'
SCATTER = "adding = 8 : i64, clearing = 32 : i64, rows = 7 : i64"
LOOPS = [
    ("{dispatches = [", "{launches = ["),
    # CHECK-NEXT: of loops has dispatches, and nothing else
    (FIRST, FIRST.replace("nests = 1", "nests = 5")),
    # CHECK-NEXT: dispatch 0 has one of the 3 loop nests that are left, or those that go row by row together
    (LAST, LAST + LAST),
    # CHECK-NEXT: dispatch 3 has one of the 0 loop nests that are left, or those that go row by row together
    (LAST, ""),
    # CHECK-NEXT: leaves 1 loop nests without a dispatch
    (FIRST, FIRST.replace('"rows"', '"points"')),
    # CHECK-NEXT: dispatch 0 goes by rows: it says form, nests, workgroup, resident, and nothing else
    (FIRST, FIRST + ", each = 1 : i64"),
    # CHECK-NEXT: dispatch 0 goes by rows: it says form, nests, workgroup, resident, and nothing else
    (LAST, LAST.replace("each = 2 : i64, ", "")),
    # CHECK-NEXT: dispatch 2 goes by points: it says form, nests, workgroup, each, and nothing else
    (LAST, LAST.replace("each = 2", "each = 5")),
    # CHECK-NEXT: dispatch 2 has at most 16 points an invocation, a divisor of 96
    (LAST, LAST.replace("each = 2", "each = 0")),
    # CHECK-NEXT: dispatch 2 has at most 16 points an invocation, a divisor of 96
    (LAST, LAST.replace("workgroup = 64", "workgroup = 96")),
    # CHECK-NEXT: dispatch 2 has workgroups of 8, 16, 32, 64 or 128 invocations
    (FIRST, FIRST.replace("workgroup = 8", "workgroup = 4")),
    # CHECK-NEXT: dispatch 0 has workgroups of so many invocations that whole rows share them, and all are alike
    (SCATTER, SCATTER.replace("rows = 7", "rows = 0")),
    # CHECK-NEXT: an invocation has 1 to 80 rows
    (SCATTER, SCATTER.replace("rows = 7", "rows = 81")),
    # CHECK-NEXT: an invocation has 1 to 80 rows
    (SCATTER, SCATTER.replace("adding = 8", "adding = 9")),
    # CHECK-NEXT: a workgroup has 8, 16, 32, 64 or 128 invocations
    (SCATTER, SCATTER.replace("adding = 8 : i64, ", "")),
    # CHECK-NEXT: of scattered rows has those of an invocation, and the workgroups that are clearing and adding
    (f",\n    sinter.schedule = {{{SCATTER}}}", ""),
    # CHECK-NEXT: @scattered has no schedule: sinter-vulkan-schedule runs before
]
for path, changes, profile in ((sys.argv[2], ATTENTION, "registers"), (sys.argv[3], SHARED, "shared"),
                               (sys.argv[4], LOOPS, "registers")):
    with open(path, encoding="utf-8") as file:
        module = file.read()
    for old, new in changes:
        assert old in module, old
        run = subprocess.run([sys.argv[1], "-", f"--sinter-vulkan-emit-kernels=profile={profile}"],
                             input=module.replace(old, new, 1), capture_output=True, text=True, check=False)
        said = run.stderr.splitlines()[0] if run.returncode == 1 else run.stderr
        print(re.sub(".*(`sinter.schedule`|error): ", "", said))

//--- bits.py
"""bits.py SINTER_RUN SEEDS MODULE:ENTRY,ENTRY...: results by schedules of chance, against those by the chosen ones."""
import subprocess
import sys


def results(module, entry, *options):
    command = [sys.argv[1], "--device", "vulkan", "--print", "--entry", entry, *options, module]
    return subprocess.run(command, capture_output=True, check=True).stdout


wrong = 0
for argument in sys.argv[3:]:
    module, entries = argument.split(":")
    for entry in entries.split(","):
        chosen = results(module, entry)
        for seed in range(1, int(sys.argv[2]) + 1):
            if results(module, entry, "--schedule-seed", str(seed)) != chosen:
                print(f"{module}: @{entry}, seed {seed}: other bits")
                wrong += 1
# CHECK-NOT: other bits
# CHECK: 0 differ
print(wrong, "differ")
