#include "compiler/codegen/cpu/products/MatmulSchedule.h"
#include "compiler/codegen/cpu/Emitter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace sinter::cpu {
namespace {

template <typename T> struct Word {
  T value;
  StringLiteral text;
};
constexpr Word<LhsForm> kLeft[] = {{LhsForm::Direct, "direct"}, {LhsForm::Rows, "rows"}, {LhsForm::Panels, "panels"}};
constexpr Word<RhsForm> kRight[] = {
    {RhsForm::Direct, "direct"}, {RhsForm::Copied, "copied"}, {RhsForm::Transposed, "transposed"}};
constexpr Word<Keeps> kKeeps[] = {{Keeps::Lhs, "left"}, {Keeps::Rhs, "right"}, {Keeps::Neither, "neither"}};
constexpr Word<bool MatmulPlan::*> kFlags[] = {{&MatmulPlan::stream, "stream"},
                                               {&MatmulPlan::fromMemory, "from memory"},
                                               {&MatmulPlan::packsAhead, "packs ahead"},
                                               {&MatmulPlan::finishesLater, "finishes later"},
                                               {&MatmulPlan::pastCaches, "past caches"}};
constexpr StringLiteral kPairs = "pairs";

template <typename T, size_t N> StringAttr textOf(MLIRContext *context, const Word<T> (&words)[N], T value) {
  auto *word = llvm::find_if(words, [&](const Word<T> &w) { return w.value == value; });
  return StringAttr::get(context, word->text);
}

template <typename T, size_t N> bool read(Attribute attribute, const Word<T> (&words)[N], T &value) {
  auto text = dyn_cast_if_present<StringAttr>(attribute);
  auto *word = llvm::find_if(words, [&](const Word<T> &w) { return text && w.text == text.getValue(); });
  if (word == std::end(words))
    return false;
  value = word->value;
  return true;
}

/// What follows from tile and block.
void derive(MatmulPlan &plan, const MatmulKernel &kernel) {
  plan.mTiles = llvm::divideCeil(kernel.m.size, plan.mc);
  plan.nTiles = llvm::divideCeil(kernel.n.size, plan.nc);
  plan.kBlocks = llvm::divideCeil(kernel.k.size, plan.kc);
  plan.unitBlocks = llvm::divideCeil(unitOf(kernel.k.size), plan.kc);
}

/// Whether `size` can be cut into blocks of `block`, each of whole steps of `step` or ending in one that moves back.
bool cutsWell(int64_t size, int64_t block, int64_t step) {
  return block >= 1 && block <= size && (block == size || block % step == 0) &&
         (size % block == 0 || size % block >= std::min(step, size));
}

bool isContiguousAlongK(const MatmulKernel &kernel, const MatmulOperand &operand) {
  return kernel.k.stride(operand) == 1 && (kernel.kParts.empty() || kernel.kParts.back().size % kLanes == 0);
}

std::string whyNoStream(const MatmulPlan &plan, const MatmulKernel &kernel) {
  bool contiguous = kernel.n.stride(kernel.rhs) == 1 || kernel.n.size == 1;
  if (!kernel.readsInPlace() || kernel.columnSums || kernel.m.size > 4)
    return "only a product of at most 4 rows, of operands in memory, can be streamed";
  if (plan.mr != kernel.m.size || plan.mc != kernel.m.size || plan.kc != blockDepth(kernel.k.size, 1) ||
      plan.vectors != 1)
    return "a streamed product has tiles of all rows and one vector, and blocks of all rows and whole units of k";
  if (plan.rhs == RhsForm::Direct
          ? !contiguous || kernel.n.size < kLanes
          : kernel.k.stride(kernel.rhs) != 1 || kernel.n.size < kLanes || kernel.k.size < kLanes)
    return "the right operand does not lie as it would be streamed";
  if (plan.rhs == RhsForm::Copied || plan.lhs != LhsForm::Direct || plan.depth != 1)
    return "a streamed product copies nothing";
  return cutsWell(kernel.n.size, plan.nc, kLanes) ? "" : "blocks of columns are multiples of 16";
}

bool isRegisterTile(const MatmulPlan &plan, int64_t rows, int64_t n) {
  return plan.mr >= 1 && plan.mr <= std::min<int64_t>(rows, 16) && plan.vectors >= 1 && plan.vectors <= 6 &&
         (plan.vectors - 1) * kLanes < n;
}
constexpr StringLiteral kRegisterTile =
    "a register tile has 1 to 16 rows and 1 to 6 vectors of columns, and no more than there are";

/// Whether a block of k is a unit or a part of one.
std::string whyNoDepth(const MatmulPlan &plan, int64_t k) {
  int64_t unit = unitOf(k);
  bool whole = plan.kc == unit, part = plan.kc >= 1 && plan.kc < unit && plan.kc % kLanes == 0 &&
                                       (unit == k || unit % plan.kc == 0) &&
                                       (k % plan.kc == 0 || k % plan.kc >= kLanes);
  return whole || part
             ? ""
             : "a block of k is a unit (" + std::to_string(unit) + " steps) or a part of one, in whole vectors";
}

/// Whether operands lie as their forms want them.
std::string whyNotSo(const MatmulPlan &plan, const MatmulKernel &kernel) {
  const std::optional<MatmulWindows> &windows = kernel.lhs.windows;
  bool inRuns = windows && windows->standInRuns() && windows->neighbours() % plan.mr == 0;
  bool packsLeft = kernel.bf16 || (kernel.mustBePacked(kernel.lhs) && !inRuns);
  if (plan.lhs == LhsForm::Direct && packsLeft)
    return "the left operand is computed or rounded, so it has to be copied";
  if (plan.lhs == LhsForm::Rows && (!isContiguousAlongK(kernel, kernel.lhs) || (kernel.k.size < kLanes && !packsLeft)))
    return "rows are copied of a left operand that is contiguous along k";
  bool contiguous = kernel.n.stride(kernel.rhs) == 1 || kernel.n.size == 1;
  bool packsRight = kernel.bf16 || kernel.columnSums || kernel.mustBePacked(kernel.rhs);
  if (plan.rhs == RhsForm::Direct && (packsRight || !contiguous))
    return "the right operand is computed, rounded, added up or scattered, so it has to be copied";
  if (plan.rhs == RhsForm::Transposed && !canTranspose(kernel))
    return "what is transposed is a right operand in memory that is contiguous along k";
  return "";
}

std::string whyNoPairs(const MatmulPlan &plan, const MatmulKernel &kernel) {
  bool pairs = plan.depth == 2 && kernel.bf16 && kernel.k.size > kLanes;
  return plan.depth == 1 || pairs ? "" : "only products of bf16 have pairs, of more than 16 steps of k";
}

std::string whyNoPart(const MatmulPlan &plan, const MatmulKernel &kernel, PartOf part) {
  int64_t rows = part.rows ? part.rows : kernel.m.size;
  if (plan.stream || plan.packsAhead || plan.finishesLater || plan.fromMemory)
    return "a product within a kernel is not streamed, packs nothing ahead and finishes at once";
  if (plan.mc != rows || plan.nc != kernel.n.size || plan.keeps != (part.rows ? Keeps::Rhs : Keeps::Neither))
    return part.rows ? "a product by rows has blocks of the rows that are taken together and all columns, and keeps "
                       "what is right"
                     : "a product by steps of k has blocks of all rows and columns, and keeps neither";
  if (!isRegisterTile(plan, rows, kernel.n.size))
    return kRegisterTile.str();
  if (part.depth && plan.kc != part.depth)
    return "a product by steps of k has blocks of as many as rows are taken together";
  if (std::string why = part.depth ? "" : whyNoDepth(plan, kernel.k.size); !why.empty())
    return why;
  std::string why = whyNotSo(plan, kernel);
  return why.empty() ? whyNoPairs(plan, kernel) : why;
}

} // namespace

