// sinter-derive-decode: entries that compute new positions only.
//
//   func @logits(%tokens: tensor<1x1024xi32>, %position: tensor<i32>)                    every position, each time
//     =>
//   sinter.state @cache.0 : tensor<1x12x1024x64xf32> {init = "zeros", transient}         an attention's keys
//   func @decode(%tokens: tensor<1x1xi32>, %position: tensor<i32>, %offset: tensor<i32>) one position, at `offset`
//   func @prefill(%tokens: tensor<1x64xi32>, ...)                                        as many as fit
//
// What an attention reads along its columns is kept, and what a scan carries, whatever it is and whoever computed it: a
// cache belongs to a value, not to a pattern (TimeAxis.h). All else shrinks to the new positions. Columns stay as many
// as they were, so that each sum has the order that it has in training, and results agree to the bit; but products
// leave out those that nobody knows yet (matmul_below), and new rows are put where they belong, in place. `decode` of
// several texts makes a token of each: its caches, offsets and logits have one more dimension in front
// (EntryDeriver.h). What a text comes with, such as a sentence that is to be translated, is read once, by an entry
// `encode` (Conditions.h).
#include "compiler/passes/Debug.h"
#include "compiler/passes/decode/EntryDeriver.h"
#include "compiler/passes/decode/Passes.h"

#define DEBUG_TYPE "sinter-derive-decode"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_DERIVEDECODE
#include "compiler/passes/decode/Passes.h.inc"

namespace {

struct DeriveDecodePass : impl::DeriveDecodeBase<DeriveDecodePass> {
  using DeriveDecodeBase::DeriveDecodeBase;

  void runOnOperation() override {
    auto source = getOperation().lookupSymbol<func::FuncOp>("logits");
    if (!source || !source->hasAttr("sinter.entry") || !llvm::hasSingleElement(source.getBody()))
      return sayNothingDerived();
    BlockArgument tokens, position;
    for (BlockArgument argument : source.getArguments()) {
      auto name = source.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "sinter.name");
      if (name && name.getValue() == "tokens")
        tokens = argument;
      if (name && name.getValue() == "position")
        position = argument;
    }
    if (!tokens || !position || typeOf(tokens).getRank() < 1 || typeOf(tokens).getShape().back() < 2)
      return sayNothingDerived();
    TimeAxes time(source.getBody().front(), tokens, position);
    if (time.where() && ifPossible) {
      time.where()->emitWarning("sampling computes all positions anew for each token: ") << time.problem();
      return;
    }
    if (time.where()) {
      time.where()->emitError("cannot be sampled token by token: ") << time.problem();
      return signalPassFailure();
    }
    Conditions conditions(source, tokens, position);
    bool isTaken = llvm::any_of(ArrayRef<StringRef>{"prefill", "decode", "encode"},
                                [&](StringRef name) { return getOperation().lookupSymbol(name) != nullptr; });
    if (ifPossible && isTaken)
      return;
    // What decodes several texts has a cache for all of them; a text is prefilled alone, in caches of its own.
    Caches caches(source, ""), own(source, "prefill."), encoded(source, "encode."),
        ownEncoded(source, "prefill.encode.");
    auto isFree = [&](StringRef name) {
      Operation *taken = getOperation().lookupSymbol(name);
      if (taken)
        taken->emitError("the sampler's entry '") << name << "' cannot be derived: the model has one of its own";
      return !taken;
    };
    auto derive = [&](StringRef name, Caches &ofConditions, Caches &in, NewPositions count) {
      if (!isFree(name))
        return false;
      func::FuncOp entry = EntryDeriver(source, time, conditions, ofConditions, in, count).run(name, tokens, position);
      if (entry)
        DEBUG_AT(entry) << name << " computes " << count.each << " of " << time.length() << " positions";
      return static_cast<bool>(entry);
    };
    bool several = texts > 1;
    Caches &alone = several ? own : caches, &encodedAlone = several ? ownEncoded : encoded;
    if (!derive("prefill", encodedAlone, alone, {1, std::clamp<int64_t>(chunk, 1, time.length())}) ||
        !derive("decode", encoded, caches, {std::max<int64_t>(texts, 1), 1}))
      return signalPassFailure();
    if (!conditions.any())
      return;
    if (!isFree("encode"))
      return signalPassFailure();
    conditions.encode("encode", encodedAlone);
  }

private:
  void sayNothingDerived() {
    if (ifPossible)
      return;
    getOperation().emitWarning(
        "nothing samples token by token: there is no entry `logits` that takes `tokens` [1, T] and "
        "`position`, as language_model makes it");
  }
};

} // namespace
} // namespace sinter
