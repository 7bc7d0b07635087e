// What is scattered is added to another table in that one's memory: the table's rows are written once, with the sum that
// the scatter has by itself.
// RUN: sinter-opt %s --sinter-to-plan | FileCheck %s
// RUN: sinter-opt %s --sinter-to-plan=target=portable | FileCheck %s --check-prefix=APART
// RUN: sinter-run %s
// RUN: sinter-run --device cpu --threads 2 --print %s > %t.one
// RUN: sinter-run --device cpu --threads 2 --print --portable-kernels %s > %t.two
// RUN: cmp %t.one %t.two

// CHECK-LABEL: plan.entry @tied
// CHECK: plan.launch @scatter_add_40x32({{.*}}) in_place [2]
// CHECK-LABEL: plan.entry @narrow
// CHECK: plan.launch @scatter_add_33x1({{.*}}) in_place [{{[0-2]}}]
// Nobody else may need the table of sums, and what is subtracted is not added.
// CHECK-LABEL: plan.entry @read
// CHECK: plan.launch @scatter_add_40x32{{(\.[0-9])?}}(%{{[0-9]+}}, %{{[0-9]+}}) ->
// CHECK-LABEL: plan.entry @subtracted
// CHECK: plan.launch @scatter_add_40x32{{(\.[0-9])?}}(%{{[0-9]+}}, %{{[0-9]+}}) ->
// APART-NOT: plan.launch @scatter_add_40x32{{(\.[0-9])?}}(%{{[0-9]+}}, %{{[0-9]+}}, %{{[0-9]+}})
func.func @tied(%i: tensor<70xi32> {sinter.limit = 40}, %u: tensor<70x32xf32>, %c: tensor<40x32xf32>) -> tensor<40x32xf32> attributes {sinter.entry} {
  %t = sinter.softmax %c : tensor<40x32xf32>
  %s = sinter.scatter_add %i, %u : (tensor<70xi32>, tensor<70x32xf32>) -> tensor<40x32xf32>
  %y = arith.addf %t, %s : tensor<40x32xf32>
  return %y : tensor<40x32xf32>
}
func.func @narrow(%i: tensor<300xi32> {sinter.limit = 33}, %u: tensor<300x1xf32>, %a: tensor<33x4xf32>, %b: tensor<4x1xf32>) -> tensor<33x1xf32> attributes {sinter.entry} {
  %t = sinter.matmul %a, %b : (tensor<33x4xf32>, tensor<4x1xf32>) -> tensor<33x1xf32>
  %s = sinter.scatter_add %i, %u : (tensor<300xi32>, tensor<300x1xf32>) -> tensor<33x1xf32>
  %y = arith.addf %s, %t : tensor<33x1xf32>
  return %y : tensor<33x1xf32>
}
func.func @read(%i: tensor<70xi32> {sinter.limit = 40}, %u: tensor<70x32xf32>, %c: tensor<40x32xf32>) -> (tensor<40x32xf32>, tensor<40x32xf32>) attributes {sinter.entry} {
  %t = sinter.softmax %c : tensor<40x32xf32>
  %s = sinter.scatter_add %i, %u : (tensor<70xi32>, tensor<70x32xf32>) -> tensor<40x32xf32>
  %y = arith.addf %t, %s : tensor<40x32xf32>
  return %y, %s : tensor<40x32xf32>, tensor<40x32xf32>
}
func.func @subtracted(%i: tensor<70xi32> {sinter.limit = 40}, %u: tensor<70x32xf32>, %c: tensor<40x32xf32>) -> tensor<40x32xf32> attributes {sinter.entry} {
  %t = sinter.softmax %c : tensor<40x32xf32>
  %s = sinter.scatter_add %i, %u : (tensor<70xi32>, tensor<70x32xf32>) -> tensor<40x32xf32>
  %y = arith.subf %t, %s : tensor<40x32xf32>
  return %y : tensor<40x32xf32>
}