std::string whyIllegal(const MatmulPlan &plan, const MatmulKernel &kernel, PartOf part) {
  int64_t m = kernel.m.size, n = kernel.n.size, k = kernel.k.size;
  if (!part.isWhole())
    return whyNoPart(plan, kernel, part);
  if (kernel.inPlace && (plan.stream || n % plan.nr() != 0))
    return "a product that runs in place is not streamed, and its tiles divide the columns";
  if (plan.stream)
    return whyNoStream(plan, kernel);
  if (!isRegisterTile(plan, m, n))
    return kRegisterTile.str();
  if (!cutsWell(m, plan.mc, plan.mr) || !cutsWell(n, plan.nc, plan.nr()))
    return "blocks are whole register tiles, and the last one is no smaller than one";
  for (std::string why : {whyNoDepth(plan, k), whyNotSo(plan, kernel), whyNoPairs(plan, kernel)})
    if (!why.empty())
      return why;
  bool single = kernel.batch.empty() && kernel.ordered.empty() && !kernel.bound;
  if (plan.finishesLater &&
      (!single || readsWindows(plan, kernel) || plan.kc < plan.mr * plan.depth * kLanes ||
       plan.mPanels() * plan.nPanels() == 1 || (plan.rhs == RhsForm::Copied && plan.mPanels() == 1)))
    return "sums can wait where there is one batch, a next tile, and time enough in it";
  if (plan.packsAhead &&
      (!single || plan.lhs != LhsForm::Panels || plan.depth != 1 || plan.kBlocks <= 3 || plan.nPanels() <= 2 ||
       (plan.nTiles > 1 && n % plan.nc != 0) || kernel.m.stride(kernel.lhs) != 1 || !kernel.walksEvenly(kernel.lhs) ||
       kernel.lhs.operand == MatmulOperand::kNowhere))
    return "panels of the left operand are packed ahead from runs of memory, beside more than two panels of columns";
  return "";
}

