// sinter-expand-math: the functions that training calls for every element become polynomials, on all lanes at once.
//
//   %y = math.exp %x : vector<16xf32>   =>   range reduction, a polynomial in fma, and selects for NaN and infinities
//
// Only functions whose approximation stays within 4 ulp and keeps NaN and infinities are listed
// (test/codegen/math-accuracy.test); the others reach libm, one lane at a time.
#include "compiler/codegen/cpu/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace sinter {
namespace {

struct ExpandMathPass : PassWrapper<ExpandMathPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandMathPass)

  StringRef getArgument() const override { return "sinter-expand-math"; }
  StringRef getDescription() const override { return "write exp, log, tanh, erf... as polynomials"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, vector::VectorDialect>();
  }
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return llvm::is_contained({"math.exp", "math.expm1", "math.log", "math.log1p", "math.log2", "math.tanh", "math.erf"},
                                name);
    });
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

std::unique_ptr<Pass> createExpandMathPass() { return std::make_unique<ExpandMathPass>(); }

} // namespace sinter
