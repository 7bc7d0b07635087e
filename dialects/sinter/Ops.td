//===- Ops.td - the sinter dialect ---------------------------------------------------------------===//
//
// Tensor-level ops that upstream lacks. Elementwise arithmetic is `arith` and `math` on tensors of one shape. Its
// gradients, where there is a choice: a maximum or minimum of equal numbers sends half of its cotangent to each, that
// of a NaN all of it to both; |x| and relu have slope 0 at 0. Where something may be thrown away further on, a
// cotangent of 0 meets no infinite slope: behind `where`, a maximum, a slice, a factor that is no function of the
// variables or anything else that markThrownAway (ReverseMode.h) does not know to keep all, log, sqrt, a division, pow,
// exp, sin and cos send 0 back for a 0, whatever their operand is. Elsewhere 0 times infinity is NaN. (A product sends
// 0 times its other factor anywhere.) Each op's rules (infer or verify, fold, vjp, lowering, reference meaning) stand
// in `ops/NAME.cpp`; each check there carries the label of its constraint here. Shapes are static everywhere.
//
// Every op has one value for all operands: interpreted, folded, compiled, on every target. Where upstream leaves an
// elementwise op undefined, or readers may differ about it, this table decides (Total.cpp makes kernels obey):
//
//   i32: + - *           wrap around
//   i32: x / 0           0; unsigned too
//   i32: x % 0           0; unsigned too
//   i32: least / -1      least, -2147483648: it wraps around
//   i32: least % -1      0
//   i32: x << n, x >> n  n as an unsigned number; from 32 on 0, or the sign (-1 or 0) where signs are shifted in
//   f32 to i32           towards zero; beyond the range its nearest end; NaN becomes 0
//   f32 to boolean       x != 0, so true of NaN
//   f32: x % y           x - y trunc(x / y), computed exactly, of x's sign; NaN if x is infinite, y is 0 or one is NaN;
//                        x where y is infinite
//   f32: pow             as C has it: pow(x, 0) = 1 and pow(1, y) = 1 even of NaN; pow(-inf, 0.5) = inf, pow(-0, 0.5)
//                        = 0
//   maximum, minimum     NaN if one operand is; so are those of a tensor
//   argmax               index of the first NaN, or else of the first of the largest elements
//   < <= > >= ==         false if one operand is NaN; != is true
//
// i64 does as i32 does, at its width. f64 is for checking f32 with: elementwise ops, views and reductions, on the CPU.
// bf16 and f16 store: casts, rounded to nearest with ties to even, and what only moves elements.
//
// A literal, an initial value, a default or an index that its type does not hold is an error where it is written; an
// f32 beyond the largest is infinity, and a warning.
//
//===----------------------------------------------------------------------------------------------===//
#ifndef SINTER_OPS
#define SINTER_OPS

include "dialects/sinter/Base.td"

//===--- state and entries -------------------------------------------------------------------------===//

