//===- DecodeOps.td - ops of positions that are known at run time ---------------------------------===//
//
// What a sampler needs beside the ops of training: rows of a cache are written where they belong, and products leave
// out the positions that nobody has computed yet.
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

#endif // SINTER_DECODE_OPS
