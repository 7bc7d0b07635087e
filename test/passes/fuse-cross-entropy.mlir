// A loss that is written out becomes sinter.cross_entropy. (More spellings, and numbers: test/dsl/spellings.cpp, written_out_numbers.cpp.)
// RUN: split-file %s %t
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-cross-entropy | FileCheck %t/forms.mlir
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-cross-entropy | sinter-opt | FileCheck %t/forms.mlir
// RUN: sinter-opt %t/refused.mlir --sinter-fuse-cross-entropy | FileCheck %t/refused.mlir
// RUN: sinter-opt %t/refused.mlir --sinter-fuse-cross-entropy --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/silent.mlir --sinter-fuse-cross-entropy --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-cross-entropy --debug-only=sinter-fuse-cross-entropy -o /dev/null 2>&1 | FileCheck %s --check-prefix=STEPS
// RUN: sinter-run %t/forms.mlir
// RUN: sinter-run %t/refused.mlir
// STEPS: [sinter-fuse-cross-entropy] {{.*}}forms.mlir:{{[0-9:]+}}: is a cross entropy of 8 classes

//--- forms.mlir
// CHECK-LABEL: func @one_hot
// CHECK-NEXT: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %arg1 : (tensor<4x8xf32>, tensor<4xi32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT: return %[[L]]
func.func @one_hot(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}) -> tensor<4xf32> {
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %f = arith.uitofp %h : tensor<4x8xi1> to tensor<4x8xf32>
  %p = arith.mulf %f, %l : tensor<4x8xf32>
  %s = sinter.reduce sum %p axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %n = arith.negf %s : tensor<4xf32>
  return %n : tensor<4xf32>
}
// CHECK-LABEL: func @where
// CHECK-NEXT: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %arg1 : (tensor<4x8xf32>, tensor<4xi32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT: return %[[L]]
func.func @where(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 10}) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %p = sinter.softmax %x : tensor<4x8xf32>
  %l = math.log %p : tensor<4x8xf32>
  %n = arith.negf %l : tensor<4x8xf32>
  %0 = sinter.iota axis 0 : tensor<8xi32>
  %i = sinter.broadcast %0 dims [1] : tensor<8xi32> -> tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %tb, %i : tensor<4x8xi32>
  %w = arith.select %h, %n, %z : tensor<4x8xi1>, tensor<4x8xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}
