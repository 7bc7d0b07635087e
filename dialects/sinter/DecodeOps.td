//===- DecodeOps.td - ops of positions that are known at run time ---------------------------------===//
//
// What a sampler needs beside the ops of training: rows of a cache are written where they belong, products leave out
// the positions that nobody has computed yet, and weights have few bits.
//
//===----------------------------------------------------------------------------------------------===//
#ifndef SINTER_DECODE_OPS
#define SINTER_DECODE_OPS

include "dialects/sinter/Base.td"

def PutOp : SinterOp<"put", [Pure, ReadsInMemory, DeclareOpInterfaceMethods<LowerableOp>,
                             DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "a tensor with some of its rows replaced, from a place on that is known at run time";
  let description = [{
    result[b..., p, d...] = value[b..., p - place[b...], d...] where there is such a row of `value`, else
    table[b..., p, d...]; p is dimension `dim`. A place counts for all elements of the dimensions that it does not have.
    Rows that would lie outside of the table are left out. Where nobody else reads the table, the plan lets the result
    have its memory, and the CPU writes the new rows and nothing else.
    (C1) element types agree, and `place` is i32; (C2) `value` has the table's shape but for `dim`, which is a dimension
    of it; (C3) the dimensions of `place` are the first of the table's, before `dim`.
    ```mlir
    %now = sinter.put %before, %rows at %offset along 1 : (tensor<12x64x8xf32>, tensor<12x2x8xf32>, tensor<i32>)
        -> tensor<12x64x8xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$table, AnyStaticShapeTensor:$value, AnyStaticShapeTensor:$place,
                       I64Attr:$dim);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$table `,` $value `at` $place `along` $dim attr-dict `:` functional-type(operands, $result)}];
  let hasVerifier = 1;
}

def MatmulBelowOp : SinterOp<"matmul_below", [Pure, ProductLike, DeclareOpInterfaceMethods<LowerableOp>,
                                              DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "matrix product of which only what lies below a bound that is known at run time counts";
  let description = [{
    What `matmul` gives, in its order, but columns of the result from `bound[b...]` on are not needed: they are those of
    the product, or zero. With `terms`, `lhs` is zero in the steps of k from the bound on, and they need not be
    multiplied. A NaN or infinity there may or may not reach the result.
    (C1) shapes and element types are those of `matmul`; (C2) `bound` is i32 and has the batch dimensions, or none.
    ```mlir
    %s = sinter.matmul_below %q, %k, %n {transpose_rhs}
        : (tensor<12x1x64xf32>, tensor<12x1024x64xf32>, tensor<i32>) -> tensor<12x1x1024xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$lhs, AnyStaticShapeTensor:$rhs, AnyStaticShapeTensor:$bound,
                       UnitAttr:$terms, UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs, UnitAttr:$bf16);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs `,` $bound attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool isWhole() { return true; }
    bool hasWindow() { return false; }
    int64_t getMultiplications();
  }];
}

def PackedKindAttr : I32EnumAttr<"PackedKind", "how weights are stored", [
    I32EnumAttrCase<"bf16", 0>, I32EnumAttrCase<"int8", 1>, I32EnumAttrCase<"int4", 2>, I32EnumAttrCase<"f32", 3>]> {
  let cppNamespace = "::sinter";
}

def RoundRowsOp : SinterOp<"round_rows", [Pure, ReadsInMemory, DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "rows in signed bytes, as products with weights of few bits read them";
  let description = [{
    Neighbours in a row share a scale, groups of 64 (int8) or 32 (int4): of the largest magnitude `most` in group g of
    row m, scales[m, g] = most / 127 and bytes[m, k] = roundeven(input[m, k] * (127 / most)), ties to even; zeros where
    most is no more than 1e-30. `words` has four bytes each, the first one lowest; sums[m, g] is the sum of the group's.
    A NaN or infinity makes its group's scale one (and its bytes zeros, which a product multiplies by it: a NaN).
    (C1) the input is [m, k] of f32, k a multiple of the group; (C2) the kind is int8 or int4; (C3) words are [m, k / 4]
    of i32, scales and sums [m, groups] of f32.
    ```mlir
    %q, %s, %t = sinter.round_rows int8 %x : tensor<1x128xf32> -> tensor<1x32xi32>, tensor<1x2xf32>, tensor<1x2xf32>
    ```
  }];
  let arguments = (ins PackedKindAttr:$kind, AnyStaticShapeTensor:$input);
  let results = (outs AnyStaticShapeTensor:$words, AnyStaticShapeTensor:$scales, AnyStaticShapeTensor:$sums);
  let assemblyFormat = "$kind $input attr-dict `:` type($input) `->` type($words) `,` type($scales) `,` type($sums)";
  let hasVerifier = 1;
}

def MatmulPackedOp : SinterOp<"matmul_packed", [Pure, ReadsInMemory, AttrSizedOperandSegments,
                                                DeclareOpInterfaceMethods<ReferenceOp>]> {
  let summary = "matrix product with weights of few bits, in the order in which they are read";
  let description = [{
    result[m, n] = sum over k of x[m, k] w[k, n]. `words` are panels of 64 columns, [panels, words along k, 64] of i32;
    columns behind the last are zero, and so are steps of k behind the last. A word has, from its lowest bits on,
      f32    one step of k. x is f32. The sum is that of `matmul`, to the bit, of up to 16 units.
      bf16   two steps of k. x is f32. Units of 384 steps are chains of fused multiply-adds over ascending k from zero,
             and units add up in ascending order, from zero;
      int8   four steps of k, each as w + 128, in groups of 64;
      int4   eight steps of k, each as w + 8, in groups of 32: the four bytes' lower halves first, then the upper ones.
    Whole numbers have `scales` [panels, groups / 2, 64] of i32, two bf16 numbers in each, the even group's in the lower
    half: w is what the word says times its group's scale. x is then given as `round_rows` does, in signed bytes, [m,
    words], with a scale and the sum of the bytes for each group, [m, groups]. A group is exact; groups are a chain of
    fused multiply-adds over ascending k from zero, of (group * scale of x) * scale of w.
    Both orders depend on k alone. `quantize-weights` makes it, and what it reads.
    (C1) the result is [m, n]; `words` has the panels that n needs; (C2) the operands on the left are one tensor of f32
    for f32 and bf16, and three for whole numbers, of the shapes above; (C3) there are scales for whole numbers, and
    none for f32 and bf16.
    ```mlir
    %y = sinter.matmul_packed bf16(%x) by %words : (tensor<1x128xf32>, tensor<6x64x64xi32>) -> tensor<1x384xf32>
    %z = sinter.matmul_packed int8(%q, %s, %t) by %words scales %w : (tensor<1x32xi32>, tensor<1x2xf32>,
        tensor<1x2xf32>, tensor<6x32x64xi32>, tensor<6x1x64xi32>) -> tensor<1x384xf32>
    ```
  }];
  let arguments = (ins PackedKindAttr:$kind, Variadic<AnyStaticShapeTensor>:$lhs, AnyStaticShapeTensor:$words,
                       Optional<AnyStaticShapeTensor>:$scales);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{$kind `(` $lhs `)` `by` $words (`scales` $scales^)? attr-dict
                         `:` functional-type(operands, $result)}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool ofIntegers() { return getKind() == PackedKind::int8 || getKind() == PackedKind::int4; }
    /// Steps of k that share a scale; of bf16, those of a unit, which `matmul` knows of f32.
    int64_t getGroup();
    /// Steps of k in a word.
    int64_t getStepsOfWord();
  }];
}

#endif // SINTER_DECODE_OPS
