// Where Mesa describes its driver for AMD GPUs.
#pragma once

#include <filesystem>
#include <string>

inline std::string radeonDriver() {
  const std::string folder = "/usr/share/vulkan/icd.d/", old = folder + "radeon_icd.x86_64.json"; // until Mesa 24
  return std::filesystem::exists(old) ? old : folder + "radeon_icd.json";
}
