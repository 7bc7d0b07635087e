// Costs of kernels, and the one kernel that planning adds: a copy.
#include "compiler/passes/kernels/KernelCost.h"

#include "dialects/plan/Plan.h"

using namespace mlir;

namespace sinter {

/// What a row-wise op such as softmax takes of each element: it goes through a row two or three times.
static constexpr double kRowOps = 5;

static double flopsOfBody(Operation *op) {
  double flops = 0;
  op->walk([&](Operation *inner) {
    bool computes = OpTrait::hasElementwiseMappableTraits(inner) &&
                    !isa<arith::ConstantOp, arith::TruncFOp, arith::ExtFOp>(inner) && inner->getNumResults() == 1 &&
                    isa<FloatType>(inner->getResult(0).getType());
    if (computes)
      flops += isa<math::FmaOp>(inner) ? 2 : 1;
  });
  return flops;
}

/// Products, and what is computed of each row and column, without what a target computes twice.
static double flopsOfAttention(AttentionOp attention) {
  double flops = 0, points = static_cast<double>(llvm::product_of(attention.getOver()));
  for (Operation &op : attention.getBody().front()) {
    if (auto product = dyn_cast<ProductLike>(op))
      flops += 2 * static_cast<double>(product.getMultiplications()) * (product.isWhole() ? 1 : 0.5);
    else if (op.hasTrait<Rowwise>())
      flops += points * kRowOps;
    else
      flops += points * (isa<ReductionLike>(op) ? 1 : flopsOfBody(&op));
  }
  return flops;
}

double countFlops(func::FuncOp kernel) {
  double flops = 0;
  for (Operation &op : kernel.getBody().getOps()) {
    if (auto generic = dyn_cast<linalg::LinalgOp>(op)) {
      double points = 1;
      for (int64_t size : generic.getStaticLoopRanges())
        points *= static_cast<double>(size);
      flops += points * orderedShare(generic) * flopsOfBody(&op);
    } else if (auto attention = dyn_cast<AttentionOp>(op)) {
      flops += flopsOfAttention(attention);
    } else if (op.hasTrait<ReadsInMemory>()) { // no linalg equals it: it adds up what it reads
      for (Value operand : op.getOperands())
        if (isDifferentiable(operand.getType()))
          flops += static_cast<double>(cast<ShapedType>(operand.getType()).getNumElements());
    }
  }
  return flops;
}

double countBytes(func::FuncOp kernel) {
  double results = 0;
  for (Type type : kernel.getResultTypes())
    results += static_cast<double>(plan::sizeInBytes(cast<ShapedType>(type)));
  double bytes = results;
  for (BlockArgument argument : kernel.getArguments()) {
    double size = static_cast<double>(plan::sizeInBytes(cast<ShapedType>(argument.getType())));
    bool gathered = !argument.use_empty() && llvm::all_of(argument.getUsers(), llvm::IsaPred<tensor::ExtractOp>);
    bytes += gathered ? std::min(size, results) : size;
  }
  return bytes;
}

func::FuncOp getCopyKernel(ModuleOp module, SymbolTable &symbols, Type element, int64_t count) {
  std::string name;
  llvm::raw_string_ostream(name) << "copy_" << element << "_" << count;
  if (auto known = symbols.lookup<func::FuncOp>(name))
    return known;
  Location loc = module.getLoc();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto type = RankedTensorType::get({count}, element);
  auto kernel = func::FuncOp::create(builder, loc, name, builder.getFunctionType({type}, {type}));
  kernel.setPrivate();
  kernel->setAttr(kKernelAttr, builder.getUnitAttr());
  kernel->setAttr(kKindAttr, builder.getStringAttr(kElementsKind));
  symbols.insert(kernel);
  builder.setInsertionPointToEnd(kernel.addEntryBlock());
  Value empty = tensor::EmptyOp::create(builder, loc, type, ValueRange{});
  AffineMap identity = builder.getMultiDimIdentityMap(1);
  auto copy = linalg::GenericOp::create(
      builder, loc, TypeRange{type}, ValueRange{kernel.getArgument(0)}, ValueRange{empty},
      ArrayRef<AffineMap>{identity, identity}, ArrayRef<utils::IteratorType>{utils::IteratorType::parallel},
      [](OpBuilder &body, Location at, ValueRange values) { linalg::YieldOp::create(body, at, values[0]); });
  func::ReturnOp::create(builder, loc, copy.getResults());
  return kernel;
}

} // namespace sinter
