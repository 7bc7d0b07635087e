#include "compiler/passes/fuse/NotFused.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace sinter {

bool saysNotFused(Operation *op) { return op->getContext()->getRemarkEngine() != nullptr; }

void notFused(Operation *op, const Twine &what, const Twine &why) {
  if (!saysNotFused(op))
    return;
  auto function = op->getParentOfType<FunctionOpInterface>();
  auto options = remark::RemarkOpts::name("not-fused").category(kNotFusedCategory);
  if (function)
    options = options.function(function.getName());
  remark::missed(op->getLoc(), options) << remark::detail::Remark::Arg("Remark", what.str())
                                        << remark::detail::Remark::Arg(kNotFusedReason, why.str());
}

} // namespace sinter
