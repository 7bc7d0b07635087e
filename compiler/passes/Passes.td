//===- Passes.td - the compiler's passes, in the order in which they run --------------------------===//
#ifndef SINTER_PASSES
#define SINTER_PASSES

include "mlir/Pass/PassBase.td"

def MarkVariables : Pass<"sinter-mark-variables", "::mlir::func::FuncOp"> {
  let summary = "values that gradients are asked for become sinter.variable";
  let description = [{
    All readers of such a value read the mark: whatever is merged or folded before `sinter-differentiate`, they stay the
    readers of this value and no other's become it. Then views that change nothing go, alone or together with the views
    that they undo: until here they were values of their own. Example: test/passes/mark-variables.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def FuseCrossEntropy : Pass<"sinter-fuse-cross-entropy", "::mlir::func::FuncOp"> {
  let summary = "a logarithm of softmax of which one class a row is looked up becomes sinter.cross_entropy";
  let description = [{
    The logarithm of a softmax as `fuse-softmax` knows it (this pass runs first, and sees it as it was written) or
    log(sum(exp(x - max))) + max next to x itself, and a lookup of it: a sum of products with a one-hot matrix (a
    comparison of indices with targets as numbers, or rows of a unit matrix), a sum of what such a comparison selects, a
    gather from the flat tensor at row * classes + target. A sum over classes and rows is parted. A negation behind
    sums, means and weights goes with it. Nothing is fused whose logarithm has another reader, or a gradient asked for.

    Rows get the losses of the op: a target that is no class gives 0 and no gradient, where a gather gives an element of
    another row, and the logarithm of a sum is left with nothing next to it; a masked class (-inf) next to a one-hot
    product gives the loss instead of NaN; the rest as for `fuse-softmax`. Example: test/passes/fuse-cross-entropy.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def FuseSoftmax : Pass<"sinter-fuse-softmax", "::mlir::func::FuncOp"> {
  let summary = "softmax and its logarithm, written out, become sinter.softmax and sinter.log_softmax";
  let description = [{
    exp(x - max) / sum(exp(x - max)) along a dimension, or times one over the sum; x - max - log(sum(exp(x - max))) with
    its terms in any order; log(softmax) and exp(log_softmax). The maximum may be that of a row or of all rows, and the
    difference be multiplied or divided by a number; it may be missing. Nothing is fused whose exponentials or sum have
    another reader, or a gradient asked for.

    Rows get the values of the op, also where what was written out overflows: a row of only -inf gives zeros (its
    logarithm NaN), large values without a maximum, or far below that of all rows, give the softmax instead of NaN or
    zeros, what may be denormal is zero, and the logarithm of a softmax that rounds to zero is finite. An infinity gives
    NaN in its whole row. Example: test/passes/fuse-softmax.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def FuseNorm : Pass<"sinter-fuse-norm", "::mlir::func::FuncOp"> {
  let summary = "layer norm and RMS norm, written out, become sinter.normalize";
  let description = [{
    d / sqrt(mean(d d) + epsilon) along the last dimension, where d is x - mean(x) (layer norm) or anything else (RMS
    norm): with rsqrt, one over sqrt or a power of -0.5; means by division by the number of elements, or times its
    inverse; also mean(x x) - mean(x)^2 for the variance, cut off at 0 or not. Weights and other factors may be
    multiplied anywhere in between; they are multiplied behind it, and biases added behind that. Nothing is fused whose
    variance or root has another reader, or a gradient asked for.

    Rows get the values of the op, which finds the variance of large numbers that are close to each other, where mean(x
    x) - mean(x)^2 gives NaN, zero or rounding. Example: test/passes/fuse-norm.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def FuseElementwise : Pass<"sinter-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "elementwise chains become sinter.map";
  let description = [{
    Every elementwise op on tensors (arith, math, threefry), with the broadcasts, transposes and iotas that feed it,
    becomes a `sinter.map`; producers with one consumer are absorbed into it. Runs before `sinter-differentiate`, so
    that the backward pass of a chain recomputes it from its inputs instead of saving every step, and once more after
    it. Example: test/passes/fuse-elementwise.mlir.
  }];
  let options = [Option<"wrapOnly", "wrap-only", "bool", "false",
                        "stop once every elementwise op is a map of its own: the unfused program, to test against">,
                 Option<"mostOps", "most-ops", "int64_t", "256", "a map of more ops than that absorbs nothing">,
                 Option<"sayRefusals", "say-refusals", "bool", "true",
                        "remarks about what stays apart; false if the pass runs once more">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def FuseDiagonals : Pass<"sinter-fuse-diagonals", "::mlir::func::FuncOp"> {
  let summary = "lookups by the distance of column and row become sinter.diagonals";
  let description = [{
    A gather whose indices are computed for each row and column, from nothing but the difference of their two indices
    (in any way: clipped, in buckets), and whose rows only maps read. A learned bias for relative positions then is a
    table of a number for each distance, also in kernels of attention. Example: test/passes/fuse-diagonals.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect", "::mlir::arith::ArithDialect"];
}

def FuseAttention : Pass<"sinter-fuse-attention", "::mlir::func::FuncOp"> {
  let summary = "what lives on rows x columns becomes sinter.attention";
  let description = [{
    Scores, masks, weights and the products around them, if nothing over rows x columns leaves. Runs before
    `sinter-differentiate`: the gradient is again a sinter.attention, at any order. Example:
    test/passes/fuse-attention.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def Differentiate : Pass<"sinter-differentiate", "::mlir::func::FuncOp"> {
  let summary = "expands sinter.grad by reverse mode";
  let description = [{
    Asks each op between the loss and the values it is differentiated by for its vjp (DifferentiableOp). Gradients
    nest: an inner sinter.grad is expanded first. Example: test/passes/differentiate.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ShareScalars : Pass<"sinter-share-scalars", "::mlir::func::FuncOp"> {
  let summary = "what several maps of an attention would compute, and costs much, is computed once";
  let description = [{
    The gradient of a map begins with the map. Inside an attention, where its elements stay in the cache, a function
    such as the tanh of a soft cap becomes a map of its own that both read. Example: test/passes/share-scalars.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def JoinPads : Pass<"sinter-join-pads", "::mlir::func::FuncOp"> {
  let summary = "a sum of tensors padded to fit side by side is their concatenation";
  let description = "The gradient of a split. Example: test/passes/join-pads.mlir.";
  let dependentDialects = ["::sinter::SinterDialect"];
}

def FusePrologues : Pass<"sinter-fuse-prologues", "::mlir::func::FuncOp"> {
  let summary = "maps and gathers that products read become parts of these products' kernels";
  let description = [{
    A cheap map of tensors that are in memory anyway, or a gather, that only products read, is repeated for each of them
    and marked `sinter.prologue`. Example: test/passes/fuse-prologues.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def RecomputeMaps : Pass<"sinter-recompute-maps", "::mlir::func::FuncOp"> {
  let summary = "cheap maps are computed by each of their readers";
  let description = [{
    A map of a few operations whose inputs are in memory anyway is repeated in every map, reduction and row-wise op that
    reads it: no kernel writes its result. Runs once gradients exist. Example: test/passes/recompute-maps.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def Rematerialize : Pass<"sinter-rematerialize", "::mlir::func::FuncOp"> {
  let summary = "what was computed long ago is computed again where its inputs are read anyway";
  let description = [{
    A map whose result waits for the backward pass becomes part of a map there that reads the same inputs, such as the
    gradient of an activation; the first result dies early. Example: test/passes/rematerialize.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def MergeAttention : Pass<"sinter-merge-attention", "::mlir::func::FuncOp"> {
  let summary = "two sinter.attention over the same rows and columns become one";
  let description = [{
    Where a target has one kernel for both, or split-rows takes both apart: an attention or a loss head with its
    gradient, where the cotangent does not depend on what it is of. Examples: test/passes/split-rows.mlir,
    merge-attention.mlir.
  }];
  let options = [Option<"target", "target", "std::string", "\"portable\"", "cpu, vulkan, or portable: any">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def SplitRows : Pass<"sinter-split-rows", "::mlir::func::FuncOp"> {
  let summary = "a sinter.attention without a kernel of its own is computed a block of rows after the other";
  let description = [{
    Where rows x columns would be large: tokens x vocabulary. Each block is the ops of the region on some rows; what has
    rows is put together again, and sums over rows go on from block to block in the order of a product over all of them.
    Example: test/passes/split-rows.mlir.
  }];
  let options = [Option<"target", "target", "std::string", "\"portable\"", "cpu, vulkan, or portable: any">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def MergeEqual : Pass<"sinter-merge-equal", "::mlir::func::FuncOp"> {
  let summary = "equal ops become one, if something may have changed since that was done";
  let description = [{
    Upstream's elimination of common subexpressions, unless it ran before and all passes in between preserved its
    result: those that found nothing to do. Example: test/passes/merge-equal.mlir.
  }];
}

def Expand : Pass<"sinter-expand", "::mlir::func::FuncOp"> {
  let summary = "ops become what they are made of, where several kernels do better than one";
  let description = [{
    Asks each op that implements ExpandableOp, until none has more to say: a long prefix sum becomes short ones, and
    additions. Runs once gradients exist. Example: test/passes/expand.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect", "::mlir::arith::ArithDialect"];
}

def InlineAttention : Pass<"sinter-inline-attention", "::mlir::func::FuncOp"> {
  let summary = "sinter.attention becomes the ops of its region";
  let description = [{
    Those that the target has no kernel for. With `mark`, the ops of the others get the number of their group as
    `sinter.attention`, for outline-kernels, unless the target's code generation reads the op itself. Example:
    test/passes/inline-attention.mlir.
  }];
  let options = [Option<"target", "target", "std::string", "\"portable\"", "cpu, vulkan, or portable: any">,
                 Option<"mark", "mark", "bool", "false", "inline that too, with the number of its group">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def FindTriangles : Pass<"sinter-find-triangles", "::mlir::func::FuncOp"> {
  let summary = "products learn which triangle of an operand is zero, or of their result is masked";
  let description = [{
    Follows comparisons of the last two indices, such as a causal mask, to the matrix products around them, and marks
    those (`lhs(lower)`, `rhs(upper)`, `result(lower)`): they skip what the mask throws away, in the gradient too. Runs
    after sinter-differentiate. Example: test/passes/find-triangles.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def NarrowProducts : Pass<"sinter-narrow-products", "::mlir::func::FuncOp"> {
  let summary = "matrix products compute in bf16";
  let description = [{
    Every sinter.matmul gets `bf16`: its operands are rounded, its sums and its result stay f32, and so do parameters,
    reductions and everything else. Runs after sinter-differentiate, so that the products of gradients are narrowed
    too. Example: test/passes/narrow-products.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def LowerToLinalg : Pass<"sinter-lower-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "ops that implement LowerableOp become linalg on tensors";
  let description = "Works on kernels and on any other function. Example: test/passes/lower-to-linalg.mlir.";
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def CanonicalizeShapes : Pass<"sinter-canonicalize-shapes", "::mlir::func::FuncOp"> {
  let summary = "ops of entries take the shapes by which kernels are grouped";
  let description = [{
    Rows and reductions become two-dimensional, batches of products one dimension, maps take the shape of what they
    follow or feed, with reshapes (free views) around them; booleans that leave an op become bytes. Example:
    test/passes/canonicalize-shapes.mlir.
  }];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def GroupKernels : Pass<"sinter-group-kernels", "::mlir::func::FuncOp"> {
  let summary = "decides which ops of an entry run in one kernel";
  let description = [{
    A product with its elementwise epilogue; row-wise ops over the same rows; a reduction with its prologue; maps of one
    shape; a single op otherwise. Each op gets the number of its group as `sinter.group`, ops of a group stand together,
    groups in the order of their launches, and the entry says of which kind each is (`sinter.groups`, Roles.h). Runs
    after `sinter-canonicalize-shapes`. Example: test/passes/group-kernels.mlir.
  }];
  let options = [Option<"target", "target", "std::string", "\"portable\"", "cpu, vulkan, or portable: any">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def OutlineKernels : Pass<"sinter-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "groups become kernels, and equal ones one";
  let description = [{
    The ops of each group that `sinter-group-kernels` has formed become a private function marked `sinter.kernel`, of
    the group's kind (`sinter.kind`), called from the entry. Kernels that are equal but for locations are merged.
    Example: test/passes/outline-kernels.mlir.
  }];
  let options = [Option<"target", "target", "std::string", "\"portable\"", "cpu, vulkan, or portable: any">];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def MeetBudget : Pass<"sinter-meet-budget", "::mlir::ModuleOp"> {
  let summary = "calls are repeated so that an entry's arena meets a budget";
  let description = [{
    At the end of stage `kernels`. Calls of kernels whose results wait long are repeated in front of late readers
    (`sinter.again`), in the fastest way whose arena, by the real planner, is within the budget: values keep their bits.
    If it is worth it, attentions take fewer rows together (`sinter.most_rows`), which leaves more for the arena.
    A budget that no way meets is an error that names the least that can be met, and what binds there. With `curve`,
    entries say what several ways take (`sinter.curve`: bytes of arena, further FLOPs, estimated seconds of each).
    Examples: test/passes/meet-budget.mlir.
  }];
  let options = [Option<"memoryBudget", "memory-budget", "int64_t", "0", "bytes that there are; 0: no limit">,
                 Option<"besides", "besides", "int64_t", "0", "of these, what is not for the arena">,
                 ListOption<"fewerRows", "fewer-rows", "int64_t", "what else attentions may take together at most">,
                 ListOption<"besidesOfFewer", "besides-of-fewer", "int64_t", "what is not for the arena then, of each">,
                 Option<"curve", "curve", "bool", "false", "entries say what ways there are">];
  let dependentDialects = ["::sinter::plan::PlanDialect", "::mlir::linalg::LinalgDialect"];
}

def PlanMemory : Pass<"sinter-plan-memory", "::mlir::ModuleOp"> {
  let summary = "entries become plan.entry: buffers at offsets and launches in order";
  let description = [{
    Stage `kernels` to stage `plan`. Lives of tensors over the order of launches give offsets in one arena; a kernel
    that allows it writes over an input that dies there; a new value of a state is written into the state itself where
    nobody reads the old one later. Kernels get `sinter.flops` and `sinter.bytes` of one launch. Examples:
    test/passes/plan-memory.mlir.
  }];
  let dependentDialects = ["::sinter::plan::PlanDialect", "::mlir::linalg::LinalgDialect"];
}

def VerifyStage : Pass<"sinter-verify-stage", "::mlir::ModuleOp"> {
  let summary = "checks what may remain after a stage";
  let description = [{
    One table says for every stage which dialects and ops may be in the module and where, and what else holds.
    Examples: test/passes/verify-stage.mlir.
  }];
  let options = [Option<"stage", "stage", "std::string", "\"\"", "model, fused, train, kernels, plan or target">,
                 Option<"ops", "ops", "bool", "false", "also asks the verifier of every op, which comes first">];
}

#endif // SINTER_PASSES
