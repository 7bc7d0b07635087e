//===- Passes.td - passes about sampling token by token ---------------------------------------------===//
#ifndef SINTER_DECODE_PASSES
#define SINTER_DECODE_PASSES

include "mlir/Pass/PassBase.td"

def DeriveDecode : Pass<"sinter-derive-decode", "::mlir::ModuleOp"> {
  let summary = "entries that compute new positions only, from an entry that computes all of them";
  let description = [{
    From the entry `logits` (tokens [1, T] and the position whose logits are asked for) come `prefill`, of the `chunk`
    positions from `offset` on, and `decode`, of one, or of one of each of `texts` texts. They have the parameters of
    the model, and caches: transient states, one for each value that an attention reads along the columns, or that a
    scan carries, which hold it for all T positions, of all texts in those of `decode`. If `logits` takes `source`, too,
    then what depends on it and not on the tokens is computed by an entry `encode`, of one text, and kept. A result has
    the bits that `logits` gives. It is an error, at the op that is in the way, if positions depend on later ones, or on
    earlier ones otherwise than through a causal attention, a sum so far or a scan. A module without such an entry is
    left alone, with a warning. With `if-possible`, what cannot be derived is left alone: with a warning at the op that
    is in the way, but with none where the module has no such entry, or has entries of these names.
    Examples: test/passes/derive-decode.mlir, derive-conditions.mlir.
  }];
  let options = [Option<"chunk", "chunk", "int64_t", "64", "positions that prefill takes at a time">,
                 Option<"texts", "texts", "int64_t", "1", "texts that decode takes at a time">,
                 Option<"ifPossible", "if-possible", "bool", "false", "leave alone what cannot be derived from">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

def QuantizeWeights : Pass<"sinter-quantize-weights", "::mlir::ModuleOp"> {
  let summary = "packed weights, of f32 or of 16, 8 or 4 bits, for what does not train";
  let description = [{
    In entries that write no parameter and no optimizer's memory, products whose right operand is a parameter (a matrix)
    become `matmul_packed`; its words and scales are transient states, which the new entry `prepare` fills. Small
    products stay, and in f32, where only the order in memory changes and results have the same bits, those of more than
    16 rows, or of more than 64 where all weights fit a cache. It is an error if the model has an entry of that name.
    Example: test/passes/quantize-weights.mlir.
  }];
  let options = [Option<"kind", "kind", "std::string", "\"int8\"", "f32, bf16, int8 or int4">];
  let dependentDialects = ["::sinter::SinterDialect"];
}

#endif // SINTER_DECODE_PASSES