DictionaryAttr scheduleOf(const MatmulPlan &plan, MLIRContext *context) {
  Builder b(context);
  SmallVector<Attribute> flags;
  for (const auto &flag : kFlags)
    if (plan.*flag.value)
      flags.push_back(b.getStringAttr(flag.text));
  if (plan.depth == 2)
    flags.push_back(b.getStringAttr(kPairs));
  SmallVector<NamedAttribute> entries{
      b.getNamedAttr("tile", b.getDenseI64ArrayAttr({plan.mr, plan.nr()})),
      b.getNamedAttr("block", b.getDenseI64ArrayAttr({plan.mc, plan.nc, plan.kc})),
      b.getNamedAttr("left", textOf(context, kLeft, plan.lhs)),
      b.getNamedAttr("right", textOf(context, kRight, plan.rhs)),
      b.getNamedAttr("keeps", textOf(context, kKeeps, plan.keeps)),
  };
  if (!flags.empty())
    entries.push_back(b.getNamedAttr("flags", b.getArrayAttr(flags)));
  return b.getDictionaryAttr(entries);
}

FailureOr<MatmulPlan> readSchedule(Operation *where, Attribute schedule, const MatmulKernel &kernel, PartOf part) {
  auto fail = [&](const Twine &why) { return where->emitError("`sinter.schedule`: ") << why; };
  auto entries = dyn_cast_if_present<DictionaryAttr>(schedule);
  if (!entries)
    return fail("is a dictionary");
  for (NamedAttribute entry : entries)
    if (!llvm::is_contained({"tile", "block", "left", "right", "keeps", "flags"}, entry.getName()))
      return fail("knows no " + entry.getName().getValue());
  MatmulPlan plan{};
  auto tile = entries.getAs<DenseI64ArrayAttr>("tile"), block = entries.getAs<DenseI64ArrayAttr>("block");
  if (!tile || tile.size() != 2 || !block || block.size() != 3 || tile[1] % kLanes != 0)
    return fail("has a tile of rows and columns (a multiple of 16), and a block of rows, columns and steps of k");
  plan.mr = tile[0], plan.vectors = tile[1] / kLanes;
  plan.mc = block[0], plan.nc = block[1], plan.kc = block[2];
  if (!read(entries.get("left"), kLeft, plan.lhs) || !read(entries.get("right"), kRight, plan.rhs) ||
      !read(entries.get("keeps"), kKeeps, plan.keeps))
    return fail("left is direct, rows or panels; right is direct, copied or transposed; keeps left, right or neither");
  auto flags = entries.getAs<ArrayAttr>("flags");
  for (Attribute flag : flags ? flags.getValue() : ArrayRef<Attribute>()) {
    auto text = dyn_cast<StringAttr>(flag);
    bool MatmulPlan::*known = nullptr;
    if (read(flag, kFlags, known))
      plan.*known = true;
    else if (text && text.getValue() == kPairs)
      plan.depth = 2;
    else
      return where->emitError("`sinter.schedule`: knows no flag ") << flag;
  }
  if (plan.mr < 1 || plan.vectors < 1 || plan.mc < 1 || plan.nc < 1 || plan.kc < 1)
    return fail("sizes are at least 1");
  derive(plan, kernel);
  if (std::string why = whyIllegal(plan, kernel, part); !why.empty())
    return fail(why);
  return plan;
}

