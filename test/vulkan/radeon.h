// Mesa's driver for AMD GPUs: where it is described, and what it calls them. Debian 12 has Mesa 22, Debian 13 has
// Mesa 25.
#pragma once

#include <filesystem>
#include <string>

inline std::string radeonDriver() {
  const std::string folder = "/usr/share/vulkan/icd.d/", old = folder + "radeon_icd.x86_64.json";
  return std::filesystem::exists(old) ? old : folder + "radeon_icd.json";
}

/// GPUs that were new to Mesa 22 had a number for a name.
inline std::string radeonFamily(const std::string &name) {
  return name == "gfx1100" && !radeonDriver().ends_with(".x86_64.json") ? "navi31" : name;
}
