// The suite: batches of random functions on every device, and which one it was if a batch fails.
#include "RandomGraphs.h"

#include "compiler/Pipeline.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/PrettyStackTrace.h"

using namespace mlir;

namespace sinter::run {
namespace {

/// The functions as a module of their own, and how many attentions they hold.
std::pair<OwningOpRef<ModuleOp>, int64_t> makeModule(MLIRContext &context, const RandomChoice &choice, uint64_t seed) {
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(FileLineColLoc::get(&context, "graphs_" + std::to_string(choice.first), 0, 0));
  int64_t attentions = addRandomFunctions(*module, choice.first, choice.count, seed, choice.aboutAttention);
  return {std::move(module), attentions};
}

/// How many sinter.attention the functions hold at stage fused; -1 if the stage cannot be reached.
int64_t countFused(ModuleOp module, const PipelineOptions &options) {
  OwningOpRef<ModuleOp> clone = module.clone();
  if (failed(runStages(*clone, Stage::Model, Stage::Fused, options)))
    return -1;
  int64_t count = 0;
  clone->walk([&](AttentionOp) { ++count; });
  return count;
}

/// Fused and unfused; true if all is well. Nothing is printed unless `out` is given. The unfused program is compiled
/// only if `compileUnfused`, since it has many more kernels; it is interpreted in any case.
bool runBatch(MLIRContext &context, const RandomChoice &choice, RunOptions options, bool compileUnfused,
              llvm::raw_ostream *out) {
  bool ok = true;
  for (bool fuse : {true, false}) {
    options.pipeline.fuse = fuse;
    if (!fuse && !compileUnfused)
      options.device = Device::Reference;
    options.gradientCheck = true;
    options.elementsPerArgument = fuse ? 3 : 0; // differences of the same function once
    auto [module, attentions] = makeModule(context, choice, options.seed);
    if (failed(verify(*module)))
      return false;
    if (out && !fuse)
      *out << "unfused:\n";
    if (int64_t fused = fuse && attentions ? countFused(*module, options.pipeline) : attentions; fused < attentions) {
      ok = false;
      if (out)
        *out << "only " << fused << " of " << attentions << " attentions became a sinter.attention\n";
    }
    ok &= runModule(*module, options, out ? *out : llvm::nulls());
  }
  return ok;
}

} // namespace

bool runRandomGraphs(MLIRContext &context, const RandomChoice &choice, const RunOptions &given,
                     llvm::raw_ostream &out) {
  const int kBatch = choice.aboutAttention ? 5 : 25; // functions compiled together
  constexpr int kCompileUnfused = 4;                 // one batch in so many
  RunOptions options = given;
  options.quiet = true;
  options.print = false;
  int wrong = 0;
  int64_t attentions = 0;
  std::map<std::string, int> kernels;
  int end = choice.first + choice.count;
  for (int begin = choice.first; begin < end; begin += kBatch) {
    int size = std::min(kBatch, end - begin);
    auto some = [&](int first, int count) { return RandomChoice{first, count, choice.aboutAttention}; };
    auto made = makeModule(context, some(begin, size), options.seed);
    attentions += made.second;
    if (given.print) {
      made.first->print(out);
      out << "\n";
    }
    llvm::PrettyStackTraceFormat crash("Random graphs %d to %d of seed %llu (--first-graph)", begin, begin + size - 1,
                                       static_cast<unsigned long long>(options.seed));
    bool ok;
    {
      ScopedDiagnosticHandler silent(&context, [](Diagnostic &) { return success(); });
      options.kernels = &kernels;
      ok = runBatch(context, some(begin, size), options, begin / kBatch % kCompileUnfused == 0, nullptr);
    }
    options.kernels = nullptr;
    // Which of them? Each alone, and this time aloud.
    int before = wrong;
    for (int number = begin; !ok && number < begin + size; ++number) {
      std::string text;
      llvm::raw_string_ostream messages(text);
      if (runBatch(context, some(number, 1), options, true, &messages))
        continue;
      ++wrong;
      out << text;
      makeModule(context, some(number, 1), options.seed).first->print(out);
      out << "\n";
    }
    if (!ok && wrong == before) {
      out << "graphs " << begin << " to " << begin + size - 1 << " fail together, but none fails alone\n";
      ++wrong;
    }
  }
  out << attentions << " attentions\n";
  out << "kernels:";
  for (const auto &[what, number] : kernels)
    out << " " << number << " " << what;
  out << "\n" << choice.count << " random graphs, forward and gradient, fused and unfused: " << wrong << " wrong\n";
  return wrong == 0;
}

} // namespace sinter::run
