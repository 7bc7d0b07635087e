// Where a program's memory lives and its launches run. A new device is one file with one make function.
#pragma once

#include "sinter/abi.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace sinter {

/// The blocks of one program on one device. `state` and `arena` are addresses the host may read and write between runs:
/// inputs written to the arena before a run, outputs read from it afterwards. A device with memory of its own copies
/// these, and the state when it is asked for; so ask again after a run. The arena's address never changes.
class Device {
public:
  virtual ~Device() = default;
  virtual std::string_view name() const = 0;
  /// What it runs: entries are those of this plan.
  virtual const sinter_plan &plan() const = 0;
  virtual int threads() const = 0;
  /// Whether it computes on the processor: what that can do at most is its limit, too.
  virtual bool onProcessor() const { return true; }
  /// Whether the kernel was lowered the general way, for want of a better one: profiles say so.
  virtual bool general(uint32_t /*kernel*/) const { return false; }
  virtual std::byte *state() = 0;
  /// The same address, for whoever only reads: nothing has to be copied back.
  virtual const std::byte *stateToRead() { return state(); }
  /// Whether `state` is zeros until somebody writes it: such pages take no memory.
  virtual bool stateBeginsAsZeros() const { return false; }
  virtual std::byte *arena() = 0;
  /// Runs the entry's launches in order and returns when all have finished. If `seconds` is not null, it gets the time
  /// of each launch added to its element.
  virtual void run(const sinter_entry &entry, double *seconds) = 0;
};

/// Bytes of all blocks of a program on the CPU: states, arena, constants, and what each thread has for itself.
uint64_t cpuMemoryBytes(const sinter_program &program, const sinter_version &version, int threads);

/// The most threads with which a program stays within the budget that it was compiled for, of `wanted`: all if it has
/// none; 1 if none fits.
int threadsWithinBudget(const sinter_program &program, const sinter_version &version, int wanted);

/// Kernels compiled for the CPU, one of the program's versions, on a pool of `threads` threads.
std::unique_ptr<Device> makeCpuDevice(const sinter_program &program, const sinter_version &version, int threads);

/// Kernels compiled for Vulkan: vulkan/vulkan_device.h.

/// Memory but no computation: what a step costs outside its kernels, and the shortest example of a device.
std::unique_ptr<Device> makeNullDevice(const sinter_program &program);

} // namespace sinter
