// sinter-narrow-products: `sinter.matmul %a, %b` => `sinter.matmul %a, %b {bf16}`.
#include "compiler/passes/Debug.h"
#include "compiler/passes/Passes.h"

#define DEBUG_TYPE "sinter-narrow-products"

namespace sinter {
#define GEN_PASS_DEF_NARROWPRODUCTS
#include "compiler/passes/Passes.h.inc"

namespace {

struct NarrowProductsPass : impl::NarrowProductsBase<NarrowProductsPass> {
  void runOnOperation() override {
    int64_t count = 0;
    getOperation().walk([&](ProductLike op) {
      op.setBf16(true);
      ++count;
    });
    counted(getOperation(), DEBUG_TYPE, "products narrowed", count);
  }
};

} // namespace
} // namespace sinter
