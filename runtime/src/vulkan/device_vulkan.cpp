// Runs kernels compiled for Vulkan: a program's blocks are buffers of the device, an entry is one recorded command
// buffer.
//
// Where the host reaches the device's memory (unified), `state` and `arena` are that memory. Elsewhere they are copies
// in the host's memory: a call copies its inputs there and its outputs back, in the same submission; the state goes
// back and forth only when somebody looks at it.
#include "base/error.h"
#include "base/format.h"
#include "program/block.h"
#include "vulkan/float_modes.h"
#include "vulkan/recording.h"
#include "vulkan/vulkan_device.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sinter {

using namespace vulkan;

VulkanOptions VulkanOptions::parse(const std::string &text) {
  VulkanOptions options;
  constexpr std::string_view prefix = "vulkan:";
  if (text == "vulkan")
    return options;
  uint32_t index = 0;
  const auto [end, error] = text.starts_with(prefix)
                                ? std::from_chars(text.data() + prefix.size(), text.data() + text.size(), index)
                                : std::from_chars_result{text.data(), std::errc::invalid_argument};
  if (error != std::errc() || end != text.data() + text.size())
    fail(Exit::Usage, formatted("device '{}': not one of cpu, vulkan, vulkan:INDEX", text));
  options.index = index;
  return options;
}

// A driver that computes on the processor gets as many threads as the command line gives. It reads this when it starts.
static void limitDriverThreads(const VulkanOptions &options) {
  if (options.limitDriver)
    setenv("LP_NUM_THREADS", formatted("{}", options.threads).c_str(), /*overwrite=*/1);
}

static void requireKernels(const sinter_program &program) {
  if (program.vulkan_version_count == 0)
    fail(Exit::Device,
         formatted("device vulkan: not compiled into this program, which is for {}; use --device cpu, or compile the "
                   "model with --target=cpu,vulkan",
                   program.target));
}

namespace {

class VulkanDevice final : public Device {
public:
  VulkanDevice(const sinter_program &program, const VulkanOptions &options)
      : program_(program), plan_(*program.vulkan_plan), threads_(options.threads),
        physical_(instance_.choose(options.index)),
        version_(chooseVulkanVersion(program, physical_.isProcessor(), options.profile)),
        device_(physical_, program, version_),
        name_(formatted("vulkan:{} {}", physical_.index, physical_.properties.deviceName)), memory_(chooseMemory()),
        state_(device_, "parameters and optimizer memory", program.state_bytes, memory_.blocks),
        arena_(device_, "arena", plan_.arena_bytes, memory_.blocks),
        constants_(device_, "constants", program.constant_bytes, memory_.blocks),
        scratch_(device_, "scratch memory", version_.scratch_bytes, memory_.blocks),
        pipelines_(device_, version_, threads_), recordings_(program.entry_count) {
    device_.runOnce("clearing memory", [&](VkCommandBuffer commands) {
      for (const Buffer *buffer : {&state_, &arena_, &constants_, &scratch_})
        vkCmdFillBuffer(commands, buffer->handle(), 0, VK_WHOLE_SIZE, 0);
      barrier(commands, byCopies, byHost);
    });
    if (!memory_.unified)
      makeStaging();
    if (!program.constant_bytes)
      return;
    if (memory_.unified)
      std::memcpy(constants_.data(), program.constants, program.constant_bytes);
    else
      upload(constants_, static_cast<const std::byte *>(program.constants), program.constant_bytes);
  }

  std::string_view name() const override { return name_; }
  const sinter_plan &plan() const override { return plan_; }
  int threads() const override { return threads_; }
  bool onProcessor() const override { return physical_.isProcessor(); }
  bool general(uint32_t kernel) const override { return version_.kernels[kernel].fallback; }
  std::byte *arena() override { return memory_.unified ? arena_.data() : arenaCopy_->data(); }

  std::byte *state() override {
    fetchState();
    hostChangedState_ = true;
    return memory_.unified ? state_.data() : stateCopy_->data();
  }
  const std::byte *stateToRead() override {
    fetchState();
    return memory_.unified ? state_.data() : stateCopy_->data();
  }

  void run(const sinter_entry &entry, double *seconds) override {
    std::unique_ptr<Recording> &recording = recordings_[size_t(&entry - plan_.entries)];
    const Copies &copies = copiesOf(entry);
    if (!recording)
      recording = std::make_unique<Recording>(
          device_, pipelines_, version_, entry,
          Blocks{arena_.handle(), state_.handle(), constants_.handle(), scratch_.handle()}, copies);
    if (memory_.unified)
      return recording->run(seconds);
    if (std::exchange(hostChangedState_, false))
      upload(state_, stateCopy_->data(), program_.state_bytes);
    for (const Copy &copy : copies.inputs)
      std::memcpy(staging_->data() + copy.staging, arenaCopy_->data() + copy.arena, copy.bytes);
    recording->run(seconds);
    for (const Copy &copy : copies.outputs)
      std::memcpy(arenaCopy_->data() + copy.arena, staging_->data() + copy.staging, copy.bytes);
    deviceChangedState_ = true;
  }

private:
  MemoryChoice chooseMemory() {
    const MemoryChoice choice = MemoryChoice::of(device_);
    checkRoom(device_, program_, version_.scratch_bytes, choice);
    return choice;
  }

