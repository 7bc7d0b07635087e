// The subcommand info: what was compiled into this program.
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "commands/commands.h"
#include "program/device.h"
#include "program/processor.h"
#include "program/program.h"
#include "vulkan/vulkan_device.h"

#include <algorithm>
#include <limits>

namespace sinter {

static std::string tensorJson(const sinter_tensor &tensor) {
  return formatted("\"name\":{},\"dtype\":\"{}\",\"shape\":{},\"bytes\":{}", jsonQuoted(tensor.name),
                   dtypeName(tensor.dtype), shapeText(tensor), tensor.bytes);
}

// Calls `make` for each of `count` things and joins what it returns.
template <typename Make> static std::string joined(uint32_t count, Make make) {
  std::string text;
  for (uint32_t i = 0; i < count; ++i)
    text += formatted("{}{}", i ? "," : "", make(i));
  return text;
}

static std::string entryJson(const sinter_entry &entry) {
  const std::string inputs = joined(entry.input_count, [&](uint32_t i) {
    const sinter_input &input = entry.inputs[i];
    return formatted("{{{}{}}}", tensorJson(input.tensor),
                     input.has_default ? formatted(",\"default\":{}", JsonNumber{input.value}) : "");
  });
  const std::string outputs =
      joined(entry.output_count, [&](uint32_t i) { return formatted("{{{}}}", tensorJson(entry.outputs[i])); });
  return formatted("{{\"name\":{},\"launches\":{},\"arena_bytes\":{},\"flops\":{},\"inputs\":[{}],\"outputs\":[{}]}}",
                   jsonQuoted(entry.name), entry.launch_count, entry.arena_bytes, entry.flops, inputs, outputs);
}

static int64_t parameterCount(const sinter_program &p) {
  int64_t count = 0;
  for (uint32_t s = 0; s < p.state_count; ++s)
    if (isParameter(p.states[s]))
      count += elementCount(p.states[s].tensor);
  return count;
}

// The version that would run; null if the processor can run none, or not the one that `march` names.
static const sinter_version *chosenVersion(const sinter_program &p, const std::string &march) {
  try {
    return &chooseVersion(p, march);
  } catch (const Failure &failure) {
    if (failure.exit() == Exit::Usage)
      throw;
    return nullptr;
  }
}

static std::string versionsJson(const sinter_program &p, const sinter_version *chosen) {
  return joined(p.version_count, [&](uint32_t v) {
    const sinter_version &version = p.versions[v];
    return formatted("{{\"name\":{},\"chosen\":{},\"missing\":{},\"scratch_bytes\":{}}}", jsonQuoted(version.name),
                     &version == chosen, jsonQuoted(featureNames(version.features & ~processorFeatures())),
                     version.scratch_bytes);
  });
}

static void printVersions(const sinter_program &p, const sinter_version *chosen) {
  for (uint32_t v = 0; v < p.version_count; ++v) {
    const sinter_version &version = p.versions[v];
    const std::string missing = featureNames(version.features & ~processorFeatures());
    print("version      {}: {}, scratch {} bytes a thread\n", version.name,
          &version == chosen ? "chosen"
          : missing.empty()  ? "possible here"
                             : "needs " + missing + ", which this processor lacks",
          version.scratch_bytes);
  }
}

// The devices that the program's kernels for Vulkan can run on, one a line, or why there are none; nothing if it has
// none.
static void printVulkan(const sinter_program &p) {
  if (!p.vulkan_version_count)
    return;
  if (p.cpu_plan)
    print("on vulkan    arena {} bytes, {} kernels; --device vulkan shows its entries\n", p.vulkan_plan->arena_bytes,
          p.vulkan_plan->kernel_count);
  for (uint32_t v = 0; v < p.vulkan_version_count; ++v) {
    const sinter_vulkan_version &version = p.vulkan[v];
    print("vulkan       {}: {} shaders, scratch {} bytes\n", version.name, version.shader_count, version.scratch_bytes);
  }
  try {
    for (const VulkanDeviceInfo &device : listVulkanDevices(p))
      print("device       vulkan:{}: {}, {}, Vulkan {} ({}), {} bytes: {}\n", device.index, device.name, device.type,
            device.version, device.driver, device.memory,
            device.unusable.empty() ? formatted("runs {}; f32 keeps {}", device.profile, device.keeps)
                                    : "cannot be used: " + device.unusable);
  } catch (const Failure &failure) {
    print("device       {}\n", failure.what());
  }
}

static std::string vulkanJson(const sinter_program &p) {
  if (!p.vulkan_version_count)
    return "null";
  const std::string versions = joined(p.vulkan_version_count, [&](uint32_t v) {
    const sinter_vulkan_version &version = p.vulkan[v];
    return formatted("{{\"name\":{},\"shaders\":{},\"scratch_bytes\":{}}}", jsonQuoted(version.name),
                     version.shader_count, version.scratch_bytes);
  });
  try {
    const std::vector<VulkanDeviceInfo> list = listVulkanDevices(p);
    return formatted("{{\"versions\":[{}],\"devices\":[{}]}}", versions, joined(uint32_t(list.size()), [&](uint32_t i) {
                       const VulkanDeviceInfo &device = list[i];
                       return formatted(
                           "{{\"index\":{},\"name\":{},\"type\":{},\"driver\":{},\"vulkan\":{},\"bytes\":{},"
                           "\"unusable\":{},\"version\":{},\"f32_keeps\":{}}}",
                           device.index, jsonQuoted(device.name), jsonQuoted(device.type), jsonQuoted(device.driver),
                           jsonQuoted(device.version), device.memory, jsonQuoted(device.unusable),
                           jsonQuoted(device.profile), jsonQuoted(device.keeps));
                     }));
  } catch (const Failure &failure) {
    return formatted("{{\"versions\":[{}],\"devices\":[],\"problem\":{}}}", versions, jsonQuoted(failure.what()));
  }
}

// What the device that was asked for runs, of a program for several.
static const sinter_plan &planFor(const sinter_program &p, const std::string &device) {
  return p.vulkan_plan && device.starts_with("vulkan") ? *p.vulkan_plan : anyPlan(p);
}

// What a training or a sampler allocates. On the CPU, its process takes this and at most 16 MB more; on Vulkan it is
// the device's memory, with whichever profile takes more. 0 if the processor runs no version.
static uint64_t memoryBytes(const sinter_program &p, const sinter_plan &plan, const sinter_version *chosen,
                            int threads) {
  if (&plan == p.cpu_plan)
    return chosen ? cpuMemoryBytes(p, *chosen, threads) : 0;
  uint64_t scratch = 0;
  for (uint32_t v = 0; v < p.vulkan_version_count; ++v)
    scratch = std::max(scratch, p.vulkan[v].scratch_bytes);
  return p.state_bytes + plan.arena_bytes + p.constant_bytes + scratch;
}

// What memory is told of: the threads that somebody asked for, or those that would be started.
static int threadsOf(const sinter_program &p, const sinter_version *chosen, const CommonOptions &common) {
  return common.threadsGiven || !chosen || !p.cpu_plan ? common.threads
                                                       : threadsWithinBudget(p, *chosen, common.threads);
}

// The most threads that the budget has room for; 0 if there is no budget, or where scratch is not of threads.
static int threadsOfBudget(const sinter_program &p, const sinter_plan &plan, const sinter_version *chosen) {
  return p.memory_budget && chosen && &plan == p.cpu_plan
             ? threadsWithinBudget(p, *chosen, std::numeric_limits<int>::max())
             : 0;
}

static void printMemory(const sinter_program &p, const sinter_plan &plan, const sinter_version *chosen,
                        const CommonOptions &common) {
  const int threads = threadsOf(p, chosen, common), most = threadsOfBudget(p, plan, chosen);
  if (const uint64_t bytes = memoryBytes(p, plan, chosen, threads))
    print("memory       {} bytes: all of these, and the scratch of {}\n", bytes,
          &plan != p.cpu_plan ? "kernels on the device"
                              : formatted("{} thread{}{}", threads, threads == 1 ? "" : "s",
                                          common.threadsGiven ? "" : ", as many as it starts here without --threads"));
  if (p.memory_budget)
    print("budget       {} bytes{}\n", p.memory_budget,
          most ? formatted(": room for the scratch of {} thread{}", most, most == 1 ? "" : "s") : "");
}

static void printText(const sinter_program &p, const sinter_plan &plan, const sinter_version *chosen,
                      const CommonOptions &common) {
  print("program      {}\nsource       {}\ncompiler     {}\ntarget       {}\nconfig       {}\n", p.name, p.source,
        p.compiler, p.target, p.config);
  if (const std::string_view kind = weightsKind(p); kind != "f32")
    print("weights      {} where nothing trains\n", kind);
  print("parameters   {}\nstate        {} bytes\narena        {} bytes\nconstants    {} bytes\n"
        "kernels      {}\n",
        parameterCount(p), p.state_bytes, plan.arena_bytes, p.constant_bytes, plan.kernel_count);
  printMemory(p, plan, chosen, common);
  printVersions(p, chosen);
  printVulkan(p);
  for (uint32_t e = 0; e < p.entry_count; ++e) {
    const sinter_entry &entry = plan.entries[e];
    print("\nentry {}: {} launches, arena {} bytes, {:.6g} FLOP\n", entry.name, entry.launch_count, entry.arena_bytes,
          entry.flops);
    for (uint32_t i = 0; i < entry.input_count; ++i) {
      const sinter_input &input = entry.inputs[i];
      print("  in   {:<14} {} {}{}\n", input.tensor.name, dtypeName(input.tensor.dtype), shapeText(input.tensor),
            input.has_default ? formatted("  default {}", input.value) : "");
    }
    for (uint32_t o = 0; o < entry.output_count; ++o)
      print("  out  {:<14} {} {}\n", entry.outputs[o].name, dtypeName(entry.outputs[o].dtype),
            shapeText(entry.outputs[o]));
  }
  print("\nstate\n");
  for (uint32_t s = 0; s < p.state_count; ++s) {
    const sinter_state &state = p.states[s];
    print("  {:>12}  {:<9} {} {} {}\n", state.tensor.offset,
          isParameter(state) ? "parameter"
          : isSaved(state)   ? "memory"
                             : "transient",
          state.tensor.name, dtypeName(state.tensor.dtype), shapeText(state.tensor));
  }
}

Exit info(const sinter_program &p, const CommonOptions &common, const InfoCommand &command) {
  if (!command.checkpoint.empty())
    return infoOfCheckpoint(p, command);
  const sinter_version *chosen = chosenVersion(p, common.march);
  const sinter_plan &plan = planFor(p, common.device);
  if (!command.json) {
    printText(p, plan, chosen, common);
    return Exit::Done;
  }
  const std::string entries = joined(p.entry_count, [&](uint32_t e) { return entryJson(plan.entries[e]); });
  const std::string states = joined(p.state_count, [&](uint32_t s) {
    const sinter_state &state = p.states[s];
    return formatted("{{{},\"offset\":{},\"trainable\":{}}}", tensorJson(state.tensor), state.tensor.offset,
                     isParameter(state));
  });
  const int threads = threadsOf(p, chosen, common), most = threadsOfBudget(p, plan, chosen);
  const auto orNull = [](uint64_t number) { return number ? formatted("{}", number) : "null"; };
  print(
      "{{\"program\":{},\"source\":{},\"compiler\":{},\"target\":{},\"config\":{},\"parameters\":{},\"state_bytes\":{},"
      "\"arena_bytes\":{},\"constant_bytes\":{},\"threads\":{},\"memory_bytes\":{},\"memory_budget\":{},"
      "\"budget_threads\":{},\"kernels\":{},\"versions\":[{}],"
      "\"vulkan\":{},\"entries\":[{}],"
      "\"states\":[{}]}}\n",
      jsonQuoted(p.name), jsonQuoted(p.source), jsonQuoted(p.compiler), jsonQuoted(p.target), p.config,
      parameterCount(p), p.state_bytes, plan.arena_bytes, p.constant_bytes, threads,
      memoryBytes(p, plan, chosen, threads), orNull(p.memory_budget), orNull(most), plan.kernel_count,
      versionsJson(p, chosen), vulkanJson(p), entries, states);
  return Exit::Done;
}

} // namespace sinter
