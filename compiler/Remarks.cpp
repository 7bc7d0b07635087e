#include "compiler/Remarks.h"

#include "compiler/passes/Debug.h"
#include "compiler/passes/fuse/NotFused.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>
#include <mutex>

using namespace mlir;

namespace sinter {

struct Remarks::Log {
  std::mutex mutex; ///< functions are compiled at the same time, each by one thread
  std::string target;
  std::vector<Refusal> refusals;
  std::map<std::pair<std::string, std::string>, int64_t> counts;

  void add(const remark::detail::Remark &remark) {
    std::lock_guard lock(mutex);
    if (remark.getCategoryName() == kCountCategory)
      for (const auto &argument : remark.getArgs())
        counts[{remark.getRemarkName().str(), argument.key}] += std::stoll(argument.val);
    if (remark.getCategoryName() != kNotFusedCategory)
      return;
    Refusal refusal;
    refusal.target = target;
    refusal.function = remark.getFunction().str();
    refusal.line = modelLine(remark.getLocation());
    refusal.scopes.add(remark.getLocation());
    for (const auto &argument : remark.getArgs())
      (argument.key == kNotFusedReason ? refusal.why : refusal.what) += argument.val;
    refusals.push_back(std::move(refusal));
  }
};

namespace {

struct Listener : remark::detail::MLIRRemarkStreamerBase {
  explicit Listener(std::function<void(const remark::detail::Remark &)> hear) : hear(std::move(hear)) {}
  void streamOptimizationRemark(const remark::detail::Remark &remark) override { hear(remark); }
  std::function<void(const remark::detail::Remark &)> hear;
};

} // namespace

Remarks::Remarks(MLIRContext &context) : log(std::make_shared<Log>()) {
  remark::RemarkCategories categories;
  categories.missed = kNotFusedCategory.str();
  categories.analysis = kCountCategory.str();
  // The context owns the listener, and either may go first.
  auto listener = std::make_unique<Listener>([log = log](const auto &remark) { log->add(remark); });
  (void)remark::enableOptimizationRemarks(context, std::move(listener),
                                          std::make_unique<remark::RemarkEmittingPolicyAll>(), categories);
}

Remarks::~Remarks() = default;

void Remarks::listenTo(StringRef target) { log->target = target.str(); }

std::vector<Refusal> Remarks::refusals(StringRef function, StringRef target) const {
  std::vector<Refusal> result;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, size_t> known;
  for (const Refusal &refusal : log->refusals) {
    if (refusal.function != function || (!refusal.target.empty() && refusal.target != target))
      continue;
    auto [found, isNew] =
        known.try_emplace({refusal.line, refusal.scopes.pattern(), refusal.what, refusal.why}, result.size());
    if (isNew) {
      result.push_back(refusal);
      continue;
    }
    result[found->second].scopes.add(refusal.scopes);
    ++result[found->second].times;
  }
  return result;
}

void Remarks::printCounts(llvm::raw_ostream &out) const {
  for (auto &[name, number] : log->counts)
    out << llvm::formatv("{0,-28} {1,8} {2}\n", name.first, number, name.second);
}

} // namespace sinter
