#include "commands/dry_run.h"

#include "base/format.h"
#include "base/output.h"
#include "program/device.h"
#include "program/program.h"

#include <algorithm>
#include <cmath>

namespace sinter {

// 1234567 as 1,234,567.
static std::string grouped(uint64_t number) {
  std::string text = fmt::to_string(number);
  for (int64_t at = int64_t(text.size()) - 3; at > 0; at -= 3)
    text.insert(size_t(at), ",");
  return text;
}

// "12 min", "3.4 h".
static std::string duration(double seconds) {
  return seconds < 120    ? formatted("{:.3g} s", seconds)
         : seconds < 7200 ? formatted("{:.3g} min", seconds / 60)
         : seconds < 2e5  ? formatted("{:.3g} h", seconds / 3600)
                          : formatted("{:.3g} days", seconds / 86400);
}

static void printParameters(const sinter_program &p) {
  uint64_t numbers = 0, bytes = 0, others = 0;
  std::string lines;
  size_t width = 0;
  for (uint32_t s = 0; s < p.state_count; ++s)
    width = std::max(width, isParameter(p.states[s]) ? std::string_view(p.states[s].tensor.name).size() : 0);
  for (uint32_t s = 0; s < p.state_count; ++s) {
    const sinter_tensor &tensor = p.states[s].tensor;
    if (!isParameter(p.states[s])) {
      others += tensor.bytes;
      continue;
    }
    numbers += uint64_t(elementCount(tensor));
    bytes += tensor.bytes;
    lines += formatted("  {:<{}}  {} {:<16} {:>14}\n", tensor.name, width, dtypeName(tensor.dtype), shapeText(tensor),
                       grouped(uint64_t(elementCount(tensor))));
  }
  print("parameters   {} numbers, {} bytes\n{}", grouped(numbers), grouped(bytes), lines);
  print("other state  {} bytes: the optimizer's memory, sums, averages\n", grouped(others));
}

void printSummary(const Program &program, const Trainer &trainer, const DryRun &run) {
  const sinter_program &p = program.description();
  print("model        {}, from {}, with {}\n", p.name, p.source, p.config);
  printParameters(p);
  for (const BatchInput &input : trainer.batch().inputs)
    print("input        {} {} [{}]\n", input.name, dtypeName(input.dtype),
          formatted("{}", fmt::join(input.shape, ", ")));
  print("data         {} to train on{}\n", run.trainingSize,
        run.heldOutSize.empty() ? ", none held out" : ", " + run.heldOutSize + " held out");
  print("arena        {} bytes\n", grouped(program.plan().arena_bytes));
  if (const sinter_version *version = program.version())
    print("memory       {} bytes: state, arena, constants, scratch of {} threads\n",
          grouped(cpuMemoryBytes(p, *version, program.threads())), program.threads());
  print("work         {:.4g} FLOP a step, {} {} each\n", trainer.flops(), trainer.predictions(),
        trainer.batch().unit());
  print("step {:<7} loss {:.6g}{}{}\n", run.step, run.result.loss,
        run.result.hasGradNorm ? formatted(", gradient norm {:.6g}", run.result.gradNorm) : "",
        std::isnan(run.result.lr) ? "" : formatted(", learning rate {:.3g}", run.result.lr));
  print("speed        {:.4g} ms for this one step, {:.4g} {}/s, {:.4g} GFLOP/s\n", 1000 * run.seconds,
        double(trainer.predictions()) / run.seconds, trainer.batch().unit(), trainer.flops() / run.seconds / 1e9);
  print("{} steps would take about {}, without held-out losses and checkpoints; nothing was written\n",
        run.options.steps, duration(run.seconds * double(run.options.steps)));
}

} // namespace sinter