// CHECK-LABEL: func @gather
// CHECK-NEXT: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %arg1 : (tensor<4x8xf32>, tensor<4xi32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT: %[[N:.*]] = arith.negf %[[L]]
// CHECK-NEXT: return %[[N]]
func.func @gather(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}) -> tensor<4xf32> {
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %f = sinter.reshape %l : tensor<4x8xf32> -> tensor<32xf32>
  %i = sinter.iota axis 0 : tensor<4xi32>
  %c = arith.constant dense<8> : tensor<4xi32>
  %r = arith.muli %i, %c : tensor<4xi32>
  %a = arith.addi %r, %t : tensor<4xi32>
  %p = sinter.gather %f, %a : (tensor<32xf32>, tensor<4xi32>) -> tensor<4xf32>
  return %p : tensor<4xf32>
}
// One row needs no start of it.
// CHECK-LABEL: func @gather_of_one_row
// CHECK-NEXT: %[[X:.*]] = sinter.reshape %arg0
// CHECK-NEXT: %[[T:.*]] = sinter.reshape %arg1
// CHECK-NEXT: %[[L:.*]], %{{.*}} = sinter.cross_entropy %[[X]], %[[T]] : (tensor<1x8xf32>, tensor<1xi32>)
func.func @gather_of_one_row(%x: tensor<8xf32>, %t: tensor<i32> {sinter.limit = 8}) -> tensor<f32> {
  %l = sinter.log_softmax %x : tensor<8xf32>
  %p = sinter.gather %l, %t : (tensor<8xf32>, tensor<i32>) -> tensor<f32>
  %n = arith.negf %p : tensor<f32>
  return %n : tensor<f32>
}
// Both lookups of one logarithm become losses.
// CHECK-LABEL: func @two_lookups
// CHECK-NOT: sinter.log_softmax
// CHECK-COUNT-2: sinter.cross_entropy
// CHECK-NOT: sinter.log_softmax
func.func @two_lookups(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}, %u: tensor<4xi32> {sinter.limit = 8}) -> (tensor<4xf32>, tensor<4xf32>) {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %l, %z : tensor<4x8xi1>, tensor<4x8xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %ub = sinter.broadcast %u dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h2 = arith.cmpi ne, %i, %ub : tensor<4x8xi32>
  %w2 = arith.select %h2, %z, %l : tensor<4x8xi1>, tensor<4x8xf32>
  %s2 = sinter.reduce sum %w2 axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %s, %s2 : tensor<4xf32>, tensor<4xf32>
}
// The loss that a gradient is asked for is the loss.
// CHECK-LABEL: func @variable_loss
// CHECK-NEXT: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %arg1
// CHECK-NEXT: %[[N:.*]] = arith.negf %[[L]]
// CHECK-NEXT: %[[V:.*]] = sinter.variable %[[N]]
// CHECK-NEXT: %[[M:.*]] = arith.negf %[[V]]
func.func @variable_loss(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %l, %z : tensor<4x8xi1>, tensor<4x8xf32>
  %0 = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %s = sinter.variable %0 : tensor<4xf32>
  %n = arith.negf %s : tensor<4xf32>
  %m = sinter.reduce sum %n axes [0] : tensor<4xf32> -> tensor<f32>
  %g = sinter.grad %m wrt %s : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %g : tensor<4xf32>
}

