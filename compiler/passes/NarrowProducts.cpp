// sinter-narrow-products: `sinter.matmul %a, %b` => `sinter.matmul %a, %b {bf16}`.
#include "compiler/passes/Passes.h"

namespace sinter {
#define GEN_PASS_DEF_NARROWPRODUCTS
#include "compiler/passes/Passes.h.inc"

namespace {

struct NarrowProductsPass : impl::NarrowProductsBase<NarrowProductsPass> {
  void runOnOperation() override {
    getOperation().walk([](MatmulOp op) { op.setBf16(true); });
  }
};

} // namespace
} // namespace sinter
