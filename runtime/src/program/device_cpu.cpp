// Runs kernels compiled for the CPU. All operand addresses are computed once, since the blocks never move.
#include "base/error.h"
#include "base/format.h"
#include "base/trace.h"
#include "program/block.h"
#include "program/device.h"
#include "program/pool.h"
#include "program/program.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace sinter {

// A launch with less work than this is faster on the calling thread than spread over threads: about 2 microseconds.
static constexpr double worthThreads = 32768;

static size_t wholePages(uint64_t bytes) { return (bytes + 4095) / 4096 * 4096; }

// In how many pieces launch number `l` runs, if it is in a chain; else 0.
static uint32_t piecesOf(const sinter_entry &entry, uint32_t l) {
  return entry.launches[l].pieces ? entry.launches[l].pieces : l > 0 ? entry.launches[l - 1].pieces : 0;
}

// What a thread needs for its own parts of operands.
static uint64_t ownBytes(const sinter_plan &plan, uint32_t entries) {
  uint64_t bytes = 0;
  for (uint32_t e = 0; e < entries; ++e)
    for (uint32_t l = 0; l < plan.entries[e].launch_count; ++l) {
      const sinter_launch &launch = plan.entries[e].launches[l];
      const uint32_t pieces = piecesOf(plan.entries[e], l);
      for (uint32_t o = 0; pieces && o < launch.operand_count; ++o)
        if (launch.operands[o].own != SINTER_SHARED)
          bytes = std::max(bytes, launch.operands[o].own + launch.operands[o].bytes / pieces);
    }
  return bytes;
}

// A thread's block: the scratch of kernels, then its own parts of operands.
static size_t scratchOf(const sinter_version &version) {
  return wholePages(std::max<uint64_t>(version.scratch_bytes, 8));
}

static size_t bytesOfThread(const sinter_program &program, const sinter_version &version) {
  return scratchOf(version) + wholePages(ownBytes(*program.cpu_plan, program.entry_count));
}

uint64_t cpuMemoryBytes(const sinter_program &program, const sinter_version &version, int threads) {
  return program.state_bytes + program.cpu_plan->arena_bytes + program.constant_bytes +
         uint64_t(threads) * bytesOfThread(program, version);
}

int threadsWithinBudget(const sinter_program &program, const sinter_version &version, int wanted) {
  const uint64_t others = cpuMemoryBytes(program, version, 0);
  if (!program.memory_budget || wanted < 2)
    return wanted;
  const uint64_t room = program.memory_budget - std::min(program.memory_budget, others);
  return int(std::clamp<uint64_t>(room / bytesOfThread(program, version), 1, uint64_t(wanted)));
}

namespace {

class CpuDevice final : public Device {
public:
  CpuDevice(const sinter_program &program, const sinter_version &version, int threads)
      : program_(program), plan_(*program.cpu_plan), state_("parameters and optimizer memory", program.state_bytes),
        arena_("arena", plan_.arena_bytes), ownStart_(scratchOf(version)),
        scratchStride_(bytesOfThread(program, version)), scratch_("scratch memory", scratchStride_ * size_t(threads)),
        pool_(threads, scratch_.data(), scratchStride_) {
    for (uint32_t k = 0; k < plan_.kernel_count; ++k)
      if (!version.kernels[k].cpu)
        fail(Exit::Device, formatted("device cpu: kernel {} was not compiled for the CPU, but for {}",
                                     version.kernels[k].name, program.target));
    size_t operands = 0;
    for (uint32_t e = 0; e < program.entry_count; ++e)
      for (uint32_t l = 0; l < plan_.entries[e].launch_count; ++l)
        operands += plan_.entries[e].launches[l].operand_count;
    operands_.reserve(operands); // jobs point into both
    own_.reserve(operands);
    for (uint32_t e = 0; e < program.entry_count; ++e) {
      firstOfEntry_.push_back(jobs_.size());
      addJobs(plan_.entries[e], version);
    }
  }

  std::string_view name() const override { return "cpu"; }
  const sinter_plan &plan() const override { return plan_; }
  int threads() const override { return pool_.threads(); }
  std::byte *state() override { return state_.data(); }
  bool stateBeginsAsZeros() const override { return true; }
  std::byte *arena() override { return arena_.data(); }

