#include "compiler/codegen/vulkan/products/MatmulSchedule.h"
#include "compiler/codegen/vulkan/products/MatmulShader.h"

using namespace mlir;

namespace sinter::vulkan {
namespace {

constexpr StringLiteral kForms[] = {"registers", "shared", "few"};

/// Of a tile in registers: a lane has a sum for each of its rows.
constexpr int64_t kMostRows = 32;
constexpr int64_t kLanes = 8, kSteps[] = {4, 8};

/// Ops of an epilogue on all rows of a tile together that the driver still compiles quickly.
constexpr int64_t kEpilogueOps = 320;

/// Tiles of more rows load less, but take longer to compile and leave rows unused; with texels loads cost so little
/// that 16 rows are enough.
MatmulSchedule chooseRegisters(const MatmulKernel &kernel, bool texels) {
  struct Candidate {
    int64_t rows, step;
    double time; ///< of a tile, relative, as measured
  };
  static constexpr Candidate kStorage[] = {{32, 4, 0.84}, {16, 8, 0.52}, {8, 8, 0.36}};
  static constexpr Candidate kTexels[] = {{16, 8, 0.27}, {8, 8, 0.18}};
  ArrayRef<Candidate> candidates = texels ? ArrayRef(kTexels) : ArrayRef(kStorage);
  int64_t ops = 0;
  for (const MatmulStep &step : kernel.epilogue)
    ops += llvm::range_size(*linalg::GenericOp(step.op).getBody()) - 1;
  Candidate best = candidates.back();
  double least = 0;
  for (const Candidate &candidate : candidates) {
    if (candidate.rows > kLanes && (ops * candidate.rows > kEpilogueOps || candidate.rows >= kernel.m.size + kLanes))
      continue;
    int64_t tiles = tilesOf(kernel.m, candidate.rows) * tilesOf(kernel.n, kLanes * kQuad) * kernel.batchSize();
    double time = candidate.time * std::max<int64_t>(tiles, 4);
    if (least == 0 || time < least)
      least = time, best = candidate;
  }
  return {MatmulSchedule::Registers, std::min(best.rows, kernel.m.size), best.step};
}

bool canBeFew(const MatmulKernel &kernel) { return kernel.k.size > kProductPart && hasFewElements(kernel); }

/// Why the emitters cannot do it; empty if they can.
std::string whyNot(const MatmulSchedule &schedule, const MatmulKernel &kernel, const Profile &profile) {
  if ((schedule.form == MatmulSchedule::Registers) == profile.sharedMemory)
    return "of form \"" + kForms[schedule.form].str() + "\" is not for the profile " + profile.name.str();
  if (schedule.form == MatmulSchedule::Few && !canBeFew(kernel))
    return "of form \"few\" is for a few elements and a k of more than " + std::to_string(kProductPart);
  int64_t most = std::min(kernel.m.size, schedule.form == MatmulSchedule::Few ? kMostRowsOfFew : kMostRows);
  if (schedule.form != MatmulSchedule::Shared && (schedule.rows < 1 || schedule.rows > most))
    return "has between 1 and " + std::to_string(most) + " rows, not " + std::to_string(schedule.rows);
  if (schedule.form == MatmulSchedule::Registers && !llvm::is_contained(kSteps, schedule.step))
    return "has a step of 4 or 8 along k, not " + std::to_string(schedule.step);
  return "";
}

} // namespace

MatmulSchedule chooseSchedule(const MatmulKernel &kernel, const Profile &profile) {
  if (!profile.sharedMemory)
    return chooseRegisters(kernel, profile.texels);
  if (canBeFew(kernel))
    return {MatmulSchedule::Few, std::min(kernel.m.size, kMostRowsOfFew)};
  return {MatmulSchedule::Shared};
}

MatmulSchedule randomSchedule(const MatmulKernel &kernel, const Profile &profile, std::mt19937_64 &random) {
  auto any = [&](int64_t most) { return 1 + static_cast<int64_t>(random() % std::min(kernel.m.size, most)); };
  if (!profile.sharedMemory)
    return {MatmulSchedule::Registers, any(kMostRows), kSteps[random() % 2]};
  if (canBeFew(kernel) && random() % 2)
    return {MatmulSchedule::Few, any(kMostRowsOfFew)};
  return {MatmulSchedule::Shared};
}

DictionaryAttr scheduleOf(const MatmulSchedule &schedule, MLIRContext *context) {
  Builder b(context);
  SmallVector<NamedAttribute> entries{b.getNamedAttr("form", b.getStringAttr(kForms[schedule.form]))};
  if (schedule.form != MatmulSchedule::Shared)
    entries.push_back(b.getNamedAttr("rows", b.getI64IntegerAttr(schedule.rows)));
  if (schedule.form == MatmulSchedule::Registers)
    entries.push_back(b.getNamedAttr("step", b.getI64IntegerAttr(schedule.step)));
  return b.getDictionaryAttr(entries);
}

FailureOr<MatmulSchedule> readSchedule(func::FuncOp function, const MatmulKernel &kernel, const Profile &profile) {
  Attribute given = function->getAttr(kScheduleAttr);
  if (!given)
    return function.emitError("@") << function.getName() << " has no schedule: sinter-vulkan-schedule runs before";
  auto fail = [&](const Twine &why) { return function.emitError("`sinter.schedule`: ") << why; };
  auto entries = dyn_cast<DictionaryAttr>(given);
  auto form = entries ? entries.getAs<StringAttr>("form") : StringAttr();
  const auto *known = form ? llvm::find(kForms, form.getValue()) : std::end(kForms);
  if (known == std::end(kForms))
    return fail("of a product has a form, \"registers\", \"shared\" or \"few\"");
  MatmulSchedule schedule{static_cast<MatmulSchedule::Form>(known - std::begin(kForms))};
  size_t count = 1;
  for (auto [name, place] : {std::pair("rows", &schedule.rows), std::pair("step", &schedule.step)})
    if (auto number = entries.getAs<IntegerAttr>(name))
      *place = number.getInt(), ++count;
  if (count != entries.size() || scheduleOf(schedule, function.getContext()).size() != count)
    return fail("of form \"" + form.getValue() + "\" has " +
                (schedule.form == MatmulSchedule::Registers ? "rows and a step"
                 : schedule.form == MatmulSchedule::Few     ? "rows"
                                                            : "nothing else") +
                (schedule.form == MatmulSchedule::Shared ? "" : ", and nothing else"));
  if (std::string why = whyNot(schedule, kernel, profile); !why.empty())
    return fail(why);
  return schedule;
}

} // namespace sinter::vulkan