def StateOp : SinterOp<"state", [Symbol]> {
  let summary = "a named tensor that outlives a call: a parameter or an optimizer's memory";
  let description = [{
    `init` is one of `zeros`, `ones`, `constant` (value `scale`), `normal` (standard deviation `scale`),
    `truncated_normal` (the same, drawn again beyond two deviations), `uniform` (in [-scale, scale)), `orthogonal`
    (`scale` times a matrix with orthonormal rows or columns, whichever are fewer; rows are all dimensions but the
    last). `trainable` marks parameters; `transient` what means nothing between two steps of a training, and is not
    saved (running sums of gradients); other state belongs to an optimizer.
    (C1) the type is a static tensor of floats, i32 or i64; (C2) `init` is one of the seven names; (C3) random
    initialisers give f32; (C4) a trainable state is f32; (C5) the type holds the constant; a random initialiser's
    `scale` is a finite f32; (C6) a transient state starts from zeros, and is not trainable; (C7) an orthogonal state
    has at least 2 dimensions.
    ```mlir
    sinter.state @h.0.attn.c_attn.weight : tensor<128x384xf32> {init = "normal", scale = 2.0e-2, trainable}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type, StrAttr:$init,
                       DefaultValuedAttr<F64Attr, "0.0">:$scale, UnitAttr:$trainable, UnitAttr:$transient);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

def ReadOp : SinterOp<"read", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a state when the entry started";
  let description = [{
    Pure: a write in the same entry does not change what a read gives, wherever the two stand.
    (C1) the symbol names a `sinter.state` of the same type.
    ```mlir
    %w = sinter.read @wte.weight : tensor<65x128xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs AnyStaticShapeTensor:$value);
  let assemblyFormat = "$state attr-dict `:` type($value)";
}

def WriteOp : SinterOp<"write", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "sets the value that a state has when the entry ends";
  let description = [{
    (C1) the symbol names a `sinter.state` of the same type; (C2) an entry writes a state at most once.
    ```mlir
    sinter.write @wte.weight, %new : tensor<65x128xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, AnyStaticShapeTensor:$value);
  let assemblyFormat = "$state `,` $value attr-dict `:` type($value)";
}

def GradOp : SinterOp<"grad", [Pure]> {
  let summary = "the gradient of a scalar with respect to values it was computed from";
  let description = [{
    gradients[i] = d loss / d wrt[i]: how the loss answers to a small change of what the readers of `wrt` i see, with
    all else as it was written. A value that equals `wrt` i but was written apart (the same expression again, a view
    that changes nothing, another read of the same state, a number) is another value. A value that the loss does not
    depend on has gradient zero. Gradients nest: `loss` may itself come from a grad. `mark-variables` keeps every `wrt`
    apart from the values that equal it; expanded by `differentiate`.
    (C1) the loss is tensor<f32> or tensor<f64>; (C2) result i has the type of `wrt` i, but of 16-bit floats f32; (C3)
    every `wrt` is a tensor of floats.
    ```mlir
    %g = sinter.grad %loss wrt %w : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$loss, Variadic<AnyStaticShapeTensor>:$wrt);
  let results = (outs Variadic<AnyStaticShapeTensor>:$gradients);
  let assemblyFormat = "$loss `wrt` $wrt attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

// Not Pure: nothing may merge it with an equal one, fold what stands before it, or drop it.
def VariableOp : SinterOp<"variable", [SameOperandsAndResultType, DeclareOpInterfaceMethods<DifferentiableOp>,
                                       DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "a value that a gradient is asked for, as its readers see it";
  let description = [{
    The operand itself. Written by `mark-variables` between such a value and all its readers; goes with the last grad.
    (C1) the type is a tensor of floats.
    ```mlir
    %v = sinter.variable %w : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins StaticShapeTensorOf<[F32, F64, BF16, F16]>:$input);
  let results = (outs StaticShapeTensorOf<[F32, F64, BF16, F16]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

//===--- shape -------------------------------------------------------------------------------------===//

def BroadcastOp : TensorOp<"broadcast", AlongTime> {
  let summary = "repeats a tensor along new dimensions";
  let description = [{
    result[i] = input[i[dims[0]], i[dims[1]], ...]: `dims` says which result dimension each operand dimension becomes.
    Dimensions of size 1 are not stretched: reshape them away first.
    (C1) one entry in `dims` per operand dimension; (C2) strictly increasing and within the result's rank;
    (C3) sizes are equal; (C4) element types are equal.
    ```mlir
    %y = sinter.broadcast %bias dims [1] : tensor<8xf32> -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input `dims` $dims attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ReshapeOp
    : TensorOp<"reshape", [DeclareOpInterfaceMethods<TriangularOp, ["inferTriangles", "demandTriangles"]>, ViewLike]
                              # AlongTimePlainly> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    Moves nothing: at entry level it is a free view. (C1) element types and element counts are equal.
    ```mlir
    %y = sinter.reshape %x : tensor<2x3x4xf32> -> tensor<6x4xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = "bool isFree() { return true; }";
}

def TransposeOp
    : InferredOp<"transpose", [DeclareOpInterfaceMethods<TriangularOp, ["inferTriangles", "demandTriangles"]>,
                               ViewLike] # AlongTime> {
  let summary = "permutes dimensions";
  let description = [{
    result's dimension d is the operand's dimension permutation[d]: result[i[permutation[0]], i[permutation[1]], ...] =
    input[i]. (C1) `permutation` holds each of 0 .. rank - 1 once.
    ```mlir
    %y = sinter.transpose %x [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def SliceOp : InferredOp<"slice", [ViewLike] # AlongTime> {
  let summary = "a strided box of a tensor";
  let description = [{
    result[i] = input[starts + i * strides], for indices below `limits`: size = ceil((limit - start) / stride).
    (C1) one start, limit and stride per dimension; (C2) 0 <= start < limit <= size; (C3) stride >= 1.
    ```mlir
    %y = sinter.slice %x [0, 2] to [4, 8] by [1, 3] : tensor<4x8xf32> -> tensor<4x2xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$limits,
                       DenseI64ArrayAttr:$strides);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input $starts `to` $limits `by` $strides attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let extraClassDeclaration = "bool isPart() { return true; }";
}

def PadOp : InferredOp<"pad", AlongTime> {
  let summary = "zeros around and between the elements of a tensor; the transpose of slice";
  let description = [{
    result[low + i * (interior + 1)] = input[i], zero elsewhere; size = low + (n - 1) * (interior + 1) + 1 + high.
    (C1) one entry of `low`, `high`, `interior` per dimension; (C2) none is negative; (C3) no dimension is empty.
    ```mlir
    %y = sinter.pad %x low [0, 2] high [0, 0] interior [0, 2] : tensor<4x2xf32> -> tensor<4x6xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       DenseI64ArrayAttr:$interior);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$input `low` $low `high` $high `interior` $interior attr-dict
                          `:` type($input) `->` type($result)}];
  let hasFolder = 1;
}

/// Each element of the result is one of an operand's; the kernel of such an op takes operands through views.
def JoinsOperands : NativeOpTrait<"JoinsOperands"> { let cppNamespace = "::sinter"; }

def ConcatOp : InferredOp<"concat", [JoinsOperands] # AlongTime> {
  let summary = "joins tensors along one dimension";
  let description = [{
    The operands follow each other along `axis`, in order; the result's size there is the sum of theirs.
    (C1) at least one operand; (C2) `axis` is within the rank; (C3) ranks and element types are equal, and so are all
    sizes but that of `axis`.
    ```mlir
    %y = sinter.concat %a, %b axis 1 : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<4x5xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$inputs, I64Attr:$axis);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type($inputs, $result)";
  let hasFolder = 1;
}

def GatherOp : InferredOp<"gather", [ReadsInMemory] # AlongTime> {
  let summary = "rows of a table by index (an embedding)";
  let description = [{
    result[i..., d...] = table[indices[i...], d...]. An index outside the table (negative, or not below its first size)
    gives a row of zeros.
    (C1) the table has rank >= 1; (C2) indices are i32.
    ```mlir
    %y = sinter.gather %table, %tokens : (tensor<65x128xf32>, tensor<12x64xi32>) -> tensor<12x64x128xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$table, AnyStaticShapeTensor:$indices);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$table `,` $indices attr-dict `:` functional-type(operands, $result)";
}

def ScatterAddOp : SinterOp<"scatter_add", [Pure, ReadsInMemory, DeclareOpInterfaceMethods<DifferentiableOp>,
                                            DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "adds rows into a table of zeros by index; the transpose of gather";
  let description = [{
    result[v, d...] = sum of updates[i..., d...] over all i, in row-major order, with indices[i...] == v. Indices
    outside the table are left out. No linalg equals it: kernels keep this op, and each target emits it itself.
    A row's terms add up in ascending order of i, on the CPU in runs of 64 that begin anew with each 65,536th i, and the
    sums of runs by Kahan's method: with the error of a sum (`reduce`), whatever falls into other rows.
    (C1) indices are i32; (C2) updates' shape is indices' shape followed by the result's shape without its first
    dimension, and the result has one; (C3) the element types of updates and result are f32.
    ```mlir
    %y = sinter.scatter_add %tokens, %updates : (tensor<12x64xi32>, tensor<12x64x128xf32>) -> tensor<65x128xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$indices, AnyStaticShapeTensor:$updates);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$indices `,` $updates attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def DiagonalsOp : InferredOp<"diagonals"> {
  let summary = "a matrix whose elements depend on the distance of column and row alone";
  let description = [{
    result[b..., i, j] = table[b..., j - i + rows - 1]: a Toeplitz matrix of `rows` rows, such as a learned bias for
    relative positions. The table's last dimension has a number for each diagonal, from that of the last row's first
    element to that of the first row's last one. Moves nothing: kernels that read it read the table.
    (C1) the table has rank >= 1; (C2) there is at least one row, and at least one column: `rows` <= the table's last
    size.
    ```mlir
    %m = sinter.diagonals %table rows 4 : tensor<2x11xf32> -> tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$table, I64Attr:$rows);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$table `rows` $rows attr-dict `:` type($table) `->` type($result)";
  let hasFolder = 1;
}

def SumDiagonalsOp : InferredOp<"sum_diagonals", [ReadsInMemory]> {
  let summary = "sums along the diagonals of a matrix; the transpose of diagonals";
  let description = [{
    result[b..., d] = sum of input[b..., i, j] over all i and j with j - i + rows - 1 == d, of `rows` rows.
    Each takes its terms in ascending order of i, as a sum down a column (`reduce`) does whose other elements are zero,
    and has the error of one.
    (C1) the input has rank >= 2, and neither rows nor columns are none; (C2) its element type is f32.
    ```mlir
    %t = sinter.sum_diagonals %m : tensor<2x4x8xf32> -> tensor<2x11xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasCanonicalizeMethod = 1;
}

def IotaOp : TensorOp<"iota"> {
  let summary = "each element's index along one dimension";
  let description = [{
    result[i] = i[axis], as i32. (C1) the result is a tensor of i32; (C2) `axis` is within its rank; (C3) the last index
    along it is an i32.
    ```mlir
    %i = sinter.iota axis 1 : tensor<64x64xi32>
    ```
  }];
  let arguments = (ins I64Attr:$axis);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "`axis` $axis attr-dict `:` type($result)";
  let hasVerifier = 1;
}

//===--- reductions and products -------------------------------------------------------------------===//

def ReduceKindAttr : I32EnumAttr<"ReduceKind", "what a reduction computes", [
    I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"min", 2>]> {
  let cppNamespace = "::sinter";
}

def ReduceOp : InferredOp<"reduce", [ReductionLike] # AlongTime> {
  let summary = "sum, maximum or minimum over some dimensions, which disappear";
  let description = [{
    The empty sum is 0, the empty maximum -inf. A NaN anywhere in a maximum or minimum gives NaN.
    A sum's order is fixed by the axes and their lengths: one axis after the other, the innermost first. Along the last
    dimension 16 lanes take each 16th term, and join as a tree; along another one accumulator takes them all. What one
    of them takes adds up in runs of 64 terms, and the sums of runs by Kahan's method (SumOrder.h). With u =
    2^-24, the error of each axis is at most 70 u times the sum of the terms' absolute values, which takes rounding that
    always goes the same way; where nothing cancels, equal and random terms stay within 1e-6 of the result, at any
    length.
    The gradient of a maximum is shared equally by the elements that attain it.
    (C1) `axes` are strictly increasing and within the rank; (C2) the element type is f32 or f64.
    ```mlir
    %s = sinter.reduce sum %x axes [1] : tensor<4x8xf32> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins ReduceKindAttr:$kind, AnyRankedTensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$kind $input `axes` $axes attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let extraClassDeclaration = [{
    bool isSum() { return getKind() == ReduceKind::sum; }
    ::mlir::Operation *reduceInstead(::mlir::OpBuilder &builder, ::mlir::Value input, ::llvm::ArrayRef<int64_t> axes);
  }];
}

def CumsumOp : TensorOp<"cumsum", [SameOperandsAndResultType, DeclareOpInterfaceMethods<ExpandableOp>] # AlongTime> {
  let summary = "prefix sums along one dimension";
  let description = [{
    result[i] = sum of input[j] over j <= i along `axis`; `exclusive`: over j < i, so that it begins with 0; `reverse`:
    over j >= i, or j > i. A NaN or infinity reaches the sums that it is a term of, and no other. Blelloch 1990, "Prefix
    sums and their applications", for the principle.
    The order is fixed by the length n alone: each element adds what its block of 16 has before it, in ascending order,
    to the prefix sum of the sums of the blocks before (each a `reduce`), which is computed in the same way. With
    u = 2^-24 and L = ceil(log16 n) levels the error is at most 16 L u times the sum of its terms' absolute values (80 u
    for a million); where nothing cancels, equal and random terms stay within 1e-6 of the result.
    (C1) `axis` is within the rank; (C2) the element type is f32.
    ```mlir
    %y = sinter.cumsum %x axis 1 {exclusive} : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$input, I64Attr:$axis, UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def TrianglePartAttr
    : I32EnumAttr<"TrianglePart", "the part of a square matrix with j <= i (lower) or j >= i (upper)", [
    I32EnumAttrCase<"lower", 0>, I32EnumAttrCase<"upper", 1>]> {
  let cppNamespace = "::sinter";
}

def MatmulOp : InferredOp<"matmul", [DeclareOpInterfaceMethods<TriangularOp, ["recordTriangles"]>, ProductLike]
                                    # AlongTime> {
  let summary = "matrix product of the last two dimensions, batched over the others";
  let description = [{
    result[b..., m, n] = sum over k of lhs[b..., m, k] * rhs[b..., k, n]; `transpose_lhs` reads lhs[b..., k, m],
    `transpose_rhs` reads rhs[b..., n, k].
    The sum has one order, that the length of k alone fixes: units of it (on the CPU of about 384 steps, 575 for a
    single one) are chains of fused multiply-adds over ascending k from zero, and their sums add up in groups of 16,
    level by level. With u = 2^-24 and L levels (0 for one unit, 1 up to 16, 4 for 20 million steps) the error is at
    most (steps of a unit + 16 L) u sum(|lhs| |rhs|), so it hardly grows with k: about 1e-6 of a sum that does not
    cancel.
    (C1) both ranks are equal and at least 2; (C2) batch dimensions are equal; (C3) inner dimensions are equal;
    (C4) both element types are f32.
    With `bf16` the operands are rounded to bf16 (to nearest, ties to even) before they are multiplied; products are
    exact, and their sum is that of f32, except that denormals count as zero (what vdpbf16ps computes).
    `lhs(lower)` says that elements of lhs, as it is stored, are zero outside of that part, and need not be multiplied;
    `rhs(...)` the same of rhs. `result(lower)` says that elements of the result outside of that part are not needed:
    they are finite if the operands are, and otherwise unspecified. `window(w)` beside lower parts says the same of what
    is w or more below the diagonal, as sliding windows have it. A NaN or infinity that would only meet such zeros may
    or may not reach the result. Written by `find-triangles`.
    (C5) the last two dimensions of a tensor of which only a part counts are equal; (C6) a window is at least 1, and all
    parts are lower.
    ```mlir
    %c = sinter.matmul %a, %b {transpose_rhs} : (tensor<4x8xf32>, tensor<16x8xf32>) -> tensor<4x16xf32>
    %d = sinter.matmul %p, %v lhs(lower) : (tensor<8x8xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs, UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs,
                       UnitAttr:$bf16, OptionalAttr<TrianglePartAttr>:$lhs_part,
                       OptionalAttr<TrianglePartAttr>:$rhs_part, OptionalAttr<TrianglePartAttr>:$result_part,
                       OptionalAttr<I64Attr>:$window);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{$lhs `,` $rhs (`lhs` `(` $lhs_part^ `)`)? (`rhs` `(` $rhs_part^ `)`)?
                          (`result` `(` $result_part^ `)`)? (`window` `(` $window^ `)`)?
                         attr-dict `:` functional-type(operands, $result)}];
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs, "bool":$transpose_lhs,
                                 "bool":$transpose_rhs, CArg<"bool", "false">:$bf16),
                            [{
    build($_builder, $_state, lhs, rhs, transpose_lhs, transpose_rhs, bf16, {}, {}, {}, {});
  }]>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool isWhole() { return !getLhsPart() && !getRhsPart() && !getResultPart(); }
    bool hasWindow() { return getWindow().has_value(); }
    int64_t getMultiplications();
  }];
}

//===--- along the last dimension ------------------------------------------------------------------===//

/// All operands and results share their leading dimensions (the rows); an element depends on its own row only.
def Rowwise : NativeOpTrait<"Rowwise"> { let cppNamespace = "::sinter"; }

/// A float tensor op that works row by row of the last dimension, and keeps the shape.
class RowOp<string mnemonic, list<Trait> traits = []>
    : TensorOp<mnemonic, traits # [SameOperandsAndResultType, Rowwise]> {
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def SoftmaxOp : RowOp<"softmax", [DeclareOpInterfaceMethods<TriangularOp, ["inferTriangles"]>] # AlongTimePlainly> {
  let summary = "softmax along the last dimension";
  let description = [{
    result = exp(x - max) / sum(exp(x - max)) in each row. A row of only -inf (fully masked) gives zeros. So does what
    may be denormal, exp(x - max) < n 2^-126 of n columns: processors take a hundred times as long to multiply by it,
    and what is far away, as by ALiBi, is full of it.
    (C1) the element type is f32; (C2) the rank is at least 1.
    ```mlir
    %y = sinter.softmax %x : tensor<4x8xf32>
    ```
  }];
}

def LogSoftmaxOp : RowOp<"log_softmax", AlongTimePlainly> {
  let summary = "logarithm of softmax along the last dimension";
  let description = [{
    result = x - max - log(sum(exp(x - max))) in each row.
    (C1) the element type is f32; (C2) the rank is at least 1.
    ```mlir
    %y = sinter.log_softmax %x : tensor<4x8xf32>
    ```
  }];
}

def NormalizeOp : InferredOp<"normalize", [Rowwise] # AlongTimePlainly> {
  let summary = "layer norm (with `center`) or RMS norm (without) along the last dimension, before scale and shift";
  let description = [{
    With mean m (zero unless `center`): rstd = 1 / sqrt(mean((x - m)^2) + epsilon), normalized = (x - m) * rstd.
    Layer norm: Ba, Kiros, Hinton 2016 (arXiv:1607.06450), eq. 4; RMS norm: Zhang, Sennrich 2019 (arXiv:1910.07467), eq.
    4. `rstd` has the operand's shape without its last dimension.
    (C1) the element type is f32; (C2) the rank is at least 1; (C3) epsilon is positive.
    ```mlir
    %y, %rstd = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$input, F64Attr:$epsilon, UnitAttr:$center);
  let results = (outs AnyRankedTensor:$normalized, AnyRankedTensor:$rstd);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($normalized) `,` type($rstd)";
}

def CrossEntropyOp : InferredOp<"cross_entropy", [Rowwise]> {
  let summary = "negative log-likelihood of a target class under the softmax of logits";
  let description = [{
    lse[n] = log(sum over v of exp(logits[n, v])), losses[n] = lse[n] - logits[n, targets[n]]. A target outside
    [0, V) gives loss 0 and no gradient (an ignored position).
    (C1) logits are [N, V] of f32; (C2) targets are [N] of i32.
    ```mlir
    %losses, %lse = sinter.cross_entropy %logits, %targets
        : (tensor<8x65xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xf32>)
    ```
  }];
  let arguments = (ins AnyRankedTensor:$logits, AnyRankedTensor:$targets);
  let results = (outs AnyRankedTensor:$losses, AnyRankedTensor:$lse);
  let assemblyFormat = "$logits `,` $targets attr-dict `:` functional-type(operands, results)";
}

//===--- elementwise -------------------------------------------------------------------------------===//

/// Costs more than a trip to memory for its result.
def TakesLong : NativeOpTrait<"TakesLong"> { let cppNamespace = "::sinter"; }

def ThreefryOp : SinterOp<"threefry", [Pure, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable,
                                       Tensorizable, TakesLong, DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "32 random bits from a key and a counter";
  let description = [{
    The first word of Threefry-2x32 with 20 rounds: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as
    easy as 1, 2, 3". Elementwise: scalars, vectors or tensors of i32.
    ```mlir
    %bits = sinter.threefry %key0, %key1, %counter0, %counter1 : tensor<4x8xi32>
    ```
  }];
  let arguments = (ins SignlessIntegerLike:$key0, SignlessIntegerLike:$key1, SignlessIntegerLike:$counter0,
                       SignlessIntegerLike:$counter1);
  let results = (outs SignlessIntegerLike:$bits);
  let assemblyFormat = "$key0 `,` $key1 `,` $counter0 `,` $counter1 attr-dict `:` type($bits)";
}

def SigmoidOp : SinterOp<"sigmoid", [Pure, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable,
                                     Tensorizable, TakesLong, DeclareOpInterfaceMethods<DifferentiableOp>,
                                     DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "1 / (1 + exp(-x)), with all digits in both tails";
  let description = [{
    0 at -inf, 1 at inf. Its slope is sigmoid(x) sigmoid(-x), which keeps its digits, too. An op of its own since
    neither that quotient (whose slope is inf * 0 on the left) nor (1 + tanh(x / 2)) / 2 (which is 0 from -17 on) has
    both. Elementwise: scalars, vectors or tensors of f32 or f64.
    ```mlir
    %y = sinter.sigmoid %x : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins FloatLike:$input);
  let results = (outs FloatLike:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def StopGradientOp : SinterOp<"stop_gradient", [Pure, SameOperandsAndResultType, Elementwise, Scalarizable,
                                               Vectorizable, Tensorizable, DeclareOpInterfaceMethods<DifferentiableOp>,
                                               DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "a value that gradients take for a number";
  let description = [{
    The operand itself, whose gradient is zero, at any order. `differentiate` folds it away once no gradient is left to
    ask for. Elementwise: scalars, vectors or tensors of floats, also in the region of a map or of attention.
    ```mlir
    %y = sinter.stop_gradient %x : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins FloatLike:$input);
  let results = (outs FloatLike:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

// The interpreter itself gives a map its meaning: it evaluates the region's ops once per index.
def MapOp : SinterOp<"map", [Pure, DeclareOpInterfaceMethods<DifferentiableOp>, DeclareOpInterfaceMethods<LowerableOp>,
                             DeclareOpInterfaceMethods<TriangularOp, ["inferTriangles", "demandTriangles"]>,
                             SingleBlockImplicitTerminator<"YieldOp">, IsolatedFromAbove] # AlongTime> {
  let summary = "a fused elementwise computation";
  let description = [{
    For every index of the common result shape: reads one element of each input (through its map, a projected
    permutation: absorbed broadcasts and transposes), computes the region on scalars, yields one element per result.
    Its gradient is again a map: the region's forward is recomputed from the inputs.
    (C1) one map per input, of as many dimensions as the results' rank, a projected permutation whose sizes agree;
    (C2) all results have one shape; (C3) region arguments are the inputs' element types and yielded values the
    results'.
    ```mlir
    %y = sinter.map (%x, %b) [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>]
        : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32> {
    ^bb0(%0: f32, %1: f32):
      %2 = arith.addf %0, %1 : f32
      sinter.yield %2 : f32
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, AffineMapArrayAttr:$indexing_maps);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{`(` $inputs `)` $indexing_maps attr-dict-with-keyword
                          `:` functional-type($inputs, $results) $body}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The shape that the map iterates over.
    ::llvm::ArrayRef<int64_t> getShape() {
      return ::llvm::cast<::mlir::RankedTensorType>(getResult(0).getType()).getShape();
    }
  }];
}

// The interpreter itself gives it its meaning: it evaluates the region's ops on whole tensors.
def AttentionOp : SinterOp<"attention", [Pure, DeclareOpInterfaceMethods<DifferentiableOp>,
                                         DeclareOpInterfaceMethods<TimeAxisOp>,
                                         SingleBlockImplicitTerminator<"YieldOp">, IsolatedFromAbove]> {
  let summary = "a fused computation over rows x columns: queries x keys, or tokens x vocabulary";
  let description = [{
    The region computes on whole tensors and means just that. What it makes over rows x columns (scores, masks, weights,
    their gradients) stays inside, so that a kernel need hold no more of it than a block. `over` is the shape of such
    values: batch dimensions, rows, columns. Each operand says which of its dimensions are rows, columns, both or
    neither (queries and row statistics; keys and values; a bias; a seed). Its gradient is again a `sinter.attention`,
    which begins with the forward computation: nothing is saved, at any order of derivative. Formed by `fuse-attention`.
    Dao et al. 2022, "FlashAttention" (arXiv:2205.14135), for the principle.
    (C1) a result has rows x columns only if an operand has; (C2) every value of the region is known to have rows,
    columns, both or neither, where an op meets two that differ it is an error; (C3) at least one value has both; (C4)
    `over` has at least rows and columns, and the dimensions of operands that are rows or columns are of their size;
    (C5) region arguments have the operands' types, yielded values the results'.
    ```mlir
    %o = sinter.attention over [2, 64, 64] (%q rows 1, %k columns 1, %v columns 1)
        : (tensor<2x64x16xf32>, tensor<2x64x16xf32>, tensor<2x64x16xf32>) -> tensor<2x64x16xf32> {
    ^bb0(%q0: tensor<2x64x16xf32>, %k0: tensor<2x64x16xf32>, %v0: tensor<2x64x16xf32>):
      %s = sinter.matmul %q0, %k0 {transpose_rhs} : (tensor<2x64x16xf32>, tensor<2x64x16xf32>) -> tensor<2x64x64xf32>
      %p = sinter.softmax %s : tensor<2x64x64xf32>
      %o0 = sinter.matmul %p, %v0 : (tensor<2x64x64xf32>, tensor<2x64x16xf32>) -> tensor<2x64x16xf32>
      sinter.yield %o0 : tensor<2x64x16xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, DenseI64ArrayAttr:$over, DenseI64ArrayAttr:$row_dims,
                       DenseI64ArrayAttr:$column_dims);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{`over` $over `(` custom<AxisOperands>($inputs, $row_dims, $column_dims) `)`
                         attr-dict-with-keyword `:` functional-type($inputs, $results) $body}];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def IndexOp : SinterOp<"index", [Pure, HasParent<"MapOp">]> {
  let summary = "the current index along one dimension of the enclosing map, as i32";
  let description = [{
    (C1) `dim` is within the map's rank.
    ```mlir
    %i = sinter.index 1 : i32
    ```
  }];
  let arguments = (ins I64Attr:$dim);
  let results = (outs I32:$result);
  let assemblyFormat = "$dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def YieldOp : SinterOp<"yield", [Pure, Terminator, ParentOneOf<["MapOp", "AttentionOp"]>]> {
  let summary = "ends the region of a map or of attention";
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{}]>];
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif // SINTER_OPS