  void run(const sinter_entry &entry, double *seconds) override {
    Trace *trace = Trace::active();
    pool_.record(trace != nullptr);
    runLaunches(entry, 0, entry.launch_count, entry.loops, seconds);
    if (trace)
      tell(entry, *trace);
  }

private:
  // What each thread did of which launch. Thread 0 is the one that calls.
  void tell(const sinter_entry &entry, Trace &trace) {
    const Job *first = jobs_.data() + firstOfEntry_[size_t(&entry - plan_.entries)];
    for (int thread = 0; thread < pool_.threads(); ++thread) {
      if (thread > 0 && !named_)
        trace.nameLane(thread, formatted("kernels {}", thread));
      for (const ThreadPool::Share &share : pool_.shares(thread)) {
        const sinter_launch &launch = entry.launches[share.job - first];
        trace.span("launch", kernelInfo(program_, plan_, launch.kernel).name, share.begin, share.end,
                   thread ? thread : Trace::lane(), launch.location);
      }
      pool_.shares(thread).clear();
    }
    named_ = true;
  }

  // Runs launches [l, end), of which those of the loops from `loop` on are loops'.
  void runLaunches(const sinter_entry &entry, uint32_t l, uint32_t end, const sinter_loop *loop, double *seconds) {
    Job *jobs = jobs_.data() + firstOfEntry_[size_t(&entry - plan_.entries)];
    while (l < end) {
      const bool meetsLoop = loop != entry.loops + entry.loop_count && loop->first < end;
      const uint32_t stop = meetsLoop ? loop->first : end;
      if (l < stop)
        pool_.run(jobs + l, stop - l, seconds ? seconds + l : nullptr);
      l = stop;
      if (!meetsLoop)
        break;
      uint64_t step = 0;
      for (; step < loop->steps && goesOn(*loop); ++step) {
        runLaunches(entry, loop->first, loop->first + loop->count, loop + 1, seconds);
        move(jobs, *loop, 1);
      }
      move(jobs, *loop, -int64_t(step));
      l += loop->count;
      do // behind those inside of it
        ++loop;
      while (loop != entry.loops + entry.loop_count && loop->first < l);
    }
  }

  bool goesOn(const sinter_loop &loop) {
    int32_t flag = 1;
    if (loop.flag != SINTER_ALWAYS)
      std::memcpy(&flag, arena_.data() + loop.flag, sizeof flag);
    return flag != 0;
  }

  // Moves what lies elsewhere in each step by so many steps.
  void move(const Job *jobs, const sinter_loop &loop, int64_t steps) {
    for (uint64_t m = 0; m < loop.move_count; ++m) {
      const sinter_move &move = loop.moves[m];
      void *&operand = operands_[size_t(jobs[move.launch].operands - operands_.data()) + move.operand];
      operand = static_cast<std::byte *>(operand) + steps * move.by;
    }
  }

  void addJobs(const sinter_entry &entry, const sinter_version &version) {
    size_t chain = 0; // the job that the next one follows, if the launch before says so
    for (uint32_t l = 0; l < entry.launch_count; ++l) {
      const sinter_launch &launch = entry.launches[l];
      const sinter_kernel &kernel = version.kernels[launch.kernel];
      Job job{kernel.cpu, operands_.data() + operands_.size(), kernel.tiles,
              kernel.flops + kernel.bytes < worthThreads};
      job.operandCount = launch.operand_count;
      job.own = own_.data() + own_.size();
      const uint32_t pieces = piecesOf(entry, l);
      for (uint32_t o = 0; o < launch.operand_count; ++o) {
        const sinter_operand &operand = launch.operands[o];
        operands_.push_back(address(operand));
        if (pieces && operand.own != SINTER_SHARED) {
          own_.push_back({o, ownStart_ + operand.own, operand.bytes / pieces});
          ++job.ownCount;
        }
      }
      jobs_.push_back(job);
      if (l == 0 || entry.launches[l - 1].pieces == 0) {
        chain = jobs_.size() - 1;
        continue;
      }
      if (jobs_[chain].followers == mostFollowers || launch.operand_count > SINTER_CHAIN_OPERANDS)
        fail(Exit::Device,
             formatted("device cpu: a chain of more launches or operands than this runtime follows, at {}",
                       launch.location));
      jobs_[chain].followers += 1;
      jobs_[chain].pieces = entry.launches[l - 1].pieces;
      jobs_[chain].alone = jobs_[chain].alone && job.alone;
    }
  }

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
  const sinter_plan &plan_;
  Block state_, arena_;
  size_t ownStart_, scratchStride_; // of a thread: scratch of kernels, then its own parts of operands
  Block scratch_;
  ThreadPool pool_;
  std::vector<void *> operands_;
  std::vector<OwnOperand> own_;
  std::vector<Job> jobs_;            // launches of all entries
  std::vector<size_t> firstOfEntry_; // in jobs_
  bool named_ = false;               // the threads, in the trace
};

} // namespace

std::unique_ptr<Device> makeCpuDevice(const sinter_program &program, const sinter_version &version, int threads) {
  return std::make_unique<CpuDevice>(program, version, threads);
}

} // namespace sinter
