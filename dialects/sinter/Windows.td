//===- Windows.td - ops over windows of positions: convolution and pooling -------------------------===//
//
// Tensors of positions have the shape [N, positions..., C]: channels come last, so that they are contiguous where
// kernels read them, and a product's columns where these write. Windows lie at regular places of x's positions: tap k
// of window o is position o * strides + k * dilations - low, in each dimension. What lies outside of x counts as zeros;
// a NaN or infinity that would only meet such zeros may or may not reach a sum. (The padding behind x follows from how
// many windows there are.)
//
//===----------------------------------------------------------------------------------------------===//
#ifndef SINTER_WINDOWS
#define SINTER_WINDOWS

include "dialects/sinter/Base.td"

def ConvPartAttr
    : I32EnumAttr<"ConvPart", "which of a convolution's three tensors is computed from the other two", [
    I32EnumAttrCase<"output", 0>, I32EnumAttrCase<"input", 1>, I32EnumAttrCase<"kernel", 2>]> {
  let cppNamespace = "::sinter";
}

def ConvOp : TensorOp<"conv", [ReadsInMemory, DeclareOpInterfaceMethods<ExpandableOp>]> {
  let summary = "convolution, its transpose, or the gradient of its kernel";
  let description = [{
    An input x [N, X..., C], a kernel w [K..., C / groups, F] and an output y [N, Y..., F] are multiplied
    where they meet: sum over n, o, k, c, f of x[n, o * strides + k * dilations - low, c] w[k, c, f] y[n, o, f]. An
    output channel f meets the input channels of its group, (f / (F / groups)) C / groups + c. The op computes the
    factor of one of the three in this sum from the other two: `output` of x and w, a convolution (no flipped kernel,
    as everywhere in machine learning); `input` of y and w, the transposed convolution; `kernel` of x and y. Each is
    linear in both operands, and its gradients are the other two.
    The sum of an `output` runs over taps and channels of the input, that of an `input` over taps and channels of the
    output, that of a `kernel` over windows; in row-major order, and added up as a product's or a reduction's sum of
    that length is: with `matmul`'s or `reduce`'s error. Where no channel knows of another, the taps of an `output` or
    `input` are a chain of fused multiply-adds, and the windows of a `kernel` add up in blocks of images, and these. On
    the CPU, where 3 x 3 taps have many channels, tiles are multiplied (`winograd_input`), with a few times that error.
    (C1) element types are f32; (C2) all have `strides`, `low` and `dilations` of one length, from 1 to 3, and two
    dimensions more; (C3) strides and dilations are at least 1; (C4) N is one number; (C5) `groups` divides C and F, and
    the kernel has C / groups and F; (C6) no tensor is empty, and no position exceeds an i32.
    ```mlir
    %y = sinter.conv output %x, %w strides [2, 2] low [1, 1] dilations [1, 1]
        : (tensor<8x32x32x16xf32>, tensor<3x3x16x32xf32>) -> tensor<8x16x16x32xf32>
    ```
  }];
  let arguments = (ins ConvPartAttr:$part, AnyStaticShapeTensor:$lhs, AnyStaticShapeTensor:$rhs,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$part $lhs `,` $rhs `strides` $strides `low` $low `dilations` $dilations attr-dict
                         `:` functional-type(operands, $result)}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getInputType();
    ::mlir::RankedTensorType getKernelType();
    ::mlir::RankedTensorType getOutputType();
    /// Multiply-adds, those with zeros outside of the input included.
    int64_t getMultiplications();
  }];
}

def WindowsOp : SinterOp<"windows", [Pure, ReadsInMemory, DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "what lies in each window, as rows of a matrix";
  let description = [{
    result[(n, o), t, c] = input[n, p / divisors, c] with p = o * strides + t * steps - low, in each dimension; 0 where
    `divisors` does not divide p, or the quotient is no position of the input. `positions` are the numbers of windows,
    `taps` those of places in one. Made by `multiply-windows` for a product that computes it while it packs its operand,
    so that nobody stores it: kernels keep this op.
    (C1) the element type is f32; (C2) the attributes have one length, from 1 to 3, and the input two dimensions more;
    (C3) positions, taps and divisors are at least 1; (C4) the result is [N * positions, taps, C].
    ```mlir
    %m = sinter.windows %x positions [16, 16] taps [3, 3] strides [2, 2] steps [1, 1] low [1, 1] divisors [1, 1]
        : tensor<8x32x32x16xf32> -> tensor<2048x9x16xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, DenseI64ArrayAttr:$positions, DenseI64ArrayAttr:$taps,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$steps, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$divisors);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$input `positions` $positions `taps` $taps `strides` $strides `steps` $steps `low` $low
                         `divisors` $divisors attr-dict `:` type($input) `->` type($result)}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The loops that it equals, for a kernel whose product is none.
    ::mlir::Value lowerToLoops(::mlir::OpBuilder &builder);
  }];
}

def InterleaveOp : SinterOp<"interleave", [Pure, ReadsInMemory, DeclareOpInterfaceMethods<LowerableOp>,
                                           DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "positions that take turns";
  let description = [{
    result[n, i, c] = inputs[j][n, i / strides, c] where phases[j] is i mod strides, in row-major order; 0 where no
    input has that phase. Made of an `input` of a convolution with strides, each of whose phases meets taps of its own
    and is computed without strides.
    (C1) element types are f32; (C2) `strides` has from 1 to 3 numbers, all at least 1, and tensors two dimensions more;
    (C3) `phases` ascend, one for each input, below the product of the strides; (C4) inputs have the result's N and C,
    and its other sizes divided by the strides, rounded up.
    ```mlir
    %x = sinter.interleave %a, %b strides [2] phases [0, 1]
        : (tensor<8x16x4xf32>, tensor<8x16x4xf32>) -> tensor<8x32x4xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$inputs, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$phases);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$inputs `strides` $strides `phases` $phases attr-dict `:` functional-type($inputs, $result)}];
  let hasVerifier = 1;
}

