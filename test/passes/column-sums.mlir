// Which sums a product's kernel takes along is in codegen/matmul-column-sums.mlir; here, those that it must leave alone.
// RUN: sinterc --from=model --emit=kernels %s -o - | FileCheck %s
// RUN: sinter-run --device=cpu %s

// The largest element of a column is no sum.
// CHECK-LABEL: func @maximum
// CHECK: call @reduce
func.func @maximum(%x: tensor<128x96xf32>, %dy: tensor<128x64xf32>) -> (tensor<96x64xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %dw = sinter.matmul %x, %dy {transpose_lhs} : (tensor<128x96xf32>, tensor<128x64xf32>) -> tensor<96x64xf32>
  %db = sinter.reduce max %dy axes [0] : tensor<128x64xf32> -> tensor<64xf32>
  return %dw, %db : tensor<96x64xf32>, tensor<64xf32>
}
// Sums of rows, not of columns: as many.
// CHECK-LABEL: func @rows
// CHECK: call @reduce
func.func @rows(%x: tensor<64x96xf32>, %dy: tensor<64x64xf32>) -> (tensor<96x64xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %dw = sinter.matmul %x, %dy {transpose_lhs} : (tensor<64x96xf32>, tensor<64x64xf32>) -> tensor<96x64xf32>
  %db = sinter.reduce sum %dy axes [1] : tensor<64x64xf32> -> tensor<64xf32>
  return %dw, %db : tensor<96x64xf32>, tensor<64xf32>
}
// Of the left operand.
// CHECK-LABEL: func @left
// CHECK: call @reduce
func.func @left(%x: tensor<128x64xf32>, %dy: tensor<128x80xf32>) -> (tensor<64x80xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %dw = sinter.matmul %x, %dy {transpose_lhs} : (tensor<128x64xf32>, tensor<128x80xf32>) -> tensor<64x80xf32>
  %db = sinter.reduce sum %x axes [0] : tensor<128x64xf32> -> tensor<64xf32>
  return %dw, %db : tensor<64x80xf32>, tensor<64xf32>
}
// The right operand is read along its rows: the sums over k are those of its rows.
// CHECK-LABEL: func @transposed
// CHECK: call @reduce
func.func @transposed(%x: tensor<96x64xf32>, %w: tensor<64x64xf32>) -> (tensor<96x64xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %y = sinter.matmul %x, %w {transpose_rhs} : (tensor<96x64xf32>, tensor<64x64xf32>) -> tensor<96x64xf32>
  %s = sinter.reduce sum %w axes [0] : tensor<64x64xf32> -> tensor<64xf32>
  return %y, %s : tensor<96x64xf32>, tensor<64xf32>
}
// Of another matrix of the same shape.
// CHECK-LABEL: func @another
// CHECK: call @reduce
func.func @another(%x: tensor<128x96xf32>, %dy: tensor<128x64xf32>, %dz: tensor<128x64xf32>) -> (tensor<96x64xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %dw = sinter.matmul %x, %dy {transpose_lhs} : (tensor<128x96xf32>, tensor<128x64xf32>) -> tensor<96x64xf32>
  %db = sinter.reduce sum %dz axes [0] : tensor<128x64xf32> -> tensor<64xf32>
  return %dw, %db : tensor<96x64xf32>, tensor<64xf32>
}
// Rounded to bf16, the operand has other sums.
// CHECK-LABEL: func @rounded
// CHECK: call @reduce
func.func @rounded(%x: tensor<128x96xf32>, %dy: tensor<128x64xf32>) -> (tensor<96x64xf32>, tensor<64xf32>) attributes {sinter.entry} {
  %dw = sinter.matmul %x, %dy {bf16, transpose_lhs} : (tensor<128x96xf32>, tensor<128x64xf32>) -> tensor<96x64xf32>
  %db = sinter.reduce sum %dy axes [0] : tensor<128x64xf32> -> tensor<64xf32>
  return %dw, %db : tensor<96x64xf32>, tensor<64xf32>
}
