// What a report says, gathered once, before it is printed as text or as JSON.
#pragma once

#include "compiler/Report.h"
#include "dialects/sinter/Places.h"

#include "llvm/ADT/MapVector.h"

namespace sinter::report {

/// Where something of one kind was asked for.
struct Place {
  std::string line;
  ModelScopes scopes;

  Place() = default;
  explicit Place(mlir::Location location) : line(modelLine(location)), scopes(location) {}
};

struct BufferFigures {
  std::string shape;
  Place place;
  int64_t bytes = 0;
  int64_t offset = 0, first = 0, last = 0; ///< in the arena; the moments between which it is live
  /// The last moment at which its bytes count: not `last`, if that one overwrites it in place.
  int64_t until = 0;
};

/// A launch, and when it runs: all launches of a loop are one moment.
struct LaunchFigures {
  std::string kernel;
  Place place;
  int64_t time = 0;
};

struct KernelFigures {
  std::string name;
  ModelPlaces places; // of its launches
  int64_t launches = 0;
  double flops = 0, bytes = 0;    // of one launch
  std::vector<std::string> fused; // model lines of the ops it holds, in order
  /// Why its results are tensors in memory, and whose readers they wait for.
  llvm::MapVector<std::string, ModelPlaces, std::map<std::string, unsigned>> stored;
};

/// Another way to run an entry.
struct CurvePoint {
  double arena = 0, extraFlops = 0, time = 0; // time: as a multiple of the first way's, estimated
};

struct EntryFigures {
  std::string name;
  int64_t arena = 0, live = 0, inputs = 0, launches = 0, repeated = 0, peakLaunch = 0;
  double flops = 0;
  Place peak;
  std::vector<BufferFigures> largest; // at the peak
  std::vector<BufferFigures> buffers; // all of the arena
  std::vector<LaunchFigures> schedule;
  std::vector<KernelFigures> kernels; // by FLOPs
  std::vector<Refusal> refusals;
  std::vector<CurvePoint> curve;
};

/// What Vulkan code generation made of the kernels.
struct VulkanFigures {
  std::string profile;
  int64_t dispatches = 0, shaders = 0;
  std::vector<std::pair<std::string, Place>> general; ///< kernels
};

struct Figures {
  std::string program, source, target;
  int64_t parameters = 0, parameterBytes = 0, otherStateBytes = 0, stateBytes = 0, kernels = 0, launches = 0;
  std::vector<EntryFigures> entries;
  std::vector<VulkanFigures> vulkan;
  std::vector<Memory> memory;
};

/// Why a kernel's results are tensors in memory, each with the places of the readers that it waits for.
std::vector<std::string> reasons(const KernelFigures &kernel);

/// The figures of a module at stage `plan`; `remarks` as for printReport.
Figures gather(mlir::ModuleOp module, const Remarks *remarks);
/// Of a module at stage `target`, for a profile of Vulkan devices.
VulkanFigures gatherVulkan(llvm::StringRef profile, mlir::ModuleOp target);

void printText(const Figures &figures, llvm::raw_ostream &out);
void printJson(const Figures &figures, llvm::raw_ostream &out);

} // namespace sinter::report
