#include "vulkan/logical.h"

#include "base/error.h"
#include "base/format.h"
#include "vulkan/shaders.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace sinter::vulkan {

TestSwitches TestSwitches::read() {
  TestSwitches switches;
  const char *text = std::getenv("SINTER_VULKAN_TEST");
  for (std::string_view rest = text ? text : ""; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    const std::string_view lost = "lost=";
    if (word == "staging")
      switches.staging = true;
    else if (word == "unordered")
      switches.unordered = true;
    else if (!word.starts_with(lost) ||
             std::from_chars(word.data() + lost.size(), word.data() + word.size(), switches.lostAt).ec != std::errc())
      fail(Exit::Usage, formatted("SINTER_VULKAN_TEST: '{}' is not one of staging, unordered, lost=N", word));
  }
  return switches;
}

void barrier(VkCommandBuffer commands, const Users &before, const Users &after) {
  VkMemoryBarrier memory{};
  memory.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  memory.srcAccessMask = before.writes;
  memory.dstAccessMask = after.reads | after.writes;
  vkCmdPipelineBarrier(commands, before.stages, after.stages, 0, 1, &memory, 0, nullptr, 0, nullptr);
}

LogicalDevice::LogicalDevice(const PhysicalDevice &physical, const sinter_program &program,
                             const sinter_vulkan_version &version)
    : physical_(physical), label_(physical.label()), switches_(TestSwitches::read()), abilities_(physical) {
  unpackShaders(version);
  checkNeeds(program, version, physical_, abilities_);
  try {
    create(version);
  } catch (...) {
    destroy();
    throw;
  }
}

LogicalDevice::~LogicalDevice() { destroy(); }

void LogicalDevice::destroy() {
  if (!device_)
    return;
  vkDeviceWaitIdle(device_);
  vkDestroyFence(device_, fence_, nullptr);
  vkDestroyCommandPool(device_, pool_, nullptr);
  vkDestroyDevice(device_, nullptr);
}

void LogicalDevice::create(const sinter_vulkan_version &version) {
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = physical_.queueFamily;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  Abilities enabled(physical_);
  enableNeeds(version, enabled);
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &enabled.features;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  if (enabled.subgroupControl.subgroupSizeControl && enabled.subgroupControlExtension) {
    info.enabledExtensionCount = 1;
    info.ppEnabledExtensionNames = &enabled.subgroupControlExtension;
  }
  check(vkCreateDevice(physical_.handle, &info, nullptr, &device_), "vkCreateDevice");
  vkGetDeviceQueue(device_, physical_.queueFamily, 0, &queue_);

  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.queueFamilyIndex = physical_.queueFamily;
  check(vkCreateCommandPool(device_, &pool, nullptr, &pool_), "vkCreateCommandPool");
  VkFenceCreateInfo fence{};
  fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  check(vkCreateFence(device_, &fence, nullptr, &fence_), "vkCreateFence");
}

VkCommandBuffer LogicalDevice::makeCommands() const {
  VkCommandBufferAllocateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  info.commandPool = pool_;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  VkCommandBuffer commands;
  check(vkAllocateCommandBuffers(device_, &info, &commands), "vkAllocateCommandBuffers");
  return commands;
}

void LogicalDevice::freeCommands(VkCommandBuffer commands) const { vkFreeCommandBuffers(device_, pool_, 1, &commands); }

void LogicalDevice::run(VkCommandBuffer commands, const char *what) {
  VkSubmitInfo submit{};
  submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  submit.commandBufferCount = 1;
  submit.pCommandBuffers = &commands;
  VkResult result =
      ++submissions_ == switches_.lostAt ? VK_ERROR_DEVICE_LOST : vkQueueSubmit(queue_, 1, &submit, fence_);
  if (result == VK_SUCCESS)
    result = vkWaitForFences(device_, 1, &fence_, VK_TRUE, ~uint64_t(0));
  if (result == VK_ERROR_DEVICE_LOST)
    fail(Exit::Device,
         formatted("{}: the device was lost in {}: its driver gave up (a crash, a reset, or a limit on how long one "
                   "call may take); what was saved before is unchanged",
                   label_, what));
  check(result, "vkQueueSubmit");
  check(vkResetFences(device_, 1, &fence_), "vkResetFences");
  if (validates())
    if (const std::string message = takeMessage(); !message.empty())
      fail(Exit::Device, formatted("{}: validation of {}: {}", label_, what, message));
}

void LogicalDevice::runOnce(const char *what, const std::function<void(VkCommandBuffer)> &record) {
  const VkCommandBuffer commands = makeCommands();
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  check(vkBeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
  record(commands);
  check(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
  run(commands, what);
  freeCommands(commands);
}

} // namespace sinter::vulkan
