#include "vulkan/recording.h"

#include "base/error.h"
#include "base/format.h"

#include <bit>
#include <numeric>
#include <utility>

namespace sinter::vulkan {

// Numbers of the buffers in accesses: spaces of the ABI, and after them the scratch block.
static constexpr uint32_t scratchBuffer = SINTER_CONSTANTS + 1;

// The bytes of a buffer that a binding names.
// `offsets`: where the launch's operands lie at present.
static Access accessOf(const sinter_launch &launch, const uint64_t *offsets, const sinter_vulkan_kernel &kernel,
                       const sinter_binding &binding) {
  const bool scratch = binding.operand == SINTER_SCRATCH_OPERAND;
  if (!scratch && binding.operand >= launch.operand_count)
    fail(Exit::Device,
         formatted("program: kernel {} binds operand {} of {}", kernel.name, binding.operand, launch.operand_count));
  const uint64_t size = scratch ? kernel.scratch_bytes : launch.operands[binding.operand].bytes;
  if (binding.offset > size || binding.bytes > size - binding.offset)
    fail(Exit::Device, formatted("program: kernel {} binds bytes {} to {} of {} bytes", kernel.name, binding.offset,
                                 binding.offset + binding.bytes, size));
  const uint64_t begin = binding.offset + (scratch ? 0 : offsets[binding.operand]);
  return {scratch ? scratchBuffer : launch.operands[binding.operand].space, binding.access, begin,
          begin + binding.bytes};
}

namespace {

// Lists dispatches; loops are unrolled.
struct Lister {
  const sinter_vulkan_version &version;
  const sinter_entry &entry;
  std::vector<uint64_t> offsets = {}; // of the operands of all launches, at present
  std::vector<uint32_t> firsts = {};  // of each launch: its first operand's number among them
  std::vector<Step> steps = {};
  uint32_t runs = 0;

  void findOperands() {
    for (uint32_t l = 0; l < entry.launch_count; ++l) {
      firsts.push_back(uint32_t(offsets.size()));
      for (uint32_t o = 0; o < entry.launches[l].operand_count; ++o)
        offsets.push_back(entry.launches[l].operands[o].offset);
    }
  }

  // Launches [l, end), of which those of the loops from `loop` on are loops'; gives the first loop behind them.
  const sinter_loop *list(uint32_t l, uint32_t end, const sinter_loop *loop) {
    while (l < end) {
      if (loop == entry.loops + entry.loop_count || loop->first != l) {
        list(l++);
        continue;
      }
      const sinter_loop *next = loop + 1;
      for (uint64_t step = 0; step < loop->steps; ++step) {
        next = list(l, l + loop->count, loop + 1);
        move(*loop, 1);
      }
      move(*loop, -int64_t(loop->steps));
      l += loop->count;
      loop = next;
    }
    return loop;
  }

  void list(uint32_t l) {
    const sinter_launch &launch = entry.launches[l];
    const sinter_vulkan_kernel &kernel = version.kernels[launch.kernel];
    for (uint32_t d = 0; d < kernel.dispatch_count; ++d) {
      const sinter_dispatch &dispatch = kernel.dispatches[d];
      Step step{formatted("{} of launch {} ({})", version.shaders[dispatch.shader].name, l, launch.location),
                {},
                false,
                l,
                runs,
                d};
      for (uint32_t b = 0; b < dispatch.binding_count; ++b)
        step.accesses.push_back(accessOf(launch, offsets.data() + firsts[l], kernel, dispatch.bindings[b]));
      steps.push_back(std::move(step));
    }
    runs += kernel.dispatch_count ? 1 : 0;
  }

