// A softmax or its logarithm that is written out becomes the op. (More spellings, and numbers: test/dsl/spellings.cpp, written_out_numbers.cpp.)
// RUN: split-file %s %t
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-softmax | FileCheck %t/forms.mlir
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-softmax | sinter-opt | FileCheck %t/forms.mlir
// RUN: sinter-opt %t/refused.mlir --sinter-fuse-softmax | FileCheck %t/refused.mlir
// RUN: sinter-opt %t/refused.mlir --sinter-fuse-softmax --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/outer.mlir --sinter-fuse-softmax | FileCheck %t/outer.mlir
// RUN: sinter-opt %t/outer.mlir --sinter-fuse-softmax --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/silent.mlir --sinter-fuse-softmax --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-softmax --debug-only=sinter-fuse-softmax -o /dev/null 2>&1 | FileCheck %s --check-prefix=STEPS
// RUN: sinter-run %t/forms.mlir
// RUN: sinter-run %t/refused.mlir
// STEPS: [sinter-fuse-softmax] {{.*}}forms.mlir:{{[0-9:]+}}: is a softmax

//--- forms.mlir
// CHECK-LABEL: func @plain
// CHECK-NEXT: %[[Y:.*]] = sinter.softmax %arg0 : tensor<4x8xf32>
// CHECK-NEXT: return %[[Y]]
func.func @plain(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = sinter.reduce max %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %mb = sinter.broadcast %m dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %e = math.exp %d : tensor<4x8xf32>
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %e, %sb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: func @logarithm
// CHECK-NEXT: %[[Y:.*]] = sinter.log_softmax %arg0 : tensor<4x8xf32>
// CHECK-NEXT: return %[[Y]]
func.func @logarithm(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = sinter.reduce max %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %mb = sinter.broadcast %m dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %e = math.exp %d : tensor<4x8xf32>
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %l = math.log %s : tensor<4xf32>
  %lb = sinter.broadcast %l dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.subf %d, %lb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Dimensions of size 1 do not matter, reshapes neither; the first dimension takes two transposes.
// CHECK-LABEL: func @first_dimension
// CHECK-NEXT: %[[T:.*]] = sinter.transpose %arg0 [2, 1, 0]
// CHECK-NEXT: %[[S:.*]] = sinter.softmax %[[T]] : tensor<8x1x4xf32>
// CHECK-NEXT: %[[Y:.*]] = sinter.transpose %[[S]] [2, 1, 0]
// CHECK-NEXT: return %[[Y]]
func.func @first_dimension(%x: tensor<4x1x8xf32>) -> tensor<4x1x8xf32> {
  %e = math.exp %x : tensor<4x1x8xf32>
  %s = sinter.reduce sum %e axes [0, 1] : tensor<4x1x8xf32> -> tensor<8xf32>
  %sb = sinter.broadcast %s dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %r = sinter.reshape %sb : tensor<4x8xf32> -> tensor<4x1x8xf32>
  %y = arith.divf %e, %r : tensor<4x1x8xf32>
  return %y : tensor<4x1x8xf32>
}

// Several dimensions are one.
// CHECK-LABEL: func @several_dimensions
// CHECK-NEXT: %[[X:.*]] = sinter.reshape %arg0 : tensor<2x3x4xf32> -> tensor<2x12xf32>
// CHECK-NEXT: %[[S:.*]] = sinter.softmax %[[X]] : tensor<2x12xf32>
// CHECK-NEXT: %[[Y:.*]] = sinter.reshape %[[S]]
// CHECK-NEXT: return %[[Y]]
func.func @several_dimensions(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %e = math.exp %x : tensor<2x3x4xf32>
  %s = sinter.reduce sum %e axes [1, 2] : tensor<2x3x4xf32> -> tensor<2xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<2xf32> -> tensor<2x3x4xf32>
  %y = arith.divf %e, %sb : tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
// CHECK-LABEL: func @first_dimensions
// CHECK-NEXT: %[[X:.*]] = sinter.reshape %arg0 : tensor<2x3x4xf32> -> tensor<1x6x4xf32>
// CHECK-NEXT: %[[T:.*]] = sinter.transpose %[[X]] [0, 2, 1]
// CHECK-NEXT: %[[S:.*]] = sinter.log_softmax %[[T]] : tensor<1x4x6xf32>
// CHECK-NEXT: %[[U:.*]] = sinter.transpose %[[S]] [0, 2, 1]
// CHECK-NEXT: %[[Y:.*]] = sinter.reshape %[[U]]
// CHECK-NEXT: return %[[Y]]
func.func @first_dimensions(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %m = sinter.reduce max %x axes [0, 1] : tensor<2x3x4xf32> -> tensor<4xf32>
  %mb = sinter.broadcast %m dims [2] : tensor<4xf32> -> tensor<2x3x4xf32>
  %d = arith.subf %x, %mb : tensor<2x3x4xf32>
  %e = math.exp %d : tensor<2x3x4xf32>
  %s = sinter.reduce sum %e axes [0, 1] : tensor<2x3x4xf32> -> tensor<4xf32>
  %l = math.log %s : tensor<4xf32>
  %lb = sinter.broadcast %l dims [2] : tensor<4xf32> -> tensor<2x3x4xf32>
  %y = arith.subf %d, %lb : tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// The softmax is of what a gradient is asked for, and its readers read one.
// CHECK-LABEL: func @variables_around
// CHECK-NEXT: %[[X:.*]] = sinter.variable %arg0
// CHECK-NEXT: %[[S:.*]] = sinter.softmax %[[X]] : tensor<4x8xf32>
// CHECK-NEXT: %[[Y:.*]] = sinter.variable %[[S]]
// CHECK-NEXT: sinter.reduce sum %[[Y]]
func.func @variables_around(%0: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %x = sinter.variable %0 : tensor<4x8xf32>
  %e = math.exp %x : tensor<4x8xf32>
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %q = arith.divf %e, %sb : tensor<4x8xf32>
  %y = sinter.variable %q : tensor<4x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g:2 = sinter.grad %l wrt %x, %y : (tensor<f32>, tensor<4x8xf32>, tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
  return %g#0, %g#1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// CHECK-LABEL: func @one_of_another
// CHECK-NEXT: %[[L:.*]] = sinter.log_softmax %arg0
// CHECK-NEXT: %[[S:.*]] = sinter.softmax %arg1
// CHECK-NEXT: return %[[L]], %[[S]]
func.func @one_of_another(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %p = sinter.softmax %x : tensor<4x8xf32>
  %l = math.log %p : tensor<4x8xf32>
  %k = sinter.log_softmax %z : tensor<4x8xf32>
  %e = math.exp %k : tensor<4x8xf32>
  return %l, %e : tensor<4x8xf32>, tensor<4x8xf32>
}

//--- refused.mlir
// CHECK-NOT: sinter.softmax
// CHECK-NOT: sinter.log_softmax

// What else reads the parts would have to be computed as well.
func.func @exponentials_leave(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %e = math.exp %x : tensor<4x8xf32>
  // expected-remark@+1 {{something else reads its exponentials, their sum or its logarithm}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %e, %sb : tensor<4x8xf32>
  return %y, %e : tensor<4x8xf32>, tensor<4x8xf32>
}
func.func @sum_leaves(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %e = math.exp %x : tensor<4x8xf32>
  // expected-remark@+1 {{something else reads its exponentials, their sum or its logarithm}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %e, %sb : tensor<4x8xf32>
  return %y, %s : tensor<4x8xf32>, tensor<4xf32>
}
func.func @logarithm_leaves(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %e = math.exp %x : tensor<4x8xf32>
  // expected-remark@+1 {{something else reads its exponentials, their sum or its logarithm}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %l = math.log %s : tensor<4xf32>
  %lb = sinter.broadcast %l dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.subf %x, %lb : tensor<4x8xf32>
  return %y, %l : tensor<4x8xf32>, tensor<4xf32>
}

// A value in the middle that a gradient is asked for keeps its readers.
func.func @variable_exponentials(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = math.exp %x : tensor<4x8xf32>
  %e = sinter.variable %0 : tensor<4x8xf32>
  // expected-remark@+1 {{a gradient is asked for with respect to a value in the middle of it}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %e, %sb : tensor<4x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %e : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y, %g : tensor<4x8xf32>, tensor<4x8xf32>
}
func.func @variable_sum(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %e = math.exp %x : tensor<4x8xf32>
  // expected-remark@+1 {{a gradient is asked for with respect to a value in the middle of it}}
  %0 = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %s = sinter.variable %0 : tensor<4xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %e, %sb : tensor<4x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %s : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %y, %g : tensor<4x8xf32>, tensor<4xf32>
}
func.func @variable_logarithm(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %e = math.exp %x : tensor<4x8xf32>
  // expected-remark@+1 {{a gradient is asked for with respect to a value in the middle of it}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %0 = math.log %s : tensor<4xf32>
  %v = sinter.variable %0 : tensor<4xf32>
  %lb = sinter.broadcast %v dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.subf %x, %lb : tensor<4x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %v : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %y, %g : tensor<4x8xf32>, tensor<4xf32>
}

// Something near it is something else.
func.func @other_numerator(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = math.exp %x : tensor<4x8xf32>
  %f = math.exp %z : tensor<4x8xf32>
  // expected-remark@+1 {{what is divided by the sum is not what was summed}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %f, %sb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @across(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %e = math.exp %x : tensor<8x8xf32>
  // expected-remark@+1 {{what is divided by the sum lies along other dimensions than the sum's terms}}
  %s = sinter.reduce sum %e axes [1] : tensor<8x8xf32> -> tensor<8xf32>
  %sb = sinter.broadcast %s dims [1] : tensor<8xf32> -> tensor<8x8xf32>
  %y = arith.divf %e, %sb : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
func.func @not_neighbours(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %e = math.exp %x : tensor<2x3x4xf32>
  // expected-remark@+1 {{between the dimensions that it sums is one that it does not}}
  %s = sinter.reduce sum %e axes [0, 2] : tensor<2x3x4xf32> -> tensor<3xf32>
  %sb = sinter.broadcast %s dims [1] : tensor<3xf32> -> tensor<2x3x4xf32>
  %y = arith.divf %e, %sb : tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
func.func @something_added(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %c = arith.constant dense<1.0e-3> : tensor<4xf32>
  %e = math.exp %x : tensor<4x8xf32>
  // expected-remark@+1 {{neither are its terms divided by the sum, nor is the sum's logarithm subtracted from what they are exponentials of}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sc = arith.addf %s, %c : tensor<4xf32>
  %sb = sinter.broadcast %sc dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %e, %sb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// The maximum is subtracted once only, or of another tensor's rows.
func.func @forgotten_maximum(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = sinter.reduce max %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %mb = sinter.broadcast %m dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %e = math.exp %d : tensor<4x8xf32>
  // expected-remark@+1 {{neither are its terms divided by the sum, nor is the sum's logarithm subtracted from what they are exponentials of}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %l = math.log %s : tensor<4xf32>
  %lb = sinter.broadcast %l dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.subf %x, %lb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @added_logarithm(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = math.exp %x : tensor<4x8xf32>
  // expected-remark@+1 {{neither are its terms divided by the sum, nor is the sum's logarithm subtracted from what they are exponentials of}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %l = math.log %s : tensor<4xf32>
  %lb = sinter.broadcast %l dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.addf %x, %lb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @divisor_over_what_it_divides(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = math.exp %x : tensor<4x8xf32>
  // expected-remark@+1 {{neither are its terms divided by the sum, nor is the sum's logarithm subtracted from what they are exponentials of}}
  %s = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sb = sinter.broadcast %s dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %sb, %e : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

//--- outer.mlir
// Of a softmax that something else reads, the logarithm is cheap.
// CHECK-LABEL: func @softmax_leaves
// CHECK: sinter.softmax
// CHECK-NOT: sinter.log_softmax
func.func @softmax_leaves(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %p = sinter.softmax %x : tensor<4x8xf32>
  // expected-remark@+1 {{something else reads the softmax}}
  %l = math.log %p : tensor<4x8xf32>
  return %p, %l : tensor<4x8xf32>, tensor<4x8xf32>
}
// CHECK-LABEL: func @logarithm_leaves
// CHECK: sinter.log_softmax
// CHECK-NOT: sinter.softmax
func.func @logarithm_leaves(%x: tensor<2x3x4xf32>) -> (tensor<2x4x3xf32>, tensor<2x4x3xf32>) {
  %k = sinter.log_softmax %x : tensor<2x3x4xf32>
  %t = sinter.transpose %k [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
  // expected-remark@+1 {{something else reads the logarithm}}
  %e = math.exp %t : tensor<2x4x3xf32>
  return %t, %e : tensor<2x4x3xf32>, tensor<2x4x3xf32>
}

//--- silent.mlir
// Sums of other things, and exponentials that nobody sums, are no near miss.
func.func @others(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) {
  %e = math.exp %x : tensor<4x8xf32>
  %t = math.tanh %x : tensor<4x8xf32>
  %s = sinter.reduce sum %t axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %l = math.log %s : tensor<4xf32>
  %m = sinter.reduce max %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %e, %l, %m : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
}