// A class a column: the logits are transposed.
// CHECK-LABEL: func @first_dimension
// CHECK-NEXT: %[[X:.*]] = sinter.transpose %arg0 [1, 0]
// CHECK-NEXT: %[[L:.*]], %{{.*}} = sinter.cross_entropy %[[X]], %arg1 : (tensor<8x4xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
// CHECK-NEXT: %[[N:.*]] = arith.negf %[[L]]
// CHECK-NEXT: return %[[N]]
func.func @first_dimension(%x: tensor<4x8xf32>, %t: tensor<8xi32> {sinter.limit = 4}) -> tensor<8xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %m = sinter.reduce max %x axes [0] : tensor<4x8xf32> -> tensor<8xf32>
  %mb = sinter.broadcast %m dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %e = math.exp %d : tensor<4x8xf32>
  %a = sinter.reduce sum %e axes [0] : tensor<4x8xf32> -> tensor<8xf32>
  %k = math.log %a : tensor<8xf32>
  %kb = sinter.broadcast %k dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %l = arith.subf %d, %kb : tensor<4x8xf32>
  %i = sinter.iota axis 0 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [1] : tensor<8xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %l, %z : tensor<4x8xi1>, tensor<4x8xf32>
  %s = sinter.reduce sum %w axes [0] : tensor<4x8xf32> -> tensor<8xf32>
  return %s : tensor<8xf32>
}
// In the middle, as of pixels.
// CHECK-LABEL: func @middle_dimension
// CHECK-NEXT: %[[T:.*]] = sinter.transpose %arg0 [0, 2, 1]
// CHECK-NEXT: %[[X:.*]] = sinter.reshape %[[T]]
// CHECK-NEXT: %[[I:.*]] = sinter.reshape %arg1
// CHECK-NEXT: %[[L:.*]], %{{.*}} = sinter.cross_entropy %[[X]], %[[I]] : (tensor<10x4xf32>, tensor<10xi32>) -> (tensor<10xf32>, tensor<10xf32>)
// CHECK-NEXT: %[[R:.*]] = sinter.reshape %[[L]]
// CHECK-NEXT: return %[[R]]
func.func @middle_dimension(%x: tensor<2x4x5xf32>, %t: tensor<2x5xi32> {sinter.limit = 5}) -> tensor<2x5xf32> {
  %z = arith.constant dense<0.0> : tensor<2x4x5xf32>
  %e = math.exp %x : tensor<2x4x5xf32>
  %a = sinter.reduce sum %e axes [1] : tensor<2x4x5xf32> -> tensor<2x5xf32>
  %k = math.log %a : tensor<2x5xf32>
  %i = sinter.iota axis 1 : tensor<2x4x5xi32>
  %tb = sinter.broadcast %t dims [0, 2] : tensor<2x5xi32> -> tensor<2x4x5xi32>
  %kb = sinter.broadcast %k dims [0, 2] : tensor<2x5xf32> -> tensor<2x4x5xf32>
  %l = arith.subf %x, %kb : tensor<2x4x5xf32>
  %h = arith.cmpi eq, %i, %tb : tensor<2x4x5xi32>
  %w = arith.select %h, %l, %z : tensor<2x4x5xi1>, tensor<2x4x5xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<2x4x5xf32> -> tensor<2x5xf32>
  %m = arith.negf %s : tensor<2x5xf32>
  return %m : tensor<2x5xf32>
}
// The logarithm of what is looked up: of 0 where there is no such class, which is not the loss of one that is ignored.
// CHECK-LABEL: func @log_of_lookup
// CHECK-NEXT: %[[L:.*]], %{{.*}} = sinter.cross_entropy %arg0, %arg1 : (tensor<4x8xf32>, tensor<4xi32>) -> (tensor<4xf32>, tensor<4xf32>)
// CHECK-NEXT: %[[V:.*]] = arith.constant dense<8> : tensor<4xi32>
// CHECK-NEXT: %[[C:.*]] = arith.cmpi ult, %arg1, %[[V]]
// CHECK-NEXT: %[[INF:.*]] = arith.constant dense<0x7F800000> : tensor<4xf32>
// CHECK-NEXT: %[[Y:.*]] = arith.select %[[C]], %[[L]], %[[INF]]
// CHECK-NEXT: return %[[Y]]
func.func @log_of_lookup(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 12}) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %p = sinter.softmax %x : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %p, %z : tensor<4x8xi1>, tensor<4x8xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %l = math.log %s : tensor<4xf32>
  %n = arith.negf %l : tensor<4xf32>
  return %n : tensor<4xf32>
}
// Of a softmax that is written out, too, and its gradient: what is looked up may be as good as 0.
// CHECK-LABEL: func @log_of_gather
// CHECK: sinter.cross_entropy %arg0, %arg1
// CHECK-NOT: math.exp
func.func @log_of_gather(%x: tensor<4x8xf32> {sinter.range = [-90.0, 90.0]}, %t: tensor<4xi32> {sinter.limit = 8}) -> tensor<4x8xf32> {
  %m = sinter.reduce max %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %mb = sinter.broadcast %m dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %e = math.exp %d : tensor<4x8xf32>
  %a = sinter.reduce sum %e axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %ab = sinter.broadcast %a dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %e, %ab : tensor<4x8xf32>
  %f = sinter.reshape %y : tensor<4x8xf32> -> tensor<32xf32>
  %i = sinter.iota axis 0 : tensor<4xi32>
  %c = arith.constant dense<8> : tensor<4xi32>
  %r = arith.muli %i, %c : tensor<4xi32>
  %j = arith.addi %r, %t : tensor<4xi32>
  %p = sinter.gather %f, %j : (tensor<32xf32>, tensor<4xi32>) -> tensor<4xf32>
  %l = math.log %p : tensor<4xf32>
  %s = sinter.reduce sum %l axes [0] : tensor<4xf32> -> tensor<f32>
  %g = sinter.grad %s wrt %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}

//--- refused.mlir
// CHECK-NOT: sinter.cross_entropy