  void move(const sinter_loop &loop, int64_t by) {
    for (uint64_t m = 0; m < loop.move_count; ++m)
      offsets[firsts[loop.moves[m].launch] + loop.moves[m].operand] += uint64_t(by * loop.moves[m].by);
  }
};

} // namespace

std::vector<Step> listSteps(const sinter_vulkan_version &version, const sinter_entry &entry) {
  Lister lister{version, entry};
  lister.findOperands();
  lister.list(0, entry.launch_count, entry.loops);
  return std::move(lister.steps);
}

Recording::Recording(LogicalDevice &device, Pipelines &pipelines, const sinter_vulkan_version &version,
                     const sinter_entry &entry, const Blocks &blocks, Copies copies)
    : device_(device), pipelines_(pipelines), version_(version), entry_(entry), blocks_(blocks),
      copies_(std::move(copies)), steps_(listSteps(version, entry)) {
  if (!device.switches().unordered)
    placeBarriers(steps_);
  if (validates())
    if (const std::vector<std::string> hazards = findHazards(steps_); !hazards.empty())
      fail(Exit::Device, formatted("{}: entry {}: {} hazards, the first: {}", device.label(), entry.name,
                                   hazards.size(), hazards.front()));
  std::vector<uint32_t> shaders;
  for (const Step &step : steps_) {
    dispatches_.push_back(&version.kernels[entry.launches[step.launch].kernel].dispatches[step.dispatch]);
    shaders.push_back(dispatches_.back()->shader);
  }
  pipelines_.prepare(shaders);
  try {
    writeDescriptors();
    commands_ = record(/*timed=*/false);
  } catch (...) {
    destroy();
    throw;
  }
}

Recording::~Recording() { destroy(); }

void Recording::destroy() {
  if (commands_)
    device_.freeCommands(commands_);
  if (timedCommands_)
    device_.freeCommands(timedCommands_);
  vkDestroyQueryPool(device_.handle(), queries_, nullptr);
  vkDestroyDescriptorPool(device_.handle(), pool_, nullptr);
  for (const VkBufferView view : views_)
    vkDestroyBufferView(device_.handle(), view, nullptr);
}

void Recording::makeView(VkBuffer buffer, const Access &access) {
  VkBufferViewCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO;
  info.buffer = buffer;
  info.format = VK_FORMAT_R32G32B32A32_SFLOAT; // which every device reads as texels
  info.offset = access.begin;
  info.range = access.end - access.begin;
  VkBufferView view;
  device_.check(vkCreateBufferView(device_.handle(), &info, nullptr, &view), "vkCreateBufferView");
  views_.push_back(view);
}

void Recording::writeDescriptors() {
  const size_t buffers = std::accumulate(steps_.begin(), steps_.end(), size_t(0),
                                         [](size_t sum, const Step &step) { return sum + step.accesses.size(); });
  if (steps_.empty())
    return;
  size_t texels = 0;
  for (const sinter_dispatch *dispatch : dispatches_)
    texels += std::popcount(version_.shaders[dispatch->shader].texels);
  const VkDescriptorPoolSize sizes[] = {
      {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, uint32_t(std::max<size_t>(buffers - texels, 1))},
      {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, uint32_t(std::max<size_t>(texels, 1))}};
  VkDescriptorPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.maxSets = uint32_t(steps_.size());
  info.poolSizeCount = std::size(sizes);
  info.pPoolSizes = sizes;
  device_.check(vkCreateDescriptorPool(device_.handle(), &info, nullptr, &pool_), "vkCreateDescriptorPool");

  std::vector<VkDescriptorSetLayout> layouts;
  for (const sinter_dispatch *dispatch : dispatches_)
    layouts.push_back(pipelines_.setLayout(dispatch->shader));
  sets_.resize(steps_.size());
  VkDescriptorSetAllocateInfo allocate{};
  allocate.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  allocate.descriptorPool = pool_;
  allocate.descriptorSetCount = uint32_t(sets_.size());
  allocate.pSetLayouts = layouts.data();
  device_.check(vkAllocateDescriptorSets(device_.handle(), &allocate, sets_.data()), "vkAllocateDescriptorSets");

  const VkBuffer handles[] = {blocks_.arena, blocks_.state, blocks_.constants, blocks_.scratch};
  std::vector<VkDescriptorBufferInfo> infos;
  infos.reserve(buffers); // writes point into it
  views_.reserve(texels); // and into it
  std::vector<VkWriteDescriptorSet> writes;
  for (size_t s = 0; s < steps_.size(); ++s)
    for (uint32_t b = 0; b < steps_[s].accesses.size(); ++b) {
      const Access &access = steps_[s].accesses[b];
      VkWriteDescriptorSet write{};
      write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
      write.dstSet = sets_[s];
      write.dstBinding = b;
      write.descriptorCount = 1;
      if (version_.shaders[dispatches_[s]->shader].texels >> b & 1) {
        makeView(handles[access.buffer], access);
        write.descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
        write.pTexelBufferView = &views_.back();
      } else {
        infos.push_back({handles[access.buffer], access.begin, access.end - access.begin});
        write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        write.pBufferInfo = &infos.back();
      }
      writes.push_back(write);
    }
  vkUpdateDescriptorSets(device_.handle(), uint32_t(writes.size()), writes.data(), 0, nullptr);
}

static std::vector<VkBufferCopy> regionsOf(const std::vector<Copy> &copies, bool toArena) {
  std::vector<VkBufferCopy> regions;
  for (const Copy &copy : copies)
    regions.push_back(toArena ? VkBufferCopy{copy.staging, copy.arena, copy.bytes}
                              : VkBufferCopy{copy.arena, copy.staging, copy.bytes});
  return regions;
}

VkCommandBuffer Recording::record(bool timed) {
  const VkCommandBuffer commands = device_.makeCommands();
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  device_.check(vkBeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
  // Calls follow one another: what the one before left in memory is seen by this one.
  barrier(commands, byAnyone, byAnyone);
  if (copies_.staging && !copies_.inputs.empty()) {
    const std::vector<VkBufferCopy> regions = regionsOf(copies_.inputs, /*toArena=*/true);
    vkCmdCopyBuffer(commands, copies_.staging, blocks_.arena, uint32_t(regions.size()), regions.data());
    barrier(commands, byCopies, byAnyone);
  }
  if (timed) {
    vkCmdResetQueryPool(commands, queries_, 0, runs() + 1);
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries_, 0);
  }
  for (size_t s = 0; s < steps_.size(); ++s) {
    const sinter_dispatch &dispatch = *dispatches_[s];
    const sinter_shader &shader = version_.shaders[dispatch.shader];
    const VkPipelineLayout layout = pipelines_.layout(dispatch.shader);
    if (steps_[s].waits)
      barrier(commands, byShaders, byShaders);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipelines_.pipeline(dispatch.shader));
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &sets_[s], 0, nullptr);
    if (shader.constant_count)
      vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                         shader.constant_count * uint32_t(sizeof(uint32_t)), dispatch.constants);
    vkCmdDispatch(commands, dispatch.groups[0], dispatch.groups[1], dispatch.groups[2]);
    if (timed && (s + 1 == steps_.size() || steps_[s + 1].run != steps_[s].run))
      vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries_, steps_[s].run + 1);
  }
  if (copies_.staging && !copies_.outputs.empty()) {
    barrier(commands, byAnyone, byCopies);
    const std::vector<VkBufferCopy> regions = regionsOf(copies_.outputs, /*toArena=*/false);
    vkCmdCopyBuffer(commands, blocks_.arena, copies_.staging, uint32_t(regions.size()), regions.data());
  }
  barrier(commands, byAnyone, byHost);
  device_.check(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
  return commands;
}

