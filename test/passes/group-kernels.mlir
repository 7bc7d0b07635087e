// Groups are IR: each op says which it is in, the entry of which kind each is, ops of a group stand together.
// RUN: split-file %s %t
// RUN: sinter-opt %t/groups.mlir --sinter-canonicalize-shapes --sinter-group-kernels --canonicalize | FileCheck %t/groups.mlir
// RUN: sinter-opt %t/groups.mlir --sinter-canonicalize-shapes --sinter-group-kernels | sinter-opt --sinter-outline-kernels | FileCheck %t/groups.mlir --check-prefix=KERNELS
// RUN: sinter-opt %t/sums.mlir --sinter-canonicalize-shapes --sinter-group-kernels=target=cpu | FileCheck %t/sums.mlir
// RUN: sinter-opt %t/sums.mlir --sinter-canonicalize-shapes --sinter-group-kernels | FileCheck %t/sums.mlir --check-prefix=APART
// RUN: not sinter-opt %t/groups.mlir --sinter-group-kernels=target=tpu 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not sinter-opt %t/groups.mlir --sinter-outline-kernels 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not sinter-opt %t/errors.mlir --split-input-file --sinter-outline-kernels 2>&1 | FileCheck %t/errors.mlir
// RUN: sinter-run %t/groups.mlir --device=cpu

// TARGET: error: unknown target 'tpu'; cpu, vulkan and portable are known
// NONE: error: @groups has no groups: sinter-group-kernels runs before

//--- groups.mlir
// The map that reads the product stands behind it although the softmax was written between; the softmax, which nobody
// waits for, runs after it. The optimizer's two updates are members of one kernel.
// CHECK-LABEL: func @groups
// CHECK-SAME: sinter.groups = ["product", "rows", "elements x 2"]
// CHECK: sinter.matmul {{.*}}sinter.group = 0
// CHECK-NEXT: sinter.map{{.*}}sinter.group = 0
// CHECK: sinter.softmax {{.*}}sinter.group = 1
// CHECK-COUNT-2: sinter.map{{.*}}sinter.group = 2
// KERNELS-LABEL: func @groups
// KERNELS-NOT: sinter.group
// KERNELS: call @matmul_6x4
// KERNELS-NEXT: call @softmax_3x5
// KERNELS-NEXT: call @maps_of_2
// KERNELS-DAG: func private @matmul_6x4{{.*}}sinter.kind = "product"
// KERNELS-DAG: func private @softmax_3x5{{.*}}sinter.kind = "rows"
// KERNELS-DAG: func private @maps_of_2{{.*}}sinter.kind = "elements"{{.*}}sinter.members = 2
func.func @groups(%x: tensor<6x8xf32>, %w: tensor<8x4xf32>, %b: tensor<4xf32>, %z: tensor<3x5xf32>, %p: tensor<32xf32>, %q: tensor<48xf32>, %r: tensor<f32>)
    -> (tensor<6x4xf32>, tensor<3x5xf32>, tensor<32xf32>, tensor<48xf32>) attributes {sinter.entry} {
  %m = sinter.matmul %x, %w : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
  %s = sinter.softmax %z : tensor<3x5xf32>
  %u = sinter.map (%p, %r) [affine_map<(i) -> (i)>, affine_map<(i) -> ()>] : (tensor<32xf32>, tensor<f32>) -> tensor<32xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %v = sinter.map (%q, %r) [affine_map<(i) -> (i)>, affine_map<(i) -> ()>] : (tensor<48xf32>, tensor<f32>) -> tensor<48xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    sinter.yield %2 : f32
  }
  %y = sinter.map (%m, %b) [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>] : (tensor<6x4xf32>, tensor<4xf32>) -> tensor<6x4xf32> {
  ^bb0(%0: f32, %1: f32):
    %2 = arith.addf %0, %1 : f32
    sinter.yield %2 : f32
  }
  return %y, %s, %u, %v : tensor<6x4xf32>, tensor<3x5xf32>, tensor<32xf32>, tensor<48xf32>
}

//--- sums.mlir
// The sums of the columns of what a product multiplies are in its kernel and say so, where a target's kernels can.
// CHECK-LABEL: func @sums
// CHECK-SAME: sinter.groups = ["product"]
// CHECK: sinter.reduce sum {{.*}}sinter.role = "sums of columns"
// APART-LABEL: func @sums
// APART-SAME: sinter.groups = ["product", "columns"]
// APART-NOT: sinter.role
func.func @sums(%a: tensor<128x192xf32>, %b: tensor<128x256xf32>) -> (tensor<192x256xf32>, tensor<256xf32>) attributes {sinter.entry} {
  %c = sinter.matmul %a, %b {transpose_lhs} : (tensor<128x192xf32>, tensor<128x256xf32>) -> tensor<192x256xf32>
  %s = sinter.reduce sum %b axes [0] : tensor<128x256xf32> -> tensor<256xf32>
  return %c, %s : tensor<192x256xf32>, tensor<256xf32>
}

//--- errors.mlir
// CHECK: error: sinter.softmax is in no group
func.func @no_group(%x: tensor<3x5xf32>) -> tensor<3x5xf32> attributes {sinter.entry, sinter.groups = ["rows"]} {
  %s = sinter.softmax %x : tensor<3x5xf32>
  return %s : tensor<3x5xf32>
}

// -----

// CHECK: error: sinter.softmax is in group 1, which has no kind
func.func @no_kind(%x: tensor<3x5xf32>) -> tensor<3x5xf32> attributes {sinter.entry, sinter.groups = ["rows"]} {
  %s = sinter.softmax %x {sinter.group = 1 : i64} : tensor<3x5xf32>
  return %s : tensor<3x5xf32>
}

// -----

// CHECK: error: sinter.softmax does not stand together with the others of group 0
func.func @torn(%x: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) attributes {sinter.entry, sinter.groups = ["rows", "rows"]} {
  %s = sinter.softmax %x {sinter.group = 0 : i64} : tensor<3x5xf32>
  %t = sinter.log_softmax %x {sinter.group = 1 : i64} : tensor<3x5xf32>
  %u = sinter.softmax %t {sinter.group = 0 : i64} : tensor<3x5xf32>
  return %s, %t, %u : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
}

// -----

// CHECK: error: a group of 1 ops has no 2 equal members
func.func @members(%x: tensor<3x5xf32>) -> tensor<3x5xf32> attributes {sinter.entry, sinter.groups = ["rows x 2"]} {
  %s = sinter.softmax %x {sinter.group = 0 : i64} : tensor<3x5xf32>
  return %s : tensor<3x5xf32>
}

// -----

// CHECK: error: attribute `sinter.groups` is a list of kinds (product, rows, columns, elements, attention, or the name of an op of the dialect), of several members as "elements x 12", not ["heap"]
func.func @unknown(%x: tensor<3x5xf32>) -> tensor<3x5xf32> attributes {sinter.entry, sinter.groups = ["heap"]} {
  return %x : tensor<3x5xf32>
}

// -----

// CHECK: error: {{.*}}attribute `sinter.group` is an i64 of at least 0, not -1
func.func @negative(%x: tensor<3x5xf32>) -> tensor<3x5xf32> attributes {sinter.entry} {
  %s = sinter.softmax %x {sinter.group = -1 : i64} : tensor<3x5xf32>
  return %s : tensor<3x5xf32>
}