func.func @logarithm_leaves(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}) -> (tensor<4xf32>, tensor<4x8xf32>) {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %l, %z : tensor<4x8xi1>, tensor<4x8xf32>
  // expected-remark@+1 {{something else reads the logarithm of the softmax, or what it is made of}}
  %s = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %s, %l : tensor<4xf32>, tensor<4x8xf32>
}
func.func @variable_logarithm(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}) -> tensor<4x8xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %0 = sinter.log_softmax %x : tensor<4x8xf32>
  %l = sinter.variable %0 : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %l, %z : tensor<4x8xi1>, tensor<4x8xf32>
  // expected-remark@+1 {{a gradient is asked for with respect to a value in the middle of it}}
  %s = sinter.reduce sum %w axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %s wrt %l : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}
// Targets that are spread over classes; a comparison with something else than the class; what is not chosen counts.
func.func @soft_targets(%x: tensor<4x8xf32>, %p: tensor<4x8xf32>) -> tensor<4xf32> {
  // expected-remark@+1 {{what is summed of it, or looked up, is not one class of each row}}
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %w = arith.mulf %l, %p : tensor<4x8xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}
func.func @up_to_the_target(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  // expected-remark@+1 {{what is summed of it, or looked up, is not one class of each row}}
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi sle, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %l, %z : tensor<4x8xi1>, tensor<4x8xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}
func.func @elsewhere_one(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}) -> tensor<4xf32> {
  %z = arith.constant dense<1.0> : tensor<4x8xf32>
  // expected-remark@+1 {{what is summed of it, or looked up, is not one class of each row}}
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %l, %z : tensor<4x8xi1>, tensor<4x8xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}
// The class of the neighbour, in a square.
func.func @across(%x: tensor<8x8xf32>, %t: tensor<8xi32> {sinter.limit = 8}) -> tensor<8xf32> {
  %z = arith.constant dense<0.0> : tensor<8x8xf32>
  // expected-remark@+1 {{what is summed of it, or looked up, is not one class of each row}}
  %l = sinter.log_softmax %x : tensor<8x8xf32>
  %i = sinter.iota axis 1 : tensor<8x8xi32>
  %tb = sinter.broadcast %t dims [1] : tensor<8xi32> -> tensor<8x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<8x8xi32>
  %w = arith.select %h, %l, %z : tensor<8x8xi1>, tensor<8x8xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<8x8xf32> -> tensor<8xf32>
  return %s : tensor<8xf32>
}
func.func @wrong_stride(%x: tensor<4x8xf32>, %t: tensor<4xi32> {sinter.limit = 8}) -> tensor<4xf32> {
  // expected-remark@+1 {{what is summed of it, or looked up, is not one class of each row}}
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %f = sinter.reshape %l : tensor<4x8xf32> -> tensor<32xf32>
  %i = sinter.iota axis 0 : tensor<4xi32>
  %c = arith.constant dense<7> : tensor<4xi32>
  %r = arith.muli %i, %c : tensor<4xi32>
  %a = arith.addi %r, %t : tensor<4xi32>
  %p = sinter.gather %f, %a : (tensor<32xf32>, tensor<4xi32>) -> tensor<4xf32>
  return %p : tensor<4xf32>
}

//--- silent.mlir
// Lookups of other things, and logarithms that are only given back.
func.func @others(%x: tensor<4x8xf32>, %t: tensor<4xi32>, %e: tensor<8x5xf32>) -> (tensor<4xf32>, tensor<4x8xf32>, tensor<4x5xf32>) {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %i = sinter.iota axis 1 : tensor<4x8xi32>
  %tb = sinter.broadcast %t dims [0] : tensor<4xi32> -> tensor<4x8xi32>
  %h = arith.cmpi eq, %i, %tb : tensor<4x8xi32>
  %w = arith.select %h, %x, %z : tensor<4x8xi1>, tensor<4x8xf32>
  %s = sinter.reduce sum %w axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %l = sinter.log_softmax %x : tensor<4x8xf32>
  %g = sinter.gather %e, %t : (tensor<8x5xf32>, tensor<4xi32>) -> tensor<4x5xf32>
  return %s, %l, %g : tensor<4xf32>, tensor<4x8xf32>, tensor<4x5xf32>
}
