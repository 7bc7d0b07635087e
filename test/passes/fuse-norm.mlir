// A layer norm or RMS norm that is written out becomes sinter.normalize. (More spellings, and numbers: test/dsl/spellings.cpp, written_out_numbers.cpp.)
// RUN: split-file %s %t
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-norm | FileCheck %t/forms.mlir
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-norm | sinter-opt | FileCheck %t/forms.mlir
// RUN: sinter-opt %t/refused.mlir --sinter-fuse-norm | FileCheck %t/refused.mlir
// RUN: sinter-opt %t/refused.mlir --sinter-fuse-norm --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/silent.mlir --sinter-fuse-norm --remarks-filter-missed=fusion --remark-format=emitRemark --verify-diagnostics -o /dev/null
// RUN: sinter-opt %t/forms.mlir --sinter-fuse-norm --debug-only=sinter-fuse-norm -o /dev/null 2>&1 | FileCheck %s --check-prefix=STEPS
// RUN: sinter-run %t/forms.mlir
// RUN: sinter-run %t/refused.mlir
// STEPS: [sinter-fuse-norm] {{.*}}forms.mlir:{{[0-9:]+}}: is a layer norm

//--- forms.mlir
// CHECK-LABEL: func @layer_norm
// CHECK-NEXT: %[[N:.*]], %{{.*}} = sinter.normalize %arg0 {center, epsilon = 1.000000e-05 : f64} : tensor<4x8xf32>
// CHECK-NEXT: return %[[N]]
func.func @layer_norm(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %t = sinter.reduce sum %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %m = arith.divf %t, %n : tensor<4xf32>
  %mb = sinter.broadcast %m dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %mb : tensor<4x8xf32>
  %q = arith.mulf %d, %d : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %d, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// CHECK-LABEL: func @rms_norm
// CHECK-NEXT: %[[N:.*]], %{{.*}} = sinter.normalize %arg0 {epsilon = 1.000000e-05 : f64} : tensor<4x8xf32>
// CHECK-NEXT: %[[B:.*]] = sinter.broadcast %arg1 dims [1]
// CHECK-NEXT: %[[Y:.*]] = arith.mulf %[[N]], %[[B]]
// CHECK-NEXT: return %[[Y]]
func.func @rms_norm(%x: tensor<4x8xf32>, %w: tensor<8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<0.125> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.mulf %n, %s : tensor<4xf32>
  %e = arith.addf %c, %v : tensor<4xf32>
  %r = math.sqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %k = arith.divf %x, %rb : tensor<4x8xf32>
  %wb = sinter.broadcast %w dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %y = arith.mulf %wb, %k : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// The difference, when a gradient is asked for it, is a tensor like any other, whose mean happens to be zero.
// CHECK-LABEL: func @variable_difference
// CHECK: %[[D:.*]] = sinter.variable
// CHECK-NEXT: sinter.normalize %[[D]] {epsilon = 1.000000e-05 : f64}
func.func @variable_difference(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %t = sinter.reduce sum %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %m = arith.divf %t, %n : tensor<4xf32>
  %mb = sinter.broadcast %m dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %0 = arith.subf %x, %mb : tensor<4x8xf32>
  %d = sinter.variable %0 : tensor<4x8xf32>
  %q = arith.mulf %d, %d : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %d, %rb : tensor<4x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %d : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y, %g : tensor<4x8xf32>, tensor<4x8xf32>
}
// A norm of a norm: both.
// CHECK-LABEL: func @twice
// CHECK-NEXT: %[[A:.*]], %{{.*}} = sinter.normalize %arg0 {epsilon = 1.000000e-05 : f64}
// CHECK-NEXT: %[[B:.*]], %{{.*}} = sinter.normalize %[[A]] {epsilon = 1.000000e-05 : f64}
// CHECK-NEXT: return %[[B]]
func.func @twice(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  %q2 = arith.mulf %y, %y : tensor<4x8xf32>
  %s2 = sinter.reduce sum %q2 axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v2 = arith.divf %s2, %n : tensor<4xf32>
  %e2 = arith.addf %v2, %c : tensor<4xf32>
  %r2 = math.rsqrt %e2 : tensor<4xf32>
  %rb2 = sinter.broadcast %r2 dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %z = arith.mulf %rb2, %y : tensor<4x8xf32>
  return %z : tensor<4x8xf32>
}

// All of a tensor.
// CHECK-LABEL: func @both_dimensions
// CHECK-NEXT: %[[X:.*]] = sinter.reshape %arg0 : tensor<4x8xf32> -> tensor<1x32xf32>
// CHECK-NEXT: %[[N:.*]], %{{.*}} = sinter.normalize %[[X]] {epsilon = 1.000000e-05 : f64} : tensor<1x32xf32>
// CHECK-NEXT: %[[Y:.*]] = sinter.reshape %[[N]]
// CHECK-NEXT: return %[[Y]]
func.func @both_dimensions(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<32.0> : tensor<f32>
  %c = arith.constant dense<1.0e-5> : tensor<f32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %v = arith.divf %s, %n : tensor<f32>
  %e = arith.addf %v, %c : tensor<f32>
  %r = math.rsqrt %e : tensor<f32>
  %rb = sinter.broadcast %r dims [] : tensor<f32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// Channels and pixels of an image, with a number for each image, and a root that is a power.
// CHECK-LABEL: func @last_dimensions
// CHECK-NEXT: %[[X:.*]] = sinter.reshape %arg0 : tensor<2x3x4xf32> -> tensor<2x12xf32>
// CHECK-NEXT: %[[N:.*]], %{{.*}} = sinter.normalize %[[X]] {center, epsilon = 1.000000e-05 : f64} : tensor<2x12xf32>
// CHECK-NEXT: %[[R:.*]] = sinter.reshape %[[N]]
// CHECK-NEXT: %[[B:.*]] = sinter.broadcast %arg1 dims [0] : tensor<2xf32> -> tensor<2x12xf32>
// CHECK-NEXT: %[[W:.*]] = sinter.reshape %[[B]]
// CHECK-NEXT: %[[Y:.*]] = arith.mulf %[[R]], %[[W]]
// CHECK-NEXT: return %[[Y]]
func.func @last_dimensions(%x: tensor<2x3x4xf32>, %w: tensor<2xf32>) -> tensor<2x3x4xf32> {
  %n = arith.constant dense<12.0> : tensor<2xf32>
  %c = arith.constant dense<1.0e-5> : tensor<2xf32>
  %half = arith.constant dense<0.5> : tensor<2xf32>
  %t = sinter.reduce sum %x axes [1, 2] : tensor<2x3x4xf32> -> tensor<2xf32>
  %m = arith.divf %t, %n : tensor<2xf32>
  %mb = sinter.broadcast %m dims [0] : tensor<2xf32> -> tensor<2x3x4xf32>
  %d = arith.subf %x, %mb : tensor<2x3x4xf32>
  %q = arith.mulf %d, %d : tensor<2x3x4xf32>
  %s = sinter.reduce sum %q axes [1, 2] : tensor<2x3x4xf32> -> tensor<2xf32>
  %v = arith.divf %s, %n : tensor<2xf32>
  %e = arith.addf %v, %c : tensor<2xf32>
  %p = math.powf %e, %half : tensor<2xf32>
  %r = arith.divf %w, %p : tensor<2xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<2xf32> -> tensor<2x3x4xf32>
  %y = arith.mulf %d, %rb : tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
// One over the root as a power.
// CHECK-LABEL: func @inverse_of_power
// CHECK-NEXT: %[[N:.*]], %{{.*}} = sinter.normalize %arg0 {epsilon = 1.000000e-05 : f64} : tensor<4x8xf32>
// CHECK-NEXT: return %[[N]]
func.func @inverse_of_power(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %half = arith.constant dense<0.5> : tensor<4xf32>
  %one = arith.constant dense<1.0> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  %p = math.powf %e, %half : tensor<4xf32>
  %r = arith.divf %one, %p : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

//--- refused.mlir
// CHECK-NOT: sinter.normalize
func.func @unbiased_variance(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<7.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  // expected-remark@+1 {{what is below the root is no mean of the 8 squares of a row}}
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @sum_of_squares(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %e = arith.addf %s, %c : tensor<4xf32>
  // expected-remark@+1 {{what is below the root is no mean of the 8 squares of a row}}
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @no_epsilon(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  // expected-remark@+1 {{no positive number is added to the mean of squares before its root is taken}}
  %r = math.rsqrt %v : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @epsilon_of_zero(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<0.0> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  // expected-remark@+1 {{no positive number is added to the mean of squares before its root is taken}}
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @epsilon_behind_the_root(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  // expected-remark@+1 {{no positive number is added}}
  %r = math.sqrt %v : tensor<4xf32>
  %f = arith.addf %r, %c : tensor<4xf32>
  %rb = sinter.broadcast %f dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.divf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// x - z of x * x: another tensor than what was squared.
func.func @other_numerator(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  // expected-remark@+1 {{what the root divides is not what was squared}}
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = arith.subf %x, %z : tensor<4x8xf32>
  %y = arith.mulf %d, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @multiplied_by_the_root(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  // expected-remark@+1 {{what the root divides is not what was squared}}
  %r = math.sqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @multiplied_by_the_power(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %half = arith.constant dense<0.5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  // expected-remark@+1 {{what the root divides is not what was squared}}
  %r = math.powf %e, %half : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
func.func @root_leaves(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  // expected-remark@+1 {{something else reads the mean of squares or its root}}
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y, %r : tensor<4x8xf32>, tensor<4xf32>
}
func.func @variance_leaves(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  // expected-remark@+1 {{something else reads the mean of squares or its root}}
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y, %v : tensor<4x8xf32>, tensor<4xf32>
}
// A value in the middle that a gradient is asked for keeps its readers.
func.func @variable_root(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %v = arith.divf %s, %n : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  // expected-remark@+1 {{a gradient is asked for with respect to a value in the middle of it}}
  %r = math.rsqrt %e : tensor<4xf32>
  %w = sinter.variable %r : tensor<4xf32>
  %rb = sinter.broadcast %w dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %w : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %y, %g : tensor<4x8xf32>, tensor<4xf32>
}
func.func @variable_variance(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %n = arith.constant dense<8.0> : tensor<4xf32>
  %c = arith.constant dense<1.0e-5> : tensor<4xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %0 = arith.divf %s, %n : tensor<4xf32>
  %v = sinter.variable %0 : tensor<4xf32>
  %e = arith.addf %v, %c : tensor<4xf32>
  // expected-remark@+1 {{a gradient is asked for with respect to a value in the middle of it}}
  %r = math.rsqrt %e : tensor<4xf32>
  %rb = sinter.broadcast %r dims [0] : tensor<4xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  %l = sinter.reduce sum %y axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %g = sinter.grad %l wrt %v : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %y, %g : tensor<4x8xf32>, tensor<4xf32>
}
// Batch norm: along the first dimension.
func.func @first_dimension(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %n = arith.constant dense<4.0> : tensor<8xf32>
  %c = arith.constant dense<1.0e-5> : tensor<8xf32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [0] : tensor<4x8xf32> -> tensor<8xf32>
  %v = arith.divf %s, %n : tensor<8xf32>
  %e = arith.addf %v, %c : tensor<8xf32>
  // expected-remark@+1 {{it does not work along the last dimension}}
  %r = math.rsqrt %e : tensor<8xf32>
  %rb = sinter.broadcast %r dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %rb : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}
// Repeated along the other dimension of a square.
func.func @across(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %n = arith.constant dense<8.0> : tensor<8xf32>
  %c = arith.constant dense<1.0e-5> : tensor<8xf32>
  %q = arith.mulf %x, %x : tensor<8x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<8x8xf32> -> tensor<8xf32>
  %v = arith.divf %s, %n : tensor<8xf32>
  %e = arith.addf %v, %c : tensor<8xf32>
  // expected-remark@+1 {{what the root divides is not what was squared}}
  %r = math.rsqrt %e : tensor<8xf32>
  %rb = sinter.broadcast %r dims [1] : tensor<8xf32> -> tensor<8x8xf32>
  %y = arith.mulf %x, %rb : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

//--- silent.mlir
// The length of a vector by which nothing is divided, the norm of a gradient that limits a step, and a root of something else.
func.func @others(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %one = arith.constant dense<1.0> : tensor<f32>
  %q = arith.mulf %x, %x : tensor<4x8xf32>
  %s = sinter.reduce sum %q axes [1] : tensor<4x8xf32> -> tensor<4xf32>
  %r = math.sqrt %s : tensor<4xf32>
  %t = sinter.reduce sum %q axes [0, 1] : tensor<4x8xf32> -> tensor<f32>
  %n = math.sqrt %t : tensor<f32>
  %f = arith.divf %one, %n : tensor<f32>
  %g = arith.minimumf %f, %one : tensor<f32>
  %gb = sinter.broadcast %g dims [] : tensor<f32> -> tensor<4x8xf32>
  %y = arith.mulf %x, %gb : tensor<4x8xf32>
  %a = math.absf %z : tensor<4x8xf32>
  %u = math.rsqrt %a : tensor<4x8xf32>
  %k = arith.mulf %z, %u : tensor<4x8xf32>
  return %r, %y, %k : tensor<4xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}