  void makeStaging() {
    constexpr uint64_t pieces = uint64_t(4) << 20; // of the state, at the least: small ones take too many submissions
    uint64_t bytes = pieces;
    for (uint32_t e = 0; e < program_.entry_count; ++e) {
      const sinter_entry &entry = plan_.entries[e];
      Copies copies;
      uint64_t end = 0;
      const auto add = [&end](std::vector<Copy> &list, const sinter_tensor &tensor) {
        list.push_back({tensor.offset, end, tensor.bytes});
        end += (tensor.bytes + SINTER_ALIGNMENT - 1) / SINTER_ALIGNMENT * SINTER_ALIGNMENT;
      };
      for (uint32_t i = 0; i < entry.input_count; ++i)
        add(copies.inputs, entry.inputs[i].tensor);
      for (uint32_t o = 0; o < entry.output_count; ++o)
        add(copies.outputs, entry.outputs[o]);
      bytes = std::max(bytes, end);
      copies_.push_back(std::move(copies));
    }
    staging_.emplace(device_, "staging memory", bytes, memory_.staging);
    for (Copies &copies : copies_)
      copies.staging = staging_->handle();
    stateCopy_.emplace("parameters and optimizer memory", program_.state_bytes);
    arenaCopy_.emplace("arena", plan_.arena_bytes); // pages that nobody touches cost nothing
  }

  const Copies &copiesOf(const sinter_entry &entry) const {
    static const Copies none;
    return memory_.unified ? none : copies_[size_t(&entry - plan_.entries)];
  }

  void upload(const Buffer &buffer, const std::byte *data, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += staging_->size()) {
      const VkBufferCopy piece = {0, at, std::min(bytes - at, staging_->size())};
      std::memcpy(staging_->data(), data + at, piece.size);
      device_.runOnce("copying to the device", [&](VkCommandBuffer commands) {
        barrier(commands, byAnyone, byCopies);
        vkCmdCopyBuffer(commands, staging_->handle(), buffer.handle(), 1, &piece);
      });
    }
  }

  void fetchState() {
    if (!std::exchange(deviceChangedState_, false))
      return;
    for (uint64_t at = 0; at < program_.state_bytes; at += staging_->size()) {
      const VkBufferCopy piece = {at, 0, std::min(program_.state_bytes - at, staging_->size())};
      device_.runOnce("copying from the device", [&](VkCommandBuffer commands) {
        barrier(commands, byAnyone, byCopies);
        vkCmdCopyBuffer(commands, state_.handle(), staging_->handle(), 1, &piece);
        barrier(commands, byCopies, byHost);
      });
      std::memcpy(stateCopy_->data() + at, staging_->data(), piece.size);
    }
  }

  const sinter_program &program_;
  const sinter_plan &plan_;
  const int threads_;
  Instance instance_;
  const PhysicalDevice physical_;
  const sinter_vulkan_version &version_;
  LogicalDevice device_;
  const std::string name_;
  const MemoryChoice memory_;
  Buffer state_, arena_, constants_, scratch_;
  Pipelines pipelines_;
  std::vector<std::unique_ptr<Recording>> recordings_; // by entry, made when it first runs
  // Where the host does not reach the device's memory:
  std::optional<Buffer> staging_;
  std::optional<Block> stateCopy_, arenaCopy_;
  std::vector<Copies> copies_; // by entry
  bool hostChangedState_ = false, deviceChangedState_ = false;
};

} // namespace

std::unique_ptr<Device> makeVulkanDevice(const sinter_program &program, const VulkanOptions &options) {
  requireKernels(program);
  limitDriverThreads(options);
  return std::make_unique<VulkanDevice>(program, options);
}

std::vector<VulkanDeviceInfo> listVulkanDevices(const sinter_program &program) {
  requireKernels(program);
  const Instance instance;
  std::vector<VulkanDeviceInfo> list;
  for (const PhysicalDevice &device : instance.devices()) {
    const uint32_t version = device.properties.apiVersion;
    list.push_back({device.index, device.properties.deviceName, typeName(device.properties.deviceType), device.driver,
                    formatted("{}.{}.{}", VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version),
                              VK_API_VERSION_PATCH(version)),
                    device.memory, device.unusable, chooseVulkanVersion(program, device.isProcessor(), {}).name,
                    device.unusable.empty() ? promisesOf(Abilities(device).properties12) : ""});
  }
  return list;
}

} // namespace sinter
