#include "dialects/sinter/Attributes.h"

#include "dialects/sinter/Decode.h"
#include "dialects/sinter/Loops.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

#include <cmath>

using namespace mlir;

namespace sinter {
namespace {

/// Why `value` is no good on `op`; empty if it is.
using Check = std::string (*)(Operation *op, Attribute value);

std::string isUnit(Operation *, Attribute value) { return isa<UnitAttr>(value) ? "" : "has no value"; }
std::string isText(Operation *, Attribute value) { return isa<StringAttr>(value) ? "" : "is a string"; }
std::string isDictionary(Operation *, Attribute value) { return isa<DictionaryAttr>(value) ? "" : "is a dictionary"; }

std::string isReal(Operation *, Attribute value) {
  auto real = dyn_cast<FloatAttr>(value);
  return real && !real.getValue().isNaN() ? "" : "is a number such as 1.0";
}

/// An amount of work or of bytes.
std::string isAmount(Operation *, Attribute value) {
  auto real = dyn_cast<FloatAttr>(value);
  bool good = real && real.getType().isF64() && std::isfinite(real.getValueAsDouble()) && real.getValueAsDouble() >= 0;
  return good ? "" : "is an f64, finite and not negative";
}

template <int64_t least> std::string isInteger(Operation *, Attribute value) {
  auto integer = dyn_cast<IntegerAttr>(value);
  bool fits = integer && integer.getValue().isSignedIntN(63) && integer.getType().isSignlessInteger(64);
  return fits && integer.getInt() >= least ? "" : "is an i64 of at least " + std::to_string(least);
}

std::string isRange(Operation *, Attribute value) {
  auto bounds = dyn_cast<ArrayAttr>(value);
  bool good = bounds && bounds.size() == 2 && llvm::all_of(bounds, llvm::IsaPred<FloatAttr>);
  return good ? "" : "is [low, high]";
}

/// Sizes of the loops of a linalg.generic, -1 where no operand tells. It may be wrong in every other way: attributes
/// are verified first.
SmallVector<int64_t> loopSizes(Operation *op) {
  auto attribute = [&](StringRef name) {
    return dyn_cast_if_present<ArrayAttr>(op->getInherentAttr(name).value_or(Attribute()));
  };
  ArrayAttr kinds = attribute("iterator_types"), maps = attribute("indexing_maps");
  SmallVector<int64_t> sizes(kinds ? kinds.size() : 0, -1);
  if (maps)
    for (auto [map, type] : llvm::zip(maps.getAsRange<Attribute>(), op->getOperandTypes())) {
      auto affine = dyn_cast<AffineMapAttr>(map);
      auto shaped = dyn_cast<ShapedType>(type);
      if (!affine || !shaped || !shaped.hasRank())
        continue;
      for (auto [index, size] : llvm::zip(affine.getValue().getResults(), shaped.getShape()))
        if (auto dim = dyn_cast<AffineDimExpr>(index); dim && dim.getPosition() < sizes.size())
          sizes[dim.getPosition()] = size;
    }
  return sizes;
}

/// Pairs of loops of the linalg.generic that runs over as many of the one as of the other, each with a distance.
std::string isOrdered(Operation *op, Attribute value) {
  auto pairs = dyn_cast<DenseI64ArrayAttr>(value);
  if (!pairs || !isa<linalg::GenericOp>(op) || pairs.size() % 3)
    return "is pairs of loops of a linalg.generic, each with a distance";
  SmallVector<int64_t> sizes = loopSizes(op);
  for (int64_t i = 0; i < pairs.size(); i += 3) {
    int64_t a = pairs[i], b = pairs[i + 1], count = sizes.size();
    if (a < 0 || b < 0 || a >= count || b >= count || a == b || sizes[a] != sizes[b])
      return "is pairs of different loops of one size, of " + std::to_string(count) + " loops; (" + std::to_string(a) +
             ", " + std::to_string(b) + ") is none";
    if (pairs[i + 2] < 0)
      return "has a negative distance " + std::to_string(pairs[i + 2]);
  }
  return "";
}

/// Pairs (output, input) of a kernel.
std::string isInPlace(Operation *op, Attribute value) {
  auto pairs = dyn_cast<DenseI64ArrayAttr>(value);
  if (!pairs || pairs.size() % 2)
    return "is pairs (output, input)";
  auto kernel = dyn_cast<func::FuncOp>(op);
  for (int64_t i = 0; kernel && kernel.getNumResults() && i < pairs.size(); i += 2)
    if (pairs[i] < 0 || pairs[i] >= kernel.getNumResults() || pairs[i + 1] < 0 ||
        pairs[i + 1] >= kernel.getNumArguments())
      return "names result " + std::to_string(pairs[i]) + " and argument " + std::to_string(pairs[i + 1]) + " of " +
             std::to_string(kernel.getNumResults()) + " and " + std::to_string(kernel.getNumArguments());
  return "";
}

/// Triples: bytes that fall, seconds that rise, and FLOPs between (a slow kernel's may be fewer).
std::string isCurve(Operation *, Attribute value) {
  auto numbers = dyn_cast<DenseF64ArrayAttr>(value);
  bool good = numbers && numbers.size() % 3 == 0;
  for (int64_t i = 3; good && i < numbers.size(); ++i)
    good = i % 3 == 0 ? numbers[i] < numbers[i - 3] : i % 3 == 1 || numbers[i] >= numbers[i - 3];
  return good ? "" : "is bytes that fall, each with FLOPs and with seconds that rise";
}

std::string isIntegers(Operation *, Attribute value) { return isa<DenseI64ArrayAttr>(value) ? "" : "is integers"; }

/// What an op is in its kernel.
std::string isRole(Operation *, Attribute value) {
  auto text = dyn_cast<StringAttr>(value);
  return text && llvm::is_contained({kProduct, kOfColumns, kMakes, kSumsColumns, kSumsRows, kSumsDiagonals, kOnRows},
                                    text.getValue())
             ? ""
             : "is \"product\", \"sums of columns\", \"makes\", \"sums columns\", \"sums rows\", "
               "\"sums diagonals\" or \"on rows\"";
}

constexpr StringLiteral kKinds = "product, rows, columns, elements, attention, or the name of an op of the dialect";

std::string isKind(Operation *op, Attribute value) {
  auto text = dyn_cast<StringAttr>(value);
  return text && isKernelKind(op->getContext(), text.getValue()) ? "" : ("is " + kKinds).str();
}

/// Kinds of groups, with their members.
std::string areKinds(Operation *op, Attribute value) {
  auto kinds = dyn_cast<ArrayAttr>(value);
  bool good = kinds && llvm::all_of(kinds, [&](Attribute kind) {
                auto text = dyn_cast<StringAttr>(kind);
                std::optional<GroupLabel> group = text ? GroupLabel::parse(text.getValue()) : std::nullopt;
                return group && isKernelKind(op->getContext(), group->kind);
              });
  return good ? "" : ("is a list of kinds (" + kKinds + "), of several members as \"elements x 12\"").str();
}

struct Known {
  StringLiteral name;
  Check check;
};

constexpr Known kOnModules[] = {
    {"sinter.program", isText},
    {"sinter.source", isText},
    {"sinter.config", isDictionary},
    {kTargetAttr, isText},
    {"sinter.memory_budget", isInteger<1>},
};
/// Functions of any dialect, and plan.kernels.
constexpr Known kOnFunctions[] = {
    {kEntryAttr, isUnit},
    {kKernelAttr, isUnit},
    {kLoopBodyAttr, isInteger<0>},
    {kAlternativeAttr, isText},
    {kExpectAttr, isUnit},
    {kMembersAttr, isInteger<1>},
    {kKindAttr, isKind},
    {kGroupsAttr, areKinds},
    {"sinter.flops", isAmount},
    {"sinter.bytes", isAmount},
    {"sinter.in_place", isInPlace},
    {"sinter.tiles", isInteger<0>},
    {"sinter.scratch", isInteger<0>},
    {"sinter.pieces", isInteger<1>},
    {"sinter.piecewise", isIntegers},
    {"sinter.schedule", isDictionary},
    {kMostRowsAttr, isInteger<1>},
    {kCurveAttr, isCurve},
};
constexpr Known kOnOps[] = {
    {kPrologueAttr, isUnit},    {kAttentionAttr, isInteger<0>}, {kRoleAttr, isRole},  {kBf16Attr, isUnit},
    {kGroupAttr, isInteger<0>}, {kOrderedAttr, isOrdered},      {kAgainAttr, isUnit}, {kBoundedAttr, isInteger<0>},
    {kPutsAttr, isInteger<0>},  {kWhileAttr, isInteger<0>},
};
constexpr Known kOnArguments[] = {
    {kNameAttr, isText}, {kDefaultAttr, isReal}, {"sinter.range", isRange}, {"sinter.limit", isInteger<1>}};
constexpr Known kOnResults[] = {{kNameAttr, isText}};

LogicalResult verify(Operation *op, NamedAttribute attribute, ArrayRef<Known> known, const Twine &where) {
  const Known *found = llvm::find_if(known, [&](const Known &one) { return one.name == attribute.getName(); });
  if (found == known.end())
    return op->emitError() << "attribute `" << attribute.getName().getValue() << "` is unknown on " << where;
  std::string problem = found->check(op, attribute.getValue());
  if (!problem.empty())
    return op->emitError() << "attribute `" << found->name << "` " << problem << ", not " << attribute.getValue();
  return success();
}

LogicalResult verifyOnOp(Operation *op, NamedAttribute attribute) {
  if (isa<ModuleOp>(op))
    return verify(op, attribute, kOnModules, "a module");
  // The plan dialect stands above this one.
  if (isa<FunctionOpInterface>(op) || op->getName().getStringRef() == "plan.kernel")
    return verify(op, attribute, kOnFunctions, "a function");
  return verify(op, attribute, kOnOps, op->getName().getStringRef());
}

LogicalResult verifyOnArgument(Operation *op, unsigned index, NamedAttribute attribute) {
  return verify(op, attribute, kOnArguments, "argument " + Twine(index));
}

LogicalResult verifyOnResult(Operation *op, unsigned index, NamedAttribute attribute) {
  return verify(op, attribute, kOnResults, "result " + Twine(index));
}

bool isOurs(NamedAttribute attribute) { return attribute.getName().getValue().starts_with("sinter."); }

} // namespace

LogicalResult SinterDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  return verifyOnOp(op, attribute);
}

LogicalResult SinterDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index,
                                                      NamedAttribute attribute) {
  return verifyOnArgument(op, index, attribute);
}

LogicalResult SinterDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned index,
                                                         NamedAttribute attribute) {
  return verifyOnResult(op, index, attribute);
}

// Not by way of the dialect: a module may hold its attributes where it is not loaded.
LogicalResult verifyAttributes(Operation *op) {
  for (NamedAttribute attribute : llvm::make_filter_range(op->getDiscardableAttrs(), isOurs))
    if (failed(verifyOnOp(op, attribute)))
      return failure();
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return success();
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    for (NamedAttribute attribute : llvm::make_filter_range(function.getArgAttrs(i), isOurs))
      if (failed(verifyOnArgument(op, i, attribute)))
        return failure();
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    for (NamedAttribute attribute : llvm::make_filter_range(function.getResultAttrs(i), isOurs))
      if (failed(verifyOnResult(op, i, attribute)))
        return failure();
  return success();
}

} // namespace sinter
