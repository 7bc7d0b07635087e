// What `sinterc --view` shows: every stage, what each pass changed, which ops became which kernels, and where buffers
// lie. Gathered while the stages run, and put into one page (runtime/web/view).
#pragma once

#include "compiler/Remarks.h"
#include "compiler/report/Figures.h"
#include "compiler/view/Text.h"

#include <map>
#include <memory>

namespace sinter::view {

/// What a pass did to one top-level op of the module.
struct Change {
  std::string section; ///< the op's name
  std::vector<Hunk> hunks;
  size_t added = 0, removed = 0; ///< lines
};

struct PassRun {
  std::string name;
  std::vector<Change> changes;
};

struct StageRecord {
  std::string name;
  std::vector<Section> sections; ///< at its end
  std::vector<PassRun> passes;   ///< in the order in which they ran; those without changes, too
};

/// An op of an entry, when ops have been grouped into kernels.
struct GraphOp {
  std::string name, type; ///< `matmul`, `f32 [64, 128]`
  size_t place = 0;
  int64_t group = -1; ///< -1: in no kernel
  int64_t bytes = 0;  ///< of its results
  double flops = 0;   ///< of what it is lowered to by itself
  std::vector<size_t> operands;
};

struct Graph {
  std::string entry;
  std::vector<GraphOp> ops;
  std::vector<std::string> kinds, kernels; ///< of each group
};

/// What is a target's own: stages behind those that all share.
struct TargetRecord {
  std::string name;
  std::vector<StageRecord> stages;
  std::vector<Graph> graphs;
  report::Figures figures;
};

/// Watches a compilation. The context must not have several threads.
class View {
public:
  /// What comes is this target's alone, from the stages on that all share.
  void enter(llvm::StringRef target) { targets.push_back({target.str(), {}, {}, {}}); }
  /// `manager` holds all passes of the stage that `module` goes to.
  void begin(llvm::StringRef stage, mlir::ModuleOp module, mlir::PassManager &manager);
  /// The stage is reached, or was there when the compilation started.
  void end(llvm::StringRef stage, mlir::ModuleOp module);
  /// The module at stage `plan`, and what passes refused on the way.
  void plan(mlir::ModuleOp module, const Remarks *remarks) { targets.back().figures = report::gather(module, remarks); }

  /// The page; `title` names the model.
  std::string page(llvm::StringRef title, llvm::StringRef version) const;

private:
  struct Watcher;
  std::vector<StageRecord> &stages() { return targets.empty() ? shared : targets.back().stages; }
  bool knows(llvm::StringRef stage) const;
  void ran(mlir::Pass *pass);
  void changed(mlir::Pass *pass, mlir::Operation *op);
  void compare(PassRun &run, mlir::Operation *op);
  void readGroups(mlir::ModuleOp module);
  void readKernels(mlir::ModuleOp module);

  struct Known {
    std::optional<mlir::OperationFingerPrint> print;
    Section section;
  };
  Places places;
  std::vector<StageRecord> shared;
  std::vector<TargetRecord> targets;
  std::map<mlir::Pass *, size_t> runs; ///< of this stage
  std::map<std::string, Known> known;  ///< top-level ops as they are now
};

/// Whether the page was there when sinter was built.
bool hasPage();

} // namespace sinter::view
