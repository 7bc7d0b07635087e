// From the `plan` stage to a linked binary. The only header of code generation that the rest of the compiler includes.
#pragma once

#include "dialects/Precompiled.h"

#include <string>
#include <vector>

namespace llvm {
class Module;
}

namespace sinter {

enum class Target { Cpu, Vulkan };

/// `cpu` or `vulkan`.
inline llvm::StringRef targetName(Target target) { return target == Target::Cpu ? "cpu" : "vulkan"; }

/// module: bytes that the program was told to stay within.
inline constexpr llvm::StringLiteral kMemoryBudgetAttr = "sinter.memory_budget";

/// What code is generated for.
struct TargetOptions {
  Target target = Target::Cpu;
  std::string march = "native";      ///< CPU: `native` or a name that LLVM knows (x86-64-v3, znver4...)
  std::string profile = "registers"; ///< Vulkan: `registers` for CPU-like devices, `shared` for GPUs
  bool validateSpirv = false;        ///< Vulkan: check every shader by libSPIRV-Tools
  int optLevel = 3;
  uint64_t scheduleSeed = 0; ///< other than 0: kernels (on Vulkan, products) are cut up by chance, for tests

  /// `x86-64-v3` or `vulkan.shared`: tells the versions of a program apart.
  std::string label() const { return target == Target::Cpu ? march : "vulkan." + profile; }
};

/// Why no code can be made for the processor `march` (`native`, `x86-64-v3`...), and which name may have been meant;
/// empty if it can.
std::string whyNoProcessor(llvm::StringRef march);

/// Adds the passes that turn every kernel (`sinter.kernel` functions of linalg on tensors) into a tile function of the
/// ABI: `llvm.func @k(operands: ptr, begin: i64, end: i64, scratch: ptr)` with attributes `sinter.tiles` and
/// `sinter.scratch`. Everything else in the module (states, plan entries) is left alone.
void buildCpuPipeline(mlir::OpPassManager &manager, const TargetOptions &options);

/// Adds the passes that turn every kernel into a `plan.kernel` of dispatches, and the shaders that they run into
/// `spirv.module`s. `profile`: "registers" for CPU-like devices, "shared" for GPUs.
void buildVulkanPipeline(mlir::OpPassManager &manager, llvm::StringRef profile, uint64_t scheduleSeed);

/// A program compiled for one kind of processor or Vulkan device: its module at stage `target`.
struct Version {
  mlir::ModuleOp module;
  TargetOptions options;
};

/// The symbol of a kernel in the objects: versions of it must not meet, nor those of other models (`prefix`).
std::string kernelSymbol(llvm::StringRef prefix, llvm::StringRef kernel, size_t version);

/// What the symbols of an object for host programs begin with: the model's name, as C takes it.
std::string symbolPrefix(mlir::ModuleOp module);

/// The typed header of a module at stage `plan`.
std::string emitHeader(mlir::ModuleOp module, llvm::StringRef prefix);

/// Adds the constant program descriptor (abi.h) to `module`, under the name that executables have for it, or as
/// PREFIX_program. Versions for one kind of device were made from one plan:
/// they differ in nothing but their kernels. All versions have the same states and entries.
/// `features` holds a mask for each version for the CPU.
llvm::LogicalResult emitProgram(llvm::ArrayRef<Version> versions, llvm::ArrayRef<uint64_t> features,
                                llvm::StringRef prefix, llvm::Module &module);

/// Compiles versions of one program, worst to best, to object files `stem.N.o`, in parallel; returns their paths.
/// Their symbols begin with `prefix`, if there is one, so that several models can be linked to one program.
llvm::FailureOr<std::vector<std::string>> emitObjects(llvm::ArrayRef<Version> versions, llvm::StringRef stem,
                                                      llvm::StringRef prefix = "");

/// Joins objects to one.
llvm::LogicalResult joinObjects(llvm::ArrayRef<std::string> objects, llvm::StringRef output, bool verbose = false);

/// Links objects with the runtime library to an executable that needs libc and libm only.
llvm::LogicalResult linkExecutable(llvm::ArrayRef<std::string> objects, llvm::StringRef runtimeLibrary,
                                   llvm::StringRef output, bool verbose = false);

/// Links objects to a shared object that exports the program descriptor.
llvm::LogicalResult linkShared(llvm::ArrayRef<std::string> objects, llvm::StringRef output, bool verbose = false);

/// Registers the code generation passes for `sinter-opt`.
void registerCodegenPasses();
void registerVulkanPasses();

} // namespace sinter
