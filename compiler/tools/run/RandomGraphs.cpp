// The suite: batches of random functions on every device, and which one it was if a batch fails.
#include "RandomGraphs.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/PrettyStackTrace.h"

using namespace mlir;

namespace sinter::run {
namespace {

/// The functions `first` ... as a module of their own.
OwningOpRef<ModuleOp> makeModule(MLIRContext &context, int first, int count, uint64_t seed) {
  OwningOpRef<ModuleOp> module =
      ModuleOp::create(FileLineColLoc::get(&context, "graphs_" + std::to_string(first), 0, 0));
  addRandomFunctions(*module, first, count, seed);
  return module;
}

/// Fused and unfused; true if all is well. Nothing is printed unless `out` is given. The unfused program is compiled
/// only if `compileUnfused`, since it has many more kernels; it is interpreted in any case.
bool runBatch(MLIRContext &context, int first, int count, RunOptions options, bool compileUnfused,
              llvm::raw_ostream *out) {
  bool ok = true;
  for (bool fuse : {true, false}) {
    options.pipeline.fuse = fuse;
    if (!fuse && !compileUnfused)
      options.device = Device::Reference;
    options.gradientCheck = true;
    options.elementsPerArgument = fuse ? 3 : 0; // differences of the same function once
    OwningOpRef<ModuleOp> module = makeModule(context, first, count, options.seed);
    if (failed(verify(*module)))
      return false;
    if (out && !fuse)
      *out << "unfused:\n";
    ok &= runModule(*module, options, out ? *out : llvm::nulls());
  }
  return ok;
}

} // namespace

bool runRandomGraphs(MLIRContext &context, int first, int count, const RunOptions &given, llvm::raw_ostream &out) {
  constexpr int kBatch = 25;         // functions compiled together
  constexpr int kCompileUnfused = 4; // one batch in so many
  RunOptions options = given;
  options.quiet = true;
  options.print = false;
  int wrong = 0;
  std::map<std::string, int> kernels;
  for (int begin = first; begin < first + count; begin += kBatch) {
    int size = std::min(kBatch, first + count - begin);
    if (given.print) {
      makeModule(context, begin, size, options.seed)->print(out);
      out << "\n";
    }
    llvm::PrettyStackTraceFormat crash("Random graphs %d to %d of seed %llu (--first-graph)", begin, begin + size - 1,
                                       static_cast<unsigned long long>(options.seed));
    bool ok;
    {
      ScopedDiagnosticHandler silent(&context, [](Diagnostic &) { return success(); });
      options.kernels = &kernels;
      ok = runBatch(context, begin, size, options, begin / kBatch % kCompileUnfused == 0, nullptr);
    }
    options.kernels = nullptr;
    // Which of them? Each alone, and this time aloud.
    int before = wrong;
    for (int number = begin; !ok && number < begin + size; ++number) {
      std::string text;
      llvm::raw_string_ostream messages(text);
      if (runBatch(context, number, 1, options, true, &messages))
        continue;
      ++wrong;
      out << text;
      makeModule(context, number, 1, options.seed)->print(out);
      out << "\n";
    }
    if (!ok && wrong == before) {
      out << "graphs " << begin << " to " << begin + size - 1 << " fail together, but none fails alone\n";
      ++wrong;
    }
  }
  out << "kernels:";
  for (const auto &[what, number] : kernels)
    out << " " << number << " " << what;
  out << "\n" << count << " random graphs, forward and gradient, fused and unfused: " << wrong << " wrong\n";
  return wrong == 0;
}

} // namespace sinter::run