/// A register tile and forms by chance; null if there are too few registers for it.
static std::optional<MatmulPlan> randomTile(MatmulPlan plan, int64_t rows, const MatmulTarget &target,
                                            std::mt19937_64 &random) {
  auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % static_cast<uint64_t>(limit)); };
  plan.stream = plan.fromMemory = false;
  plan.mr = 1 + below(std::min<int64_t>(rows, 8));
  plan.vectors = 1 + below(3);
  plan.lhs = kLeft[below(3)].value, plan.rhs = kRight[below(3)].value;
  plan.pastCaches = below(2);
  // (More would not fit registers: right, but code without end.)
  if ((plan.mr * plan.vectors + plan.vectors) * (target.vectorRegisters == 32 ? 1 : 2) > 2 * target.vectorRegisters)
    return std::nullopt;
  return plan;
}

constexpr int kAttempts = 2000;

MatmulPlan randomPlan(const MatmulKernel &kernel, const MatmulTarget &target, std::mt19937_64 &random) {
  MatmulPlan chosen = planMatmul(kernel, target);
  auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % static_cast<uint64_t>(limit)); };
  int64_t m = kernel.m.size, n = kernel.n.size, k = kernel.k.size;
  if (chosen.stream && below(2))
    return chosen;
  for (int attempts = 0; attempts < kAttempts; ++attempts) {
    std::optional<MatmulPlan> plan = randomTile(chosen, m, target, random);
    if (!plan)
      continue;
    plan->mc = below(3) ? std::min(m, plan->mr * (1 + below(6))) : m;
    plan->nc = below(3) ? std::min(n, plan->nr() * (1 + below(4))) : n;
    plan->kc = blockDepth(k, 1 + below(std::clamp<int64_t>(k / kLanes, 1, 5)));
    plan->keeps = kKeeps[below(3)].value;
    plan->finishesLater = below(2), plan->packsAhead = below(2);
    derive(*plan, kernel);
    if (whyIllegal(*plan, kernel).empty())
      return *plan;
  }
  return chosen;
}

MatmulPlan randomPart(const MatmulKernel &kernel, const MatmulPlan &chosen, const MatmulTarget &target, PartOf part,
                      std::mt19937_64 &random) {
  for (int attempts = 0; attempts < kAttempts; ++attempts) {
    std::optional<MatmulPlan> plan = randomTile(chosen, part.rows ? part.rows : kernel.m.size, target, random);
    if (!plan)
      continue;
    if (part.rows)
      plan->kc = blockDepth(kernel.k.size, 1 + static_cast<int64_t>(random() % 3));
    derive(*plan, kernel);
    if (whyIllegal(*plan, kernel, part).empty())
      return *plan;
  }
  return chosen;
}

} // namespace sinter::cpu