def TapSumsOp : SinterOp<"tap_sums", [Pure, ReadsInMemory, DeclareOpInterfaceMethods<LowerableOp>,
                                      DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "for each tap and channel, sums over the windows of some images";
  let description = [{
    result[b, k, c] = sum of input[n, o * strides + k * dilations - low, c] windows[n, o, c] over all o and the images n
    of block b, which are N / B neighbours; taps in row-major order. The gradient of a kernel whose channels know
    nothing of each other, in parts that threads share; the first of its dimensions is then summed up. In `reduce`'s
    order.
    (C1) element types are f32; (C2) the attributes have one length, from 1 to 3, and both operands two dimensions more,
    with one N and C; (C3) taps, strides and dilations are at least 1; (C4) the result is [B, taps, C], and B divides N.
    ```mlir
    %w = sinter.tap_sums %x, %y taps [3, 3] strides [1, 1] low [1, 1] dilations [1, 1]
        : (tensor<8x32x32x16xf32>, tensor<8x32x32x16xf32>) -> tensor<4x9x16xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, AnyStaticShapeTensor:$windows, DenseI64ArrayAttr:$taps,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$dilations);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$input `,` $windows `taps` $taps `strides` $strides `low` $low `dilations` $dilations attr-dict
                         `:` functional-type(operands, $result)}];
  let hasVerifier = 1;
}

class WinogradOp<string name> : SinterOp<name, [Pure, ReadsInMemory, DeclareOpInterfaceMethods<LowerableOp>,
                                                DeclareOpInterfaceMethods<ReferenceOp>]> {
  let results = (outs AnyStaticShapeTensor:$result);
  let hasVerifier = 1;
}

def WinogradInputOp : WinogradOp<"winograd_input"> {
  let summary = "tiles of 4 x 4 positions, in which windows of 3 x 3 taps are products of elements";
  let description = [{
    A convolution of 3 x 3 taps is computed in tiles of 2 x 2 positions with 16 multiplications for 36: y = A^T (G w G^T
    * B^T x B) A (Winograd; Lavin and Gray 2016, arXiv:1509.09308, section 4.1), where * multiplies element by element,
    and so is a product of matrices for each of 16 elements.
    result[4 i + j, (n, s, t), c] = sum over a, b of B[a, i] B[b, j] input[n, 2 s + a - low, 2 t + b - low, c]; what
    is outside is zero. Made by `multiply-windows`. An infinity may become a NaN in all of its tile.
    (C1) element types are f32; (C2) the input has rank 4 and `low` two numbers, the result rank 3 and a first dimension
    of 16; (C3) the result has N tiles [0] tiles [1] rows and the input's channels.
    ```mlir
    %v = sinter.winograd_input %x low [1, 1] tiles [4, 4] : tensor<2x8x8x16xf32> -> tensor<16x32x16xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$tiles);
  let assemblyFormat = "$input `low` $low `tiles` $tiles attr-dict `:` type($input) `->` type($result)";
}

def WinogradKernelOp : WinogradOp<"winograd_kernel"> {
  let summary = "3 x 3 taps as the 16 elements that tiles are multiplied by";
  let description = [{
    result[4 i + j, c, f] = sum over a, b of G[i, a] G[j, b] kernel[a, b, c, f]; with `turned` of kernel[2 - a, 2 - b,
    c, f], which the other gradient needs. See `winograd_input`.
    (C1) element types are f32; (C2) the kernel has shape [3, 3, C, F], the result [16, C, F].
    ```mlir
    %u = sinter.winograd_kernel %w : tensor<3x3x16x32xf32> -> tensor<16x16x32xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$kernel, UnitAttr:$turned);
  let assemblyFormat = "$kernel attr-dict `:` type($kernel) `->` type($result)";
}

def WinogradOutputOp : WinogradOp<"winograd_output"> {
  let summary = "tiles of 2 x 2 positions from their 16 sums";
  let description = [{
    result[n, 2 s + i, 2 t + j, f] = sum over a, b of A[a, i] A[b, j] sums[4 a + b, (n, s, t), f]. See `winograd_input`.
    (C1) element types are f32; (C2) the result has rank 4 and even numbers of positions; (C3) sums have shape [16, N s
    t, F].
    ```mlir
    %y = sinter.winograd_output %m : tensor<16x32x32xf32> -> tensor<2x8x8x32xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$sums);
  let assemblyFormat = "$sums attr-dict `:` type($sums) `->` type($result)";
}

def WinogradCotangentOp : WinogradOp<"winograd_cotangent"> {
  let summary = "tiles of 2 x 2 positions of an output's cotangent as 16 elements; the transpose of winograd_output";
  let description = [{
    result[4 a + b, (n, s, t), f] = sum over i, j of A[a, i] A[b, j] cotangent[n, 2 s + i, 2 t + j, f]. For each
    element, the kernel's gradient is a product of the input's tiles with these. See `winograd_input`.
    (C1) element types are f32; (C2) the operand has rank 4 and even numbers of positions; (C3) the result has shape
    [16, N s t, F].
    ```mlir
    %c = sinter.winograd_cotangent %g : tensor<2x8x8x32xf32> -> tensor<16x32x32xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$cotangent);
  let assemblyFormat = "$cotangent attr-dict `:` type($cotangent) `->` type($result)";
}

def WinogradTapsOp : WinogradOp<"winograd_taps"> {
  let summary = "3 x 3 taps from 16 elements: the transpose of winograd_kernel";
  let description = [{
    result[a, b, c, f] = sum over i, j of G[i, a] G[j, b] elements[4 i + j, c, f]. See `winograd_input`.
    (C1) element types are f32; (C2) the operand has shape [16, C, F], the result [3, 3, C, F].
    ```mlir
    %w = sinter.winograd_taps %u : tensor<16x16x32xf32> -> tensor<3x3x16x32xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$elements);
  let assemblyFormat = "$elements attr-dict `:` type($elements) `->` type($result)";
}

def MaxPoolOp : TensorOp<"max_pool", [ReadsInMemory]> {
  let summary = "the largest element of each window, and where it was";
  let description = [{
    values[n, o, c] = max over taps of x[n, o * strides + k * dilations - low, c]; `taps` has the number of the first
    tap, in row-major order, that has it; a NaN is larger than all numbers. Of a window without any position, -inf and
    -1. The gradient goes to that tap alone.
    (C1) the element type is f32, that of `taps` i32; (C2) the attributes have one length, from 1 to 3, and tensors two
    dimensions more; (C3) windows, strides and dilations are at least 1, and a window has at most 256 taps; (C4) N and C
    are those of the operand, and both results have one shape; (C5) no tensor is empty, and no position exceeds an i32.
    ```mlir
    %y, %t = sinter.max_pool %x window [2, 2] strides [2, 2] low [0, 0] dilations [1, 1]
        : tensor<8x32x32x16xf32> -> tensor<8x16x16x16xf32>, tensor<8x16x16x16xi32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$dilations);
  let results = (outs AnyStaticShapeTensor:$values, AnyStaticShapeTensor:$taps);
  let assemblyFormat = [{$input `window` $window `strides` $strides `low` $low `dilations` $dilations attr-dict
                         `:` type($input) `->` type($values) `,` type($taps)}];
  let hasVerifier = 1;
}

def TakeTapsOp : TensorOp<"take_taps", [ReadsInMemory]> {
  let summary = "one element of each window";
  let description = [{
    result[n, o, c] = input[n, o * strides + k * dilations - low, c] with k = taps[n, o, c], a number in row-major
    order; 0 if that is no tap, or no position of the input. The transpose of `give_taps`.
    Constraints as those of `max_pool`: `taps` and the result have one shape.
    ```mlir
    %y = sinter.take_taps %taps, %x window [2, 2] strides [2, 2] low [0, 0] dilations [1, 1]
        : (tensor<8x16x16x16xi32>, tensor<8x32x32x16xf32>) -> tensor<8x16x16x16xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$taps, AnyStaticShapeTensor:$input, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$dilations);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$taps `,` $input `window` $window `strides` $strides `low` $low `dilations` $dilations
                         attr-dict `:` functional-type(operands, $result)}];
  let hasVerifier = 1;
}

def GiveTapsOp : TensorOp<"give_taps", [ReadsInMemory]> {
  let summary = "adds each window's number to one of its positions: the gradient of max_pool";
  let description = [{
    result[n, i, c] = sum of updates[n, o, c] over the windows o whose tap taps[n, o, c] is position i; in ascending
    order of taps.
    Constraints as those of `max_pool`: `taps` and `updates` have one shape.
    ```mlir
    %x = sinter.give_taps %taps, %g window [2, 2] strides [2, 2] low [0, 0] dilations [1, 1]
        : (tensor<8x16x16x16xi32>, tensor<8x16x16x16xf32>) -> tensor<8x32x32x16xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$taps, AnyStaticShapeTensor:$updates, DenseI64ArrayAttr:$window,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$dilations);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$taps `,` $updates `window` $window `strides` $strides `low` $low `dilations` $dilations
                         attr-dict `:` functional-type(operands, $result)}];
  let hasVerifier = 1;
}

#endif // SINTER_WINDOWS
