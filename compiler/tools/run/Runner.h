// One module under test: every function of it on every device, compared, one line of output per function.
#pragma once

#include "Gradients.h"
#include "Stages.h"

namespace sinter::run {

/// All and Compiled (all but the reference): also Vulkan, if this machine has a device.
enum class Device { Reference, Cpu, Vulkan, Compiled, All };

struct RunOptions {
  std::string entry; ///< only this function; empty: all
  Device device = Device::All;
  Stage from = Stage::Model;
  uint64_t seed = 1;
  std::string program;               ///< its `run` is held against the reference, too
  std::string programDevice = "cpu"; ///< where that runs
  bool print = false;                ///< results too
  bool gradientCheck = false;        ///< gradients too, and against finite differences
  bool curvatureCheck = false;       ///< and Hessian-vector products
  int64_t elementsPerArgument = 256; ///< at how many elements of an argument differences are taken
  int threads = 0;    ///< compiled code runs on this many only; 0: on 1, 2 and 3, which must agree bit for bit
  bool quiet = false; ///< no line for what is well
  bool portableKernels = false;                  ///< CPU: the kernels that programs for Vulkan have
  bool sameProfiles = false;                     ///< Vulkan: all profiles must give the same bits
  bool validateSpirv = true;                     ///< check every shader by libSPIRV-Tools
  std::map<std::string, int> *kernels = nullptr; ///< counts the kernels that were compiled, by what they are
  PipelineOptions pipeline;

  RunOptions() { pipeline.verifyEach = true; }
};

/// Runs `module`, which is changed; true if all agreed. Lines go to `out`, errors to the module's diagnostics.
bool runModule(mlir::ModuleOp module, const RunOptions &options, llvm::raw_ostream &out);

} // namespace sinter::run
