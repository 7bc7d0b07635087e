//===- LoopOps.td - computations that are repeated ------------------------------------------------===//
//
// A file of its own, with headers of its own (Loops.h): few files need to know of loops. The ops belong to the dialect
// of Ops.td.
//
//===----------------------------------------------------------------------------------------------===//
#ifndef SINTER_LOOP_OPS
#define SINTER_LOOP_OPS

include "dialects/sinter/Base.td"

/// What a loop that holds its body and one that names it have in common.
class LoopLikeOp<string mnemonic, list<Trait> traits = []>
    : SinterOp<mnemonic, traits # [Pure, AttrSizedOperandSegments]> {
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  code loopMethods = [{
    unsigned getNumCarries() { return getInit().size(); }
    unsigned getNumOutputs() { return getNumResults() - getInit().size(); }
    /// What the carries are after the last step.
    ::mlir::ResultRange getFinals() { return getResults().take_front(getNumCarries()); }
    /// What the steps have given, stacked.
    ::mlir::ResultRange getStacks() { return getResults().drop_front(getNumCarries()); }
  }];
}

def ScanOp : LoopLikeOp<"scan", [DeclareOpInterfaceMethods<DifferentiableOp>, DeclareOpInterfaceMethods<TimeAxisOp>,
                                 SingleBlock, IsolatedFromAbove]> {
  let summary = "a computation that is repeated, step by step over sequences";
  let description = [{
    carry = init; for t = 0 ... steps - 1 (with `reverse` from steps - 1 down to 0): carry, out[t] = body(carry,
    sequences[t], invariants). Results are the carries after the last step, then what the steps have given, each stacked
    along a new first dimension at its own t, in whichever direction. The body's values are its arguments, in that
    order, and what it computes of them.
    Its gradient is a scan in the other direction, whose carries are the cotangents of these carries and running sums of
    those of the invariants. It reads the values that are dear to compute and the carries as they were, which the
    forward scan then gives beside its results; the rest it computes again. The cheapest such choice is a minimum cut.
    (C1) there is at least one step; (C2) the first dimension of a sequence has a size of `steps`; (C3) the body's
    arguments have the types of the carries, of the sequences without their first dimension, and of the invariants; (C4)
    it gives next carries of the carries' types and a value for each stacked result, of its type without the first
    dimension; (C5) booleans neither enter nor leave.
    With an attribute `sinter.while = c`, carry c says before each step whether there is one: 0 ends the loop, which has
    `steps` of them at most. A body leaves all carries as they are once that is 0, so that whoever cannot stop early may
    go on. (C7) carry c is a `tensor<i32>`, there are neither sequences nor stacked results; it has no gradient.
    ```mlir
    %last, %all = sinter.scan 3 carry(%h) over(%x) with(%w)
        : (tensor<4xf32>, tensor<3x4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
    ^bb0(%h0: tensor<4xf32>, %x0: tensor<4xf32>, %w0: tensor<4xf32>):
      %0 = arith.mulf %h0, %w0 : tensor<4xf32>
      %1 = arith.addf %0, %x0 : tensor<4xf32>
      sinter.next %1, %0 : tensor<4xf32>, tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins I64Attr:$steps, UnitAttr:$reverse, Variadic<AnyStaticShapeTensor>:$init,
                       Variadic<AnyStaticShapeTensor>:$sequences, Variadic<AnyStaticShapeTensor>:$invariants);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $steps (`reverse` $reverse^)? `carry` `(` $init `)` `over` `(` $sequences `)` `with` `(` $invariants `)`
    attr-dict-with-keyword `:` functional-type(operands, results) $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = loopMethods;
}

def LoopOp : LoopLikeOp<"loop", [ReadsInMemory, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a scan whose body is a function";
  let description = [{
    The same as a `sinter.scan` with the function's body. Written by `outline-loops`, so that passes over functions work
    on bodies, too.
    (C1), (C2), (C5) as for `sinter.scan`; (C3), (C4) the same, of the function's arguments and results; (C6) the
    function exists, and is marked `sinter.loop_body`, with the number of carries.
    ```mlir
    %last = sinter.loop @decay 3 carry(%h) over(%x) with() : (tensor<4xf32>, tensor<3x4xf32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, I64Attr:$steps, UnitAttr:$reverse,
                       Variadic<AnyStaticShapeTensor>:$init, Variadic<AnyStaticShapeTensor>:$sequences,
                       Variadic<AnyStaticShapeTensor>:$invariants);
  let assemblyFormat = [{
    $callee $steps (`reverse` $reverse^)? `carry` `(` $init `)` `over` `(` $sequences `)` `with` `(` $invariants `)`
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = loopMethods;
}

def NextOp : SinterOp<"next", [Pure, Terminator, HasParent<"ScanOp">]> {
  let summary = "ends a step of a scan: the next carries, then what the step gives";
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif // SINTER_LOOP_OPS
