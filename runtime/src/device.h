// Where a program's memory lives and its launches run. A new device is one file with one make function.
#pragma once

#include "sinter/abi.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace sinter {

/// The blocks of one program on one device. `state` and `arena` are addresses the host may read and write between runs.
class Device {
public:
  virtual ~Device() = default;
  virtual std::string_view name() const = 0;
  virtual int threads() const = 0;
  virtual std::byte *state() = 0;
  virtual std::byte *arena() = 0;
  /// Runs the entry's launches in order and returns when all have finished. If `seconds` is not null, it gets the time of
  /// each launch added to its element.
  virtual void run(const sinter_entry &entry, double *seconds) = 0;
};

/// Kernels compiled for the CPU, one of the program's versions, on a pool of `threads` threads.
std::unique_ptr<Device> makeCpuDevice(const sinter_program &program, const sinter_version &version, int threads);

/// Memory but no computation: what a step costs outside its kernels, and the shortest example of a device.
std::unique_ptr<Device> makeNullDevice(const sinter_program &program);

} // namespace sinter
