// Runs kernels compiled for the CPU. All operand addresses are computed once, since the blocks never move.
#include "block.h"
#include "device.h"
#include "error.h"
#include "pool.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace sinter {

// A launch with less work than this is faster on the calling thread than spread over threads: about 2 microseconds.
static constexpr double worthThreads = 32768;

namespace {

class CpuDevice final : public Device {
public:
  CpuDevice(const sinter_program &program, const sinter_version &version, int threads)
      : program_(program), state_("parameters and optimizer memory", program.state_bytes),
        arena_("arena", program.arena_bytes), scratchStride_((std::max<uint64_t>(version.scratch_bytes, 8) + 4095) / 4096 * 4096),
        scratch_("scratch memory", scratchStride_ * size_t(threads)), pool_(threads, scratch_.data(), scratchStride_) {
    for (uint32_t k = 0; k < program.kernel_count; ++k)
      if (!version.kernels[k].cpu)
        fail(Exit::Device, fmt::format("device cpu: kernel {} was not compiled for the CPU, but for {}",
                                       version.kernels[k].name, program.target));
    size_t operands = 0;
    for (uint32_t e = 0; e < program.entry_count; ++e)
      for (uint32_t l = 0; l < program.entries[e].launch_count; ++l)
        operands += program.entries[e].launches[l].operand_count;
    operands_.reserve(operands); // jobs point into it
    for (uint32_t e = 0; e < program.entry_count; ++e) {
      firstOfEntry_.push_back(jobs_.size());
      const sinter_entry &entry = program.entries[e];
      size_t chain = 0; // the job that the next one follows, if the launch before says so
      for (uint32_t l = 0; l < entry.launch_count; ++l) {
        const sinter_launch &launch = entry.launches[l];
        const sinter_kernel &kernel = version.kernels[launch.kernel];
        jobs_.push_back({kernel.cpu, operands_.data() + operands_.size(), kernel.tiles, kernel.flops + kernel.bytes < worthThreads});
        if (l == 0 || entry.launches[l - 1].pieces == 0 || jobs_[chain].followers == mostFollowers) {
          chain = jobs_.size() - 1;
        } else {
          jobs_[chain].followers += 1;
          jobs_[chain].pieces = entry.launches[l - 1].pieces;
          jobs_[chain].alone = jobs_[chain].alone && jobs_.back().alone;
        }
        for (uint32_t o = 0; o < launch.operand_count; ++o)
          operands_.push_back(address(launch.operands[o]));
      }
    }
  }

  std::string_view name() const override { return "cpu"; }
  int threads() const override { return pool_.threads(); }
  std::byte *state() override { return state_.data(); }
  std::byte *arena() override { return arena_.data(); }

  void run(const sinter_entry &entry, double *seconds) override {
    pool_.run(jobs_.data() + firstOfEntry_[size_t(&entry - program_.entries)], entry.launch_count, seconds);
  }

private:
  void *address(const sinter_operand &operand) const {
    switch (operand.space) {
    case SINTER_ARENA:
      return arena_.data() + operand.offset;
    case SINTER_STATE:
      return state_.data() + operand.offset;
    default: // kernels only read constants
      return const_cast<std::byte *>(static_cast<const std::byte *>(program_.constants)) + operand.offset;
    }
  }

  const sinter_program &program_;
  Block state_, arena_;
  size_t scratchStride_;
  Block scratch_;
  ThreadPool pool_;
  std::vector<void *> operands_;
  std::vector<Job> jobs_; // launches of all entries
  std::vector<size_t> firstOfEntry_; // in jobs_
};

} // namespace

std::unique_ptr<Device> makeCpuDevice(const sinter_program &program, const sinter_version &version, int threads) {
  return std::make_unique<CpuDevice>(program, version, threads);
}

} // namespace sinter