void Recording::prepareTiming() {
  if (!device_.physical().timestampBits)
    fail(Exit::Device, formatted("{}: has no timestamps: no profile", device_.label()));
  VkQueryPoolCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
  info.queryType = VK_QUERY_TYPE_TIMESTAMP;
  info.queryCount = runs() + 1;
  device_.check(vkCreateQueryPool(device_.handle(), &info, nullptr, &queries_), "vkCreateQueryPool");
  timestamps_.resize(info.queryCount);
  timedCommands_ = record(/*timed=*/true);
}

void Recording::runTimed() {
  if (!timedCommands_)
    prepareTiming();
  device_.run(timedCommands_, entry_.name);
  device_.check(vkGetQueryPoolResults(device_.handle(), queries_, 0, uint32_t(timestamps_.size()),
                                      timestamps_.size() * sizeof(uint64_t), timestamps_.data(), sizeof(uint64_t),
                                      VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
                "vkGetQueryPoolResults");
}

// Since the first timestamp.
double Recording::secondsAt(uint32_t timestamp) const {
  const uint32_t bits = device_.physical().timestampBits;
  const uint64_t mask = bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  return double((timestamps_[timestamp] - timestamps_[0]) & mask) * double(device_.abilities().limits.timestampPeriod) *
         1e-9;
}

// The device's clock is another one: its last timestamp is taken as the moment at which the host saw the end.
void Recording::tell(Trace &trace) {
  constexpr int lane = 2000; // above those of threads
  const Trace::Clock::time_point end = Trace::Clock::now();
  const auto at = [&](uint32_t timestamp) {
    const std::chrono::duration<double> before(secondsAt(runs()) - secondsAt(timestamp));
    return end - std::chrono::duration_cast<Trace::Clock::duration>(before);
  };
  if (!std::exchange(named_, true))
    trace.nameLane(lane, formatted("queue of {}", device_.label()));
  for (size_t s = 0; s < steps_.size(); ++s)
    if (const uint32_t run = steps_[s].run; s == 0 || steps_[s - 1].run != run) {
      const sinter_launch &launch = entry_.launches[steps_[s].launch];
      trace.span("launch", version_.kernels[launch.kernel].name, at(run), at(run + 1), lane, launch.location);
    }
}

void Recording::run(double *seconds) {
  Trace *trace = device_.physical().timestampBits ? Trace::active() : nullptr;
  if (!seconds && !trace)
    return device_.run(commands_, entry_.name);
  runTimed();
  if (trace)
    tell(*trace);
  for (size_t s = 0; s < steps_.size() && seconds; ++s)
    if (const uint32_t run = steps_[s].run; s == 0 || steps_[s - 1].run != run)
      seconds[steps_[s].launch] += secondsAt(run + 1) - secondsAt(run);
}

} // namespace sinter::vulkan
