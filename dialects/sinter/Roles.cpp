#include "dialects/sinter/Roles.h"
#include "dialects/sinter/Decode.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter {

std::string GroupLabel::text() const { return members > 1 ? kind.str() + " x " + std::to_string(members) : kind.str(); }

std::optional<GroupLabel> GroupLabel::parse(StringRef text) {
  auto [kind, count] = text.split(" x ");
  GroupLabel result{kind};
  bool counted = kind.size() < text.size();
  if (kind.empty() || (counted && (count.getAsInteger(10, result.members) || result.members < 2)))
    return std::nullopt;
  return result;
}

bool isKernelKind(MLIRContext *context, StringRef kind) {
  return llvm::is_contained({kProductKind, kRowsKind, kColumnsKind, kElementsKind, kAttentionKind}, kind) ||
         RegisteredOperationName::lookup(("sinter." + kind).str(), context).has_value();
}

StringRef kindOf(Operation *kernel) {
  auto kind = kernel->getAttrOfType<StringAttr>(kKindAttr);
  return kind ? kind.getValue() : StringRef();
}

bool hasRole(Operation *op, StringRef role) {
  auto own = op->getAttrOfType<StringAttr>(kRoleAttr);
  return own && own.getValue() == role;
}

bool isProduct(Operation *op) {
  auto own = op->getAttrOfType<StringAttr>(kRoleAttr);
  return own && llvm::is_contained({kProduct, kMakes, kSumsColumns, kSumsRows}, own.getValue());
}

/// `value`, or what it is rounded to bf16 from.
static Value stripRounding(Value value) {
  auto wide = value.getDefiningOp<arith::ExtFOp>();
  auto narrow = wide ? wide.getIn().getDefiningOp<arith::TruncFOp>() : arith::TruncFOp();
  return narrow && narrow.getType().isBF16() && narrow.getIn().getType() == value.getType() ? narrow.getIn() : value;
}

/// Whether the body is acc + a * b on f32, or the same with a and b rounded to bf16.
static bool multipliesAndAdds(linalg::GenericOp op) {
  // (A third input bounds the product.)
  if (op.getNumDpsInputs() != (op->hasAttr(kBoundedAttr) ? 3 : 2) || op.getNumDpsInits() != 1)
    return false;
  Block &body = *op.getBody();
  Value sum = body.getArguments().back();
  bool narrow = op->hasAttr(kBf16Attr);
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add || !add.getType().isF32())
    return false;
  for (bool swapped : {false, true}) {
    auto multiply = (swapped ? add.getLhs() : add.getRhs()).getDefiningOp<arith::MulFOp>();
    if (!multiply || (swapped ? add.getRhs() : add.getLhs()) != sum)
      continue;
    Value x = multiply.getLhs(), y = multiply.getRhs();
    if (narrow) {
      if (stripRounding(x) == x || stripRounding(y) == y)
        continue;
      x = stripRounding(x), y = stripRounding(y);
    }
    if ((x == body.getArgument(0) && y == body.getArgument(1)) ||
        (x == body.getArgument(1) && y == body.getArgument(0)))
      return true;
  }
  return false;
}

static bool addsUp(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1)
    return false;
  Block &body = *op.getBody();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  auto adds = [&](int64_t x, int64_t y) {
    return add.getLhs() == body.getArgument(x) && add.getRhs() == body.getArgument(y);
  };
  return add && add.getType().isF32() && (adds(0, 1) || adds(1, 0));
}

/// -0.0 would do as well, but nobody writes it.
static bool startsFromZero(linalg::GenericOp op) {
  Value initial = op.getDpsInits()[0];
  if (auto fill = initial.getDefiningOp<linalg::FillOp>())
    initial = fill.getInputs()[0];
  return matchPattern(initial, m_PosZeroFloat());
}

std::string whyNotInRole(linalg::GenericOp op) {
  bool product = isProduct(op);
  if (!product && !hasRole(op, kOfColumns))
    return op->hasAttr(kBf16Attr) ? "only a product rounds its operands to bf16" : "";
  if (product ? !multipliesAndAdds(op) : !addsUp(op))
    return product ? "a product's body is acc + a * b" : "sums of columns are of one operand";
  if (op.getNumReductionLoops() == 0 || (!product && op.getNumReductionLoops() != 1))
    return "it reduces over no dimension, or over several";
  if (!startsFromZero(op))
    return "its sums do not start from 0";
  auto plain = [](AffineMap map) { return map.isProjectedPermutation(); };
  return llvm::all_of(op.getIndexingMapsArray(), plain) ? "" : "it is not read by plain dimensions";
}

} // namespace sinter
