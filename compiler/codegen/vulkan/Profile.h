// What a kind of device is good at, and so what code for it looks like.
#pragma once

#include "dialects/Precompiled.h"

namespace sinter::vulkan {

/// How a kernel is cut up: sinter-vulkan-schedule decides it, a person can, emitters obey.
inline constexpr llvm::StringLiteral kScheduleAttr = "sinter.schedule";

/// Invocations that a workgroup may have: few sizes, so that kernels share shaders.
inline constexpr int64_t kWorkgroups[] = {8, 16, 32, 64, 128};

struct Profile {
  llvm::StringLiteral name;
  uint32_t deviceTypes; ///< that it is the choice for: sinter_vulkan_device_type bits of abi.h
  int32_t workgroup;    ///< invocations of a workgroup where nothing else decides
  bool texels;          ///< reading four neighbours is fastest through texel buffers
  int32_t rowLanes; ///< invocations that share a row through shuffles, a subgroup of which they are all; 0: no shuffles
  bool sharedMemory; ///< rows are reduced by a workgroup through shared memory, not by one invocation each
};

/// All profiles: "registers" for CPU-like devices, "shared" for GPUs.
llvm::ArrayRef<Profile> profiles();

/// By name; null if there is none.
const Profile *findProfile(llvm::StringRef name);

} // namespace sinter::vulkan
