// Which device a program runs on.
#pragma once

#include <memory>
#include <string>

struct sinter_program;

namespace sinter {

class Program;

struct DeviceOptions {
  int threads = 0;           ///< of the processor
  bool threadsGiven = false; ///< somebody asked for just as many
  std::string device;        ///< cpu, vulkan, vulkan:INDEX; empty: the first of these that the program was compiled for
  std::string vulkanProfile; ///< the version of the kernels for Vulkan; empty: the one for the kind of device
  std::string march;         ///< the version of the kernels to run; empty: the best one
};

/// The program on the device that the options name; Failure (device or usage) if that is impossible.
std::unique_ptr<Program> openProgram(const sinter_program &description, const DeviceOptions &options);

} // namespace sinter
